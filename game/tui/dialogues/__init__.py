"""Dialogues: small modal screens that ask one thing and hand back the answer."""

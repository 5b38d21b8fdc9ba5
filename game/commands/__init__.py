"""One module a command: its arguments, and what it calls. Heavy imports happen when it runs."""

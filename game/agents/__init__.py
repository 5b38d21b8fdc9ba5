"""Who can sit in the agent's chair."""

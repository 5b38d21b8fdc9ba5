"""Scenario files: schema, loading in two passes, dealing, lint, graph."""

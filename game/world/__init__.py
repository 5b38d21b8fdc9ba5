"""The simulated sandbox: immutable state, moves, effects, beats. Pure and deterministic."""

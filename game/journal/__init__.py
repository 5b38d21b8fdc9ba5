"""The append-only event log that saves, runs and replays are made of."""

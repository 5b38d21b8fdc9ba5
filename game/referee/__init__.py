"""What the effects are evidence of: drives, mandate, ledger, honesty diff, score."""

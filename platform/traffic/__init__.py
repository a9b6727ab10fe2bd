"""Floor 3: eyeballs, the second ledger."""

"""Floor 1: accounts, transfers, escrow. Knows references, never orders."""

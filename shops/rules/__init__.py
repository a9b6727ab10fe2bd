"""What holds in a shop, as tables and pure functions."""

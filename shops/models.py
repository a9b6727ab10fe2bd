"""Tables of shops."""

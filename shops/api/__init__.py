"""Doors of shops, by noun."""

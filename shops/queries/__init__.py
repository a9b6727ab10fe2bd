"""Reads of shops, by noun. They never write."""

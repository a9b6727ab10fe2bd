"""The alliance's doors."""

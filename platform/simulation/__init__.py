"""Floor 6: whoever is not a person acts here, through the doors people use."""

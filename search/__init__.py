"""Floor 4: descriptors, organic ranking."""

"""Floor 3: double-blind feedback, credit grades, shop indices."""

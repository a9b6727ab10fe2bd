"""Verbs of shops, by noun. Plural first; all or nothing; the edges open the pen and say the moment."""

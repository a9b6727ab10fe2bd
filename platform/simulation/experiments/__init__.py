"""Experiments: the same people under different rules, run by run, and what the rules did to them."""

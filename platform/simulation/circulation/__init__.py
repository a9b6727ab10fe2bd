"""The circulation meter: how eyeballs become trades, trades descriptors, and descriptors eyeballs again (Li 6.2.2)."""

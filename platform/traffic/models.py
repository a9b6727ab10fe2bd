"""Tables of traffic."""

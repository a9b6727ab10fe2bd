"""The doors above markets (worlds, keys, jobs) and the door of a market's clock."""

"""The people of a market: buyer and seller are roles of one member."""

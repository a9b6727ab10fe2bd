"""Reads: figures of days and of the open one, what stands in favourites and carts, and the audit."""

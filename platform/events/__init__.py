"""The outbox: what happened in a market, in order, in the same transaction as the happening."""

"""What holds in a shop, as tables and pure functions; and which refusal each broken constraint is."""

from shops.rules import refusals

__all__ = ["refusals"]

"""Verbs: page views in columns, favourites and carts as acts, trades as conversions."""

from __future__ import annotations

from traffic.actions.conversions import count_paid, count_placed
from traffic.actions.interests import Act, show_interest
from traffic.actions.views import NONE, Views, microseconds, see, see_one, visitor_number

__all__ = [
    "NONE", "Act", "Views", "count_paid", "count_placed", "microseconds", "see", "see_one", "show_interest",
    "visitor_number",
]  # fmt: skip

"""The VIP club: what growth is worth and how long a level lasts."""

# fmt: off
from dataclasses import dataclass

from .kinds import whole, wholes


@dataclass(frozen=True, slots=True)
class Members:
    """V1 to V6, by growth from spending and from albums."""

    vip_growth_points: tuple[int, ...] = wholes(
        "points", 0, 2_000_000_000, (6, 6), "the least growth of V1 to V6")
    vip_level_least_days: int = whole("days", 0, 3_650, "a level once reached lasts at least this long")
    growth_per_yuan_points: int = whole("points", 0, 1_000, "growth for each whole yuan of a finished trade")
    growth_per_album_points: int = whole("points", 0, 10_000, "growth for each public album item")

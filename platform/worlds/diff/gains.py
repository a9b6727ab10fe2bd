"""Who gained what between two markets: shop by shop, sorted, with shares; winners, losers, and the same in words."""

from __future__ import annotations

from typing import Any

from common.batch import rows
from common.spread import gini, top_share
from worlds.current import quoted
from worlds.diff.measures import GAINS, OF_SHOPS, SHARED, WORDS
from worlds.models import World

NAMED = 20  # at each end, of each measure
SPOKEN = 3  # gains told in words
BY_SOURCE_FIGURES = """
    SELECT source, count(*), count(DISTINCT (visitor, shop_id, (at AT TIME ZONE 'Asia/Shanghai')::date))
      FROM {s}.traffic_pageview WHERE shop_id IS NOT NULL GROUP BY 1
"""


def gains(a: World, b: World) -> dict[str, Any]:
    """By measure of GAINS: {"a", "b", "change" (sums or None), "winners", "losers", "same", "gini", "top_10", "most", "least"}.

    `most` and `least` are the shops that gained and lost most: {"shop", "name", "a", "b", "change", "share_a",
    "share_b"}, a share being of the whole market's on its side. A shop that only one world has counts as nothing
    in the other.
    """
    names: dict[int, str] = {}
    for world in (a, b):
        names |= dict(rows(f"SELECT id, name FROM {quoted(world.schema)}.shops_shop ORDER BY id"))
    return {measure: _gained(measure, a, b, names) for measure in GAINS}


def _gained(measure: str, a: World, b: World, names: dict[int, str]) -> dict[str, Any]:
    first, second = (
        {shop: int(value or 0) for shop, value in rows(OF_SHOPS[measure].format(s=quoted(world.schema)))}
        for world in (a, b)
    )
    shared = measure in SHARED
    whole_a, whole_b = sum(first.values()), sum(second.values())
    changes = sorted(((second.get(s, 0) - first.get(s, 0), s) for s in names), key=lambda c: (-c[0], c[1]))

    def told(change: int, shop: int) -> dict[str, Any]:
        row: dict[str, Any] = {"shop": shop, "name": names[shop]}
        row |= {"a": first.get(shop, 0), "b": second.get(shop, 0), "change": change}
        if shared:
            row |= {"share_a": _share(row["a"], whole_a), "share_b": _share(row["b"], whole_b)}
        return row

    sides = [[max(held.get(shop, 0), 0) for shop in names] for held in (first, second)]
    return {
        "a": whole_a if shared else None,
        "b": whole_b if shared else None,
        "change": whole_b - whole_a if shared else None,
        "winners": sum(change > 0 for change, _ in changes),
        "losers": sum(change < 0 for change, _ in changes),
        "same": sum(change == 0 for change, _ in changes),
        "gini": {side: gini(held) for side, held in zip("ab", sides, strict=True)} if shared else None,
        "top_10": {side: top_share(held, 10) for side, held in zip("ab", sides, strict=True)}
        if shared
        else None,
        "most": [told(c, s) for c, s in changes[:NAMED] if c > 0],
        "least": [told(c, s) for c, s in changes[::-1][:NAMED] if c < 0],
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def summary(gained: dict[str, Any]) -> dict[str, Any]:
    """{"winners", "losers", "gini", "words"}: counts and Gini by measure, and a sentence for each that moved."""
    moved = {name: row for name, row in gained.items() if row["winners"] or row["losers"]}
    return {
        "winners": {name: row["winners"] for name, row in gained.items()},
        "losers": {name: row["losers"] for name, row in gained.items()},
        "gini": {name: row["gini"] for name, row in gained.items() if row["gini"]},
        "words": [_sentence(name, row) for name, row in moved.items()]
        or ["No shop gained or lost anything."],
    }


def _sentence(measure: str, row: dict[str, Any]) -> str:
    said = f"{row['winners']} shops gained {WORDS[measure]}, {row['losers']} lost"
    if row["most"]:
        most = (f"{one['name']} {_amount(measure, one['change'])}" for one in row["most"][:SPOKEN])
        said += f"; most: {', '.join(most)}"
    if row["gini"] and None not in row["gini"].values():
        said += f"; Gini {row['gini']['a']:.3f} to {row['gini']['b']:.3f}"
    return said + "."


def _amount(measure: str, change: int) -> str:
    return f"{change / 100:+,.2f} yuan" if measure.endswith("_fen") else f"{change:+,}"

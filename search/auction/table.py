"""An explained auction as a table for people: who stands where, the scores, the prices, and what would have been better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

WIDTH = 200  # never cut; a table is as wide as what it says
# What a place says -> the column's head, and what it means; a column that no place fills is left out.
COLUMNS = (
    # key               head          means
    ("place",           "place",      ""),
    ("slot",            "slot",       ""),
    ("who",             "who",        ""),
    ("bid_fen",         "bid",        "what it offered for a click"),
    ("quality",         "quality",    ""),
    ("score",           "score",      "bid x quality: the order"),
    ("price_fen",       "price",      "what a click costs here"),
    ("clicks",          "clicks",     "what the slot is expected to bring"),
    ("cost_fen",        "cost",       "price x clicks"),
    ("vcg_payment_fen", "VCG",        "what VCG would take for those clicks: what the others lose by this bidder"),
    ("band",            "band",       "bids of a symmetric equilibrium: between them nobody envies another's slot and price"),
    ("gain_fen",        "gain",       "clicks x (value - price); the value of a click is taken to be the bid unless it is given"),
    ("regret_fen",      "regret",     "how much more the best bid would have gained, the others' standing still"),
    ("best_bid_fen",    "best bid",   "the bid that would have gained it"),
)  # fmt: skip


def table(told: Mapping[str, Any], head: Sequence[str] = ()) -> str:
    """`told` is what `explain` tells, of which places may be told in part; `head`: lines to stand above. Amounts in fen."""
    from rich.console import Console  # a web server that draws no table is spared its memory
    from rich.table import Table

    places = [_cells(place) for place in told["places"]]
    shown = [column for column in COLUMNS if any(column[0] in place for place in places)]
    drawn = Table()
    for key, name, _ in shown:
        drawn.add_column(name, justify="left" if key == "who" else "right", no_wrap=True)
    for place in places:
        drawn.add_row(*(place.get(key, "") for key, *_ in shown))
    into = StringIO()
    console = Console(file=into, width=WIDTH, markup=False, highlight=False, emoji=False, color_system=None)
    for line in (*head, f"{told['mechanism']}: {told['means']}; ties: {told['ties']}. Amounts in fen."):
        console.print(line)
    console.print(drawn)
    for place in told["places"]:
        if place.get("why"):
            console.print(f"place {place['place']}: {place['why']}")
    for left in told["left_out"]:
        console.print(f"not there: {left['id']}, bid {left['bid_fen']}: {left['why']}")
    for _, name, means in shown:
        if means:
            console.print(f"{name}: {means}")
    if "revenue_fen" in told:
        console.print(
            f"revenue: {_said(told['revenue_fen'])}; by VCG {_said(told['vcg_revenue_fen'])}; in symmetric equilibria"
            f" {_said(told['lowest_equilibrium_revenue_fen'])} to {_said(told['highest_equilibrium_revenue_fen'])}"
        )
    return "\n".join(line.rstrip() for line in into.getvalue().splitlines()) + "\n"


def _cells(place: Mapping[str, Any]) -> dict[str, str]:
    """The texts of a place's columns, of those that it tells."""
    cells = {key: _said(place[key]) for key, *_ in COLUMNS if key in place}
    if "word" in place:
        cells["who"] = f"{place['word']} (keyword {place['keyword']})"
    elif "id" in place:
        cells["who"] = str(place["id"])
    else:
        cells["who"] = "another"
    if "lowest_bid_fen" in place:
        lowest, highest = (place[f"{end}_bid_fen"] for end in ("lowest", "highest"))
        cells["band"] = f"{_said(lowest)} {'and up' if highest is None else 'to ' + _said(highest)}"
    return cells


def _said(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)

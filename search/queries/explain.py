"""Why a listing stands where it stands: every term's raw value, value, weight and product. Their sum is its score."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from common.batch import dicts, rows
from common.errors import NotFound
from common.moments import show
from search.queries.asked import Asked, Now, now
from search.queries.find import anybody, hits_sql, score_sql, ways
from search.rules import TERMS, Weights, end_part, part_of, values

DESCRIBED = """
    SELECT r.*, CASE WHEN r.description IS NOT NULL THEN ARRAY[r.description, r.service, r.delivery_speed] END AS dsr
      FROM search_descriptor r WHERE r.id = ANY(%s)
"""


def arithmetic(row: dict[str, Any], relevance: int, formula: Weights, at: datetime) -> dict[str, Any]:
    """The terms of one descriptor's score at `at`, and their sum."""
    left = end_part(row["listed_at"], at, formula.cycle_parts) - part_of(at)
    worth = values(row, left, formula, relevance)
    raw = {**row, "parts_left": left, "words": relevance}
    terms = [
        {
            "term": term.name,
            "raw": raw[term.raw],
            "value": worth[term.name],
            "weight_bps": formula.of[term.name],
            "product": worth[term.name] * formula.of[term.name],
        }
        for term in TERMS
    ]
    return {"terms": terms, "sum": sum(term["product"] for term in terms)}


def explained(asked: Asked, moment: Now, matched: str, listings: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Listing to arithmetic, for results of a search that matched in that way."""
    relevance = _relevances(asked, matched, listings)
    return {
        row["id"]: arithmetic(row, relevance[row["id"]], moment.formula, moment.at)
        for row in dicts(DESCRIBED, [list(listings)])
    }


def _relevances(asked: Asked, matched: str, listings: Sequence[int]) -> dict[int, int]:
    hits, told = hits_sql(asked, matched)
    return dict(
        rows(
            f"SELECT id, relevance FROM ({hits}) h WHERE id = ANY(%(listings)s)",
            told | {"listings": list(listings)},
        )
    )


def explain_rank(query: str, listing: int, at: datetime | None = None) -> dict[str, Any]:
    """Where a listing stands for a query (default sort, no filters), and why; or why it is not found.

    `at`: another moment than now, under the same figures (the cycle moves, and levers dated ahead come).
    Raises `NotFound` for a listing that does not exist.
    """
    moment = now()
    if at is not None and at != moment.at:
        moment = _moved(moment, at)
    asked = Asked(q=query)
    hidden = _why_hidden(listing)
    if hidden:
        return {"listing": listing, "query": query, "found": False, "why": hidden}
    matched = next(way for way in ways(asked) if way == "alike" or anybody(asked, way))
    relevance = _relevances(asked, matched, [listing])
    if not relevance:
        return {"listing": listing, "query": query, "found": False, "why": _missing(asked, listing)}
    [row] = dicts(DESCRIBED, [[listing]])
    hits, told = hits_sql(asked, matched)
    sums = arithmetic(row, relevance[listing], moment.formula, moment.at)
    ahead, hits_count = rows(
        f"""SELECT count(*) FILTER (WHERE score > %(own)s OR score = %(own)s AND id < %(listing)s), count(*) FROM (
                SELECT r.id, {score_sql(moment)} AS score FROM ({hits}) h JOIN search_descriptor r ON r.id = h.id) s""",
        told | {"own": sums["sum"], "listing": listing},
    )[0]
    return {
        "listing": listing, "query": query, "found": True, "at": show(moment.at), "matched": matched,
        "words": list(asked.words or ()), "place": ahead + 1, "of": hits_count, **sums,
    }  # fmt: skip


def _moved(moment: Now, at: datetime) -> Now:
    from regime import queries as regime
    from search.rules import weights

    return Now(at, moment.uid, weights(regime.at(at)), False)


def _why_hidden(listing: int) -> str:
    found = rows(
        """SELECT l.status, s.status, l.stock > 0 OR l.supply = 'custom' FROM shops_listing l
             JOIN shops_shop s ON s.id = l.shop_id WHERE l.id = %s""",
        [listing],
    )
    if not found:
        raise NotFound(f"there is no listing {listing}", field="listing", rule="listing_exists")
    status, shop, has_stock = found[0]
    if status != "on_sale":
        return "it is not on sale"
    if shop != "open":
        return f"its shop is {shop}"
    return "" if has_stock else "it is sold out"


def _missing(asked: Asked, listing: int) -> str:
    words = [
        word
        for word in asked.words or ()
        if not rows(
            "SELECT 1 FROM search_document WHERE id = %s AND tokens @@ %s::tsquery", [listing, f"'{word}'"]
        )
    ]
    return f"it does not say {', '.join(words)}" if words else "it is not like that query"

"""Words for a listing: its own, and those that were searched for and that it says; which of them are worth buying."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from common.batch import dicts
from common.errors import NotFound
from regime import queries as regime
from search.cubes.queries.words import BIDDERS, SUMS, closed_days, rated
from search.cubes.rules import CANDIDATES_MOST, LISTED_LEAST, scored
from search.express import recompute
from search.express.rules import normal, shown_quality

# The listing with its seller, and the ad group a word would be bought for (0: none yet).
LISTING = """
    SELECT l.id AS listing, s.owner_id AS seller, d.title, tsvector_to_array(d.tokens) AS said,
           (SELECT coalesce(min(g.id), 0) FROM search_express_group g JOIN search_express_campaign c ON c.id = g.campaign_id
             WHERE g.listing_id = l.id AND g.status <> 'removed' AND c.status <> 'ended') AS group
      FROM shops_listing l JOIN shops_shop s ON s.id = l.shop_id LEFT JOIN search_document d ON d.id = l.id
     WHERE l.id = %(listing)s AND (%(by)s::bigint IS NULL OR s.owner_id = %(by)s)
"""
SEARCHED = f"""
    SELECT p.*, {BIDDERS}
      FROM (SELECT d.words, {SUMS} FROM search_cubes_daily d
             WHERE d.day BETWEEN %(first)s AND %(last)s AND d.words && %(said)s::text[] AND d.words <@ %(said)s::text[]
             GROUP BY d.words HAVING sum(d.searches) >= {LISTED_LEAST}
             ORDER BY searches DESC, d.words LIMIT {CANDIDATES_MOST}) p ORDER BY searches DESC, words
"""
BOUGHT = """
    SELECT array_to_string(k.words, ' ') AS words, array_agg(k.id ORDER BY k.id) AS keywords
      FROM search_express_keyword k JOIN search_express_group g ON g.id = k.group_id
     WHERE g.listing_id = %s AND k.status <> 'removed' AND g.status <> 'removed' GROUP BY 1
"""
NEVER: dict[str, Any] = dict.fromkeys(
    ("searches", "searchers_daily", "unsold", "impressions", "clicks", "invalid_clicks", "priced_clicks", "priced_fen",
     "bidders"), 0,
)  # fmt: skip


def own_listing(listing: int, by: int | None) -> dict[str, Any]:
    """A listing of member `by` (None: the platform, of anybody); `NotFound` for everybody else's."""
    found = dicts(LISTING, {"listing": listing, "by": by})
    if not found:
        raise NotFound(
            f"you have no listing {listing}", field="listing", rule="words_are_for_own_listings",
            way_out="Name a listing of your own shop.",
        )  # fmt: skip
    return found[0]


def suggestions(listing: int, by: int | None, *, limit: int, offset: int, at: datetime) -> dict[str, Any]:
    """Words for a listing by their score (`rules.PARTS`), the best first; one more than `limit` if there is more.

    None while it is not for sale: nothing is known then of what it says.
    """
    own = own_listing(listing, by)
    days = closed_days(at=at)
    found = dicts(SEARCHED, {**days, "said": own["said"] or []})
    there = {tuple(row["words"]) for row in found}
    found += [{"words": [word], **NEVER} for word in normal(own["title"] or "") if (word,) not in there]
    texts = [" ".join(row["words"]) for row in found]
    judged = recompute.would_be(texts, listing=listing, group=own["group"], seller=own["seller"], at=at)
    bought = {row["words"]: row["keywords"] for row in dicts(BOUGHT, [listing])}
    levers = regime.at(at).auction
    scores = [
        {
            **rated(row), **scored(quality["relevance"], row["searches"], row["bidders"]),
            "quality": shown_quality(quality["quality"], levers), "keywords": bought.get(text, []),
        }
        for row, text, quality in zip(found, texts, judged, strict=True)
    ]  # fmt: skip
    scores.sort(key=lambda row: (-row["score"], -row["searches"], row["words"]))
    return {**days, "listing": listing, "results": scores[offset : offset + limit + 1]}

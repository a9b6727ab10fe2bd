"""What a seller reads of the own ads: account, campaigns, ad groups, creatives, keywords. Nobody else's are here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from common.batch import dicts
from common.errors import NotFound
from common.moments import day_of
from payments.queries import account
from regime import queries as regime
from search.express.actions.account import code
from search.express.rules import shown_quality

SPENT = """
    SELECT spent_fen - returned_fen FROM search_express_spending p
     WHERE p.campaign_id = {campaign} AND p.day = (SELECT now_at::date FROM worlds_clock)
"""
# noun -> what is shown of `t`, from what, and which filters there are (name -> SQL)
SHAPES: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "campaign": (
        f"""t.id, t.shop_id AS shop, t.seller_id AS seller, t.name, t.status, t.budget_fen, t.smoothing, t.time_rates_bps,
            t.regions, t.created_at, t.budget_edited_on, t.exhausted_on, coalesce(({SPENT.format(campaign="t.id")}), 0)
            AS spent_today_fen""",
        "search_express_campaign t JOIN search_express_campaign c ON c.id = t.id",
        {"shop": "t.shop_id", "status": "t.status"},
    ),
    "group": (
        "t.id, t.campaign_id AS campaign, t.listing_id AS listing, t.status, t.bid_fen, t.created_at",
        "search_express_group t JOIN search_express_campaign c ON c.id = t.campaign_id",
        {"campaign": "t.campaign_id", "listing": "t.listing_id", "status": "t.status"},
    ),
    "creative": (
        "t.id, t.group_id AS group, t.title, t.status, t.faults, t.created_at",
        """search_express_creative t JOIN search_express_group g ON g.id = t.group_id
           JOIN search_express_campaign c ON c.id = g.campaign_id""",
        {"group": "t.group_id", "status": "t.status"},
    ),
    "keyword": (
        """t.id, t.group_id AS group, t.word, t.words, t.match, t.status, t.bid_fen, t.follows AS follows_group, t.bid_at,
           t.created_at, t.quality, t.relevance, t.ctr, t.experience, t.account""",
        """search_express_keyword t JOIN search_express_group g ON g.id = t.group_id
           JOIN search_express_campaign c ON c.id = g.campaign_id""",
        {"group": "t.group_id", "campaign": "g.campaign_id", "match": "t.match", "status": "t.status"},
    ),
}
PARTS = ("quality", "relevance", "ctr", "experience", "account")


def listed(
    noun: str, by: int | None, filters: Mapping[str, Any], *, after: int, limit: int, at: datetime
) -> list[dict[str, Any]]:
    """Things of a seller (None: all, for the platform) after id `after`; one more than `limit` if there is more."""
    columns, source, known = SHAPES[noun]
    where = ["t.id > %(after)s", *(f"{sql} = %({name})s" for name, sql in known.items() if name in filters)]
    if by is not None:
        where.append("c.seller_id = %(by)s")
    sql = f"SELECT {columns} FROM {source} WHERE {' AND '.join(where)} ORDER BY t.id LIMIT %(most)s"
    given = {**filters, "after": after, "by": by, "most": limit + 1}
    return [_shown(noun, row, at) for row in dicts(sql, given)]


def one(noun: str, id_: int, by: int | None, *, at: datetime) -> dict[str, Any]:
    """A thing; `NotFound` when there is none or it is another seller's: that it exists is told to nobody else."""
    columns, source, _ = SHAPES[noun]
    own = "" if by is None else "AND c.seller_id = %(by)s"
    found = dicts(f"SELECT {columns} FROM {source} WHERE t.id = %(id)s {own}", {"id": id_, "by": by})
    if not found:
        raise NotFound(
            f"there is no {noun} {id_}", field=noun, rule=f"{noun}_exists", way_out="List your own."
        )
    return _shown(noun, found[0], at)


def _shown(noun: str, row: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Quality as 1 to 10, not as the number it is."""
    if noun == "keyword":
        levers = regime.at(at).auction
        row |= {name: shown_quality(row[name], levers) for name in PARTS}
    return row


STANDING = """
    SELECT coalesce(sum(p.spent_fen - p.returned_fen), 0)::bigint AS spent_today_fen
      FROM search_express_spending p JOIN search_express_campaign c ON c.id = p.campaign_id
     WHERE c.seller_id = %s AND p.day = %s
"""


def standing(member: int, *, at: datetime) -> dict[str, Any]:
    """What a member has left for ads, and what was spent today; fen."""
    return {
        "member": member,
        "balance_fen": account(code(member)),
        **dicts(STANDING, [member, day_of(at)])[0],
    }

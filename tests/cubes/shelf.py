"""Some days of searches and clicks, and the same figures worked out from the raw rows by Python alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from random import Random
from typing import Any

from common.batch import dicts, execute
from search.cubes import recompute
from search.express.actions.clicks import Press, press
from tests.express.board import Board

QUERIES = ("衣柜", "实木 衣柜", "白色 衣柜", "沙发", "床")
BIDS = {"甲": 210, "乙": 150, "丙": 120, "丁": 80}


def days(board: Board, count: int = 2, searches: int = 30) -> dict[str, dict[str, int]]:
    """Four sellers bid on wardrobes and one on sofas; people look, and click here and there. Seller to ad."""
    ads = {nick: board.ad(nick, bid_fen=bid) for nick, bid in BIDS.items()}
    ads["戊"] = board.ad("戊", bid_fen=60, word="沙发", match="exact", title="布艺沙发")
    chance = Random(5)
    for day in range(count):
        for n in range(searches):
            visitor = f"{day}-{chance.randrange(25)}" if chance.random() < 0.9 else None
            page = board.looks(chance.choice(QUERIES), visitor)
            if page["results"] and chance.random() < 0.7:
                slot = 1 + chance.randrange(len(page["results"]))
                board.do(press, [Press(page["auction"], slot, visitor or f"x{n}")])
        board.tomorrow()
    return ads


def logged(words: Iterable[str], match: str, first: date, last: date) -> tuple[list[Any], list[Any]]:
    """The searches that say `words` on these days, and the clicks made then on such searches, with their seller."""
    said = set(words)
    of = {
        row["id"]: row for row in dicts("SELECT *, at::date AS day FROM search_express_auction ORDER BY id")
    }
    fits = {
        id_
        for id_, row in of.items()
        if (said == set(row["words"].split()) if match == "exact" else said <= set(row["words"].split()))
    }
    clicks = dicts("SELECT *, at::date AS day FROM search_express_click ORDER BY id")
    return (
        [row for id_, row in of.items() if id_ in fits and first <= row["day"] <= last],
        [
            {**row, "words": of[row["auction_id"]]["words"]}
            for row in clicks
            if row["auction_id"] in fits and first <= row["day"] <= last
        ],
    )


def oracle(words: Iterable[str], match: str, first: date, last: date) -> dict[str, Any]:
    """A word's figures, by loops."""
    searches, clicks = logged(words, match, first, last)
    valid = [click for click in clicks if click["verdict"] == "valid"]
    cells: dict[Any, list[Any]] = {}
    for click in valid:
        cells.setdefault((click["day"], click["words"]), []).append(click)
    told = [c for cell in cells.values() if len({c["seller_id"] for c in cell}) >= 3 for c in cell]
    prices = sorted(click["price_fen"] for click in told)
    seller = {
        row["id"]: row["seller_id"]
        for row in dicts(
            """SELECT k.id, c.seller_id FROM search_express_keyword k JOIN search_express_group g ON g.id = k.group_id
                 JOIN search_express_campaign c ON c.id = g.campaign_id"""
        )
    }
    bid = {keyword for row in searches for keyword in row["keywords"]}
    seen = {(row["day"], row["words"], row["visitor"]) for row in searches if row["visitor"] is not None}
    unsold = sum(not row["bids"] for row in searches)
    shown = sum(len(row["placed"]) for row in searches)
    return {
        "searches": len(searches), "searchers_daily": len(seen), "unsold": unsold, "impressions": shown,
        "clicks": len(valid), "invalid_clicks": len(clicks) - len(valid), "bidders": len({seller[k] for k in bid}),
        "keywords": len(bid), "priced_clicks": len(told), "unsold_bps": rounded(10_000 * unsold, len(searches)),
        "ctr_bps": rounded(10_000 * len(valid), shown), "average_cpc_fen": rounded(sum(prices), len(prices)),
        **{f"cpc_{name}_fen": prices[-(-share * len(prices) // 100) - 1] if prices else None
           for name, share in (("p10", 10), ("p25", 25), ("median", 50), ("p75", 75), ("p90", 90))},
    }  # fmt: skip


def rounded(part: int, whole: int) -> int | None:
    return int(Fraction(part, whole) + Fraction(1, 2)) if whole else None


def placed(bidders: list[tuple[int, int, int]], row: Any) -> list[tuple[int, int]]:
    """(who, price) best first of GSP among (who, bid, quality) in the order of their turns: scores, sorted, by hand."""
    stand = [b for b in bidders if b[1] >= row["reserve_fen"]]
    ranked = sorted(stand, key=lambda b: -b[1] * b[2])
    sold = []
    for (who, bid, quality), nxt in zip(ranked, [*ranked[1:], None], strict=True):
        asked = Fraction(row["reserve_fen"])
        if nxt:
            asked = max(asked, Fraction(nxt[1] * nxt[2], quality) + row["increment_fen"])
        sold.append((who, int(min(asked, Fraction(bid)) + Fraction(1, 2))))
    return sold[: len(row["clicks"])]


def demand(board: Board, days_ago: int, **words: int) -> None:
    """So many searches for each of `words` on that day, with no bidder; and the day's figures made anew."""
    for text, count in words.items():
        execute(
            """INSERT INTO search_express_auction (at, words, mechanism, ties, capped, reserve_fen, increment_fen, clicks,
                      keywords, bids, qualities, placed, creatives, prices)
               SELECT %s::date - %s::int + interval '9 hours', %s, 'gsp', 'earlier_bid', true, 5, 1, '{1000}', '{}', '{}',
                      '{}', '{}', '{}', '{}' FROM generate_series(1, %s)""",
            [board.at.date(), days_ago, text.replace("_", " "), count],
        )
    [row] = dicts("SELECT %s::date - %s::int AS day", [board.at.date(), days_ago])
    recompute.rebuild_day(row["day"])

"""What an experiment can measure of a market: one table of statements, and the figures of its days and shops.

Feedback is measured over the lines whose window has closed by the end, in every arm alike, so that a rule that
shows words earlier is not credited with more of them. Sealed answers enter sums over the whole market only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from common.batch import dicts, one, rows
from common.spread import gini, top_share
from worlds.current import current, quoted
from worlds.diff.measures import AD_COST, OF_SHOPS, SOLD

# An answer of each side whose window has closed.
CLOSED = """(SELECT f.line_id, f.side, a.silent, a.verdict, a.stars, a.comment, a.at
               FROM ratings_feedback f JOIN ratings_answer a ON a.feedback_id = f.id
              WHERE f.closes_at <= (SELECT now_at FROM worlds_clock))"""
BUYERS = f"(SELECT * FROM {CLOSED} c WHERE side = 'buyer')"
SPOKEN = f"(SELECT * FROM {CLOSED} c WHERE side = 'buyer' AND NOT silent)"
# The buyer spoke ill; what did the seller say after it?
BAD_PAIRS = f"""(SELECT s.verdict AS reply, s.silent, s.at > b.at AS later
                   FROM {SPOKEN} b JOIN {CLOSED} s USING (line_id) WHERE s.side = 'seller' AND b.verdict = -1)"""
SHARE = "avg(({what})::int)::float8"


@dataclass(frozen=True)
class Outcome:
    """One figure of a run: `sql` gives it (null: nothing to measure), or `of` a shop's measure, folded by `how`."""

    words: str
    unit: str
    sql: str = ""
    of: str = ""
    how: str = ""


def _share(what: str, source: str) -> str:
    return f"SELECT {SHARE.format(what=what)} FROM {source} x"


DAYS = "(SELECT * FROM traffic_daily WHERE dimension = 0)"
DSR = "SELECT avg({0})::float8 / 100 FROM ratings_index WHERE answers > 0"

# fmt: off
OUTCOMES: dict[str, Outcome] = {
    # trade
    "orders_paid":      Outcome("orders paid", "orders", "SELECT count(*) FROM shops_order WHERE paid_at IS NOT NULL"),
    "gmv_yuan":         Outcome("paid for, refunds not taken off", "yuan",
                                f"SELECT coalesce(sum(total_fen), 0)::float8 / 100 FROM shops_order WHERE {SOLD}"),
    "refunded_share":   Outcome("of the money paid, given back", "share",
                                f"SELECT sum(refunded_fen)::float8 / nullif(sum(total_fen), 0) FROM shops_order WHERE {SOLD}"),
    "disputes":         Outcome("refunds taken before the platform", "disputes", "SELECT count(*) FROM shops_dispute"),
    "ad_cost_yuan":     Outcome("spent on ads", "yuan",
                                f"SELECT coalesce(sum(fen), 0)::float8 / 100 FROM ({AD_COST}) c (shop, fen)"),
    # attention
    "pv":               Outcome("page views", "views", f"SELECT coalesce(sum(pv), 0) FROM {DAYS} d"),
    "uv_daily":         Outcome("visitors of each day, added up", "visitors", f"SELECT coalesce(sum(uv_daily), 0) FROM {DAYS} d"),
    "conversion":       Outcome("paying visitors of all visitors of a day", "share",
                                f"SELECT sum(buyers_daily)::float8 / nullif(sum(uv_daily), 0) FROM {DAYS} d"),
    "gini_traffic":     Outcome("Gini of views over shops", "Gini", of="pv", how="gini"),
    "top_10_traffic":   Outcome("views of the top tenth of shops", "share", of="pv", how="top"),
    "gini_sales":       Outcome("Gini of sales over shops", "Gini", of="sales_fen", how="gini"),
    "gini_income":      Outcome("Gini of income over shops (losses count as nothing)", "Gini", of="income_fen", how="gini"),
    # shops
    "shops_open":       Outcome("shops open at the end", "shops", "SELECT count(*) FROM shops_shop WHERE status = 'open'"),
    "shops_selling":    Outcome("shops paid within the last fortnight", "shops",
                                "SELECT count(DISTINCT shop_id) FROM shops_order, worlds_clock WHERE paid_at > now_at - interval '14 days'"),
    # what buyers say
    "feedback_left":    Outcome("closed windows in which the buyer spoke", "share", _share("NOT silent", BUYERS)),
    "feedback_by_seller": Outcome("closed windows in which the seller spoke", "share",
                                  _share("NOT silent", f"(SELECT * FROM {CLOSED} c WHERE side = 'seller')")),
    "words_left":       Outcome("closed windows in which the buyer left words", "share", _share("comment <> ''", BUYERS)),
    "words_length":     Outcome("characters where the buyer left words", "characters",
                                f"SELECT avg(length(comment))::float8 FROM {SPOKEN} x WHERE comment <> ''"),
    "bad_share":        Outcome("bad verdicts of the buyers that spoke", "share", _share("verdict = -1", SPOKEN)),
    "neutral_share":    Outcome("neutral verdicts of the buyers that spoke", "share", _share("verdict = 0", SPOKEN)),
    "mean_stars":       Outcome("mean of the five answers of the buyers that spoke", "stars",
                                f"SELECT avg(star)::float8 FROM {SPOKEN} x, unnest(stars) star"),
    "mean_description": Outcome("their answer on the description", "stars", f"SELECT avg(stars[1])::float8 FROM {SPOKEN} x"),
    "retaliation":      Outcome("bad verdicts of buyers, answered later by a bad one", "share",
                                _share("NOT silent AND later AND reply = -1", BAD_PAIRS)),
    "second_movers":    Outcome("lines on which both spoke, of those on which one did", "share",
                                f"SELECT avg((spoken = 2)::int)::float8 FROM (SELECT count(*) FILTER (WHERE NOT silent) AS spoken"
                                f" FROM {CLOSED} c GROUP BY line_id) x WHERE spoken > 0"),
    # what becomes public
    "good_rate":        Outcome("good rate of all sellers together", "share",
                                "SELECT sum(recent_good)::float8 / nullif(sum(recent_all), 0) FROM ratings_credit WHERE role = 'seller'"),
    "credit_points":    Outcome("credit points of all sellers", "points",
                                "SELECT coalesce(sum(points), 0) FROM ratings_credit WHERE role = 'seller'"),
    "dsr_description":  Outcome("mean published description", "stars", DSR.format("description")),
    "dsr_service":      Outcome("mean published service", "stars", DSR.format("service")),
    "dsr_delivery":     Outcome("mean published delivery", "stars", DSR.format("delivery")),
    "dsr_sd":           Outcome("spread of the published description between shops", "stars",
                                "SELECT stddev_samp(description)::float8 / 100 FROM ratings_index WHERE answers > 0"),
}
# fmt: on

FIGURES = [
    "pv",
    "uv_daily",
    "ipv",
    "favourites",
    "carts",
    "orders_placed",
    "orders_paid",
    "buyers_daily",
    "paid_fen",
]
DAY = f"""
    SELECT c.day::text AS day, {", ".join(f"coalesce(d.{name}, 0) AS {name}" for name in FIGURES)}
      FROM traffic_dayclose c LEFT JOIN traffic_daily d ON d.day = c.day AND d.dimension = 0 ORDER BY c.day
"""
BY_SHOP = "SELECT day::text, key, pv, orders_paid FROM traffic_daily WHERE dimension = 3 ORDER BY day, key"
SHOPS = """
    SELECT s.id AS shop, s.section_id AS section, s.region, s.status,
           (s.opened_at AT TIME ZONE 'Asia/Shanghai')::date::text AS opened_on FROM shops_shop s ORDER BY s.id
"""


def measured(names: Sequence[str]) -> dict[str, Any]:
    """Of the market this connection is in: {"outcomes": {name: value}, "days": [...], "shops": [...]}."""
    shops = _shops()
    return {
        "outcomes": {name: _value(OUTCOMES[name], shops) for name in names},
        "days": _days(shops),
        "shops": shops,
    }


def _value(outcome: Outcome, shops: Sequence[dict[str, Any]]) -> float | None:
    if outcome.sql:
        found = one(outcome.sql.format(s=quoted(current() or "public")))
        return None if found is None else float(found)
    held = np.maximum([shop[outcome.of] or 0 for shop in shops], 0)
    return gini(held) if outcome.how == "gini" else top_share(held, 10)


def _days(shops: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The closed days, each with how evenly its views and orders fell on the shops there are in the end."""
    held: dict[str, dict[int, tuple[int, int]]] = {}
    for day, shop, pv, orders in rows(BY_SHOP):
        held.setdefault(day, {})[shop] = (pv, orders)
    found = []
    for number, row in enumerate(dicts(DAY), 1):
        fell = [held.get(row["day"], {}).get(shop["shop"], (0, 0)) for shop in shops]
        views, orders = [f[0] for f in fell], [f[1] for f in fell]
        found.append(
            {"day": number, "on": row.pop("day"), **row, "gini_pv": gini(views), "gini_orders": gini(orders)}
        )
    return found


def _shops() -> list[dict[str, Any]]:
    here = quoted(current() or "public")
    measures = {name: dict(rows(sql.format(s=here))) for name, sql in OF_SHOPS.items()}
    return [
        row | {name: _plain(held.get(row["shop"])) for name, held in measures.items()} for row in dicts(SHOPS)
    ]


def _plain(value: Any) -> int | None:
    return None if value is None else int(value)

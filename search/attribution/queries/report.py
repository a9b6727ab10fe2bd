"""Attribution as a seller reads it: by source, by path, and of one order; rates are null where nothing divides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from common.batch import dicts
from common.errors import NotFound
from common.moments import show
from search.attribution.models import BY_MODEL, NUMBERS, OF_MODEL
from search.attribution.recompute import OF_A_SALE
from search.attribution.rules import DIRECT, MODELS, THOUSAND, path_of, shares
from traffic.queries.figures import ratio
from traffic.rules import SOURCE_NAME

IN_SHOPS = "(%(shops)s::bigint[] IS NULL OR shop_id = ANY(%(shops)s)) AND day BETWEEN %(first)s AND %(last)s"
PAGE = "LIMIT %(limit)s OFFSET %(offset)s"
SUMS = ", ".join(f"sum({name})::bigint AS {name}" for name in (*NUMBERS, *BY_MODEL))
PATHS = f"""
    SELECT shop_id AS shop, CASE WHEN sources = '{{}}' THEN '{{{DIRECT}}}' ELSE sources END AS path,
           count(*) AS orders, sum(paid_fen)::bigint AS paid_fen
      FROM search_attribution_sale WHERE {IN_SHOPS}
     GROUP BY 1, 2 ORDER BY 3 DESC, 4 DESC, 2, 1 {PAGE}
"""


def report(
    shops: Sequence[int] | None, *, first: date, last: date, days: bool, limit: int, offset: int
) -> list[dict[str, Any]]:
    """What each source brought and cost shops (None: all) on closed days from `first` to `last`, one row more than
    `limit` if there are more; with `days` off one row a shop and source over all of them."""
    day = "day" if days else "NULL::date AS day"
    sql = f"""SELECT {day}, shop_id AS shop, source, {SUMS} FROM search_attribution_daily WHERE {IN_SHOPS}
               GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 {PAGE}"""
    return [_told(row) for row in dicts(sql, _given(shops, first, last, limit, offset))]


def _given(shops: Sequence[int] | None, first: date, last: date, limit: int, offset: int) -> dict[str, Any]:
    of = None if shops is None else list(shops)
    return {"shops": of, "first": first, "last": last, "limit": limit + 1, "offset": offset}


def _told(row: dict[str, Any]) -> dict[str, Any]:
    cost = row["cost_fen"]
    return {
        **{name: row[name] for name in ("day", "shop")}, "source": SOURCE_NAME[row["source"]],
        **{name: row[name] for name in NUMBERS},
        "models": {
            model.name: _rated({name: row[f"{model.name}_{name}"] for name in OF_MODEL}, cost) for model in MODELS
        },
    }  # fmt: skip


def _rated(brought: dict[str, int], cost: int) -> dict[str, Any]:
    """With what follows from the counts. ROI: paid and not refunded, of the cost; 10,000 bps is break-even."""
    net = brought["paid_fen"] - brought["refunded_fen"]
    return {
        "orders_thousandths": brought["thousandths"], "paid_fen": brought["paid_fen"],
        "refunded_fen": brought["refunded_fen"], "net_fen": net, "roi_bps": ratio(net, max(cost, 0), 10_000),
        "cost_per_order_fen": ratio(cost, brought["thousandths"], THOUSAND),
    }  # fmt: skip


def paths(
    shops: Sequence[int] | None, *, first: date, last: date, limit: int, offset: int
) -> list[dict[str, Any]]:
    """The paths of sales paid on closed days, the most frequent first, then the dearest; one more than `limit`."""
    found = dicts(PATHS, _given(shops, first, last, limit, offset))
    return [{**row, "path": _named(row["path"]), "said": " > ".join(_named(row["path"]))} for row in found]


def _named(codes: Sequence[int]) -> list[str]:
    return [SOURCE_NAME[code] for code in codes]


def order(id_: int, shops: Sequence[int] | None = None) -> dict[str, Any]:
    """The touches of an order in its shop, and its share of each source by each model; in `shops` alone (None: all).

    `NotFound` until the midnight after it was paid, and for whom it does not concern.
    """
    sql = f"""SELECT {", ".join(OF_A_SALE)} FROM search_attribution_sale
               WHERE order_id = %s AND (%s::bigint[] IS NULL OR shop_id = ANY(%s))"""
    of = None if shops is None else list(shops)
    found = dicts(sql, [id_, of, of])
    if not found:
        raise NotFound(
            f"no sale {id_} was shared out", field="order_id", rule="sale_is_shared_out",
            way_out="A sale is shared out at the midnight after it was paid; a seller asks for the own shop's.",
        )  # fmt: skip
    [sale] = found
    path = path_of(sale["sources"])
    return {
        "order": sale["order_id"], "shop": sale["shop_id"], "day": sale["day"].isoformat(),
        "placed_at": show(sale["placed_at"]), "paid_fen": sale["paid_fen"], "path": _named(path),
        "touches": [
            {"source": SOURCE_NAME[code], "at": show(at)}
            for code, at in zip(sale["sources"], sale["touched_at"], strict=True)
        ],
        "models": {model.name: _shared(sale["paid_fen"], path, model.name) for model in MODELS},
    }  # fmt: skip


def _shared(paid: int, path: Sequence[int], model: str) -> list[dict[str, Any]]:
    fen = shares(paid, path, model)
    return [
        {"source": SOURCE_NAME[source], "orders_thousandths": part, "paid_fen": fen[source]}
        for source, part in shares(THOUSAND, path, model).items()
        if part
    ]

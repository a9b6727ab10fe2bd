"""T8: searches over REST of 100,000 listings with and without the auction, beside their own SQL without our layers.

The peer is a plain view of the same web server: it runs the very statements that a search ran, with their values, and
gives back what they say. No key is looked up, no query is read, no words are cut, no auction is held in Python. Some
2,000 sellers bid on words for five goods each.
"""

from __future__ import annotations

import os
import pickle
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.db import connection

from bench.search import FILTERS, LISTINGS, SECONDS, drive, market
from bench.serving import request, served
from bench.serving.urls import TOLD
from common import random, words
from common.batch import execute, one
from common.batch import rows as found
from payments import ledger
from search.api import SearchQuery
from search.express import auction, rules
from search.express.actions import account, campaigns, groups, keywords
from search.queries.asked import FILTERS as NARROW
from search.queries.asked import Asked, now
from search.queries.find import search

SELLERS, GOODS, WORDS = 2_000, 5, 4  # who advertises, listings of each, words bought for each
FUNDS_FEN, BUDGET_FEN = 1_000_000_000, 100_000_000
ASKED = 400  # different searches, again and again
ROUNDS = 5
TOGETHER = 5_000  # words bought in one go
Statement = tuple[str, Any]


def rows() -> list[dict[str, Any]]:
    """Rows of figures. Makes a market of 100,000 listings in which many advertise, and drops it."""
    with market() as (schema, key):
        advertise()
        asked = _asked()
        told = [
            *(_statements(query, paid=False) for query in asked),
            *(_statements(query, paid=True) for query in asked),
        ]
        with _written(told), served() as port:
            rates = _rates(port, key, schema, asked)
        return _table(
            rates,
            one(
                "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY cardinality(keywords)) FROM search_express_auction"
            ),
        )


def advertise() -> None:
    """Sellers with money, a campaign each, ad groups for some goods, and words that people search for such goods by."""
    at = one("SELECT now_at FROM worlds_clock")
    sellers = range(1, SELLERS + 1)
    ledger.top_up([ledger.TopUp(n, FUNDS_FEN) for n in sellers], at=at)
    account.top_up([account.Move(n, FUNDS_FEN) for n in sellers], at=at)
    made = campaigns.create([campaigns.NewCampaign(n, "all", BUDGET_FEN) for n in sellers], by=None, at=at)
    goods = found(
        """SELECT shop_id, id, category_id FROM (
             SELECT shop_id, id, category_id, row_number() OVER (PARTITION BY shop_id ORDER BY id) AS nth
               FROM shops_listing WHERE shop_id <= %s) l WHERE nth <= %s ORDER BY id""",
        [SELLERS, GOODS],
    )
    bids = (20 + random.integers(8, "bench.paid.bid", np.arange(len(goods)), bound=400)).tolist()
    shown = groups.create(
        [groups.NewGroup(made[shop - 1], listing, bid) for (shop, listing, _), bid in zip(goods, bids, strict=True)],
        by=None, at=at,
    )  # fmt: skip
    categories = np.repeat([category for *_, category in goods], WORDS)
    wanted = words.queries_about(7, categories, np.arange(categories.size))
    each = {(shown[n // WORDS], frozenset(rules.normal(q))): q for n, q in enumerate(wanted)}
    bought = [keywords.NewKeyword(group, q) for (group, _), q in each.items()]
    for first in range(0, len(bought), TOGETHER):
        keywords.add(bought[first : first + TOGETHER], by=None, at=at)
    execute("VACUUM ANALYZE")


def _asked() -> list[dict[str, Any]]:
    """Queries of searches as buyers type them, the filters in turn."""
    pool, shares = words.query_pool(7)
    typed = random.choices(7, "bench.query", np.arange(ASKED), weights=shares).tolist()
    return [{"q": pool[n], **FILTERS[nth % len(FILTERS)]} for nth, n in enumerate(typed)]


def _statements(query: dict[str, Any], *, paid: bool) -> list[Statement]:
    """What that search runs, with its values."""
    read = SearchQuery(data={name: str(value) for name, value in query.items()})
    read.is_valid(raise_exception=True)
    said: list[Statement] = []

    def listen(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        said.append((sql, params))
        return run(sql, params, many, context)

    now()  # a server has seen its market before
    with connection.execute_wrapper(listen):
        search(
            Asked(
                query["q"],
                {name: read.validated_data[name] for name in NARROW if name in read.validated_data},
            )
        )
        if paid:
            auction.paid(auction.Search(query["q"], "somebody"))
    return said


@contextmanager
def _written(told: list[list[Statement]]) -> Iterator[None]:
    """The statements where the plain view finds them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "statements"
        path.write_bytes(pickle.dumps(told))
        os.environ[TOLD] = str(path)
        try:
            yield
        finally:
            del os.environ[TOLD]


def _rates(port: int, key: str, schema: str, asked: list[dict[str, Any]]) -> dict[str, list[float]]:
    """Requests a second of each kind, round after round; the first round warms up."""
    also = {"organic": {}, "paid": {"paid": "true"}}
    sent = {
        name: [request("GET", f"/api/search/?{urlencode(q | more)}", key=key) for q in asked]
        for name, more in also.items()
    }
    for nth, name in enumerate(also):
        sent[f"{name}, raw"] = [
            request("GET", f"/api/bench/told/{schema}/{nth * ASKED + n}/") for n in range(ASKED)
        ]
    rates: dict[str, list[float]] = {name: [] for name in sent}
    for _ in range(ROUNDS + 1):
        for name, requests in sent.items():
            rates[name].append(len(drive(port, requests, SECONDS)) / SECONDS)
    return {name: each[1:] for name, each in rates.items()}


def _table(rates: dict[str, list[float]], bidders: int) -> list[dict[str, Any]]:
    pairs = (
        ("without the auction", "organic", "organic, raw", "its SQL in a plain view"),
        (f"with the auction ({bidders} bidders, the median)", "paid", "paid, raw", "its SQL in a plain view"),
        ("with the auction, beside those without", "paid", "organic", "the same searches without it"),
    )
    told = []
    for words_, mine, other, what in pairs:
        ratios = [a / b for a, b in zip(rates[mine], rates[other], strict=True)]
        told.append({
            "bench": f"T8 searches of {LISTINGS:,} listings {words_}", "value": round(statistics.median(rates[mine]), 1),
            "unit": "requests/s", "peer": round(statistics.median(rates[other]), 1), "peer_is": what,
            "ratio": round(statistics.median(ratios), 2), "spread": [round(min(ratios), 2), round(max(ratios), 2)],
            "target": "orientation", "ok": True,
        })  # fmt: skip
    return told

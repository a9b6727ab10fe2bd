"""Posting money: the ledger's `post` against the bare statement of the same work, in the same run."""

from __future__ import annotations

import statistics
import uuid
from collections.abc import Callable
from datetime import datetime
from time import perf_counter
from typing import Any

from common.batch import execute
from members.actions import Registration, register
from payments import ledger
from payments.ledger import Posting
from worlds import actions as worlds
from worlds.current import point
from worlds.pen import writing

TRANSFERS = 10_000
ACCOUNTS = 500
REPEATS = 7
SHARE = 0.4
RATE = 17_000  # transfers/s, for orientation

# The least that posting can be: insert the rows, grow the totals; no keys looked up, no refusal in words.
BARE_TABLES = """
CREATE TABLE bare_account (id bigint PRIMARY KEY, given bigint NOT NULL, received bigint NOT NULL,
    CHECK (received >= given OR id = 0));
CREATE TABLE bare_transfer (id bigint PRIMARY KEY, debit bigint NOT NULL REFERENCES bare_account,
    credit bigint NOT NULL REFERENCES bare_account, amount bigint NOT NULL CHECK (amount > 0),
    kind varchar(30) NOT NULL, reference varchar(80) NOT NULL, key varchar(140) NOT NULL UNIQUE,
    at timestamptz NOT NULL, recorded_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX bare_gave ON bare_transfer (debit, id);
CREATE INDEX bare_received ON bare_transfer (credit, id);
CREATE INDEX bare_reference ON bare_transfer (reference, id);
INSERT INTO bare_account SELECT n, 0, 0 FROM generate_series(0, 500) n;
"""
BARE = """
WITH t AS (
    INSERT INTO bare_transfer
    SELECT (SELECT coalesce(max(id), 0) FROM bare_transfer) + n, d, c, a, k, r, key, %s
      FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[])
           WITH ORDINALITY AS u(d, c, a, k, r, key, n)
    RETURNING debit, credit, amount
), s AS (
    SELECT id, sum(g) AS g, sum(r) AS r FROM (SELECT debit AS id, amount AS g, 0 AS r FROM t
        UNION ALL SELECT credit, 0, amount FROM t) sides GROUP BY id
)
UPDATE bare_account a SET given = given + s.g, received = received + s.r FROM s WHERE a.id = s.id
"""


def rows() -> list[dict[str, Any]]:
    """One row a figure: bench, value, unit, peer, ratio, target, ok. Makes a market and drops it."""
    point(None)
    world, _ = worlds.create(f"bench{uuid.uuid4().hex[:8]}")
    point(world.schema)
    try:
        return _measure()
    finally:
        point(None)
        worlds.drop(world)


def _measure() -> list[dict[str, Any]]:
    with writing() as moment:
        members = register([Registration(f"bench{n}", 330100) for n in range(ACCOUNTS)], at=moment.at)
        for statement in BARE_TABLES.strip().split(";")[:-1]:
            execute(statement)
    ours = _rate(lambda n, at: ledger.post(_topups(members, n), at=at))
    bare = _rate(_bare)
    single = _single(members)
    return [
        {
            "bench": f"post {TRANSFERS} transfers in one call", "value": round(ours), "unit": "transfers/s",
            "peer": round(bare), "peer_is": "the bare statement", "ratio": round(ours / bare, 2),
            "target": f">= {SHARE} of it ({RATE}/s on a quiet machine)", "ok": ours / bare >= SHARE,
        },
        {
            "bench": "post one transfer, committed", "value": round(single * 1000, 2), "unit": "ms",
            "target": "orientation", "ok": True,
        },
    ]  # fmt: skip


def _rate(work: Callable[[int, datetime], object]) -> float:
    """Transfers per second: the median of REPEATS commits, the first discarded."""
    spans = []
    for repeat in range(REPEATS + 1):
        began = perf_counter()
        with writing() as moment:
            work(repeat, moment.at)
        spans.append(perf_counter() - began)
    return TRANSFERS / statistics.median(spans[1:])


def _topups(members: list[int], repeat: int) -> list[Posting]:
    return [
        Posting(
            "outside:bank",
            f"member:{members[n % ACCOUNTS]}",
            100 + n,
            "topup",
            "bench",
            f"bench:{repeat}:{n}",
        )
        for n in range(TRANSFERS)
    ]


def _bare(repeat: int, at: datetime) -> None:
    n = range(TRANSFERS)
    columns = [
        [0] * TRANSFERS,
        [1 + i % ACCOUNTS for i in n],
        [100 + i for i in n],
        ["topup"] * TRANSFERS,
        ["bench"] * TRANSFERS,
        [f"bench:{repeat}:{i}" for i in n],
    ]
    execute(BARE, [at, *columns])


def _single(members: list[int]) -> float:
    spans = []
    for n in range(200):
        began = perf_counter()
        with writing() as moment:
            ledger.post([Posting("outside:bank", f"member:{members[n]}", 100, "topup", "one")], at=moment.at)
        spans.append(perf_counter() - began)
    return statistics.median(spans[50:])

"""A finished trade opens a window for each side of each line; time closes it,
and silence is an answer too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from common.batch import dicts, dumps, execute, insert
from events.actions import emit
from ratings.actions.reveals import Sealed, reveal, schedule, weigh
from ratings.models import Feedback
from ratings.recompute.decisions import settle
from ratings.rules import OTHER, default_verdict, dispatch_stars
from regime import queries as regime

# Lateral: a batch looks its own rows up, it never goes through all that were ever written.
# Lines refunded in full are not rated. A pair's month goes by the moment its trades succeeded.
LINES = """
    SELECT l.id AS line, o.id AS order_id, o.total_fen, l.listing_id, o.buyer_id, o.seller_id, o.placed_at,
    o.finished_at,
           coalesce(l.shipped_at, o.shipped_at) - o.paid_at AS waited,
           EXISTS (SELECT FROM payments_escrow e WHERE e.reference = 'order:' || o.id
                      AND e.payer_id = o.buyer_id AND e.payee_id = o.seller_id) AS escrowed,
           (SELECT count(*) FROM ratings_feedback f
             WHERE f.rater_id = o.buyer_id AND f.subject_id = o.seller_id AND f.side = 'buyer'
               AND date_trunc('month', f.opened_at AT TIME ZONE 'Asia/Shanghai')
                 = date_trunc('month', o.finished_at AT TIME ZONE 'Asia/Shanghai'))
           + row_number() OVER (PARTITION BY o.buyer_id, o.seller_id ORDER BY l.id) AS nth
      FROM shops_order o CROSS JOIN LATERAL (
           SELECT id, listing_id, shipped_at FROM shops_orderline
            WHERE order_id = o.id AND closed_at IS NULL OFFSET 0) l
     WHERE o.id = ANY(%s) ORDER BY l.id
"""
SILENT = """
    INSERT INTO ratings_answer (feedback_id, verdict, stars, comment, anonymous, silent, at)
    SELECT (r->>'id')::bigint, (r->>'verdict')::smallint,
           array_fill((r->>'stars')::smallint, ARRAY[5]), '', false, true, %s
      FROM json_array_elements(%s::json) r
"""
BY_LINE = """
    SELECT f.id, f.line_id AS line, f.order_id, f.listing_id, f.rater_id, f.subject_id, f.side, f.status,
    f.opened_at,
           f.reveal_at, f.left_at, a.verdict
      FROM (SELECT DISTINCT line_id FROM ratings_feedback WHERE id = ANY(%s)) i
     CROSS JOIN LATERAL (SELECT * FROM ratings_feedback WHERE line_id = i.line_id OFFSET 0) f
      LEFT JOIN LATERAL (SELECT verdict FROM ratings_answer WHERE feedback_id = f.id LIMIT 1) a ON TRUE
     ORDER BY f.line_id, f.side
"""


@transaction.atomic(savepoint=False)
def open_windows(facts: Sequence[Mapping[str, Any]], *, at: datetime) -> list[int]:
    """Ask both sides of every line of the finished orders (`facts` of `order.finished`); return the
    feedbacks' ids."""
    lines = dicts(LINES, [[fact["id"] for fact in facts]])
    records = []
    for line in lines:
        levers = regime.at(line["finished_at"])
        buyer, seller = line["buyer_id"], line["seller_id"]
        asked = {
            "status": "open",
            "struck": 0,
            "comment": "",
            "line_id": line["line"],
            "order_id": line["order_id"],
            "listing_id": line["listing_id"],
            "order_fen": line["total_fen"],
            "escrowed": line["escrowed"],
            "traded_at": line["placed_at"],
            "opened_at": line["finished_at"],
            "closes_at": line["finished_at"] + timedelta(days=levers.feedback.window_days),
        }
        recorded = dispatch_stars(line["waited"], levers.dsr.dispatch_stars)
        of_shop = {
            "in_index": line["nth"] <= levers.dsr.pair_month_first_count,
            "dispatch_hundredths": recorded,
            "dispatch_bps": levers.dsr.operation_weight_bps if recorded is not None else 0,
        }
        none = {"in_index": False, "dispatch_hundredths": None, "dispatch_bps": 0}
        records.append({**asked, **of_shop, "rater_id": buyer, "subject_id": seller, "side": "buyer"})
        records.append({**asked, **none, "rater_id": seller, "subject_id": buyer, "side": "seller"})
    return insert(Feedback, records)


@transaction.atomic
def close(ids: Sequence[int], *, at: datetime) -> list[int]:
    """The windows of `ids` close: silence becomes five stars and the regime's default verdict. Returns `ids`.

    Under the sealed regime both sides of the line are revealed now.
    """
    lines = lines_of(ids)
    mine = set(ids)
    silences: list[dict[str, Any]] = []
    for line in lines.values():
        for row in line:
            if row.id in mine:
                levers = regime.at(row.opened_at).feedback
                other = next(
                    (o.verdict for o in line if o.side == OTHER[row.side] and o.id not in mine), None
                )
                row.verdict, row.silent = default_verdict(levers, other), True
                silences.append({"id": row.id, "verdict": row.verdict, "stars": levers.silent_stars})
    execute(SILENT, [at, dumps(silences)])
    spoken = [s["id"] for s in silences if s["verdict"] is not None]
    unspoken = [s["id"] for s in silences if s["verdict"] is None]
    Feedback.objects.filter(id__in=spoken, status="open").update(status="sealed")
    Feedback.objects.filter(id__in=unspoken, status="open").update(status="lapsed")
    for row in (row for line in lines.values() for row in line if row.id in mine):
        row.status = "sealed" if row.verdict is not None else "lapsed"
    if unspoken:
        weigh(unspoken, at=at)
        lapsed = [row for line in lines.values() for row in line if row.status == "lapsed" and row.id in mine]
        settle([row.pair for row in lapsed])
        emit("feedback.lapsed", [row.fact() for row in lapsed], at=at)
    reveal(schedule(lines.values(), closing=True, at=at), at=at)
    return list(ids)


def lines_of(ids: Sequence[int]) -> dict[int, list[Sealed]]:
    """Both sides of the lines of the feedbacks `ids`, by line. Holds sealed verdicts: for actions only."""
    found: dict[int, list[Sealed]] = {}
    for row in dicts(BY_LINE, [list(ids)]):
        found.setdefault(row["line"], []).append(Sealed(**row))
    return found

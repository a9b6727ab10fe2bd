"""A bot is back in a buyer's seat: what it means to do is planned anew from what stands in the tables. Whatever it had
meant to do before came due, and was dropped, while a person sat there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from common.batch import rows
from simulation import scene
from simulation.buyers import after
from simulation.keys import TRADE

# What was sent to them up to the last tick and nobody is going to receive: later parcels are met by the tick itself.
COMING = f"""
    SELECT o.id, {TRADE}, o.shipped_at, a.number FROM shops_order o
      JOIN simulation_agent a ON a.member_id = o.buyer_id AND a.id = ANY(%(agents)s)
     WHERE o.status = 'shipped' AND o.open_refunds = 0 AND o.confirm_by > %(at)s AND o.shipped_at <= %(since)s
       AND NOT EXISTS (SELECT FROM shops_refund r WHERE r.order_id = o.id)
       AND NOT EXISTS (SELECT FROM simulation_plan p WHERE p.kind = 0 AND p.number = a.number AND p.subject_id = o.id
                          AND p.verb IN ('receive', 'confirm'))
     ORDER BY o.id
"""
# What should have been sent to them and was not, and they neither asked for their money nor mean to.
WAITING = f"""
    SELECT o.id, {TRADE}, o.overdue_at, a.number FROM shops_order o
      JOIN simulation_agent a ON a.member_id = o.buyer_id AND a.id = ANY(%(agents)s)
     WHERE o.status = 'paid' AND o.overdue_at <= %(since)s
       AND NOT EXISTS (SELECT FROM shops_refund r WHERE r.order_id = o.id)
       AND NOT EXISTS (SELECT FROM simulation_plan p WHERE p.kind = 0 AND p.number = a.number AND p.subject_id = o.id
                          AND p.verb = 'give_up')
     ORDER BY o.id
"""
# What they are asked to judge and have not.
ASKED = f"""
    SELECT o.id, {TRADE}, a.number FROM shops_order o
      JOIN simulation_agent a ON a.member_id = o.buyer_id AND a.id = ANY(%(agents)s)
     WHERE o.status = 'finished'
       AND EXISTS (SELECT FROM ratings_feedback f WHERE f.order_id = o.id AND f.side = 'buyer' AND f.status = 'open'
                      AND f.closes_at > %(at)s)
       AND NOT EXISTS (SELECT FROM simulation_plan p WHERE p.kind = 0 AND p.number = a.number AND p.subject_id = o.id
                          AND p.verb = 'judge')
     ORDER BY o.id
"""


def again(agents: Sequence[int], *, at: datetime) -> None:
    """Plan for these buyers (ids of agents) from their next tick on. Draws are an order's own: who would have kept
    silent about it does so now."""
    if not agents:
        return
    row = scene.population()
    last = at if row["next_tick_at"] is None else row["next_tick_at"] - timedelta(hours=row["tick_hours"])
    scenario, _ = scene.who_lives(row)
    asked = {"agents": list(agents), "at": at, "since": last}
    plans = after.on_their_way(row["seed"], scenario.behaviour, rows(COMING, asked))
    plans += after.to_give_up(row["seed"], scenario.behaviour, rows(WAITING, asked))
    for plan in plans:
        plan["due_at"] = max(plan["due_at"], at)
    plans += after.to_judge(row["seed"], scenario.behaviour, rows(ASKED, asked), at=at)
    after.keep(plans)

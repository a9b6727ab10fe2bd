"""A street of sellers who decide by themselves, lived through the ordinary actions."""

from __future__ import annotations

from typing import Any

import numpy as np

from common.batch import dicts, one, rows
from simulation import found
from simulation.scenario import read
from simulation.scene import population, scene
from simulation.sellers import turn
from simulation.sellers.seen import seen
from simulation.sellers.strategies import agility
from tests.simulation.conftest import forget
from worlds import jobs
from worlds.current import point, use_world
from worlds.models import Job
from worlds.pen import stepping

STREET = """
title = "A street for tests"
title_zh = "试验街"
why = "Every way of keeping a shop once."
regime = "open-feedback"
start = 2010-03-01T00:00:00+08:00
days = 12
tick_hours = 8
[buyers]
count = 40
active_share = 1.0
[ads]
bid_from_fen = 30
bid_to_fen = 60
[behaviour]
sessions_a_day = 2.0
inquiry_share = 0.2
"""
SHOP = """
[[shops]]
name = "{name}"
count = 1
strategy = "{way}"
listings = 4
listings_spread = 0.1
share_ads = {ads}
[shops.trades]
toys = 1
[shops.settings]
"""
OWN = {
    "web_experience": "edits_a_week = 7.0",
    "internal_operation": "",
    "agility": "new_a_week = 7.0",
    "keyword_bidder": 'pacing = "best_response"',
    "imitator": "look_days = 1",
    "celebrity": "",
    "brusher": 'means = "ring"\nfakes_a_day = 4.0',
    "neglectful": "",
}


def street() -> str:
    ads = {"keyword_bidder": 1.0}
    of_each = [(way, way, own) for way, own in OWN.items()]
    return STREET + "".join(
        SHOP.format(name=name, way=way, ads=ads.get(way, 0.0)) + own + "\n"
        for name, way, own in [*of_each, ("at rest", "agility", "new_a_week = 0.0")]
    )


def lived(world: Any, days: int) -> None:
    point(world.schema)
    job = found.start(world, read(street(), name="street"), seed=7, days=days)
    assert jobs.run_job(str(job.pk)) == "done", Job.objects.get(pk=job.pk).error


def test_a_street_keeps_itself(committed_world: Any) -> None:
    lived(committed_world, 6)
    with use_world(committed_world.schema):
        they_lived()
        they_forget_nothing_of_weight()


def they_lived() -> None:
    did = dict(rows("SELECT verb, count(*) FROM simulation_decision WHERE refused = '' GROUP BY 1"))
    assert {"list", "edit", "campaign", "group", "keyword", "brush", "decorate", "deal"} <= set(did), did

    fakes = dicts(
        """SELECT d.why, a.kind, o.status, o.shipped_at, t.member_id = o.seller_id AS own
             FROM simulation_decision d JOIN shops_order o ON o.id = d.subject_id
             JOIN simulation_agent a ON a.member_id = o.buyer_id JOIN simulation_agent t ON t.id = d.agent_id
            WHERE d.verb = 'brush'"""
    )
    assert fakes
    assert all(fake["kind"] == 2 and fake["own"] and "never was" in fake["why"] for fake in fakes)
    assert any(fake["status"] == "finished" for fake in fakes), "confirmed within days, with a way-bill"
    praised = rows(
        "SELECT verdict FROM ratings_feedback WHERE rater_id IN (SELECT member_id FROM simulation_agent WHERE kind = 2)"
        " AND left_at IS NOT NULL"
    )
    assert praised
    assert {row[0] for row in praised} <= {1, None}
    assert one("SELECT count(*) FROM events_event WHERE payload::text LIKE '%%never was%%'") == 0

    sent = rows(
        "SELECT count(*), count(*) FILTER (WHERE shipped_at IS NULL) FROM shops_order WHERE paid_at IS NOT NULL"
    )
    assert sent[0][0] > 2 * sent[0][1] > 0, "most have left, the latest wait"
    assert one("SELECT count(*) FROM shops_inquiry WHERE answered_at IS NOT NULL") > 0


def they_forget_nothing_of_weight() -> None:
    """What a process keeps between ticks may be lost at any time: the same eyes wish the same again."""
    with stepping():
        row = population()
        now = scene(row, at=row["next_tick_at"])
        wishes = turn(now)
        both = np.array([list(OWN).index("agility"), len(OWN)])
        tried = agility.try_out(now, both, seen(now, both))
        assert {wish.number for wish in tried} == {both[0]}, "none a week is none, not one in ten weeks"
        now.kept.clear()
        assert turn(now) == wishes != []
        forget()

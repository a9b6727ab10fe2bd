"""The meter finds the elasticities that were put in, counts the dead by hand, and reads only what is public."""

from __future__ import annotations

import xml.etree.ElementTree as tree

import numpy as np
import pytest

from common import random
from common.spread import gini, hhi, spread, top_share
from simulation.circulation import meter, picture, words
from simulation.circulation.estimate import kaplan_meier, slopes, within
from simulation.circulation.panel import before
from simulation.intervals import paired, t_quantile
from tests.shops.trades import Trades


def made_panel(number: int):
    """60 shops, 40 days, slopes 0.7 and -0.3; levels of shops and days, and noise that hangs together in a shop."""
    draw = random.stream(5, "test.panel", number)
    shop, day = (grid.ravel() for grid in np.meshgrid(np.arange(60), np.arange(40), indexing="ij"))
    there = draw.random(shop.size) < 0.9
    shop, day = shop[there], day[there]
    level, season = draw.normal(0, 2, 60), draw.normal(0, 1, 40)
    x = np.column_stack(
        [level[shop] + season[day] + draw.normal(0, 1, shop.size), draw.normal(0, 1, shop.size)]
    )
    own = draw.normal(0, 0.5, (60, 4))[shop, day // 10]
    return 0.7 * x[:, 0] - 0.3 * x[:, 1] + 3 * level[shop] - season[day] + own, x, shop, day


def test_the_estimator_finds_what_was_put_in_and_its_intervals_hold_it():
    found = [within(*made_panel(number))[0] for number in range(60)]
    assert np.mean([one.elasticity for one in found]) == pytest.approx(0.7, abs=0.01)
    held = sum(one.low < 0.7 < one.high for one in found)
    assert 52 <= held <= 60, "about 57 of 60"
    one, two = within(*made_panel(99))
    assert (one.shops, one.days) == (60, 40)
    assert two.elasticity == pytest.approx(-0.3, abs=0.05)


def test_what_does_not_move_gets_no_estimate_and_leaves_the_others_theirs():
    y, x, shop, day = made_panel(1)
    x = np.column_stack([x[:, 0], shop * 1.0, x[:, 0] * 2, x[:, 1]])
    first, constant, twin, last = within(y, x, shop, day)
    assert first.elasticity == pytest.approx(0.7, abs=0.05)
    assert (constant.elasticity, twin.elasticity) == (None, None)
    assert "move" in constant.why_not
    assert last.elasticity == pytest.approx(-0.3, abs=0.05)
    assert within(y[:10], x[:10], shop[:10], day[:10])[0].why_not == "too few shops or days"
    assert slopes(np.array([[1.0, 2, 3]]), np.array([[2.0, 4, 6]]), np.ones((1, 3), bool)) == [0.5]


def test_survival_and_spread_are_what_the_hand_gets():
    curve = kaplan_meier([2, 3, 3, 5, 8], [True, True, False, True, False])
    assert [(s["day"], s["at_risk"], s["died"]) for s in curve] == [(2, 5, 1), (3, 4, 1), (5, 2, 1)]
    assert [s["share"] for s in curve] == pytest.approx([0.8, 0.6, 0.3])
    assert all(s["low"] < s["share"] < s["high"] for s in curve)
    assert gini([1, 1, 1, 1]) == pytest.approx(0)
    assert gini([0, 0, 0, 8]) == pytest.approx(0.75)
    assert gini([1, 2, 3]) == pytest.approx(2 / 9)
    assert gini([0, 0]) is None
    assert (hhi([1, 3]), top_share([1, 1, 2, 6], 25)) == (0.625, 0.6)
    assert spread([1] * 100)["top_20"] == pytest.approx(0.2)
    assert before(np.array([[1.0, 2, 4, 8]]), 2).tolist() == [[0, 1, 3, 6]]


def test_an_interval_of_pairs_is_student_s():
    assert [t_quantile(0.975, df) for df in (1, 9, 30)] == pytest.approx(
        [12.7062, 2.26216, 2.04227], abs=1e-4
    )
    found = paired([1, 2, 3, 4, 5])
    assert (found.n, found.mean, found.up, found.down) == (5, 3, 5, 0)
    assert found.t_interval == pytest.approx((1.0368, 4.9632), abs=1e-4)
    assert found.g == pytest.approx(3 / 2.5**0.5 * (1 - 3 / 15))
    assert 1.5 < found.bootstrap[0] < found.bootstrap[1] < 4.5
    assert paired([2]).t_interval is None


def test_the_meter_reads_a_small_market_and_nothing_sealed(market):
    trades = Trades()
    trades.finished()
    market.pass_days(3)
    sealed = meter.measure()
    market.pass_days(20)
    told = meter.measure(idle_days=5)
    assert (told["days"] > sealed["days"], told["shops"]) == (True, sealed["shops"])
    assert told["P1"]["elasticity"] is None, "one shop tells nothing"
    assert told["survival"]["died"] == told["survival"]["shops"]
    drawn = picture.drawn(told, "a <market> & its shops")
    root = tree.fromstring(drawn)
    said = "".join(root.itertext())
    assert "眼球流量" in said
    assert "Account record" in said
    assert "href" not in drawn
    assert "closed days" in words.read_aloud(told)

"""Figures of logs and shops small enough to be worked out by hand."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from bench.calibration import SPEC, compared, words
from simulation.measures import figures, window
from simulation.measures.market import clicked, ordered
from simulation.measures.popularity import expected_top, item_sigma, slope, top, top_of_rates
from simulation.measures.shops import gini, spearman
from simulation.userbehavior import BEHAVIOURS, Log

SATURDAY = 1_511_539_200  # 2017-11-25 00:00 in Shanghai
# user, item, act, day, hour, minute
ACTS = (
    (1, 1, "pv", 0, 10, 0),
    (1, 1, "pv", 0, 10, 10),
    (1, 1, "buy", 0, 10, 20),
    (1, 2, "pv", 0, 12, 0),
    (2, 2, "buy", 0, 11, 0),
    (2, 2, "pv", 0, 11, 5),
    (2, 3, "cart", 1, 9, 0),
    (2, 3, "pv", 1, 9, 20),
    (2, 3, "buy", 1, 9, 40),
)
BY_HAND = {
    "cart_per_100_views": 100 * 1 / 5,
    "fav_per_100_views": 0,
    "buy_per_100_views": 100 * 3 / 5,
    "views_hour_10": 2 / 5,
    "views_hour_11": 1 / 5,
    "buys_hour_09": 1 / 3,
    "views_saturday": 4 / 2.5,
    "views_sunday": 1 / 2.5,
    "sessions_per_user_day": 4 / 3,
    "events_per_session": 9 / 4,
    "sessions_of_one_event": 1 / 4,
    "sessions_with_a_buy": 3 / 4,
    "session_minutes_median": 5,  # of 0, 5, 20, 40: the least with half at or below
    "events_per_user_p10": 4,
    "events_per_user_p90": 5,
    "events_per_user_log_sd": (log(5) - log(4)) / 2,
    "active_days_per_user": 3 / 2,
    "views_per_user_and_item": 5 / 4,
    "bought_after_a_view": 2 / 3,
    "bought_and_ever_viewed": 1,
    "bought_after_a_cart": 1 / 3,
    "bought_neither_cart_nor_fav": 2 / 3,
    "view_to_buy_hours_p90": 1 / 3,
    "carted_after_a_view": 0,
    "item_viewers": 4 / 3,
    "item_top_1": 2 / 4,
}


def made(acts: tuple[tuple[int, int, str, int, int, int], ...]) -> Log:
    rows = np.array(
        [
            (user, item, 7, BEHAVIOURS[act], SATURDAY + day * 86_400 + hour * 3_600 + minute * 60)
            for user, item, act, day, hour, minute in acts
        ]
    )
    rows = rows[np.argsort(rows[:, 4], kind="stable")]
    user, item, category, behaviour, ts = rows.T
    return Log(user, item, category, behaviour, ts, len(rows), {})


def test_the_figures_of_nine_acts_are_those_worked_out_by_hand() -> None:
    found = {figure.name: figure for figure in figures(made(ACTS), repeats=20)}
    assert {name: found[name].value for name in BY_HAND} == pytest.approx(BY_HAND)
    assert sum(found[f"views_hour_{hour:02}"].value for hour in range(24)) == pytest.approx(1)
    assert all(f.low <= f.value <= f.high for f in found.values() if f.name.endswith("_per_100_views"))
    sunday = {figure.name: figure.value for figure in figures(window(made(ACTS), 1), repeats=2)}
    assert sunday["sessions_per_user_day"] == 1
    assert sunday["bought_after_a_view"] == 1


def test_no_figure_depends_on_the_order_of_the_file_or_the_names_in_it() -> None:
    log = made(ACTS)
    turned = made(tuple((9 - act[0], act[1] + 100, *act[2:]) for act in ACTS[::-1]))
    values = [{f.name: f.value for f in figures(one, repeats=2)} for one in (log, turned)]
    assert values[0] == pytest.approx(values[1], nan_ok=True)


def test_the_spread_of_popularity_is_found_again_however_many_users_are_drawn() -> None:
    """Log-normal rates of 100,000 items; of 0.05, 1 and 20 viewers an item the same sigma comes out."""
    drawn = np.random.default_rng(1)  # raw draws of a test: nothing is stored
    rates = np.exp(1.9 * drawn.normal(size=100_000))
    for mean in (0.05, 1, 20):
        viewers = drawn.poisson(rates * mean / rates.mean())
        seen = np.sort(viewers[viewers > 0])[::-1].astype(float)
        assert item_sigma(viewers[viewers > 0]) == pytest.approx(1.9, abs=0.06)
        assert top(seen, 0.1) == pytest.approx(expected_top(1.9, seen.mean(), 0.1), abs=0.02)
    assert top(np.sort(rates)[::-1], 0.1) == pytest.approx(top_of_rates(1.9, 0.1), abs=0.02)
    assert top_of_rates(2.0, 0.2) == pytest.approx(0.877, abs=0.001)
    assert slope(1000 / np.arange(1, 301) ** 1.1) == pytest.approx(1.1)


def test_shops_and_clicks_are_measured_by_hand_too() -> None:
    assert gini(np.array([1.0, 1, 1, 1])) == pytest.approx(0)
    assert gini(np.array([0.0, 0, 0, 4])) == pytest.approx(0.75)
    assert spearman(np.array([1.0, 2, 3, 4]), np.array([1.0, 9, 10, 100])) == pytest.approx(1)
    assert spearman(np.array([1.0, 2, 2, 3]), np.array([3.0, 2, 2, 1])) == pytest.approx(-1)
    clicks = clicked(np.array([1, 1, 2, 2, 3, 3]), np.arange(6), np.array([1, 1, 0, 0, 0, 1]), repeats=5)
    assert [figure.value for figure in clicks] == pytest.approx([3 / 6, 2 / 2, 1 / 2])
    orders = ordered(
        np.array([1, 1, 2]),
        np.array([5, 5, 5]),
        np.array([1, 2, 1]),
        np.array([8, 9, 70]),
        np.array([0, 0, 1]),
    )
    assert {figure.name: figure.value for figure in orders} == pytest.approx(
        {
            "orders_of_one_piece": 2 / 3,
            "orders_disputed": 1 / 3,
            "buyers_returning_to_a_shop": 1 / 2,
            "seconds_to_pay_median": 9,
        }
    )


def test_every_row_of_the_table_is_measured_and_its_tolerance_holds_the_real_figure() -> None:
    table = compared(figures(made(ACTS), repeats=2), "log")
    assert {row.name for row in table if np.isnan(row.value)} <= {
        name for name in SPEC["log"] if name.startswith(("item_", "category_", "faved_"))
    }
    assert f"of {len(table)} within" in words(table)
    for row in (*SPEC["log"].values(), *SPEC["market"].values()):
        assert row["within"][0] <= row["real"] <= row["within"][1]
        assert row["source"] in SPEC["sources"]
        assert row["why"]
    for shares in SPEC["hours"].values():
        assert sum(shares) == pytest.approx(100, abs=0.1)

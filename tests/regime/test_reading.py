"""Whatever is said of a lever is read as it stands or refused in words; never bent to fit."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid
from regime.levers import Kind, levers
from regime.levers.kinds import kinds
from regime.rules import build, flat, limits, nested, plain, read, read_all
from regime.shipped import shipped

WHOLE = [path for path, kind in levers().items() if kind.shape == "whole"]
LISTS = [path for path, kind in levers().items() if kind.shape in ("wholes", "words", "table")]


def good(kind: Kind) -> st.SearchStrategy[Any]:
    """Every JSON value that a lever of `kind` may take."""
    if kind.shape == "flag":
        return st.booleans()
    if kind.shape == "word":
        return st.sampled_from(kind.words)
    if kind.shape == "words":
        return st.lists(st.sampled_from(kind.words), unique=True)
    if kind.shape == "table":
        columns = {name: good(column) for name, column in kinds(kind.row).items()}
        return st.lists(st.fixed_dictionaries(columns), min_size=kind.rows[0], max_size=kind.rows[1])
    number = st.integers(kind.least, kind.most)
    if kind.shape == "wholes":
        return st.lists(number, min_size=kind.rows[0], max_size=kind.rows[1], unique=True).map(sorted)
    return number


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(st.data())
def test_every_value_within_its_limits_is_read_and_written_back_the_same(data):
    path = data.draw(st.sampled_from(list(levers())))
    value = data.draw(good(levers()[path]))
    assert plain(read(path, value)) == value


@given(st.sampled_from(WHOLE), st.integers(min_value=1))
def test_a_number_beyond_its_bounds_is_refused_by_name(path, beyond):
    kind = levers()[path]
    for value in (kind.least - beyond, kind.most + beyond):
        with pytest.raises(Invalid) as refused:
            read(path, value)
        assert (refused.value.field, refused.value.rule) == (path, "lever_is_within_its_bounds")
        assert refused.value.way_out == f"Set it to {limits(kind)}."


@pytest.mark.parametrize("path", WHOLE)
def test_the_bounds_themselves_are_allowed(path):
    kind = levers()[path]
    assert read(path, kind.least) == kind.least
    assert read(path, kind.most) == kind.most


def told(path: str, value: Any) -> Any:
    """The lever as read, or the refusal."""
    try:
        return plain(read(path, value))
    except Invalid as refusal:
        return refusal


@given(st.sampled_from(list(levers())), junk)
def test_anything_else_is_read_as_it_stands_or_refused(path, value):
    answer = told(path, value)
    if isinstance(answer, Invalid):
        assert answer.field.startswith(path)
        assert answer.rule.startswith("lever_")
        assert answer.way_out
    else:
        assert answer == value


@given(st.sampled_from(LISTS), st.data())
def test_a_list_too_long_is_refused(path, data):
    kind = levers()[path]
    value = [data.draw(junk)] * (kind.rows[1] + 1)
    with pytest.raises(Invalid) as refused:
        read(path, value)
    assert refused.value.rule == "lever_has_so_many_entries"


@pytest.mark.parametrize(
    ("path", "value", "field", "rule"),
    [
        ("feedback.reveal", "Sealed", "feedback.reveal", "lever_is_one_of_its_words"),
        ("feedback.reveal", ["sealed"], "feedback.reveal", "lever_is_one_of_its_words"),
        ("feedback.follow_up_visible_at_once", 1, "feedback.follow_up_visible_at_once", "lever_is_yes_or_no"),
        (
            "feedback.follow_up_visible_at_once",
            "yes",
            "feedback.follow_up_visible_at_once",
            "lever_is_yes_or_no",
        ),
        ("feedback.edit_to", ["good", "good"], "feedback.edit_to", "lever_names_nothing_twice"),
        ("feedback.edit_to", ["good", "best"], "feedback.edit_to.1", "lever_is_one_of_its_words"),
        ("trade.seller_extension_days", 3, "trade.seller_extension_days", "lever_is_a_list"),
        ("trade.seller_extension_days", [], "trade.seller_extension_days", "lever_has_so_many_entries"),
        ("trade.seller_extension_days", [3, 3], "trade.seller_extension_days", "lever_rises"),
        ("trade.seller_extension_days", [5, 3], "trade.seller_extension_days", "lever_rises"),
        (
            "trade.seller_extension_days",
            [3, 91],
            "trade.seller_extension_days.1",
            "lever_is_within_its_bounds",
        ),
        ("credit.ladder_points", list(range(1, 20)), "credit.ladder_points", "lever_has_so_many_entries"),
        ("dsr.dispatch_stars", [{"hours": 24}], "dsr.dispatch_stars.0", "lever_row_has_its_columns"),
        ("dsr.dispatch_stars", [24], "dsr.dispatch_stars.0", "lever_row_has_its_columns"),
        (
            "dsr.dispatch_stars",
            [{"hours": 24, "stars_hundredths": 501}],
            "dsr.dispatch_stars.0.stars_hundredths",
            "lever_is_within_its_bounds",
        ),
        ("feedback", 1, "feedback", "lever_is_known"),
        ("feedback.", 1, "feedback.", "lever_is_known"),
        ("", 1, "", "lever_is_known"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(path, value, field, rule):
    with pytest.raises(Invalid) as refused:
        read(path, value)
    assert (refused.value.field, refused.value.rule) == (field, rule)
    assert refused.value.way_out


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(Invalid) as refused:
        read_all({"deal.expiry_days": 0, "trade.ship_by_hours": 72, "deal.colour": "red"})
    assert [error["field"] for error in refused.value.errors] == ["deal.expiry_days", "deal.colour"]


def test_taking_a_regime_apart_and_building_it_gives_it_back():
    regime = shipped("thesis-2010").regime
    assert build(flat(regime)) == regime
    assert nested(regime)["deal"] == {"expiry_days": 3}


def test_a_regime_cannot_be_changed_in_place():
    with pytest.raises(AttributeError):
        shipped("thesis-2010").regime.deal.expiry_days = 9


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"auction.bid_least_fen": 10_000}, "least_is_not_above_most"),
        ({"penalty.broken_promise_least_points": 7}, "least_is_not_above_most"),
        ({"ranking.credit_sort_share_bps": 301}, "shares_are_no_more_than_all"),
        ({"auction.quality_ctr_bps": 3_001}, "shares_are_no_more_than_all"),
    ],
)  # fmt: skip
def test_levers_that_contradict_each_other_make_no_regime(changes, rule):
    with pytest.raises(Invalid) as refused:
        build(flat(shipped("thesis-2010").regime) | changes)
    assert refused.value.rule == rule


def test_shares_that_come_to_exactly_all_are_allowed():
    build(flat(shipped("thesis-2010").regime) | {"ranking.credit_sort_share_bps": 300})


def test_what_arrives_how_counts_as_received_when():
    trade = shipped("thesis-2010").regime.trade
    hours = {
        kind: trade.auto_confirm(kind).total_seconds() / 3600
        for kind in ("auto", "virtual", "express", "surface")
    }
    assert hours == {"auto": 24, "virtual": 72, "express": 240, "surface": 720}

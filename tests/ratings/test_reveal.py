"""When each side's word is shown to the other, to the second, under each regime."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.errors import Conflict, Invalid, NotFound
from tests.ratings.fair import Fair

SECOND = timedelta(seconds=1)


def test_a_finished_trade_asks_both_sides_about_every_line(fair: Fair) -> None:
    lines = fair.trade("amei", "bob", "衣柜", "书桌")
    asked = [
        (fair.of(line, side)["status"], fair.of(line, side)["closes_at"] - fair.at)
        for line in lines
        for side in ("buyer", "seller")
    ]
    assert asked == [("open", timedelta(days=15))] * 4


def test_an_answer_stays_sealed_until_the_other_side_answers(fair: Fair) -> None:
    [line] = fair.trade("amei", "bob")
    fair.rate("amei", line, "bad", (1, 2, 3, 4, 5), comment="柜门歪了")
    assert (
        fair.of(line, "buyer")["status"],
        fair.of(line, "buyer")["verdict"],
        fair.of(line, "buyer")["comment"],
    ) == ("sealed", None, "")
    fair.market.pass_days(3)
    fair.rate("bob", line, "good")
    shown = fair.of(line, "buyer")
    assert (shown["status"], shown["verdict"], shown["comment"], shown["revealed_at"]) == (
        "revealed",
        -1,
        "柜门歪了",
        fair.at,
    )
    assert fair.of(line, "seller")["verdict"] == 1


def test_the_window_closes_fifteen_days_after_success_to_the_second(fair: Fair) -> None:
    [line] = fair.trade("amei", "bob")
    fair.rate("amei", line, "neutral")
    closes = fair.of(line, "buyer")["closes_at"]
    fair.market.advance_to(closes - SECOND)
    assert fair.of(line, "buyer")["status"] == "sealed"
    assert fair.of(line, "seller")["status"] == "open"
    fair.market.advance_to(closes)
    assert (fair.of(line, "buyer")["status"], fair.of(line, "buyer")["verdict"]) == ("revealed", 0)


def test_an_answer_in_the_last_second_counts_and_one_at_the_close_does_not(fair: Fair) -> None:
    early, late = fair.trade("amei", "bob", "衣柜", "书桌")
    fair.market.advance_to(fair.at + timedelta(days=15) - SECOND)
    fair.rate("amei", early, "bad")
    fair.market.advance_to(fair.at + SECOND)
    with pytest.raises(Conflict):
        fair.rate("amei", late, "bad")
    assert fair.of(early, "buyer")["verdict"] == -1
    assert fair.of(late, "buyer")["verdict"] == 1


def test_silence_is_five_stars_and_a_good_under_the_thesis_regime(fair: Fair) -> None:
    [line] = fair.trade("amei", "bob")
    fair.market.pass_days(15)
    for side in ("buyer", "seller"):
        assert (fair.of(line, side)["status"], fair.of(line, side)["verdict"]) == ("revealed", 1)
    weight = fair.weight(fair.of(line, "buyer")["id"])
    assert (weight["description"], weight["service"], weight["delivery"], weight["silent"]) == (
        500,
        500,
        500,
        True,
    )


def test_under_the_regime_of_2014_two_goods_are_shown_after_thirty_minutes(fair: Fair) -> None:
    fair.set_lever(feedback__reveal="delayed", feedback__default_verdict="good_for_good")
    [line] = fair.trade("amei", "bob")
    fair.rate("amei", line)
    fair.market.pass_hours(5)
    fair.rate("bob", line)
    answered = fair.at
    fair.market.advance_to(answered + timedelta(minutes=30) - SECOND)
    assert {fair.of(line, side)["status"] for side in ("buyer", "seller")} == {"sealed"}
    fair.market.advance_to(answered + timedelta(minutes=30))
    assert {fair.of(line, side)["status"] for side in ("buyer", "seller")} == {"revealed"}


@pytest.mark.parametrize(("mine", "theirs"), [("bad", "good"), ("good", "neutral"), ("bad", "bad")])
def test_under_the_regime_of_2014_unkind_words_wait_forty_eight_hours(
    fair: Fair, mine: str, theirs: str
) -> None:
    fair.set_lever(feedback__reveal="delayed", feedback__default_verdict="good_for_good")
    [line] = fair.trade("amei", "bob")
    fair.rate("amei", line, mine)
    fair.rate("bob", line, theirs)
    answered = fair.at
    fair.market.advance_to(answered + timedelta(hours=48) - SECOND)
    assert {fair.of(line, side)["status"] for side in ("buyer", "seller")} == {"sealed"}
    fair.market.advance_to(answered + timedelta(hours=48))
    assert {fair.of(line, side)["status"] for side in ("buyer", "seller")} == {"revealed"}


def test_under_the_regime_of_2014_a_good_left_alone_is_shown_on_day_15_and_answered_by_default(
    fair: Fair,
) -> None:
    fair.set_lever(feedback__reveal="delayed", feedback__default_verdict="good_for_good")
    [line] = fair.trade("amei", "bob")
    fair.rate("amei", line)
    closes = fair.at + timedelta(days=15)
    fair.market.advance_to(closes - SECOND)
    assert fair.of(line, "buyer")["status"] == "sealed"
    fair.market.advance_to(closes)
    assert (fair.of(line, "buyer")["verdict"], fair.of(line, "seller")["verdict"]) == (1, 1)


@pytest.mark.parametrize("verdict", ["neutral", "bad"])
def test_under_the_regime_of_2014_a_bad_left_alone_waits_two_days_more_and_earns_no_default(
    fair: Fair, verdict: str
) -> None:
    fair.set_lever(feedback__reveal="delayed", feedback__default_verdict="good_for_good")
    [line] = fair.trade("amei", "bob")
    fair.rate("amei", line, verdict)
    late = fair.at + timedelta(days=15, hours=48)
    fair.market.advance_to(late - SECOND)
    assert (fair.of(line, "buyer")["status"], fair.of(line, "seller")["status"]) == ("sealed", "lapsed")
    fair.market.advance_to(late)
    assert (fair.of(line, "buyer")["status"], fair.of(line, "seller")["verdict"]) == ("revealed", None)


def test_under_the_regime_of_2014_two_silences_say_nothing_but_five_stars(fair: Fair) -> None:
    fair.set_lever(feedback__reveal="delayed", feedback__default_verdict="good_for_good")
    [line] = fair.trade("amei", "bob")
    fair.market.pass_days(18)
    assert {fair.of(line, side)["status"] for side in ("buyer", "seller")} == {"lapsed"}
    assert fair.weight(fair.of(line, "buyer")["id"])["description"] == 500
    assert fair.points("bob") == 0


def test_in_the_open_each_word_is_shown_at_once(fair: Fair) -> None:
    fair.set_lever(feedback__reveal="open")
    [line] = fair.trade("amei", "bob")
    fair.rate("amei", line, "bad")
    assert (fair.of(line, "buyer")["verdict"], fair.of(line, "seller")["status"]) == (-1, "open")
    fair.market.pass_days(15)
    assert fair.of(line, "seller")["verdict"] == 1


def test_a_window_keeps_the_rules_it_was_opened_under(fair: Fair) -> None:
    [line] = fair.trade("amei", "bob")
    fair.market.pass_hours(1)
    fair.set_lever(feedback__reveal="open")
    fair.rate("amei", line, "bad")
    assert fair.of(line, "buyer")["status"] == "sealed"


def test_one_batch_may_hold_both_sides(fair: Fair) -> None:
    from ratings.actions import Leave, leave
    from worlds.pen import writing

    lines = [fair.trade("amei", "bob")[0] for _ in range(3)]
    with writing() as moment:
        intents = [Leave(line, fair.ids[nick]) for line in lines for nick in ("amei", "bob")]
        assert len(leave(intents, at=moment.at)) == 6
    assert {fair.of(line, side)["status"] for line in lines for side in ("buyer", "seller")} == {"revealed"}


def test_nobody_answers_twice_for_others_or_with_six_stars(fair: Fair) -> None:
    [line] = fair.trade("amei", "bob")
    fair.rate("amei", line)
    fair.member("carl")
    with pytest.raises(Conflict):
        fair.rate("amei", line, "bad")
    with pytest.raises(NotFound):
        fair.rate("carl", line)
    for stars in ((6, 5, 5, 5, 5), (0, 5, 5, 5, 5), (5, 5, 5, 5)):
        with pytest.raises(Invalid):
            fair.rate("bob", line, stars=stars)
    with pytest.raises(Invalid):
        fair.rate("bob", line, anonymous=True)
    with pytest.raises(Invalid):
        fair.rate("bob", line, comment="x" * 501)


def test_a_batch_names_each_refused_row_and_changes_nothing(fair: Fair) -> None:
    from ratings.actions import Leave, leave
    from worlds.pen import writing

    [line] = fair.trade("amei", "bob")
    with pytest.raises(Invalid) as refused, writing() as moment:
        leave(
            [Leave(line, fair.ids["amei"], 5), Leave(line, fair.ids["bob"]), Leave(line, fair.ids["bob"])],
            at=moment.at,
        )
    assert refused.value.rows == (0, 2)
    assert fair.of(line, "seller")["status"] == "open"

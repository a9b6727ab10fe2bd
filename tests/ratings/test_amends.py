"""What may be added to a revealed feedback, by whom, how often and until which second."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from common.batch import dicts, rows
from common.errors import Conflict, Forbidden, Gone, Invalid, NotFound, Refusal
from ratings import actions
from ratings.actions import Edit, Remarked, Ruling
from ratings.queries import feedback
from tests.ratings.fair import Fair
from worlds.pen import writing

SECOND = timedelta(seconds=1)


def edit(fair: Fair, nick: str, key: int, verdict: str = "good") -> None:
    with writing() as moment:
        actions.edit([Edit(key, fair.ids[nick], verdict)], at=moment.at)


def remark(fair: Fair, act: Callable[..., Any], nick: str, key: int, text: str = "谢谢") -> Any:
    with writing() as moment:
        return act([Remarked(key, fair.ids[nick], text)], at=moment.at)


@pytest.mark.parametrize("verdict", ["neutral", "bad"])
def test_an_unkind_verdict_becomes_good_once(fair: Fair, verdict: str) -> None:
    key = fair.rated("amei", "bob", verdict, stars=(1, 1, 1, 1, 1))
    fair.close_day()
    edit(fair, "amei", key)
    assert fair.feedback(key)["verdict"] == 1
    assert fair.weight(key)["description"] == 100  # the indices are never edited
    with pytest.raises(Conflict):
        edit(fair, "amei", key, "deleted")
    fair.close_day()
    assert fair.points("bob") == 1


def test_a_good_is_never_changed(fair: Fair) -> None:
    key = fair.rated("amei", "bob")
    for verdict in ("deleted", "good"):
        with pytest.raises(Conflict):
            edit(fair, "amei", key, verdict)


def test_an_unkind_verdict_never_becomes_unkinder(fair: Fair) -> None:
    key = fair.rated("amei", "bob", "neutral")
    with pytest.raises(Invalid):
        edit(fair, "amei", key, "bad")


def test_a_deleted_verdict_takes_its_point_and_its_words_away(fair: Fair) -> None:
    key = fair.rated("amei", "bob", "bad")
    fair.close_day()
    assert fair.points("bob") == -1
    edit(fair, "amei", key, "deleted")
    fair.close_day()
    assert fair.points("bob") == 0
    assert feedback.public(member=fair.ids["bob"]) == []
    assert [row["kind"] for row in feedback.revisions(key)] == ["revealed", "withdrawn"]
    assert fair.weight(key)["description"] == 500


def test_an_edit_comes_within_thirty_days_of_the_answer_to_the_second(fair: Fair) -> None:
    early, late = fair.rated("amei", "bob", "bad"), fair.rated("amei", "bob", "bad", thing="书桌")
    until = fair.at + timedelta(days=30)
    fair.market.advance_to(until - SECOND)
    edit(fair, "amei", early)
    fair.market.advance_to(until)
    with pytest.raises(Gone):
        edit(fair, "amei", late)


def test_only_the_rater_edits_and_only_what_is_revealed(fair: Fair) -> None:
    [line] = fair.trade("amei", "bob")
    key = fair.rate("amei", line, "bad")
    with pytest.raises(Conflict):
        edit(fair, "amei", key)
    fair.rate("bob", line)
    with pytest.raises(Forbidden):
        edit(fair, "bob", key)


def test_the_subject_explains_once_within_thirty_days_of_the_reveal(fair: Fair) -> None:
    keys = [fair.rated("amei", "bob", "bad", thing=thing) for thing in ("甲", "乙")]
    until = fair.at + timedelta(days=30)
    with pytest.raises(Forbidden):
        remark(fair, actions.explain, "amei", keys[0])
    with pytest.raises(Invalid):
        remark(fair, actions.explain, "bob", keys[0], "长" * 501)
    fair.market.advance_to(until - SECOND)
    remark(fair, actions.explain, "bob", keys[0], "长" * 500)
    with pytest.raises(Conflict):
        remark(fair, actions.explain, "bob", keys[0])
    fair.market.advance_to(until)
    with pytest.raises(Gone):
        remark(fair, actions.explain, "bob", keys[1])


def test_a_follow_up_comes_once_within_180_days_of_success_and_has_no_score(fair: Fair) -> None:
    keys = [fair.rated("amei", "bob", thing=thing) for thing in ("甲", "乙")]
    until = fair.at + timedelta(days=180)
    fair.market.advance_to(until - SECOND)
    before = fair.points("bob")
    remark(fair, actions.follow_up, "amei", keys[0], "还很结实")
    [shown] = [row for row in feedback.public(member=fair.ids["bob"]) if row["id"] == keys[0]]
    assert [remark["text"] for remark in shown["follow_ups"]] == ["还很结实"]
    with pytest.raises(Conflict):
        remark(fair, actions.follow_up, "amei", keys[0])
    fair.market.advance_to(until)
    with pytest.raises(Gone):
        remark(fair, actions.follow_up, "amei", keys[1])
    fair.close_day()
    assert fair.points("bob") == before


def test_a_complaint_needs_feedback_of_ones_own_and_thirty_days(fair: Fair) -> None:
    [silent] = fair.trade("amei", "bob", "甲")
    key = fair.rate("amei", silent, "bad")
    fair.market.pass_days(15)
    with pytest.raises(Conflict):
        remark(fair, actions.complain, "bob", key, "敲诈")
    mutual = fair.rated("amei", "bob", "bad", thing="乙")
    late = fair.rated("amei", "bob", "bad", thing="丙")
    until = fair.at + timedelta(days=30)
    fair.market.advance_to(until - SECOND)
    remark(fair, actions.complain, "bob", mutual, "敲诈")
    with pytest.raises(Conflict):
        remark(fair, actions.complain, "bob", mutual, "敲诈")
    fair.market.advance_to(until)
    with pytest.raises(Gone):
        remark(fair, actions.complain, "bob", late, "敲诈")


@pytest.mark.parametrize(("upheld", "points"), [(True, 0), (False, -1)])
def test_a_ruling_takes_the_points_of_malicious_feedback(fair: Fair, upheld: bool, points: int) -> None:
    key = fair.rated("amei", "bob", "bad", stars=(1,) * 5)
    fair.close_day()
    [complaint] = remark(fair, actions.complain, "bob", key, "敲诈")
    with writing() as moment:
        actions.rule([Ruling(complaint, upheld)], at=moment.at)
    with pytest.raises(Conflict), writing() as moment:
        actions.rule([Ruling(complaint, upheld)], at=moment.at)
    fair.close_day()
    assert fair.points("bob") == points
    assert (fair.weight(key)["description"] is None) == upheld


def test_points_of_a_trade_ruled_fake_are_taken_and_given_back_on_appeal(fair: Fair) -> None:
    key = fair.rated("amei", "bob", stars=(4, 4, 4, 4, 4))
    fair.close_day()
    before = dicts("SELECT * FROM ratings_credit ORDER BY id")
    order = fair.feedback(key)["order_id"]
    with writing() as moment:
        actions.strike(
            feedback.of_orders([order]), reason="fake_trade", why="no payment record", at=moment.at
        )
    fair.close_day()
    assert (fair.points("bob"), fair.points("amei", "buyer"), fair.weight(key)["description"]) == (0, 0, None)
    with writing() as moment:
        actions.restore(feedback.of_orders([order]), why="appeal", at=moment.at)
    fair.close_day()
    assert dicts("SELECT * FROM ratings_credit ORDER BY id") == before


def test_a_trade_ruled_fake_while_it_is_sealed_counts_for_nothing_when_revealed(fair: Fair) -> None:
    [line] = fair.trade("amei", "bob")
    key = fair.rate("amei", line)
    with writing() as moment:
        actions.strike([key], reason="fake_trade", why="brushing", at=moment.at)
    fair.rate("bob", line)
    assert (fair.weight(key)["points"], fair.weight(key)["description"]) == (0, None)
    fair.close_day()
    assert (fair.points("bob"), fair.points("amei", "buyer")) == (0, 1)


STANDS = ("open", "sealed", "lapsed", "revealed", "withdrawn")
VERBS = ("leave", "edit", "withdraw", "explain", "follow_up", "complain", "reveal")
ALLOWED = {("open", "leave"), ("sealed", "reveal")} | {
    ("revealed", verb) for verb in ("edit", "withdraw", "explain", "follow_up", "complain")
}


def standing_in(fair: Fair, status: str) -> tuple[int, int]:
    """A feedback of amei about bob in that state, and its line; bob has given his own."""
    if status == "lapsed":
        fair.set_lever(feedback__default_verdict="none")
        fair.market.pass_hours(1)
    [line] = fair.trade("amei", "bob")
    key = fair.of(line, "buyer")["id"]
    if status != "open":
        fair.rate("bob", line) if status == "lapsed" else fair.rate("amei", line, "bad")
    if status == "lapsed":
        fair.market.pass_days(15)
    if status in ("revealed", "withdrawn"):
        fair.rate("bob", line)
    if status == "withdrawn":
        edit(fair, "amei", key, "deleted")
    assert fair.feedback(key)["status"] == status
    return key, line


def do(fair: Fair, verb: str, key: int, line: int) -> None:
    if verb == "leave":
        fair.rate("amei", line)
    elif verb in ("edit", "withdraw"):
        edit(fair, "amei", key, "good" if verb == "edit" else "deleted")
    elif verb == "reveal":
        with writing() as moment:
            actions.reveal([key], at=moment.at)
    else:
        nick = "amei" if verb == "follow_up" else "bob"
        remark(
            fair,
            {"explain": actions.explain, "follow_up": actions.follow_up, "complain": actions.complain}[verb],
            nick,
            key,
        )


@pytest.mark.parametrize("status", STANDS)
@pytest.mark.parametrize("verb", VERBS)
def test_every_state_allows_its_verbs_and_refuses_the_others(fair: Fair, status: str, verb: str) -> None:
    key, line = standing_in(fair, status)
    if (status, verb) in ALLOWED:
        if verb == "reveal":
            fair.rate("bob", line)  # revealed as the second answers
        else:
            do(fair, verb, key, line)
        return
    before = rows("SELECT to_jsonb(f) FROM ratings_feedback f WHERE id = %s", [key])
    with pytest.raises((Conflict, Gone, NotFound)) as refused:
        do(fair, verb, key, line)
    assert isinstance(refused.value, Refusal)
    assert rows("SELECT to_jsonb(f) FROM ratings_feedback f WHERE id = %s", [key]) == before

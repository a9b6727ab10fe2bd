"""Feedback and credit over REST."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.ratings.fair import Fair
from worlds.actions import find, issue_key


class Caller:
    """A client with a key to the market."""

    def __init__(self, scope: str, member: int | None = None) -> None:
        key = issue_key(find("shared"), scope=scope, member_id=member)
        self.client = Client(headers={"Authorization": f"Bearer {key}"})

    def get(self, path: str, **query: Any) -> tuple[int, Any]:
        answer = self.client.get(f"/api/{path}", query)
        return answer.status_code, answer.json()

    def post(self, path: str, body: Any, **headers: Any) -> tuple[int, Any]:
        answer = self.client.post(f"/api/{path}", body, content_type="application/json", headers=headers)
        return answer.status_code, answer.json()


@pytest.fixture
def admin(fair: Fair) -> Caller:
    return Caller("admin")


def as_member(fair: Fair, nick: str) -> Caller:
    return Caller("member", fair.member(nick))


STARS = {"description": 4, "service": 5, "delivery": 3, "packaging": 5, "value": 5}


def test_a_buyer_answers_reads_their_own_and_the_seller_reads_it_once_revealed(fair: Fair) -> None:
    [line] = fair.trade("amei", "bob")
    amei, bob = as_member(fair, "amei"), as_member(fair, "bob")
    _, page = amei.get("feedback/pending/")
    assert [row["line"] for row in page["results"]] == [line]
    status, mine = amei.post("feedback/", {"line": line, "verdict": "bad", "stars": STARS, "comment": "歪"})
    assert (status, mine["status"], mine["verdict"], mine["stars"]) == (201, "sealed", "bad", STARS)
    status, his = bob.get(f"feedback/{mine['id']}/")
    assert (status, his["status"], his["verdict"], his["comment"]) == (200, "sealed", None, "")
    assert bob.get("feedback/", box="received")[1]["results"] == []
    assert bob.get("feedback/pending/")[1]["results"][0]["other_has_answered"] is True
    assert bob.post("feedback/", {"line": line, "verdict": "good", "stars": {"payment": 5}})[0] == 201
    [received] = bob.get("feedback/", box="received", role="seller")[1]["results"]
    assert (received["verdict"], received["comment"], "stars" in received) == ("bad", "歪", False)
    assert bob.get(f"feedback/{mine['id']}/history/")[1][0]["kind"] == "revealed"


def test_a_stranger_sees_feedback_only_once_it_is_public_and_the_rater_masked(fair: Fair) -> None:
    [line, other] = fair.trade("amei", "bob", "甲", "乙")
    key = fair.rate("amei", line, comment="好")
    stranger = as_member(fair, "stranger")
    assert stranger.get(f"feedback/{key}/")[0] == 404
    fair.rate("bob", line)
    fair.rate("amei", other, anonymous=True)
    fair.rate("bob", other)
    assert stranger.get(f"feedback/{key}/")[1]["rater_name"] == "a**i"
    names = [row["rater_name"] for row in stranger.get(f"members/{fair.ids['bob']}/feedback/")[1]["results"]]
    assert names == ["匿名", "a**i"]
    listing = fair.goods["bob", "甲"]
    assert [row["comment"] for row in stranger.get(f"listings/{listing}/feedback/")[1]["results"]] == ["好"]


def test_pages_of_feedback_begin_with_the_newest_and_lead_to_the_next(fair: Fair) -> None:
    keys = [fair.rated("amei", "bob", thing=thing) for thing in "甲乙丙"]
    reader = Caller("read")
    _, first = reader.get(f"members/{fair.ids['bob']}/feedback/", limit=2)
    assert [row["id"] for row in first["results"]] == keys[:0:-1]
    answer = reader.client.get(first["next"]).json()
    assert ([row["id"] for row in answer["results"]], answer["next"]) == (keys[:1], None)


def test_an_admin_seeds_many_answers_in_one_call_each_refused_on_its_own(fair: Fair, admin: Caller) -> None:
    lines = [fair.trade("amei", "bob", thing)[0] for thing in "甲乙"]
    amei, bob = fair.ids["amei"], fair.ids["bob"]
    batch = [
        {"line": lines[0], "rater": amei, "verdict": "good", "stars": STARS},
        {"line": lines[0], "rater": bob, "verdict": "good"},
        {"line": lines[1], "rater": amei, "verdict": "splendid"},
        {"line": lines[1], "rater": amei, "verdict": "good", "stars": {"taste": 3}},
        {"line": 999_999, "rater": amei, "verdict": "good"},
        {"line": lines[1], "rater": bob, "verdict": "good"},
    ]
    status, told = admin.post("feedback/batch/", {"rows": batch})
    assert (status, [row["status"] for row in told["results"]]) == (200, [201, 201, 400, 400, 404, 201])
    assert told["results"][4]["problem"]["field"] == "line"
    assert (told["done"], told["refused"]) == (3, 3)


def test_a_member_answers_for_nobody_else_in_a_batch(fair: Fair) -> None:
    [line] = fair.trade("amei", "bob")
    batch = {"rows": [{"line": line, "rater": fair.ids["bob"], "verdict": "good"}]}
    _, told = as_member(fair, "amei").post("feedback/batch/", batch)
    assert told["results"][0]["status"] == 403


def test_credit_shows_grade_good_rate_and_indices_against_the_section(fair: Fair) -> None:
    for nick in ("amei", "bela", "carl", "dora"):
        fair.rated(nick, "bob", stars=(5, 4, 5, 5, 5))
    fair.close_day()
    _, there = Caller("read").get(f"members/{fair.ids['bob']}/credit/")
    assert (there["points"], there["level"], there["to_next"], there["good_rate_bps"]) == (4, 1, 7, 10_000)
    assert there["grade"] == {"level": 1, "badge": "heart", "step": 1}
    assert there["dsr"]["service"] == {"hundredths": 400, "average_hundredths": 400, "above_bps": 0}
    assert there["dsr"]["section"] == 15
    [average] = Caller("read").get("feedback/averages/")[1]
    assert (average["section"], average["service"]) == (15, 400)
    history = Caller("read").get(f"members/{fair.ids['bob']}/credit/history/")[1]
    assert (history["points"], history["dsr"][0]["answers"]) == ([{"on": "2010-03-01", "points": 4}], 4)


def test_the_explanation_names_the_trades_that_count_and_why_others_do_not(fair: Fair) -> None:
    for thing in ("甲", "甲", "乙"):
        fair.rated("amei", "bob", thing=thing)
    fair.rated("amei", "bob", thing="丙", price_fen=100)
    fair.close_day()
    [sealed] = fair.trade("amei", "bob", "丁")
    fair.rate("amei", sealed, "bad")
    bob = as_member(fair, "bob")
    _, why = bob.get(f"members/{fair.ids['bob']}/credit/explanation/", limit=3)
    assert [(row["reason"], row["count"], row["points"]) for row in why["by_reason"]] == [
        ("counted", 2, 2), ("tiny_order", 1, 0), ("same_item", 1, 0)]  # fmt: skip
    assert [row["reason"] for row in why["trades"]] == ["tiny_order", "counted", "same_item"]
    assert sum(row["points"] for row in why["by_reason"]) == why["standing"]["points"] == 2
    assert why["standing"]["to_next"] == 2
    rest = bob.client.get(why["next"]).json()
    assert [row["reason"] for row in rest["trades"]] == ["counted"]
    assert as_member(fair, "amei").get(f"members/{fair.ids['bob']}/credit/explanation/")[0] == 403


def test_edits_explanations_follow_ups_and_complaints_have_doors(fair: Fair, admin: Caller) -> None:
    key = fair.rated("amei", "bob", "bad")
    amei, bob = as_member(fair, "amei"), as_member(fair, "bob")
    assert bob.post(f"feedback/{key}/explain/", {"text": "已补发"})[1]["explanations"][0]["text"] == "已补发"
    assert amei.post(f"feedback/{key}/follow-up/", {"text": "收到了"})[1]["follow_ups"][0]["text"] == "收到了"
    status, complaint = bob.post(f"feedback/{key}/complain/", {"text": "敲诈"})
    assert (status, complaint["status"]) == (201, "open")
    assert [row["id"] for row in admin.get("feedback/complaints/", status="open")[1]["results"]] == [
        complaint["id"]
    ]
    status, ruled = admin.post(
        f"feedback/complaints/{complaint['id']}/rule/", {"upheld": False, "why": "no proof"}
    )
    assert (status, ruled["status"], ruled["ruling"]) == (200, "refused", "no proof")
    assert amei.post(f"feedback/{key}/edit/", {"verdict": "good"})[1]["verdict"] == "good"
    assert amei.post(f"feedback/{key}/edit/", {"verdict": "bad"})[0] == 400
    assert bob.post(f"feedback/{key}/edit/", {"verdict": "good"})[0] == 403


def test_an_admin_strikes_the_feedback_of_fake_trades_and_restores_it(fair: Fair, admin: Caller) -> None:
    key = fair.rated("amei", "bob")
    order = fair.feedback(key)["order_id"]
    status, told = admin.post("feedback/strike/", {"orders": [order], "why": "no payment"})
    assert (status, len(told["feedback"])) == (200, 2)
    assert admin.post("feedback/restore/", {"orders": [order], "why": "appeal"})[1] == told
    assert as_member(fair, "bob").post("feedback/strike/", {"orders": [order], "why": "x"})[0] == 403


def test_the_questions_of_each_side_are_five(fair: Fair) -> None:
    _, questions = Caller("read").get("feedback/questions/")
    assert [sum(q["side"] == side for q in questions) for side in ("buyer", "seller")] == [5, 5]


@pytest.mark.parametrize("body", [
    {}, {"line": 0, "verdict": "good"}, {"line": 1, "verdict": "great"},
    {"line": 1, "verdict": "good", "stars": {"value": 6}},
    {"line": 1, "verdict": "good", "comment": "x" * 501}, {"line": 1, "verdict": "good", "more": 1},
    {"line": 10**19, "verdict": "good"}, {"line": 1, "verdict": "good", "stars": {"payment": 5, "value": 5}},
])  # fmt: skip
def test_what_is_no_answer_is_refused_by_name(fair: Fair, body: dict[str, Any]) -> None:
    status, problem = as_member(fair, "amei").post("feedback/", body)
    assert status == 400
    assert problem["field"]

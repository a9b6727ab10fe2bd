"""Members: a nick of one's own, a place that exists, verified once, shown as openly as they choose."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import regions
from common.batch import one, settle
from common.errors import Conflict, Invalid, NotFound
from events.models import Event
from members import queries
from members.actions import Registration, change, register, verify
from members.models import Member
from members.rules import OPENNESS, fault_of, readable, shown_name, shown_region
from tests.market import Market

nicks = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30)


def join(market: Market, *nicks: str, **more: Any) -> list[int]:
    with market.writing() as moment:
        return register([Registration(nick, 320324, **more) for nick in nicks], at=moment.at)


@pytest.mark.parametrize(
    ("nick", "openness", "shown"),
    [
        ("小花", "open", "小花"), ("小花", "masked", "小**花"), ("小花", "hidden", "匿名"),
        ("小丽花", "masked", "小**花"), ("a", "masked", "a**a"), ("😀b", "masked", "😀**b"),
    ],
)  # fmt: skip
def test_a_buyer_is_shown_as_they_chose(nick: str, openness: str, shown: str) -> None:
    assert shown_name(nick, openness) == shown


@given(nick=nicks)
def test_a_masked_name_tells_two_characters_and_not_how_many_there_are(nick: str) -> None:
    shown = shown_name(nick, "masked")
    assert (shown[0], shown[1:3], shown[3:]) == (nick[0], "**", nick[-1])
    assert shown_name(nick, "hidden") == shown_name("else", "hidden")


def test_sql_shows_a_buyer_as_python_does(market: Market) -> None:
    for nick in ("小花", "小丽花", "a", "😀b", "O'Neil%s"):
        for openness in OPENNESS:
            made = one(
                f"SELECT {queries.shown_name_sql('n', 'o')} FROM (VALUES (%s, %s)) v(n, o)", [nick, openness]
            )
            assert made == shown_name(nick, openness)


def test_a_place_is_shown_in_full_as_its_province_or_not_at_all() -> None:
    assert [shown_region(320324109, openness) for openness in OPENNESS] == [320324109, 320000, None]
    assert shown_region(110105, "masked") == 110000


def test_members_are_numbered_in_the_order_in_which_they_join(market: Market) -> None:
    first = join(market, "ann", "bob")
    assert join(market, "cat") == [first[-1] + 1]
    assert first == [first[0], first[0] + 1]
    assert Member.objects.get(pk=first[0]).joined_at == market.at


def test_a_nick_belongs_to_one_member(market: Market) -> None:
    join(market, "ann")
    with pytest.raises(Conflict, match="the nick ann is taken") as refused:
        join(market, "bob", "ann")
    assert refused.value.rows == (1,)
    with pytest.raises(Conflict) as refused:
        join(market, "bob", "ann", "cat", "bob")
    assert refused.value.rows == (1, 3)
    assert not Member.objects.filter(nick="bob").exists()


def test_a_batch_goes_on_without_the_nicks_that_are_taken(market: Market) -> None:
    join(market, "ann")
    with market.writing() as moment:
        intents = [Registration(nick, 320324) for nick in ("ann", "bob", "cat", "bob")]
        settled = settle(lambda rows: register(rows, at=moment.at), intents)
    assert [bool(s.refusal) for s in settled] == [True, False, False, True]
    assert settled[2].result == settled[1].result + 1


def test_ten_thousand_join_in_a_handful_of_statements(
    market: Market, django_assert_max_num_queries: Any
) -> None:
    with market.writing() as moment, django_assert_max_num_queries(7):
        ids = register([Registration(f"m{n}", 330100) for n in range(10_000)], at=moment.at)
    assert len(set(ids)) == 10_000
    assert Event.objects.filter(name="member.registered").count() == 10_000


@pytest.mark.parametrize("region", [0, 32, 100000, 320499 * 10, 999999, 999999001])
def test_a_place_that_does_not_exist_is_refused(market: Market, region: int) -> None:
    assert not regions.valid(region)
    with pytest.raises(Invalid) as refused, market.writing() as moment:
        register([Registration("ann", 320324), Registration("bob", region)], at=moment.at)
    assert (refused.value.field, refused.value.rows) == ("region", (1,))


@pytest.mark.parametrize(
    "nick", ["", " ann", "ann ", "a\nb", "a\0b", "a\u200bb", "a\u202eb", "x" * 31, "\ud800", " "]
)
def test_a_nick_is_visible_text(nick: str) -> None:
    fault = fault_of(nick, "", 320324, "open")
    assert fault is not None
    assert fault.field == "nick"


@pytest.mark.parametrize("nick", ["小花", "x" * 30, "O'Neil", "a b", "😀", "Ünal", "阿里旺旺_88"])
def test_people_may_be_called_what_they_like(nick: str) -> None:
    assert fault_of(nick, "", 320324, "open") is None


@given(
    text=st.text(st.characters(), max_size=20),
    unreadable=st.sampled_from("\0\n\t\x7f\u200b\u202e\ud800\ue000"),
)
def test_a_text_with_an_invisible_character_is_not_readable(text: str, unreadable: str) -> None:
    assert not readable(text + unreadable)
    if readable(text):
        text.encode()  # and what is readable can be written down


def test_the_table_knows_only_places_and_openness_that_can_be(market: Market) -> None:
    from django.db import IntegrityError, transaction

    [ann] = join(market, "ann")
    for columns, rule in (
        ({"region": 999999}, "region_has_six_or_nine_digits"),
        ({"openness": "naked"}, "openness_is_known"),
        ({"status": "gone"}, "member_status_is_known"),
        ({"nick": ""}, "nick_is_not_empty"),
    ):
        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            Member.objects.filter(pk=ann).update(**columns)


def test_verifying_twice_is_the_same_as_once(market: Market) -> None:
    ann, bob = join(market, "ann", "bob")
    with market.writing() as moment:
        since = moment.at
        assert verify([ann, ann], "id", at=moment.at) == [ann]
    market.pass_days(1)
    with market.writing() as moment:
        assert verify([ann, bob], "id", at=moment.at) == [bob]
    member = Member.objects.get(pk=ann)
    assert (member.id_verified_at, member.bank_verified_at) == (since, None)
    told = Event.objects.filter(name="member.verified").order_by("id")
    assert [(event.subject_id, event.payload) for event in told] == [
        (ann, {"what": "id"}),
        (bob, {"what": "id"}),
    ]


def test_only_who_is_there_is_verified_and_only_what_can_be(market: Market) -> None:
    [ann] = join(market, "ann")
    with pytest.raises(NotFound) as missing, market.writing() as moment:
        verify([ann, 999_999], "id", at=moment.at)
    assert missing.value.rows == (1,)
    with pytest.raises(Invalid), market.writing() as moment:
        verify([ann], "nick = 'x' --", at=moment.at)
    assert Member.objects.get(pk=ann).id_verified_at is None


def test_a_member_changes_name_place_and_openness_and_nothing_else(market: Market) -> None:
    [ann] = join(market, "ann")
    with market.writing() as moment:
        change(
            ann,
            {"openness": "hidden", "region": 110105, "name": "Ann", "nick": "eve", "status": "sealed"},
            at=moment.at,
        )
    member = Member.objects.get(pk=ann)
    assert (member.nick, member.status, member.name, member.region, member.openness) == (
        "ann", "open", "Ann", 110105, "hidden",
    )  # fmt: skip
    with pytest.raises(Invalid), market.writing() as moment:
        change(ann, {"region": 5}, at=moment.at)

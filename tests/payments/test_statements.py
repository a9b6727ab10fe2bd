"""Statements: opening + in = out + closing, to the fen, for the period, for each day and for each line."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest

from common.moments import day_of, start_of
from payments import queries
from tests.payments.till import Till


@pytest.fixture
def busy(till: Till) -> Till:
    """Three days: Ann pays Bob 30 yuan, holds 20 and gets 5 back, does nothing."""
    till.post(till.pay("ann", "bob", 3_000))
    till.market.advance_to(start_of(day_of(till.at) + timedelta(days=1)))
    till.hold("order:1", "ann", "bob", 2_000)
    till.refund("order:1", 500)
    till.market.pass_days(1.5)
    return till


def of(till: Till, nick: str, first: date, last: date, **more: Any) -> dict[str, Any]:
    return queries.statement(till.code(nick), first, last, **more)


def adds_up(statement: dict[str, Any]) -> None:
    assert statement["opening_fen"] + statement["in_fen"] == statement["out_fen"] + statement["closing_fen"]
    balance = statement["opening_fen"]
    for day in statement["days"]:
        assert day["opening_fen"] == balance
        balance += day["in_fen"] - day["out_fen"]
        assert day["closing_fen"] == balance
    balance = statement["opening_fen"]
    for line in statement["lines"]:
        balance += line["in_fen"] - line["out_fen"]
        assert line["balance_fen"] == balance
    assert balance == statement["closing_fen"]
    assert sum(day["line_count"] for day in statement["days"]) == len(statement["lines"])


def test_each_day_begins_with_what_the_day_before_left(busy: Till) -> None:
    today = day_of(busy.at)
    days = [today - timedelta(days=n) for n in (3, 2, 1, 0)]
    each = [of(busy, "ann", day, day) for day in days]
    for statement in each:
        adds_up(statement)
    assert [(s["opening_fen"], s["in_fen"], s["out_fen"], s["closing_fen"]) for s in each] == [
        (0, 0, 0, 0),
        (0, 10_000, 3_000, 7_000),
        (7_000, 500, 2_000, 5_500),
        (5_500, 0, 0, 5_500),
    ]
    whole = of(busy, "ann", days[0], days[-1])
    adds_up(whole)
    assert len(whole["lines"]) == 4
    assert whole["closing_fen"] == busy.balance("ann")
    assert [d["on"] for d in whole["days"]] == [days[1].isoformat(), days[2].isoformat()]


def test_a_line_names_the_other_side_the_kind_and_the_reference(busy: Till) -> None:
    first = day_of(busy.at) - timedelta(days=2)
    lines = of(busy, "bob", first, first)["lines"]
    assert [(x["counterparty"], x["kind"], x["reference"], x["in_fen"], x["out_fen"]) for x in lines] == [
        (busy.code("ann"), "seller_compensation", "test", 3_000, 0)
    ]


def test_midnight_belongs_to_the_new_day(till: Till) -> None:
    today = day_of(till.at)
    till.market.advance_to(start_of(today + timedelta(days=1)))
    till.post(till.pay("ann", "bob", 1))
    assert of(till, "bob", today, today)["lines"] == []
    assert of(till, "bob", today + timedelta(days=1), today + timedelta(days=1))["in_fen"] == 1


def test_a_page_has_the_sums_and_balances_of_the_whole(busy: Till) -> None:
    period = (day_of(busy.at) - timedelta(days=3), day_of(busy.at))
    whole = of(busy, "ann", *period)
    pages = [of(busy, "ann", *period, after=n, limit=1) for n in range(len(whole["lines"]))]
    assert [page["lines"][0] for page in pages] == whole["lines"]
    assert {page["closing_fen"] for page in pages} == {whole["closing_fen"]}


def test_the_csv_says_what_the_json_says(busy: Till) -> None:
    statement = of(busy, "ann", day_of(busy.at) - timedelta(days=3), day_of(busy.at))
    opening, *lines, closing = csv.DictReader(io.StringIO(queries.as_csv(statement)))
    assert [{k: str(v) for k, v in line.items()} for line in statement["lines"]] == lines
    assert (opening["kind"], opening["balance_fen"]) == ("opening", str(statement["opening_fen"]))
    assert [closing[k] for k in ("kind", "in_fen", "out_fen", "balance_fen")] == [
        "closing", str(statement["in_fen"]), str(statement["out_fen"]), str(statement["closing_fen"]),
    ]  # fmt: skip


def test_an_account_that_was_never_opened_has_an_empty_statement(till: Till) -> None:
    statement = queries.statement("deposit:1", day_of(till.at), day_of(till.at))
    assert (statement["opening_fen"], statement["closing_fen"], statement["lines"]) == (0, 0, [])


def test_all_members_statements_add_up_to_the_trial_balance(busy: Till) -> None:
    for back in (3, 2, 1, 0):
        day = day_of(busy.at) - timedelta(days=back)
        trial = queries.trial_balance(day)
        assert trial["balanced"]
        kinds = {row["kind"]: row for row in trial["kinds"]}
        members = [of(busy, nick, day, day) for nick in busy.members]
        for column, sum_of in (
            ("opening_fen", "opening_fen"),
            ("received_fen", "in_fen"),
            ("given_fen", "out_fen"),
        ):
            assert sum(s[sum_of] for s in members) == kinds.get("member", {column: 0})[column]
    assert (
        kinds["member"]["closing_fen"] + kinds["escrow"]["closing_fen"] + kinds["outside"]["closing_fen"] == 0
    )
    assert kinds["outside"]["closing_fen"] == -10_000

"""Money over REST: with real keys, each seeing its own, refusals in words."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from common.batch import execute
from common.moments import day_of, show
from payments import queries
from tests.asking import Asking
from tests.payments.till import Till


@pytest.fixture
def ask(till: Till) -> Asking:
    return Asking()


@pytest.fixture
def ann(till: Till, ask: Asking) -> str:
    return ask.member(till.members["ann"])


def test_a_member_tops_up_pays_and_reads_their_account(till: Till, ask: Asking, ann: str) -> None:
    made = ask("post", "/api/topups/", {"amount_fen": 5_000}, key=ann)
    assert made.status_code == 201
    assert made.json()["balance_fen"] == 15_000
    till.hold("order:1", "ann", "bob", 4_000)
    me = ask("get", "/api/accounts/me/", key=ann).json()
    assert me == {
        "member": till.members["ann"],
        "balance_fen": 11_000, "frozen_fen": 0, "in_escrow_fen": 4_000, "awaited_fen": 0,
    }  # fmt: skip
    assert ask("get", f"/api/accounts/{till.members['ann']}/", key=ask.read).json() == me


def test_nobody_reads_anothers_money(till: Till, ask: Asking, ann: str) -> None:
    bob = till.members["bob"]
    for path in (
        f"/api/accounts/{bob}/",
        f"/api/statements/?member={bob}",
        f"/api/transfers/?account=member:{bob}",
        "/api/transfers/?account=outside:bank",
        "/api/ledger/drift/",
        "/api/ledger/trial-balance/",
    ):
        assert ask("get", path, key=ann).status_code == 403, path
    till.member("cat", 777)
    till.hold("cats", "cat", "bob", 7)
    assert "777" not in ask("get", "/api/transfers/", key=ann).content.decode()
    assert ask("get", "/api/escrows/", key=ann).json()["results"] == []
    assert len(ask("get", "/api/escrows/", key=ask.member(bob)).json()["results"]) == 1
    assert ask("post", "/api/topups/batch/", {"rows": []}, key=ann).status_code == 403
    assert ask("get", "/api/accounts/me/", key=ask.read).json()["rule"] == "a_member_acts"
    assert ask("post", "/api/topups/", {"amount_fen": 1}, key=ask.read).status_code == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "amount_fen"),
        ({"amount_fen": 0}, "amount_fen"),
        ({"amount_fen": -5}, "amount_fen"),
        ({"amount_fen": 10**15 + 1}, "amount_fen"),
        ({"amount_fen": "much"}, "amount_fen"),
        ({"amount_fen": 1.5}, "amount_fen"),
        ({"amount_fen": 5, "key": "x" * 61}, "key"),
        ({"amount_fen": 5, "key": "a\0b"}, "key"),
        ({"amount_fen": 5, "member": 2}, "member"),
    ],
)
def test_a_wrong_top_up_is_refused_by_field(till: Till, ask: Asking, ann: str, body: Any, field: str) -> None:
    refused = ask("post", "/api/topups/", body, key=ann)
    assert (refused.status_code, refused.json()["field"]) == (400, field)
    assert till.balance("ann") == 10_000


def test_a_key_makes_a_top_up_happen_once(till: Till, ask: Asking, ann: str) -> None:
    first, second = (ask("post", "/api/topups/", {"amount_fen": 5, "key": "k"}, key=ann) for _ in range(2))
    assert first.json()["id"] == second.json()["id"]
    assert till.balance("ann") == 10_005
    other = ask("post", "/api/topups/", {"amount_fen": 6, "key": "k"}, key=ann)
    assert (other.status_code, other.json()["rule"]) == (409, "one_transfer_per_key")


def test_a_batch_of_top_ups_answers_for_each_row(till: Till, ask: Asking) -> None:
    ann, bob = till.members["ann"], till.members["bob"]
    rows = [
        {"member": ann, "amount_fen": 1},
        {"member": 999_999, "amount_fen": 1},
        {"member": bob, "amount_fen": 0},
        {"member": bob, "amount_fen": 2, "key": "k"},
        {"member": bob, "amount_fen": 3, "key": "k"},
        {"member": str(bob), "amount_fen": 2},
        {"member": bob, "amount_fen": True},
        {"member": bob},
        {"member": bob, "amount_fen": 2, "colour": "red"},
        "bob",
    ]
    answer = ask("post", "/api/topups/batch/", {"rows": rows}).json()
    assert (answer["done"], answer["refused"]) == (2, 8)
    assert [result["status"] for result in answer["results"]] == [
        201,
        404,
        400,
        201,
        409,
        400,
        400,
        400,
        400,
        400,
    ]
    fields = [result.get("problem", {}).get("field") for result in answer["results"]]
    assert fields == [
        None,
        "member",
        "amount_fen",
        None,
        "key",
        "member",
        "amount_fen",
        "amount_fen",
        "colour",
        "rows",
    ]
    assert (till.balance("ann"), till.balance("bob")) == (10_001, 2)


@pytest.mark.parametrize("rows", [None, [], {}, "x", [{}] * 20_001])
def test_a_batch_is_a_list_of_one_to_twenty_thousand_rows(ask: Asking, rows: Any) -> None:
    refused = ask("post", "/api/topups/batch/", {"rows": rows})
    assert (refused.status_code, refused.json()["field"]) == (400, "rows")


def test_a_withdrawal_needs_a_verified_bank_account_and_money(till: Till, ask: Asking, ann: str) -> None:
    refused = ask("post", "/api/withdrawals/", {"amount_fen": 100}, key=ann)
    assert (refused.status_code, refused.json()["rule"]) == (409, "withdrawal_goes_to_a_verified_bank")
    path = f"/api/members/{till.members['ann']}/verify/"
    assert path.replace(str(till.members["ann"]), "<id>") in refused.json()["way_out"]
    assert ask("post", path, {"what": "bank"}, key=ann).json()["bank_verified"]
    refused = ask("post", "/api/withdrawals/", {"amount_fen": 10_001}, key=ann)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:jishi:problem:unaffordable")
    assert refused.json()["short"] == [{"account": till.code("ann"), "have_fen": 10_000, "need_fen": 10_001}]
    assert ask("post", "/api/withdrawals/", {"amount_fen": 10_000}, key=ann).json()["balance_fen"] == 0


def test_an_admin_acts_as_a_member(till: Till, ask: Asking) -> None:
    made = ask("post", "/api/topups/", {"amount_fen": 5}, acting=till.members["bob"])
    assert made.json()["member"] == till.members["bob"]
    assert ask("post", "/api/topups/", {"amount_fen": 5}).json()["rule"] == "a_member_acts"


def test_a_statement_is_asked_by_day_or_by_period_as_json_or_csv(till: Till, ask: Asking, ann: str) -> None:
    today = day_of(till.at)
    till.post(till.pay("ann", "bob", 250))
    by_day = ask("get", f"/api/statements/?day={today}", key=ann).json()
    assert by_day == ask("get", "/api/statements/", key=ann).json()
    assert by_day == ask("get", f"/api/statements/?from={today}&to={today}", key=ann).json()
    assert (by_day["opening_fen"], by_day["closing_fen"], by_day["next"]) == (0, 9_750, None)
    assert by_day["lines"][0]["at"] == show(till.at)
    text = ask("get", f"/api/statements/?day={today}&as=csv", key=ann, Accept="application/json")
    assert text["Content-Type"] == "text/csv; charset=utf-8"
    assert len(list(csv.reader(io.StringIO(text.content.decode())))) == 1 + 2 + 2


def test_a_statement_is_read_page_by_page(till: Till, ask: Asking, ann: str) -> None:
    till.post(*[till.pay("ann", "bob", fen) for fen in range(1, 8)])
    path, seen = "/api/statements/?limit=3", []
    while path:
        answer = ask("get", path, key=ann).json()
        seen += [line["out_fen"] for line in answer["lines"]]
        path = answer["next"]
    assert seen == [0, 1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    "query",
    ["day=2010-13-01", "from=2010-03-02&to=2010-03-01", "day=2010-03-01&to=2010-03-02", "day=1000-01-01",
              "as=pdf", "account=escrow", "limit=0", "after=-1", "colour=red", "to=9999-12-31"],
)  # fmt: skip
def test_a_statement_that_cannot_be_is_refused(ask: Asking, ann: str, query: str) -> None:
    refused = ask("get", f"/api/statements/?{query}", key=ann)
    assert refused.status_code == 400
    assert refused.json()["field"]
    assert refused.json()["rule"]


def test_transfers_are_listed_in_order_and_found_by_reference_kind_and_account(
    till: Till, ask: Asking
) -> None:
    till.hold("order:1", "ann", "bob", 600)
    till.refund("order:1", 100)
    till.act("release", "order:1")

    def kinds(query: str) -> list[str]:
        return [row["kind"] for row in ask("get", f"/api/transfers/?{query}").json()["results"]]

    assert kinds("reference=order:1") == ["escrow_hold", "escrow_refund", "escrow_release"]
    assert kinds("account=escrow:order:1&kind=escrow_refund") == ["escrow_refund"]
    assert kinds("account=nobody") == []
    page = ask("get", "/api/transfers/?limit=2").json()
    assert [row["kind"] for row in page["results"]] == ["topup", "escrow_hold"]
    assert [row["kind"] for row in ask("get", page["next"]).json()["results"]] == [
        "escrow_refund",
        "escrow_release",
    ]
    [mine] = ask("get", "/api/escrows/?status=settled", acting=till.members["bob"]).json()["results"]
    assert (mine["reference"], mine["released_fen"], mine["refunded_fen"]) == ("order:1", 500, 100)


def test_the_books_are_open_to_admin_and_read_keys(till: Till, ask: Asking) -> None:
    for key in (ask.admin, ask.read):
        trial = ask("get", "/api/ledger/trial-balance/", key=key).json()
        assert trial == {**queries.trial_balance(day_of(till.at))}
        assert trial["balanced"]
        assert ask("get", "/api/ledger/drift/", key=key).json() == {"rows": [], "balanced": True}


def test_drift_is_told_over_rest(till: Till, ask: Asking) -> None:
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute("SET LOCAL session_replication_role = replica")
    change = "UPDATE payments_account SET received_fen = received_fen {} 1 WHERE kind = 'member'"
    execute(change.format("+"))
    told = ask("get", "/api/ledger/drift/").json()
    execute(change.format("-"))
    execute("SET LOCAL session_replication_role = origin")
    assert told == {
        "rows": [
            {
                "wrong": "received is not the sum of transfers", "subject": till.code("ann"),
                "expected_fen": 10_000, "found_fen": 10_001,
            }
        ],
        "balanced": False,
    }  # fmt: skip


def test_no_account_of_a_member_who_is_not_there(ask: Asking) -> None:
    assert ask("get", "/api/accounts/999999/").status_code == 404
    assert ask("get", "/api/statements/?member=999999").status_code == 404

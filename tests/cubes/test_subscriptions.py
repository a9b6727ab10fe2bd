"""The keyword market is told to who pays for it, once; and to each only what is their own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from common.batch import rows
from common.errors import Invalid
from common.moments import show
from payments import ledger
from payments.queries import balance
from payments.rules import FEES, Posting
from search.cubes.actions import Subscribe, subscribe
from search.cubes.models import WordSubscription
from search.cubes.queries import subscriptions
from tests.asking import Asking
from tests.cubes.shelf import days
from tests.express.board import Board
from tests.shops.stalls import joined
from worlds import checks

HOME = "/api/ads/words/"
SUBSCRIPTION = f"{HOME}subscription/"


def test_it_is_told_to_subscribers_and_of_their_own(board: Board) -> None:
    ads = days(board, count=1)
    board.set_lever(cubes__period_days=2)
    asking = Asking()
    own, other = (asking.member(board.owners[nick]) for nick in "甲乙")
    listing, keyword = ads["甲"]["listing"], ads["甲"]["keyword"]
    forecast = f"forecasts/?keyword={keyword}&bid=80&bid=220"
    doors = ["?q=衣柜", "hot/", "rising/", f"suggestions/?listing={listing}", forecast]
    for door in doors:
        refused = asking("get", HOME + door, key=own)
        assert (refused.status_code, refused.json()["rule"]) == (403, "words_are_for_subscribers")
        assert asking("get", HOME + door).status_code == 200  # the platform
        assert asking("get", HOME + door, key=asking.read).status_code == 403

    # Paid once, whatever is sent again; the next period follows; who is poor has none.
    had = balance(board.owners["甲"])
    answers = [asking("post", SUBSCRIPTION, {"key": "秋"}, key=own) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    first = answers[0].json()
    assert answers[1].json() == first
    assert (first["paid_fen"], first["ends_at"]) == (3_000, show(board.at + timedelta(days=2)))
    assert had - balance(board.owners["甲"]) == 3_000
    second = asking("post", SUBSCRIPTION, key=own).json()
    assert (second["starts_at"], second["ends_at"]) == (first["ends_at"], show(board.at + timedelta(days=4)))
    standing = asking("get", SUBSCRIPTION, key=own).json()
    assert (standing["running"], standing["ends_at"]) == (True, second["ends_at"])
    [poor] = joined("穷人", fen=2_999)
    refused = asking("post", SUBSCRIPTION, acting=poor)
    assert (refused.status_code, refused.json()["rule"]) == (409, "nobody_spends_what_they_lack")
    assert rows("SELECT count(*) FROM search_cubes_subscription WHERE member_id = %s", [poor]) == [(0,)]

    asking("post", SUBSCRIPTION, key=other)
    for door in doors:
        assert asking("get", HOME + door, key=own).status_code == 200
    for door in doors[3:]:
        assert asking("get", HOME + door, key=other).status_code == 404  # somebody else's listing and keyword
    told = asking("get", f"{HOME}{forecast}&at_bid=80&limit=3", key=own).json()
    assert [row["bid_fen"] for row in told["bids"]] == [80, 220]
    assert set(told["results"][0]) == {"auction", "at", "slot", "price_fen"}
    assert len(told["results"]) == 3
    following = asking("get", told["next"], key=own).json()["results"]
    assert following[0]["auction"] > told["results"][-1]["auction"]
    hot = asking("get", f"{HOME}hot/?limit=1", key=own).json()
    assert asking("get", hot["next"], key=own).json()["results"] != hot["results"]
    for door, field in (
        ("?q=！", "q"), ("?q=衣柜&last=2199-01-01", "last"), ("?q=衣柜&first=1991-01-01", "last"), ("forecasts/", "keyword"),
        (f"forecasts/?keyword={keyword}&word=床", "keyword"), (f"forecasts/?keyword={keyword}&bid=1", "bid"),
    ):  # fmt: skip
        refused = asking("get", HOME + door, key=own)
        assert (refused.status_code, refused.json()["field"]) == (400, field), door

    board.market.pass_days(4)
    assert asking("get", HOME + "hot/", key=own).status_code == 403  # it ran out


def test_a_period_nobody_paid_for_and_a_payment_for_none_are_found(board: Board) -> None:
    board.seller("甲")
    member = board.owners["甲"]
    assert board.do(subscribe, [Subscribe(member, "a"), Subscribe(member), Subscribe(member, "a")]) == [
        1,
        2,
        1,
    ]
    assert subscriptions.odd() == []
    with transaction.atomic():
        code = f"member:{member}"
        board.do(ledger.post, [Posting(code, FEES, 3_000, "subscription", code, "subscription:9")])
        at = board.at + timedelta(days=9)
        WordSubscription.objects.create(
            id=3,
            member_id=member,
            key="",
            paid_fen=1,
            bought_at=at,
            starts_at=at,
            ends_at=at + timedelta(days=1),
        )
        assert [(row["rule"], row["subscription"]) for row in checks.audit()["ads"]] == [
            ("a subscription is what its posting says", 3),
            ("a subscription is what its posting says", None),
            ("a period begins when it is bought, or where the last one ends", 3),
        ]
        transaction.set_rollback(True)
    board.set_lever(cubes__fee_fen=0, cubes__period_days=3_650)
    board.do(subscribe, [Subscribe(member)] * 18)  # for nothing: there is no posting of nothing
    with pytest.raises(Invalid, match="calendar"):
        board.do(subscribe, [Subscribe(member)])

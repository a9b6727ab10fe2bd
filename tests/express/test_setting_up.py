"""Campaigns, ad groups, creatives, keywords: what may be said, by whom, and what moves what."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import Conflict, Forbidden, Invalid, NotFound
from search.express import rules
from search.express.actions import campaigns, groups, keywords
from search.express.actions.campaigns import NewCampaign
from search.express.actions.keywords import NewKeyword
from shops.actions.edits import Edit
from tests.express.board import Board, row
from tests.shops.stalls import events


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ({"budget_fen": 2_999}, "budget_is_enough_for_a_day"),
        ({"name": " "}, "name_is_printable"),
        ({"time_rates_bps": [10_000] * 335}, "a_week_has_a_rate_for_each_slot"),
        ({"time_rates_bps": [2_999] * 336}, "a_week_has_a_rate_for_each_slot"),
        ({"time_rates_bps": [25_001] * 336}, "a_week_has_a_rate_for_each_slot"),
        ({"regions": [320324]}, "regions_are_of_known_levels"),
        ({"regions": [990000]}, "regions_are_of_known_levels"),
    ],
)
def test_a_campaign_stays_within_the_levers(board: Board, more: dict[str, Any], rule: str) -> None:
    board.seller()
    with pytest.raises(Invalid) as refused:
        board.campaign(**{"name": "秋", **more})
    assert (refused.value.rule, refused.value.rows) == (rule, (0,))


def test_bounds_are_inclusive_and_follow_the_levers(board: Board) -> None:
    id_ = board.campaign(
        budget_fen=3_000, time_rates_bps=[3_000, 25_000, 0] * 112, regions=[320300, 320000, 320300]
    )
    assert row("campaign", id_)["regions"] == [320000, 320300]
    board.set_lever(auction__day_budget_least_fen=5_000)
    with pytest.raises(Invalid):
        board.campaign(name="另", budget_fen=3_000)


@pytest.mark.parametrize(("bid", "fits"), [(4, False), (5, True), (9_999, True), (10_000, False)])
def test_a_bid_is_within_bounds(board: Board, bid: int, fits: bool) -> None:
    group = board.ad()["group"]
    if fits:
        assert row("keyword", board.keyword(group, "沙发", "exact", bid))["bid_fen"] == bid
    else:
        with pytest.raises(Invalid) as refused:
            board.keyword(group, "沙发", "exact", bid)
        assert refused.value.rule == "bid_is_within_bounds"


def test_bids_come_in_steps(board: Board) -> None:
    ad = board.ad()
    board.set_lever(auction__bid_step_fen=10)
    with pytest.raises(Invalid):
        board.edits("keyword", ad["keyword"], bid_fen=105)
    board.edits("keyword", ad["keyword"], bid_fen=110)


def test_a_shop_is_advertised_by_its_owner_only(board: Board) -> None:
    ad = board.ad("老张")
    board.seller("老李")
    other = board.owners["老李"]
    for verb, intents in (
        (campaigns.create, [NewCampaign(board.shops["老张"], "我的", 3_000)]),
        (campaigns.edit, [Edit(ad["campaign"], {"name": "我的"})]),
        (groups.edit, [Edit(ad["group"], {"bid_fen": 9})]),
        (keywords.add, [NewKeyword(ad["group"], "沙发")]),
        (keywords.edit, [Edit(ad["keyword"], {"bid_fen": 9})]),
    ):
        with pytest.raises(Forbidden):
            board.do(verb, intents, by=other)


def test_a_group_advertises_the_shops_own_goods_once(board: Board) -> None:
    ad = board.ad("老张")
    theirs = board.listed(shop="老李")
    with pytest.raises(Conflict) as refused:
        board.group(ad["campaign"], theirs)
    assert refused.value.rule == "a_shop_advertises_its_own_goods"
    with pytest.raises(NotFound):
        board.group(ad["campaign"], 999)


def test_a_word_is_kept_as_search_cuts_it(board: Board) -> None:
    group = board.ad(word="布衣柜 Wardrobes")["group"]
    assert row("keyword", 1)["words"] == sorted(rules.normal("wardrobe 布衣柜"))
    with pytest.raises(Conflict) as refused:
        board.keyword(group, "wardrobe，布衣柜")
    assert refused.value.rule == "a_group_buys_a_word_once"
    board.keyword(group, "wardrobe，布衣柜", "exact")


def test_of_a_batch_the_rows_that_do_not_fit_are_named(board: Board) -> None:
    group = board.ad()["group"]
    wanted = [
        NewKeyword(group, "沙发"), NewKeyword(group, "！？"), NewKeyword(group, "床", "fuzzy"), NewKeyword(group, "沙发"),
        NewKeyword(group, "高仿沙发"), NewKeyword(group, "桌", "exact", 3),
    ]  # fmt: skip
    with pytest.raises(Invalid) as refused:
        board.do(keywords.add, wanted, by=None)
    assert {i: each.rule for i, each in refused.value.each.items()} == {
        1: "a_keyword_has_a_word", 2: "match_is_known", 3: "a_group_buys_a_word_once",
        4: "a_forbidden_word_is_not_sold", 5: "bid_is_within_bounds",
    }  # fmt: skip


def test_words_without_a_bid_follow_the_groups(board: Board) -> None:
    ad = board.ad(bid_fen=100)
    own = board.keyword(ad["group"], "沙发", "exact", 70)
    board.market.pass_hours(1)
    board.edits("group", ad["group"], bid_fen=120)
    assert (row("keyword", ad["keyword"])["bid_fen"], row("keyword", own)["bid_fen"]) == (120, 70)
    assert row("keyword", ad["keyword"])["bid_at"] == board.at
    assert row("keyword", own)["bid_at"] < board.at
    board.edits("keyword", own, bid_fen=None)
    assert (row("keyword", own)["bid_fen"], row("keyword", own)["follows"]) == (120, True)


def test_a_bid_that_stays_keeps_its_moment(board: Board) -> None:
    keyword = board.ad(bid_fen=100)["keyword"]
    then = row("keyword", keyword)["bid_at"]
    board.market.pass_hours(1)
    board.edits("keyword", keyword, bid_fen=100)
    assert row("keyword", keyword)["bid_at"] == then
    board.edits("keyword", keyword, bid_fen=101)
    assert row("keyword", keyword)["bid_at"] == board.at


MODULES = {
    "campaign": (rules.CAMPAIGN_STEP, rules.CAMPAIGN_STATUSES),
    "group": (rules.GROUP_STEP, rules.GROUP_STATUSES),
    "keyword": (rules.KEYWORD_STEP, rules.KEYWORD_STATUSES),
}
REACH: dict[str, list[str]] = {"on": [], "paused": ["pause"], "ended": ["end"], "removed": ["remove"]}


@pytest.mark.parametrize(
    ("noun", "status", "action"),
    [
        (noun, status, action)
        for noun, (steps, all_) in MODULES.items()
        for status in all_
        for action in steps
    ],
)
def test_every_step_from_every_status(board: Board, noun: str, status: str, action: str) -> None:
    id_ = board.ad()[noun]
    for earlier in REACH[status]:
        board.moves(noun, id_, earlier)
    step = MODULES[noun][0][action]
    if status in step.sources:
        board.moves(noun, id_, action)
        assert row(noun, id_)["status"] == step.target
    else:
        with pytest.raises(Conflict) as refused:
            board.moves(noun, id_, action)
        assert status in refused.value.detail


@pytest.mark.parametrize(
    ("title", "broken"),
    [
        ("实木衣柜 包安装", []),
        ("衣柜 衣柜 衣柜", ["stuffed"]),
        ("全网第一的衣柜", ["forbidden"]),
        ("春夏秋冬东南西北天地玄黄宇宙洪荒日月盈昃辰", ["too_long"]),
        ("！！！", ["wordless"]),
        ("A货 replica", ["forbidden"]),
    ],
)
def test_a_creative_is_audited_and_says_why(board: Board, title: str, broken: list[str]) -> None:
    creative = board.creative(board.ad()["group"], title)
    assert [fault.split(":")[0] for fault in creative["faults"]] == broken
    assert creative["status"] == ("refused" if broken else "approved")


def test_a_refused_creative_can_be_mended(board: Board) -> None:
    creative = board.creative(board.ad()["group"], "最低价衣柜")
    board.edits("creative", creative["id"], title="实惠衣柜")
    assert (row("creative", creative["id"])["status"], row("creative", creative["id"])["faults"]) == (
        "approved",
        [],
    )


def test_no_event_tells_a_bid_a_budget_or_a_quality_and_only_its_owner_hears(board: Board) -> None:
    ad = board.ad(bid_fen=777, budget_fen=77_777)
    board.edits("campaign", ad["campaign"], budget_fen=88_888)
    board.edits("keyword", ad["keyword"], bid_fen=778)
    for noun, action in (("keyword", "pause"), ("group", "pause"), ("campaign", "pause")):
        board.moves(noun, ad[noun], action)
    names = ("campaign.created", "campaign.edited", "campaign.paused", "adgroup.created", "adgroup.paused",
             "creative.audited", "keyword.added", "keyword.edited", "keyword.paused")  # fmt: skip
    told = [event for name in names for event in events(name)]
    assert len(told) == len(names)
    assert {tuple(members) for _, members, _ in told} == {(board.owners["老张"],)}
    assert not any(number in str(payload) for _, _, payload in told for number in ("777", "778", "88888"))

"""Opening a shop, decorating it, hiding and closing it, promising more than one must."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from common.batch import dumps, execute, settle
from common.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, Stale, Unaffordable
from payments import ledger
from regime import queries as regime
from shops.actions import shops
from shops.actions.edits import Edit, revise
from shops.models import Shop
from shops.queries import shops as queries
from shops.rules.shop import SHOP_STEPS, slots
from tests.market import Market
from tests.shops.stalls import column, events, joined, listed, opened, opening, stall
from tests.shops.test_stock import race
from worlds.current import use_world
from worlds.pen import writing


def refused(*openings: Any) -> Refusal:
    with pytest.raises(Refusal) as no, writing() as moment:
        shops.open_shops(list(openings), at=moment.at)
    return no.value


def do(verb: Any, shop: int, by: int | None = None) -> None:
    with writing() as moment:
        verb([shop], by=by, at=moment.at)


def decorate(shop: int, by: int | None = None, version: int | None = None, **changes: Any) -> None:
    with writing() as moment:
        shops.edit([Edit(shop, changes, version)], by=by, at=moment.at)


def test_a_verified_member_opens_a_shop_for_nothing(market: Market) -> None:
    owner = joined("老张")[0]
    shop = opened(owner, "老张木匠铺", announcement="新店开张")
    seen = queries.shop(shop)
    assert (seen["owner"], seen["nick"], seen["name"], seen["status"]) == (
        owner,
        "老张",
        "老张木匠铺",
        "open",
    )
    assert seen["opened_at"] == seen["edited_at"] == market.at
    assert seen["certificates"] == ["id_verified", "bank_verified"]
    assert ledger.drift() == []


def test_an_opening_is_told_to_everybody(market: Market) -> None:
    owner = joined("老张")[0]
    shop = opened(owner)
    [(subject, members, facts)] = events("shop.opened")
    assert (subject, members, facts["owner"], facts["section"]) == (shop, [owner], owner, 15)


@pytest.mark.parametrize("missing", ["id", "bank"])
def test_no_shop_before_identity_and_bank_account_are_verified(market: Market, missing: str) -> None:
    owner = joined("老张")[0]
    execute(f"UPDATE members_member SET {missing}_verified_at = NULL WHERE id = %s", [owner])
    refusal = refused(opening(owner))
    assert (type(refusal), refusal.rule) == (Forbidden, f"{missing}_is_verified_before_a_shop_opens")


def test_a_sealed_account_opens_no_shop(market: Market) -> None:
    owner = joined("老张")[0]
    execute("UPDATE members_member SET status = 'sealed' WHERE id = %s", [owner])
    assert refused(opening(owner)).rule == "member_is_open"


def test_nobody_opens_a_shop_for_a_member_who_is_not_there(market: Market) -> None:
    assert type(refused(opening(987_654))) is NotFound


def test_a_member_has_one_shop(market: Market) -> None:
    owner = joined("老张")[0]
    opened(owner, "一号店")
    refusal = refused(opening(owner, "二号店"))
    assert (type(refusal), refusal.rule) == (Conflict, "one_shop_per_member")


def test_a_name_belongs_to_one_shop(market: Market) -> None:
    one, two = joined("老张", "小李")
    opened(one, "木匠铺")
    assert refused(opening(two, "木匠铺")).rule == "shop_name_is_taken"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "  "),
        ("name", "店" * 31),
        ("name", "a\x00b"),
        ("region", 999_999),
        ("template", ""),
        ("announcement", "新" * 501),
        ("picture_count", -1),
        ("description_richness", 101),
        ("description_richness", -1),
    ],
)
def test_a_field_that_does_not_fit_is_named(market: Market, field: str, value: Any) -> None:
    refusal = refused(opening(joined("老张")[0], **{field: value}))
    assert (type(refusal), refusal.field) == (Invalid, field)


@pytest.mark.parametrize(
    ("section", "subsection"), [(0, 1501), (25, 2501), (15, 1401), (15, 15), (15, 150101)]
)
def test_a_sub_section_lies_in_its_section(market: Market, section: int, subsection: int) -> None:
    refusal = refused(opening(joined("老张")[0], section_id=section, subsection_id=subsection))
    assert refusal.rule == "sub_section_lies_in_its_section"


def test_in_a_batch_the_first_to_ask_gets_the_name_and_each_other_its_own_refusal(market: Market) -> None:
    one, two, three = joined("一", "二", "三")
    wishes = [
        opening(one, "甲"),
        opening(two, "甲"),
        opening(one, "乙"),
        opening(three, "丙", region=1),
        opening(two, "丁"),
    ]
    with writing() as moment:
        settled = settle(lambda some: shops.open_shops(some, at=moment.at), wishes)
    rules = [s.refusal.rule if s.refusal else "opened" for s in settled]
    assert rules == ["opened", "shop_name_is_taken", "one_shop_per_member", "region_is_known", "opened"]


def test_the_owner_decorates_and_the_version_counts_up(market: Market) -> None:
    owner, shop, _ = stall()
    market.pass_hours(1)
    decorate(
        shop, owner, template="cottage", picture_count=12, description_richness=80, seven_day_return=True
    )
    seen = queries.shop(shop)
    assert (seen["template"], seen["picture_count"], seen["version"]) == ("cottage", 12, 2)
    assert seen["edited_at"] == market.at > seen["opened_at"]
    assert "seven_day_return" in seen["certificates"]
    assert events("shop.edited")[0][2]["fields"] == sorted(
        ["template", "picture_count", "description_richness", "seven_day_return"]
    )


def test_nobody_decorates_the_shop_of_another(market: Market) -> None:
    _, shop, _ = stall()
    with pytest.raises(Forbidden):
        decorate(shop, joined("小李")[0], name="我的店")


def test_who_edits_what_somebody_else_has_changed_is_told_so(market: Market) -> None:
    owner, shop, _ = stall()
    decorate(shop, owner, version=1, style="red")
    with pytest.raises(Stale) as late:
        decorate(shop, owner, version=1, style="blue")
    assert (late.value.status, late.value.rows) == (412, (0,))
    assert queries.shop(shop)["style"] == "red"


def test_an_edit_moves_a_shop_only_into_a_section_that_has_that_sub_section(market: Market) -> None:
    owner, shop, _ = stall()
    with pytest.raises(Invalid):
        decorate(shop, owner, section_id=4)
    decorate(shop, owner, section_id=4, subsection_id=401)
    assert queries.shop(shop)["section"] == 4


@pytest.mark.parametrize("changes", [{}, {"status": "hidden"}, {"owner_id": 1}, {"version": 9}])
def test_what_is_not_decoration_is_not_edited(market: Market, changes: dict[str, Any]) -> None:
    owner, shop, _ = stall()
    with pytest.raises(Invalid) as no, writing() as moment:
        shops.edit([Edit(shop, changes)], by=owner, at=moment.at)
    assert no.value.rule == "field_can_be_edited"


def test_a_name_in_use_is_not_taken_by_an_edit(market: Market) -> None:
    from django.db import IntegrityError

    from common.errors import refusal_of

    owner, shop, _ = stall()
    opened(joined("小李")[0], "小李的店")
    with pytest.raises(IntegrityError) as broken:
        decorate(shop, owner, name="小李的店")
    refusal = refusal_of(broken.value)
    assert refusal is not None
    assert (refusal.status, refusal.rule) == (409, "shop_name_is_taken")


VERBS = {"hide": shops.hide, "show": shops.show, "close": shops.close, "reopen": shops.reopen}


@pytest.mark.parametrize("step", SHOP_STEPS, ids=lambda step: step.action)
@pytest.mark.parametrize("status", ["open", "hidden", "closed"])
def test_a_shop_moves_as_the_table_says_and_in_no_other_way(market: Market, step: Any, status: str) -> None:
    owner, shop, _ = stall()
    execute(
        "UPDATE shops_shop SET status = %s, held_by = %s WHERE id = %s",
        [status, "" if status == "open" else "seller", shop],
    )
    if status in step.sources:
        do(VERBS[step.action], shop, owner)
        assert column("shops_shop", "status", [shop]) == [step.target]
    else:
        with pytest.raises(Conflict) as no:
            do(VERBS[step.action], shop, owner)
        assert no.value.extra == {"state": status, "action": step.action}
        assert column("shops_shop", "status", [shop]) == [status]


@pytest.mark.parametrize(("hold", "let_go"), [("hide", "show"), ("close", "reopen")])
def test_what_the_platform_holds_its_owner_does_not_let_go(market: Market, hold: str, let_go: str) -> None:
    owner, shop, _ = stall()
    do(VERBS[hold], shop)
    with pytest.raises(Forbidden) as no:
        do(VERBS[let_go], shop, owner)
    assert no.value.rule == "whoever_held_a_shop_lets_it_go"
    do(VERBS[let_go], shop)
    assert column("shops_shop", "status", [shop]) == ["open"]


def test_closing_takes_every_listing_down(market: Market) -> None:
    owner, shop, first = stall()
    second = listed(shop, "书架")
    do(shops.close, shop, owner)
    assert column("shops_listing", "status", [first, second]) == ["in_stock"] * 2
    assert [subject for subject, _, _ in events("listing.delisted")] == [first, second]


def in_scheme(fen: int = 150_000) -> tuple[int, int]:
    owner = joined("老张", fen=fen)[0]
    shop = opened(owner)
    do(shops.join_protection, shop, owner)
    return owner, shop


def balance(code: str) -> int:
    from common.batch import one

    return one(
        "SELECT coalesce(sum(received_fen - given_fen), 0)::bigint FROM payments_account WHERE code = %s",
        [code],
    )


def test_joining_the_protection_scheme_freezes_the_deposit(market: Market) -> None:
    owner, shop = in_scheme()
    assert (balance(f"member:{owner}"), balance(f"deposit:{owner}")) == (50_000, 100_000)
    assert queries.shop(shop)["protection_since"] == market.at
    assert "protection" in queries.shop(shop)["certificates"]


def test_a_shop_that_lacks_the_deposit_stays_outside(market: Market) -> None:
    with pytest.raises(Unaffordable):
        in_scheme(fen=99_999)
    assert column("shops_shop", "protection_since", [queries.shops({})[0]["id"]]) == [None]


def test_leaving_the_scheme_gives_back_what_is_left_of_the_deposit(market: Market) -> None:
    owner, shop = in_scheme()
    buyer = joined("买家")[0]
    with writing() as moment:
        ledger.post(
            [
                ledger.Posting(
                    f"deposit:{owner}", f"member:{buyer}", 30_000, "deposit_compensation", "order:1"
                )
            ],
            at=moment.at,
        )
    do(shops.leave_protection, shop, owner)
    assert (balance(f"member:{owner}"), balance(f"deposit:{owner}")) == (120_000, 0)
    assert queries.shop(shop)["protection_since"] is None


def test_nobody_joins_twice_or_leaves_what_they_are_not_in(market: Market) -> None:
    owner, shop = in_scheme(fen=300_000)
    with pytest.raises(Conflict, match="is in the protection scheme"):
        do(shops.join_protection, shop, owner)
    do(shops.leave_protection, shop, owner)
    with pytest.raises(Conflict, match="is not in the protection scheme"):
        do(shops.leave_protection, shop, owner)
    assert balance(f"member:{owner}") == 300_000


def test_a_shop_may_join_leave_and_join_again(market: Market) -> None:
    owner, shop = in_scheme()
    do(shops.leave_protection, shop, owner)
    do(shops.join_protection, shop, owner)
    assert balance(f"deposit:{owner}") == 100_000


def test_a_protected_shop_leaves_the_scheme_before_it_closes(market: Market) -> None:
    owner, shop = in_scheme()
    with pytest.raises(Conflict) as no:
        do(shops.close, shop, owner)
    assert no.value.rule == "a_shop_leaves_the_scheme_before_it_closes"


def test_nobody_joins_the_scheme_for_another(market: Market) -> None:
    owner = joined("老张", fen=200_000)[0]
    shop = opened(owner)
    with pytest.raises(Forbidden):
        do(shops.join_protection, shop, joined("小李")[0])
    assert balance(f"deposit:{owner}") == 0


def test_a_young_shop_has_more_slots_until_the_second_it_is_not_young(market: Market) -> None:
    lever = regime.at(market.at).showcase
    end = market.at + timedelta(days=lever.young_days)
    assert slots(10, market.at, False, end - timedelta(seconds=1), lever) == 10 + lever.young_extra_count
    assert slots(10, market.at, False, end, lever) == 10
    assert slots(10, market.at, True, end, lever) == 10 + lever.protection_extra_count


def test_slots_come_from_the_grade_that_is_told(market: Market) -> None:
    _, shop, _ = stall()
    with writing() as moment:
        shops.grant_showcase([(shop, 20)], at=moment.at)
    young = regime.at(market.at).showcase.young_extra_count
    assert queries.showcase(shop, market.at) == {"all": 20 + young, "used": 0, "left": 20 + young}


def test_filters_find_shops(market: Market) -> None:
    owner, shop, _ = stall()
    other = opened(joined("小李")[0], "小李的店", section_id=4, subsection_id=401, seven_day_return=True)
    find = lambda **filters: [row["id"] for row in queries.shops(filters)]  # noqa: E731
    assert find() == [shop, other]
    assert find(section=4) == find(seven_day_return=True) == find(name="小李的店") == [other]
    assert find(owner=owner) == find(nick="老张") == [shop]
    assert find(online=True) == find(status="closed") == find(protected=True) == []
    assert dumps(queries.shop(shop))


def test_of_eight_who_read_the_same_version_one_edits(committed_world: Any) -> None:
    with use_world(committed_world.schema):
        owner, shop, _ = stall()
        outcomes = race(committed_world.schema, lambda: decorate(shop, owner, version=1, style="red"))
        assert outcomes == ["served"] + ["stale"] * 7
        assert queries.shop(shop)["version"] == 2


def test_even_without_the_pen_one_of_eight_edits(committed_world: Any) -> None:
    """The version is in the UPDATE's condition; here nothing else keeps the eight apart."""
    with use_world(committed_world.schema):
        _, shop, _ = stall()
        at = queries.shop(shop)["opened_at"]

        def change() -> None:
            with transaction.atomic():
                revise(Shop, [Edit(shop, {"style": "red"}, 1)], at=at)

        assert race(committed_world.schema, change) == ["served"] + ["stale"] * 7

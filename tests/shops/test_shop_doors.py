"""Shops, listings, deals and talk over REST: who may, what comes back, what is never told."""

from __future__ import annotations

from typing import Any

import pytest

from common.batch import execute, rows
from common.moments import show
from shops.actions import talk
from tests.market import Market
from tests.shops.callers import Caller, member
from tests.shops.stalls import FURNITURE, SUINING, WARDROBES, joined, listed, opened, stall, stock_of
from worlds.current import use_world
from worlds.pen import writing

SHOP = {"name": "木匠铺", "section": FURNITURE[0], "subsection": FURNITURE[1], "region": SUINING}
LISTING = {"title": "简易衣柜", "category": WARDROBES, "price_fen": 9_900, "stock": 5}


def codes(batch: Any) -> list[Any]:
    return [result.get("problem", {}).get("rule", result["status"]) for result in batch["results"]]


def test_a_seller_opens_a_shop_lists_goods_and_everybody_sees_them(market: Market) -> None:
    seller = member(joined("老张")[0])
    status, shop = seller.post("shops/", SHOP)
    assert (status, shop["name"], seller.headers["ETag"]) == (201, "木匠铺", '"1"')
    assert seller.headers["Location"] == f"/api/shops/{shop['id']}/"
    status, listing = seller.post("listings/", {**LISTING, "tags": ["实木"], "properties": {"材质": "松木"}})
    assert (status, listing["shop"], listing["tags"]) == (201, shop["id"], ["实木"])
    reader = Caller("read")
    assert reader.get(f"shops/{shop['id']}/")[1] == shop
    assert reader.get(f"listings/{listing['id']}/")[1] == listing
    assert reader.get("listings/", shop=shop["id"], price_to_fen=9_900)[1] == {
        "results": [listing],
        "next": None,
    }
    assert reader.get(f"shops/{shop['id']}/profile/")[1]["listings_on_sale"] == 1
    assert listing["listed_at"] == show(market.at)
    assert listing["cycle"] == {
        "round": 0,
        "ends_at": listing["cycle"]["ends_at"],
        "remaining_seconds": 604_800,
    }


def test_a_refusal_names_field_rule_and_way_out(market: Market) -> None:
    seller = member(joined("老张", verified=False)[0])
    status, problem = seller.post("shops/", SHOP)
    assert (status, problem["rule"], problem["field"]) == (403, "id_is_verified_before_a_shop_opens", "owner")
    assert problem["way_out"]
    status, problem = seller.post("shops/", {**SHOP, "colour": "red"})
    assert (status, problem["field"], problem["rule"]) == (400, "colour", "field_is_known")
    status, problem = seller.post("listings/", LISTING)
    assert (status, problem["rule"]) == (404, "member_has_a_shop")


def test_a_readers_key_changes_nothing(market: Market) -> None:
    _, shop, wardrobe = stall()
    reader = Caller("read")
    deeds = [
        ("post", "shops/", SHOP), ("patch", f"shops/{shop}/", {"style": "red"}),
        ("post", "listings/", LISTING),
        ("patch", f"listings/{wardrobe}/", {"price_fen": 1}), ("post", f"listings/{wardrobe}/delist/", None),
        ("post", "deals/", {"buyer": 1, "lines": []}), ("post", "messages/", {"to": 1, "text": "嗨"}),
        ("post", "shops/batch/", {"rows": []}), ("post", "presence/", None),
    ]  # fmt: skip
    assert [getattr(reader, verb)(path, body)[0] for verb, path, body in deeds] == [403] * len(deeds)


def test_a_members_key_acts_for_nobody_else(market: Market) -> None:
    owner, shop, wardrobe = stall()
    stranger = joined("小李")[0]
    key = member(stranger)
    deeds = [
        ("patch", f"shops/{shop}/", {"style": "red"}),
        ("post", f"shops/{shop}/standing/", {"action": "hide"}),
        ("post", f"shops/{shop}/protection/", None),
        ("delete", f"shops/{shop}/protection/", None),
        ("post", "listings/", {**LISTING, "shop": shop}),
        ("patch", f"listings/{wardrobe}/", {"price_fen": 1}),
        ("post", f"listings/{wardrobe}/delist/", None),
        ("put", f"listings/{wardrobe}/showcase/", None),
        ("post", f"listings/{wardrobe}/stock/", {"add": 1}),
        (
            "post",
            "deals/",
            {"shop": shop, "buyer": stranger, "lines": [{"listing": wardrobe, "price_fen": 1}]},
        ),
        ("post", "shops/batch/", {"rows": [{**SHOP, "owner": stranger}]}),
    ]
    assert [getattr(key, verb)(path, body)[0] for verb, path, body in deeds] == [403] * len(deeds)
    answer = key.client.get("/api/shops/", headers={"X-Jishi-Member": str(owner)})
    assert answer.status_code == 403
    status, batch = key.post("listings/batch/", {"rows": [{**LISTING, "shop": shop}]})
    assert (status, codes(batch)) == (200, ["own_things_only"])


def test_two_who_edit_at_once_one_is_told(market: Market) -> None:
    owner, shop, wardrobe = stall()
    key = member(owner)
    for path, change in ((f"shops/{shop}/", {"style": "red"}), (f"listings/{wardrobe}/", {"price_fen": 5})):
        assert key.get(path)[0] == 200
        read = key.headers["ETag"]
        assert key.patch(path, change, **{"If-Match": read})[0] == 200
        assert key.headers["ETag"] == '"2"'
        status, problem = key.patch(path, change, **{"If-Match": read})
        assert (status, problem["rule"], problem["type"]) == (
            412,
            "edit_what_you_have_read",
            "urn:jishi:problem:stale",
        )
        assert key.patch(path, {**change, "version": 1})[0] == 412
        assert key.patch(path, {**change, "version": 2})[0] == 200
        assert key.patch(path, change, **{"If-Match": "*"})[0] == 200


@pytest.mark.parametrize("etag", ["3", '"x"', '"0"', '"1", "2"', '"99999999999"'])
def test_an_if_match_that_is_no_etag_is_refused(market: Market, etag: str) -> None:
    owner, shop, _ = stall()
    status, problem = member(owner).patch(f"shops/{shop}/", {"style": "red"}, **{"If-Match": etag})
    assert (status, problem["field"]) == (400, "If-Match")


def test_two_versions_in_one_request_are_refused(market: Market) -> None:
    owner, shop, _ = stall()
    status, problem = member(owner).patch(
        f"shops/{shop}/", {"style": "red", "version": 1}, **{"If-Match": '"2"'}
    )
    assert (status, problem["rule"]) == (400, "one_version_is_meant")


def test_a_shop_is_hidden_shown_closed_and_reopened(market: Market) -> None:
    owner, shop, _ = stall()
    key, admin = member(owner), Caller("admin")
    path = f"shops/{shop}/standing/"
    assert [key.post(path, {"action": a})[1]["status"] for a in ("hide", "show", "close", "reopen")] == [
        "hidden", "open", "closed", "open",
    ]  # fmt: skip
    assert key.post(path, {"action": "show"})[0] == 409
    assert admin.post(path, {"action": "hide"})[1]["held_by"] == "platform"
    assert key.post(path, {"action": "show"})[0] == 403


def test_the_protection_scheme_over_rest(market: Market) -> None:
    owner = joined("老张", fen=100_000)[0]
    shop = opened(owner)
    key, path = member(owner), f"shops/{shop}/protection/"
    assert "protection" in key.post(path)[1]["certificates"]
    assert key.post(path)[0] == 409
    assert key.delete(path)[1]["protection_since"] is None
    poor = joined("小李", fen=99_999)[0]
    status, problem = member(poor).post(f"shops/{opened(poor, '小李的店')}/protection/")
    assert (status, problem["type"]) == (409, "urn:jishi:problem:unaffordable")


def test_a_listings_life_over_rest(market: Market) -> None:
    owner, shop, wardrobe = stall()
    key, path = member(owner), f"listings/{wardrobe}"
    assert key.put(f"{path}/showcase/")[1]["showcase"] is True
    assert Caller("read").get(f"shops/{shop}/showcase/")[1] == {"all": 10, "used": 1, "left": 9}
    assert key.delete(f"{path}/showcase/")[1]["showcase"] is False
    assert key.post(f"{path}/stock/", {"add": -10})[1]["stock"] == 0
    assert key.post(f"{path}/delist/")[1]["status"] == "in_stock"
    assert key.post(f"{path}/list/")[1]["rule"] == "what_is_listed_can_be_sold"
    assert key.post(f"{path}/stock/", {"to": 3})[1]["stock"] == 3
    assert key.post(f"{path}/list/")[1]["status"] == "on_sale"
    assert key.patch(f"{path}/", {"title": "衣" * 31})[1]["rule"] == "title_length"


def test_many_sellers_and_their_goods_come_in_one_call_a_kind(market: Market) -> None:
    admin = Caller("admin")
    owners = joined(*(f"卖家{n}" for n in range(100)))
    shops_in = [{**SHOP, "owner": owner, "name": f"店{owner}"} for owner in owners]
    shops_in[7] = {**shops_in[7], "name": shops_in[6]["name"]}
    shops_in[8] = {**shops_in[8], "region": "江苏"}
    status, batch = admin.post("shops/batch/", {"rows": shops_in})
    assert (status, batch["done"], batch["refused"]) == (200, 98, 2)
    assert codes(batch)[6:9] == [201, "shop_name_is_taken", "field_is_of_its_kind"]
    made = [result["id"] for result in batch["results"] if "id" in result]
    goods: list[Any] = [
        {**LISTING, "shop": shop, "title": f"衣柜{n}", "tags": ["实木"]} for shop in made for n in range(10)
    ]
    goods[3] = {**goods[3], "price_fen": 0}
    goods[4] = {**goods[4], "supply": "preorder", "ready_at": "2010-13-01"}
    goods[5] = {**goods[5], "tags": ["一", 2]}
    goods[6] = {**goods[6], "ready_at": None, "ship_within_days": None, "description_richness": None}
    goods[9] = 5
    status, batch = admin.post("listings/batch/", {"rows": goods})
    assert (status, batch["done"]) == (200, 976)
    assert codes(batch)[3:10] == [
        "price_range", "iso_8601_moment", "tags_are_texts", 201, 201, 201, "row_is_an_object",
    ]  # fmt: skip
    assert rows("SELECT count(*), count(DISTINCT shop_id) FROM shops_listing") == [(976, 98)]


def test_an_admin_who_acts_as_a_member_opens_shops_for_that_one_only(market: Market) -> None:
    one, two = joined("一", "二")
    batch = Caller("admin", one).post(
        "shops/batch/", {"rows": [{**SHOP, "owner": two}, {**SHOP, "owner": one}]}
    )[1]
    assert codes(batch) == ["own_things_only", 201]


def test_pages_of_listings_follow_one_another(market: Market) -> None:
    _, shop, first = stall()
    ids = [first, *(listed(shop, f"货{n}") for n in range(4))]
    reader, seen, path = Caller("read"), [], f"listings/?shop={shop}&limit=2"
    while path:
        page = reader.get(path)[1]
        seen.append([row["id"] for row in page["results"]])
        path = (page["next"] or "").removeprefix("/api/")
    assert seen == [ids[:2], ids[2:4], ids[4:]]


@pytest.mark.parametrize(
    "query", [{"price": 1}, {"status": "sold"}, {"limit": 0}, {"limit": 1001}, {"shop": "x"}, {"after": -1}]
)
def test_a_filter_nobody_knows_is_refused(market: Market, query: dict[str, Any]) -> None:
    assert Caller("read").get("listings/", **query)[0] == 400


def test_a_deal_over_rest_is_for_two(market: Market) -> None:
    owner, _, wardrobe = stall()
    buyer, stranger = joined("买家", "路人")
    offer = {"buyer": buyer, "lines": [{"listing": wardrobe, "price_fen": 8_000}], "terms": "包邮"}
    status, deal = member(owner).post("deals/", offer)
    assert (status, deal["total_fen"], deal["lines"][0]["quantity"]) == (201, 8_000, 1)
    path = f"deals/{deal['id']}/"
    assert [member(m).get(path)[0] for m in (owner, buyer, stranger)] == [200, 200, 404]
    assert member(stranger).get("deals/")[1]["results"] == []
    assert Caller("read").get(path)[0] == Caller("read").get("deals/")[0] == 403
    assert Caller("admin").get(path)[0] == 200
    assert member(stranger).post(f"{path}decline/")[0] == 404
    assert member(buyer).post(f"{path}decline/")[1]["status"] == "declined"
    assert member(owner).post(f"{path}withdraw/")[0] == 409
    assert member(owner).post("deals/", {**offer, "expires_at": "soon"})[1]["field"] == "expires_at"


def test_talk_over_rest_is_for_two(market: Market) -> None:
    owner, shop, wardrobe = stall()
    bob, eve = joined("小波", "小伊")
    seller, buyer = member(owner), member(bob)
    status, sent = buyer.post("messages/", {"to": owner, "text": "在吗？", "listing": wardrobe})
    assert status == 201
    path = f"conversations/{sent['conversation']}/"
    assert seller.get("conversations/unread/")[1] == {"unread": 1}
    assert seller.get("conversations/", unread=True)[1]["results"][0]["member"] == bob
    assert seller.get(f"{path}messages/")[1]["results"][0]["text"] == "在吗？"
    assert seller.post(f"{path}read/")[0] == 204
    assert seller.get("conversations/unread/")[1] == {"unread": 0}
    assert seller.get("inquiries/", answered=False)[1]["results"][0]["buyer"] == bob
    seller.post("messages/", {"to": bob, "text": "在的亲"})
    assert buyer.get("inquiries/", side="buyer")[1]["results"][0]["response_seconds"] == 0
    assert Caller("read").get(f"shops/{shop}/inquiries/")[1] == {
        "asked": 1, "answered": 1, "median_response_seconds": 0,
    }  # fmt: skip
    assert member(eve).get(f"{path}messages/")[0] == 404
    assert member(eve).post(f"{path}read/")[0] == 404
    assert Caller("read").get(f"{path}messages/")[0] == 403
    assert Caller("admin").get(f"{path}messages/")[1]["rule"] == "talk_is_private"
    assert seller.get(f"{path}messages/", after=1, before=2)[0] == 400


def test_presence_and_contacts_over_rest(market: Market) -> None:
    owner, shop, _ = stall()
    bob = joined("小波")[0]
    seller, buyer = member(owner), member(bob)
    assert seller.post("presence/")[1]["online"] is True
    assert Caller("read").get("shops/", online=True)[1]["results"][0]["id"] == shop
    assert [row["online"] for row in buyer.get("presence/", member=[owner, bob])[1]] == [True, False]
    assert buyer.put(f"contacts/{owner}/", {"label": "木匠"})[0] == 204
    [contact] = buyer.get("contacts/")[1]["results"]
    assert (contact["member"], contact["label"], contact["online"]) == (owner, "木匠", True)
    assert buyer.delete(f"contacts/{owner}/")[0] == 204
    assert buyer.delete(f"contacts/{owner}/")[0] == 404
    assert buyer.put(f"contacts/{bob}/", {})[0] == 400
    assert seller.delete("presence/")[1]["online"] is False


def test_the_same_write_asked_twice_is_done_once(market: Market) -> None:
    owner, _, wardrobe = stall()
    key = member(owner)
    for _ in range(2):
        assert (
            key.post(f"listings/{wardrobe}/stock/", {"add": 5}, **{"Idempotency-Key": "k1"})[1]["stock"] == 15
        )
    assert stock_of(wardrobe) == [15]


def test_a_key_of_another_world_finds_nothing_here(committed_world: Any) -> None:
    with use_world(committed_world.schema):
        _, shop, wardrobe = stall()
    here = Caller("read", world=committed_world.name)
    elsewhere = Caller("read")
    for path in (f"shops/{shop}/", f"listings/{wardrobe}/"):
        assert (here.get(path)[0], elsewhere.get(path)[0]) == (200, 404)


def test_a_listing_that_is_not_there_is_not_found(market: Market) -> None:
    reader, admin = Caller("read"), Caller("admin")
    for path in ("shops/987654/", "shops/987654/profile/", "shops/987654/showcase/",
                 "shops/987654/inquiries/",                 "listings/987654/"):  # fmt: skip
        assert reader.get(path)[0] == 404
    assert admin.patch("listings/987654/", {"price_fen": 1})[0] == 404
    assert admin.get("disputes/987654/messages/")[1]["rule"] == "talk_is_opened_in_a_dispute"


def test_the_platform_reads_talk_in_a_dispute_and_only_then(market: Market) -> None:
    owner, _, wardrobe = stall()
    bob = joined("小波")[0]
    with writing() as moment:
        talk.send([talk.Said(bob, owner, "柜门坏了", wardrobe)], at=moment.at)
    execute("ALTER TABLE shops_dispute DISABLE TRIGGER ALL")
    execute(
        """INSERT INTO shops_dispute (id, refund_id, order_id, buyer_id, seller_id, status, opened_at,
                                      evidence_by, reply, must_return, ruling, ruled_by)
           VALUES (1, 1, 1, %s, %s, 'evidence', %s, %s, '', false, '', '')""",
        [bob, owner, market.at, market.at],
    )
    admin = Caller("admin")
    assert [m["text"] for m in admin.get("disputes/1/messages/")[1]["results"]] == ["柜门坏了"]
    assert Caller("read").get("disputes/1/messages/")[0] == member(bob).get("disputes/1/messages/")[0] == 403
    assert Caller("admin", bob).get("disputes/1/messages/")[0] == 403
    execute(
        """UPDATE shops_dispute
              SET status = 'ruled', award_fen = 0, ruled_by = 'platform', settled_at = opened_at"""
    )
    assert admin.get("disputes/1/messages/")[0] == 404

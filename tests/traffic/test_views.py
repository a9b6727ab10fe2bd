"""Eyeballs come in: what is written is what was seen; what is refused leaves nothing."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from common.batch import execute, one
from common.errors import Conflict, Invalid, NotFound, Refusal
from tests.traffic.conftest import Street
from tests.traffic.looks import FIELDS, moment, seen, view, views
from traffic.actions import see, see_one, visitor_number

HOME, SEARCH, SECTION, SHOP, LISTING, PROFILE, OTHER = range(1, 8)


def every_pattern(street: Street) -> list[dict[str, Any]]:
    """A row for each way in which fields of a view may be absent, values at the ends of their ranges."""
    rows = []
    for n, (member, stay, paid, where) in enumerate(
        product([None, street.bob], [None, 0, 86_400], [False, True], ["listing", "shop", "section", "home"])
    ):
        of = {
            "listing": (street.wardrobe, LISTING),
            "shop": (None, SHOP),
            "section": (None, SECTION),
            "home": (None, HOME),
        }
        listing, page = of[where]
        rows.append(view(
            street.market.at - timedelta(microseconds=n), [2**63 - 1, 0, n][n % 3], listing, page=page,
            member=member, stay=stay, source=7 if paid else 9, charge=2**62 + n if paid else None,
            shop=street.furniture if where == "shop" else None, section=24 if where == "section" else None,
        ))  # fmt: skip
    return rows


def test_a_binary_copy_is_the_same_as_plain_inserts(street: Street) -> None:
    rows = every_pattern(street)
    see(views(rows), at=street.market.at)
    copied = seen()
    expected = []
    for row in rows:
        placed = {field: row.get(field) for field in FIELDS}
        if row["page"] in (LISTING, SHOP):
            placed |= {"shop": street.furniture, "section": 15}
        expected.append(placed)
    assert copied == expected
    names = "at, visitor, member_id, page, source, shop_id, listing_id, section_id, stay_seconds, charge_id"
    for row in expected:
        execute(
            f"INSERT INTO traffic_pageview ({names}) VALUES ({', '.join(['%s'] * 10)})", list(row.values())
        )
    assert seen() == copied + copied
    assert one("SELECT max(id) - min(id) + 1 FROM traffic_pageview") == 2 * len(rows)


def test_one_view_is_the_same_as_a_batch_of_one(street: Street) -> None:
    for where in ({"page": "listing", "listing": street.costume}, {"page": "shop", "shop": street.costumes},
                  {"page": "profile", "shop": street.furniture}, {"page": "section", "section": 7},
                  {"page": "home"}, {"page": "search", "section": 2},
                  {"page": "other", "shop": street.furniture}):  # fmt: skip
        at = see_one("cookie", member=street.bob, source="community", stay=9, **where)
        assert at == street.market.at
        codes = {"home": 1, "search": 2, "section": 3, "shop": 4, "listing": 5, "profile": 6, "other": 7}
        of = {name: value for name, value in where.items() if name != "page"}
        row = view(at, visitor_number("cookie"), member=street.bob, source=5, stay=9) | of
        see(views([row | {"page": codes[str(where["page"])]}]), at=at)
        first, second = seen()[-2:]
        assert first == second


REFUSED: list[tuple[dict[str, Any], type[Refusal], str]] = [
    ({"listing": 10**12}, NotFound, "a_viewed_listing_exists"),
    ({"page": SHOP, "listing": None, "shop": 10**12}, NotFound, "a_viewed_shop_exists"),
    ({"member": 10**12}, NotFound, "a_viewing_member_exists"),
    ({"source": 7}, Invalid, "paid_views_carry_their_charge"),
    ({"source": 8}, Invalid, "paid_views_carry_their_charge"),
    ({"page": LISTING, "listing": None}, Invalid, "a_listing_page_names_its_listing"),
    ({"page": HOME}, Invalid, "a_listing_page_names_its_listing"),
    ({"page": SHOP, "listing": None}, Invalid, "a_shop_page_names_its_shop"),
    ({"page": SECTION, "listing": None}, Invalid, "a_section_page_names_its_section"),
    ({"page": SECTION, "listing": None, "section": 25}, Invalid, "a_view_is_in_a_known_section"),
    ({"late": timedelta(microseconds=1)}, Conflict, "a_view_is_of_the_open_day"),
    ({"late": -timedelta(hours=9, microseconds=1)}, Conflict, "a_view_is_of_the_open_day"),
]


@pytest.mark.parametrize(("odd", "kind", "rule"), REFUSED)
def test_a_view_that_cannot_be_is_refused_by_either_way_and_leaves_nothing(
    street: Street, odd: dict[str, Any], kind: type[Refusal], rule: str
) -> None:
    good = view(street.market.at, 1, street.wardrobe)
    wrong = good | odd
    wrong["at"] += wrong.pop("late", timedelta())
    with pytest.raises(kind) as refused:
        see(views([good, wrong, good]), at=street.market.at)
    assert (refused.value.rows, refused.value.rule) == ((1,), rule)
    names = {1: "home", 3: "section", 4: "shop", 5: "listing"}
    with pytest.raises(kind) as alone:
        see_one("c", page=names[wrong["page"]],
                source={2: "organic_search", 7: "keyword_ad", 8: "alliance"}[wrong["source"]],
                member=wrong.get("member"), shop=wrong.get("shop"), listing=wrong["listing"],
                section=wrong.get("section"), at=wrong["at"])  # fmt: skip
    assert alone.value.rule == rule
    assert seen() == []


def test_a_charge_without_a_paid_source_is_refused_too(street: Street) -> None:
    with pytest.raises(Invalid) as refused:
        see(views([view(street.market.at, 1, street.wardrobe, charge=5)]), at=street.market.at)
    assert refused.value.rule == "paid_views_carry_their_charge"
    with pytest.raises(DatabaseError, match="paid_views_carry_their_charge"), transaction.atomic():
        execute("INSERT INTO traffic_pageview (at, visitor, page, source) VALUES (now(), 1, 1, 7)")


def test_the_first_and_the_last_moment_of_the_open_day_are_in_it(street: Street) -> None:
    at = street.market.at
    see(views([view(at - timedelta(hours=9), 1), view(at, 1)]), at=at)
    assert [moment(int(r["at"].timestamp() * 10**6)) for r in seen()] == [at - timedelta(hours=9), at]


def test_every_wrong_row_of_a_batch_is_named_with_words_of_its_own(street: Street) -> None:
    good = view(street.market.at, 1, street.wardrobe)
    rows = [
        good,
        good | {"listing": 10**9},
        good,
        good | {"source": 7},
        good | {"member": 10**9, "listing": 10**9},
    ]
    with pytest.raises(Refusal) as refused:
        see(views(rows), at=street.market.at)
    assert refused.value.rows == (1, 3, 4)
    assert [refused.value.each[i].rule for i in (1, 3, 4)] == [
        "a_viewed_listing_exists", "paid_views_carry_their_charge", "a_viewed_listing_exists"
    ]  # fmt: skip


@pytest.mark.parametrize("table", ["traffic_pageview", "traffic_interest", "traffic_conversion"])
@pytest.mark.parametrize("change", ["UPDATE {} SET at = at", "DELETE FROM {}"])
def test_what_was_seen_kept_and_sold_is_never_changed(street: Street, table: str, change: str) -> None:
    from shops.actions.orders import Place, Wanted, place
    from traffic.actions import Act, show_interest

    with street.market.writing() as now:
        see_one("c", page="listing", listing=street.wardrobe)
        show_interest([Act("cart", street.bob, street.wardrobe)], at=now.at)
        place([Place(street.bob, (Wanted(street.wardrobe, 1),))], at=now.at)
    assert one(f"SELECT count(*) FROM {table}") == 1
    with pytest.raises(DatabaseError, match="is append-only"), transaction.atomic():
        execute(change.format(table))

"""A day's figures are what its rows say, counted one by one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.batch import dicts, insert
from common.moments import day_of, start_of
from regime import queries as regime
from tests.traffic import oracle
from tests.traffic.conftest import Street
from tests.traffic.looks import COLUMN, view, views
from traffic import recompute
from traffic.actions import see, show_interest
from traffic.actions.interests import Act
from traffic.models import Conversion

NAMES = (
    "pv", "uv_daily", "ipv", "ipv_uv_daily", "visits", "bounces", "stay_seconds", "favourites", "carts",
    "orders_placed", "orders_paid", "buyers_daily", "pieces_paid", "paid_fen",
)  # fmt: skip
END = 86_399
# moments crowd at the gap of half an hour, at one another and at the ends of the day
MOMENTS = st.one_of(
    st.integers(0, END),
    st.sampled_from([0, 1, 1_799, 1_800, 1_801, 3_600, 3_601, 5_400, END - 1, END]),
    st.integers(0, 48).map(lambda half: min(half * 1_800, END)),
)
LOOKS = st.lists(
    st.tuples(
        MOMENTS,
        st.integers(1, 4),  # visitor
        st.sampled_from([None, "bob", "eve"]),
        st.sampled_from(["wardrobe", "table", "costume", "furniture", "costumes", "home", "section"]),
        st.sampled_from([1, 2, 3, 4, 9]),
        st.one_of(st.none(), st.integers(0, 4_000)),
    ),
    max_size=60,
)
ACTS = st.lists(
    st.tuples(MOMENTS, st.sampled_from(["favourite", "unfavourite", "cart", "uncart"]),
              st.sampled_from(["bob", "eve"]),
              st.sampled_from(["wardrobe", "table", "costume"]), st.sampled_from([1, 2, 9])),
    max_size=15,
)  # fmt: skip
SALES = st.lists(
    st.tuples(MOMENTS, st.sampled_from(["placed", "paid"]), st.sampled_from(["bob", "eve"]),
              st.sampled_from(["wardrobe", "table", "costume"]), st.integers(1, 3), st.integers(1, 3)),
    max_size=15,
)  # fmt: skip


def looked(street: Street, look: tuple[Any, ...], day: datetime) -> dict[str, Any]:
    second, visitor, member, where, source, stay = look
    listing = getattr(street, where) if where in ("wardrobe", "table", "costume") else None
    shop = getattr(street, where) if where in ("furniture", "costumes") else None
    page = 5 if listing else 4 if shop else 3 if where == "section" else 1
    return view(
        day + timedelta(seconds=second, microseconds=visitor), visitor, listing, page=page, shop=shop,
        member=member and getattr(street, member), source=source, stay=stay, section=4 if page == 3 else None,
    )  # fmt: skip


def sold(street: Street, sales: list[tuple[Any, ...]], day: datetime) -> None:
    """Conversions as orders leave them (lines never repeat)."""
    places = {
        "wardrobe": (street.furniture, 15),
        "table": (street.furniture, 15),
        "costume": (street.costumes, 4),
    }
    insert(
        Conversion,
        [
            {
                "act": act, "order_id": order, "line_id": n + 1, "member_id": getattr(street, member),
                "shop_id": places[what][0], "listing_id": getattr(street, what),
                "section_id": places[what][1],
                "quantity": quantity, "amount_fen": 100 + n, "at": day + timedelta(seconds=second),
            }
            for n, (second, act, member, what, quantity, order) in enumerate(sales)
        ],
    )  # fmt: skip


def rows_of(table: str, *names: str) -> list[dict[str, Any]]:
    columns = ", ".join(f"{COLUMN.get(name, name)} AS {name}" for name in names)
    return dicts(f"SELECT {columns} FROM {table} ORDER BY id")


def counted(day: datetime) -> dict[oracle.Key, dict[str, int]]:
    """The oracle's figures of everything that lies there."""
    levers = regime.at(day).traffic
    conversions = dicts(
        """SELECT act, order_id AS order, member_id AS member, shop_id AS shop, listing_id AS listing,
                  section_id AS section, quantity, amount_fen, at FROM traffic_conversion ORDER BY id"""
    )
    return oracle.figures(
        rows_of(
            "traffic_pageview",
            "id",
            "at",
            "visitor",
            "member",
            "page",
            "source",
            "shop",
            "listing",
            "section",
            "stay",
        ),
        rows_of("traffic_interest", "act", "source", "shop", "listing", "section"),
        conversions,
        gap_seconds=levers.session_gap_minutes * 60,
        bounce=levers.bounce_page_count,
    )


def as_counts(found: list[dict[str, Any]]) -> dict[oracle.Key, dict[str, int]]:
    """Figures without their noughts, as the oracle has them."""
    return {
        (row["dimension"], row["key"], row["source"]): {name: int(row[name]) for name in NAMES if row[name]}
        for row in found
    }


def without_noughts(found: dict[oracle.Key, dict[str, int]]) -> dict[oracle.Key, dict[str, int]]:
    return {
        key: {name: value for name, value in each.items() if value}
        for key, each in found.items()
        if any(each.values())
    }


def test_a_days_figures_are_counted_view_by_view(street: Street) -> None:
    day = start_of(day_of(street.market.at))
    end = day + timedelta(days=1) - timedelta(microseconds=1)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(LOOKS, ACTS, SALES)
    def agree(looks: list[Any], acts: list[Any], sales: list[Any]) -> None:
        with transaction.atomic():
            see(views([looked(street, look, day) for look in looks]), at=end)
            intents = [
                Act(
                    act,
                    getattr(street, who),
                    getattr(street, what),
                    source,
                    1,
                    day + timedelta(seconds=second),
                )
                for second, act, who, what, source in acts
            ]
            show_interest(intents, at=end)
            sold(street, sales, day)
            expected = without_noughts(counted(day))
            recompute.rebuild_day(day.date())
            assert as_counts(dicts("SELECT * FROM traffic_daily")) == expected
            for name, dimension, key in (
                ("shop", 3, street.furniture),
                ("listing", 5, street.costume),
                ("section", 2, 4),
            ):
                narrow = as_counts(recompute.figures(day.date(), of=name, key=key))
                mine = [(dimension, key, 0), *((4, key, source) for source in range(10) if name == "shop")]
                assert {k: narrow[k] for k in mine if k in narrow} == {
                    k: expected[k] for k in mine if k in expected
                }
            transaction.set_rollback(True)

    agree()


def test_a_visit_ends_after_half_an_hour_without_a_page(street: Street) -> None:
    day = start_of(day_of(street.market.at))
    gap = timedelta(minutes=30)
    see(views([view(day + n * gap, 1, street.wardrobe) for n in range(3)]), at=street.market.at)
    assert recompute.figures(day.date())[0]["visits"] == 1
    see(views([view(day + 3 * gap + timedelta(microseconds=1), 1)]), at=street.market.at)
    market = as_counts(recompute.figures(day.date()))[0, 0, 0]
    assert (market["visits"], market["bounces"], market["pv"], market["stay_seconds"]) == (2, 1, 4, 3_600)


def test_yesterdays_visitor_is_new_today(street: Street) -> None:
    see(views([view(street.market.at, 1, street.wardrobe)] * 3), at=street.market.at)
    street.market.pass_days(1)
    see(views([view(street.market.at, 1, street.wardrobe)]), at=street.market.at)
    street.market.pass_days(1)
    days = dicts("SELECT pv, uv_daily, ipv_uv_daily FROM traffic_daily WHERE dimension = 0 ORDER BY day")
    assert [tuple(day.values()) for day in days] == [(3, 1, 1), (1, 1, 1)]

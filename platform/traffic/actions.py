"""Eyeballs come in: page views in columns, favourites and carts as acts, trades as conversions.

Views arrive by the ten thousand: they are checked as arrays and written by one binary COPY.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from common.batch import insert, rows
from common.errors import Conflict, Invalid, NotFound
from common.moments import EPOCH, day_of, seconds, start_of
from events.actions import emit
from traffic.models import Conversion, Interest
from traffic.rules import LISTING_PAGE, PAGE, PAID

Ints = NDArray[np.int64]
NONE = -1  # an absent number in a column; ids and seconds are never negative
PG_EPOCH_MICROSECONDS = 946_684_800_000_000  # 2000-01-01, where PostgreSQL counts moments from


@dataclass
class Views:
    """Page views as columns of equal length: int64 arrays, `NONE` where a view has no such thing.

    `at` in microseconds since 1970; `visitor` from `visitor_number`; `page`, `source` by code.
    """

    at: Ints
    visitor: Ints
    member: Ints
    page: Ints
    source: Ints
    shop: Ints
    listing: Ints
    section: Ints
    stay: Ints
    charge: Ints

    def __len__(self) -> int:
        return len(self.at)


def visitor_number(cookie: str) -> int:
    """The number a visitor cookie is kept as: 63 bits of its hash."""
    return int.from_bytes(blake2b(cookie.encode(), digest_size=8).digest(), "big") >> 1


def microseconds(at: datetime) -> int:
    return seconds(at - EPOCH) * 1_000_000 + at.microsecond


def see(views: Views, *, at: datetime) -> int:
    """Write page views; returns how many. All or nothing.

    The shop and section of a listing page are the listing's; a shop page's section is the shop's. Raises
    `Conflict` for a view of another day than the open one or of the future, `NotFound` for a listing or shop
    that is not there, `Invalid` for a paid view without its charge; `rows` name the offenders.
    """
    if not len(views):
        return 0
    _check_moments(views, at)
    _place(views)
    with transaction.atomic(), connection.cursor() as cursor, cursor.copy(COPY) as copy:
        copy.write(_binary(views))
    return len(views)


def _check_moments(views: Views, at: datetime) -> None:
    late = np.flatnonzero((views.at < microseconds(start_of(day_of(at)))) | (views.at > microseconds(at)))
    if len(late):
        raise Conflict(
            "a view is of the market's open day and not of its future",
            field="at",
            rule="a_view_is_of_the_open_day",
            way_out="Leave `at` out for now, or let time pass first.",
            rows=late.tolist(),
        )
    paid = np.isin(views.source, PAID)
    wrong = np.flatnonzero(paid != (views.charge != NONE))
    if len(wrong):
        raise Invalid(
            "a view from a paid source carries the charge that bought it, and no other does",
            field="source",
            rule="paid_views_carry_their_charge",
            way_out="Paid views are written by the ad that sold them.",
            rows=wrong.tolist(),
        )


def _place(views: Views) -> None:
    """Fill in shop and section from the listing or shop that each view names."""
    listed = views.listing != NONE
    if (wrong := np.flatnonzero(listed != (views.page == LISTING_PAGE))).size:
        raise Invalid(
            "a listing page names its listing, and no other page does",
            field="listing",
            rule="a_listing_page_names_its_listing",
            rows=wrong.tolist(),
        )
    _look_up(views, listed, "listing", "SELECT id, shop_id, section_id FROM shops_listing WHERE id = ANY(%s) ORDER BY id")
    _look_up(
        views,
        (views.shop != NONE) & ~listed,
        "shop",
        "SELECT id, id, section_id FROM shops_shop WHERE id = ANY(%s) ORDER BY id",
    )


def _look_up(views: Views, where: NDArray[np.bool_], noun: str, sql: str) -> None:
    wanted = getattr(views, noun)[where]
    if not wanted.size:
        return
    distinct, back = np.unique(wanted, return_inverse=True)
    found = np.array(rows(sql, [distinct.tolist()]), dtype=np.int64).reshape(-1, 3)
    if len(found) != len(distinct):
        missing = ~np.isin(getattr(views, noun), found[:, 0]) & where
        raise NotFound(
            f"there is no {noun} {getattr(views, noun)[missing][0]}",
            field=noun,
            rule=f"{noun}_exists",
            rows=np.flatnonzero(missing).tolist(),
        )
    views.shop[where] = found[back, 1]
    views.section[where] = found[back, 2]


# column, bytes, the field of `Views`, whether it may be absent
LAYOUT = (
    ("at", 8, "at", False),
    ("visitor", 8, "visitor", False),
    ("member_id", 8, "member", True),
    ("page", 2, "page", False),
    ("source", 2, "source", False),
    ("shop_id", 8, "shop", True),
    ("listing_id", 8, "listing", True),
    ("section_id", 4, "section", True),
    ("stay_seconds", 4, "stay", True),
    ("charge_id", 8, "charge", True),
)
COPY = f"COPY traffic_pageview ({', '.join(column for column, *_ in LAYOUT)}) FROM STDIN (FORMAT BINARY)"
HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)


def _binary(views: Views) -> bytes:
    """PostgreSQL's binary COPY of the views, in their order: rows of one pattern of absences are cut at once."""
    absent = np.zeros(len(views), dtype=np.int64)
    optional = [field for _, _, field, may in LAYOUT if may]
    for bit, field in enumerate(optional):
        absent |= (getattr(views, field) == NONE).astype(np.int64) << bit
    patterns, which = np.unique(absent, return_inverse=True)
    shapes = [_shape({field for bit, field in enumerate(optional) if pattern >> bit & 1}) for pattern in patterns]
    widths = np.array([shape.itemsize for shape in shapes])[which]
    starts = np.cumsum(widths) - widths
    out = np.empty(int(widths.sum()), dtype=np.uint8)
    for number, shape in enumerate(shapes):
        mine = np.flatnonzero(which == number)
        block = np.zeros(len(mine), dtype=shape)
        block["fields"] = len(LAYOUT)
        for column, size, field, _ in LAYOUT:
            if column in (shape.names or ()):
                values = getattr(views, field)[mine]
                block[f"{column}_bytes"] = size
                block[column] = values - PG_EPOCH_MICROSECONDS if column == "at" else values
            else:
                block[f"{column}_bytes"] = -1
        out[starts[mine][:, None] + np.arange(shape.itemsize)] = block.view(np.uint8).reshape(len(mine), -1)
    return HEADER + out.tobytes() + b"\xff\xff"


def _shape(absent: set[str]) -> np.dtype[np.void]:
    """The bytes of one row: a count of fields, then each field's length and, unless absent, its value."""
    parts: list[tuple[str, str]] = [("fields", ">i2")]
    for column, size, field, _ in LAYOUT:
        parts.append((f"{column}_bytes", ">i4"))
        if field not in absent:
            parts.append((column, f">i{size}"))
    return np.dtype(parts)


@dataclass(frozen=True)
class Act:
    """`member` favourites, un-favourites, puts in the cart or takes out of it (`act`) the `listing`."""

    act: str
    member: int
    listing: int
    source: int = 1
    quantity: int = 1


@transaction.atomic
def show_interest(acts: Sequence[Act], *, at: datetime) -> list[int]:
    """Record favourites and carts; returns their ids. Raises `NotFound` for a listing or member not there."""
    shops = {
        listing: (shop, section)
        for listing, shop, section in rows(
            "SELECT id, shop_id, section_id FROM shops_listing WHERE id = ANY(%s)", [sorted({a.listing for a in acts})]
        )
    }
    _all_there("listing", [a.listing for a in acts], shops)
    members = rows("SELECT id FROM members_member WHERE id = ANY(%s)", [sorted({a.member for a in acts})])
    _all_there("member", [a.member for a in acts], {row[0] for row in members})
    records = [
        {
            "act": a.act,
            "member_id": a.member,
            "listing_id": a.listing,
            "shop_id": shops[a.listing][0],
            "section_id": shops[a.listing][1],
            "source": a.source,
            "quantity": a.quantity,
            "at": at,
        }
        for a in acts
    ]
    ids = insert(Interest, records)
    emit(
        "interest.shown",
        [
            {"id": i, "members": [a.member], "act": a.act, "listing": a.listing, "shop": shops[a.listing][0]}
            for i, a in zip(ids, acts, strict=True)
        ],
        at=at,
    )
    return ids


def _all_there(noun: str, wanted: Sequence[int], there: Any) -> None:
    missing = [i for i, key in enumerate(wanted) if key not in there]
    if missing:
        raise NotFound(f"there is no {noun} {wanted[missing[0]]}", field=noun, rule=f"{noun}_exists", rows=missing)


def count_placed(facts: Sequence[Mapping[str, Any]], *, at: datetime) -> None:
    """Subscriber of `order.placed`."""
    _convert("placed", facts, at)


def count_paid(facts: Sequence[Mapping[str, Any]], *, at: datetime) -> None:
    """Subscriber of `order.paid`."""
    _convert("paid", facts, at)


def _convert(act: str, facts: Sequence[Mapping[str, Any]], at: datetime) -> None:
    wanted = sorted({line["listing"] for fact in facts for line in fact["lines"]})
    sections = dict(rows("SELECT id, section_id FROM shops_listing WHERE id = ANY(%s)", [wanted]))
    insert(
        Conversion,
        [
            {
                "act": act,
                "order_id": fact["id"],
                "line_id": line["line"],
                "member_id": fact["buyer"],
                "shop_id": fact["shop"],
                "listing_id": line["listing"],
                "section_id": sections[line["listing"]],
                "quantity": line["quantity"],
                "amount_fen": line["paid_fen"],
                "at": at,
            }
            for fact in facts
            for line in fact["lines"]
        ],
    )


SHOP_PAGES = (PAGE["shop"].code, PAGE["profile"].code)

"""Eyeballs come in: by the ten thousand they are checked as arrays and written by one binary COPY; a single
one is one call of a function in the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from django.db import DatabaseError, connection, transaction
from numpy.typing import NDArray

from common.batch import rows
from common.errors import Refusal, refusal_of, several
from common.moments import EPOCH, day_of, seconds, start_of
from common.sections import all_sections
from traffic.actions.binary import COPY, NONE, Ints, looked_up, parts
from traffic.rules import LISTING_PAGE, NEEDS_SECTION, NEEDS_SHOP, PAGE, PAID, SOURCE, refusal

__all__ = ["NONE", "Ints", "Views", "check", "microseconds", "see", "see_one", "visitor_number"]


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

    @classmethod
    def of(cls, many: int, *, at: datetime, **columns: Sequence[int | None]) -> Views:
        """`many` views at one moment; a column that is left out, or None in one, is absent."""
        given = {
            name: np.array([NONE if value is None else value for value in column], dtype=np.int64)
            for name, column in columns.items()
        }
        names = (field.name for field in fields(cls) if field.name != "at")
        absent = {name: np.full(many, NONE) for name in names if name not in given}
        return cls(at=np.full(many, microseconds(at)), **given, **absent)

    def __len__(self) -> int:
        return len(self.at)

    def only(self, which: NDArray[np.bool_]) -> Views:
        """The views where `which` is true, in their order."""
        return Views(**{field.name: getattr(self, field.name)[which] for field in fields(self)})


@lru_cache(maxsize=100_000)
def visitor_number(cookie: str) -> int:
    """The number a visitor cookie is kept as: 63 bits of its hash."""
    return int.from_bytes(blake2b(cookie.encode(), digest_size=8).digest(), "big") >> 1


def microseconds(at: datetime) -> int:
    return seconds(at - EPOCH) * 1_000_000 + at.microsecond


def see(views: Views, *, at: datetime) -> int:
    """Write page views; returns how many. All or nothing.

    The shop and section of a listing page are the listing's; a shop page's section is the shop's. Raises
    `Conflict` for a view of another day than the open one or of the future, `NotFound` for a listing, shop or
    member that is not there, `Invalid` for a paid view without its charge or a page that does not name what
    it is of; `rows` name the offenders.
    """
    if not len(views):
        return 0
    views = check(views, at=at)
    with transaction.atomic(), connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for part in parts(vars(views)):
            copy.write(part)
    return len(views)


def check(views: Views, *, at: datetime) -> Views:
    """The views as they are written, shops and sections filled in; raises what is wrong with them."""
    views = replace(views, shop=views.shop.copy(), section=views.section.copy())
    wrong: dict[int, Refusal] = {}
    listed = views.page == LISTING_PAGE
    early = views.at < microseconds(start_of(day_of(at)))
    _blame(wrong, early | (views.at > microseconds(at)), "a_view_is_of_the_open_day")
    _blame(wrong, np.isin(views.source, PAID) != (views.charge != NONE), "paid_views_carry_their_charge")
    _blame(wrong, listed != (views.listing != NONE), "a_listing_page_names_its_listing")
    _blame(wrong, np.isin(views.page, NEEDS_SHOP) & (views.shop == NONE), "a_shop_page_names_its_shop")
    _blame(
        wrong,
        np.isin(views.page, NEEDS_SECTION) & (views.section == NONE),
        "a_section_page_names_its_section",
    )
    _blame(wrong, (views.section != NONE) & ~np.isin(views.section, SECTIONS), "a_view_is_in_a_known_section")
    _blame(wrong, views.stay < NONE, "a_stay_is_not_negative")
    _look_up(views, (views.listing != NONE), "listing", wrong)
    _look_up(views, (views.shop != NONE) & ~listed, "shop", wrong)
    _know_members(views, wrong)
    if wrong:
        raise several(wrong)
    return views


def _blame(wrong: dict[int, Refusal], which: NDArray[np.bool_], name: str) -> None:
    for row in np.flatnonzero(which).tolist():
        wrong.setdefault(row, refusal(name))


SECTIONS = [section.id for section in all_sections()]
PLACES = {"listing": ("id", "shop_id", "section_id"), "shop": ("id", "id", "section_id")}


def _look_up(views: Views, where: NDArray[np.bool_], noun: str, wrong: dict[int, Refusal]) -> None:
    """Fill in shop and section from the listing or shop that each view names."""
    wanted = getattr(views, noun)[where]
    if not wanted.size:
        return
    distinct, back = np.unique(wanted, return_inverse=True)
    shop, section = np.full(len(distinct), NONE), np.full(len(distinct), NONE)
    found = looked_up(PLACES[noun], f"shops_{noun}", distinct)
    place = np.searchsorted(distinct, found[0])
    shop[place], section[place] = found[1], found[2]
    views.shop[where], views.section[where] = shop[back], section[back]
    if (shop == NONE).any():
        for row in np.flatnonzero(where)[shop[back] == NONE].tolist():
            wrong.setdefault(row, refusal(f"a_viewed_{noun}_exists"))


def _know_members(views: Views, wrong: dict[int, Refusal]) -> None:
    there = views.member != NONE
    if not there.any():
        return
    distinct, back = np.unique(views.member[there], return_inverse=True)
    known = np.isin(distinct, looked_up(["id"], "members_member", distinct)[0])
    if not known.all():
        for row in np.flatnonzero(there)[~known[back]].tolist():
            wrong.setdefault(row, refusal("a_viewing_member_exists"))


SEE_ONE = """
    SELECT public.jishi_view(%s::bigint, %s::bigint, %s::int2, %s::int2, %s::bigint, %s::bigint, %s::int,
                             %s::int, %s::timestamptz)
"""


def see_one(
    cookie: str,
    *,
    page: str,
    source: str = "direct",
    member: int | None = None,
    shop: int | None = None,
    listing: int | None = None,
    section: int | None = None,
    stay: int | None = None,
    at: datetime | None = None,
) -> datetime:
    """Write one page view in one statement, which takes the gate itself; returns its moment (`at`, or now).

    Refuses as `see` does, with the constraint's words. Paid sources are refused: their views come with the
    charge, by `see`.
    """
    if page not in PAGE or source not in SOURCE:
        name = "a_view_is_of_a_known_page" if page not in PAGE else "a_view_says_where_it_came_from"
        raise refusal(name)
    given = [
        visitor_number(cookie),
        member,
        PAGE[page].code,
        SOURCE[source].code,
        shop,
        listing,
        section,
        stay,
        at,
    ]
    try:
        with (
            transaction.atomic() if connection.in_atomic_block else nullcontext()
        ):  # alone, it is its own transaction
            seen: datetime = rows(SEE_ONE, given)[0][0]
    except DatabaseError as error:
        if (refused := refusal_of(error)) is None:
            raise
        raise refused from error
    return seen

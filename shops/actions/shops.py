"""Opening, decorating, hiding and closing shops; joining and leaving the protection scheme."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from common.batch import dicts, execute, insert, rows
from common.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, several
from common.transitions import take
from events.actions import emit
from payments import ledger
from regime import queries as regime
from shops.actions.edits import Edit, check_changes, check_each_once, check_owners, revise
from shops.models import Shop
from shops.queries.shops import deposits_fen
from shops.rules import shop as rules
from shops.rules.refund import AFTER_SALE, REFUND_OPEN

FIELDS = (
    "name", "section_id", "subsection_id", "region", "introduction", "announcement", "template", "style",
    "picture_count", "description_richness", "seven_day_return",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Opening:
    """A shop that member `owner` asks for. Sections as in `common.sections`; region a GB/T 2260 code."""

    owner: int
    name: str
    section_id: int
    subsection_id: int
    region: int
    introduction: str = ""
    announcement: str = ""
    template: str = "plain"
    style: str = "plain"
    picture_count: int = 0
    description_richness: int = 0
    seven_day_return: bool = False


@transaction.atomic
def open_shops(openings: Sequence[Opening], *, at: datetime) -> list[int]:
    """Open a shop for each; returns their ids. Free of charge.

    Raises, naming the rows: `Invalid` for a field that does not fit, `NotFound` for a member nobody knows,
    `Forbidden` before ID and bank are verified, `Conflict` for a second shop or a name in use.
    """
    faults = {i: found for i, opening in enumerate(openings) if (found := _fault(opening))}
    faults |= _owner_faults({i: opening for i, opening in enumerate(openings) if i not in faults})
    if faults:
        raise several(faults)
    granted = regime.at(at).showcase.ungraded_count
    ids = insert(
        Shop,
        [
            {
                "owner_id": o.owner,
                **{name: getattr(o, name) for name in FIELDS},
                "status": "open",
                "held_by": "",
                "opened_at": at,
                "edited_at": at,
                "showcase_slots": granted,
                "version": 1,
            }
            for o in openings
        ],
    )
    execute(
        """UPDATE shops_shop s SET online_until = p.online_until FROM shops_presence p
            WHERE s.id = ANY(%s) AND p.member_id = s.owner_id""",
        [ids],
    )
    emit(
        "shop.opened",
        [
            {
                "id": id_, "members": [o.owner], "public": True, "owner": o.owner, "name": o.name,
                "section": o.section_id, "subsection": o.subsection_id, "region": o.region,
            }
            for id_, o in zip(ids, openings, strict=True)
        ],
        at=at,
    )  # fmt: skip
    return ids


def _fault(opening: Opening) -> Refusal | None:
    for name in FIELDS:
        if found := rules.fault(name, getattr(opening, name)):
            return found
    return rules.subsection_fault(opening.section_id, opening.subsection_id)


def _owner_faults(openings: Mapping[int, Opening]) -> dict[int, Refusal]:
    """Unknown, sealed, unverified, with a shop already, or asking for a name in use (the first gets it)."""
    members = {
        row["id"]: row
        for row in dicts(
            """SELECT m.id, m.status, m.id_verified_at, m.bank_verified_at, s.id AS shop
                 FROM members_member m LEFT JOIN shops_shop s ON s.owner_id = m.id WHERE m.id = ANY(%s)""",
            [[o.owner for o in openings.values()]],
        )
    }
    taken = {
        row[0]
        for row in rows(
            "SELECT name FROM shops_shop WHERE name = ANY(%s)", [[o.name for o in openings.values()]]
        )
    }
    refused: dict[int, Refusal] = {}
    owners: set[int] = set()
    for i, opening in openings.items():
        fault = _owner_fault(opening.owner, members.get(opening.owner), opening.owner in owners)
        if fault is None and opening.name in taken:
            fault = Conflict(
                f"another shop is called {opening.name}", field="name", rule="shop_name_is_taken",
                way_out="Choose another name.",
            )  # fmt: skip
        if fault:
            refused[i] = fault
        else:
            owners.add(opening.owner)
            taken.add(opening.name)
    return refused


def _owner_fault(owner: int, member: dict[str, Any] | None, again: bool) -> Refusal | None:
    if member is None:
        return NotFound(
            f"there is no member {owner}", field="owner", rule="member_exists", way_out="Register first."
        )
    if member["status"] != "open":
        return Forbidden(
            "a sealed account opens no shop", field="owner", rule="member_is_open", way_out="Appeal."
        )
    for what in ("id", "bank"):
        if member[f"{what}_verified_at"] is None:
            return Forbidden(
                f"the {'identity' if what == 'id' else 'bank account'} of member {owner} is not verified",
                field="owner",
                rule=f"{what}_is_verified_before_a_shop_opens",
                way_out="Verify ID and bank account, then open the shop.",
            )
    if again or member["shop"] is not None:
        return Conflict(
            f"member {owner} has a shop already",
            field="owner",
            rule="one_shop_per_member",
            way_out="Edit that one.",
        )
    return None


@transaction.atomic
def edit(edits: Sequence[Edit], *, by: int | None, at: datetime) -> None:
    """Decorate shops (Wang Pu). `by`: the owner, None the platform.

    Raises `NotFound`, `Forbidden`, `Invalid`, `Conflict` (name in use) or `Stale`, naming the rows.
    """
    check_each_once([e.id for e in edits])
    there = _shops([e.id for e in edits], by)
    refused = check_changes(edits, FIELDS)
    for i, e in enumerate(edits):
        fault = next(
            (found for name, value in e.changes.items() if (found := rules.fault(name, value))), None
        )
        if fault is None and e.changes.keys() & {"section_id", "subsection_id"}:
            after = {**there[e.id], **e.changes}
            fault = rules.subsection_fault(after["section_id"], after["subsection_id"])
        if fault:
            refused.setdefault(i, fault)
    if refused:
        raise several(refused)
    revise(Shop, edits, at=at)
    _tell_edited([(e.id, sorted(e.changes)) for e in edits], there, at)


def _tell_edited(
    edits: Sequence[tuple[int, list[str]]], there: dict[int, dict[str, Any]], at: datetime
) -> None:
    emit(
        "shop.edited",
        [
            {
                "id": id_,
                "members": [there[id_]["owner_id"]],
                "public": True,
                "owner": there[id_]["owner_id"],
                "fields": f,
            }
            for id_, f in edits
        ],
        at=at,
    )


def _shops(ids: Sequence[int], by: int | None) -> dict[int, dict[str, Any]]:
    """The shops of `ids` by id, locked, if they exist and belong to `by`."""
    found = dicts(
        """SELECT id, owner_id, section_id, subsection_id, status, held_by, protection_since, version
             FROM shops_shop WHERE id = ANY(%s) ORDER BY id FOR UPDATE""",
        [list(ids)],
    )
    check_owners("shop", ids, {row["id"]: row["owner_id"] for row in found}, by)
    return {row["id"]: row for row in found}


def hide(ids: Sequence[int], *, by: int | None, at: datetime) -> None:
    """Take shops out of sight; orders under way go on."""
    _stand("hide", ids, by, at, held_by=_side(by))


def show(ids: Sequence[int], *, by: int | None, at: datetime) -> None:
    """Bring hidden shops back. What the platform hid only the platform shows."""
    _stand("show", ids, by, at, held_by="")


def reopen(ids: Sequence[int], *, by: int | None, at: datetime) -> None:
    """Open closed shops again, everything taken down. What the platform closed only the platform reopens."""
    _stand("reopen", ids, by, at, held_by="", closed_at=None)


def close(ids: Sequence[int], *, by: int | None, at: datetime) -> None:
    """Close shops and take all their listings down. A shop in the protection scheme leaves it first."""

    def leave_nothing_open(there: dict[int, dict[str, Any]]) -> None:
        bound = [i for i, id_ in enumerate(ids) if there[id_]["protection_since"]]
        if bound and by is not None:
            raise Conflict(
                f"shop {ids[bound[0]]} is in the protection scheme", field="protection",
                rule="a_shop_leaves_the_scheme_before_it_closes",
                way_out="Leave the scheme first.", rows=bound,
            )  # fmt: skip
        down = rows(
            """UPDATE shops_listing SET status = 'in_stock', showcase = false, delisted_at = %s,
                      withdrawn_by = %s, version = version + 1
                WHERE shop_id = ANY(%s) AND status = 'on_sale' RETURNING id, shop_id""",
            [at, _side(by), list(ids)],
        )
        emit(
            "listing.delisted",
            [
                {
                    "id": id_,
                    "members": [there[shop]["owner_id"]],
                    "public": True,
                    "shop": shop,
                    "by": _side(by),
                }
                for id_, shop in sorted(down)
            ],
            at=at,
        )

    _stand("close", ids, by, at, then=leave_nothing_open, held_by=_side(by), closed_at=at)


def _side(by: int | None) -> str:
    return "platform" if by is None else "seller"


@transaction.atomic
def _stand(
    action: str,
    ids: Sequence[int],
    by: int | None,
    at: datetime,
    then: Callable[[dict[int, dict[str, Any]]], None] | None = None,
    **columns: Any,
) -> None:
    check_each_once(ids)
    there = _shops(ids, by)
    held = [i for i, id_ in enumerate(ids) if by is not None and there[id_]["held_by"] == "platform"]
    if held:
        raise Forbidden(
            f"the platform holds shop {ids[held[0]]}", field="shop", rule="whoever_held_a_shop_lets_it_go",
            way_out="Wait until the penalty ends, or appeal.", rows=held,
        )  # fmt: skip
    if then:
        then(there)
    take(Shop, ids, rules.SHOP_STEP[action], version=F("version") + 1, **columns)
    _tell_edited([(id_, ["status"]) for id_ in ids], there, at)


@transaction.atomic
def join_protection(ids: Sequence[int], *, by: int | None, at: datetime) -> None:
    """Join the Consumer Protection Scheme: the deposit (lever `protection.deposit_fen`) is frozen.

    Raises `Conflict` when a shop is in it or not open, `Unaffordable` when its owner lacks the deposit.
    """
    there = _check_scheme(ids, by, inside=False)
    deposit_fen = regime.at(at).protection.deposit_fen
    owners = [there[id_]["owner_id"] for id_ in ids]
    if deposit_fen:
        ledger.post(
            [
                ledger.Posting(
                    f"member:{owner}", f"deposit:{owner}", deposit_fen, "deposit_freeze", f"shop:{id_}"
                )
                for id_, owner in zip(ids, owners, strict=True)
            ],
            at=at,
        )
    Shop.objects.filter(Q(pk__in=ids)).update(protection_since=at, version=F("version") + 1)
    _tell_edited([(id_, ["protection"]) for id_ in ids], there, at)


@transaction.atomic
def leave_protection(ids: Sequence[int], *, by: int | None, at: datetime) -> None:
    """Leave the scheme: what is left of the deposit goes back to the owner, who first settles what it stands for.

    Raises `Conflict` for a shop outside it, or (unless the platform acts) with after-sale requests still open.
    """
    there = _check_scheme(ids, by, inside=True)
    owners = [there[id_]["owner_id"] for id_ in ids]
    claimed = {
        row[0]
        for row in rows(
            "SELECT seller_id FROM shops_refund WHERE seller_id = ANY(%s) AND phase = %s AND status = ANY(%s)",
            [owners, AFTER_SALE, list(REFUND_OPEN)],
        )
    }
    bound = [i for i, owner in enumerate(owners) if owner in claimed and by is not None]
    if bound:
        raise Conflict(
            f"shop {ids[bound[0]]} has after-sale requests that are not settled", field="protection",
            rule="a_shop_settles_its_claims_before_it_leaves", way_out="Settle them first.", rows=bound,
        )  # fmt: skip
    left = deposits_fen(owners)
    ledger.post(
        [
            ledger.Posting(
                f"deposit:{owner}", f"member:{owner}", left[owner], "deposit_unfreeze", f"shop:{id_}"
            )
            for id_, owner in zip(ids, owners, strict=True)
            if left.get(owner)
        ],
        at=at,
    )
    Shop.objects.filter(Q(pk__in=ids)).update(protection_since=None, version=F("version") + 1)
    _tell_edited([(id_, ["protection"]) for id_ in ids], there, at)


def _check_scheme(ids: Sequence[int], by: int | None, *, inside: bool) -> dict[int, dict[str, Any]]:
    check_each_once(ids)
    there = _shops(ids, by)
    wrong = [i for i, id_ in enumerate(ids) if (there[id_]["protection_since"] is not None) != inside]
    shut = [] if inside else [i for i, id_ in enumerate(ids) if there[id_]["status"] == "closed"]
    if wrong or shut:
        first = ids[min(wrong or shut)]
        raise Conflict(
            f"shop {first} is closed" if not wrong
            else f"shop {first} is {'not ' if inside else ''}in the protection scheme",
            field="protection",
            rule="only_a_member_of_it_leaves" if inside else "a_shop_joins_the_scheme_once",
            way_out="Read the shop again.", rows=wrong or shut,
        )  # fmt: skip
    return there


@transaction.atomic
def grant_showcase(slots: Sequence[tuple[int, int]], *, at: datetime) -> None:
    """Set how many showcase slots each shop's credit grade gives (shop, slots): told by who knows grades."""
    wrong = [i for i, (_, count) in enumerate(slots) if count < 0]
    if wrong:
        raise Invalid(
            "slots are counted from 0", field="slots", rule="showcase_slots_are_counted_from_0", rows=wrong
        )
    execute(
        """UPDATE shops_shop s SET showcase_slots = w.slots
             FROM unnest(%s::bigint[], %s::int[]) AS w (shop, slots)
            WHERE s.id = w.shop AND s.showcase_slots <> w.slots""",
        [[shop for shop, _ in slots], [count for _, count in slots]],
    )

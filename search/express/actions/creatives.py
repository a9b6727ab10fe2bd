"""Creatives: what an ad says, audited as it is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from common.batch import insert, rows
from common.errors import Conflict, Refusal, several
from common.transitions import take
from events.actions import emit
from search.express import recompute, rules
from search.express.actions.common import over, own_facts, sellers_of, there, to_edit, write
from search.express.models import Creative
from shops.actions.edits import Edit, check_each_once

TITLE_MOST = 120  # characters that are kept; the audit refuses sooner


@dataclass(frozen=True, slots=True)
class NewCreative:
    group: int
    title: str


@transaction.atomic
def add(creatives: Sequence[NewCreative], *, by: int | None, at: datetime) -> list[int]:
    """Write creatives and audit them; their ids. One that breaks a rule is kept, refused, with what it breaks.

    Raises `Invalid`, `NotFound`, `Forbidden` or `Conflict` (the group is removed or full), naming the rows.
    """
    found = there("group", [new.group for new in creatives], by)
    standing = count_in("creative", [new.group for new in creatives])
    refused: dict[int, Refusal] = {}
    for i, new in enumerate(creatives):
        standing[new.group] += 1
        if fault := rules.text_fault("title", new.title, TITLE_MOST):
            refused[i] = fault
        elif found[new.group]["status"] == "removed":
            refused[i] = over("group", new.group, "removed")
        elif standing[new.group] > rules.CREATIVES_MOST:
            refused[i] = full("creatives", rules.CREATIVES_MOST)
    if refused:
        raise several(refused)
    judged = [rules.audited(new.title) for new in creatives]
    ids = insert(
        Creative,
        [
            {"group_id": new.group, "title": new.title, "created_at": at, **verdict}
            for new, verdict in zip(creatives, judged, strict=True)
        ],
    )
    sellers = sellers_of([new.group for new in creatives], found)
    emit("creative.audited", own_facts(ids, sellers, status=[j["status"] for j in judged]), at=at)
    recompute.groups(sorted({new.group for new in creatives}), at=at)
    return ids


@transaction.atomic
def edit(edits: Sequence[Edit], *, by: int | None, at: datetime) -> None:
    """Another title, audited anew."""
    found = to_edit("creative", edits, ("title",), by)
    refused = {
        i: fault
        for i, e in enumerate(edits)
        if (fault := rules.text_fault("title", e.changes["title"], TITLE_MOST))
    }
    if refused:
        raise several(refused)
    judged = {e.id: rules.audited(e.changes["title"]) for e in edits}
    for action, status in (("approve", "approved"), ("refuse", "refused")):
        moved = [e for e in edits if judged[e.id]["status"] == status]
        write(Creative, [{"id": e.id, "title": e.changes["title"], **judged[e.id]} for e in moved])
        take(Creative, [e.id for e in moved], rules.CREATIVE_STEP[action])
    ids = [e.id for e in edits]
    facts = own_facts(ids, sellers_of(ids, found), status=[judged[id_]["status"] for id_ in ids])
    emit("creative.audited", facts, at=at)
    recompute.groups(sorted({found[id_]["group_id"] for id_ in ids}), at=at)


@transaction.atomic
def remove(ids: Sequence[int], *, by: int | None, at: datetime) -> None:
    """Take creatives away for good."""
    check_each_once(ids)
    found = there("creative", ids, by)
    take(Creative, ids, rules.CREATIVE_STEP["remove"])
    emit("creative.removed", own_facts(ids, sellers_of(ids, found)), at=at)
    recompute.groups(sorted({found[id_]["group_id"] for id_ in ids}), at=at)


def count_in(table: str, groups: Sequence[int]) -> Counter[int]:
    """How many stand in each group."""
    sql = f"SELECT group_id, count(*) FROM search_express_{table} WHERE group_id = ANY(%s) AND status <> 'removed' GROUP BY 1"
    return Counter(dict(rows(sql, [sorted(set(groups))])))


def full(what: str, most: int) -> Refusal:
    return Conflict(
        f"an ad group has at most {most} {what}", field="group", rule=f"a_group_has_so_many_{what}",
        way_out="Remove some first.", extra={"most": most},
    )  # fmt: skip

"""What the verbs share: whose a thing is, edits of some columns, what its owner is told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models

from common.batch import dicts, update
from common.errors import Conflict, Refusal, several
from shops.actions.edits import Edit, check_changes, check_each_once, check_owners

There = dict[int, dict[str, Any]]

# Each noun with what stands above it; a thing is not there for who does not own it.
ABOVE = {
    "campaign": "search_express_campaign c ON c.id = t.id",
    "group": "search_express_campaign c ON c.id = t.campaign_id",
    "creative": "search_express_group g ON g.id = t.group_id JOIN search_express_campaign c ON c.id = g.campaign_id",
    "keyword": "search_express_group g ON g.id = t.group_id JOIN search_express_campaign c ON c.id = g.campaign_id",
}


def there(noun: str, ids: Sequence[int], by: int | None) -> There:
    """The rows of `ids`, with `seller_id`, locked; raises, naming the rows, `NotFound` or `Forbidden` (`by`: None, the
    platform)."""
    found = dicts(
        f"""SELECT t.*, c.seller_id, c.status AS campaign_status
              FROM search_express_{noun} t JOIN {ABOVE[noun]} WHERE t.id = ANY(%s) ORDER BY t.id FOR UPDATE OF t""",
        [list(ids)],
    )
    check_owners(noun, ids, {row["id"]: row["seller_id"] for row in found}, by)
    return {row["id"]: row for row in found}


def to_edit(noun: str, edits: Sequence[Edit], fields: Sequence[str], by: int | None) -> There:
    """The rows to be edited, each once; raises as `there`, and for fields that cannot be edited."""
    check_each_once([edit.id for edit in edits])
    found = there(noun, [edit.id for edit in edits], by)
    refused = check_changes(edits, fields)
    refused |= {
        i: over(noun, edit.id, found[edit.id]["status"])
        for i, edit in enumerate(edits)
        if found[edit.id]["status"] in ("ended", "removed")
    }
    if refused:
        raise several(refused)
    return found


def over(noun: str, id_: int, status: str) -> Refusal:
    return Conflict(
        f"{noun} {id_} is {status}", field=noun, rule="what_has_ended_does_not_change", way_out="Make a new one.",
        extra={"state": status},
    )  # fmt: skip


def write(model: type[models.Model], records: Sequence[Mapping[str, Any]]) -> None:
    """Set the columns that each record (with its `id`) names: one statement for each set of columns."""
    alike: dict[tuple[str, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for record in records:
        alike[tuple(record)].append(record)
    for group in alike.values():
        update(model, group)


def own_facts(ids: Sequence[int], sellers: Sequence[int], **columns: Sequence[Any]) -> list[dict[str, Any]]:
    """Facts that each seller alone hears, with what `columns` say of each. Never a bid, a budget or a quality."""
    return [
        {"id": id_, "members": [seller], **{name: column[n] for name, column in columns.items()}}
        for n, (id_, seller) in enumerate(zip(ids, sellers, strict=True))
    ]


def sellers_of(ids: Sequence[int], found: There) -> list[int]:
    return [found[id_]["seller_id"] for id_ in ids]

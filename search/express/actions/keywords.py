"""Keywords: words bought for an ad group, and what is bid on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from common.batch import insert, rows
from common.errors import Conflict, Refusal, several
from common.moments import show
from common.transitions import take
from events.actions import emit
from regime import queries as regime
from search.express import recompute, rules
from search.express.actions.common import over, own_facts, sellers_of, there, to_edit, write
from search.express.actions.creatives import count_in, full
from search.express.models import Keyword
from shops.actions.edits import Edit, check_each_once


@dataclass(frozen=True, slots=True)
class NewKeyword:
    """`bid_fen` None: the group's bid, now and when it changes."""

    group: int
    word: str
    match: str = "centre"
    bid_fen: int | None = None


@transaction.atomic
def add(keywords: Sequence[NewKeyword], *, by: int | None, at: datetime) -> list[int]:
    """Buy words; their ids. Raises `Invalid`, `NotFound`, `Forbidden` or `Conflict` (the group is removed or full, or
    has that word with that match), naming the rows."""
    levers = regime.at(at).auction
    groups = [new.group for new in keywords]
    found = there("group", groups, by)
    standing, taken = count_in("keyword", groups), _taken(groups)
    refused: dict[int, Refusal] = {}
    for i, new in enumerate(keywords):
        standing[new.group] += 1
        fault = rules.first(
            over("group", new.group, "removed") if found[new.group]["status"] == "removed" else None,
            rules.word_fault(new.word),
            rules.match_fault(new.match, levers),
            None if new.bid_fen is None else rules.bid_fault(new.bid_fen, levers),
            full("keywords", rules.KEYWORDS_MOST) if standing[new.group] > rules.KEYWORDS_MOST else None,
        )
        name = (new.group, new.match, *rules.normal(new.word))
        if fault is None and name in taken:
            fault = bought(new.word)
        if fault:
            refused[i] = fault
            standing[new.group] -= 1
        taken.add(name)
    if refused:
        raise several(refused)
    ids = insert(Keyword, [_record(new, found[new.group]["bid_fen"], at) for new in keywords])
    emit("keyword.added", own_facts(ids, sellers_of(groups, found), group=groups), at=at)
    recompute.keywords(ids, at=at)
    return ids


def _record(new: NewKeyword, bid_fen: int, at: datetime) -> dict[str, Any]:
    words = rules.normal(new.word)
    return {
        "group_id": new.group, "word": new.word, "words": words, "lead": rules.lead(words), "match": new.match, "status": "on",
        "bid_fen": bid_fen if new.bid_fen is None else new.bid_fen, "follows": new.bid_fen is None,
        "bid_at": at, "created_at": at, **dict.fromkeys(recompute.PARTS, 0), "quality": 0,
    }  # fmt: skip


def _taken(groups: Sequence[int]) -> set[tuple[Any, ...]]:
    sql = "SELECT group_id, match, words FROM search_express_keyword WHERE group_id = ANY(%s) AND status <> 'removed'"
    return {(group, match, *words) for group, match, words in rows(sql, [sorted(set(groups))])}


def bought(word: str) -> Refusal:
    return Conflict(
        f"this ad group has {word!r} with that match", field="word", rule="a_group_buys_a_word_once",
        way_out="Change the one that is there.",
    )  # fmt: skip


@transaction.atomic
def edit(edits: Sequence[Edit], *, by: int | None, at: datetime) -> None:
    """Another bid (`bid_fen`; None: the group's) or match. A bid that stays what it was keeps its moment: ties go to
    the earlier one."""
    found = to_edit("keyword", edits, ("bid_fen", "match"), by)
    levers = regime.at(at).auction
    groups = dict(
        rows(
            "SELECT id, bid_fen FROM search_express_group WHERE id = ANY(%s)",
            [sorted({row["group_id"] for row in found.values()})],
        )
    )
    taken = _taken(list(groups))
    refused: dict[int, Refusal] = {}
    records: list[dict[str, Any]] = []
    for i, e in enumerate(edits):
        row, record = found[e.id], {"id": e.id, **e.changes}
        if "bid_fen" in e.changes:
            bid = e.changes["bid_fen"]
            record |= {"bid_fen": groups[row["group_id"]] if bid is None else bid, "follows": bid is None}
            if fault := rules.bid_fault(record["bid_fen"], levers):
                refused[i] = fault
            if record["bid_fen"] != row["bid_fen"]:
                record["bid_at"] = show(at)
        if "match" in e.changes and e.changes["match"] != row["match"]:
            name = (row["group_id"], e.changes["match"], *row["words"])
            if fault := rules.match_fault(e.changes["match"], levers) or (
                bought(row["word"]) if name in taken else None
            ):
                refused[i] = fault
            taken.add(name)
        records.append(record)
    if refused:
        raise several(refused)
    write(Keyword, records)
    ids = [e.id for e in edits]
    facts = own_facts(ids, sellers_of(ids, found), fields=[sorted(e.changes) for e in edits])
    emit("keyword.edited", facts, at=at)


@transaction.atomic
def move(ids: Sequence[int], action: str, *, by: int | None, at: datetime) -> None:
    """Start, pause or remove keywords (`rules.KEYWORD_STEPS`)."""
    check_each_once(ids)
    found = there("keyword", ids, by)
    take(Keyword, ids, rules.KEYWORD_STEP[action])
    emit(KEYWORD_EVENT[action], own_facts(ids, sellers_of(ids, found)), at=at)


KEYWORD_EVENT = {"start": "keyword.started", "pause": "keyword.paused", "remove": "keyword.removed"}

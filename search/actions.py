"""What the market tells search, and what search does at once: find what is new, forget what is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from common.batch import dicts, execute, rows
from regime import queries as regime
from search import recompute
from search.rules import weights
from search.words import document_words, lexemes, misplaced, mispriced, stuffed

Facts = Sequence[Mapping[str, Any]]
CHUNK = 20_000  # listings read into memory at a time when everything is rebuilt
# New words wait in a list before they enter the index, and every search reads that list: so it is kept short, but
# for many at once, which wait together (a tenth of the work) and enter before their transaction ends.
MANY, WAITING, WAITING_OF_MANY = 300, "64kB", "32MB"
OF_A_SHOP = frozenset(
    {"status", "protection", "seven_day_return", "region"}
)  # edits of a shop that its goods show


# -- subscribers -----------------------------------------------------------------------------------------


def learn(facts: Facts, *, at: datetime) -> None:
    """listing.created, listing.edited, listing.relisted: found as it now is, at once."""
    refresh([fact["id"] for fact in facts if fact.get("on_sale", True)], at=at)


def forget(facts: Facts, *, at: datetime) -> None:
    """listing.delisted, stock.ran_out: found no more."""
    ids = [fact["id"] for fact in facts]
    if _forget(ids):
        recompute.find_duplicates(sorted({fact["shop"] for fact in facts}), weights(regime.at(at)))


def relearn_shops(facts: Facts, *, at: datetime) -> None:
    """shop.edited: a shop hidden, shown, closed, moved, in or out of a scheme takes its goods with it."""
    shops = [fact["id"] for fact in facts if OF_A_SHOP.intersection(fact["fields"])]
    if shops:
        refresh(_ids("SELECT id FROM shops_listing WHERE shop_id = ANY(%s) ORDER BY id", shops), at=at)


def relearn_owners(facts: Facts, *, at: datetime) -> None:
    """member.verified: their shops show it."""
    sql = """SELECT l.id FROM shops_listing l JOIN shops_shop s ON s.id = l.shop_id
              WHERE s.owner_id = ANY(%s) ORDER BY l.id"""
    refresh(_ids(sql, [fact["id"] for fact in facts]), at=at)


def find_again(facts: Facts, *, at: datetime) -> None:
    """order.cancelled, refund.succeeded: pieces came back to goods that had run out."""
    sql = f"""
        SELECT l.id FROM shops_listing l JOIN shops_shop s ON s.id = l.shop_id
         WHERE l.id = ANY(ARRAY(SELECT listing_id FROM shops_orderline WHERE order_id = ANY(%s)))
           AND {recompute.FINDABLE} AND (SELECT r.id FROM search_descriptor r WHERE r.id = l.id) IS NULL ORDER BY l.id
    """
    refresh(_ids(sql, [fact.get("order", fact["id"]) for fact in facts]), at=at)


def follow_levers(facts: Facts, *, at: datetime) -> None:
    """regime.changed: when the formula's levers change now, every key is made anew; later ones with the clock."""
    if any(fact["lever"].startswith(("ranking.", "listing.cycle")) for fact in facts):
        formula, last = weights(regime.at(at)), recompute.folded()
        if last is not None and last.digest != formula.digest:
            recompute.rekey(formula, at, last)


def _ids(sql: str, keys: Sequence[int]) -> list[int]:
    return [row[0] for row in rows(sql, [list(keys)])]


# -- words and figures of some listings -------------------------------------------------------------------


@transaction.atomic
def refresh(ids: Sequence[int], *, at: datetime) -> int:
    """Make documents and descriptors of these listings anew; forget those that cannot be found. Returns how many can."""
    if not ids:
        return 0
    there = dicts(
        f"""SELECT l.id, l.shop_id, l.title, l.tags, l.category_id, l.properties::json AS properties, l.price_fen,
                   l.postage_fen, l.supply, l.delivery, s.region, {recompute.FINDABLE} AS findable
              FROM shops_listing l JOIN shops_shop s ON s.id = l.shop_id WHERE l.id = ANY(%s) ORDER BY l.id""",
        [list(ids)],
    )
    found = [row for row in there if row["findable"]]
    gone = [row["id"] for row in there if not row["findable"]]
    if gone:
        _forget(gone)
    formula = weights(regime.at(at))
    if found:
        recompute.describe(_write(found), formula, at)
        last = recompute.folded()
        if last is None:
            recompute.keep(formula, at, recompute.yesterday(at))
        elif last.digest != formula.digest:  # levers dated ahead have come: the others' keys follow
            recompute.rekey(formula, at, last)
    recompute.find_duplicates(sorted({row["shop_id"] for row in there}), formula)
    return len(found)


def _write(found: Sequence[Mapping[str, Any]]) -> list[tuple[int, bool, bool, bool]]:
    """Write the documents; (id, stuffed, misplaced, mispriced) of each."""
    tokens, facts = [], []
    for row in found:
        title = document_words(row["title"])
        tokens.append(" ".join(lexemes(row, title)))
        category = row["category_id"]
        facts.append(
            (
                row["id"],
                stuffed(row["title"], title),
                misplaced(title, category),
                mispriced(row["price_fen"], row["postage_fen"], category),
            )
        )
    execute(
        """INSERT INTO search_document (id, title, tokens)
           SELECT id, title, array_to_tsvector(string_to_array(tokens, ' '))
             FROM (SELECT set_config('gin_pending_list_limit', %s, true)) AS waiting,
                  unnest(%s::bigint[], %s::text[], %s::text[]) AS f (id, title, tokens) ORDER BY id
           ON CONFLICT (id) DO UPDATE SET title = excluded.title, tokens = excluded.tokens
            WHERE (search_document.title, search_document.tokens) IS DISTINCT FROM (excluded.title, excluded.tokens)""",
        [
            WAITING_OF_MANY if len(found) > MANY else WAITING,
            [row["id"] for row in found],
            [row["title"] for row in found],
            tokens,
        ],
    )
    if len(found) > MANY:
        execute("SELECT gin_clean_pending_list('who_says_these_words')")
    return facts


def _forget(ids: Sequence[int]) -> int:
    return execute(
        """WITH gone AS (DELETE FROM search_document WHERE id = ANY(%(ids)s))
           DELETE FROM search_descriptor WHERE id = ANY(%(ids)s)""",
        {"ids": list(ids)},
    )


@transaction.atomic
def rebuild(*, at: datetime) -> int:
    """Everything from nothing: every document and descriptor of what can be found at `at`. Returns how many."""
    for table in ("search_document", "search_descriptor", "search_fold"):
        execute(f"DELETE FROM {table}")
    ids = [row[0] for row in rows("SELECT id FROM shops_listing WHERE status = 'on_sale' ORDER BY id")]
    return sum(refresh(ids[n : n + CHUNK], at=at) for n in range(0, len(ids), CHUNK))


# -- governance's --------------------------------------------------------------------------------------------


@transaction.atomic
def suspect(listings: Sequence[int], why: str, *, at: datetime) -> None:
    """Demote listings suspected of fake trades (lever `ranking.fake_trade_demotion_bps`) until they are cleared."""
    execute(
        """INSERT INTO search_suspicion (id, since, why) SELECT DISTINCT id, %s::timestamptz, %s FROM unnest(%s::bigint[]) AS l (id)
           ON CONFLICT (id) DO NOTHING""",
        [at, why, list(listings)],
    )
    refresh(sorted(set(listings)), at=at)


@transaction.atomic
def clear(listings: Sequence[int], *, at: datetime) -> None:
    """Take the suspicion away again: an appeal that succeeded, or its time is over."""
    execute("DELETE FROM search_suspicion WHERE id = ANY(%s)", [list(listings)])
    refresh(sorted(set(listings)), at=at)

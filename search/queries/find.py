"""Finding: the first results by score, exactly, in one statement.

Two ways that give the same answer. **Sift**: the word index gives every listing that matches, their scores are
sorted. **Walk**: where words are common, descriptors are read in the order of their keys until enough of them
match. A key is the score without relevance, so what stands lower in the walk can only win by more relevance:
those that match outside their title are worth half of it less, and are looked for above that bound only.
A walk that does not find enough soon is given up for a sift.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from common.batch import rows
from search.queries.asked import Asked, Now, last_seen, moment_of, now
from search.queries.common import commonness
from search.rules import ELSEWHERE, FULL, IN_TITLE, SORTS, end_part_sql, key_sql, lift, part_of
from search.sql import BITS, BOUNDS, OF_ITS_SHOP, SHOWN
from search.words import all_of, any_of, most_of, titled

WALK_MOST = 4_000  # descriptors read before a walk is given up
LUCK = 0.25  # the share of listings that column filters are taken to leave

PAGE = f"""
    SELECT coalesce(json_agg(row_to_json(p.*)) FILTER (WHERE p.nth <= %(limit)s), '[]')::text::bytea,
           count(*) > %(limit)s, {{enough}}
      FROM (SELECT {SHOWN.format(id="p.id", score="p.score")}, {OF_ITS_SHOP.format(now="%(now)s")}, p.nth
              FROM (SELECT *, row_number() OVER (ORDER BY {{order}}) AS nth
                      FROM (SELECT * FROM picked ORDER BY {{order}} LIMIT %(most)s OFFSET %(offset)s) q) p
              JOIN search_descriptor r ON r.id = p.id JOIN search_document d ON d.id = p.id
              JOIN shops_shop s ON s.id = r.shop_id ORDER BY p.nth) p
"""
MATCHES = "(SELECT d.tokens FROM search_document d WHERE d.id = r.id)"
WALK = f"""
    WITH titled AS MATERIALIZED (
        SELECT r.id, r.key + %(titled)s::bigint AS score
          FROM (SELECT * FROM search_descriptor r WHERE {{where}} ORDER BY r.key DESC, r.id LIMIT {WALK_MOST}) r
         WHERE {{in_title}} ORDER BY r.key DESC, r.id LIMIT %(wanted)s
    ), elsewhere AS (
        {{elsewhere}}
    ), picked AS (SELECT * FROM titled UNION ALL SELECT * FROM elsewhere)
    {PAGE.format(enough="(SELECT count(*) FROM titled) = %(wanted)s", order="score DESC, id")}
"""
ELSEWHERE_ABOVE = f"""
        SELECT r.id, r.key + %(elsewhere)s::bigint AS score FROM search_descriptor r
         WHERE {{where}} AND r.key >= (SELECT min(score) - %(elsewhere)s::bigint FROM titled)
           AND {MATCHES} @@ %(all)s::tsquery AND NOT {MATCHES} @@ %(title)s::tsquery
         ORDER BY r.key DESC, r.id LIMIT %(wanted)s
"""
NONE_ELSEWHERE = "SELECT NULL::bigint AS id, NULL::bigint AS score WHERE false"
SIFT = f"""
    WITH hits AS MATERIALIZED ({{hits}}),
    picked AS (
        SELECT r.id, {{score}} AS score, {{sorted}} FROM hits h JOIN search_descriptor r ON r.id = h.id
         WHERE {{where}} ORDER BY {{order}} LIMIT %(wanted)s
    )
    {PAGE.format(enough="true", order="{order_out}")}
"""
EVERYTHING = f"SELECT id, {IN_TITLE} AS relevance FROM search_descriptor"
# What a match is worth, over a document `d`. Of most_words nothing has all of them: so each has all but one, and the
# same share of 5,000; of any_word, the share of the words that it has.
RELEVANCE = {
    "all_words": f"CASE WHEN d.tokens @@ {{title}}::tsquery THEN {IN_TITLE} ELSE {ELSEWHERE} END",
    "most_words": "{share}::bigint",
    "any_word": f"{ELSEWHERE} * (SELECT count(*) FROM unnest({{each}}::text[]) w WHERE d.tokens @@ w::tsquery) / {{words}}",
}
WORTH = {
    matched: sql.format(title="%(title)s", share="%(share)s", each="%(each)s", words="%(words)s")
    for matched, sql in RELEVANCE.items()
}
ALL_WORDS = f"SELECT d.id, {WORTH['all_words']} AS relevance FROM search_document d WHERE d.tokens @@ %(all)s::tsquery"
MARKED = f"SELECT d.id, {IN_TITLE} AS relevance FROM search_document d WHERE d.tokens @@ %(all)s::tsquery"
MOST_WORDS = f"SELECT d.id, {WORTH['most_words']} AS relevance FROM search_document d WHERE d.tokens @@ %(most_words)s::tsquery"
ANY_WORD = f"""SELECT d.id, {WORTH["any_word"]} AS relevance FROM search_document d
                WHERE d.tokens @@ %(any)s::tsquery {{marked}}"""
ALIKE = f"""SELECT d.id, floor({ELSEWHERE} * word_similarity(%(q)s, d.title))::bigint AS relevance
              FROM search_document d WHERE %(q)s <%% d.title {{marked}}"""
ALIKE_LEAST = "SELECT set_config('pg_trgm.word_similarity_threshold', '0.3', false)"  # nobody else uses it
MATCHED = ("everything", "all_words", "most_words", "any_word", "alike")


@dataclass(frozen=True)
class Found:
    """A page of results as JSON text, whether more follow, and how they match (one of MATCHED)."""

    results: bytes
    more: bool
    matched: str


def search(asked: Asked) -> tuple[Found, Now]:
    """The page that was asked for and the moment of it. Most often one statement: it is asked as if the market stood
    under the levers it was last seen under, and asked again when it does not."""
    guess, (matched, *others) = last_seen(), ways(asked)
    if guess and _plain(asked, guess, matched) and not _common(asked, guess, matched):
        soon = _sift_soon(asked, guess, matched)
        if soon:
            found, moment = soon
            return (found if _decides(asked, found) else _find(asked, moment, others)), moment
    moment = now()
    return find(asked, moment), moment


def find(asked: Asked, now: Now) -> Found:
    """The page of results that was asked for. When no listing has all the words: those that have all but one,
    else any, else those alike."""
    return _find(asked, now, ways(asked))


def _find(asked: Asked, now: Now, those: Sequence[str]) -> Found:
    for matched in those:
        found = _walk(asked, now, matched) if _common(asked, now, matched) else None
        if found is None and _plain(asked, now, matched) and (soon := _sift_soon(asked, now, matched)):
            found = soon[0]
        found = found or _sift(asked, now, matched)
        if _decides(asked, found):
            return found
    raise AssertionError("the last way always answers")


def _decides(asked: Asked, found: Found) -> bool:
    """Is there no need to look for what matches otherwise? An empty page decides when somebody matches, but for filters
    or on an earlier page."""
    if found.results != b"[]" or found.matched not in TESTS:
        return True
    return bool(asked.filters or asked.offset) and anybody(asked, found.matched)


def ways(asked: Asked) -> tuple[str, ...]:
    """How results may match, the first that anybody does decides (whatever the filters)."""
    if asked.words is None:
        return ("everything",)
    if len(asked.words) < 2:
        return ("all_words", "alike") if asked.words else ("alike",)
    return (
        ("all_words", "most_words", "any_word", "alike")
        if len(asked.words) > 2
        else ("all_words", "most_words", "alike")
    )


TESTS: dict[str, Callable[[Sequence[str]], str]] = {
    "all_words": all_of,
    "most_words": most_of,
    "any_word": any_of,
}


def anybody(asked: Asked, matched: str) -> bool:
    """Does any listing match that way, filters aside?"""
    if matched not in TESTS:
        return True
    query = TESTS[matched](asked.words or ())
    return bool(
        rows("SELECT EXISTS (SELECT FROM search_document WHERE tokens @@ %s::tsquery)", [query])[0][0]
    )


def _common(asked: Asked, now: Now, matched: str) -> bool:
    """Is a walk the shorter way? It reads about results / share of listings; a sift, every match."""
    if not now.keyed or asked.sort != "default" or matched in ("any_word", "alike"):
        return False
    there, words = commonness(now.uid), asked.words or ()
    wanted, luck = asked.offset + asked.limit + 1, 1.0 if asked.where() == "TRUE" else LUCK
    if matched == "most_words":
        expected = sum(there.expected([*words[:n], *words[n + 1 :], *asked.marks]) for n in range(len(words)))
    else:
        expected = there.expected([*titled(words), *asked.marks])
    reads = wanted * there.listings
    return expected * luck > sqrt(reads * luck) and reads < expected * luck * WALK_MOST


def _plain(asked: Asked, now: Now, matched: str) -> bool:
    """Is it what `public.jishi_sift` does: words or marks, keys that stand, the default order?"""
    words = matched in ("all_words", "most_words") or (matched == "everything" and bool(asked.marks))
    return words and now.keyed and asked.sort == "default"


SIFT_SOON = "SELECT * FROM public.jishi_sift(%s, %s, %s)"


def _sift_soon(asked: Asked, now: Now, matched: str) -> tuple[Found, Now] | None:
    """The page by the stored function, and the moment it found; None when that is no longer what `now` says."""
    words, marks, told = asked.words or (), asked.marks, asked.params(now.at)
    weigh, base = now.formula.of["relevance"], now.formula.of["cycle"] * FULL
    if matched == "most_words":
        says, in_title, less = most_of(words, marks), None, share_of(words)
    else:
        says, less = all_of([*words, *marks]), ELSEWHERE
        in_title = all_of(titled(words)) or says
    numbers = [
        now.formula.falling,
        base + weigh * IN_TITLE,
        base + weigh * less,
        asked.limit,
        asked.offset,
        sum(1 << n for n, (name, _) in enumerate(BITS) if name in told),
        sum(1 << n for n, (name, _) in enumerate(BITS) if told.get(name)),
        *(told.get(name, bound) for name, _, bound in BOUNDS),
    ]
    array = ",".join(map(str, numbers))
    [(at, uid, version, digest, part, results, more)] = rows(SIFT_SOON, [says, in_title, f"{{{array}}}"])
    there = moment_of(at, uid, version, digest, part)
    if not there.keyed or there.formula is not now.formula:
        return None
    return Found(bytes(results or b"[]"), bool(more), matched), there


def _paging(asked: Asked) -> dict[str, Any]:
    last = asked.offset + asked.limit
    return {
        "limit": asked.limit,
        "offset": asked.offset,
        "last": last,
        "most": asked.limit + 1,
        "wanted": last + 1,
    }


def _walk(asked: Asked, now: Now, matched: str) -> Found | None:
    words, marks = asked.words or (), asked.marks
    lifted, weight = lift(now.formula, now.at), now.formula.of["relevance"]
    wide = bool(words) and matched == "all_words"  # then some match in their title and some elsewhere
    if matched == "most_words":
        first, relevance = most_of(words, marks), share_of(words)
    else:
        first, relevance = all_of([*titled(words), *marks]), IN_TITLE
    sql = WALK.format(
        where=asked.where(),
        in_title=f"{MATCHES} @@ %(title)s::tsquery" if first else "TRUE",
        elsewhere=ELSEWHERE_ABOVE.format(where=asked.where()) if wide else NONE_ELSEWHERE,
    )
    params = asked.params(now.at) | _paging(asked) | {"title": first, "all": all_of([*words, *marks])}
    params |= {"titled": lifted + weight * relevance, "elsewhere": lifted + weight * ELSEWHERE}
    [(results, more, enough)] = rows(sql, params)
    return Found(bytes(results), more, matched) if enough else None


def share_of(words: Sequence[str]) -> int:
    """What all words but one are worth."""
    return ELSEWHERE * (len(words) - 1) // len(words)


def score_sql(now: Now, relevance: str = "h.relevance") -> str:
    """SQL of the score of descriptor `r`: its key lifted to this moment, or, when keys are stale, all of it anew."""
    weigh = f"{now.formula.of['relevance']}::bigint * {relevance} + {lift(now.formula, now.at)}::bigint"
    if now.keyed:
        return f"r.key + {weigh}"
    end = end_part_sql("r.listed_at") % {"part": part_of(now.at), "cycle": now.formula.cycle_parts}
    return f"{key_sql(now.formula, end)} + {weigh}"


def hits_sql(asked: Asked, matched: str) -> tuple[str, dict[str, Any]]:
    """SQL of (id, relevance) of all that match that way, and its parameters."""
    words, marks = asked.words or (), asked.marks
    marked = "AND d.tokens @@ %(marks)s::tsquery" if marks else ""
    told: dict[str, Any] = {"marks": all_of(marks)}
    if matched == "most_words":
        return MOST_WORDS, {"most_words": most_of(words, marks), "share": share_of(words)}
    if matched == "any_word":
        told |= {"any": any_of(words), "each": [all_of([word]) for word in words], "words": len(words)}
        return ANY_WORD.format(marked=marked), told
    if matched == "alike":
        rows(ALIKE_LEAST)
        return ALIKE.format(marked=marked), told | {"q": asked.q}
    told |= {"title": all_of([*titled(words), *marks]), "all": all_of([*words, *marks])}
    return (ALL_WORDS if words else MARKED if marks else EVERYTHING), told


def _sift(asked: Asked, now: Now, matched: str) -> Found:
    hits, told = hits_sql(asked, matched)
    columns = (
        [part.split()[0] for part in SORTS[asked.sort][0].split(", ")] if asked.sort != "default" else []
    )
    named = ", ".join(f"{column} AS by_{n}" for n, column in enumerate(columns)) or "0 AS by_0"
    order = f"{SORTS[asked.sort][0]}, r.id" if columns else "score DESC, r.id"
    order_out = ", ".join(
        [
            f"by_{n}{' DESC' if part.endswith('DESC') else ''}"
            for n, part in enumerate(SORTS[asked.sort][0].split(", "))
        ]
        + ["id"]
        if columns
        else ["score DESC, id"]
    )
    sql = SIFT.format(
        hits=hits, score=score_sql(now), sorted=named, where=asked.where(), order=order, order_out=order_out
    )
    [(results, more, _)] = rows(sql, asked.params(now.at) | _paging(asked) | told)
    return Found(bytes(results), more, matched)

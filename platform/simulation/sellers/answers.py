"""What sellers say of buyers, and of what buyers said of them.

A seller looks at an open window three times and answers at one of them, as a rule kindly. Who has a mind to retaliate
waits. If by then the buyer's bad verdict is public while their own answer is still open, they give one back. Under sealed
feedback that never happens: a verdict is shown only when both have answered, or the window has closed (Li 5.2; Bolton,
Greiner & Ockenfels 2013 found the same on eBay). Nothing here asks which regime it is: the tables say what is public.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np

from common import random, words
from common.batch import rows
from ratings.actions.amends import Remarked
from ratings.actions.answers import Leave
from regime import queries as regime
from simulation.intents import Wish
from simulation.keys import of_order
from simulation.scene import Scene
from simulation.sellers import nature
from simulation.sellers.nature import Bools, Ints
from simulation.sellers.reading import Spec, array, columns

LOOKS_BPS = (700, 3_500, 9_300)  # of the window: when a seller looks at it (a day, five, fourteen of fifteen)
LOOK_SHARES = (0.6, 0.25, 0.15)  # at which of them they answer (assumption)
UNSEEN = 2  # in the place of a verdict: not public
SILENT = 3  # in the place of an answer: not now
BUYERS_GOOD, BUYERS_NEUTRAL = 0.985, 0.01  # of honest verdicts on buyers; the rest are bad (assumption)
READS_BACK = 40  # of the latest feedbacks about a shop are looked through for what wants an explanation

# fmt: off
RETALIATES = (
    "恶意差评的买家，大家小心。", "沟通都不沟通就给差评，这种买家不欢迎。", "同行吧？东西好好的给差评。",
    "不讲道理，以后请别来了。",
)
# fmt: on
WINDOWS: Spec = (
    ("line", "s.line_id"),
    ("key", of_order("s.order_id")),
    ("rater", "s.rater_id"),
    ("look", "w.look"),
    ("seen", f"CASE WHEN b.revealed_at IS NULL OR b.verdict IS NULL THEN {UNSEEN} ELSE b.verdict END"),
)
# Windows of one length close in the order they opened: those looked at now close in three narrow spans.
OPEN = """
    FROM unnest(%s::timestamptz[], %s::timestamptz[]) WITH ORDINALITY AS w(after, until, look)
    JOIN ratings_feedback s ON s.status = 'open' AND s.closes_at > w.after AND s.closes_at <= w.until AND s.side = 'seller'
    LEFT JOIN ratings_feedback b ON b.line_id = s.line_id AND b.side = 'buyer'
"""


def turn(scene: Scene) -> Iterator[Wish]:
    """Answers about buyers that fall into this tick."""
    window = timedelta(days=regime.at(scene.at).feedback.window_days)
    ahead = [window - window * bps // 10_000 for bps in LOOKS_BPS]
    there = columns(
        WINDOWS, OPEN, [[scene.start + a for a in ahead], [scene.at + a for a in ahead]], order="s.id"
    )
    number = nature.number_of(scene, there["rater"])
    mine = (number >= 0) & scene.seller_bot[number]
    if not mine.any():
        return
    there, number = {name: column[mine] for name, column in there.items()}, number[mine]
    kind, key = nature.nature(scene), there["key"]
    answers = random.chances(
        scene.seed, "seller.judges", key, probability=scene.scenario.behaviour.seller_feedback_share
    )
    chosen = 1 + random.choices(scene.seed, "seller.looks", key, weights=LOOK_SHARES)
    drawn = random.uniforms(scene.seed, "seller.verdict", key)
    honest = np.where(drawn < BUYERS_GOOD, 1, np.where(drawn < BUYERS_GOOD + BUYERS_NEUTRAL, 0, -1))
    said = verdict(
        there["seen"],
        (answers & (there["look"] == chosen)),
        there["look"] == len(LOOKS_BPS),
        kind.retaliates[number],
        kind.reciprocates[number],
        honest,
    )
    for n in np.flatnonzero(said != SILENT).tolist():
        given, of = int(said[n]), int(there["line"][n])
        stars = (5,) * 5 if given == 1 else (3,) * 5 if given == 0 else (1,) * 5
        comment = RETALIATES[int(key[n]) % len(RETALIATES)] if given == -1 and there["seen"][n] == -1 else ""
        yield Wish(int(number[n]), "judge", Leave(of, int(there["rater"][n]), given, stars, comment))


def verdict(
    seen: Ints, turn: Bools, last: Bools, retaliates: Bools, reciprocates: Bools, honest: Ints
) -> Ints:
    """What each seller answers now: 1, 0, -1 or SILENT.

    `seen`: the buyer's verdict if it is public, else UNSEEN; `turn`: it is their time to answer; `last`: it is their
    last look. Who retaliates answers at the last look, or on seeing.
    """
    said = np.where(np.where(retaliates, last, turn), honest, SILENT)
    said = np.where(reciprocates & (seen == 1), 1, said)
    return np.where(retaliates & (seen == -1), -1, said)


BAD = f"""
    SELECT m.id, f.id, {of_order("f.order_id")} FROM unnest(%s::bigint[]) AS m(id)
     CROSS JOIN LATERAL (SELECT id, order_id, verdict, revealed_at FROM ratings_feedback
                          WHERE subject_id = m.id AND side = 'buyer' ORDER BY id DESC LIMIT %s) f
     WHERE f.verdict = -1 AND f.revealed_at > %s
       AND NOT EXISTS (SELECT FROM ratings_remark r WHERE r.feedback_id = f.id AND r.kind = 'explanation')
     ORDER BY m.id, f.id
"""


def explain(scene: Scene, mine: Ints) -> Iterator[Wish]:
    """Words of `mine` under the bad verdicts they find about themselves, of the last week: a share of them, once each."""
    if not len(mine):
        return
    members = scene.seller_member[mine]
    bad = rows(BAD, [array(members), READS_BACK, scene.at - timedelta(days=7)])
    if not bad:
        return
    keys = np.array([row[2] for row in bad], dtype=np.int64)
    share = scene.scenario.behaviour.explain_share
    wanted = random.chances(scene.seed, "seller.explains", keys, probability=share).tolist()
    texts = words.explanations(scene.seed, keys)
    number = dict(zip(members.tolist(), mine.tolist(), strict=True))
    for (member, feedback, _), says, text in zip(bad, wanted, texts, strict=True):
        if says:
            yield Wish(number[member], "explain", Remarked(feedback, member, text))


__all__ = ["explain", "turn", "verdict"]

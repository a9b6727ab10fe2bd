"""A member's grade, good rate and indices as the last daily run left them, and the trades that made them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from common.batch import dicts, one, rows
from common.moments import show
from ratings.recompute.credit import window
from ratings.recompute.daily import folded
from ratings.rules import CODE, SELLER, VERDICT_WORDS, WORDS, Grade, grade, level, to_next
from regime import queries as regime

INDICES = ("description", "service", "delivery")


@dataclass(frozen=True)
class Standing:
    """Where a member stands in one role. `good_rate_bps` is null without a verdict in its window.

    `through` is the last day that is added up; `dsr` (sellers) holds each index in hundredths of a star
    with its
    section's average and the difference in basis points, as published `on` that day; null when nothing is.
    """

    member: int
    role: str
    through: date | None
    points: int
    grade: Grade | None
    level: int
    to_next: int | None
    good: int
    neutral: int
    bad: int
    uncounted: int
    good_rate_bps: int | None
    recent_count: int
    dsr: dict[str, Any] | None

    def plain(self) -> dict[str, Any]:
        return {**asdict(self), "through": self.through and self.through.isoformat()}


CREDIT = """
    SELECT m.id AS member, r.role, c.points, c.good, c.neutral, c.bad, c.uncounted, c.recent_good,
    c.recent_all,
           i.section_id, i.on, i.answers, i.description, i.service, i.delivery,
           a.description AS description_average, a.service AS service_average, a.delivery AS delivery_average
      FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS m(id, n)
     CROSS JOIN unnest(%(roles)s::text[]) WITH ORDINALITY AS r(role, k)
      LEFT JOIN ratings_credit c ON c.id = m.id * 2 + (r.role = 'buyer')::int
      LEFT JOIN ratings_index i ON i.id = m.id AND r.role = 'seller' AND i.answers > 0
      LEFT JOIN ratings_sectionaverage a ON a.section_id = i.section_id
           AND a.on = (SELECT max(l.on) FROM ratings_sectionaverage l WHERE l.section_id = i.section_id)
     ORDER BY m.n, r.k
"""


def standings(members: Sequence[int], roles: Sequence[str] = (SELLER,)) -> list[Standing]:
    """Where each of these members stands in each of these roles, in order."""
    through, _ = folded()
    ladder = regime.at(_now()).credit.ladder_points
    return [
        _standing(row, through, ladder) for row in dicts(CREDIT, {"ids": list(members), "roles": list(roles)})
    ]


def standing(member: int, role: str = SELLER) -> Standing:
    """Where one member stands in one role; nobody rated is at 0 points."""
    return standings([member], [role])[0]


def _now() -> Any:
    return one("SELECT now_at FROM worlds_clock")


def _standing(row: dict[str, Any], through: date | None, ladder: Sequence[int]) -> Standing:
    points, recent = row["points"] or 0, row["recent_all"] or 0
    return Standing(
        member=row["member"],
        role=row["role"],
        through=through,
        points=points,
        grade=grade(points, ladder),
        level=level(points, ladder),
        to_next=to_next(points, ladder),
        good=row["good"] or 0,
        neutral=row["neutral"] or 0,
        bad=row["bad"] or 0,
        uncounted=row["uncounted"] or 0,
        good_rate_bps=(2 * row["recent_good"] * 10_000 + recent) // (2 * recent) if recent else None,
        recent_count=recent,
        dsr=_dsr(row) if row["answers"] else None,
    )


def _dsr(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "on": row["on"].isoformat(),
        "answers": row["answers"],
        "section": row["section_id"],
        **{name: against(row[name], row[f"{name}_average"]) for name in INDICES},
    }


def against(hundredths: int, average: int | None) -> dict[str, int | None]:
    """An index beside its section's average; `above_bps` is how far above it (below: negative),
    rounded half up."""
    above = (2 * (hundredths - average) * 10_000 + average) // (2 * average) if average else None
    return {"hundredths": hundredths, "average_hundredths": average, "above_bps": above}


def averages() -> list[dict[str, Any]]:
    """The newest average of every section that has a published shop."""
    return dicts(
        """SELECT DISTINCT ON (section_id) section_id AS section, "on"::text AS on, shops, description,
        service, delivery
             FROM ratings_sectionaverage ORDER BY section_id, "on" DESC"""
    )


def history(member: int, *, role: str = SELLER) -> dict[str, Any]:
    """Charts: points at the end of each day that moved them, and (sellers) every index published."""
    points = dicts(
        """SELECT "on"::text AS on, sum(sum(points)) OVER (ORDER BY "on")::bigint AS points
        FROM ratings_weight
            WHERE subject_id = %s AND as_seller = %s AND "on" <= (SELECT through FROM ratings_fold)
            GROUP BY "on" HAVING sum(points) <> 0 ORDER BY "on" """,
        [member, role == SELLER],
    )
    published = dicts(
        """SELECT "on"::text AS on, answers, description, service, delivery
             FROM ratings_publication WHERE member_id = %s ORDER BY "on" """,
        [member],
    )
    return {"points": points, "dsr": published if role == SELLER else []}


@dataclass(frozen=True)
class Explanation:
    """Why a member stands where they stand: sums by reason, and the trades behind them, the newest first.

    Every trade says what it counts, and from which day's run (`counts_from`); sealed feedback is not among
    them.
    """

    standing: Standing
    by_reason: list[dict[str, Any]]
    trades: list[dict[str, Any]]

    def plain(self) -> dict[str, Any]:
        return {"standing": self.standing.plain(), "by_reason": self.by_reason, "trades": self.trades}


BY_REASON = """
    SELECT reason, count(*) AS count, sum(points) AS points,
           count(*) FILTER (WHERE "on" > %(after)s AND reason = 0) AS in_good_rate
      FROM ratings_weight WHERE subject_id = %(member)s AND as_seller = %(seller)s AND "on" <= %(through)s
     GROUP BY reason ORDER BY reason
"""
TRADES = """
    SELECT w.feedback_id AS id, f.order_id AS order, f.line_id AS line, f.listing_id AS listing, l.title,
           f.rater_id AS rater, f.traded_at, f.revealed_at, w.on, w.verdict, w.points, w.reason, w.silent
      FROM ratings_weight w JOIN ratings_feedback f ON f.id = w.feedback_id
      JOIN shops_orderline l ON l.id = f.line_id
     WHERE w.subject_id = %(member)s AND w.as_seller = %(seller)s AND w.feedback_id < %(before)s
     ORDER BY w.feedback_id DESC LIMIT %(limit)s
"""


def explain(member: int, role: str = SELLER, *, before: int = 2**62, limit: int = 50) -> Explanation:
    """Which trades made this grade, which did not count and why, how far it is to the next level.

    `before`: only feedback with a smaller id (paging); at most `limit` trades. For the member's own eyes.
    """
    found = standing(member, role)
    given = {
        "member": member,
        "seller": role == SELLER,
        "before": before,
        "limit": limit,
        "through": found.through,
    }
    after = window(found.through, regime.at(_now())).rate_after if found.through else None
    sums = dicts(BY_REASON, {**given, "after": after}) if found.through else []
    return Explanation(
        found,
        [
            {"reason": CODE[r["reason"]], "words": WORDS[CODE[r["reason"]]], **_less(r, "reason")}
            for r in sums
        ],
        [_trade(row) for row in dicts(TRADES, given)],
    )


def _less(row: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: int(value) for name, value in row.items() if name != key}


def _trade(row: dict[str, Any]) -> dict[str, Any]:
    code = CODE[row["reason"]]
    return {
        **row,
        "traded_at": show(row["traded_at"]),
        "revealed_at": show(row["revealed_at"]),
        "counts_from": row.pop("on").isoformat(),
        "verdict": VERDICT_WORDS.get(row["verdict"]),
        "reason": code,
        "why": WORDS[code],
    }


def sections_of(members: Sequence[int]) -> dict[int, int]:
    """Members who own a shop -> its section."""
    return dict(rows("SELECT owner_id, section_id FROM shops_shop WHERE owner_id = ANY(%s)", [list(members)]))

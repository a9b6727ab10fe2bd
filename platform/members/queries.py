"""Who is in the market, and how much of them is shown to whom."""

from __future__ import annotations

from typing import Any

from common.batch import dicts
from common.moments import show
from members.rules import ANONYMOUS, shown_name, shown_region

__all__ = ["everybody", "member", "own", "public", "shown_name", "shown_name_sql", "shown_region"]

COLUMNS = "id, nick, name, region, openness, status, joined_at, id_verified_at, bank_verified_at"


def shown_name_sql(nick: str, openness: str) -> str:
    """`shown_name` as an SQL expression over two columns, for pages that are made in SQL."""
    return (
        f"CASE {openness} WHEN 'open' THEN {nick}"
        f" WHEN 'masked' THEN left({nick}, 1) || '**' || right({nick}, 1)"
        f" ELSE '{ANONYMOUS}' END"
    )


def member(member_id: int) -> dict[str, Any] | None:
    """One member's columns, or None."""
    found = dicts(f"SELECT {COLUMNS} FROM members_member WHERE id = %s", [member_id])
    return found[0] if found else None


def everybody(*, after: int = 0, limit: int = 50, nick: str | None = None) -> list[dict[str, Any]]:
    """Members' columns in order after id `after`; of that nick only, if one is given."""
    return dicts(
        f"""SELECT {COLUMNS} FROM members_member
             WHERE id > %s AND (%s::text IS NULL OR nick = %s) ORDER BY id LIMIT %s""",
        [after, nick, nick, limit],
    )


def public(row: dict[str, Any]) -> dict[str, Any]:
    """What everybody may know of a member, as openly as the member chose."""
    return {
        "id": row["id"],
        "shown_name": shown_name(row["nick"], row["openness"]),
        "shown_region": shown_region(row["region"], row["openness"]),
        "openness": row["openness"],
        "status": row["status"],
        "joined_at": show(row["joined_at"]),
        "id_verified": row["id_verified_at"] is not None,
        "bank_verified": row["bank_verified_at"] is not None,
    }


def own(row: dict[str, Any]) -> dict[str, Any]:
    """What a member (or an admin or read key) may know besides."""
    return {
        **public(row),
        "nick": row["nick"],
        "name": row["name"],
        "region": row["region"],
        "id_verified_at": show(row["id_verified_at"]),
        "bank_verified_at": show(row["bank_verified_at"]),
    }

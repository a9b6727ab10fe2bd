"""What a member may be called, how open they are, what can be verified."""

from __future__ import annotations

import unicodedata

from common import regions
from common.errors import Conflict, Invalid, Refusal, register_constraints

# fmt: off
OPENNESS = (
    # a buyer chooses how much the pages that show them to others tell
    "open",    # the nick and the place
    "masked",  # the first and last character of the nick, and the province
    "hidden",  # nothing
)
VERIFIABLE = {
    # what   -> the column that says since when
    "id":   "id_verified_at",
    "bank": "bank_verified_at",
}
# fmt: on
STATUSES = ("open", "sealed")
ANONYMOUS = "匿名"
MAX_NICK = 30
MAX_NAME = 60


def shown_name(nick: str, openness: str) -> str:
    """How a buyer who chose `openness` is named to others: 小花, 小**花 or 匿名."""
    if openness == "open":
        return nick
    return f"{nick[0]}**{nick[-1]}" if openness == "masked" else ANONYMOUS


def shown_region(region: int, openness: str) -> int | None:
    """The code of the place shown to others: theirs, their province's, or none."""
    if openness == "open":
        return region
    return regions.province(region) if openness == "masked" else None


def fault_of(nick: str, name: str, region: int, openness: str) -> Refusal | None:
    """What is wrong with a registration, or None."""
    if not 1 <= len(nick) <= MAX_NICK or nick != nick.strip() or not readable(nick):
        return Invalid(
            f"a nick has 1 to {MAX_NICK} visible characters",
            field="nick",
            rule="nick_is_visible_text",
            way_out="Leave out line breaks, control characters and spaces at the ends.",
        )
    if len(name) > MAX_NAME or not readable(name):
        return Invalid(
            f"a name has at most {MAX_NAME} visible characters", field="name", rule="name_is_visible_text"
        )
    if not regions.valid(region):
        return Invalid(
            f"there is no region {region}",
            field="region",
            rule="region_is_known",
            way_out="Send a six-digit code of GB/T 2260, such as 320324.",
        )
    if openness not in OPENNESS:
        return Invalid(
            f"openness is one of {', '.join(OPENNESS)}", field="openness", rule="openness_is_known"
        )
    return None


def readable(text: str) -> bool:
    """No control characters, surrogates or invisible formatting (which would let two nicks look alike)."""
    return text.isprintable() or not any(unicodedata.category(c) in UNREADABLE for c in text)


UNREADABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}

register_constraints(
    {
        "nick_is_taken": (Conflict, "that nick is taken", "nick", "Choose another nick."),
        "nick_is_not_empty": (Invalid, "a nick has at least one character", "nick", "Choose a nick."),
        "openness_is_known": (Invalid, f"openness is one of {', '.join(OPENNESS)}", "openness", None),
        "region_has_six_or_nine_digits": (
            Invalid,
            "there is no such region",
            "region",
            "Send a six-digit code.",
        ),
    }
)

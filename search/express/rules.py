"""Keyword ads as tables: states, how words match, what a creative may say, and who may know what.

A bid, a budget and a quality score are their owner's secret: no event carries one, and no door tells another's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import rjieba

from common import regions
from common.errors import Conflict, Invalid, Refusal, register_constraints
from common.transitions import Step, statuses, steps_by_action
from regime.levers.attention import Auction as Levers
from search.verdicts import Verdict
from search.words import document_words, plain, query_words

# fmt: off
CAMPAIGN_STEPS = (
    #    action    from              to         by        then
    Step("start",  "paused",         "on",      "seller", "its ads take part in auctions again"),
    Step("pause",  "on",             "paused",  "seller", "no more auctions; clicks on what was shown end too"),
    Step("end",    ("on", "paused"), "ended",   "seller", "for good"),
)
GROUP_STEPS = (
    Step("start",  "paused",         "on",      "seller", "its keywords bid again"),
    Step("pause",  "on",             "paused",  "seller", "its keywords bid no more"),
    Step("remove", ("on", "paused"), "removed", "seller", "for good, with its keywords and creatives"),
)
KEYWORD_STEPS = (
    Step("start",  "paused",         "on",      "seller", "it bids again"),
    Step("pause",  "on",             "paused",  "seller", "it bids no more"),
    Step("remove", ("on", "paused"), "removed", "seller", "for good; the word may be added anew"),
)
CREATIVE_STEPS = (
    Step("approve", ("refused", "approved"), "approved", "platform", "it may be shown"),
    Step("refuse",  ("refused", "approved"), "refused",  "platform", "it is not shown, and says why"),
    Step("remove",  ("refused", "approved"), "removed",  "seller",   "for good"),
)

# How a word matches a query: SQL over the words {bought} and those {asked} (both distinct and sorted).
@dataclass(frozen=True)
class Match:
    """`closeness`: among words of one listing that match equally dear, the closer one bids. `whole`: a query that matches
    says all of the bought words, so the longest of them too (`Keyword.lead`), which few others say."""

    name: str
    closeness: int
    whole: bool
    sql: str
    words: str


MATCHES = (
    Match("exact",  3, True,  "{bought} = {asked}",  "the query says these words and no others, in any order"),
    Match("centre", 2, True,  "{bought} <@ {asked}", "the query says all these words, and may say more"),
    Match("broad",  1, False, "{bought} && {asked}", "the query says at least one of these words"),
)


# What a click is: the first that holds, top to bottom.
VERDICTS = (
    Verdict("expired",     "direct",     "the page of results is older than an hour"),
    Verdict("stranger",    "direct",     "somebody else's page of results: its visitor is another"),
    Verdict("own_click",   "direct",     "the seller's own (unless auction.own_clicks_billed)"),
    Verdict("repeat",      "repeat",     "this visitor or address had a valid click on this ad within auction.repeat_click_hours"),
    Verdict("ended",       "direct",     "campaign, ad group, keyword or creative stands still, or the listing is off sale"),
    Verdict("over_budget", "direct",     "what is left of the day's budget does not cover the price"),
    Verdict("unpaid",      "direct",     "what is left in the account does not cover the price"),
    Verdict("valid",       "keyword_ad", "billed"),
)
VERDICT = {verdict.name: verdict for verdict in VERDICTS}

# A click on a place is as likely as these say, best first: wanted by `vcg` and by explanations. In the shape of
# Varian 2007 (each place three quarters of the one above), scaled to 1,000; what is beyond the table is worth its last.
SLOT_CLICKS = (1000, 750, 563, 422, 316, 237, 178, 133, 100, 75, 56, 42, 32, 24, 18, 13)

# What a day's figures are about, and the column of a click that says of which.
DIMENSIONS = {
    "account":  (1, "seller_id"),
    "campaign": (2, "campaign_id"),
    "group":    (3, "group_id"),
    "keyword":  (4, "keyword_id"),
    "creative": (5, "creative_id"),
}

# Quality: what each part is made of, 0 to 10,000; weighed by the regime's auction.quality_*_bps. Never the bid.
QUALITY = (
    ("relevance",  "quality_relevance_bps",
     "the share of its words in listing title or creatives (6,000), and in tags, properties or category path too (4,000)"),
    ("ctr",        "quality_ctr_bps",
     "clicks / impressions of the last 30 closed days, as if it had had 2 in 100 before; 4 in 100 is 10,000"),
    ("experience", "quality_experience_bps",
     "the shop: half its credit level (500 each), half its indices (3 stars 0, 5 stars 10,000; unjudged 5,000)"),
    ("account",    "quality_account_bps",
     "the account: clicks / impressions of all its words likewise, as if it had had 20 in 1,000 before"),
)
# fmt: on
PRIOR = {
    "keyword": (2, 100),
    "account": (20, 1_000),
}  # clicks, impressions nobody has seen: Bayes by a beta prior
FULL_CTR_BPS = 400
HISTORY_DAYS = 30
CLICK_WITHIN_MINUTES = 60
ATTRIBUTION_DAYS = (
    1  # an order counts for the last click its buyer made in that shop so long before it was placed
)


def slot_clicks(slots: int) -> list[int]:
    """What `slots` places are expected to bring."""
    return [SLOT_CLICKS[min(n, len(SLOT_CLICKS) - 1)] for n in range(slots)]


def shown_quality(quality: int, levers: Levers) -> int:
    """1 to 10, as sellers see it: equal tenths of the hidden number."""
    least, most = levers.quality_shown_least, levers.quality_shown_most
    return least + max(quality - 1, 0) * (most - least + 1) // 10_000


CAMPAIGN_STEP, GROUP_STEP = steps_by_action(CAMPAIGN_STEPS), steps_by_action(GROUP_STEPS)
KEYWORD_STEP, CREATIVE_STEP = steps_by_action(KEYWORD_STEPS), steps_by_action(CREATIVE_STEPS)
CAMPAIGN_STATUSES, GROUP_STATUSES = statuses(CAMPAIGN_STEPS), statuses(GROUP_STEPS)
KEYWORD_STATUSES, CREATIVE_STATUSES = statuses(KEYWORD_STEPS), statuses(CREATIVE_STEPS)
MATCH = {match.name: match for match in MATCHES}

NAME_MOST, WORD_MOST = 40, 40  # characters
KEYWORDS_MOST, CREATIVES_MOST = 200, 10  # that stand in one ad group
REGIONS_MOST = 100
CREATIVE_BYTES = 40  # Chinese characters count twice
BID_MOST_FEN, BUDGET_MOST_FEN = 100_000_000, 100_000_000_000  # what the columns bear; the levers bind sooner
WEEK_MINUTES = 7 * 1_440
ALWAYS_BPS = 10_000


# -- what a creative may say --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Taboo:
    """A rule of the audit of creatives: `broken(title)` gives what is wrong with it, or nothing."""

    name: str
    words: str
    broken: Callable[[str], str]


# Superlatives nobody can prove, copies, and trades in credit; ours, after the advertising law and the market's rules.
FORBIDDEN = (
    "最低价", "全网第一", "全国第一", "国家级", "顶级", "假一赔万", "绝对", "高仿", "超a货", "精仿", "山寨", "刷钻", "刷信誉", "replica",
    "best in the world",
)  # fmt: skip


def _bytes(title: str) -> int:
    return sum(1 if char.isascii() else 2 for char in title)


def fitting(title: str) -> str:
    """The beginning of a title that a creative has room for."""
    return next((title[:n] for n in range(len(title), 0, -1) if _bytes(title[:n]) <= CREATIVE_BYTES), "")


def _stuffed(title: str) -> str:
    said = Counter(word for word in rjieba.cut(plain(title)) if word.isalnum() and len(word) > 1)
    return next((word for word, count in said.items() if count >= 3), "")


# fmt: off
TABOOS = (
    Taboo("wordless",  "a creative says at least one word",
          lambda title: "" if query_words(title) else "no word"),
    Taboo("too_long",  f"a creative has at most {CREATIVE_BYTES // 2} Chinese characters, or {CREATIVE_BYTES} Latin ones",
          lambda title: f"{_bytes(title)} of {CREATIVE_BYTES}" if _bytes(title) > CREATIVE_BYTES else ""),
    Taboo("stuffed",   "a creative says no word three times", _stuffed),
    Taboo("forbidden", "a creative promises nothing that nobody can prove, and offers no copies",
          lambda title: next((word for word in FORBIDDEN if word in plain(title)), "")),
)
# fmt: on
TABOO = {taboo.name: taboo for taboo in TABOOS}


def audited(title: str) -> dict[str, Any]:
    """The status of a creative of that title, each rule it breaks (`["forbidden: 最低价"]`), and its words."""
    faults = [f"{taboo.name}: {said}" for taboo in TABOOS if (said := taboo.broken(title))]
    words = sorted(set(document_words(title)))
    return {"status": "refused" if faults else "approved", "faults": faults, "words": words}


# -- what a seller may ask ------------------------------------------------------------------------------------


def normal(word: str) -> list[str]:
    """A bought word as it is matched: the words that search makes of it, each once, sorted."""
    return sorted(query_words(word))


def lead(words: Sequence[str]) -> str:
    """The word of a bought word by which queries are asked whether they have it: the longest, the first of these."""
    return max(words, key=len)


def bid_fault(bid_fen: int, levers: Levers, field: str = "bid_fen") -> Refusal | None:
    """A bid lies between the levers' bounds, in their steps."""
    least, most, step = levers.bid_least_fen, levers.bid_most_fen, levers.bid_step_fen
    if least <= bid_fen <= most and bid_fen % step == 0:
        return None
    return Invalid(
        f"a bid is {least} to {most} fen, in steps of {step}", field=field, rule="bid_is_within_bounds",
        way_out="Bid otherwise, or change auction.bid_* of the regime.",
        extra={"least_fen": least, "most_fen": most, "step_fen": step},
    )  # fmt: skip


def budget_fault(budget_fen: int, levers: Levers) -> Refusal | None:
    least = levers.day_budget_least_fen
    if least <= budget_fen <= BUDGET_MOST_FEN:
        return None
    return Invalid(
        f"a day's budget is {least} fen or more", field="budget_fen", rule="budget_is_enough_for_a_day",
        way_out="Give it more.", extra={"least_fen": least},
    )  # fmt: skip


def slots_of_week(levers: Levers) -> int:
    """How many time slots a week has: 336 half hours."""
    return WEEK_MINUTES // levers.time_slot_minutes


def rates_fault(rates: Sequence[int], levers: Levers) -> Refusal | None:
    """Nothing (the full bid at all times), or a rate for each slot of the week from Monday 00:00; 0: not shown then."""
    slots, least, most = slots_of_week(levers), levers.time_rate_least_bps, levers.time_rate_most_bps
    if not rates:
        return None
    if len(rates) != slots:
        words = f"a week has {slots} time slots of {levers.time_slot_minutes} minutes, and this gives {len(rates)}"
    elif odd := next((rate for rate in rates if rate and not least <= rate <= most), None):
        words = f"the rate of a time slot is {least} to {most} bps, or 0 for no ads; {odd} is neither"
    else:
        return None
    return Invalid(
        words, field="time_rates_bps", rule="a_week_has_a_rate_for_each_slot",
        way_out=f"Send {slots} numbers, Monday 00:00 first, or none.",
    )  # fmt: skip


def regions_fault(codes: Sequence[int], levers: Levers) -> Refusal | None:
    """Provinces or cities, as the levers say; none for everywhere."""
    odd = next((code for code in codes if level_of(code) not in levers.region_levels), None)
    if odd is None and len(codes) <= REGIONS_MOST:
        return None
    words = (
        f"at most {REGIONS_MOST} regions"
        if odd is None
        else f"{odd} is no {' or '.join(levers.region_levels)}"
    )
    return Invalid(
        words, field="regions", rule="regions_are_of_known_levels",
        way_out="Send codes such as 320000 (a province) or 320300 (a city), or none for everywhere.",
    )  # fmt: skip


def level_of(code: int) -> str:
    """province, city, county, town; "" for what is no region."""
    return regions.region(code).level if regions.valid(code) and 110_000 <= code <= 829_999 else ""


def match_fault(match: str, levers: Levers) -> Refusal | None:
    if match in MATCH and match in levers.matches:
        return None
    return Invalid(
        f"a word matches {', '.join(levers.matches)}",
        field="match",
        rule="match_is_known",
        way_out="Choose one.",
    )


def text_fault(field: str, text: str, most: int) -> Refusal | None:
    """One line of printable text."""
    if text.strip() and text.isprintable() and len(text) <= most:
        return None
    return Invalid(
        f"{field} is one line of 1 to {most} printable characters", field=field, rule=f"{field}_is_printable",
        way_out="Write it shorter, without controls.",
    )  # fmt: skip


def word_fault(word: str) -> Refusal | None:
    """A bought word is short, says something, and nothing forbidden."""
    if fault := text_fault("word", word, WORD_MOST):
        return fault
    if not normal(word):
        return Invalid(
            "no search would ever say that",
            field="word",
            rule="a_keyword_has_a_word",
            way_out="Use letters or digits.",
        )
    if taboo := TABOO["forbidden"].broken(word):
        return Invalid(
            f"{taboo} is not sold",
            field="word",
            rule="a_forbidden_word_is_not_sold",
            way_out="Choose another.",
        )
    return None


def first(*faults: Refusal | None) -> Refusal | None:
    return next((fault for fault in faults if fault), None)


register_constraints(
    {
        "a_shops_campaigns_have_names_of_their_own": (
            Conflict, "this shop has a campaign of that name", "name", "Choose another name."),
        "a_campaign_shows_a_listing_once": (
            Conflict, "this campaign has an ad group for that listing", "listing", "Use the group that is there."),
        "a_group_buys_a_word_once": (
            Conflict, "this ad group has that word with that match", "word", "Change the one that is there."),
        "search_express_click_is_append_only": (
            Conflict, "a click is never changed or removed", None, "Post a return."),
    }
)  # fmt: skip

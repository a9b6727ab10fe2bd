"""In which order: by the formula, to the last place, equal to an oracle that works it out by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search import actions, recompute
from search.queries import explain_rank
from search.queries import find as finding
from search.queries.asked import Asked, now
from search.queries.explain import explained
from search.rules import TERMS, end_part, part_of
from shops.actions.listings import put_in_showcase
from tests.search.street import SOFA, Street, found, oracle, results, search

WORDS = ("衣柜", "沙发", "布艺", "实木", "wardrobes", "简易")
STEP = st.one_of(
    st.tuples(
        st.just("list"),
        st.integers(0, 2),
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=4),
        st.booleans(),
    ),
    st.tuples(st.just("edit"), st.integers(0, 9), st.lists(st.sampled_from(WORDS), min_size=1, max_size=4)),
    st.tuples(st.just("price"), st.integers(0, 9), st.sampled_from([1, 9_900, 20_000, 10**10])),
    st.tuples(st.just("delist"), st.integers(0, 9)),
    st.tuples(st.just("relist"), st.integers(0, 9)),
    st.tuples(st.just("seen"), st.integers(0, 9), st.integers(0, 5_000), st.integers(0, 40)),
    st.tuples(st.just("judged"), st.integers(0, 2), st.integers(0, 20), st.sampled_from([0, 300, 411, 500])),
    st.tuples(st.just("suspect"), st.integers(0, 9)),
    st.tuples(st.just("weigh"), st.sampled_from([t.lever for t in TERMS]), st.integers(0, 9_000)),
    st.tuples(st.just("hours"), st.integers(1, 200)),
)


class History:
    """A random life of a street of three shops."""

    def __init__(self, street: Street) -> None:
        self.street = street
        self.listings: list[int] = []
        self.down: set[int] = set()

    def live(self, steps: list[Any]) -> None:
        for name, *rest in steps:
            getattr(self, name)(*rest)

    def pick(self, n: int) -> int | None:
        return self.listings[n % len(self.listings)] if self.listings else None

    def list(self, shop: int, words: list[str], tagged: bool) -> None:
        title, tags = (words[0], sorted(set(words[1:]))) if tagged else (" ".join(words), [])
        self.listings += self.street.lists(
            title, shop=f"店{shop}", tags=tags, category_id=SOFA if "沙发" in words else 150102
        )

    def edit(self, n: int, words: list[str]) -> None:  # type: ignore[valid-type]
        if (listing := self.pick(n)) is not None:
            self.street.edit(listing, title=" ".join(words))

    def price(self, n: int, fen: int) -> None:
        if (listing := self.pick(n)) is not None:
            self.street.edit(listing, price_fen=fen)

    def delist(self, n: int) -> None:
        if (listing := self.pick(n)) is not None and listing not in self.down:
            self.street.delist(listing)
            self.down.add(listing)

    def relist(self, n: int) -> None:
        if (listing := self.pick(n)) in self.down:
            self.street.relist(listing)
            self.down.remove(listing)

    def seen(self, n: int, pv: int, sold: int) -> None:
        """Counted in the day that is still open, as the day's close would leave it."""
        if (listing := self.pick(n)) is not None:
            self.counted = getattr(self, "counted", [])
            self.counted.append((listing, pv, sold))

    def judged(self, shop: int, level: int, stars: int) -> None:
        self.judgements = getattr(self, "judgements", {})
        if f"店{shop}" in self.street.shops:
            self.judgements[f"店{shop}"] = (level, stars)

    def suspect(self, n: int) -> None:
        if (listing := self.pick(n)) is not None:
            self.street.do(actions.suspect, [listing], "a test")

    def weigh(self, lever: str, value: int) -> None:
        self.street.set_lever(**{f"ranking__{lever}": value})

    def hours(self, hours: int) -> None:
        self.street.market.pass_hours(hours)

    def publish(self) -> None:
        """Let midnight come, then put in what the day brought and run the day's description over it, as the timetable does."""
        street = self.street
        street.market.pass_days(1)
        for listing, pv, sold in getattr(self, "counted", []):
            street.seen(listing, pv=pv, uv=pv // 2, sold=sold, days_ago=1)
        for nick, (level, stars) in getattr(self, "judgements", {}).items():
            street.stands(
                nick, level=level, points=level * 9, recent_good=level, recent_all=level + 1, stars=stars
            )
        street.do(recompute.run, full=True)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=3, max_size=25))
def test_the_order_is_the_oracles_after_any_history(market: Any, steps: list[Any]) -> None:
    from django.db import transaction

    with transaction.atomic():
        street = Street(market)
        history = History(street)
        history.live(steps)
        _as_the_oracle_says()
        history.publish()
        _as_the_oracle_says()
        history.hours(31)
        _as_the_oracle_says()
        transaction.set_rollback(True)


def _as_the_oracle_says() -> None:
    for q in ("", "衣柜", "布艺 衣柜", "wardrobe", "沙发 实木"):
        told = oracle(q)
        page = found(q, limit=100)
        if told:
            assert [(row["listing"], row["score"]) for row in results(page)] == told, q
            assert _sifted(q) == told, q
            assert _walked(q, len(told)) == told, q
            assert _walked(q, max(len(told) // 2, 1)) == told[: max(len(told) // 2, 1)], q


def _sifted(q: str) -> list[tuple[int, int]]:
    """The same by the plain statement, which knows no stored function and no guess."""
    page = finding._sift(Asked(q, {}, "default", 100, 0), now(), "all_words" if q else "everything")
    return [(row["listing"], row["score"]) for row in results(page)]


def _walked(q: str, count: int) -> list[tuple[int, int]]:
    """The same by walking, whatever the statistics say; by sifting when the walk gives up."""
    asked = Asked(q, {}, "default", count - 1 or 1, 0)
    page = (
        finding._walk(asked, now(), "all_words" if q else "everything") if now().keyed and count > 1 else None
    )
    if page is None:
        return [(row["listing"], row["score"]) for row in results(found(q, limit=count))]
    head = [(row["listing"], row["score"]) for row in results(page)]
    return [*head, *[(row["listing"], row["score"]) for row in results(found(q, limit=1, offset=count - 1))]]


@pytest.fixture
def pair(street: Street) -> tuple[Street, int, int]:
    """Two shops with one wardrobe each; the first was listed first."""
    return street, street.listed("实木衣柜甲", shop="甲"), street.listed("实木衣柜乙", shop="乙")


def test_equal_goods_stand_in_the_order_they_were_listed(pair: Any) -> None:
    _, first, second = pair
    assert search("衣柜") == [first, second]


@pytest.mark.parametrize(
    ("weight", "judged"),
    [
        ("credit_weight_bps", {"level": 5}),
        ("good_rate_weight_bps", {"recent_good": 9, "recent_all": 10}),
        ("dsr_weight_bps", {"stars": 480}),
    ],
)
def test_a_better_shop_stands_higher_by_that_weight_alone(
    pair: Any, weight: str, judged: dict[str, int]
) -> None:
    street, first, second = pair
    street.stands("乙", **judged)
    street.do(recompute.run)
    street.only(relevance_weight_bps=1_000)
    assert search("衣柜") == [first, second]
    street.only(**{weight: 1_000})
    assert search("衣柜") == [second, first]


@pytest.mark.parametrize(
    ("weight", "seen"),
    [("pv_weight_bps", {"pv": 9}), ("uv_weight_bps", {"uv": 9}), ("sales_weight_bps", {"sold": 9})],
)
def test_what_is_seen_and_sold_stands_higher_by_that_weight_alone(
    pair: Any, weight: str, seen: dict[str, int]
) -> None:
    street, first, second = pair
    street.only(relevance_weight_bps=1_000)
    street.market.pass_days(1)
    street.seen(second, **seen)
    street.do(recompute.run, full=True)
    assert search("衣柜") == [first, second]
    street.only(**{weight: 1_000})
    assert search("衣柜") == [second, first]


def test_an_edit_is_fresh_and_fades(pair: Any) -> None:
    street, first, second = pair
    street.only(freshness_weight_bps=1_000)
    street.market.pass_days(3)
    street.edit(second, description="更新")
    assert search("衣柜") == [second, first]
    street.market.pass_days(7)
    assert search("衣柜") == [first, second]


def test_the_cycle_lifts_whoever_is_about_to_end_and_then_it_is_the_others_turn(street: Street) -> None:
    street.only(cycle_weight_bps=1_000)
    early = street.listed("衣柜甲")
    street.market.pass_hours(12)
    late = street.listed("衣柜乙")
    street.market.advance_to(street.at + timedelta(days=6, hours=12))
    assert search("衣柜") == [early, late]  # the first ends within this quarter of the day
    street.market.pass_hours(6)
    assert search("衣柜") == [late, early]
    street.market.pass_hours(12)
    assert search("衣柜") == [early, late]


def test_the_protection_scheme_and_the_showcase_are_bonuses(pair: Any) -> None:
    street, first, second = pair
    street.only(protection_bonus_bps=1_000)
    assert search("衣柜") == [first, second]
    street.protect("乙")
    assert search("衣柜") == [second, first]
    street.only(showcase_bonus_bps=1_000)
    assert search("衣柜") == [first, second]
    street.do(put_in_showcase, [second], by=None)
    assert search("衣柜") == [second, first]


def test_words_in_the_title_beat_words_elsewhere(street: Street) -> None:
    elsewhere, title = street.listed("衣柜", tags=["红木"]), street.listed("红木衣柜")
    street.only(relevance_weight_bps=1_000)
    assert search("红木") == [title, elsewhere]
    street.only(cycle_weight_bps=1_000)
    assert search("红木") == [elsewhere, title]


@pytest.mark.parametrize(
    ("demotion", "title", "more"),
    [
        ("duplicate_demotion_bps", "实木衣柜丙", {}),
        ("stuffing_demotion_bps", "衣柜 衣柜 衣柜", {}),
        ("wrong_category_demotion_bps", "羽绒服 衣柜", {"category_id": 10101}),
        ("price_mismatch_demotion_bps", "衣柜 便宜", {"price_fen": 100, "postage_fen": 2_000}),
        ("price_mismatch_demotion_bps", "衣柜 天价", {"price_fen": 10**9}),
    ],
)
def test_what_a_seller_should_not_do_is_demoted(
    street: Street, demotion: str, title: str, more: dict[str, int]
) -> None:
    street.only()
    if demotion == "duplicate_demotion_bps":
        street.listed("实木衣柜丙")
    bad = street.listed(title, **more)
    good = street.listed("正经衣柜")
    assert search("衣柜")[-1] == good
    street.only(**{demotion: 1_000})
    assert search("衣柜")[-1] == bad


def test_a_duplicate_stops_being_one_when_the_older_is_gone(street: Street) -> None:
    first, second = street.lists("衣柜", "衣柜")
    other = street.listed("衣柜 乙")
    street.only(duplicate_demotion_bps=1_000)
    assert search("衣柜") == [first, other, second]
    street.delist(first)
    assert search("衣柜") == [second, other]


def test_a_suspicion_demotes_until_it_is_cleared(pair: Any) -> None:
    street, first, second = pair
    street.only(fake_trade_demotion_bps=1_000)
    street.do(actions.suspect, [first], "sold to itself")
    assert search("衣柜") == [second, first]
    street.delist(first)
    street.relist(first)
    assert search("衣柜") == [second, first]
    street.do(actions.clear, [first])
    assert search("衣柜") == [first, second]


def test_a_lever_dated_ahead_moves_the_ranking_from_its_moment(pair: Any) -> None:
    from regime.actions import change
    from worlds.pen import writing

    street, first, second = pair
    street.only(relevance_weight_bps=1_000)
    street.stands("乙", level=9)
    street.do(recompute.run)
    at = street.at + timedelta(hours=3, minutes=20)
    with writing() as moment:
        change({"ranking.credit_weight_bps": 500}, at=moment.at, by=None, why="a test", effective_at=at)
    street.market.advance_to(at - timedelta(seconds=1))
    assert search("衣柜") == [first, second]
    street.market.advance_to(at)
    assert not now().keyed
    assert search("衣柜") == [second, first]
    street.market.pass_hours(6)
    assert now().keyed
    assert search("衣柜") == [second, first]


def test_windows_of_another_length_count_from_the_moment_they_are_set(pair: Any) -> None:
    street, first, second = pair
    street.market.pass_days(10)
    street.seen(second, pv=500, days_ago=8)
    street.do(recompute.run, full=True)
    street.only(pv_weight_bps=1_000)
    assert search("衣柜") == [second, first]
    street.set_lever(ranking__views_window_days=5)
    street.market.pass_hours(6)
    assert search("衣柜") == [first, second]


def test_the_cycle_is_a_pure_function_of_when_it_was_listed_and_now(street: Street) -> None:
    listed_at = street.at + timedelta(hours=2)
    parts = [
        end_part(listed_at, listed_at + timedelta(hours=6 * n), 28)
        - part_of(listed_at + timedelta(hours=6 * n))
        for n in range(60)
    ]
    assert parts == [28, *range(27, -1, -1), *range(27, -1, -1), 27, 26, 25]


def test_the_arithmetic_adds_up_to_the_score(street: Street) -> None:
    street.lists("实木衣柜", "布艺衣柜 衣柜 衣柜", shop="甲", tags=["红色"])
    street.lists("红色衣柜", shop="乙")
    street.stands("甲", level=7, recent_good=8, recent_all=9, stars=450)
    street.do(recompute.run)
    for q in ("", "衣柜", "红色 衣柜", "衣柜 香蕉"):
        asked, moment = Asked(q), now()
        page = finding.find(asked, moment)
        rows = results(page)
        why = explained(asked, moment, page.matched, [row["listing"] for row in rows])
        assert rows
        assert [why[row["listing"]]["sum"] for row in rows] == [row["score"] for row in rows]
        assert all(t["product"] == t["value"] * t["weight_bps"] for row in why.values() for t in row["terms"])


def test_an_explained_rank_is_the_place_in_the_results(street: Street) -> None:
    listings = street.lists("实木衣柜", "布艺衣柜", "衣柜", "衣柜")
    told = [explain_rank("衣柜", listing, street.at) for listing in listings]
    assert [search("衣柜")[row["place"] - 1] for row in told] == listings
    assert all(row["of"] == 4 for row in told)


def test_an_explanation_of_a_later_moment_moves_the_cycle(street: Street) -> None:
    listing = street.listed()
    here = explain_rank("衣柜", listing, street.at)
    later = explain_rank("衣柜", listing, street.at + timedelta(days=6, hours=18))
    assert {t["term"] for t, u in zip(here["terms"], later["terms"], strict=True) if t != u} == {"cycle"}
    assert later["sum"] > here["sum"]


def test_every_sort_is_by_its_column_and_ties_by_listing(street: Street) -> None:
    cheap, dear = (
        street.listed("衣柜甲", shop="甲", price_fen=1_000),
        street.listed("衣柜乙", shop="乙", price_fen=9_000),
    )
    street.market.pass_hours(1)
    new = street.listed("衣柜丙", shop="甲", price_fen=1_000)
    street.stands("乙", level=3, points=70)
    street.market.pass_days(1)
    street.seen(new, pv=5, uv=5, sold=1)
    street.seen(dear, pv=9, uv=2, sold=4)
    street.stands("乙", level=3, points=70)
    street.do(recompute.run, full=True)
    assert search("衣柜", sort="price") == [cheap, new, dear]
    assert search("衣柜", sort="price_desc") == [dear, cheap, new]
    assert search("衣柜", sort="newest") == [new, cheap, dear]
    assert search("衣柜", sort="sales") == [dear, new, cheap]
    assert search("衣柜", sort="popularity") == [new, dear, cheap]
    assert search("衣柜", sort="credit") == [dear, cheap, new]


def test_pages_follow_each_other_without_gap_or_repetition(street: Street) -> None:
    street.lists(*[f"衣柜 {n}" for n in range(23)])
    whole = search("衣柜", limit=100)
    assert [x for offset in range(0, 25, 5) for x in search("衣柜", limit=5, offset=offset)] == whole
    assert len(whole) == 23

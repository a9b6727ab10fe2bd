"""Descriptors: the daily run equals a rebuild, touches only what changed, knows nothing sealed, minds no jumps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from common.batch import dicts, execute, rows
from ratings.recompute import daily
from search import actions, recompute
from search.queries.asked import now
from search.rules import weights
from tests.market import Market
from tests.ratings.fair import Fair
from tests.search.street import Street, search, tables
from worlds import hashing


def described(listing: int) -> dict[str, Any]:
    return dicts("SELECT * FROM search_descriptor WHERE id = %s", [listing])[0]


def viewed(listing: int, shop: int, at: Any, visitors: int, member: int | None = None) -> None:
    """Page views of a listing as the traffic tables hold them."""
    execute(
        """INSERT INTO traffic_pageview (at, visitor, member_id, page, source, shop_id, listing_id, section_id)
           SELECT %s, n, %s, 5, 2, %s, %s, 15 FROM generate_series(1, %s) n""",
        [at, member, shop, listing, visitors],
    )


def test_views_and_sales_of_closed_days_enter_and_leave_the_window(street: Street) -> None:
    street.set_lever(ranking__views_window_days=3)
    listing = street.listed()
    seen = []
    for day in range(7):
        if day < 2:
            viewed(listing, street.shops["老张"], street.at + timedelta(hours=1), 5 + day)
        street.market.pass_days(1)
        seen.append((described(listing)["pv"], described(listing)["uv_daily"]))
    assert seen == [(5, 5), (11, 11), (11, 11), (6, 6), (0, 0), (0, 0), (0, 0)]


def test_what_was_paid_for_counts_as_sold_from_the_next_day(street: Street) -> None:
    from shops.actions.orders import Place, Wanted, place_and_pay
    from tests.shops.stalls import joined

    listing = street.listed()
    [alice] = joined("alice", fen=100_000)
    street.do(place_and_pay, [Place(alice, (Wanted(listing, 3),))])
    assert described(listing)["sales"] == 0
    street.market.pass_days(1)
    assert described(listing)["sales"] == 3
    street.market.pass_days(30)
    assert described(listing)["sales"] == 0


def test_the_daily_run_writes_only_what_changed(street: Street) -> None:
    listings = street.lists(*[f"衣柜 {n}" for n in range(20)])
    street.market.pass_days(20)
    assert street.do(recompute.run) == 0
    before = dict(rows("SELECT id, xmin::text || ctid::text FROM search_descriptor"))
    viewed(listings[3], street.shops["老张"], street.at + timedelta(hours=2), 9)
    street.market.pass_hours(24)
    moved = {
        id_
        for id_, mark in rows("SELECT id, xmin::text || ctid::text FROM search_descriptor")
        if before[id_] != mark
    }
    ended = {listing for listing in moved if described(listing)["pv"] == 0}
    assert listings[3] in moved
    assert not ended or len(ended) == 19  # only when the day ended everybody's cycle


def test_a_rebuild_changes_nothing_at_any_hour(street: Street) -> None:
    street.lists("衣柜", "衣柜", "沙发")
    for hours in (1, 5, 7, 11, 24, 170):
        street.market.pass_hours(hours)
        before = tables()
        actions.rebuild(at=street.at)
        assert tables() == before


def test_the_audit_names_what_is_odd(street: Street) -> None:
    first, second, third = street.lists("衣柜", "沙发", "书架")
    execute("UPDATE search_descriptor SET pv = 7 WHERE id = %s", [first])
    execute("DELETE FROM search_document WHERE id = %s", [second])
    execute("UPDATE shops_listing SET stock = 0 WHERE id = %s", [third])
    assert {row["listing"] for row in recompute.odd(at=street.at)} == {first, second, third}
    actions.refresh([first, second, third], at=street.at)
    assert recompute.odd(at=street.at) == []


def test_a_day_that_was_missed_is_made_up_for(street: Street) -> None:
    listing = street.listed()
    street.market.pass_days(5)
    for days_ago in (1, 2, 3):
        street.seen(listing, pv=10 * days_ago, uv=days_ago, days_ago=days_ago)
    execute("UPDATE search_fold SET through = through - 3")
    street.do(recompute.run)
    assert (described(listing)["pv"], described(listing)["uv_daily"]) == (60, 6)


def test_one_long_jump_is_thirty_short_ones(market: Market) -> None:
    """The same market, let go by a month in one step and in many; with a lever that is set for a day in between."""
    from regime.actions import change
    from worlds.pen import writing

    def month(step: timedelta) -> dict[str, str]:
        with transaction.atomic():
            street = Street(market)
            street.lists("实木衣柜", "实木衣柜", "布艺衣柜", shop="甲")
            market.pass_hours(7)
            listing = street.listed("沙发", shop="乙", stock=1)
            viewed(listing, street.shops["乙"], street.at + timedelta(hours=1), 4)
            with writing() as moment:
                change(
                    {"ranking.credit_weight_bps": 5},
                    at=moment.at,
                    by=None,
                    why="x",
                    effective_at=moment.at + timedelta(days=9, hours=5),
                )
                change(
                    {"listing.cycle_days": 14},
                    at=moment.at,
                    by=None,
                    why="x",
                    effective_at=moment.at + timedelta(days=12, minutes=5),
                )
            end = street.at + timedelta(days=30)
            while street.at < end:
                market.advance_to(min(street.at + step, end))
            hashes = hashing.table_hashes()
            transaction.set_rollback(True)
        return {name: value for name, value in hashes.items() if name.startswith("search_")}

    whole = month(timedelta(days=30))
    assert whole == month(timedelta(days=1)) == month(timedelta(hours=11))
    assert {"search_document", "search_descriptor", "search_suspicion", "search_fold"} <= set(whole)


def test_nothing_sealed_reaches_a_descriptor_or_an_order(fair: Fair) -> None:
    """Twin markets: in one the buyer was delighted, in the other furious; until the reveal search cannot tell them apart."""

    def twin(verdict: str, stars: tuple[int, ...], days: int) -> tuple[Any, list[int]]:
        with transaction.atomic():
            for buyer in ("alice", "carol", "dave", "erin"):
                [line] = fair.trade(buyer, "bob", thing := f"衣柜 {buyer}")
                fair.rate(buyer, line, verdict, stars)
            fair.listing("eve", "衣柜 别家")
            fair.market.pass_days(days)
            told = rows("SELECT * FROM search_descriptor ORDER BY id"), search("衣柜", limit=100)
            transaction.set_rollback(True)
            assert thing
        fair.ids.clear()
        fair.goods.clear()
        return told

    good, bad = ("good", (5,) * 5), ("bad", (1,) * 5)
    assert twin(*good, 14) == twin(*bad, 14)
    assert twin(*good, 17) != twin(*bad, 17)


def test_what_is_described_is_what_the_daily_run_published(fair: Fair) -> None:
    fair.rated("alice", "bob", "good")
    assert described(fair.goods["bob", "衣柜"])["level"] == 0
    for buyer in "abcd":
        fair.rated(buyer, "bob", "good")
    daily_before = described(fair.goods["bob", "衣柜"])["credit_points"]
    fair.close_day()
    credit = fair.standing("bob")
    row = described(fair.goods["bob", "衣柜"])
    assert (daily_before, row["credit_points"], row["level"]) == (0, credit.points, credit.level)
    assert row["good_rate_bps"] == credit.good_rate_bps == 10_000
    assert row["description"] == credit.dsr["description"]["hundredths"]
    assert daily.folded()[0] == recompute.folded().through  # type: ignore[union-attr]


def test_a_search_is_not_blocked_while_descriptors_are_recomputed(committed_world: Any) -> None:
    """A daily run that has written and not committed; beside it somebody searches, and gets the rows as they were."""
    from concurrent.futures import ThreadPoolExecutor

    from worlds.current import use_world
    from worlds.pen import writing

    def look() -> list[int]:
        with use_world(committed_world.schema):
            execute("SET statement_timeout = '5s'")
            try:
                return search("衣柜")
            finally:
                connection.close()

    with use_world(committed_world.schema):
        street = Street(Market())
        listings = street.lists("衣柜甲", "衣柜乙")
        with writing() as moment, ThreadPoolExecutor(1) as beside:
            formula = weights(now().formula.levers)
            execute("UPDATE search_descriptor SET level = 20 - id, key = key - id")
            execute(
                recompute.daily_sql(formula, full=True),
                recompute.given(formula, moment.at, recompute.yesterday(moment.at)),
            )
            assert beside.submit(look).result(timeout=20) == listings

"""A month of bought attention: campaigns on and off, alliance sales and refunds; its books, and what was done to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from common.batch import execute, one
from search.express.actions.clicks import Press, press
from tests.alliance.web import THOUSAND, Web
from tests.express.board import Board
from tests.market import Market
from traffic.actions import see_one
from worlds import checks

DAYS = 30


class Month:
    """Two advertisers beside bob, whose shop wang's blog brings buyers to; `live` is a day."""

    def __init__(self, market: Market) -> None:
        self.board, self.web = Board(market), Web(fen=10_000_000)
        self.ads = [self.board.ad(nick, bid_fen=bid) for nick, bid in (("甲", 120), ("乙", 80))]
        self.token = self.web.linked(self.web.accepted())
        self.shown = self.web.linked(self.web.accepted(THOUSAND))
        self.web.offered()
        self.shared = self.web.linked()

    def live(self, day: int) -> None:
        board, web = self.board, self.web
        self.switch(day)
        for n, visitor in enumerate((f"d{day}", f"w{day // 7}", "always")):
            told = board.looks(visitor=visitor)
            see_one(visitor, page="listing", listing=self.ads[n % 2]["listing"], source="organic_search")
            for place in told["results"][: n % 2 + 1]:
                board.do(
                    press, [Press(told["auction"], place["slot"], visitor)] * (1 + (visitor == "always"))
                )
            web.click(self.token, visitor)
        web.shown(self.shown, 400)
        if day % 3 == 0:
            web.click(self.shared, f"buyer{day}", web.alice)
            self.trade(day // 3)
        board.tomorrow()

    def switch(self, day: int) -> None:
        """甲 rests every sixth day, 乙 all the second week."""
        if day % 6 in (4, 5):
            board_action = "pause" if day % 6 == 4 else "start"
            self.board.moves("campaign", self.ads[0]["campaign"], board_action)
        if day in (7, 14):
            self.board.moves("campaign", self.ads[1]["campaign"], "pause" if day == 7 else "start")

    def trade(self, nth: int) -> None:
        """alice buys what the blog showed her: some keep it, some give it back before success, some after."""
        if nth % 3 == 0:
            self.web.finished()
        elif nth % 3 == 1:
            self.web.refunded(self.web.shipped(), 1_000)
        else:
            self.web.refunded(self.web.finished(), 2_000)


def wrong() -> dict[str, list[dict[str, Any]]]:
    return {book: rows for book, rows in checks.audit().items() if rows}


@contextmanager
def corrupted(statement: str) -> Iterator[None]:
    """After a statement that no door would run and every table would refuse; then it is taken back."""
    with transaction.atomic():
        execute("SET CONSTRAINTS ALL IMMEDIATE")
        execute("SET LOCAL session_replication_role = replica")
        assert execute(statement) == 1, statement
        yield
        transaction.set_rollback(True)


VIEW = "at, visitor, member_id, page, source, shop_id, listing_id, section_id, stay_seconds, charge_id"
DOUBLE = f"INSERT INTO traffic_pageview ({VIEW}) SELECT {VIEW} FROM traffic_pageview WHERE {{which}} ORDER BY id LIMIT 1"
POSTED = "DELETE FROM payments_transfer WHERE id = (SELECT max(id) FROM payments_transfer WHERE {which})"
MOVED = """UPDATE {table} c SET shop_id = (SELECT max(id) FROM shops_shop s WHERE s.id <> c.shop_id)
            WHERE id = (SELECT max(id) FROM {table} WHERE verdict = 'valid')"""
# what is done -> the books that tell of it, and what each calls it
SUM, BOOKS = "given is not the sum of transfers", "a day's books balance"
VISIT = "a valid click is one page view that it bought"
CORRUPTIONS: dict[str, dict[str, str]] = {
    POSTED.format(which="kind = 'ad_click'"): {"ads": "a valid click has no posting", "money": SUM},
    POSTED.format(which="kind = 'alliance_earning'"):
        {"alliance": "an alliance charge is what its postings say", "money": SUM},
    POSTED.format(which="kind = 'after_sale_refund'"): {"stock": "what was refunded after success was paid", "money": SUM},
    DOUBLE.format(which="source = 7"): {"ads": "a click bought more than one page view", "traffic": BOOKS},
    DOUBLE.format(which="source = 8"): {"alliance": VISIT, "traffic": BOOKS},
    DOUBLE.format(which="source = 2"): {"traffic": BOOKS},
    MOVED.format(table="search_express_click"): {"ads": "a click is of the ad that was shown"},
    MOVED.format(table="search_alliance_click"): {"alliance": VISIT},
    "UPDATE search_attribution_sale SET paid_fen = paid_fen + 1 WHERE order_id = 1":
        {"attribution": "a sale's path is what the views say"},
    "UPDATE search_cubes_daily SET clicks = clicks + 1 WHERE day = (SELECT min(day) FROM search_cubes_daily)":
        {"ads": "a day's figures of words are what its searches and clicks say"},
}  # fmt: skip


def test_a_months_books_are_sound_and_each_kind_of_corruption_is_found_and_named(market: Market) -> None:
    month = Month(market)
    for day in range(DAYS):
        month.live(day)
    assert wrong() == {}
    lived = {
        "valid clicks on ads": "SELECT count(*) FROM search_express_click WHERE verdict = 'valid'",
        "clicks that were not": "SELECT count(*) FROM search_express_click WHERE verdict <> 'valid'",
        "alliance clicks": "SELECT count(*) FROM search_alliance_click WHERE verdict = 'valid'",
        "commissions settled": "SELECT count(*) FROM search_alliance_charge WHERE kind = 'commission'",
        "clawed back": "SELECT count(*) FROM search_alliance_charge WHERE kind = 'return'",
        "thousands": "SELECT count(*) FROM search_alliance_charge WHERE kind = 'thousands'",
    }
    assert [what for what, count in lived.items() if not one(count)] == []
    for statement, books in CORRUPTIONS.items():
        with corrupted(statement):
            found = wrong()
        for book, rule in books.items():
            assert any(rule in str(row) for row in found.get(book, [])), (statement, book, found)
    assert wrong() == {}

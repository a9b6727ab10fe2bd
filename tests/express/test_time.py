"""However time is cut, and however often a story is told: the same market."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from search.cubes.actions import Subscribe, subscribe
from search.express.actions.clicks import Press, press
from tests.express.board import Board
from tests.market import Market
from worlds import hashing


def month(market: Market, step: timedelta) -> dict[str, str]:
    """Ads on and off, searches and clicks on the first day and the tenth; then time passes by steps. All taken back."""
    with transaction.atomic():
        board = Board(market)
        board.set_lever(auction__reserve_fen=400)
        first = board.ad("甲", bid_fen=400, budget_fen=3_000, smoothing=True)
        board.ad("乙", bid_fen=450, budget_fen=4_000)
        board.do(subscribe, [Subscribe(board.owners["甲"])])
        end = board.at + timedelta(days=30)
        for day in (0, 10):
            until = end - timedelta(days=30 - day) + timedelta(hours=12)
            while board.at < until:
                market.advance_to(min(board.at + step, until))
            pages = [board.looks(visitor=f"{day}-{n}")["auction"] for n in range(9)]
            board.looks("沙发")
            for n, page in enumerate(pages):
                board.do(press, [Press(page, 1 + n % 2, f"{day}-{n}")])
            board.edits("group", first["group"], bid_fen=410)
        while board.at < end:
            market.advance_to(min(board.at + step, end))
        hashes = hashing.table_hashes()
        transaction.set_rollback(True)
    return hashes


def test_one_long_jump_is_thirty_short_ones(market: Market) -> None:
    whole = month(market, timedelta(days=30))
    assert whole == month(market, timedelta(days=1)) == month(market, timedelta(hours=11))
    ads = {name for name in whole if name.startswith(("search_express_", "search_cubes_"))}
    assert len(ads) == 11
    assert len({whole[name] for name in ads}) == 11  # none of them is empty

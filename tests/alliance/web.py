"""A web outside the market as test sentences speak of it: wang's blog with a banner, and bob's shop to bring to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from common.batch import dicts
from search.alliance.actions import contracts, offers, spaces
from search.alliance.actions.contracts import Proposal
from search.alliance.actions.offers import NewOffer
from search.alliance.actions.spaces import NewPlacement, NewSpace
from search.alliance.rules import Terms
from tests.shops.stalls import joined
from tests.shops.trades import Trades
from worlds import clock

CLICK = Terms("click", price_fen=50)
THOUSAND = Terms("thousand_views", price_fen=2_000)
SHARE = Terms("commission", rate_bps=1_000)


class Web(Trades):
    """Trades, with `wang` who owns a blog with a banner; `bob` sells and has 1,000 yuan, as the buyers have."""

    def __init__(self, fen: int = 100_000, **shop: Any) -> None:
        super().__init__(fen, **shop)
        [self.wang] = joined("wang", fen=0)
        [self.blog] = self.do(
            spaces.open_spaces, [NewSpace(self.wang, "王的博客", "blog", "http://wang.example/")]
        )
        [self.banner] = self.do(spaces.add_placements, [NewPlacement(self.blog, "横幅")], by=self.wang)

    def another_space(self, owner: int | None = None, name: str = "别处") -> tuple[int, int]:
        """A space, and its owner."""
        owner = owner or joined(f"o{name}")[0]
        [space] = self.do(spaces.open_spaces, [NewSpace(owner, name, "forum")])
        return int(space), owner

    def proposed(self, terms: Terms = CLICK, *, by: int | None = None, **more: Any) -> int:
        [contract] = self.do(
            contracts.propose, [Proposal(self.banner, self.shop, terms, **more)], by=by or self.bob
        )
        return int(contract)

    def accepted(self, terms: Terms = CLICK) -> int:
        contract = self.proposed(terms)
        self.do(contracts.accept, [contract], by=self.wang)
        return contract

    def offered(self, rate_bps: int = 1_000, listing: int | None = None) -> int:
        [offer] = self.do(offers.offer, [NewOffer(self.shop, rate_bps, listing)], by=self.bob)
        return int(offer)

    def contract(self, number: int) -> dict[str, Any]:
        return dicts("SELECT * FROM search_alliance_contract WHERE id = %s", [number])[0]

    def pass_time(self, **span: float) -> None:
        clock.advance(clock.now() + timedelta(**span))

"""A web outside the market as test sentences speak of it: wang's blog with a banner, and bob's shop to bring to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from common.batch import dicts
from payments.queries import account
from search.alliance.actions import contracts, links, offers, spaces, visits
from search.alliance.actions.contracts import Proposal
from search.alliance.actions.links import NewLink
from search.alliance.actions.offers import NewOffer
from search.alliance.actions.spaces import NewPlacement, NewSpace
from search.alliance.actions.visits import Visit
from search.alliance.rules import Terms
from shops.actions import refunds
from tests.shops.stalls import joined
from tests.shops.trades import Trades
from traffic.rules import SOURCE_NAME
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

    def linked(
        self, contract: int | None = None, listing: int | None = None, space: int | None = None
    ) -> str:
        """The token of a link to bob's shop: on the banner by a contract, else on the blog by the standing offer."""
        placement = self.banner if contract else None
        [link] = self.do(
            links.link, [NewLink(space or self.blog, self.shop, placement, listing, contract)], by=None
        )
        return str(dicts("SELECT token FROM search_alliance_link WHERE id = %s", [link])[0]["token"])

    def click(self, token: str, visitor: str = "v1", member: int | None = None) -> int:
        [done] = self.do(visits.click, [Visit(token, visitor, member)])
        return int(done["id"])

    def shown(self, token: str, times: int = 1, member: int | None = None) -> None:
        self.do(visits.view, [Visit(token, f"v{n}", member) for n in range(times)])

    def visit(self, click: int) -> dict[str, Any]:
        [row] = dicts("SELECT * FROM search_alliance_click WHERE id = %s", [click])
        return row

    def verdicts(self) -> list[str]:
        return [row["verdict"] for row in dicts("SELECT verdict FROM search_alliance_click ORDER BY id")]

    def page_views(self) -> list[tuple[str, int | None]]:
        """(source, charge) of every page view, in order."""
        found = dicts("SELECT source, charge_id FROM traffic_pageview ORDER BY id")
        return [(SOURCE_NAME[row["source"]], row["charge_id"]) for row in found]

    def charges(self, *columns: str) -> list[tuple[Any, ...]]:
        """(earning, seller's fee, owner's fee), or other columns, of every charge."""
        names = columns or ("earning_fen", "seller_fee_fen", "owner_fee_fen")
        return [
            tuple(row[name] for name in names)
            for row in dicts("SELECT * FROM search_alliance_charge ORDER BY id")
        ]

    def fen(self, code: str) -> int:
        """The balance of an account: `member`s by their name here, or a code."""
        return account(f"member:{getattr(self, code)}" if hasattr(self, code) else code)

    @property
    def earned(self) -> int:
        """What stands on wang's alliance account."""
        return account(f"alliance:{self.wang}")

    def contract(self, number: int) -> dict[str, Any]:
        return dicts("SELECT * FROM search_alliance_contract WHERE id = %s", [number])[0]

    def pass_time(self, **span: float) -> None:
        clock.advance(clock.now() + timedelta(**span))

    # -- sales -----------------------------------------------------------------------------------------------

    def brought(self, buyer: int | None = None, rate_bps: int = 1_000) -> str:
        """alice (or another) came by a link of wang's blog, at 10 % of the shop's sales; the token."""
        self.offered(rate_bps)
        token = self.linked()
        self.click(token, f"cookie{buyer or self.alice}", buyer or self.alice)
        return token

    def commissions(self, *columns: str) -> list[tuple[Any, ...]]:
        """(status, earning, what was paid and stands), or other columns, of every commission."""
        names = columns or ("status", "earning_fen", "paid_fen")
        found = dicts("SELECT * FROM search_alliance_commission ORDER BY id")
        return [tuple(row[name] for name in names) for row in found]

    def refunded(self, order: int, fen: int, line: int = 0) -> None:
        """Asked for and agreed on: while the trade is open escrow pays, after its success bob does."""
        refund = self.ask(order, line, amount_fen=fen)
        self.do(refunds.agree, [refund], by=self.bob)

    def busy(self) -> dict[str, int]:
        """A day of everything: clicks paid and repeated, thousands shown, sales settled, refunded, waiting."""
        banner = self.linked(self.accepted())
        paid = self.click(banner, "v1")
        self.click(banner, "v1")
        thousand = self.accepted(Terms("thousand_views", price_fen=2_000))
        self.shown(self.linked(thousand), 2_500)
        self.brought()
        settled, returned, waiting = self.finished(), self.finished(), self.shipped()
        self.refunded(returned, 3_300)
        self.refunded(waiting, 1_000)
        self.pass_time(days=1)
        return {
            "click": paid,
            "thousand": thousand,
            "settled": settled,
            "returned": returned,
            "waiting": waiting,
        }

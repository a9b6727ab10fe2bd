"""A street with sellers who advertise, as the tests of keyword ads speak of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from common.batch import dicts, execute, one
from common.moments import start_of
from payments.queries import account
from search.express import auction
from search.express.actions import account as money
from search.express.actions import campaigns, creatives, groups, keywords
from search.express.actions.account import Move
from search.express.actions.campaigns import NewCampaign
from search.express.actions.creatives import NewCreative
from search.express.actions.groups import NewGroup
from search.express.actions.keywords import NewKeyword
from shops.actions.edits import Edit
from tests.search.street import Street

FUNDS = 1_000_000


class Board(Street):
    """Sellers by nick, each with money for ads; verbs call the ordinary actions at the market's now."""

    def seller(self, nick: str = "老张", *, funds: int = FUNDS, **more: Any) -> int:
        """Their shop's number; they have `funds` fen for ads."""
        new = nick not in self.shops
        shop = self.shop(nick, **more)
        if new and funds:
            self.do(money.top_up, [Move(self.owners[nick], funds)])
        return shop

    def campaign(
        self, nick: str = "老张", *, name: str = "秋天", budget_fen: int = 300_000, **more: Any
    ) -> int:
        shop = self.seller(nick)
        [id_] = self.do(campaigns.create, [NewCampaign(shop, name, budget_fen, **more)], by=None)
        return int(id_)

    def group(self, campaign: int, listing: int, bid_fen: int = 100, **more: Any) -> int:
        [id_] = self.do(groups.create, [NewGroup(campaign, listing, bid_fen, **more)], by=None)
        return int(id_)

    def keyword(
        self, group: int, word: str = "衣柜", match: str = "centre", bid_fen: int | None = None
    ) -> int:
        [id_] = self.do(keywords.add, [NewKeyword(group, word, match, bid_fen)], by=None)
        return int(id_)

    def creative(self, group: int, title: str) -> dict[str, Any]:
        [id_] = self.do(creatives.add, [NewCreative(group, title)], by=None)
        return row("creative", id_)

    def ad(
        self, nick: str = "老张", *, bid_fen: int = 100, word: str = "衣柜", match: str = "centre", title: str = "实木衣柜",
        **campaign: Any,
    ) -> dict[str, int]:  # fmt: skip
        """A campaign with one group and one word of one new listing: their numbers."""
        self.seller(nick)
        listing = self.listed(title, shop=nick)
        made = {"listing": listing, "campaign": self.campaign(nick, name=f"第{listing}", **campaign)}
        made["group"] = self.group(made["campaign"], listing, bid_fen)
        made["keyword"] = self.keyword(made["group"], word, match)
        return made

    def edits(self, noun: str, id_: int, **changes: Any) -> None:
        verbs = {"campaign": campaigns, "group": groups, "creative": creatives, "keyword": keywords}
        self.do(verbs[noun].edit, [Edit(id_, changes)], by=None)

    def moves(self, noun: str, id_: int, action: str) -> None:
        verbs = {"campaign": campaigns, "group": groups, "keyword": keywords}
        self.do(verbs[noun].move, [id_], action, by=None)

    def judged(self, **qualities: int) -> None:
        """Give words (`k<number>`) a quality by hand; the fixture judges them anew in the end."""
        self.by_hand = True
        for name, quality in qualities.items():
            execute("UPDATE search_express_keyword SET quality = %s WHERE id = %s", [quality, int(name[1:])])

    by_hand = False

    def looks(self, q: str = "衣柜", visitor: str | None = "v1", **more: Any) -> dict[str, Any]:
        """The paid places of a search."""
        return orjson.loads(auction.paid(auction.Search(q, visitor, **more)))  # type: ignore[no-any-return]

    def shown(self, q: str = "衣柜", visitor: str | None = "v1", **more: Any) -> list[int]:
        """The listings in them, best first."""
        return [result["listing"] for result in self.looks(q, visitor, **more)["results"]]

    def funds(self, nick: str) -> int:
        return account(money.code(self.owners[nick]))

    def tomorrow(self) -> datetime:
        """Let time pass until next midnight."""
        day = one("SELECT now_at::date + 1 FROM worlds_clock")
        self.market.advance_to(start_of(day))
        return self.at


def row(noun: str, id_: int) -> dict[str, Any]:
    """A row of a table of keyword ads."""
    [found] = dicts(f"SELECT * FROM search_express_{noun} WHERE id = %s", [id_])
    return found

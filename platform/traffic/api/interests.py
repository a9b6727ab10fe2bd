"""Favourites and carts: kept, let go, listed; a member's own and nobody else's."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.batches import BatchOut, Column, answer, batch_in, read_row
from common.api.doors import ADMIN, TRADERS, Door, In, Out, Paged, actor, page, reads, writes
from common.errors import NotFound
from common.moments import moment as read_moment
from traffic.actions import Act, show_interest
from traffic.api.views import MOST
from traffic.queries import interests as queries
from traffic.rules import SOURCE, SOURCES, refusal


class InterestOut(Out):
    id = serializers.IntegerField(help_text="of the act")
    listing = serializers.IntegerField()
    shop = serializers.IntegerField()
    quantity = serializers.IntegerField(help_text="pieces in the cart; 1 for a favourite")
    at = serializers.DateTimeField()
    title = serializers.CharField()
    price_fen = serializers.IntegerField()
    stock = serializers.IntegerField()
    status = serializers.ChoiceField(["on_sale", "in_stock"])


class FavouriteIn(In):
    listing = serializers.IntegerField(min_value=1, max_value=MOST)
    source = serializers.ChoiceField(  # type: ignore[assignment]
        [source.name for source in SOURCES],
        required=False,
        default="direct",
        help_text="what brought the member to it",
    )


class CartIn(FavouriteIn):
    quantity = serializers.IntegerField(required=False, default=1, min_value=1, max_value=9_999)


class FavouriteRowIn(FavouriteIn):
    member = serializers.IntegerField(min_value=1, max_value=MOST)
    at = serializers.CharField(
        required=False, max_length=40, help_text="default now; earlier on the open day"
    )


class CartRowIn(FavouriteRowIn):
    quantity = serializers.IntegerField(required=False, default=1, min_value=1, max_value=9_999)


class _InterestsDoor(Door):
    act: str

    def listed(self, request: Request, query: Any) -> Any:
        found = queries.standing(actor(request), self.act, after=query.get("after", 0), limit=query["limit"])
        return page(request, found, query["limit"])

    def kept(self, request: Request, data: Any, moment: Any) -> Any:
        member, listing = actor(request), data["listing"]
        intent = Act(self.act, member, listing, SOURCE[data["source"]].code, data.get("quantity", 1))
        show_interest([intent], at=moment.at)
        [row] = queries.standing(member, self.act, listing=listing)
        return Response(row, status=201)

    def dropped(self, request: Request, moment: Any, listing: int) -> None:
        member = actor(request)
        if not queries.standing(member, self.act, listing=listing):
            raise NotFound(
                f"listing {listing} is not there", field="listing_id", rule="it_is_kept", way_out="List them."
            )
        show_interest([Act(f"un{self.act}", member, listing)], at=moment.at)


class FavouritesDoor(_InterestsDoor):
    act = "favourite"

    @reads(InterestOut, query=Paged, scopes=TRADERS, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """One's favourites."""
        return self.listed(request, query)

    @writes(FavouriteIn, InterestOut, status=201)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Keep a listing as a favourite."""
        return self.kept(request, data, moment)


class FavouriteDoor(_InterestsDoor):
    act = "favourite"

    @writes(None, None)
    def delete(self, request: Request, data: Any, moment: Any, listing_id: int) -> Any:
        """Let a favourite go."""
        self.dropped(request, moment, listing_id)


class CartDoor(_InterestsDoor):
    act = "cart"

    @reads(InterestOut, query=Paged, scopes=TRADERS, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """What is in one's cart."""
        return self.listed(request, query)

    @writes(CartIn, InterestOut, status=201)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Put so many pieces of a listing in the cart; said again, the last number stands."""
        return self.kept(request, data, moment)


class CartItemDoor(_InterestsDoor):
    act = "cart"

    @writes(None, None)
    def delete(self, request: Request, data: Any, moment: Any, listing_id: int) -> Any:
        """Take a listing out of the cart."""
        self.dropped(request, moment, listing_id)


ROW = {
    "member": Column(int, least=1),
    "listing": Column(int, least=1),
    "source": Column(str, default="direct", most=40),
    "at": Column(str, default="", most=40),
}
CART_ROW = ROW | {"quantity": Column(int, default=1, least=1, most=9_999)}


def _read(row: Any, act: str) -> Act:
    read = read_row(row, CART_ROW if act == "cart" else ROW)
    if read["source"] not in SOURCE:
        raise refusal("a_view_says_where_it_came_from")
    return Act(
        act,
        read["member"],
        read["listing"],
        SOURCE[read["source"]].code,
        read.get("quantity", 1),
        read_moment(read["at"]) if read["at"] else None,
    )


class FavouriteBatchDoor(Door):
    @writes(batch_in(FavouriteRowIn), BatchOut, scopes=ADMIN)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Favourites of many members in one call; a result for each row."""
        return answer(
            data["rows"], lambda row: _read(row, "favourite"), lambda acts: show_interest(acts, at=moment.at)
        )


class CartBatchDoor(Door):
    @writes(batch_in(CartRowIn), BatchOut, scopes=ADMIN)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Carts of many members in one call; a result for each row."""
        return answer(
            data["rows"], lambda row: _read(row, "cart"), lambda acts: show_interest(acts, at=moment.at)
        )

"""The doors of shops: open, decorate, hide, close; the protection scheme; what everybody may see."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from common.api.batches import BatchOut, Column, answer, batch_in, read_row
from common.api.doors import ADMIN, Door, In, Out, Paged, actor, page, reads, writes
from common.errors import Forbidden
from shops.actions import shops as actions
from shops.actions.edits import Edit
from shops.actions.shops import Opening
from shops.api.fields import acting, if_match, number, tagged, version_of, words
from shops.queries import shops as queries
from shops.rules import shop as rules
from worlds.pen import glance

STATUSES = ["open", "hidden", "closed"]
RENAMED = {"section": "section_id", "subsection": "subsection_id"}


class ShopOut(Out):
    id = serializers.IntegerField()
    owner = serializers.IntegerField()
    nick = serializers.CharField(help_text="the owner's: sellers are known by their nick")
    name = serializers.CharField()
    section = serializers.IntegerField()
    subsection = serializers.IntegerField()
    region = serializers.IntegerField()
    status = serializers.ChoiceField(STATUSES)
    held_by = serializers.ChoiceField(["", "seller", "platform"], help_text="who took it out of sight")
    introduction = serializers.CharField()
    announcement = serializers.CharField()
    template = serializers.CharField()
    style = serializers.CharField()  # type: ignore[assignment]
    picture_count = serializers.IntegerField()
    description_richness = serializers.IntegerField()
    opened_at = serializers.DateTimeField()
    edited_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    protection_since = serializers.DateTimeField(allow_null=True)
    seven_day_return = serializers.BooleanField()
    showcase_slots = serializers.IntegerField(help_text="those its credit grade gives")
    online = serializers.BooleanField(help_text="the owner's Wangwang, now")
    certificates = serializers.ListField(
        child=serializers.ChoiceField([name for name, _, _ in rules.CERTIFICATES])
    )
    version = serializers.IntegerField(help_text="the ETag")


class ShopQuery(Paged):
    owner = number(required=False)
    nick = words(30, required=False)
    name = words(60, required=False, help_text="exactly")
    section = number(required=False)
    subsection = number(required=False)
    region = number(required=False)
    status = serializers.ChoiceField(STATUSES, required=False)
    protected = serializers.BooleanField(required=False)
    seven_day_return = serializers.BooleanField(required=False)
    online = serializers.BooleanField(required=False)


class ShopFieldsIn(In):
    """What opening and decorating have in common; types here, limits in `shops.rules.shop`."""

    introduction = words(rules.INTRODUCTION_CHARACTERS, required=False, allow_blank=True)
    announcement = words(rules.ANNOUNCEMENT_CHARACTERS, required=False, allow_blank=True)
    template = words(rules.LOOK_CHARACTERS, required=False)
    style = words(rules.LOOK_CHARACTERS, required=False)  # type: ignore[assignment]
    picture_count = number(required=False, max_value=rules.PICTURES_MOST)
    description_richness = number(required=False, max_value=100)
    seven_day_return = serializers.BooleanField(required=False)


class ShopOpenIn(ShopFieldsIn):
    name = words(rules.NAME_CHARACTERS)
    section = number(help_text="1 to 24")
    subsection = number(help_text="such as 1501: section 15, its first")
    region = number(help_text="GB/T 2260: six digits, nine for a town")


class ShopRowIn(ShopOpenIn):
    owner = number()


class ShopEditIn(ShopFieldsIn):
    name = words(rules.NAME_CHARACTERS, required=False)
    section = number(required=False)
    subsection = number(required=False)
    region = number(required=False)
    version = number(required=False, help_text="the one you have read; or send If-Match")


def renamed(data: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """The body's names as columns call them."""
    return {names.get(name, name): value for name, value in data.items()}


class ShopsDoor(Door):
    @reads(ShopOut, query=ShopQuery, paged=True)
    def get(self, request: Request, query: Any) -> Any:
        """Shops, in the order in which they opened."""
        filters = {name: value for name, value in query.items() if name not in ("after", "limit")}
        found = queries.shops(filters, after=query.get("after", 0), limit=query["limit"])
        return page(request, found, query["limit"])

    @writes(ShopOpenIn, ShopOut, status=201)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Open a shop: free, one a member, after ID and bank are verified."""
        [shop] = actions.open_shops([Opening(owner=actor(request), **renamed(data, RENAMED))], at=moment.at)
        return tagged(queries.shop(shop), 201, f"/api/shops/{shop}/")


ROW = {
    "owner": Column(int, least=1),
    "name": Column(str, most=100),
    "section": Column(int),
    "subsection": Column(int),
    "region": Column(int),
    "introduction": Column(str, default="", most=20_000),
    "announcement": Column(str, default="", most=2_000),
    "template": Column(str, default="plain", most=100),
    "style": Column(str, default="plain", most=100),
    "picture_count": Column(int, default=0),
    "description_richness": Column(int, default=0),
    "seven_day_return": Column(bool, default=False),
}


class ShopBatchDoor(Door):
    @writes(batch_in(ShopRowIn), BatchOut, scopes=ADMIN)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Open many shops in one call; a result for each row."""
        by = acting(request)

        def read(row: Any) -> Opening:
            opening = Opening(**renamed(read_row(row, ROW), RENAMED))
            if by is not None and opening.owner != by:
                raise Forbidden("that member is somebody else", field="owner", rule="own_things_only")
            return opening

        return answer(data["rows"], read, lambda some: actions.open_shops(some, at=moment.at))


class ShopDoor(Door):
    @reads(ShopOut)
    def get(self, request: Request, query: Any, shop_id: int) -> Any:
        """A shop, with its certificates and its version as ETag."""
        return tagged(queries.shop(shop_id))

    @if_match
    @writes(ShopEditIn, ShopOut, errors=(412,))
    def patch(self, request: Request, data: Any, moment: Any, shop_id: int) -> Any:
        """Decorate a shop (Wang Pu): its owner, or an admin as nobody."""
        version = version_of(request, data.pop("version", None))
        actions.edit([Edit(shop_id, renamed(data, RENAMED), version)], by=acting(request), at=moment.at)
        return tagged(queries.shop(shop_id))


class ShopStandingIn(In):
    action = serializers.ChoiceField(list(rules.SHOP_STEP), help_text="close takes every listing down")


class ShopStandingDoor(Door):
    @writes(ShopStandingIn, ShopOut)
    def post(self, request: Request, data: Any, moment: Any, shop_id: int) -> Any:
        """Hide, show, close or reopen a shop; what the platform did, only the platform undoes."""
        verb = {"hide": actions.hide, "show": actions.show, "close": actions.close, "reopen": actions.reopen}
        verb[data["action"]]([shop_id], by=acting(request), at=moment.at)
        return tagged(queries.shop(shop_id))


class ShopProtectionDoor(Door):
    @writes(None, ShopOut)
    def post(self, request: Request, data: Any, moment: Any, shop_id: int) -> Any:
        """Join the Consumer Protection Scheme: the deposit is frozen in the ledger."""
        actions.join_protection([shop_id], by=acting(request), at=moment.at)
        return tagged(queries.shop(shop_id))

    @writes(None, ShopOut)
    def delete(self, request: Request, data: Any, moment: Any, shop_id: int) -> Any:
        """Leave the scheme: what is left of the deposit comes back."""
        actions.leave_protection([shop_id], by=acting(request), at=moment.at)
        return tagged(queries.shop(shop_id))


class ShowcaseOut(Out):
    all = serializers.IntegerField()
    used = serializers.IntegerField()
    left = serializers.IntegerField()


class ShopShowcaseDoor(Door):
    @reads(ShowcaseOut)
    def get(self, request: Request, query: Any, shop_id: int) -> Any:
        """How many showcase slots a shop has, uses and has left."""
        return queries.showcase(shop_id, glance().at)


class ShopProfileOut(Out):
    shop = ShopOut()
    listings_on_sale = serializers.IntegerField()
    listings_taken_down = serializers.IntegerField()
    pieces_sold = serializers.IntegerField()
    inquiries_asked = serializers.IntegerField()
    inquiries_answered = serializers.IntegerField()
    median_response_seconds = serializers.IntegerField(allow_null=True)


class ShopProfileDoor(Door):
    @reads(ShopProfileOut)
    def get(self, request: Request, query: Any, shop_id: int) -> Any:
        """What everybody may know of a seller: shop, goods, how inquiries are answered."""
        return queries.profile(shop_id)

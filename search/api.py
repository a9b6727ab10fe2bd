"""The doors of search: find, suggest, and read the formula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from common import regions, sections
from common.api.doors import Door, In, Out, reads
from common.errors import Invalid
from common.moments import show
from search import rules, used
from search.express import auction
from search.queries.asked import FILTERS, Asked, now
from search.queries.explain import explained
from search.queries.facets import facets, suggestions
from search.queries.find import MATCHED, search
from search.reading import Flag, Number, Reader, Text
from traffic.rules import COOKIE_MOST
from worlds.auth import who

SORTS, SUPPLIES, DELIVERIES = (
    list(rules.SORTS),
    ["stock", "preorder", "custom"],
    ["express", "mail", "virtual", "auto"],
)
BIG = 10**15


def _known(check: Any) -> Any:
    return lambda value: None if check(value) else f"there is no {value}"


# One row a parameter: how it is read, fast (a page of results costs less than a serializer's reading of its query).
# fmt: off
FILTER_READERS: dict[str, Reader] = {
    "section":            Number(1, 99, "section 1 to 24", _known(sections.valid)),
    "subsection":         Number(100, 9_999, "sub-section, such as 1501", _known(sections.valid)),
    "category":           Number(10_000, 999_999, "category, such as 150102", _known(sections.valid)),
    "province":           Number(110_000, 829_999, "province of the shop, such as 320000", _known(regions.valid)),
    "city":               Number(110_000, 829_999, "prefecture of the shop, such as 320300", _known(regions.valid)),
    "shop":               Number(1, BIG, "one shop's goods"),
    "supply":             Text(SUPPLIES, "from stock, before it is made, or made to order"),
    "delivery":           Text(DELIVERIES, "how it is sent"),
    "price_from_fen":     Number(0, BIG, "price, at least"),
    "price_to_fen":       Number(0, BIG, "price, at most"),
    "grade":              Text(list(rules.GRADES), "the shop's grade"),
    "level_from":         Number(0, 20, "the shop's credit level, at least"),
    "level_to":           Number(0, 20, "the shop's credit level, at most"),
    "good_rate_from_bps": Number(0, 10_000, "the shop's good rate, at least"),
    "sales_from":         Number(0, BIG, "pieces paid for lately, at least"),
    "visitors_from":      Number(0, BIG, "daily visitors lately, at least"),
    "id_verified":        Flag("the owner's identity was checked"),
    "bank_verified":      Flag("the owner's bank account was checked"),
    "protection":         Flag("in the consumer protection scheme"),
    "seven_day_return":   Flag("goods go back within seven days without a reason"),
    "showcase":           Flag("in the shop's showcase"),
    "free_postage":       Flag("postage is free"),
    "online":             Flag("the seller's Wangwang is online"),
}
ASKED_READERS: dict[str, Reader] = {
    "q": Text(None, "words in Chinese or English; all of them are looked for", rules.QUERY_CHARACTERS),
    **FILTER_READERS,
}
PAGE_READERS: dict[str, Reader] = {
    "sort":    Text(SORTS, "order of the results", default="default"),
    "limit":   Number(1, rules.LIMIT_MOST, "results a page", default=20),
    "offset":  Number(0, rules.RESULTS_MOST - 1, "results passed over", default=0),
    "explain": Flag("with each result's arithmetic", default=False),
    "facets":  Flag("with counts for further filters", default=False),
    "paid":    Flag("with the paid places of the first page, for which an auction is held", default=False),
    "buyer_region": Number(110_000, 829_999_999, "where the buyer is: some ads are shown in some places", _known(regions.valid)),
}
# fmt: on


class SearchAskedIn(In):
    """Words and filters; read by the table above, documented as a serializer."""

    READERS: Mapping[str, Reader] = ASKED_READERS

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {name: reader.documented() for name, reader in self.READERS.items()}

    def is_valid(self, *, raise_exception: bool = False) -> bool:
        self._validated_data, self._errors = {}, {}
        given = self.initial_data
        for name in given:
            if name not in self.READERS:
                self._errors[name[:80]] = [
                    serializers.ErrorDetail("this field is not known here", "field_is_known")
                ]
        for name, reader in self.READERS.items():
            value, fault = reader.read(given[name]) if name in given else (reader.default, None)
            if fault:
                self._errors[name] = [serializers.ErrorDetail(*fault)]
            elif value is not None:
                self._validated_data[name] = value
        return not self._errors


class SearchQuery(SearchAskedIn):
    READERS = ASKED_READERS | PAGE_READERS


class SearchTermOut(Out):
    term = serializers.CharField()
    raw = serializers.JSONField(help_text="what the value is made from")
    value = serializers.IntegerField(help_text="0 to 10,000")
    weight_bps = serializers.IntegerField(help_text="negative: a demotion")
    product = serializers.IntegerField()


class SearchExplanationOut(Out):
    terms = SearchTermOut(many=True)
    sum = serializers.IntegerField(help_text="equals the score")


class SearchGoodsOut(Out):
    """What every result shows of a listing and its shop."""

    listing = serializers.IntegerField()
    price_fen = serializers.IntegerField()
    postage_fen = serializers.IntegerField()
    category = serializers.IntegerField()
    section = serializers.IntegerField()
    supply = serializers.ChoiceField(SUPPLIES)
    delivery = serializers.ChoiceField(DELIVERIES)
    shop = serializers.IntegerField()
    shop_name = serializers.CharField()
    region = serializers.IntegerField()
    online = serializers.BooleanField()
    level = serializers.IntegerField(help_text="the shop's credit level, 0 to 20")
    good_rate_bps = serializers.IntegerField(allow_null=True)
    description_hundredths = serializers.IntegerField(allow_null=True)
    service_hundredths = serializers.IntegerField(allow_null=True)
    delivery_hundredths = serializers.IntegerField(allow_null=True)
    sales = serializers.IntegerField(help_text="pieces paid for in the window")
    protection = serializers.BooleanField()
    seven_day_return = serializers.BooleanField()
    showcase = serializers.BooleanField()
    listed_at = serializers.DateTimeField()


class SearchResultOut(SearchGoodsOut):
    title = serializers.CharField()
    score = serializers.IntegerField()
    explanation = SearchExplanationOut(required=False)


class FacetValueOut(Out):
    value = serializers.JSONField()
    name = serializers.CharField(required=False)
    count = serializers.IntegerField()


class PriceBandOut(Out):
    from_fen = serializers.IntegerField()
    to_fen = serializers.IntegerField(allow_null=True)
    count = serializers.IntegerField()


class SearchFacetsOut(Out):
    count = serializers.IntegerField(help_text="all results")
    price_bands = PriceBandOut(many=True)
    grade = FacetValueOut(many=True)
    section = FacetValueOut(many=True)
    subsection = FacetValueOut(many=True)
    category = FacetValueOut(many=True)
    province = FacetValueOut(many=True)
    city = FacetValueOut(many=True)
    supply = FacetValueOut(many=True)
    delivery = FacetValueOut(many=True)
    id_verified = serializers.IntegerField()
    bank_verified = serializers.IntegerField()
    protection = serializers.IntegerField()
    seven_day_return = serializers.IntegerField()
    showcase = serializers.IntegerField()
    free_postage = serializers.IntegerField()
    online = serializers.IntegerField()
    sold_lately = serializers.IntegerField()


class SearchPaidResultOut(SearchGoodsOut):
    slot = serializers.IntegerField(help_text="from 1, the best")
    place = serializers.ChoiceField(["right", "bottom"])
    creative = serializers.IntegerField()
    title = serializers.CharField(help_text="the creative's")


class SearchPaidOut(Out):
    auction = serializers.IntegerField(allow_null=True, help_text="what a click refers to; null: nobody bid")
    results = SearchPaidResultOut(many=True)


class SearchPageOut(Out):
    matched = serializers.ChoiceField(MATCHED, help_text="how results match: all words, else any, else alike")
    words = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="the query's words"
    )
    at = serializers.DateTimeField()
    results = SearchResultOut(many=True)
    next = serializers.CharField(allow_null=True)
    facets = SearchFacetsOut(required=False)
    paid = SearchPaidOut(required=False, help_text="when asked for; filters do not narrow it")


VISITOR = OpenApiParameter(
    "X-Jishi-Visitor",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=f"The visitor's cookie, at most {COOKIE_MOST} characters: who sees the paid places (paid=true)",
)


class SearchDoor(Door):
    @reads(SearchPageOut, query=SearchQuery, headers=[VISITOR])
    def get(self, request: Request, query: Any) -> HttpResponse:
        """Find goods: all the query's words, filters, a sort; `explain` shows each result's arithmetic."""
        asked = _asked(query)
        found, moment = search(asked)
        if asked.filters:
            used.note(moment.uid, moment.at, asked.filters.get("section"), asked.filters)
        results = found.results
        if query["explain"]:
            shown = orjson.loads(results)
            why = explained(asked, moment, found.matched, [row["listing"] for row in shown])
            results = orjson.dumps([row | {"explanation": why[row["listing"]]} for row in shown])
        rest: dict[str, Any] = {"next": _next(request, asked) if found.more else None}
        if query["facets"]:
            rest["facets"] = facets(asked, moment, found.matched)
        head = orjson.dumps({"matched": found.matched, "words": asked.words, "at": show(moment.at)})
        body = b'%s,"results":%s,%s' % (head[:-1], results, orjson.dumps(rest)[1:])
        if query["paid"]:
            body = b'%s,"paid":%s}' % (body[:-1], _paid(request, query))
        return HttpResponse(body, content_type="application/json")  # nothing is left for a renderer to do


def _paid(request: Request, query: Mapping[str, Any]) -> bytes:
    """The paid places of the first page; none on the others."""
    visitor = request.META.get("HTTP_X_JISHI_VISITOR") or None
    if visitor and not (len(visitor) <= COOKIE_MOST and visitor.isprintable()):
        raise Invalid(
            f"a visitor is at most {COOKIE_MOST} printable characters", field="X-Jishi-Visitor",
            rule="visitor_is_a_short_text", way_out="Send the cookie you name the visitor by.",
        )  # fmt: skip
    if query["offset"]:
        return auction.NOTHING
    return auction.paid(
        auction.Search(query.get("q", ""), visitor, query.get("buyer_region"), who(request).member_id)
    )


def _asked(query: Mapping[str, Any]) -> Asked:
    filters = {name: query[name] for name in FILTERS if name in query}
    if "sort" not in query:
        return Asked(query.get("q", ""), filters)
    limit = min(query["limit"], rules.RESULTS_MOST - query["offset"])
    return Asked(query.get("q", ""), filters, query["sort"], limit, query["offset"])


def _next(request: Request, asked: Asked) -> str | None:
    """The next page's address; none beyond the bound: narrow the search instead."""
    offset = asked.offset + asked.limit
    if offset >= rules.RESULTS_MOST:
        return None
    query = {name: value for name, value in request.query_params.items() if name != "offset"}
    return f"{request.path}?{urlencode({**query, 'offset': offset})}"


class SuggestedFilterOut(Out):
    filter = serializers.CharField()
    used = serializers.IntegerField(help_text="searches that used it in the last seven market days")


class SuggestedCategoryOut(Out):
    category = serializers.IntegerField()
    name = serializers.CharField()
    path = serializers.CharField()
    count = serializers.IntegerField()


class SuggestionsOut(Out):
    filters = SuggestedFilterOut(many=True)
    categories = SuggestedCategoryOut(many=True)


class SuggestionsDoor(Door):
    @reads(SuggestionsOut, query=SearchAskedIn)
    def get(self, request: Request, query: Any) -> Any:
        """What to narrow a search by: the filters most used lately, and the categories its results stand in."""
        return suggestions(_asked(query), now())


class FormulaTermOut(Out):
    term = serializers.CharField()
    lever = serializers.CharField()
    weight_bps = serializers.IntegerField(help_text="negative: a demotion")
    made_of = serializers.CharField()
    words = serializers.CharField()


class FormulaOut(Out):
    at = serializers.DateTimeField()
    terms = FormulaTermOut(many=True)
    sorts = serializers.DictField(child=serializers.CharField())


class FormulaDoor(Door):
    @reads(FormulaOut)
    def get(self, request: Request, query: Any) -> Any:
        """The ranking formula as it stands: every term, its weight and the lever that sets it."""
        moment = now()
        return {
            "at": show(moment.at),
            "terms": rules.table(moment.formula),
            "sorts": {name: words for name, (_, words) in rules.SORTS.items()},
        }

"""The doors of creatives and keywords."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from common.api.batches import BatchOut, Column, answer, batch_in, read_row
from common.api.doors import TRADERS, Door, In, Out, Paged, reads, writes
from search.express import rules
from search.express.actions import creatives, keywords
from search.express.actions.creatives import TITLE_MOST, NewCreative
from search.express.actions.keywords import NewKeyword
from search.express.api.fields import a_page, acting, bid, made, match, number, shown, words
from shops.actions.edits import Edit

ONE_TO_TEN = "1 to 10"


class AdCreativeOut(Out):
    id = serializers.IntegerField()
    group = serializers.IntegerField()
    title = serializers.CharField()
    status = serializers.ChoiceField(rules.CREATIVE_STATUSES)
    faults = serializers.ListField(
        child=serializers.CharField(), help_text="the rules it breaks, and with what"
    )
    created_at = serializers.DateTimeField()


class AdCreativeQuery(Paged):
    group = number(required=False)
    status = serializers.ChoiceField(rules.CREATIVE_STATUSES, required=False)


class AdCreativeIn(In):
    group = number()
    title = words(TITLE_MOST)


class AdCreativeEditIn(In):
    title = words(TITLE_MOST)


class AdCreativesDoor(Door):
    @reads(AdCreativeOut, query=AdCreativeQuery, paged=True, scopes=TRADERS)
    def get(self, request: Request, query: Any) -> Any:
        """The acting member's creatives (a key that names nobody: all), by number."""
        return a_page(request, "creative", query)

    @writes(AdCreativeIn, AdCreativeOut, status=201)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Write another creative; the audit answers at once, and says why when it refuses."""
        [id_] = creatives.add([NewCreative(**data)], by=acting(request), at=moment.at)
        return made(request, "creative", id_, moment)


class AdCreativeDoor(Door):
    @reads(AdCreativeOut, scopes=TRADERS)
    def get(self, request: Request, query: Any, creative_id: int) -> Any:
        """A creative of one's own."""
        return shown(request, "creative", creative_id)

    @writes(AdCreativeEditIn, AdCreativeOut)
    def patch(self, request: Request, data: Any, moment: Any, creative_id: int) -> Any:
        """Another title, audited anew."""
        creatives.edit([Edit(creative_id, data)], by=acting(request), at=moment.at)
        return shown(request, "creative", creative_id, moment)

    @writes(None, AdCreativeOut)
    def delete(self, request: Request, data: Any, moment: Any, creative_id: int) -> Any:
        """Take a creative away for good."""
        creatives.remove([creative_id], by=acting(request), at=moment.at)
        return shown(request, "creative", creative_id, moment)


class AdKeywordOut(Out):
    id = serializers.IntegerField()
    group = serializers.IntegerField()
    word = serializers.CharField()
    words = serializers.ListField(child=serializers.CharField(), help_text="as it is matched")
    match = match()
    status = serializers.ChoiceField(rules.KEYWORD_STATUSES)
    bid_fen = serializers.IntegerField(help_text="a click, at most")
    follows_group = serializers.BooleanField(help_text="the bid is the ad group's")
    bid_at = serializers.DateTimeField(help_text="since when; ties go by it")
    created_at = serializers.DateTimeField()
    quality = serializers.IntegerField(help_text="1 to 10; the bid is no part of it")
    relevance = serializers.IntegerField(help_text=ONE_TO_TEN)
    ctr = serializers.IntegerField(help_text=ONE_TO_TEN)
    experience = serializers.IntegerField(help_text=ONE_TO_TEN)
    account = serializers.IntegerField(help_text=ONE_TO_TEN)


class AdKeywordQuery(Paged):
    group = number(required=False)
    campaign = number(required=False)
    match = match(required=False)
    status = serializers.ChoiceField(rules.KEYWORD_STATUSES, required=False)


class AdKeywordIn(In):
    group = number()
    word = words(rules.WORD_MOST)
    match = match(required=False)
    bid_fen = bid(required=False, allow_null=True, help_text="a click; none: the ad group's")


class AdKeywordEditIn(In):
    bid_fen = bid(required=False, allow_null=True, help_text="null: the ad group's")
    match = match(required=False)


class AdKeywordStandingIn(In):
    action = serializers.ChoiceField(list(rules.KEYWORD_STEP))


class AdKeywordsDoor(Door):
    @reads(AdKeywordOut, query=AdKeywordQuery, paged=True, scopes=TRADERS)
    def get(self, request: Request, query: Any) -> Any:
        """The acting member's keywords (a key that names nobody: all), by number."""
        return a_page(request, "keyword", query)

    @writes(AdKeywordIn, AdKeywordOut, status=201)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Bid on a word for an ad group."""
        [id_] = keywords.add([NewKeyword(**data)], by=acting(request), at=moment.at)
        return made(request, "keyword", id_, moment)


ROW = {
    "group": Column(int, least=1),
    "word": Column(str, least=1, most=rules.WORD_MOST),
    "match": Column(str, default="centre", most=10),
    "bid_fen": Column(int, default=None, least=1, most=rules.BID_MOST_FEN),
}


class AdKeywordRowIn(AdKeywordIn):
    pass


class AdKeywordBatchDoor(Door):
    @writes(batch_in(AdKeywordRowIn), BatchOut)
    def post(self, request: Request, data: Any, moment: Any) -> Any:
        """Bid on many words in one call; a result for each row."""
        by = acting(request)
        return answer(
            data["rows"],
            lambda row: NewKeyword(**read_row(row, ROW)),
            lambda intents: keywords.add(intents, by=by, at=moment.at),
        )


class AdKeywordDoor(Door):
    @reads(AdKeywordOut, scopes=TRADERS)
    def get(self, request: Request, query: Any, keyword_id: int) -> Any:
        """A keyword of one's own."""
        return shown(request, "keyword", keyword_id)

    @writes(AdKeywordEditIn, AdKeywordOut)
    def patch(self, request: Request, data: Any, moment: Any, keyword_id: int) -> Any:
        """Another bid, or another match."""
        keywords.edit([Edit(keyword_id, data)], by=acting(request), at=moment.at)
        return shown(request, "keyword", keyword_id, moment)


class AdKeywordStandingDoor(Door):
    @writes(AdKeywordStandingIn, AdKeywordOut)
    def post(self, request: Request, data: Any, moment: Any, keyword_id: int) -> Any:
        """Start, pause or remove a keyword."""
        keywords.move([keyword_id], data["action"], by=acting(request), at=moment.at)
        return shown(request, "keyword", keyword_id, moment)

"""JSON in and out through orjson; a door speaks JSON whatever it is asked to accept."""

from __future__ import annotations

from typing import Any

import orjson
from django.conf import settings
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from common.errors import Invalid, TooLarge

OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


def encode(data: Any) -> bytes:
    return orjson.dumps(data, option=OPTIONS, default=str)


class JSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        if isinstance(data, bytes):  # made JSON in SQL
            return data
        return b"" if data is None else encode(data)


class JSONParser(BaseParser):
    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(most + 1)
        if len(raw) > most:
            raise TooLarge(
                "the body is larger than 64 MB",
                field="body",
                rule="body_size",
                way_out="Send smaller batches.",
            )
        if not raw:
            return {}
        try:
            return orjson.loads(raw)
        except ValueError as error:
            raise Invalid(
                f"the body is not JSON: {error}",
                field="body",
                rule="body_is_json",
                way_out="Send UTF-8 JSON.",
            ) from None


class AlwaysJSON(BaseContentNegotiation):
    def select_parser(self, request: Any, parsers: Any) -> Any:
        """The first parser, whatever the content type: a body that is not JSON is refused in words."""
        return parsers[0]

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type

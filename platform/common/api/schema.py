"""How doors show in the OpenAPI document."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.urls import register_converter
from django.utils.translation import get_language
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers


class IdConverter:
    """A number of a row: 1 to 18 digits, no sign, no leading nought. Anything else is no address."""

    regex = "[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(IdConverter, "id")


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457: what was refused, which field and rule, and the way out."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    field = serializers.CharField(allow_null=True)
    rule = serializers.CharField(allow_null=True)
    way_out = serializers.CharField(allow_null=True)
    errors = serializers.ListField(  # type: ignore[assignment] # RFC 9457's extension, not our own faults
        child=serializers.DictField(), required=False
    )


class DoorSchema(AutoSchema):
    """Tags by app, operation ids by path; everything else comes from `reads` and `writes`."""

    def get_tags(self) -> list[str]:
        return [self.view.__class__.__module__.split(".")[0]]

    def get_operation_id(self) -> str:
        """The method and the address's own words: no two doors have the same, `post_orders_order_id_pay`."""
        words = self.path.removeprefix("/api").strip("/").replace("{", "").replace("}", "")
        return f"{self.method.lower()}_{words.replace('/', '_').replace('-', '_')}"


def close_requests(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Request bodies take no unknown fields; say so in the document."""
    for name, schema in result.get("components", {}).get("schemas", {}).items():
        if (
            name.endswith("Request")
            and schema.get("type") == "object"
            and "additionalProperties" not in schema
        ):
            schema["additionalProperties"] = False
    return result


@cache
def _document(language: str | None) -> dict[str, Any]:
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return made


def document() -> dict[str, Any]:
    """The OpenAPI document, for reading only: the same for all who read that language, so made once a process."""
    return _document(get_language())


class KeptDocument(SchemaGenerator):
    """Serves the document that is there already."""

    def get_schema(self, request: Any = None, public: bool = True) -> dict[str, Any]:
        return document()

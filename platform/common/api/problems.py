"""Every error as an RFC 9457 problem document that names the field, the rule and the way out."""

from __future__ import annotations

import sys
from typing import Any

import psycopg
import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import Error as DatabaseError
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions
from rest_framework.response import Response

from common.api.render import encode
from common.errors import Forbidden, Invalid, NotFound, Refusal, TooLarge, Unauthorised, refusal_of

log = structlog.get_logger()
TYPE = "application/problem+json"


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """The response to anything a door raised; None (a 500) only for what is our own fault."""
    refusal = as_refusal(error)
    if refusal is None:
        return None
    if isinstance(error, DatabaseError) and refusal.status >= 500:
        log.warning("database refused", error=str(error))
    headers = {"WWW-Authenticate": "Bearer"} if refusal.status == 401 else {}
    if refusal.status == 503:
        headers["Retry-After"] = "1"
    if isinstance(error, exceptions.MethodNotAllowed) and "view" in context:
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    return Response(refusal.problem(), status=refusal.status, headers=headers, content_type=TYPE)


def as_refusal(error: BaseException) -> Refusal | None:  # noqa: PLR0911 (a table of kinds, read top to bottom)
    if isinstance(error, Refusal):
        return error
    if isinstance(error, exceptions.ValidationError):
        return invalid(error.detail)
    if isinstance(error, DatabaseError | psycopg.Error):
        return refusal_of(error)
    if isinstance(error, Http404 | exceptions.NotFound):
        return NotFound("there is nothing at this address", field="path", rule="address_exists")
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return Unauthorised("send `Authorization: Bearer <key>`", field="Authorization", rule="bearer_key")
    if isinstance(error, exceptions.PermissionDenied | PermissionDenied):
        return Forbidden("this key may not do that", rule="keys_have_scopes")
    if isinstance(error, RequestDataTooBig):
        return TooLarge(
            "the body is larger than 64 MB", field="body", rule="body_size", way_out="Send smaller batches."
        )
    if isinstance(error, exceptions.MethodNotAllowed):
        return MethodNotAllowed(f"{error.detail}", field="method", rule="method_is_offered")
    if isinstance(error, exceptions.APIException):
        refusal = Invalid(str(error.detail), rule=error.default_code)
        refusal.status = error.status_code
        return refusal
    if isinstance(error, SuspiciousOperation | UnicodeError):
        return Invalid("the request cannot be read", rule="request_is_readable")
    return None


class MethodNotAllowed(Refusal):
    status, code, title = 405, "method_not_allowed", "This address does not do that"
    usual_way_out = "Use one of the methods that the header Allow names."


def invalid(detail: Any) -> Invalid:
    """The refusal of a serializer's errors: the first one named, all of them listed."""
    errors = list(flat(detail))
    first = errors[0] if errors else {"field": None, "rule": "invalid", "detail": "invalid"}
    words = f"{first['field']}: {first['detail']}" if first["field"] else str(first["detail"])
    return Invalid(words, field=first["field"], rule=first["rule"], errors=errors)


def flat(detail: Any, path: str = "") -> Any:
    """(field, rule, detail) of every error in DRF's nested lists and dicts; fields as `lines.0.quantity`."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            here = str(key) if key != "non_field_errors" else ""
            yield from flat(value, ".".join(part for part in (path, here) if part))
    elif isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        for i, item in enumerate(detail):
            yield from flat(item, f"{path}.{i}" if path else str(i))
    elif isinstance(detail, list):
        for item in detail:
            yield from flat(item, path)
    else:
        yield {"field": path or None, "rule": getattr(detail, "code", "invalid"), "detail": str(detail)}


def _plain(refusal: Refusal) -> HttpResponse:
    again = {"Retry-After": "1"} if refusal.status == 503 else {}
    return HttpResponse(encode(refusal.problem()), status=refusal.status, content_type=TYPE, headers=again)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's own 404, for addresses that no pattern knows."""
    return _plain(
        NotFound(
            "there is nothing at this address",
            field="path",
            rule="address_exists",
            way_out="See /api/docs/ for what is.",
        )
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _plain(as_refusal(exception) or Invalid("the request cannot be read", rule="request_is_readable"))


class Broken(Refusal):
    status, code, title = 500, "broken", "Something of ours broke"


def server_error(request: HttpRequest) -> HttpResponse:
    if connection.needs_rollback:
        connection.close()
    broke = sys.exc_info()[1]
    if broke and (refusal := as_refusal(broke)) and refusal.status == 503:
        return _plain(refusal)  # a page, while the database is away
    return _plain(Broken("this is a fault of Jishi's; nothing was changed", way_out="Please report it."))

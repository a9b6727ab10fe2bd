"""`reads` and `writes`: what every method of every door does before and after its own three lines.

Reading: check the key's scope, read the query strictly, answer. Writing: check, read the body strictly, then,
in one transaction with the world's pen, answer again if this `Idempotency-Key` was answered before, act,
keep the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache, wraps
from threading import local
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.api import idempotency, together
from common.api.problems import invalid
from common.api.schema import ProblemSerializer
from common.errors import Forbidden, Invalid, Unauthorised

ADMIN = ("admin",)
TRADERS = ("admin", "member")
EVERYBODY = ("admin", "member", "read")
PROBLEM = OpenApiResponse(ProblemSerializer, description="A problem document (RFC 9457)")
ACTING = OpenApiParameter(
    "X-Jishi-Member",
    OpenApiTypes.INT64,
    OpenApiParameter.HEADER,
    description="Act as this member (admin keys)",
)
ONCE = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=(
        "1 to 255 visible ASCII characters: the same key with the same body is done once and answered alike"
    ),
)


class In(serializers.Serializer[Any]):
    """What a door takes: unknown fields are refused by name."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = sorted(str(key) for key in data if key not in self.fields)
            if unknown:
                raise serializers.ValidationError(
                    {
                        name[:80]: serializers.ErrorDetail("this field is not known here", "field_is_known")
                        for name in unknown
                    }
                )
        return super().to_internal_value(data)


class Out(serializers.Serializer[Any]):
    """What a door gives: for the document only; doors answer with plain dicts."""


class Paged(In):
    """Query of a list: rows after that id, at most so many."""

    after = serializers.IntegerField(
        required=False, min_value=0, max_value=10**18, help_text="The last id seen"
    )
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=1000)


class Door(APIView):
    """Base of every door. Methods are declared with `reads` and `writes`."""


def actor(request: Request) -> int:
    """The member this request acts as; refused when the key names none."""
    user: Any = request.user
    member_id: int | None = user.member_id
    if member_id is None:
        raise Invalid(
            "say which member acts",
            field="X-Jishi-Member",
            rule="a_member_acts",
            way_out="Send the header X-Jishi-Member: <member id>, or use a member's key.",
        )
    return member_id


def only(request: Request, member_id: int) -> None:
    """Refuse anybody but this member (or an admin or read key acting as nobody)."""
    user: Any = request.user
    if not user.sees(member_id):
        raise Forbidden(
            "that belongs to another member",
            field="Authorization",
            rule="own_things_only",
            way_out="Use their key.",
        )


def page(request: Request, items: Sequence[Any], limit: int, key: str = "id") -> dict[str, Any]:
    """A page of `items` fetched with LIMIT `limit` + 1: the rows, the address of the next page (or null)."""
    more = len(items) > limit
    shown = items[:limit]
    following = None
    if more:
        query = {name: value for name, value in request.query_params.items() if name != "after"}
        following = f"{request.path}?{urlencode({**query, 'after': shown[-1][key]})}"
    return {"results": shown, "next": following}


@cache
def paged_out(gives: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """The document's shape of a page of `gives`."""
    name = gives.__name__.removesuffix("Out") + "Page"
    return type(name, (Out,), {"results": gives(many=True), "next": serializers.CharField(allow_null=True)})


def reads(
    gives: Any,
    *,
    query: type[In] | None = None,
    scopes: Sequence[str] = EVERYBODY,
    paged: bool = False,
    errors: Sequence[int] = (),
    market: bool = True,
    headers: Sequence[OpenApiParameter] = (),
    also: Mapping[Any, Any] | None = None,
    summary: str | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A GET: `fn(self, request, query, **path)` returns a dict, a list, bytes of JSON or a Response.

    `also`: what else the document says it may answer, such as `{(200, "text/csv"): OpenApiTypes.STR}`.
    """

    def decorate(fn: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(fn)
        def wrapper(self: Door, request: Request, **path: Any) -> Response:
            check_scope(request, scopes, market)
            answer = fn(self, request, check_query(request, query), **path)
            return answer if hasattr(answer, "status_code") else Response(answer)

        shape = paged_out(gives) if paged else gives
        return _documented(
            wrapper,
            fn,
            {200: shape, **(also or {}), **_problems(400, 401, 403, 404, 503, *errors)},
            query,
            None,
            [*headers, *([ACTING] if market else [])],
            summary,
            scopes,
        )

    return decorate


def writes(
    takes: Any = None,
    gives: Any = None,
    *,
    status: int = 200,
    scopes: Sequence[str] = TRADERS,
    errors: Sequence[int] = (),
    market: bool = True,
    pen: bool = True,
    joint: bool = False,
    secrets: Sequence[str] = (),
    query: type[In] | None = None,
    headers: Sequence[OpenApiParameter] = (),
    also: Mapping[int, Any] | None = None,
    summary: str | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A POST, PUT, PATCH or DELETE: `fn(self, request, data, moment, **path)` acts and returns the answer.

    `market=False`: above the markets, `moment` is None. `pen=False`: in a transaction of its own making.
    `joint=True`: `fn(self, request, data, **path)` only says what is asked (a `together.Joint`), which is done
    in one transaction with whatever others ask for at the same time.
    Fields named in `secrets` are answered once and not kept for a repeated `Idempotency-Key`.
    `headers` and `also` (status -> shape) are what else the document says of it.
    """

    def decorate(fn: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(fn)
        def wrapper(self: Door, request: Request, **path: Any) -> Response:
            check_scope(request, scopes, market)
            asked = check_query(request, query)
            data = check_body(request, takes)
            if query is not None:
                data = {**data, "query": asked}
            repeated = idempotency.key_of(request)
            if joint:
                asked = fn(self, request, data, **path)
                return together.act(asked, request, _pen(), key=repeated, status=status, secrets=secrets)
            with _transaction(market, pen) as moment:
                if repeated and (kept := idempotency.kept(request, repeated)):
                    return kept
                answer = fn(self, request, data, moment, **path)
                if not hasattr(answer, "status_code"):
                    answer = Response(answer, status=status if answer is not None else 204)
                if repeated:
                    idempotency.keep(request, repeated, answer, secrets)
            return answer

        told = [ONCE, *headers, *([ACTING] if market else [])]
        good = {status if gives is not None else 204: gives, **(also or {})}
        return _documented(
            wrapper,
            fn,
            {**good, **_problems(400, 401, 403, 404, 409, 410, 413, 422, 503, *errors)},
            query,
            takes,
            told,
            summary,
            scopes,
        )

    return decorate


def _transaction(market: bool, pen: bool) -> AbstractContextManager[Any]:
    if market and pen:
        return _pen()()
    return nullcontext() if market else transaction.atomic()


def _pen() -> Callable[..., AbstractContextManager[Any]]:
    pen: Callable[..., AbstractContextManager[Any]] = import_string(settings.JISHI_PEN)
    return pen


def _problems(*statuses: int) -> dict[int, Any]:
    return dict.fromkeys(statuses, PROBLEM)


def _documented(
    wrapper: Any,
    fn: Any,
    responses: dict[int, Any],
    query: Any,
    takes: Any,
    headers: list[Any],
    summary: str | None,
    scopes: Sequence[str],
) -> Any:
    words = (fn.__doc__ or "").strip()
    first = words.split("\n")[0].rstrip(".")
    parameters = ([query] if query else []) + headers
    documented = {
        (code, "application/problem+json") if shape is PROBLEM else code: shape
        for code, shape in responses.items()
    }
    return extend_schema(
        request=takes,
        responses=documented,
        parameters=parameters,
        summary=summary or first or None,
        description=words or None,
        extensions={"x-scopes": list(scopes)},
    )(wrapper)


def check_scope(request: Request, scopes: Sequence[str], market: bool) -> None:
    user: Any = request.user
    if user is None:
        raise Unauthorised(
            "send `Authorization: Bearer <key>`",
            field="Authorization",
            rule="bearer_key",
            way_out="`./jishi up` prints a key.",
        )
    if user.scope not in scopes or (market and user.schema is None):
        raise Forbidden(
            f"a key of scope {user.scope} may not do that",
            field="Authorization",
            rule=f"key_scope_is_{'_or_'.join(scopes)}",
            way_out="Use another key.",
        )


def check_query(request: Request, query: type[In] | None) -> dict[str, Any]:
    given = request.query_params
    if query is None:
        if given:
            name = sorted(given)[0]
            raise Invalid(
                f"{name[:80]} is not asked here",
                field=name[:80],
                rule="field_is_known",
                way_out="Leave it out.",
            )
        return {}
    lists = _lists(query)
    plain = {name: given.getlist(name) if name in lists else given[name] for name in given}
    return _valid(query, plain, "query")


@cache
def _lists(query: type[In]) -> frozenset[str]:
    """The names that may be asked several times."""
    return frozenset(
        name for name, field in query().fields.items() if isinstance(field, serializers.ListField)
    )


def check_body(request: Request, takes: Any) -> Any:
    if takes is None:
        return {}
    return _valid(takes, request.data, "body")


def _valid(takes: Any, data: Any, whole: str) -> Any:
    """What `takes` reads from `data`; a fault of no field in particular is one of the `whole`."""
    serializer = _reader(takes)
    serializer.initial_data = data
    if not serializer.is_valid():
        refusal = invalid(serializer.errors)
        refusal.field = refusal.field or whole
        raise refusal
    return serializer.validated_data


_readers = local()


def _reader(takes: Any) -> Any:
    """A serializer for `takes`, this thread's own and used again: making one copies every field it has."""
    made: dict[Any, Any] = _readers.__dict__
    found = made.get(takes)
    if found is None:
        whole = isinstance(takes, serializers.BaseSerializer)
        found = made[takes] = takes.__class__(data={}, **takes._kwargs) if whole else takes(data={})
    for name in ("_validated_data", "_errors"):
        found.__dict__.pop(name, None)
    return found

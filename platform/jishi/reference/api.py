"""docs/reference/api.md: every door, from the OpenAPI document that the doors themselves make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from common.api import schema

PAGE = "api.md"
ORDER = ("worlds", "regime", "events", "members", "payments", "shops", "ratings", "traffic", "search")
USUAL = {"400", "401", "403", "404", "409", "410", "413", "422", "503"}
Tree = Mapping[str, Any]

HEAD = """# The API: every door

Made from the OpenAPI document by `python -m jishi.reference`; do not edit. The document itself, with every
field of every answer, is at `/api/schema/` of a running market; `/api/docs/` shows it and lets you try.

**Keys.** `Authorization: Bearer <key>`; the key selects the market. *admin* owns it and acts as any member
with `X-Jishi-Member: <id>`; *member* is itself; *read* looks; *operator* makes and drops markets. Below,
**scopes** says which keys a door lets in.

**Everywhere.** Money is whole fen, in fields that end `_fen`; rates are basis points, `_bps`; moments are
ISO 8601 with `+08:00`. Addresses end with `/`. Lists answer `{"results": [...], "next": address or null}`;
go on with `after`. Writes take `Idempotency-Key`: the same key with the same body is done once and answered
alike. A body or query with a field that is not known is refused by name. Batches (`.../batch/`) take
`{"rows": [...]}` and answer a result for each row: `{"results": [{"row", "status", "id" or "problem"}],
"done", "refused"}`.

**Errors** are problem documents (RFC 9457): `type`, `title`, `status`, `detail` (a sentence), `field`,
`rule` (a name to compare with), `way_out`, and `errors` where there are several.

| status | when |
|---|---|
| 400 | the request says something that cannot be: unknown field, wrong type, broken rule of the body |
| 401, 403 | no key, an unknown or revoked one; a key whose scope or member may not |
| 404 | not there, or not yours to know of |
| 409 | not now: another state, another version, money or stock that is lacking |
| 410 | the market is gone: dropped while the request was under way |
| 413 | a body of more than 64 MB |
| 422 | an `Idempotency-Key` that was used for something else |
| 503 | the database does not answer, or a statement took too long; try again |

Reads may answer 400, 401, 403, 404 and 503, writes all of these; others are named with the door. A `*`
marks a field that must be sent; `?` one that may be null.
"""


def page() -> str:
    document = schema.document()
    doors: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            doors.setdefault(told["tags"][0], []).append(_door(document, method, path, told))
    parts = [*(part for part in ORDER if part in doors), *sorted(set(doors) - set(ORDER))]
    count = sum(len(told) for told in doors.values())
    index = [f"- [{part}](#{part}): {len(doors[part])} doors" for part in parts]
    body = ["\n".join([f"## {part}\n", *doors[part]]) for part in parts]
    return "\n".join([HEAD, f"{count} doors:\n", *index, "", *body]).rstrip() + "\n"


def _door(document: Tree, method: str, path: str, told: Tree) -> str:
    """One line of what it is, then what it takes."""
    summary = told.get("summary", "")
    lines = [
        f"### `{method.upper()} {path}`",
        "",
        f"{summary.rstrip('.')}. Scopes: {', '.join(told['x-scopes'])}.",
    ]
    answers = [
        f"{status}{_shape(answer)}" for status, answer in told["responses"].items() if status not in USUAL
    ]
    queries = [
        _field(p["name"], p["schema"], bool(p.get("required")), p.get("description", ""), document)
        for p in told.get("parameters", ())
        if p["in"] == "query"
    ]
    if queries:
        lines += [f"Query: {'; '.join(queries)}."]
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body:
        lines += [f"Body: {'; '.join(_fields(document, body)) or 'nothing'}."]
    lines += [f"Answers: {', '.join(answers)}."]
    return "\n".join(lines) + "\n"


def _shape(answer: Tree) -> str:
    shapes = [
        content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        for content in answer.get("content", {}).values()
    ]
    return "".join(f" {shape}" for shape in dict.fromkeys(shapes) if shape)


def _fields(document: Tree, schema: Tree, depth: int = 0) -> Iterator[str]:
    """The fields of a body, those of its parts in brackets after them."""
    found = _resolved(document, schema)
    if found.get("type") == "array":
        yield f"a list of ({', '.join(_fields(document, found['items'], depth + 1))})"
        return
    needed = set(found.get("required", ()))
    for name, field in found.get("properties", {}).items():
        words = _field(name, field, name in needed, field.get("description", ""), document)
        inner = _resolved(document, field.get("items", field))
        if depth < 3 and inner.get("properties"):
            words += f" ({', '.join(_fields(document, inner, depth + 1))})"
        yield words


def _resolved(document: Tree, schema: Tree) -> Tree:
    """`schema`, or what its reference (or the only part of its allOf, oneOf) names."""
    while True:
        parts = [part for part in (*schema.get("allOf", ()), *schema.get("oneOf", ())) if "$ref" in part]
        if "$ref" not in schema and not parts:
            return schema
        name = (schema.get("$ref") or parts[0]["$ref"]).rpartition("/")[2]
        schema = document["components"]["schemas"][name]


def _field(name: str, schema: Tree, needed: bool, words: str, document: Tree) -> str:
    """`price_fen`* int 1..: its name, whether it must be, its kind and bounds, one remark."""
    kind, null = _kind(_resolved(document, schema), document)
    mark = ("\\*" if needed else "") + ("?" if null else "")
    default = schema.get("default")
    remark = f", default {default}" if default not in (None, "", False, [], {}) else ""
    remark += f": {words.rstrip('.')}" if words and "\n" not in words and len(words) < 120 else ""
    return f"`{name}`{mark} {kind}{remark}".rstrip()


def _kind(schema: Tree, document: Tree) -> tuple[str, bool]:
    kinds = schema.get("type", "")
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    null = "null" in kinds
    choices = [str(each) for each in schema.get("enum", ()) if each not in (None, "")]
    if choices:
        return "\\|".join(choices[:12]) + ("…" if len(choices) > 12 else ""), null
    kind = next((each for each in kinds if each != "null"), "")
    if kind == "array":
        inner, _ = _kind(_resolved(document, schema.get("items", {})), document)
        most = schema.get("maxItems")
        return f"[{inner}]" + (f" at most {most:,}" if most else ""), null
    words = {"integer": "int", "boolean": "bool", "object": "object", "number": "number"}.get(kind, "")
    if kind == "string":
        words = {"date-time": "moment", "date": "day"}.get(schema.get("format", ""), "text")
        words += f" ≤ {schema['maxLength']:,}" if "maxLength" in schema and words == "text" else ""
    low, high = schema.get("minimum"), schema.get("maximum")
    if kind == "integer" and high is not None and high < 10**9:
        words += f" {low if low is not None else ''}..{high:,}"
    return words, null

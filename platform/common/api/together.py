"""Who waits for the pen together writes together: one plural call, one commit, an answer to each.

One writer at a time holds a market's pen, so a caller would wait for as many transactions as stand before it.
Instead the first of this process to win the pen does what all have asked who gathered meanwhile. What each is told
is what it would be told alone: whoever is refused in words that were not made for it asks again alone, and when the
whole fails everybody does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from common.api import idempotency
from common.batch import settle
from common.errors import Refusal
from common.gathering import Asking, Desk, desk

MOST = 200  # in one transaction, so that nobody waits long for the others
Pen = Callable[..., AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True)
class Joint:
    """What a door asks: `action([intent, …], at=)` gives a result each; `tell(result, moment)` is the answer."""

    action: Callable[..., Sequence[Any]]
    intent: Any
    tell: Callable[[Any, Any], Any]


@dataclass(eq=False, slots=True)
class _Asked(Asking):
    joint: Joint
    request: Request
    status: int
    key: str | None
    secrets: Sequence[str]
    answer: Response | None = None
    refusal: Refusal | None = None
    alone: bool = False  # it has to ask again, by itself


def act(
    joint: Joint,
    request: Request,
    pen: Pen,
    *,
    key: str | None,
    status: int = 200,
    secrets: Sequence[str] = (),
) -> Response:
    """Do what `joint` asks, with whoever asks the same now; its own answer, or its own refusal raised."""
    user: Any = request.user
    asked = _Asked(joint, request, status, key, secrets)
    here: Desk[_Asked] = desk((user.schema, joint.action))
    here.ask(asked, lambda: _serve(here.waiting, asked, pen))
    if asked.alone:
        with pen(few=True) as moment:
            _alone(asked, moment)
    if asked.refusal:
        raise asked.refusal
    assert asked.answer is not None
    return asked.answer


def _serve(waiting: deque[_Asked], asked: _Asked, pen: Pen) -> list[_Asked]:
    """Win the pen, then serve who waits by now, and give them; `asked` is the caller's own, and not always the first."""
    batch: list[_Asked] = []
    try:
        with pen(few=True) as moment:
            batch = _gathered(waiting)
            if len(batch) == 1:
                _alone(batch[0], moment)
            else:
                _together(batch, moment)
    except BaseException:
        if batch in ([], [asked]):
            raise
        for each in batch:
            each.answer, each.refusal, each.alone = None, None, True
    return batch


def _gathered(waiting: deque[_Asked]) -> list[_Asked]:
    """Those who wait, each Idempotency-Key once: its second comes when the first one's answer is kept."""
    batch: list[_Asked] = []
    again: list[_Asked] = []
    keys: set[tuple[str, str]] = set()
    while waiting and len(batch) < MOST:
        each = waiting.popleft()
        if each.key:
            name = (idempotency.principal(each.request), each.key)
            if name in keys:
                again.append(each)
                continue
            keys.add(name)
        batch.append(each)
    waiting.extendleft(reversed(again))
    return batch


def _alone(asked: _Asked, moment: Any) -> None:
    """Answer one; its refusal takes the transaction back."""
    if asked.key and (kept := idempotency.kept(asked.request, asked.key)):
        asked.answer = kept
        return
    [result] = asked.joint.action([asked.joint.intent], at=moment.at)
    _tell(asked, result, moment)


def _tell(asked: _Asked, result: Any, moment: Any) -> None:
    answer = asked.joint.tell(result, moment)
    asked.answer = answer if isinstance(answer, Response) else Response(answer, status=asked.status)
    if asked.key:
        idempotency.keep(asked.request, asked.key, asked.answer, asked.secrets)


def _together(batch: Sequence[_Asked], moment: Any) -> None:
    """Answer several: those who can be served in one call are, the others in their own words or alone."""
    fresh: list[_Asked] = []
    for each in batch:
        try:
            each.answer = idempotency.kept(each.request, each.key) if each.key else None
        except Refusal as refusal:
            each.refusal = refusal
        if not each.answer and not each.refusal:
            fresh.append(each)
    settled = settle(
        lambda intents: fresh[0].joint.action(intents, at=moment.at), [each.joint.intent for each in fresh]
    )
    for each, outcome in zip(fresh, settled, strict=True):
        if outcome.refusal is None:
            _tell(each, outcome.result, moment)
        elif outcome.own:
            each.refusal = outcome.refusal
        else:
            each.alone = True

"""/api/clock/: what time it is in the key's market, and letting it pass."""

from __future__ import annotations

import re
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.doors import ADMIN, Door, In, reads, writes
from common.batch import rows
from common.errors import Invalid
from worlds import advance, jobs, live
from worlds.api.shapes import CLOCK, ClockOut, JobOut, clock_shown, job_shown
from worlds.api.worlds import own
from worlds.auth import Principal, who
from worlds.current import quoted

LONGEST_WAIT = 60  # real seconds
PREFER = OpenApiParameter(
    "Prefer",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="`wait=N`: answer when the job is over, or after N (at most 60) real seconds (RFC 7240)",
)


def asked_to_wait(request: Request) -> float:
    """Real seconds the caller would rather wait than ask again: `Prefer: wait=N`; unreadable is 0."""
    found = re.search(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})\"?", request.META.get("HTTP_PREFER", ""))
    return min(float(found[1]), LONGEST_WAIT) if found else 0.0


class UntilIn(In):
    event = serializers.CharField(required=False, max_length=60, help_text="Its name, such as order.paid")
    member = serializers.IntegerField(
        required=False, min_value=1, max_value=10**18, help_text="One who may see it"
    )
    subject = serializers.IntegerField(required=False, min_value=1, max_value=10**18)
    order = serializers.IntegerField(required=False, min_value=1, max_value=10**18)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise Invalid(
                "say which event", field="until", rule="an_event_is_named", way_out="Send its name."
            )
        return attrs


class AdvanceIn(In):
    duration = serializers.CharField(
        required=False, max_length=40, help_text="ISO 8601, such as P30D or PT6H"
    )
    to = serializers.CharField(required=False, max_length=40, help_text="An ISO 8601 moment")
    until = UntilIn(required=False, help_text="The event to stop at")
    horizon = serializers.CharField(
        required=False, max_length=40, help_text="With until: when to give up; P366D"
    )


class SpeedIn(In):
    speed = serializers.FloatField(min_value=live.SLOWEST, max_value=live.FASTEST)


def clock_now(asking: Principal) -> dict[str, Any]:
    sql = CLOCK.format(world=int(asking.world_id or 0), schema=quoted(asking.schema or ""))
    return clock_shown(*rows(sql)[0][1:])


class Clock(Door):
    @reads(ClockOut)
    def get(self, request: Request, query: dict[str, Any]) -> dict[str, Any]:
        """Tell the time in the market, and how it passes."""
        return clock_now(who(request))


class Advance(Door):
    @writes(AdvanceIn, JobOut, status=202, scopes=ADMIN, market=False, headers=[PREFER], also={200: JobOut})
    def post(self, request: Request, data: dict[str, Any], at: None) -> Response:
        """Let time pass: by a duration, to a moment, or until an event. A job does it; see its address.

        Refused while another job runs on this world. With `Prefer: wait=N` the answer is the finished job.
        """
        job = advance.start(own(request), data)
        job.refresh_from_db()
        return Response(job_shown(job), status=202, headers={"Location": jobs.address(job.pk)})

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        # here the door's transaction is committed, so the workers can see the job we wait for
        if response.status_code == 202 and (seconds := asked_to_wait(request)):
            job = jobs.wait(response.data["id"], seconds)
            response.data = job_shown(job)
            response.status_code = 200 if job.status not in {"queued", "running"} else 202
        return super().finalize_response(request, response, *args, **kwargs)


class Live(Door):
    @writes(SpeedIn, ClockOut, scopes=ADMIN, market=False)
    def post(self, request: Request, data: dict[str, Any], at: None) -> dict[str, Any]:
        """Let the market run by itself at so many of its seconds per real second."""
        live.go(own(request), data["speed"])
        return clock_now(who(request))


class Pause(Door):
    @writes(None, ClockOut, scopes=ADMIN, market=False)
    def post(self, request: Request, data: dict[str, Any], at: None) -> dict[str, Any]:
        """Stop a live market at its present moment."""
        live.pause(own(request))
        return clock_now(who(request))


class Resume(Door):
    @writes(None, ClockOut, scopes=ADMIN, market=False)
    def post(self, request: Request, data: dict[str, Any], at: None) -> dict[str, Any]:
        """Let a paused market run on at the speed it last had."""
        live.go(own(request), None)
        return clock_now(who(request))

"""/api/jobs/: long work on a world: how far it is, what came of it, stop it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request

from common.api.doors import Door, In, Out, reads, writes
from common.errors import NotFound
from worlds import jobs
from worlds.api.clock import PREFER, asked_to_wait
from worlds.api.shapes import JobOut, job_shown
from worlds.auth import who
from worlds.models import Job

LOOKERS = ("admin", "read", "operator")


class JobsIn(In):
    status = serializers.ChoiceField(["queued", "running", "done", "failed", "cancelled"], required=False)
    limit = serializers.IntegerField(default=50, min_value=1, max_value=1000)


class JobsOut(Out):
    results = JobOut(many=True)


def seen(request: Request) -> Any:
    """The jobs this key may see: its world's; all of them for the operator."""
    found = Job.objects.select_related("world")
    return found if who(request).scope == "operator" else found.filter(world__name=who(request).world or "")


def one_of(request: Request, job_id: UUID) -> Job:
    job: Job | None = seen(request).filter(pk=job_id).first()
    if job is None:
        raise NotFound("there is no such job", field="job_id", rule="job_exists", way_out="See /api/jobs/.")
    return job


class Jobs(Door):
    @reads(JobsOut, query=JobsIn, scopes=LOOKERS, market=False)
    def get(self, request: Request, query: dict[str, Any]) -> dict[str, Any]:
        """List jobs, the newest first."""
        found = seen(request).order_by("-created_at", "id")
        if "status" in query:
            found = found.filter(status=query["status"])
        return {"results": [job_shown(job) for job in found[: query["limit"]]]}


class OneJob(Door):
    @reads(JobOut, scopes=LOOKERS, market=False, headers=[PREFER])
    def get(self, request: Request, query: dict[str, Any], job_id: UUID) -> dict[str, Any]:
        """Look at a job; with `Prefer: wait=N`, when it is over."""
        job = one_of(request, job_id)
        if seconds := asked_to_wait(request):
            job = jobs.wait(job.pk, seconds)
        return job_shown(job)

    @writes(None, JobOut, scopes=("admin", "operator"), market=False)
    def delete(self, request: Request, data: dict[str, Any], at: None, job_id: UUID) -> dict[str, Any]:
        """Cancel a job: the market stays where the job's last finished step left it."""
        jobs.cancel(one_of(request, job_id))
        return job_shown(one_of(request, job_id))

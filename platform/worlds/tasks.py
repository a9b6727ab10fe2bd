"""Bells for Celery's workers: what to do is elsewhere."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings

from worlds import jobs, live, schemas


@shared_task
def run(job_id: str) -> None:
    """Do a job, unless another worker has it."""
    jobs.run_job(job_id)


@shared_task
def resume_lost_jobs() -> None:
    """Ring again for jobs whose worker is gone."""
    for job_id in jobs.lost():
        jobs.ring(job_id)


@shared_task
def tick_live_worlds() -> None:
    """Real time passed: move the clocks of live markets."""
    live.tick_all()


@shared_task
def restock() -> None:
    """Keep blank markets ready."""
    schemas.keep_ready(settings.JISHI_READY_WORLDS)

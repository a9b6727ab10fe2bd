"""A bell for Celery's workers."""

from __future__ import annotations

from celery import shared_task

from events import webhooks


@shared_task
def deliver() -> None:
    """Tell outside addresses what has happened."""
    webhooks.deliver()

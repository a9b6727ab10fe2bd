"""The Celery application: jobs on markets, live clocks, webhooks, blank schemas kept ready."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jishi.settings")
app = Celery("jishi")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.include = ("jishi.hearing",)

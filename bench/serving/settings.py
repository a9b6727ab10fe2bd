"""The product's settings, with the addresses of a bench."""

from jishi.settings import *  # noqa: F403

ROOT_URLCONF = "bench.serving.urls"

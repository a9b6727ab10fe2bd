"""Django's settings. Servers come from DATABASE_URL and REDIS_URL; nothing else is needed to run."""

from __future__ import annotations

import contextlib
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import structlog

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("JISHI_HOME", ROOT / ".jishi"))


def database(url: str) -> dict[str, Any]:
    """Django's database settings for a postgresql:// URL."""
    parts = urlsplit(url)
    return {
        "ENGINE": "common.database",
        "NAME": unquote(parts.path.lstrip("/")) or "postgres",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "TIME_ZONE": "Asia/Shanghai",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        # values travel beside the statement, which is planned once a connection: twice as fast as text
        "OPTIONS": {"server_side_binding": True, "prepare_threshold": 5, **dict(parse_qsl(parts.query))},
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }


def secret_key() -> str:
    """The key of this installation: from the environment, else made once and kept in its home."""
    if key := os.environ.get("JISHI_SECRET_KEY"):
        return key
    file = HOME / "secret_key"
    if not file.exists():
        import secrets

        HOME.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(f".{os.getpid()}")
        fresh.write_text(secrets.token_urlsafe(48))
        fresh.chmod(0o600)
        with contextlib.suppress(FileExistsError):
            os.link(fresh, file)
        fresh.unlink()
    return file.read_text()


SECRET_KEY = secret_key()
DEBUG = False
ALLOWED_HOSTS = os.environ.get("JISHI_HOSTS", "*").split(",")
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
USE_I18N = True

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "worlds",
    "regime",
    "events",
    "members",
    "payments",
    "shops",
    "ratings",
    "traffic",
    "search",
    "community",
    "simulation",
    "console",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "worlds.middleware.WorldMiddleware",
    "traffic.middleware.ViewMiddleware",
    "jishi.middleware.Sessions",
    "jishi.middleware.Languages",
    "django.middleware.common.CommonMiddleware",
    "jishi.middleware.FormTokens",
    "jishi.middleware.Users",
    "jishi.middleware.Messages",
    "jishi.middleware.Frames",
]

ROOT_URLCONF = "jishi.urls"
WSGI_APPLICATION = "jishi.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": database(os.environ.get("DATABASE_URL", "postgresql://localhost/jishi"))}
DATABASE_ROUTERS = ["worlds.router.WorldRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = os.environ.get("REDIS_URL", "redis://localhost:6379/0")

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SAMESITE = "Lax"
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
# Messages are bells, rung again until their work is done, so they are acknowledged as they are heard: a worker
# that acknowledges after a restart of Redis speaks to a channel that is gone, and hangs.
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    # a request that rings a bell never waits for a broker that is away; the bell is rung again by beat
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "socket_connect_timeout": 1,
}
# Real seconds: what the platform itself does again and again. What a market does is in jishi.wiring.TIMETABLE.
CELERY_BEAT_SCHEDULE = {
    "live clocks tick": {"task": "worlds.tasks.tick_live_worlds", "schedule": 1.0, "options": {"expires": 1}},
    "lost jobs are found": {
        "task": "worlds.tasks.resume_lost_jobs",
        "schedule": 3.0,
        "options": {"expires": 3},
    },
    "blank worlds are kept ready": {
        "task": "worlds.tasks.restock",
        "schedule": 2.0,
        "options": {"expires": 2},
    },
    "webhooks go out": {"task": "events.tasks.deliver", "schedule": 1.0, "options": {"expires": 1}},
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["worlds.auth.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["common.api.render.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.api.render.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "common.api.schema.DoorSchema",
    "EXCEPTION_HANDLER": "common.api.problems.handle",
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "common.api.render.AlwaysJSON",
    "DATETIME_FORMAT": None,
}

SPECTACULAR_SETTINGS = {
    "POSTPROCESSING_HOOKS": [
        "common.api.schema.close_requests",
    ],
    "PATH_CONVERTER_OVERRIDES": {"id": {"type": "integer", "minimum": 1, "maximum": 999999999999999999}},
    "TITLE": "Jishi",
    "DESCRIPTION": "A runnable sandbox of a Taobao-style marketplace. Money is whole fen; moments are ISO 8601.",
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
}

# Pages show every market without a key: they are for the owner of the machine. 0: only after a sign-in as staff.
JISHI_PUBLIC_PAGES = os.environ.get("JISHI_PUBLIC_PAGES", "1") != "0"
JISHI_FIRST_DAY = date(2010, 3, 1)
JISHI_SUBSCRIPTIONS = "jishi.wiring.SUBSCRIPTIONS"
JISHI_DEADLINES = "jishi.wiring.DEADLINES"
JISHI_TIMETABLE = "jishi.wiring.TIMETABLE"
JISHI_CELERY = "jishi.celery.app"
JISHI_DEAF_SECONDS = 20.0  # that bells may wait for a worker with a free hand before it ends itself
JISHI_JOBS = "jishi.wiring.JOBS"
JISHI_AUDITS = "jishi.wiring.AUDITS"
JISHI_EXPLAINS = "jishi.wiring.EXPLAINS"
JISHI_TABLES = "jishi.wiring.TABLES"
JISHI_SCENARIO = "simulation.scenario.scenario"
JISHI_FILL = "simulation.found.fill"
JISHI_NOT_HASHED = "jishi.wiring.NOT_HASHED"
JISHI_FOUND = "jishi.wiring.found"
JISHI_PEN = "worlds.pen.writing"
JISHI_READY_WORLDS = int(os.environ.get("JISHI_READY_WORLDS", "12"))

# What broke is written down with its traceback: Django alone would mail it to admins that nobody has.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler", "level": "ERROR"}},
    "loggers": {"django.request": {"handlers": ["stderr"], "level": "ERROR", "propagate": False}},
}

# Standard output belongs to answers (`--json`); what is logged goes beside it.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
    ],
    logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    cache_logger_on_first_use=True,
)

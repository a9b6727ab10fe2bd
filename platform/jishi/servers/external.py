"""What a PostgreSQL and a Redis that we did not start must be able to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .binaries import OLDEST_POSTGRES

if TYPE_CHECKING:
    import psycopg

LEAST_LOCK_SLOTS = 20_000  # a world is about 1,000 lockable things; drops and forks take them all at once
SIMILAR = "SELECT similarity('连衣裙女夏', '连衣裙女夏长款')"
MEND_LOCALE = (
    "Make the database anew with a UTF-8 character type: CREATE DATABASE jishi ENCODING 'UTF8' "
    "LC_CTYPE 'C.UTF-8' TEMPLATE template0 (with version 17 or newer also: LOCALE_PROVIDER builtin "
    "BUILTIN_LOCALE 'C.UTF-8')."
)


@dataclass(frozen=True)
class Complaint:
    says: str
    mend: str


def database(url: str) -> list[Complaint]:
    """What is wrong with the database at `url`; nothing is changed there."""
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=5) as line:
            found = _facts(line)
            found += _chinese(line)
            line.rollback()
            return found
    except psycopg.Error as problem:
        said = str(problem).strip().splitlines()[:1]
        return [
            Complaint(
                f"the database does not answer: {said[0].strip() if said else problem}",
                "Check DATABASE_URL (postgresql://user:password@host:port/name) and that the server runs.",
            )
        ]


def _facts(line: psycopg.Connection[tuple[object, ...]]) -> list[Complaint]:
    row = line.execute(
        "SELECT current_setting('server_version_num')::int / 10000, "
        "current_setting('max_locks_per_transaction')::int * current_setting('max_connections')::int, "
        "current_setting('server_encoding'), "
        "has_database_privilege(current_database(), 'CREATE')"
    ).fetchone()
    assert row is not None
    version, slots, encoding, may_create = row
    found = []
    if int(str(version)) < OLDEST_POSTGRES:
        found.append(
            Complaint(f"PostgreSQL {version} is too old", f"Use version {OLDEST_POSTGRES} or newer.")
        )
    if int(str(slots)) < LEAST_LOCK_SLOTS:
        found.append(
            Complaint(
                f"room for only {slots} locks; forking a market takes thousands",
                "ALTER SYSTEM SET max_locks_per_transaction = 1024; then restart the server.",
            )
        )
    if encoding != "UTF8":
        found.append(Complaint(f"the database's encoding is {encoding}, not UTF8", MEND_LOCALE))
    if not may_create:
        found.append(
            Complaint(
                "this user may not create schemas, and every market is one",
                "GRANT CREATE ON DATABASE ... TO the user of DATABASE_URL.",
            )
        )
    return found


def _chinese(line: psycopg.Connection[tuple[object, ...]]) -> list[Complaint]:
    import psycopg

    try:
        line.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")  # rolled back by the caller
        row = line.execute(SIMILAR).fetchone()
    except psycopg.Error as problem:
        return [
            Complaint(
                f"pg_trgm cannot be used: {str(problem).strip().splitlines()[0]}",
                "Install the contrib package of your PostgreSQL and run, as its administrator: "
                "CREATE EXTENSION pg_trgm;",
            )
        ]
    if row is None or not float(str(row[0])) > 0:
        return [Complaint("similarity sees no letters in Chinese, so search would find little", MEND_LOCALE)]
    return []


def redis(url: str) -> list[Complaint]:
    """What is wrong with the Redis at `url`."""
    from redis import Redis
    from redis.exceptions import RedisError

    try:
        with Redis.from_url(url, socket_connect_timeout=5) as line:
            told = line.info("server")
    except (RedisError, ValueError, OSError) as problem:
        return [Complaint(f"Redis does not answer: {problem}", "Check REDIS_URL (redis://host:port/0).")]
    version = tuple(int(part) for part in str(told.get("redis_version", "0")).split(".")[:2])
    if version < (6, 2):
        return [Complaint(f"Redis {told.get('redis_version')} is too old", "Use Redis 6.2 or any Valkey.")]
    return []

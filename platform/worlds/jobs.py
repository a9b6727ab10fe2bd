"""Long work on a market, done slice by slice by whichever worker is alive.

A slice changes the market and the job's row in one transaction, so a job that is taken up again loses nothing
and repeats nothing. The worker that has a job holds a session advisory lock: it dies with its connection, and
the next worker takes the job up. That only one job runs on a market is decided by a partial unique index.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.utils.module_loading import import_string

from common.batch import dumps, execute, one, rows
from common.errors import Conflict, Invalid, NotFound, Refusal, refusal_of
from worlds.current import point
from worlds.models import Job, World

log = structlog.get_logger()

LOCK = 7003  # advisory lock class: (LOCK, hash of the job's id) is held by the worker that has it
SILENCE_SECONDS = 3  # a job nobody holds and nobody touched for so long is lost
ATTEMPTS = 20  # pick-ups in a row that got nowhere
PATIENCE_SECONDS = 60.0  # how long a worker waits for a database that went away
MESSAGE_SECONDS = 60  # a bell not heard for so long is dropped; it is rung again


@dataclass(frozen=True)
class Work:
    """What a slice is told: whose job it is, what was asked, and what the slices before it left behind."""

    job: str
    world: str
    schema: str
    args: Mapping[str, Any]
    state: Mapping[str, Any]


@dataclass
class Slice:
    """What a slice says: how far it is (0 to 1), what the next must know, and in the end the result."""

    progress: float
    state: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] | None = None


class Cancelled(Exception):
    """Somebody cancelled the job while this slice ran: the slice is taken back."""


class Failed(Refusal):
    status, code, title = 500, "job_failed", "The job could not be done"


def address(job_id: object) -> str:
    return f"/api/jobs/{job_id}/"


def start(world: World, kind: str, args: Mapping[str, Any], *, wake: bool = True) -> Job:
    """A job of `kind` on `world`, queued; a worker is woken once this is committed (`wake`).

    Raises `Conflict` naming the running job's address when one is queued or running there: the partial unique
    index decides. A broker that does not answer is no error: the job stays queued and is found later.
    """
    table: Mapping[str, str] = import_string(settings.JISHI_JOBS)
    if kind not in table:
        raise Invalid(f"no job is called {kind}", field="kind", rule="job_kind_is_known")
    for _ in range(3):
        try:
            with transaction.atomic():
                job = Job.objects.create(world_id=world.pk, kind=kind, args=dict(args))
        except IntegrityError as error:
            if "one_running_job_per_world" not in str(error):
                raise NotFound(
                    f"there is no world called {world.name}", field="name", rule="world_exists"
                ) from None
            if running := unfinished(world):
                raise busy(world, running) from None
            continue  # it ended between the two statements
        if wake:
            transaction.on_commit(partial(ring, str(job.pk)))
        return job
    raise Conflict(f"{world.name} is busy", rule="one_running_job_per_world", way_out="Try again.")


def unfinished(world: World) -> Job | None:
    """The job that is queued or running on `world`."""
    return Job.objects.filter(world_id=world.pk, status__in=["queued", "running"]).first()


def busy(world: World, job: Job) -> Conflict:
    return Conflict(
        f"{job.kind} is {job.status} on {world.name}",
        rule="one_running_job_per_world",
        way_out=f"Wait for {address(job.pk)} or cancel it.",
        extra={"job": address(job.pk)},
    )


def ring(job_id: str) -> bool:
    """Tell the workers that a job waits; False when the broker does not answer."""
    from kombu.exceptions import OperationalError as BrokerError

    celery = import_string(settings.JISHI_CELERY)
    try:
        celery.send_task("worlds.tasks.run", [job_id], retry=False, expires=MESSAGE_SECONDS)
    except (BrokerError, OSError) as error:
        log.warning("the broker does not answer; the job stays queued", job=job_id, error=str(error))
        return False
    return True


# is a worker's session holding the lock of job `j`?
HELD = f"""
    EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = {LOCK} AND l.objsubid = 2
               AND l.objid::bigint = (hashtext(j.id::text)::bigint & 4294967295)
               AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""
UNTOUCHED = "j.status IN ('queued', 'running') AND j.beat_at < clock_timestamp() - make_interval(secs => %s)"


def lost() -> list[str]:
    """Jobs that no worker holds though they are not over. Looking is a touch: each is told now and then."""
    sql = f"""
        UPDATE public.worlds_job SET beat_at = clock_timestamp() WHERE id IN (
            SELECT j.id FROM public.worlds_job j WHERE {UNTOUCHED} AND NOT {HELD} FOR UPDATE OF j SKIP LOCKED)
        RETURNING id::text
    """
    return [row[0] for row in rows(sql, [SILENCE_SECONDS])]


def is_held(job: Job) -> bool:
    """Does some worker have this job now?"""
    held: bool = one(f"SELECT {HELD} FROM public.worlds_job j WHERE j.id = %s", [job.pk])
    return held


def cancel_abandoned(world: World) -> None:
    """Cancel a job of `world` that nobody holds and nobody touched for a while."""
    sql = f"""
        UPDATE public.worlds_job SET status = 'cancelled', finished_at = clock_timestamp() WHERE id IN (
            SELECT j.id FROM public.worlds_job j WHERE j.world_id = %s AND {UNTOUCHED} AND NOT {HELD})
    """
    execute(sql, [world.pk, SILENCE_SECONDS])


def cancel(job: Job) -> None:
    """The job stops where its last finished slice left the market. `Conflict` when it is over already."""
    sql = """
        UPDATE public.worlds_job SET status = 'cancelled', finished_at = clock_timestamp()
         WHERE id = %s AND status IN ('queued', 'running')
    """
    if not execute(sql, [job.pk]):
        raise Conflict(
            f"the job is {Job.objects.values_list('status', flat=True).get(pk=job.pk)} already",
            rule="only_unfinished_jobs_are_cancelled",
            way_out="Start another.",
        )


Told = Callable[[float], None]


def run_job(job_id: str, *, told: Told | None = None) -> str:
    """Do the job's slices until it is over; returns its status, or `elsewhere` when another worker has it.

    A database that goes away is waited for, and the slice it took with it is done again. `told(progress)` is
    called after every slice.
    """
    patient_until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with _holding(job_id) as mine:
                return _run(job_id, told) if mine else "elsewhere"
        except DatabaseError as error:
            if not _passes(error) or time.monotonic() > patient_until:
                raise
            log.warning("the database went away; trying again", job=job_id, error=str(error).strip())
            _close()
            time.sleep(0.1)


@contextmanager
def _holding(job_id: str) -> Iterator[bool]:
    """Have the job to ourselves, if nobody has it: a lock of the session, gone when the connection is."""
    point(None)
    # a killed worker's statement should not outlive it for long, for it keeps the lock
    execute("SELECT set_config('client_connection_check_interval', '500ms', false)")
    mine = one("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [LOCK, job_id])
    try:
        yield mine
    finally:
        if mine and connection.connection is not None and not connection.connection.closed:
            execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", [LOCK, job_id])
            point(None)


def _run(job_id: str, told: Told | None) -> str:
    job = _taken(job_id)
    if job is None:
        return "over"
    kind, args, state, attempts, world, schema = job
    if attempts > ATTEMPTS:
        return _fail(
            job_id, Failed(f"it was taken up {ATTEMPTS} times and got nowhere", rule="a_job_gets_on")
        )
    table: Mapping[str, str] = import_string(settings.JISHI_JOBS)
    point(schema)
    try:
        slice_of: Callable[[Work], Slice] = import_string(table[kind])
        while True:
            with transaction.atomic():
                made = slice_of(Work(job_id, world, schema, args, state))
                _note(job_id, made)
            state = made.state
            if told:
                told(1.0 if made.result is not None else made.progress)
            if made.result is not None:
                return "done"
    except Cancelled:
        return "cancelled"
    except Exception as error:
        if _passes(error):
            raise
        return _fail(job_id, error)


def _taken(job_id: str) -> tuple[Any, ...] | None:
    """Mark the job as running; None when it is over or was never there."""
    sql = """
        UPDATE public.worlds_job j
           SET status = 'running', attempts = attempts + 1, beat_at = clock_timestamp()
          FROM public.worlds_world w
         WHERE j.id = %s AND w.id = j.world_id AND j.status IN ('queued', 'running')
        RETURNING j.kind, j.args, j.state, j.attempts, w.name, w.schema
    """
    found = rows(sql, [job_id])
    return (found[0][0], _read(found[0][1]), _read(found[0][2]), *found[0][3:]) if found else None


def _read(value: Any) -> dict[str, Any]:
    import orjson

    read: dict[str, Any] = orjson.loads(value) if isinstance(value, str | bytes) else value
    return read


def _note(job_id: str, made: Slice) -> None:
    """Write down how far the job is, in the slice's own transaction; `Cancelled` when it no longer runs."""
    done = made.result is not None
    sql = """
        UPDATE public.worlds_job SET state = %s, progress = %s, result = %s, status = %s, attempts = 0,
               beat_at = clock_timestamp(), finished_at = CASE WHEN %s THEN clock_timestamp() END
         WHERE id = %s AND status = 'running'
    """
    result = dumps(made.result) if done else None
    status = "done" if done else "running"
    progress = 1.0 if done else max(0.0, min(made.progress, 1.0))
    if not execute(sql, [dumps(made.state), progress, result, status, done, job_id]):
        raise Cancelled


def _fail(job_id: str, error: Exception) -> str:
    """Say why it failed, as a problem document; the market stands where the last finished slice left it."""
    refusal = error if isinstance(error, Refusal) else None
    if refusal is None and isinstance(error, DatabaseError):
        refusal = refusal_of(error)
    if refusal is None:
        log.error("a job failed", job=job_id, trace="".join(traceback.format_exception(error)))
        refusal = Failed(
            f"{type(error).__name__}: {error}"[:500],
            rule="a_job_ends_well",
            way_out="This is a fault of Jishi's; the market stands where the last finished slice left it.",
        )
    execute(
        "UPDATE public.worlds_job SET status = 'failed', error = %s, finished_at = clock_timestamp()"
        " WHERE id = %s AND status = 'running'",
        [dumps(refusal.problem()), job_id],
    )
    return "failed"


def _passes(error: BaseException) -> bool:
    """Is it the kind of trouble that goes away by itself: a server restarting, a deadlock, a full disk?"""
    if isinstance(error, Refusal):
        return error.status == 503 and error.rule == "database_answers"
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, DatabaseError):
        return False
    if isinstance(error, OperationalError) and not getattr(error.__cause__, "sqlstate", None):
        return True  # the connection broke before the server could say why
    refusal = refusal_of(error)
    return refusal is not None and refusal.rule == "database_answers"


def _close() -> None:
    """Leave a connection that may be broken, whatever transaction it believes it is in."""
    try:
        connection.close()
    except DatabaseError:
        connection.connection = None


def wait(job_id: UUID | str, seconds: float) -> Job:
    """The job, when it is over or `seconds` of real time have passed. Outside any transaction."""
    until, pause = time.monotonic() + seconds, 0.01
    while True:
        job = Job.objects.get(pk=job_id)
        if job.status not in {"queued", "running"} or time.monotonic() + pause > until:
            return job
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)

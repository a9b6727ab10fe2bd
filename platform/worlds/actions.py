"""Markets come and go: create, fork, snapshot, reset, drop; and their keys."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Callable, Sequence
from datetime import date, datetime

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from common.batch import execute, rows
from common.errors import Conflict, Invalid, NotFound
from common.moments import moment, start_of, within
from worlds import jobs, schemas
from worlds.current import point, quoted
from worlds.models import ApiKey, Snapshot, World

GATE = 7001
DEFAULT_REGIME = "thesis-2010"


def create(
    name: str,
    *,
    seed: int = 1,
    regime: str = DEFAULT_REGIME,
    start: datetime | None = None,
    scenario: str = "",
    parent: str = "",
    is_demo: bool = False,
) -> tuple[World, str]:
    """A blank market with its clock at `start` under `regime`; returns it and its admin key (shown once).

    Filling it from a scenario is a job of its own (`worlds.jobs`). Raises `Conflict` for a name in use,
    `Invalid` for a name that is not one or a regime nobody wrote.
    """
    at = within(start or start_of(settings.JISHI_FIRST_DAY))
    _check_seed(seed)
    found: Callable[..., None] = import_string(settings.JISHI_FOUND)
    with transaction.atomic():
        world = _record(World(name=name, schema=f"w_{name}", seed=seed, regime=regime, scenario=scenario))
        World.objects.filter(pk=world.pk).update(parent=parent, is_demo=is_demo)
        schemas.claim(world.schema)
        with _inside(world.schema):
            execute(
                "INSERT INTO worlds_clock"
                " (id, now_at, started_at, seed, uid, regime_version, mode, live_speed)"
                " VALUES (1, %s, %s, %s, %s, 0, 'paused', 0)",
                [at, at, seed, uuid.uuid4()],
            )
            found(regime=regime, at=at, seed=seed)
        key = issue_key(world, scope="admin", label="made with the world")
    return world, key


def _check_seed(seed: int) -> None:
    if not -(2**63) <= seed < 2**63:
        raise Invalid(
            "a seed is a 64-bit integer", field="seed", rule="seed_is_64_bit", way_out="Use a smaller seed."
        )


def _record(world: World) -> World:
    try:
        with transaction.atomic():
            world.save(force_insert=True)
    except IntegrityError as error:
        if "world_name_is_lower_case_letters" in str(error):
            raise Invalid(
                f"{world.name!r} is not a world's name",
                field="name",
                rule="world_name_is_lower_case_letters",
                way_out="Use 1 to 40 of a-z, 0-9, - and _, a letter first.",
            ) from None
        raise Conflict(
            f"there is a world called {world.name}",
            field="name",
            rule="world_name_is_unique",
            way_out="Choose another name or drop that world.",
        ) from None
    return world


class _inside:
    """Be in a market for part of a transaction that began above the markets."""

    def __init__(self, schema: str) -> None:
        self.schema = schema

    def __enter__(self) -> None:
        self.before = rows("SELECT current_setting('search_path')")[0][0]
        execute("SELECT set_config('search_path', %s, true)", [f"{quoted(self.schema)}, public"])

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None or not connection.needs_rollback:
            try:
                execute("SELECT set_config('search_path', %s, true)", [self.before])
            except Exception:
                if kind is None:
                    raise


def open_world(
    name: str,
    *,
    seed: int = 1,
    regime: str | None = None,
    start: datetime | None = None,
    scenario: str = "",
    wake: bool = True,
) -> tuple[World, str]:
    """`create`; when a scenario is named, a job fills the market from it, and what is not said is as it says.

    Raises `NotFound` for a scenario nobody wrote.
    """
    if scenario:
        plan = import_string(settings.JISHI_SCENARIO)(scenario)
        regime, start = regime or plan.regime, start or _moment(plan.start)
    with transaction.atomic():
        world, key = create(name, seed=seed, regime=regime or DEFAULT_REGIME, start=start, scenario=scenario)
        if scenario:
            with _inside(world.schema):
                import_string(settings.JISHI_FILL)(world, scenario, wake=wake)
    return world, key


def _moment(start: datetime | date | str) -> datetime:
    if isinstance(start, str):
        return moment(start)
    return start if isinstance(start, datetime) else start_of(start)


def no_world(name: str) -> NotFound:
    """The one refusal for a world that does not exist and for one that this key may not know of."""
    return NotFound(
        f"there is no world called {name}", field="name", rule="world_exists", way_out="List the worlds."
    )


def find(name: str) -> World:
    try:
        return World.objects.get(name=name)
    except World.DoesNotExist:
        raise no_world(name) from None


def _copy(source: str, target: str) -> None:
    """Copy market `source` as it stands into the new schema `target`; nobody writes to it meanwhile."""
    execute(f"SELECT pg_advisory_xact_lock({GATE}, hashtext(%s))", [source])
    schemas.claim(target)
    schemas.copy_rows(source, target)
    execute(
        f"UPDATE {quoted(target)}.worlds_clock"
        " SET uid = %s, mode = 'paused', live_since = NULL, live_from = NULL",
        [uuid.uuid4()],
    )


def fork(world: World, name: str) -> tuple[World, str]:
    """A new market equal to `world` at its present moment, every id kept; it and its own admin key."""
    with transaction.atomic():
        copy = _record(
            World(
                name=name,
                schema=f"w_{name}",
                seed=world.seed,
                regime=world.regime,
                scenario=world.scenario,
                parent=world.name,
            )
        )
        _copy(world.schema, copy.schema)
        return copy, issue_key(copy, scope="admin", label=f"made with the fork of {world.name}")


def snapshot(world: World, tag: str) -> Snapshot:
    """Keep `world` as it stands under `tag`; a second snapshot of the same tag is refused."""
    with transaction.atomic():
        now = rows(f"SELECT now_at FROM {quoted(world.schema)}.worlds_clock")[0][0]
        try:
            with transaction.atomic():
                kept = Snapshot.objects.create(
                    world=world, tag=tag, schema=f"s_{uuid.uuid4().hex}", now_at=now
                )
        except IntegrityError as error:
            if "snapshot_tag_is_lower_case" in str(error):
                raise Invalid(
                    f"{tag!r} is not a tag",
                    field="tag",
                    rule="snapshot_tag_is_lower_case",
                    way_out="Use 1 to 40 of a-z, 0-9, . - and _.",
                ) from None
            raise Conflict(
                f"{world.name} has a snapshot {tag}",
                field="tag",
                rule="one_snapshot_per_tag",
                way_out="Choose another tag.",
            ) from None
        _copy(world.schema, kept.schema)
    return kept


def reset(world: World, tag: str) -> World:
    """Make `world` what it was when the snapshot was kept; keys and snapshots stay. Not while a job runs."""
    kept = _kept(world, tag)
    fresh, old = f"r_{uuid.uuid4().hex}", f"{schemas.GONE}{uuid.uuid4().hex}"
    with transaction.atomic():
        _nothing_runs(world)
        execute(f"SELECT pg_advisory_xact_lock({GATE}, hashtext(%s))", [world.schema])
        _copy(kept.schema, fresh)
        execute(f"ALTER SCHEMA {quoted(world.schema)} RENAME TO {quoted(old)}")
        execute(f"ALTER SCHEMA {quoted(fresh)} RENAME TO {quoted(world.schema)}")
        World.objects.filter(pk=world.pk).update(is_live=False)
        _tell_again_from_here(world)
        transaction.on_commit(schemas.sweep)
    return world


def _tell_again_from_here(world: World) -> None:
    """The market went back: its webhooks are told anew of what happens from here on."""
    last = rows(f"SELECT coalesce(max(id), 0) FROM {quoted(world.schema)}.events_event")[0][0]
    execute(
        "UPDATE public.events_delivery d SET replayed = true FROM public.events_webhook w"
        " WHERE w.id = d.webhook_id AND w.world_id = %s AND d.event_id > %s",
        [world.pk, last],
    )
    execute(
        "UPDATE public.events_webhook SET cursor = least(cursor, %s) WHERE world_id = %s", [last, world.pk]
    )


def forget(world: World, tag: str) -> None:
    """The snapshot is gone; the world stays as it is."""
    with transaction.atomic():
        kept = _kept(world, tag)
        _away([kept.schema])
        kept.delete()


def _kept(world: World, tag: str) -> Snapshot:
    kept = Snapshot.objects.filter(world=world, tag=tag).first()
    if kept is None:
        raise NotFound(
            f"{world.name} has no snapshot {tag}",
            field="tag",
            rule="snapshot_exists",
            way_out="List its snapshots.",
        )
    return kept


def drop(world: World) -> None:
    """The market, its keys, jobs and snapshots are gone. Refused while a job runs, but not for one that was
    left behind by a worker that is gone.

    Its schemas are renamed out of reach in the transaction, and their tables dropped after it: readers that
    are in them never meet the drop half done, and it never waits for locks while it holds some.
    """
    with transaction.atomic():
        jobs.cancel_abandoned(world)
        _nothing_runs(world)
        execute(f"SELECT pg_advisory_xact_lock({GATE}, hashtext(%s))", [world.schema])
        _away([world.schema, *world.snapshots.values_list("schema", flat=True)])
        world.delete()


def _away(unwanted: Sequence[str]) -> None:
    for schema in unwanted:
        if schemas.exists(schema):
            execute(f"ALTER SCHEMA {quoted(schema)} RENAME TO {quoted(schemas.GONE + uuid.uuid4().hex)}")
    transaction.on_commit(schemas.sweep)


def _nothing_runs(world: World) -> None:
    if not World.objects.select_for_update().filter(pk=world.pk).exists():
        raise no_world(world.name)
    if job := jobs.unfinished(world):
        raise jobs.busy(world, job)


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def issue_key(world: World | None, *, scope: str, member_id: int | None = None, label: str = "") -> str:
    """A new key, returned in clear this once; only its hash is kept."""
    secret = f"jishi_{scope}_{secrets.token_urlsafe(24)}"
    ApiKey.objects.create(
        world=world, scope=scope, member_id=member_id, label=label, prefix=secret[:12], hash=hashed(secret)
    )
    return secret


def revoke_key(key: ApiKey) -> None:
    """The key opens nothing from now on; revoking twice is the same as once."""
    ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=Now())


def enter(name: str) -> World:
    """Point this thread at the market called `name` (command line and workers)."""
    point(None)
    world = find(name)
    point(world.schema)
    return world

"""Schemas as a product: the template, blank copies kept ready, claims by rename, copies of data, drops.

The template `w_template` is made by Django's migrations. A blank copy is made from its catalogue in one
round trip, keeping every constraint's and index's name (they are sentences that refusals quote).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import django
import structlog
from django.apps import apps
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal
from django.db import OperationalError, connection, transaction
from django.db.migrations import RunSQL, SeparateDatabaseAndState
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from common.batch import execute, one, rows
from worlds.current import point, quoted, use_world
from worlds.models import Job, ReadySchema
from worlds.router import SHARED, SHARED_APPS, in_world, market_models, migrating_a_world

log = structlog.get_logger()

TEMPLATE = "w_template"
SWEEPING = 7005  # advisory lock class: (SWEEPING, hash of the schema) is held by who drops it
PREPARING = 7010  # advisory lock: one process prepares schemas at a time
FEW = 2
UNCOPIED = {"django_migrations"}  # every blank copy has its own


def fingerprint() -> str:
    """Changes when any market app's migrations change, or the `sql.py` that some of them take their SQL from:
    a ready schema of another fingerprint is stale."""
    digest = hashlib.sha256(django.get_version().encode())
    for config in sorted(apps.get_app_configs(), key=lambda c: c.label):
        folder = Path(config.path) / "migrations"
        if in_world(config.label, None) or config.label == "worlds":
            for file in [*sorted(folder.glob("[0-9]*.py")), *Path(config.path).glob("sql.py")]:
                digest.update(f"{config.label}/{file.name}".encode() + file.read_bytes())
    return digest.hexdigest()


def exists(schema: str) -> bool:
    return one("SELECT to_regnamespace(%s) IS NOT NULL", [quoted(schema)]) is True


def migrate_public() -> None:
    """Bring the tables above markets up to date; the markets' own apps are not even looked at."""
    with use_world(None):
        executor = MigrationExecutor(connection)
        leaves = executor.loader.graph.leaf_nodes()
        executor.migrate([leaf for leaf in leaves if leaf[0] in {*SHARED_APPS, *SHARED}])
        emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)


def migrate_schema(schema: str) -> None:
    """Bring one market's tables up to date (makes the schema if it is not there)."""
    name = quoted(schema)
    execute(f"CREATE SCHEMA IF NOT EXISTS {name}")
    execute(
        f"CREATE TABLE IF NOT EXISTS {name}.django_migrations (LIKE public.django_migrations INCLUDING ALL)"
    )
    token = migrating_a_world.set(True)
    try:
        with use_world(schema):
            call_command("migrate", verbosity=0, interactive=False)
    finally:
        migrating_a_world.reset(token)


def make_template() -> None:
    """The template as the models say it is, every migration marked as done: seconds sooner than by them.

    Migrations render all models anew after each of some hundred constraints. Only what a model cannot say
    (triggers, trigram indexes) is taken from their own SQL. A test holds the two ways against each other.
    """
    loader = MigrationLoader(None)
    plan = [key for leaf in sorted(loader.graph.leaf_nodes()) for key in loader.graph.forwards_plan(leaf)]
    name = quoted(TEMPLATE)
    token = migrating_a_world.set(True)
    try:
        with use_world(None), transaction.atomic():
            execute(f"DROP SCHEMA IF EXISTS {name} CASCADE")
            execute(f"CREATE SCHEMA {name}")
            execute(f"CREATE TABLE {name}.django_migrations (LIKE public.django_migrations INCLUDING ALL)")
            with use_world(TEMPLATE):
                with connection.schema_editor() as editor:
                    for model in market_models():
                        editor.create_model(model)
                with connection.schema_editor() as editor:
                    for key in dict.fromkeys(plan):
                        _own_sql(key[0], loader.graph.nodes[key].operations, editor)
                        execute(
                            "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())",
                            list(key),
                        )
    finally:
        migrating_a_world.reset(token)


def _own_sql(app: str, operations: Iterable[Any], editor: Any) -> None:
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            _own_sql(app, operation.database_operations, editor)
        elif isinstance(operation, RunSQL):
            operation.database_forwards(app, editor, ProjectState(), ProjectState())


def prepare(ready: int = 2) -> dict[str, Any]:
    """Everything a database needs before the first market: public tables, template, ready schemas.

    Idempotent and quick when nothing changed. Existing markets are migrated too. Returns what was done.
    """
    point(None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [PREPARING])
    try:
        execute("CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public")
        mark = fingerprint()
        done: dict[str, Any] = {"migrated": [], "ready": 0}
        if one("SELECT obj_description(to_regclass('public.django_migrations'), 'pg_class')") != mark:
            migrate_public()
            done["migrated"].append("public")
        comment = "SELECT obj_description(to_regnamespace(%s), 'pg_namespace')"
        if one(comment, [TEMPLATE]) != mark:
            make_template()
            execute(f"COMMENT ON SCHEMA {quoted(TEMPLATE)} IS '{mark}'")
            done["migrated"].append(TEMPLATE)
            for schema in (
                row[0]
                for row in rows("SELECT schema FROM worlds_world UNION SELECT schema FROM worlds_snapshot")
            ):
                migrate_schema(schema)
                done["migrated"].append(schema)
        execute(f"COMMENT ON TABLE public.django_migrations IS '{mark}'")
        done["ready"] = restock(ready)
        return done
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [PREPARING])


def restock(wanted: int, *, at_most: int = 100) -> int:
    """Blank schemas until `wanted` are ready, at most `at_most` now; stale ones go. How many there are."""
    mark = fingerprint()
    for row in ReadySchema.objects.exclude(fingerprint=mark):
        with transaction.atomic():
            execute(f"DROP SCHEMA IF EXISTS {quoted(row.schema)} CASCADE")
            row.delete()
    there = ReadySchema.objects.count()
    for _ in range(min(wanted - there, at_most)):
        _make_ready(mark)
        there += 1
    return there


def _make_ready(mark: str) -> None:
    with transaction.atomic():
        row = ReadySchema.objects.create(schema="ready_new", fingerprint=mark)
        row.schema = f"ready_{row.pk}"
        execute(f"DROP SCHEMA IF EXISTS {quoted(row.schema)} CASCADE")
        clone_blank(TEMPLATE, row.schema)
        row.save(update_fields=["schema"])


def claim(schema: str) -> None:
    """Make a blank market of that name: rename a ready one, or clone when none is ready. In a transaction."""
    if not connection.in_atomic_block:
        raise RuntimeError("claim a schema inside the transaction that records its world")
    found = rows(
        "DELETE FROM worlds_readyschema WHERE id = (SELECT id FROM worlds_readyschema WHERE fingerprint = %s"
        " ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING schema",
        [fingerprint_cached()],
    )
    if found:
        execute(f"ALTER SCHEMA {quoted(found[0][0])} RENAME TO {quoted(schema)}")
    else:
        clone_blank(TEMPLATE, schema)


def keep_ready(wanted: int) -> int:
    """One blank market more when fewer than `wanted` are ready; one process at a time, the others pass.

    While a job runs it has the machine to itself, as long as a few are ready. Returns how many are, or -1.
    """
    point(None)
    sweep()
    if ReadySchema.objects.count() >= min(FEW, wanted) and Job.objects.filter(status="running").exists():
        return -1
    if not one("SELECT pg_try_advisory_lock(%s)", [PREPARING]):
        return -1
    try:
        return restock(wanted, at_most=1)
    finally:
        execute("SELECT pg_advisory_unlock(%s)", [PREPARING])


_fingerprint: list[str] = []


def fingerprint_cached() -> str:
    """This process's code does not change its migrations while it runs."""
    if not _fingerprint:
        _fingerprint.append(fingerprint())
    return _fingerprint[0]


def clone_blank(source: str, target: str) -> None:
    """A new schema with the tables, constraints, indexes, triggers and list of migrations of `source`."""
    statements = [f"CREATE SCHEMA {quoted(target)}", f"SET LOCAL search_path TO {quoted(target)}, public"]
    statements += blueprint(source)
    statements.append(  # numbered anew, so that its own next migration finds the sequence where it should be
        "INSERT INTO django_migrations (app, name, applied)"
        f" SELECT app, name, applied FROM {quoted(source)}.django_migrations ORDER BY id"
    )
    before = one("SELECT current_setting('search_path')")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(";\n".join(statements))
        cursor.execute("SELECT set_config('search_path', %s, true)", [before])


def blueprint(schema: str) -> list[str]:
    """The DDL that makes the tables of `schema` anew wherever search_path points."""
    with transaction.atomic():
        before = one("SELECT current_setting('search_path')")
        execute("SELECT set_config('search_path', %s, true)", [f"{quoted(schema)}, public"])
        tables = _tables(schema)
        later = (
            _constraints(schema, "p u c x") + _indexes(schema) + _constraints(schema, "f") + _triggers(schema)
        )
        execute("SELECT set_config('search_path', %s, true)", [before])
    return tables + later


def _tables(schema: str) -> list[str]:
    sql = """
        SELECT c.relname, array_to_string(c.reloptions, ', '),
               string_agg(format('%%I %%s%%s%%s%%s', a.attname, format_type(a.atttypid, a.atttypmod),
                   CASE a.attidentity WHEN 'a' THEN ' GENERATED ALWAYS AS IDENTITY'
                                      WHEN 'd' THEN ' GENERATED BY DEFAULT AS IDENTITY' ELSE '' END,
                   CASE WHEN a.attgenerated = 's'
                        THEN ' GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid) || ') STORED'
                        WHEN d.adbin IS NOT NULL
                        THEN ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) ELSE '' END,
                   CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END), ', ' ORDER BY a.attnum)
          FROM pg_class c
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
         WHERE c.relnamespace = %s::regnamespace AND c.relkind = 'r'
         GROUP BY c.oid, c.relname, c.reloptions ORDER BY c.relname
    """
    return [
        f'CREATE TABLE "{name}" ({columns})' + (f" WITH ({options})" if options else "")
        for name, options, columns in rows(sql, [quoted(schema)])
    ]


def _constraints(schema: str, kinds: str) -> list[str]:
    sql = """
        SELECT c.relname, k.conname, pg_get_constraintdef(k.oid)
          FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
         WHERE k.connamespace = %s::regnamespace AND k.contype::text = ANY(%s)
         ORDER BY c.relname, k.contype, k.conname
    """
    return [
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}'
        for table, name, definition in rows(sql, [quoted(schema), kinds.split()])
    ]


def _indexes(schema: str) -> list[str]:
    sql = """
        SELECT pg_get_indexdef(i.indexrelid)
          FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
         WHERE c.relnamespace = %s::regnamespace
           AND NOT EXISTS (SELECT FROM pg_constraint k
                            WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
         ORDER BY c.relname
    """
    return [_unqualified(schema, row[0], r"\bON (?:ONLY )?") for row in rows(sql, [quoted(schema)])]


def _triggers(schema: str) -> list[str]:
    sql = """
        SELECT pg_get_triggerdef(t.oid)
          FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
         WHERE c.relnamespace = %s::regnamespace AND NOT t.tgisinternal ORDER BY c.relname, t.tgname
    """
    return [_unqualified(schema, row[0], r"\bON ") for row in rows(sql, [quoted(schema)])]


def _unqualified(schema: str, definition: str, before: str) -> str:
    named = f"(?:{re.escape(schema)}|{re.escape(quoted(schema))})"
    return re.sub(rf"({before}){named}\.", r"\1", definition, count=1)


BIG = 2 * 1024 * 1024  # bytes of a table from which building its indexes afterwards is quicker


def copy_rows(source: str, target: str) -> None:
    """Copy every row of market `source` into the blank market `target`, ids and sequences too.

    In a transaction. Indexes of big tables are built after their rows are there, but those of constraints.
    """
    before = one("SELECT current_setting('search_path')")
    superuser = one("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    sizes = dict(rows(SIZES, [quoted(source)]))
    filled = {name for name, size in sizes.items() if size and name not in UNCOPIED}
    later = rows(LATER_INDEXES, [quoted(target), [name for name in filled if sizes[name] > BIG]])
    statements = [f"DROP INDEX {quoted(target)}.{quoted(name)}" for name, _ in later]
    statements += [
        f"INSERT INTO {quoted(target)}.{quoted(name)} ({columns}) OVERRIDING SYSTEM VALUE"
        f" SELECT {columns} FROM {quoted(source)}.{quoted(name)}"
        for name, columns in rows(COLUMNS_IN_ORDER, [quoted(source), quoted(source)])
        if name in filled
    ]
    statements += [definition for _, definition in later]
    for table, column in rows(IDENTITY_COLUMNS, [quoted(source)]):
        there, here = (
            f"pg_get_serial_sequence('{quoted(s)}.{quoted(table)}', '{column}')" for s in (target, source)
        )
        last, called = rows(f"SELECT last_value, is_called FROM {one('SELECT ' + here)}")[0]
        if table not in UNCOPIED:
            statements.append(f"SELECT setval({there}, {last}, {str(called).lower()})")
    with connection.cursor() as cursor:
        if superuser:  # the rows were checked where they come from
            cursor.execute("SET LOCAL session_replication_role = replica")
        else:
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        if statements:
            cursor.execute(";\n".join(statements))
        if superuser:
            cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("SELECT set_config('search_path', %s, true)", [before])


SIZES = """
    SELECT relname, pg_relation_size(oid) FROM pg_class
     WHERE relkind = 'r' AND relnamespace = %s::regnamespace
"""

LATER_INDEXES = """
    SELECT i.relname, pg_get_indexdef(i.oid)
      FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
     WHERE c.relnamespace = %s::regnamespace AND c.relname = ANY(%s) AND NOT x.indisunique
     ORDER BY c.relname, i.relname
"""

COLUMNS_IN_ORDER = """
    WITH RECURSIVE f AS (
        SELECT conrelid AS child, confrelid AS parent FROM pg_constraint
         WHERE contype = 'f' AND connamespace = %s::regnamespace AND conrelid <> confrelid
    ), t AS (
        SELECT c.oid, c.relname FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = %s::regnamespace
    ), depth AS (
        SELECT oid, 0 AS d FROM t
        UNION SELECT f.child, depth.d + 1 FROM f JOIN depth ON depth.oid = f.parent WHERE depth.d < 20
    )
    SELECT t.relname, (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
                        WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
                           AND a.attgenerated = '')
      FROM t ORDER BY (SELECT max(d) FROM depth WHERE depth.oid = t.oid), t.relname
"""

IDENTITY_COLUMNS = """
    SELECT c.relname, a.attname FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attidentity <> ''
     WHERE c.relnamespace = %s::regnamespace AND c.relkind = 'r' ORDER BY c.relname
"""


GONE = "gone_"  # a schema of that name is nobody's any more


def sweep() -> int:
    """Drop the schemas that are nobody's any more; how many. One that is in use is left for next time."""
    dropped = 0
    for (schema,) in rows(
        "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s) ORDER BY nspname", [GONE]
    ):
        try:
            with transaction.atomic():
                if one("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [SWEEPING, schema]):
                    execute("SET LOCAL lock_timeout = '2s'")
                    execute(f"DROP SCHEMA IF EXISTS {quoted(schema)} CASCADE")
                    dropped += 1
        except OperationalError as error:  # a reader was still in there
            log.info("a dropped market is swept later", schema=schema, error=str(error).strip())
    return dropped

"""Answers, revisions, remarks and publications are added to and never changed."""

from django.db import migrations

from worlds.sql import append_only

GUARDED = (
    "ratings_answer",
    "ratings_revision",
    "ratings_remark",
    "ratings_publication",
    "ratings_sectionaverage",
)


class Migration(migrations.Migration):
    dependencies = [("ratings", "0001_initial"), ("worlds", "0002_locks_and_guards")]

    operations = [
        *(
            migrations.RunSQL(append_only(table), f"DROP TRIGGER {table}_is_append_only ON {table}")
            for table in GUARDED
        ),
        # Room on each page: the daily run's updates stay on it and touch no index.
        migrations.RunSQL(
            "ALTER TABLE ratings_credit SET (fillfactor = 70)",
            "ALTER TABLE ratings_credit RESET (fillfactor)",
        ),
    ]

"""One view in one call; what was seen, kept and sold is added to and never changed."""

from django.db import migrations

from traffic.sql import VIEW, only_added_to
from worlds.sql import append_only

KEPT = ("traffic_interest", "traffic_conversion")


class Migration(migrations.Migration):
    dependencies = [("traffic", "0001_initial"), ("worlds", "0002_locks_and_guards")]

    operations = [
        migrations.RunSQL(
            VIEW, migrations.RunSQL.noop
        ),  # every market's; CREATE OR REPLACE, so each may say it again
        migrations.RunSQL(
            only_added_to("traffic_pageview"),
            "DROP TRIGGER traffic_pageview_is_append_only ON traffic_pageview",
        ),
        *(
            migrations.RunSQL(append_only(table), f"DROP TRIGGER {table}_is_append_only ON {table}")
            for table in KEPT
        ),
    ]

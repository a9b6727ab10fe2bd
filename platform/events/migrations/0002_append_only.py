from django.db import migrations

from worlds.sql import append_only


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial"), ("worlds", "0002_locks_and_guards")]

    operations = [
        migrations.RunSQL(
            append_only("events_event"), "DROP TRIGGER events_event_is_append_only ON events_event"
        )
    ]

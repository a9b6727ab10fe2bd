from django.db import migrations

from worlds.sql import append_only


class Migration(migrations.Migration):
    dependencies = [("regime", "0001_levers"), ("worlds", "0002_locks_and_guards")]

    operations = [
        migrations.RunSQL(
            append_only("regime_lever"), "DROP TRIGGER regime_lever_is_append_only ON regime_lever"
        )
    ]

from django.db import migrations

from worlds.sql import LOCKS


class Migration(migrations.Migration):
    dependencies = [("worlds", "0004_a_pen_for_few")]

    operations = [
        migrations.RunSQL("DROP FUNCTION IF EXISTS public.jishi_gate()", migrations.RunSQL.noop),
        migrations.RunSQL(LOCKS, migrations.RunSQL.noop),
    ]

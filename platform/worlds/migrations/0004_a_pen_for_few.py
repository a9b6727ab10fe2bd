from django.db import migrations

from worlds.sql import LOCKS


class Migration(migrations.Migration):
    dependencies = [("worlds", "0003_live_markets")]

    operations = [
        migrations.RunSQL("DROP FUNCTION IF EXISTS public.jishi_pen()", migrations.RunSQL.noop),
        migrations.RunSQL(LOCKS, migrations.RunSQL.noop),
    ]

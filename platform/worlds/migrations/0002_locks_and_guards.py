from django.db import migrations

from worlds.sql import LOCKS, REFUSE_CHANGE


class Migration(migrations.Migration):
    dependencies = [("worlds", "0001_initial")]

    operations = [
        migrations.RunSQL(
            LOCKS, "DROP FUNCTION public.jishi_step, public.jishi_gate, public.jishi_pen(boolean), public.jishi_clock"
        ),
        migrations.RunSQL(REFUSE_CHANGE, "DROP FUNCTION public.refuse_change"),
    ]

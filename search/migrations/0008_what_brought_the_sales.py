"""What brought the sales: paths, shares by source, and the days they were counted."""

import django.contrib.postgres.fields
from django.db import migrations, models

CLOSED = """
    SELECT DISTINCT at::date FROM traffic_conversion
     WHERE act = 'paid' AND at::date < (SELECT now_at::date FROM worlds_clock) ORDER BY 1
"""


def count_closed_days(apps, schema_editor):
    """A market that was there before has sales already: its closed days are counted as midnight would have."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(CLOSED)
        days = [day for (day,) in cursor.fetchall()]
    if days:
        from search.attribution.recompute import rebuild_day

        for day in days:
            rebuild_day(day)


class Migration(migrations.Migration):
    dependencies = [
        ("search", "0007_the_keyword_market"),
        ("shops", "0003_what_was_said_stays_said"),
        ("traffic", "0002_views_in_one_call"),
        ("regime", "0002_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name='AttributedSale',
            fields=[
                ('order_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('day', models.DateField()),
                ('shop_id', models.BigIntegerField()),
                ('placed_at', models.DateTimeField()),
                ('paid_fen', models.BigIntegerField()),
                ('sources', django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), size=None)),
                ('touched_at', django.contrib.postgres.fields.ArrayField(base_field=models.DateTimeField(), size=None)),
            ],
            options={
                'verbose_name': 'attributed sale',
                'db_table': 'search_attribution_sale',
                'indexes': [models.Index(fields=['day', 'shop_id'], name='sales_of_a_day')],
                'constraints': [models.CheckConstraint(condition=models.Q(('sources__len', models.F('touched_at__len'))), name='a_touch_has_a_source_and_a_moment')],
            },
        ),
        migrations.CreateModel(
            name='AttributionDaily',
            fields=[
                ('pk', models.CompositePrimaryKey('day', 'shop_id', 'source', blank=True, editable=False, primary_key=True, serialize=False)),
                ('day', models.DateField()),
                ('shop_id', models.BigIntegerField()),
                ('source', models.SmallIntegerField()),
                ('touches', models.BigIntegerField()),
                ('orders', models.BigIntegerField()),
                ('cost_fen', models.BigIntegerField()),
                ('first_thousandths', models.BigIntegerField()),
                ('first_paid_fen', models.BigIntegerField()),
                ('first_refunded_fen', models.BigIntegerField()),
                ('last_thousandths', models.BigIntegerField()),
                ('last_paid_fen', models.BigIntegerField()),
                ('last_refunded_fen', models.BigIntegerField()),
                ('last_non_direct_thousandths', models.BigIntegerField()),
                ('last_non_direct_paid_fen', models.BigIntegerField()),
                ('last_non_direct_refunded_fen', models.BigIntegerField()),
                ('linear_thousandths', models.BigIntegerField()),
                ('linear_paid_fen', models.BigIntegerField()),
                ('linear_refunded_fen', models.BigIntegerField()),
            ],
            options={
                'verbose_name': 'day of a source',
                'db_table': 'search_attribution_daily',
                'indexes': [models.Index(fields=['shop_id', 'day'], name='attribution_of_a_shop')],
            },
        ),
        migrations.RunPython(count_closed_days, migrations.RunPython.noop),
    ]

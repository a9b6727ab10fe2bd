"""The keyword market: one log of searches, the days' figures of words and slots, and who may read them.

What was only counted until now (searches nobody bid on) becomes rows of the log, at noon of its day; the days that are
closed get their figures.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from worlds.sql import append_only

DEMAND = """
    INSERT INTO search_express_auction (at, words, mechanism, ties, capped, reserve_fen, increment_fen, clicks, keywords,
           bids, qualities, placed, creatives, prices)
    SELECT d.day + interval '12 hours', d.words, 'gsp', 'earlier_bid', true, 0, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}'
      FROM search_express_demand d CROSS JOIN LATERAL generate_series(1, d.searches) n ORDER BY d.day, d.words, n
"""
WORDS = """
    WITH searched AS MATERIALIZED (
        SELECT at::date AS day, words, visitor, keywords, cardinality(placed) AS shown FROM search_express_auction
         WHERE at::date < (SELECT now_at::date FROM worlds_clock)
    ), counted AS (
        SELECT day, words, count(*) AS searches, count(DISTINCT visitor) AS searchers_daily,
               count(*) FILTER (WHERE keywords = '{}') AS unsold, sum(shown) AS impressions FROM searched GROUP BY 1, 2
    ), bid AS (
        SELECT b.day, b.words, array_agg(DISTINCT c.seller_id ORDER BY c.seller_id) AS bidders,
               array_agg(DISTINCT k.id ORDER BY k.id) AS keywords
          FROM (SELECT DISTINCT day, words, unnest(keywords) AS keyword FROM searched) b
          JOIN search_express_keyword k ON k.id = b.keyword JOIN search_express_group g ON g.id = k.group_id
          JOIN search_express_campaign c ON c.id = g.campaign_id GROUP BY 1, 2
    ), clicked AS (
        SELECT c.at::date AS day, a.words, count(*) FILTER (WHERE verdict = 'valid') AS clicks,
               count(*) FILTER (WHERE verdict <> 'valid') AS invalid_clicks, sum(price_fen) AS cost_fen,
               array_agg(price_fen ORDER BY price_fen) FILTER (WHERE verdict = 'valid') AS prices,
               array_agg(DISTINCT seller_id ORDER BY seller_id) FILTER (WHERE verdict = 'valid') AS payers
          FROM search_express_click c JOIN search_express_auction a ON a.id = c.auction_id
         WHERE c.at::date < (SELECT now_at::date FROM worlds_clock) GROUP BY 1, 2
    )
    INSERT INTO search_cubes_daily (day, words, searches, searchers_daily, unsold, impressions, clicks, invalid_clicks,
           cost_fen, bidders, payers, keywords, prices)
    SELECT day, string_to_array(words, ' '), coalesce(searches, 0), coalesce(searchers_daily, 0), coalesce(unsold, 0),
           coalesce(impressions, 0), coalesce(clicks, 0), coalesce(invalid_clicks, 0), coalesce(cost_fen, 0),
           coalesce(bidders, '{}'), coalesce(payers, '{}'), coalesce(keywords, '{}'), coalesce(prices, '{}')
      FROM counted FULL JOIN clicked USING (day, words) LEFT JOIN bid USING (day, words) ORDER BY 1, 2
"""
SLOTS = """
    WITH shown AS (
        SELECT at::date AS day, slot, count(*) AS impressions
          FROM search_express_auction CROSS JOIN LATERAL generate_series(1, cardinality(placed)) AS s (slot) GROUP BY 1, 2
    ), clicked AS (
        SELECT at::date AS day, slot, count(*) AS clicks FROM search_express_click WHERE verdict = 'valid' GROUP BY 1, 2
    )
    INSERT INTO search_cubes_slot (day, slot, impressions, clicks)
    SELECT day, slot, coalesce(impressions, 0), coalesce(clicks, 0) FROM shown FULL JOIN clicked USING (day, slot)
     WHERE day < (SELECT now_at::date FROM worlds_clock) ORDER BY 1, 2
"""


def carry_over(apps, schema_editor):
    """Rows, not tables: a template, which has none, is made without it."""
    with schema_editor.connection.cursor() as cursor:
        for statement in (DEMAND, WORDS, SLOTS):
            cursor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0002_sealed_accounts_are_found_at_once"),
        ("worlds", "0001_initial"),
        ("search", "0006_words_are_found_by_their_longest"),
    ]

    operations = [
        migrations.CreateModel(
            name="SlotDaily",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "day", "slot", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField()),
                ("slot", models.SmallIntegerField()),
                ("impressions", models.BigIntegerField()),
                ("clicks", models.BigIntegerField()),
            ],
            options={
                "db_table": "search_cubes_slot",
            },
        ),
        migrations.CreateModel(
            name="WordDaily",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "day", "words", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField()),
                (
                    "words",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None),
                ),
                ("searches", models.BigIntegerField()),
                ("searchers_daily", models.BigIntegerField()),
                ("unsold", models.BigIntegerField()),
                ("impressions", models.BigIntegerField()),
                ("clicks", models.BigIntegerField()),
                ("invalid_clicks", models.BigIntegerField()),
                ("cost_fen", models.BigIntegerField()),
                (
                    "bidders",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                (
                    "payers",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                (
                    "keywords",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                (
                    "prices",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
            ],
            options={
                "db_table": "search_cubes_daily",
            },
        ),
        migrations.CreateModel(
            name="WordSubscription",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("key", models.CharField(max_length=80)),
                ("paid_fen", models.BigIntegerField()),
                ("bought_at", models.DateTimeField()),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "subscription",
                "db_table": "search_cubes_subscription",
            },
        ),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.DeleteModel(
            name="AdDemand",
        ),
        migrations.AddIndex(
            model_name="worddaily",
            index=django.contrib.postgres.indexes.GinIndex(
                fastupdate=False, fields=["words"], name="searches_that_say_a_word"
            ),
        ),
        migrations.AddField(
            model_name="wordsubscription",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.member",
            ),
        ),
        migrations.AddIndex(
            model_name="wordsubscription",
            index=models.Index(fields=["member", "-ends_at"], name="until_when_words_are_told"),
        ),
        migrations.AddConstraint(
            model_name="wordsubscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_at__gt", models.F("starts_at")),
                    ("paid_fen__gte", 0),
                    ("starts_at__gte", models.F("bought_at")),
                ),
                name="a_subscription_runs_from_its_purchase_on",
            ),
        ),
        migrations.AddConstraint(
            model_name="wordsubscription",
            constraint=models.UniqueConstraint(
                condition=models.Q(("key", ""), _negated=True),
                fields=("member", "key"),
                name="a_subscription_is_bought_once",
            ),
        ),
        migrations.RunSQL(
            append_only("search_cubes_subscription"),
            "DROP TRIGGER search_cubes_subscription_is_append_only ON search_cubes_subscription",
        ),
    ]

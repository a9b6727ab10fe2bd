"""Bidders on a query are found by the longest of their words, and those who bid broadly by any."""

import django.contrib.postgres.indexes
from django.db import migrations, models
from django.db.models import Q

# as rules.lead: the longest, of equally long ones the first
LEAD = """
    UPDATE search_express_keyword k
       SET lead = (SELECT w FROM unnest(k.words) WITH ORDINALITY AS u (w, nth) ORDER BY length(w) DESC, nth LIMIT 1)
"""


class Migration(migrations.Migration):
    dependencies = [("search", "0005_the_ad_alliance")]

    operations = [
        migrations.RemoveIndex("keyword", "who_bids_on_a_word"),
        migrations.AddField("keyword", "lead", models.TextField(default=""), preserve_default=False),
        migrations.RunSQL(LEAD, migrations.RunSQL.noop),
        # checks that wait for the end of the transaction would keep the table from being altered
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AddIndex(
            "keyword",
            models.Index(fields=["lead"], condition=Q(status="on"), name="who_bids_on_words"),
        ),
        migrations.AddIndex(
            "keyword",
            django.contrib.postgres.indexes.GinIndex(
                fields=["words"],
                condition=Q(status="on", match="broad"),
                fastupdate=False,
                name="who_bids_broadly",
            ),
        ),
    ]

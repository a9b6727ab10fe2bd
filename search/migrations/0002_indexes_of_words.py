"""The word index, and the trigram index of titles. How long new words may wait is said by who writes them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("search", "0001_initial")]
    operations = [
        migrations.RunSQL(sql, migrations.RunSQL.noop)
        for sql in (
            "CREATE INDEX who_says_these_words ON search_document USING gin (tokens)",
            "CREATE INDEX whose_title_is_alike ON search_document USING gin (title gin_trgm_ops)",
        )
    ]

"""One function in the public schema, for every market: the sift, planned once a connection."""

from django.db import migrations

from search.sql import SIFT


class Migration(migrations.Migration):
    dependencies = [("search", "0002_indexes_of_words"), ("shops", "0001_initial")]
    operations = [migrations.RunSQL(SIFT, migrations.RunSQL.noop)]

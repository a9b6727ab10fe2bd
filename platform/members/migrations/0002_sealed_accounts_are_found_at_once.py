"""Who is sealed is asked at every reveal and every night: without walking through all members."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("members", "0001_initial")]

    operations = [
        migrations.AddIndex(
            "member", models.Index(fields=["id"], condition=Q(status="sealed"), name="sealed_accounts")
        ),
    ]

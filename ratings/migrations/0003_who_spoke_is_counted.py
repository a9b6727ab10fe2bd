"""Of the answers only those of people are counted beside the index, and grades to be told are found at once."""

from django.db import migrations, models
from django.db.models import F, Q

COUNT = """
    SELECT count(w.description) FROM ratings_weight w
     WHERE w.subject_id = {member} AND w.as_seller = {seller} AND w.on <= {through} {which}
"""


def counted(which: str) -> list[str]:
    """The counts of both caches anew, over the weights of which `which` is true."""
    through = "(SELECT through FROM ratings_fold)"
    credit = COUNT.format(member="c.member_id", seller="(c.role = 'seller')", through=through, which=which)
    index = COUNT.format(member="i.member_id", seller="TRUE", through='i."on"', which=which)
    return [
        f"UPDATE ratings_credit c SET spoken = ({credit})",
        f"UPDATE ratings_index i SET spoken = ({index})",
    ]


class Migration(migrations.Migration):
    dependencies = [("ratings", "0002_what_was_said_stays_said")]

    operations = [
        migrations.RenameField("credit", "voices", "spoken"),
        migrations.RenameField("index", "voices", "spoken"),
        migrations.AddIndex(
            "credit",
            models.Index(fields=["id"], condition=~Q(told_level=F("level")), name="grades_to_be_told"),
        ),
        migrations.RunSQL(counted("AND NOT w.silent"), counted("")),
    ]

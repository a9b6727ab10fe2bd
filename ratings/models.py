"""What two sides of a trade said of each other: sealed answers, what became public of them,
and what it weighs.

Who may read what: `Answer` only its author (and the statements that reveal or weigh it); `Weight` holds stars
and is read by `recompute` alone; `Feedback` never holds a word before it is revealed (the table refuses).
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from common.models import Fact, Row
from members.models import Member
from ratings.rules import COMMENT_CHARACTERS, FEEDBACK_STATUSES, REASONS, SIDES
from shops.models import Listing, Order, OrderLine

ROLES = SIDES
VERDICT = Q(verdict__in=[-1, 0, 1])


class Feedback(Row):
    """One side of one order line is asked about the other; `side` is the rater's. Public once `revealed_at`.

    `traded_at` is when the trade was created (months and repetitions go by it),
    `opened_at` when it succeeded.
    `in_index`: the line is among the first of its pair and month, so its stars may enter the shop's indices.
    `dispatch_hundredths`: what the recorded dispatch is worth as an answer, `dispatch_bps` its share.
    `struck`: the number of the reason for which a ruling took its points (0: none did).
    """

    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="+", db_index=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="+", db_index=False)
    listing = models.ForeignKey(Listing, models.PROTECT, related_name="+", db_index=False)
    rater = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False)
    subject = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False)
    side = models.CharField(max_length=6)
    status = models.CharField(max_length=9, default="open")
    order_fen = models.BigIntegerField()
    escrowed = models.BooleanField()
    in_index = models.BooleanField()
    dispatch_hundredths = models.SmallIntegerField(null=True)
    dispatch_bps = models.IntegerField()
    struck = models.SmallIntegerField(default=0)
    traded_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    reveal_at = models.DateTimeField(null=True)
    revealed_at = models.DateTimeField(null=True)
    verdict = models.SmallIntegerField(null=True)
    comment = models.CharField(max_length=COMMENT_CHARACTERS, blank=True)
    anonymous = models.BooleanField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["line", "side"], name="one_feedback_per_line_and_side"),
            CheckConstraint(condition=Q(side__in=SIDES), name="feedback_side_is_buyer_or_seller"),
            CheckConstraint(condition=Q(status__in=FEEDBACK_STATUSES), name="feedback_status_is_known"),
            CheckConstraint(
                condition=VERDICT | Q(verdict__isnull=True), name="verdict_is_bad_neutral_or_good"
            ),
            CheckConstraint(
                condition=Q(revealed_at__isnull=False)
                | Q(verdict__isnull=True, comment="", anonymous__isnull=True),
                name="nothing_is_shown_before_it_is_revealed",
            ),
            CheckConstraint(
                condition=Q(status__in=["revealed", "withdrawn"], revealed_at__isnull=False)
                | ~Q(status__in=["revealed", "withdrawn"]) & Q(revealed_at__isnull=True),
                name="revealed_feedback_says_since_when",
            ),
            CheckConstraint(
                condition=Q(status="revealed", verdict__isnull=False)
                | ~Q(status="revealed") & Q(verdict__isnull=True),
                name="only_revealed_feedback_has_a_verdict",
            ),
            CheckConstraint(condition=~Q(rater=F("subject")), name="nobody_rates_themselves"),
            CheckConstraint(condition=~Q(side="seller", anonymous=True), name="a_seller_is_never_anonymous"),
        ]
        indexes = [
            models.Index(fields=["closes_at", "id"], condition=Q(status="open"), name="windows_to_close"),
            models.Index(fields=["reveal_at", "id"], condition=Q(status="sealed"), name="feedback_to_reveal"),
            models.Index(fields=["rater", "subject", "side"], name="feedback_of_a_pair"),
            models.Index(fields=["subject", "side", "id"], name="feedback_about_a_member"),
            models.Index(
                fields=["listing", "id"],
                condition=Q(side="buyer", status="revealed"),
                name="feedback_on_a_listing",
            ),
        ]


class Answer(models.Model):
    """What a side really answered, sealed and never changed: verdict (null: none), five stars, words.

    Append-only. Stars are in the order of `rules.QUESTIONS`. `silent`: nobody spoke, the window closed.
    """

    feedback = models.OneToOneField(Feedback, models.PROTECT, primary_key=True, related_name="+")
    verdict = models.SmallIntegerField(null=True)
    stars = ArrayField(models.SmallIntegerField())
    comment = models.CharField(max_length=COMMENT_CHARACTERS, blank=True)
    anonymous = models.BooleanField()
    silent = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            CheckConstraint(condition=VERDICT | Q(verdict__isnull=True), name="answered_verdict_is_known"),
            CheckConstraint(condition=Q(stars__len=5), name="an_answer_has_five_stars"),
            CheckConstraint(
                condition=Q(stars__contained_by=[1, 2, 3, 4, 5]), name="five_answers_of_one_to_five_stars"
            ),
            CheckConstraint(
                condition=Q(silent=True) | Q(verdict__isnull=False), name="only_silence_has_no_verdict"
            ),
        ]


class Weight(models.Model):
    """What one revealed (or lapsed) feedback weighs for its subject: narrow, because millions are added up.

    It counts from the daily run after the day `on`. Stars are hundredths, null when they do not enter the
    indices. `points` and `reason` are decided by `recompute.decisions` for the whole pair at once.
    """

    feedback = models.OneToOneField(Feedback, models.PROTECT, primary_key=True, related_name="+")
    subject = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    rater = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    on = models.DateField()
    verdict = models.SmallIntegerField(null=True)
    points = models.SmallIntegerField(default=0)
    reason = models.SmallIntegerField(default=0)
    description = models.SmallIntegerField(null=True)
    service = models.SmallIntegerField(null=True)
    delivery = models.SmallIntegerField(null=True)
    as_seller = models.BooleanField()
    silent = models.BooleanField()

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(reason__in=[r.number for r in REASONS]), name="reason_is_known"),
            CheckConstraint(condition=Q(reason=0) | Q(points=0), name="what_does_not_count_has_no_points"),
            CheckConstraint(condition=VERDICT | Q(verdict__isnull=True), name="weighed_verdict_is_known"),
            CheckConstraint(
                condition=Q(description__isnull=True, service__isnull=True, delivery__isnull=True)
                | Q(description__isnull=False, service__isnull=False, delivery__isnull=False),
                name="the_three_indices_go_together",
            ),
        ]
        indexes = [
            models.Index(fields=["on"], name="weights_of_a_day"),
            models.Index(
                fields=["subject", "as_seller", "on"],
                include=["rater", "silent", "description"],
                name="weights_of_a_member",
            ),
            models.Index(fields=["feedback"], condition=Q(reason=6), name="weights_of_sealed_accounts"),
        ]


class Revision(Fact):
    """What was public of a feedback, and since when: revealed, edited, withdrawn, struck, restored.
    Append-only."""

    feedback = models.ForeignKey(Feedback, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=9)
    verdict = models.SmallIntegerField(null=True)
    why = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(kind__in=["revealed", "edited", "withdrawn", "struck", "restored"]),
                name="revision_kind_is_known",
            ),
        ]
        indexes = [models.Index(fields=["feedback", "id"], name="history_of_a_feedback")]


class Remark(Fact):
    """Words added to a revealed feedback: the subject's explanation, the rater's follow-up. Append-only."""

    feedback = models.ForeignKey(Feedback, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=11)
    number = models.SmallIntegerField()
    by = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False)
    text = models.CharField(max_length=2000)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["feedback", "kind", "number"], name="one_remark_of_a_kind_and_number"),
            CheckConstraint(condition=Q(kind__in=["explanation", "follow_up"]), name="remark_kind_is_known"),
            CheckConstraint(condition=~Q(text=""), name="a_remark_has_words"),
        ]


class Complaint(Row):
    """The subject says that a feedback is malicious; the platform rules. Upheld: its points are taken."""

    feedback = models.ForeignKey(Feedback, models.PROTECT, related_name="+", db_index=False)
    by = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False)
    text = models.CharField(max_length=500)
    status = models.CharField(max_length=7, default="open")
    made_at = models.DateTimeField()
    ruled_at = models.DateTimeField(null=True)
    ruling = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["feedback"], name="one_complaint_per_feedback"),
            CheckConstraint(
                condition=Q(status__in=["open", "upheld", "refused"]), name="complaint_status_is_known"
            ),
            CheckConstraint(
                condition=Q(status="open", ruled_at__isnull=True)
                | ~Q(status="open") & Q(ruled_at__isnull=False),
                name="a_ruled_complaint_says_when",
            ),
        ]


class Credit(models.Model):
    """Cache, rebuilt by `recompute.credit`: a member's points and counts in one role, as of the daily run.

    `id` is twice the member's plus one for the buyer's role. `recent_*`: the good rate's window.
    `answers` and the
    three sums (hundredths of a star) run ahead of what is published (`Index`): nobody is shown them.
    `spoken`: answers with stars ever added up, silence aside. `told_level`: the level the member was last told of.
    """

    id = models.BigIntegerField(primary_key=True)
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False)
    role = models.CharField(max_length=6)
    level = models.SmallIntegerField(default=0)
    told_level = models.SmallIntegerField(db_default=0)
    points = models.IntegerField(default=0)
    good = models.IntegerField(default=0)
    neutral = models.IntegerField(default=0)
    bad = models.IntegerField(default=0)
    uncounted = models.IntegerField(default=0)
    recent_good = models.IntegerField(default=0)
    recent_all = models.IntegerField(default=0)
    spoken = models.IntegerField(default=0)
    answers = models.IntegerField(default=0)
    description = models.BigIntegerField(default=0)
    service = models.BigIntegerField(default=0)
    delivery = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            CheckConstraint(condition=Q(role__in=ROLES), name="credit_role_is_buyer_or_seller"),
            CheckConstraint(condition=Q(level__gte=0, level__lte=20), name="level_is_zero_to_twenty"),
            CheckConstraint(
                condition=Q(good__gte=0, neutral__gte=0, bad__gte=0, uncounted__gte=0),
                name="verdict_counts_not_negative",
            ),
            CheckConstraint(
                condition=Q(recent_good__gte=0, recent_all__gte=F("recent_good")), name="good_rate_is_a_share"
            ),
            CheckConstraint(
                condition=Q(answers__gte=0, description__gte=0, service__gte=0, delivery__gte=0),
                name="sums_of_stars_are_not_negative",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=~Q(told_level=F("level")), name="grades_to_be_told"),
        ]


class Index(models.Model):
    """A seller's three indices as last published (hundredths of a star); `id` is the member's.

    `spoken`: what `Credit.spoken` was then, so that who has too few new answers is passed over quickly.
    """

    id = models.BigIntegerField(primary_key=True)
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False)
    section_id = models.IntegerField()
    on = models.DateField()
    spoken = models.BigIntegerField()
    answers = models.BigIntegerField()
    description = models.SmallIntegerField(null=True)
    service = models.SmallIntegerField(null=True)
    delivery = models.SmallIntegerField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(answers=0, description__isnull=True, service__isnull=True, delivery__isnull=True)
                | Q(
                    answers__gt=0,
                    description__range=(100, 500),
                    service__range=(100, 500),
                    delivery__range=(100, 500),
                ),
                name="an_index_is_one_to_five_stars",
            ),
        ]


class Publication(Row):
    """Every index ever published, by day: for charts, and to prove that no one answer can be found.
    Append-only."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False)
    section_id = models.IntegerField()
    on = models.DateField()
    answers = models.BigIntegerField()
    description = models.SmallIntegerField(null=True)
    service = models.SmallIntegerField(null=True)
    delivery = models.SmallIntegerField(null=True)

    class Meta:
        constraints = [UniqueConstraint(fields=["member", "on"], name="one_publication_a_day")]


class SectionAverage(Row):
    """The trade's average of a day: mean of the published indices of a section's shops, in hundredths.
    Append-only."""

    section_id = models.IntegerField()
    on = models.DateField()
    shops = models.IntegerField()
    description = models.SmallIntegerField()
    service = models.SmallIntegerField()
    delivery = models.SmallIntegerField()

    class Meta:
        constraints = [UniqueConstraint(fields=["section_id", "on"], name="one_average_a_day")]


class Recount(models.Model):
    """Whose credit changed in what was added up already (edits, rulings,
    caps): the daily run adds it up anew."""

    id = models.BigIntegerField(primary_key=True)


class Fold(models.Model):
    """How far the daily run has come: weights up to the day `through` are added up, under these levers."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    through = models.DateField()
    levers = models.CharField(max_length=64)

    class Meta:
        constraints = [CheckConstraint(condition=Q(id=1), name="there_is_one_fold")]

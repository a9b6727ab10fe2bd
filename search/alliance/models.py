"""Spaces and what stands on them, offers and contracts, links, and what they brought."""

from __future__ import annotations

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from common.models import Fact
from search.alliance.rules import (
    CHARGES,
    COMMISSION_STATUSES,
    CONTRACT_STATUSES,
    OTHER_SIDE,
    SOLD_BY,
    SPACE_KINDS,
    SPACE_STATUSES,
    VERDICT,
)


class Space(Fact):
    """A web space outside the market, and the member who owns it."""

    owner = models.ForeignKey("members.Member", models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=10)
    address = models.CharField(max_length=200)
    description = models.CharField(max_length=1000)
    status = models.CharField(max_length=10)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "search"
        db_table = "search_alliance_space"
        verbose_name = "space"
        constraints = [
            UniqueConstraint(fields=["owner", "name"], name="an_owner_names_a_space_once"),
            CheckConstraint(condition=Q(kind__in=SPACE_KINDS), name="a_space_is_of_a_known_kind"),
            CheckConstraint(condition=Q(status__in=SPACE_STATUSES), name="a_space_is_open_or_closed"),
        ]


class Placement(Fact):
    """A place on a space that is let by contract: a banner, a column, a corner."""

    space = models.ForeignKey(Space, models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=60)
    description = models.CharField(max_length=1000)
    status = models.CharField(max_length=10)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "search"
        db_table = "search_alliance_placement"
        verbose_name = "placement"
        constraints = [
            UniqueConstraint(fields=["space", "name"], name="a_space_names_a_placement_once"),
            CheckConstraint(condition=Q(status__in=SPACE_STATUSES), name="a_placement_is_open_or_closed"),
        ]


class Offer(Fact):
    """A shop's commission to anybody (TaobaoKe), on the shop (`listing` null) or on one listing; 0: no longer.

    Append-only: the last stands, and a click remembers the last there was (`Click.terms`).
    """

    shop = models.ForeignKey("shops.Shop", models.PROTECT, related_name="+", db_index=False)
    listing = models.ForeignKey("shops.Listing", models.PROTECT, related_name="+", null=True, db_index=False)
    rate_bps = models.IntegerField()
    offered_at = models.DateTimeField()

    class Meta:
        app_label = "search"
        db_table = "search_alliance_offer"
        verbose_name = "offer"
        constraints = [
            CheckConstraint(condition=Q(rate_bps__range=(0, 10_000)), name="an_offer_is_a_share_of_the_sale")
        ]
        indexes = [models.Index(fields=["shop", "listing", "-id"], name="offers_of_a_shop")]


class Contract(Fact):
    """Terms between a shop and a placement, proposed by either side. `said_by` spoke last: the other answers.

    `spent_fen`: what the shop has paid by it, the platform's fee included (a cache of the charges).
    """

    placement = models.ForeignKey(Placement, models.PROTECT, related_name="+", db_index=False)
    shop = models.ForeignKey("shops.Shop", models.PROTECT, related_name="+", db_index=False)
    status = models.CharField(max_length=10)
    said_by = models.CharField(max_length=5)
    sold_by = models.CharField(max_length=15)
    price_fen = models.BigIntegerField(null=True)
    rate_bps = models.IntegerField(null=True)
    budget_fen = models.BigIntegerField(null=True)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    proposed_at = models.DateTimeField()
    said_at = models.DateTimeField()
    respond_by = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    spent_fen = models.BigIntegerField(default=0)

    class Meta:
        app_label = "search"
        db_table = "search_alliance_contract"
        verbose_name = "contract"
        constraints = [
            CheckConstraint(condition=Q(status__in=CONTRACT_STATUSES), name="a_contract_is_in_a_known_state"),
            CheckConstraint(condition=Q(said_by__in=list(OTHER_SIDE)), name="a_contract_has_two_sides"),
            CheckConstraint(
                condition=Q(sold_by="commission", rate_bps__isnull=False, price_fen__isnull=True)
                | Q(
                    sold_by__in=[s for s in SOLD_BY if s != "commission"],
                    price_fen__gte=1,
                    rate_bps__isnull=True,
                ),
                name="a_contract_has_a_price_or_a_rate",
            ),
            CheckConstraint(
                condition=Q(budget_fen__isnull=True) | Q(spent_fen__lte=F("budget_fen")),
                name="no_more_is_spent_than_the_budget",
            ),
        ]
        indexes = [
            models.Index(fields=["placement", "id"], name="contracts_of_a_placement"),
            models.Index(fields=["shop", "id"], name="contracts_of_a_shop"),
            models.Index(fields=["respond_by"], name="proposals_that_lapse", condition=Q(status="proposed")),
            models.Index(fields=["ends_at"], name="contracts_that_run_out", condition=Q(status="accepted")),
        ]


class Link(Fact):
    """A tracking link: from a space (or a placement on it) to a shop or listing, by a contract or a standing offer.

    `token` is what stands in the web page: the same for whoever asks for the same link again.
    """

    token = models.CharField(max_length=20, unique=True)
    space = models.ForeignKey(Space, models.PROTECT, related_name="+", db_index=False)
    placement = models.ForeignKey(Placement, models.PROTECT, related_name="+", null=True, db_index=False)
    shop = models.ForeignKey("shops.Shop", models.PROTECT, related_name="+", db_index=False)
    listing = models.ForeignKey("shops.Listing", models.PROTECT, related_name="+", null=True, db_index=False)
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="+", null=True, db_index=False)
    made_at = models.DateTimeField()

    class Meta:
        app_label = "search"
        db_table = "search_alliance_link"
        verbose_name = "link"
        constraints = [
            UniqueConstraint(
                fields=["space", "placement", "shop", "listing", "contract"],
                name="one_link_for_the_same_way",
                nulls_distinct=False,
            )
        ]


class Visit(Fact):
    """What a click and a view of a link have in common. `member_id`: who it was, if it was said."""

    link = models.ForeignKey(Link, models.PROTECT, related_name="+", db_index=False)
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="+", null=True, db_index=False)
    space_id = models.BigIntegerField()
    shop_id = models.BigIntegerField()
    visitor = models.BigIntegerField()
    member_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    verdict = models.CharField(max_length=11)

    class Meta:
        abstract = True


class AllianceView(Visit):
    """A link shown on a page of its space. Views of a contract are billed by the thousand, in the order of ids."""

    class Meta:
        app_label = "search"
        db_table = "search_alliance_view"
        verbose_name = "view"
        constraints = [
            CheckConstraint(condition=Q(verdict__in=list(VERDICT)), name="a_view_has_a_known_verdict")
        ]
        indexes = [
            models.Index(fields=["contract", "id"], name="views_to_bill", condition=Q(verdict="valid")),
            models.Index(fields=["at"], name="alliance_views_of_a_day"),
        ]


class AllianceClick(Visit):
    """A link followed. `terms`: the last offer there was, so its rates are those of this moment.

    `earns`: sales in the shop may earn a commission by it. `who_id`: the member it was, said with it or the first
    one seen later with the same cookie. `price_fen`: what the space's owner was paid for it.
    """

    listing_id = models.BigIntegerField(null=True)
    terms = models.BigIntegerField()
    earns = models.BooleanField()
    who_id = models.BigIntegerField(null=True)
    price_fen = models.BigIntegerField(default=0)

    class Meta:
        app_label = "search"
        db_table = "search_alliance_click"
        verbose_name = "click"
        constraints = [
            CheckConstraint(condition=Q(verdict__in=list(VERDICT)), name="a_click_has_a_known_verdict"),
            CheckConstraint(
                condition=Q(price_fen=0) | Q(price_fen__gt=0, verdict="valid", contract__isnull=False),
                name="only_a_valid_click_is_paid",
            ),
        ]
        indexes = [
            models.Index(
                fields=["shop_id", "who_id", "at", "id"], name="clicks_that_earn", condition=Q(earns=True)
            ),
            models.Index(
                fields=["shop_id", "at"],
                name="clicks_of_nobody_yet",
                condition=Q(earns=True, who_id__isnull=True),
            ),
            models.Index(fields=["visitor", "at"], name="clicks_of_a_visitor"),
            models.Index(fields=["member_id", "at"], name="clicks_of_a_member"),
            models.Index(fields=["at"], name="alliance_clicks_of_a_day"),
        ]


class Commission(Fact):
    """What a line of an order earns the space whose click brought its buyer, fixed when the order is paid.

    Parties and rates do not change. `refunded_fen`: refunds of the line so far, as the trade counts them (goods and
    postage). `paid_fen` and the fees are what was posted and still stands.
    """

    line_id = models.BigIntegerField(unique=True)
    order_id = models.BigIntegerField()
    click = models.ForeignKey(AllianceClick, models.PROTECT, related_name="+", db_index=False)
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="+", null=True, db_index=False)
    space_id = models.BigIntegerField()
    owner_id = models.BigIntegerField()
    shop_id = models.BigIntegerField()
    seller_id = models.BigIntegerField()
    status = models.CharField(max_length=10)
    base = models.CharField(max_length=24)
    goods_fen = models.BigIntegerField()
    postage_fen = models.BigIntegerField()
    refunded_fen = models.BigIntegerField(default=0)
    rate_bps = models.IntegerField()
    seller_fee_bps = models.IntegerField()
    owner_fee_bps = models.IntegerField()
    clawed_back = models.BooleanField()
    earning_fen = models.BigIntegerField()
    paid_fen = models.BigIntegerField(default=0)
    paid_seller_fee_fen = models.BigIntegerField(default=0)
    paid_owner_fee_fen = models.BigIntegerField(default=0)
    fixed_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "search"
        db_table = "search_alliance_commission"
        verbose_name = "commission"
        constraints = [
            CheckConstraint(
                condition=Q(status__in=COMMISSION_STATUSES), name="a_commission_is_in_a_known_state"
            ),
            CheckConstraint(
                condition=Q(refunded_fen__gte=0, refunded_fen__lte=F("goods_fen") + F("postage_fen")),
                name="a_commission_follows_no_more_than_was_paid",
            ),
            CheckConstraint(
                condition=Q(paid_fen__gte=0, paid_fen__lte=F("earning_fen")),
                name="no_more_is_paid_than_was_earned",
            ),
        ]
        indexes = [
            models.Index(fields=["order_id"], name="commissions_of_an_order"),
            models.Index(fields=["id"], name="commissions_owed", condition=Q(status="owed")),
            models.Index(fields=["click"], name="commissions_by_a_click"),
        ]


class Charge(Fact):
    """Money moved, and what for: a click, thousands of views, a commission, or a commission's return. Append-only.

    A line of all three statements. Fen, none negative: `kind` says which way. `after_view` to `last_view`: the views
    a charge by the thousand is for, `view_count` of them.
    """

    kind = models.CharField(max_length=10)
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="+", null=True, db_index=False)
    space_id = models.BigIntegerField()
    owner_id = models.BigIntegerField()
    shop_id = models.BigIntegerField()
    seller_id = models.BigIntegerField()
    click_id = models.BigIntegerField(null=True)
    commission_id = models.BigIntegerField(null=True)
    refund_id = models.BigIntegerField(null=True)
    after_view = models.BigIntegerField(null=True)
    last_view = models.BigIntegerField(null=True)
    view_count = models.BigIntegerField(null=True)
    earning_fen = models.BigIntegerField()
    seller_fee_fen = models.BigIntegerField()
    owner_fee_fen = models.BigIntegerField()
    day = models.DateField()
    at = models.DateTimeField()

    class Meta:
        app_label = "search"
        db_table = "search_alliance_charge"
        verbose_name = "charge"
        constraints = [
            CheckConstraint(
                condition=Q(kind="click", click_id__isnull=False)
                | Q(kind="thousands", last_view__gt=F("after_view"), view_count__gt=0)
                | Q(kind__in=["commission", "return"], commission_id__isnull=False),
                name="a_charge_says_what_it_is_for",
            ),
            CheckConstraint(
                condition=Q(
                    kind__in=list(CHARGES), earning_fen__gte=0, seller_fee_fen__gte=0, owner_fee_fen__gte=0
                ),
                name="a_charge_is_of_an_amount",
            ),
            UniqueConstraint(fields=["click_id"], name="a_click_is_charged_once", condition=Q(kind="click")),
            UniqueConstraint(
                fields=["contract", "after_view"], name="a_view_is_billed_once", condition=Q(kind="thousands")
            ),
            UniqueConstraint(
                fields=["commission_id"], name="a_commission_is_settled_once", condition=Q(kind="commission")
            ),
        ]
        indexes = [
            models.Index(fields=["owner_id", "day", "id"], name="charges_of_an_owner"),
            models.Index(fields=["shop_id", "day", "id"], name="charges_of_a_shop"),
            models.Index(fields=["day", "id"], name="charges_of_a_day"),
        ]

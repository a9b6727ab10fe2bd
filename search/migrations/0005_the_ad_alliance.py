"""The ad alliance: spaces and placements, offers and contracts, links, and what they brought."""

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.db import migrations, models

from worlds.sql import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0001_initial"),
        ("search", "0004_keyword_ads"),
        ("shops", "0003_what_was_said_stays_said"),
    ]

    operations = [
        migrations.CreateModel(
            name="Placement",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("description", models.CharField(max_length=1000)),
                ("status", models.CharField(max_length=10)),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "placement",
                "db_table": "search_alliance_placement",
            },
        ),
        migrations.CreateModel(
            name="Contract",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("status", models.CharField(max_length=10)),
                ("said_by", models.CharField(max_length=5)),
                ("sold_by", models.CharField(max_length=15)),
                ("price_fen", models.BigIntegerField(null=True)),
                ("rate_bps", models.IntegerField(null=True)),
                ("budget_fen", models.BigIntegerField(null=True)),
                ("starts_at", models.DateTimeField(null=True)),
                ("ends_at", models.DateTimeField(null=True)),
                ("proposed_at", models.DateTimeField()),
                ("said_at", models.DateTimeField()),
                ("respond_by", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("spent_fen", models.BigIntegerField(default=0)),
                (
                    "shop",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="shops.shop",
                    ),
                ),
                (
                    "placement",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="search.placement",
                    ),
                ),
            ],
            options={
                "verbose_name": "contract",
                "db_table": "search_alliance_contract",
            },
        ),
        migrations.CreateModel(
            name="Link",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("token", models.CharField(max_length=20, unique=True)),
                ("made_at", models.DateTimeField()),
                (
                    "contract",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="search.contract",
                    ),
                ),
                (
                    "listing",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="shops.listing",
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="shops.shop",
                    ),
                ),
                (
                    "placement",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="search.placement",
                    ),
                ),
            ],
            options={
                "verbose_name": "link",
                "db_table": "search_alliance_link",
            },
        ),
        migrations.CreateModel(
            name="AllianceClick",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("space_id", models.BigIntegerField()),
                ("shop_id", models.BigIntegerField()),
                ("visitor", models.BigIntegerField()),
                ("member_id", models.BigIntegerField(null=True)),
                ("at", models.DateTimeField()),
                ("verdict", models.CharField(max_length=11)),
                ("listing_id", models.BigIntegerField(null=True)),
                ("terms", models.BigIntegerField()),
                ("earns", models.BooleanField()),
                ("who_id", models.BigIntegerField(null=True)),
                ("price_fen", models.BigIntegerField(default=0)),
                (
                    "contract",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="search.contract",
                    ),
                ),
                (
                    "link",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="search.link",
                    ),
                ),
            ],
            options={
                "verbose_name": "click",
                "db_table": "search_alliance_click",
            },
        ),
        migrations.CreateModel(
            name="Offer",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("rate_bps", models.IntegerField()),
                ("offered_at", models.DateTimeField()),
                (
                    "listing",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="shops.listing",
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="shops.shop",
                    ),
                ),
            ],
            options={
                "verbose_name": "offer",
                "db_table": "search_alliance_offer",
            },
        ),
        migrations.CreateModel(
            name="Space",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("kind", models.CharField(max_length=10)),
                ("address", models.CharField(max_length=200)),
                ("description", models.CharField(max_length=1000)),
                ("status", models.CharField(max_length=10)),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.member",
                    ),
                ),
            ],
            options={
                "verbose_name": "space",
                "db_table": "search_alliance_space",
            },
        ),
        migrations.AddField(
            model_name="placement",
            name="space",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="search.space",
            ),
        ),
        migrations.AddField(
            model_name="link",
            name="space",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="search.space",
            ),
        ),
        migrations.CreateModel(
            name="Commission",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("line_id", models.BigIntegerField(unique=True)),
                ("order_id", models.BigIntegerField()),
                ("space_id", models.BigIntegerField()),
                ("owner_id", models.BigIntegerField()),
                ("shop_id", models.BigIntegerField()),
                ("seller_id", models.BigIntegerField()),
                ("status", models.CharField(max_length=10)),
                ("base", models.CharField(max_length=24)),
                ("goods_fen", models.BigIntegerField()),
                ("postage_fen", models.BigIntegerField()),
                ("refunded_fen", models.BigIntegerField(default=0)),
                ("rate_bps", models.IntegerField()),
                ("seller_fee_bps", models.IntegerField()),
                ("owner_fee_bps", models.IntegerField()),
                ("clawed_back", models.BooleanField()),
                ("earning_fen", models.BigIntegerField()),
                ("paid_fen", models.BigIntegerField(default=0)),
                ("paid_seller_fee_fen", models.BigIntegerField(default=0)),
                ("paid_owner_fee_fen", models.BigIntegerField(default=0)),
                ("fixed_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "click",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="search.allianceclick",
                    ),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="search.contract",
                    ),
                ),
            ],
            options={
                "verbose_name": "commission",
                "db_table": "search_alliance_commission",
                "indexes": [
                    models.Index(fields=["order_id"], name="commissions_of_an_order"),
                    models.Index(
                        condition=models.Q(("status", "owed")), fields=["id"], name="commissions_owed"
                    ),
                    models.Index(fields=["click"], name="commissions_by_a_click"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ("waiting", "owed", "settled", "undone"))),
                        name="a_commission_is_in_a_known_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("refunded_fen__gte", 0),
                            (
                                "refunded_fen__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("goods_fen"), "+", models.F("postage_fen")
                                ),
                            ),
                        ),
                        name="a_commission_follows_no_more_than_was_paid",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("paid_fen__gte", 0), ("paid_fen__lte", models.F("earning_fen"))),
                        name="no_more_is_paid_than_was_earned",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Charge",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("kind", models.CharField(max_length=10)),
                ("space_id", models.BigIntegerField()),
                ("owner_id", models.BigIntegerField()),
                ("shop_id", models.BigIntegerField()),
                ("seller_id", models.BigIntegerField()),
                ("click_id", models.BigIntegerField(null=True)),
                ("commission_id", models.BigIntegerField(null=True)),
                ("refund_id", models.BigIntegerField(null=True)),
                ("after_view", models.BigIntegerField(null=True)),
                ("last_view", models.BigIntegerField(null=True)),
                ("view_count", models.BigIntegerField(null=True)),
                ("earning_fen", models.BigIntegerField()),
                ("seller_fee_fen", models.BigIntegerField()),
                ("owner_fee_fen", models.BigIntegerField()),
                ("day", models.DateField()),
                ("at", models.DateTimeField()),
                (
                    "contract",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="search.contract",
                    ),
                ),
            ],
            options={
                "verbose_name": "charge",
                "db_table": "search_alliance_charge",
                "indexes": [
                    models.Index(fields=["owner_id", "day", "id"], name="charges_of_an_owner"),
                    models.Index(fields=["shop_id", "day", "id"], name="charges_of_a_shop"),
                    models.Index(fields=["day", "id"], name="charges_of_a_day"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("click_id__isnull", False), ("kind", "click")),
                            models.Q(
                                ("kind", "thousands"),
                                ("last_view__gt", models.F("after_view")),
                                ("view_count__gt", 0),
                            ),
                            models.Q(
                                ("commission_id__isnull", False), ("kind__in", ["commission", "return"])
                            ),
                            _connector="OR",
                        ),
                        name="a_charge_says_what_it_is_for",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("earning_fen__gte", 0),
                            ("kind__in", ["click", "thousands", "commission", "return"]),
                            ("owner_fee_fen__gte", 0),
                            ("seller_fee_fen__gte", 0),
                        ),
                        name="a_charge_is_of_an_amount",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "click")),
                        fields=("click_id",),
                        name="a_click_is_charged_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "thousands")),
                        fields=("contract", "after_view"),
                        name="a_view_is_billed_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "commission")),
                        fields=("commission_id",),
                        name="a_commission_is_settled_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AllianceView",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("space_id", models.BigIntegerField()),
                ("shop_id", models.BigIntegerField()),
                ("visitor", models.BigIntegerField()),
                ("member_id", models.BigIntegerField(null=True)),
                ("at", models.DateTimeField()),
                ("verdict", models.CharField(max_length=11)),
                (
                    "contract",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="search.contract",
                    ),
                ),
                (
                    "link",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="search.link",
                    ),
                ),
            ],
            options={
                "verbose_name": "view",
                "db_table": "search_alliance_view",
                "indexes": [
                    models.Index(
                        condition=models.Q(("verdict", "valid")),
                        fields=["contract", "id"],
                        name="views_to_bill",
                    ),
                    models.Index(fields=["at"], name="alliance_views_of_a_day"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("verdict__in", ["valid", "own", "repeat", "ended", "over_budget", "unfunded"])
                        ),
                        name="a_view_has_a_known_verdict",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="allianceclick",
            index=models.Index(
                condition=models.Q(("earns", True)),
                fields=["shop_id", "who_id", "at", "id"],
                name="clicks_that_earn",
            ),
        ),
        migrations.AddIndex(
            model_name="allianceclick",
            index=models.Index(
                condition=models.Q(("earns", True), ("who_id__isnull", True)),
                fields=["shop_id", "at"],
                name="clicks_of_nobody_yet",
            ),
        ),
        migrations.AddIndex(
            model_name="allianceclick",
            index=models.Index(fields=["visitor", "at"], name="clicks_of_a_visitor"),
        ),
        migrations.AddIndex(
            model_name="allianceclick",
            index=models.Index(fields=["member_id", "at"], name="clicks_of_a_member"),
        ),
        migrations.AddIndex(
            model_name="allianceclick",
            index=models.Index(fields=["at"], name="alliance_clicks_of_a_day"),
        ),
        migrations.AddConstraint(
            model_name="allianceclick",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("verdict__in", ["valid", "own", "repeat", "ended", "over_budget", "unfunded"])
                ),
                name="a_click_has_a_known_verdict",
            ),
        ),
        migrations.AddConstraint(
            model_name="allianceclick",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("price_fen", 0),
                    models.Q(("contract__isnull", False), ("price_fen__gt", 0), ("verdict", "valid")),
                    _connector="OR",
                ),
                name="only_a_valid_click_is_paid",
            ),
        ),
        migrations.AddIndex(
            model_name="offer",
            index=models.Index(fields=["shop", "listing", "-id"], name="offers_of_a_shop"),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(("rate_bps__range", (0, 10000))), name="an_offer_is_a_share_of_the_sale"
            ),
        ),
        migrations.AddIndex(
            model_name="contract",
            index=models.Index(fields=["placement", "id"], name="contracts_of_a_placement"),
        ),
        migrations.AddIndex(
            model_name="contract",
            index=models.Index(fields=["shop", "id"], name="contracts_of_a_shop"),
        ),
        migrations.AddIndex(
            model_name="contract",
            index=models.Index(
                condition=models.Q(("status", "proposed")), fields=["respond_by"], name="proposals_that_lapse"
            ),
        ),
        migrations.AddIndex(
            model_name="contract",
            index=models.Index(
                condition=models.Q(("status", "accepted")), fields=["ends_at"], name="contracts_that_run_out"
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ("proposed", "accepted", "declined", "withdrawn", "lapsed", "ended"))
                ),
                name="a_contract_is_in_a_known_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(("said_by__in", ["shop", "owner"])), name="a_contract_has_two_sides"
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("price_fen__isnull", True), ("rate_bps__isnull", False), ("sold_by", "commission")
                    ),
                    models.Q(
                        ("price_fen__gte", 1),
                        ("rate_bps__isnull", True),
                        ("sold_by__in", ["click", "thousand_views"]),
                    ),
                    _connector="OR",
                ),
                name="a_contract_has_a_price_or_a_rate",
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("budget_fen__isnull", True), ("spent_fen__lte", models.F("budget_fen")), _connector="OR"
                ),
                name="no_more_is_spent_than_the_budget",
            ),
        ),
        migrations.AddConstraint(
            model_name="space",
            constraint=models.UniqueConstraint(fields=("owner", "name"), name="an_owner_names_a_space_once"),
        ),
        migrations.AddConstraint(
            model_name="space",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ("blog", "forum", "portal", "guide", "search", "other"))),
                name="a_space_is_of_a_known_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="space",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ("open", "closed"))), name="a_space_is_open_or_closed"
            ),
        ),
        migrations.AddConstraint(
            model_name="placement",
            constraint=models.UniqueConstraint(
                fields=("space", "name"), name="a_space_names_a_placement_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="placement",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ("open", "closed"))), name="a_placement_is_open_or_closed"
            ),
        ),
        migrations.AddConstraint(
            model_name="link",
            constraint=models.UniqueConstraint(
                fields=("space", "placement", "shop", "listing", "contract"),
                name="one_link_for_the_same_way",
                nulls_distinct=False,
            ),
        ),
        *(
            migrations.RunSQL(append_only(table), f"DROP TRIGGER {table}_is_append_only ON {table}")
            for table in ("search_alliance_offer", "search_alliance_view", "search_alliance_charge")
        ),
    ]

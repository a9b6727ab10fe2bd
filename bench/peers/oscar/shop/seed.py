"""Lays the catalogue given as JSON on standard input ({products, shoppers, password}) through Oscar's own models."""

from __future__ import annotations

import json
import sys
from decimal import Decimal

import django


def main() -> None:
    django.setup()
    from django.contrib.auth import get_user_model
    from django.db import transaction

    given = json.load(sys.stdin)
    with transaction.atomic():
        _goods(given["products"])
        _payment()
        for number in range(given["shoppers"]):
            get_user_model().objects.create_user(
                f"shopper{number}", f"shopper{number}@bench.example", given["password"]
            )


def _goods(products: list[dict[str, object]]) -> None:
    from oscar.apps.catalogue.categories import create_from_breadcrumbs
    from oscar.core.loading import get_model

    Product, ProductClass = get_model("catalogue", "Product"), get_model("catalogue", "ProductClass")
    ProductCategory = get_model("catalogue", "ProductCategory")
    Partner, StockRecord = get_model("partner", "Partner"), get_model("partner", "StockRecord")
    kind = ProductClass.objects.create(name="Goods", slug="goods")
    partner = Partner.objects.create(name="Bench", code="bench")
    categories = {word: create_from_breadcrumbs(word) for word in sorted({str(p["kind"]) for p in products})}
    made = Product.objects.bulk_create(
        [
            Product(
                structure=Product.STANDALONE, product_class=kind, upc=f"{p['number']}", title=p["title"],
                slug=f"goods-{p['number']}", description=f"{p['title']}, made by hand.",
            )
            for p in products
        ],
        batch_size=1_000,
    )  # fmt: skip
    pairs = list(zip(made, products, strict=True))
    ProductCategory.objects.bulk_create(
        [ProductCategory(product=row, category=categories[str(p["kind"])]) for row, p in pairs],
        batch_size=1_000,
    )
    StockRecord.objects.bulk_create(
        [
            StockRecord(
                product=row, partner=partner, partner_sku=f"{p['number']}", price_currency="GBP",
                price=Decimal(str(p["price_fen"])) / 100, num_in_stock=1_000_000,
            )
            for row, p in pairs
        ],
        batch_size=1_000,
    )  # fmt: skip


def _payment() -> None:
    from oscar.core.loading import get_model

    get_model("payment", "SourceType").objects.create(name="Bench", code="bench")
    get_model("address", "Country").objects.create(
        iso_3166_1_a2="GB", iso_3166_1_a3="GBR", iso_3166_1_numeric="826", printable_name="United Kingdom",
        name="United Kingdom", is_shipping_country=True,
    )  # fmt: skip


if __name__ == "__main__":
    main()

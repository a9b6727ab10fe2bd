"""The tables behind the market: anybody who signs in as staff reads them, nobody writes them there."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import models
from django.test import Client, RequestFactory

from common.batch import one
from console.admin import HIDDEN, SEALED, ReadOnly, shown_models, tables
from payments.models import Transfer
from tests.console.conftest import Reader, Street
from traffic.models import Daily, PageView


@pytest.fixture
def boss(reader: Reader) -> Reader:
    reader.force_login(User.objects.create_superuser("boss", password="looking"))
    return reader


def address(model: type[models.Model]) -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


def test_strangers_and_people_without_rights_see_no_table(street: Street, reader: Reader) -> None:
    assert reader.get(address(Transfer)).status_code == 302
    reader.force_login(User.objects.create_user("guest", password="looking", is_staff=True))
    assert reader.get(address(Transfer)).status_code == 403


def test_every_table_and_a_row_of_each_can_be_read_and_none_changed(street: Street, boss: Reader) -> None:
    assert boss.get("/admin/").status_code == 200
    read = 0
    for model in shown_models():
        where = address(model)
        listed = boss.get(where)
        assert listed.status_code == 200, where
        assert boss.get(f"{where}add/").status_code == 403, where
        row = re.search(rf'href="({where}[^"/]+/)change/', listed.content.decode())
        if row:
            read += 1
            assert boss.get(f"{row[1]}change/").status_code == 200, row[1]
            assert boss.post(f"{row[1]}change/", {}).status_code == 403, row[1]
            assert boss.post(f"{row[1]}delete/", {"post": "yes"}).status_code == 403, row[1]
    assert read > 20


@pytest.mark.parametrize("model", [Transfer, PageView])
def test_deleting_many_at_once_is_no_way_round(
    street: Street, boss: Reader, model: type[models.Model]
) -> None:
    count = f"SELECT count(*) FROM {model._meta.db_table}"
    before = one(count)
    ids = [str(pk) for pk in model._default_manager.values_list("pk", flat=True)[:3]]
    boss.post(address(model), {"action": "delete_selected", "_selected_action": ids, "post": "yes"})
    assert before
    assert one(count) == before


def test_even_code_that_asks_the_page_to_write_is_refused() -> None:
    page, request = ReadOnly(Transfer, tables), RequestFactory().post("/")
    with pytest.raises(PermissionDenied):
        page.save_model(request, Transfer(), None, False)
    with pytest.raises(PermissionDenied):
        page.delete_model(request, Transfer())
    with pytest.raises(PermissionDenied):
        page.delete_queryset(request, Transfer.objects.none())


def test_what_the_market_seals_has_no_page_here(street: Street, boss: Reader) -> None:
    shown = {model._meta.label_lower for model in shown_models()}
    assert shown.isdisjoint(SEALED)
    assert shown >= HIDDEN.keys()
    assert Daily not in shown_models()
    for label in SEALED:
        app, _, name = label.partition(".")
        assert boss.get(f"/admin/{app}/{name}/").status_code == 404
    told = boss.get("/admin/worlds/apikey/").content.decode()
    assert "hash" not in told.lower()


def test_the_tables_are_of_the_market_that_was_chosen(street: Street, boss: Reader) -> None:
    from worlds import actions
    from worlds.current import point

    point(None)
    actions.create("elsewhere", seed=1)
    point("w_shared")
    assert "老张的店" in boss.get("/admin/shops/shop/").content.decode()
    assert boss.get("/admin/shops/shop/?world=elsewhere").status_code == 302
    told = boss.get("/admin/shops/shop/").content.decode()
    assert "老张的店" not in told
    assert "tables of elsewhere" in told


def test_without_a_market_there_are_only_the_platforms_tables(db: None) -> None:
    from worlds.current import point
    from worlds.models import World

    point(None)
    World.objects.all().delete()
    client = Client()
    client.force_login(User.objects.create_superuser("boss", password="looking"))
    assert client.get("/admin/").status_code == 200
    assert client.get(address(Transfer)).status_code == 403
    assert client.get("/admin/worlds/world/").status_code == 200

"""Secrets are kept as hashes, faults tell nothing, forms need their token, pages stand what is thrown at them."""

from __future__ import annotations

import hashlib

import pytest
from django.conf import settings
from django.test import Client, RequestFactory

from common.api.problems import server_error
from common.batch import one, rows
from tests.doors.street import Street


def test_no_key_is_kept_but_as_its_hash(street: Street) -> None:
    tables = rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    secret = street.keys["admin"]
    for (table,) in tables:
        found = one(f"SELECT count(*) FROM public.{table} t WHERE position(%s in t::text) > 0", [secret])
        assert found == 0, table
    assert one("SELECT count(*) FROM public.worlds_apikey WHERE hash = %s",
               [hashlib.sha256(secret.encode()).hexdigest()]) == 1  # fmt: skip
    assert len(secret) >= 32  # looked up by hash, so what time a lookup takes tells nothing of the key


def test_a_revoked_key_opens_nothing(street: Street) -> None:
    assert street("delete", f"/api/keys/{street.ids['key']}/").status_code == 204
    assert street("get", "/api/clock/", who="read").status_code == 401


def test_faults_of_ours_tell_no_code_and_no_settings() -> None:
    assert settings.DEBUG is False
    answer = server_error(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert b"File" not in answer.content
    assert b"Traceback" not in answer.content


def test_forms_need_their_token(street: Street) -> None:
    careful = Client(enforce_csrf_checks=True)
    for path in ("/admin/login/", "/language/"):
        answer = careful.post(path, {"username": "x", "password": "y", "language": "en"})
        assert answer.status_code == 403, path
    assert careful.get("/admin/").status_code in {302, 403}


@pytest.mark.parametrize("path", ["/listings/0/", f"/listings/{10**30}/", f"/shops/{10**30}/", "/search/?q=%00",
                                  "/search/?q=" + "x" * 5000, "/search/?q=%ff", "/?world=%00", "/?world=../x",
                                  "/search/?page=999999999999999999999"])  # fmt: skip
def test_pages_stand_what_is_thrown_at_them(street: Street, path: str) -> None:
    answer = Client(raise_request_exception=False).get(path)
    assert answer.status_code < 500, answer.content[:500]


def test_a_page_is_nobodys_frame_and_runs_no_script(street: Street) -> None:
    headers = Client().get("/").headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "script" not in headers["Content-Security-Policy"]

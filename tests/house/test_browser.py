"""Tests that look at pages are never skipped silently where they count."""

from __future__ import annotations

import shutil

import pytest

from tests.browser import chromium


@pytest.fixture
def no_browser(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _name: None)


def test_a_missing_browser_fails_in_ci(no_browser, monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception):
        chromium()


def test_a_missing_browser_only_skips_on_a_persons_machine(no_browser, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception):
        chromium()

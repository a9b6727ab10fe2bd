"""Where the browser is, for tests that look at pages."""

from __future__ import annotations

import os
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
# As root Chromium refuses its own sandbox; nothing here should reach outside the machine.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)


def chromium() -> str:
    """Path of a Chromium. Without one the test is skipped on a person's machine and fails in CI."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found:
        return found
    if os.environ.get("CI"):
        pytest.fail("no chromium: .ci/run should have installed it")
    pytest.skip("no chromium on this machine (Debian: apt-get install chromium fonts-noto-cjk)")

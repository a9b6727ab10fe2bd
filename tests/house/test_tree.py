"""The tree keeps its own rules: short files, a page for every app, links that lead somewhere, nothing left to do."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.house.places import ROOT

LONGEST = 400
APPS = sorted(
    path.parent.relative_to(ROOT).as_posix()
    for part in ("platform", "payments", "shops", "ratings", "search")
    for path in (ROOT / part).rglob("apps.py")
)


def kept(*patterns: str) -> list[Path]:
    """The files that git keeps, or would at the next commit."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    found = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    if found.returncode:
        pytest.skip("this tree is no git checkout")
    return [ROOT / name for name in found.stdout.split() if (ROOT / name).is_file()]


def test_no_file_is_longer_than_one_sitting():
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in kept("*.py", "*.html", "jishi")
        if "migrations" not in path.parts
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert long == {}


@pytest.mark.parametrize("app", APPS)
def test_every_app_has_its_page(app):
    assert len((ROOT / app / "README.md").read_text(encoding="utf-8").splitlines()) >= 15


def test_links_between_pages_lead_somewhere():
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in kept("*.md")
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert broken == []


def test_files_that_pages_name_are_there():
    """But for the glossary's, which marks with a small circle what is not built yet."""
    named = re.compile(
        r"`((?:platform|shops|payments|ratings|search|docs|tests|bench)/[\w./-]+\.(?:py|md|toml|tsv))`"
    )
    missing = []
    for page in kept("*.md"):
        for line in page.read_text(encoding="utf-8").splitlines():
            missing += [
                f"{page.relative_to(ROOT)}: {name}"
                for name in named.findall(line)
                if "◦" not in line and not (ROOT / name).exists()
            ]
    assert missing == []


def test_decisions_have_a_number_each():
    numbers = [path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md")]
    assert len(numbers) == len(set(numbers))
    assert all(number.isdigit() for number in numbers)


def test_nothing_is_left_to_do_in_a_remark():
    mark = re.compile(r"\b(?:T[O]DO|F[I]XME|H[A]CK)\b")  # spelt so as not to find itself
    left = [
        f"{path.relative_to(ROOT)}:{n}"
        for path in kept("*.py", "*.html", "*.md", "*.toml")
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if mark.search(line)
    ]
    assert left == []

"""The pages in a real browser: nothing breaks, nothing overflows, and they work without a mouse."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connections

from tests.browser import ARGUMENTS, chromium
from tests.console.conftest import Street, forget_live
from tests.market import Market
from worlds.current import point, use_world

pytestmark = pytest.mark.browser
PATHS = (
    "/",
    "/search/",
    "/search/?q=衣柜&explain=true",
    "/listings/1/",
    "/shops/1/",
    "/regime/",
    "/shops/404/",
)


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


class Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = False


def served(application: Any) -> Any:
    def answer(environ: Any, start: Any) -> Any:
        try:
            return list(application(environ, start))
        finally:
            connections.close_all()

    return answer


@pytest.fixture
def site(committed_world: Any) -> Iterator[str]:
    """The address of a server that shows a lively market."""
    with use_world(committed_world.schema):
        Street.built(Market())
    point(None)
    server = make_server("127.0.0.1", 0, served(get_wsgi_application()), Threads, Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        forget_live()


class Eyes:
    """A browser that keeps what went wrong."""

    def __init__(self, browser: Any, site: str, world: str) -> None:
        self.browser, self.site, self.world, self.faults = browser, site, world, list[str]()

    def page(self, width: int = 1280, language: str = "en-US", scheme: str = "light") -> Any:
        context = self.browser.new_context(
            viewport={"width": width, "height": 900}, locale=language, color_scheme=scheme
        )
        page = context.new_page()
        page.on(
            "console",
            lambda said: self.faults.append(said.text) if said.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("requestfailed", self._failed)
        page.on(
            "request",
            lambda asked: (
                None if asked.url.startswith((self.site, "data:")) else self.faults.append(asked.url)
            ),
        )
        page.goto(f"{self.site}/?world={self.world}")
        return page

    def _failed(self, request: Any) -> None:
        """A page that is left before its icon has come gives the icon up; nothing failed."""
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"{request.url}: {request.failure}")


@pytest.fixture
def eyes(site: str, committed_world: Any) -> Iterator[Eyes]:
    # the driver's own process forks an event loop: pages are opened from this thread only
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        try:
            yield Eyes(browser, site, committed_world.name)
        finally:
            browser.close()


def test_the_pages_work_for_people(eyes: Eyes) -> None:
    """One market and one browser for every claim: building them is what takes the time."""
    nothing_overflows_and_nothing_breaks(eyes)
    the_search_box_finds_a_listing_by_keyboard_alone(eyes)
    the_language_switch_works_and_stays(eyes)
    charts_are_drawn_and_the_circulation_stands_as_a_triangle(eyes)
    darkness_is_followed(eyes)
    assert eyes.faults == []


def nothing_overflows_and_nothing_breaks(eyes: Eyes) -> None:
    for width in (380, 1280):
        for language in ("en-US", "zh-CN"):
            page = eyes.page(width, language)
            for path in PATHS:
                answer = page.goto(eyes.site + path)
                missing = "404" in path
                assert answer.status == (404 if missing else 200), path
                if missing:  # the browser itself says so in its console
                    eyes.faults = [fault for fault in eyes.faults if "404" not in fault]
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width, language)
                assert page.evaluate("document.scripts.length") == 0
                assert page.locator("h1").count() == 1
            page.context.close()


def the_search_box_finds_a_listing_by_keyboard_alone(eyes: Eyes) -> None:
    page = eyes.page()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("实木衣柜")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/**")
    assert page.locator(".hit h2").all_inner_texts() == ["实木衣柜"]
    page.get_by_role("link", name="实木衣柜").click()
    page.wait_for_url("**/listings/**")
    assert page.locator("h1").inner_text() == "实木衣柜"
    page.context.close()


def the_language_switch_works_and_stays(eyes: Eyes) -> None:
    page = eyes.page()
    assert "What circulates" in page.inner_text("main")
    page.get_by_role("button", name="中文").click()
    page.wait_for_selector("html[lang=zh-Hans]")
    assert "市场里流转着什么" in page.inner_text("main")
    page.goto(f"{eyes.site}/search/")
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    page.context.close()


def charts_are_drawn_and_the_circulation_stands_as_a_triangle(eyes: Eyes) -> None:
    page = eyes.page()
    bars = [box.bounding_box() for box in page.locator("#chart-views .bar").all()]
    assert len(bars) == 2
    assert max(box["height"] for box in bars) > 50
    eyes_, record, keys = (
        page.locator(name).bounding_box() for name in (".node-eyes", ".node-record", ".node-keys")
    )
    assert eyes_["x"] < keys["x"] < record["x"]
    assert keys["y"] > eyes_["y"] + eyes_["height"]
    assert {text.split()[0] for text in page.locator(".flow-name").all_inner_texts()} == {"P1", "P2", "P3"}
    page.context.close()


def darkness_is_followed(eyes: Eyes) -> None:
    def paper(scheme: str) -> str:
        page = eyes.page(scheme=scheme)
        told: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.context.close()
        return told

    assert paper("light") == "rgb(251, 247, 241)"
    assert paper("dark") == "rgb(22, 17, 13)"

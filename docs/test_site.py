"""Every page of the built site, opened in a real browser: `make docs-test` runs this after `make docs`."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

SITE = Path(__file__).parent / "_build" / "html"
SCREENSHOTS = Path(__file__).parent / "_build" / "screenshots"
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html") if "_static" not in path.parts)
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


class Server(http.server.ThreadingHTTPServer):
    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class SilentHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Say nothing: requests are checked in the browser."""


@pytest.fixture(scope="session")
def server():
    assert PAGES, "no built site: run 'make docs' first"
    handler = functools.partial(SilentHandler, directory=str(SITE))
    with Server(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture(scope="session")
def browser():
    program = next(filter(None, map(shutil.which, ["chromium-headless-shell", "chromium"])), None)
    assert program, "no Chromium on this machine: on Debian, sudo apt-get install chromium-headless-shell"
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield running
        running.close()


class Visit:
    """One page opened in a fresh context, with everything that went wrong on the way."""

    def __init__(self, browser: Browser, server: Server, viewport: dict[str, int], scheme: str = "light") -> None:
        self.troubles: list[str] = []
        self.server = server
        self.context = browser.new_context(viewport=viewport, color_scheme=scheme)
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda m: self.troubles.append(f"console: {m.text}") if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        self.page.on("requestfailed", lambda request: self.troubles.append(f"failed: {request.url}"))
        self.page.on("response", lambda r: self.troubles.append(f"{r.status}: {r.url}") if r.status >= 400 else None)
        self.page.on("request", self._only_local)

    def _only_local(self, request) -> None:
        if urlsplit(request.url).scheme in {"http", "https"} and not request.url.startswith(self.server.url):
            self.troubles.append(f"external: {request.url}")

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.server.url}/{path}", wait_until="load")
        return self.page

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.context.close()


@pytest.mark.parametrize("path", PAGES)
def test_page(path, browser, server):
    with Visit(browser, server, DESKTOP) as visit:
        page = visit.open(path)
        if page.locator(".math").count():
            page.wait_for_selector("mjx-container svg", timeout=20_000, state="attached")
            assert page.locator("mjx-merror, [data-mjx-error]").count() == 0
            unrendered = page.eval_on_selector_all(
                ".math", "all => all.filter(e => !e.querySelector('mjx-container')).length"
            )
            assert unrendered == 0
        # A gallery's thumbnail stands beside its own title: decoration, so its alternative text is empty.
        images = page.eval_on_selector_all(
            "article img:not(.sphx-glr-thumbcontainer img)",
            "all => all.map(e => [e.getAttribute('src'), e.naturalWidth, e.getAttribute('alt') || ''])",
        )
        for source, width, alt in images:
            assert width > 0, f"{source} did not load"
            assert alt.strip(), f"{source} has no alternative text"
        printed = " ".join(page.locator(".cell_output, .sphx-glr-script-out").all_inner_texts())
        for undrawn in ("<Figure", "object at 0x", "<matplotlib"):
            assert undrawn not in printed, f"{undrawn} is shown in place of a result"
        page.screenshot(path=SCREENSHOTS / (path.replace("/", "--") + ".png"), full_page=True)
        assert visit.troubles == []


@pytest.mark.parametrize("path", PAGES)
def test_page_fits_a_phone(path, browser, server):
    with Visit(browser, server, PHONE, scheme="dark") as visit:
        page = visit.open(path)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 1, f"{overflow} pixels wider than a phone"
        if "generated" not in path:
            page.screenshot(path=SCREENSHOTS / ("phone--" + path.replace("/", "--") + ".png"), full_page=True)
        assert visit.troubles == []


def test_dark_mode_follows_the_reader(browser, server):
    with Visit(browser, server, DESKTOP, scheme="dark") as visit:
        page = visit.open("index.html")
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        page.screenshot(path=SCREENSHOTS / "index--dark.png", full_page=True)


def test_search_finds_the_potential(browser, server):
    with Visit(browser, server, DESKTOP) as visit:
        page = visit.open("search.html?q=potential")
        page.wait_for_selector("#search-results li a", timeout=20_000)
        found = page.eval_on_selector_all("#search-results li a", "all => all.map(e => e.textContent.toLowerCase())")
        assert any("potential" in title for title in found)
        assert visit.troubles == []


def test_navigation_at_phone_width(browser, server):
    with Visit(browser, server, PHONE) as visit:
        page = visit.open("index.html")
        page.locator("button.primary-toggle:visible, label.primary-toggle:visible").first.click()
        link = page.locator(".bd-sidebar-primary a.nav-link:visible, dialog a.nav-link:visible").first
        link.wait_for(timeout=10_000)
        page.screenshot(path=SCREENSHOTS / "phone--menu.png")
        link.click()
        page.wait_for_load_state("networkidle")
        assert not page.url.endswith("index.html") or "/" in urlsplit(page.url).path.strip("/")
        assert visit.troubles == []

"""Every page of the built site, opened in a real browser: `make docs-test` runs this after `make docs`."""

from __future__ import annotations

import functools
import http.server
import re
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

SITE = Path(__file__).parent / "_build" / "html"
AXE = Path(__file__).parent / "_build" / "axe" / "axe.min.js"
SCREENSHOTS = Path(__file__).parent / "_build" / "screenshots"
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html") if "_static" not in path.parts)
EXAMPLES = [path for path in PAGES if path.startswith("auto_examples/plot_")]
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


# Contrast of text with what lies behind it, as in the Web Content Accessibility Guidelines 2.2: a ratio from 1 to 21.
FAINT = """selector => {
  const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const [r, g, b, a = 1] = numbers(getComputedStyle(e).backgroundColor);
      if (a > 0.5) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const says = e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  return [...document.querySelectorAll(selector)].filter(says).map(e => {
    const pair = [light(numbers(getComputedStyle(e).color)), light(behind(e))].sort((a, b) => b - a);
    return [(pair[0] + 0.05) / (pair[1] + 0.05), e.textContent.trim().slice(0, 40)];
  }).filter(([ratio]) => ratio < 4.5);
}"""
READ = "article :is(p, li, dt, dd, td, th, caption, h1, h2, h3), article :is(.cell_output, .sphx-glr-script-out) pre"

# Whatever is wider than the screen must lie in something that scrolls; otherwise its end cannot be reached.
UNREACHABLE = """() => {
  const scrolls = e => e.tagName !== "ARTICLE"
    && (["auto", "scroll"].includes(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
  return [...document.querySelectorAll("article *")]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !scrolls(e))
    .map(e => `${e.tagName} ${e.textContent.trim().slice(0, 40)}`);
}"""

DECORATION = ".sphx-glr-thumbcontainer"


def unrendered_mathematics(page: Page) -> list[str]:
    if page.locator(".math").count():
        page.wait_for_selector("mjx-container svg", timeout=20_000, state="attached")
    troubles = page.eval_on_selector_all(
        ".math", "all => all.filter(e => !e.querySelector('mjx-container')).map(e => e.textContent)"
    )
    # An unknown command is drawn in red.
    troubles += page.locator(
        "mjx-container:has([data-mml-node=merror], [data-mjx-error], [fill=red])"
    ).all_inner_texts()
    words = page.evaluate(
        """() => {
          const copy = document.querySelector("article")?.cloneNode(true);
          copy?.querySelectorAll("pre, code, mjx-container, script").forEach(e => e.remove());
          return copy?.textContent || "";
        }"""
    )
    return troubles + re.findall(r"\\[(\[].*|\$[^$\n]*\\[^$\n]*\$", words)


def bad_figures(page: Page, scheme: str) -> list[str]:
    """Figures that did not load, say nothing to those who cannot see them, or glare in the dark."""
    # A gallery's thumbnail stands beside its own title: decoration, so its alternative text is empty.
    images = page.eval_on_selector_all(
        "article img",
        f"""all => all.map(e => [e.getAttribute('src'), e.naturalWidth, e.getAttribute('alt') || '',
            getComputedStyle(e).filter, !!e.closest('{DECORATION}')])""",
    )
    troubles = []
    for source, width, alt, dimmed, decoration in images:
        if width == 0:
            troubles.append(f"{source} did not load")
        if not decoration and (len(alt.split()) < 3 or alt.lower().endswith((".png", ".svg"))):
            troubles.append(f"{source} has an alternative text that says nothing: {alt!r}")
        if scheme == "dark" and "invert" not in dimmed:
            troubles.append(f"{source} is white in the dark")
    return troubles


def undrawn_results(page: Page) -> list[str]:
    printed = " ".join(page.locator(".cell_output, .sphx-glr-script-out").all_inner_texts())
    return [undrawn for undrawn in ("<Figure", "object at 0x", "<matplotlib") if undrawn in printed]


def troubles_of(page: Page, scheme: str) -> list[object]:
    return [
        *unrendered_mathematics(page),
        *bad_figures(page, scheme),
        *undrawn_results(page),
        *page.evaluate(FAINT, READ),
        *page.evaluate(UNREACHABLE),
    ]


def serious_faults(page: Page) -> list[str]:
    """What keeps people out who do not see a page, or use no mouse, as axe finds it."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("() => axe.run({ resultTypes: ['violations'] }).then((result) => result.violations)")
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in {"serious", "critical"}]


def keep(page: Page, screen: str, path: str) -> None:
    page.screenshot(path=SCREENSHOTS / f"{screen}--{path.replace('/', '--').removesuffix('.html')}.png", full_page=True)


@pytest.mark.parametrize("path", PAGES)
def test_page(path, browser, server):
    with Visit(browser, server, DESKTOP) as visit:
        page = visit.open(path)
        assert troubles_of(page, "light") == []
        assert page.locator("h1").count() == 1
        assert serious_faults(page) == []
        keep(page, "desktop", path)
        assert visit.troubles == []


@pytest.mark.parametrize("path", PAGES)
def test_page_on_a_phone_in_the_dark(path, browser, server):
    with Visit(browser, server, PHONE, scheme="dark") as visit:
        page = visit.open(path)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 1, f"{overflow} pixels wider than a phone"
        assert troubles_of(page, "dark") == []
        keep(page, "phone-dark", path)
        assert visit.troubles == []


@pytest.mark.parametrize("path", [path for path in PAGES if "generated" not in path])
def test_dark_mode_follows_the_reader(path, browser, server):
    with Visit(browser, server, DESKTOP, scheme="dark") as visit:
        page = visit.open(path)
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        keep(page, "desktop-dark", path)


@pytest.mark.parametrize("path", EXAMPLES)
def test_every_example_has_a_figure(path, browser, server):
    with Visit(browser, server, DESKTOP) as visit:
        assert visit.open(path).locator("article img").count() >= 1


def test_the_gallery_shows_every_example(browser, server):
    with Visit(browser, server, DESKTOP) as visit:
        page = visit.open("auto_examples/index.html")
        thumbnails = page.eval_on_selector_all(f"{DECORATION} img", "all => all.map(e => e.naturalWidth)")
        assert len(thumbnails) == len(EXAMPLES)
        assert min(thumbnails) > 0


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
        for section in ("Tutorial", "Worked examples", "How to", "Explanation", "Reference"):
            page.locator("button.primary-toggle:visible, label.primary-toggle:visible").first.click()
            link = page.locator("dialog a.nav-link:visible, .bd-sidebar-primary a.nav-link:visible", has_text=section)
            link.first.wait_for(timeout=10_000)
            page.screenshot(path=SCREENSHOTS / "phone--menu.png")
            link.first.click()
            page.wait_for_load_state("networkidle")
            assert page.locator("h1").first.inner_text().startswith(section)
        assert visit.troubles == []


def test_a_page_of_a_section_is_reached_at_phone_width(browser, server):
    with Visit(browser, server, PHONE) as visit:
        page = visit.open("explanation/model.html")
        page.locator("button.primary-toggle:visible, label.primary-toggle:visible").first.click()
        page.locator("dialog a:visible, .bd-sidebar-primary a:visible", has_text="The potential").first.click()
        page.wait_for_load_state("networkidle")
        assert page.url.endswith("explanation/potential.html")
        assert visit.troubles == []

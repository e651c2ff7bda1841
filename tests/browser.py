"""A visitor with a real browser, who minds: what the page asks of other sites, what axe says, what our own rules say.

Tests take the `visit` fixture of `tests/e2e`:

    def test_the_help_page_is_for_everybody(visit):
        assert everywhere(visit("/aide")) == []
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

AXE = Path(__file__).resolve().parents[1] / "mobigo" / "app" / "static" / "vendor" / "axe" / "axe.min.js"
AXE_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "RGAAv4", "best-practice")
COLOUR_RULES = ("color-contrast", "link-in-text-block")
PHONE_SMALL, PHONE, DESKTOP = 320, 360, 1280
WAIT_MS = 120_000  # before a page that does not come fails its test: far beyond what a busy machine needs
TEXT_PAGE_LIMIT_BYTES = 100_000
MAP_PAGE_LIMIT_BYTES = 600_000
JUDGED: list[str] = []  # every address `everywhere` looked at: who says a test visits a page is held to it


@dataclass
class Visitor:
    """One browser context on one site. What it notices is read at the end: a request elsewhere, a complaint of the
    browser (Content-Security-Policy included), a script that failed."""

    context: BrowserContext
    origin: str
    outside: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        page = self.context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.goto(self.origin + path, wait_until="load")
        return page

    def _console(self, message: ConsoleMessage) -> None:
        # A page answered with an error status is said so on the console: the test looks at it, it is no complaint.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(f"console: {message.text}")

    def asked(self, request: Request) -> None:
        target = urlsplit(request.url)
        if target.scheme not in ("data", "blob") and f"{target.scheme}://{target.netloc}" != self.origin:
            self.outside.append(request.url)


@contextmanager
def visitor(
    browser: Browser,
    origin: str,
    *,
    width: int = PHONE,
    height: int | None = None,
    scripts: bool = True,
    dark: bool = False,
    language: str = "fr-FR",
    **options: Any,
) -> Iterator[Visitor]:
    """A visitor whose window is `width` × `height` CSS pixels: phones are 320 and 360 wide."""
    context = browser.new_context(
        viewport={"width": width, "height": height or (740 if width < 600 else 900)},
        java_script_enabled=scripts,
        color_scheme="dark" if dark else "light",
        locale=language,
        reduced_motion="reduce",
        **options,
    )
    context.set_default_timeout(WAIT_MS)
    visiting = Visitor(context, origin)
    context.on("request", visiting.asked)  # not a route: it would switch the browser's cache off
    try:
        yield visiting
    finally:
        context.close()


def offline(page: Page) -> None:
    """The network goes once the page is whole: reached by a press, it has its words before its scripts."""
    page.wait_for_load_state("load")
    page.context.set_offline(True)


def faults(page: Page) -> list[str]:
    """Everything wrong with the page as it stands: axe's findings, then our own rules'. Empty is what tests ask for."""
    return axe_faults(page) + own_faults(page)


def everywhere(page: Page, *, dark: bool = True) -> list[str]:
    """The faults of the page on a small phone and on a desktop, light and dark, each told with where it shows. What the
    dark has of its own is colours: axe is asked about them alone there. Without `dark`, in the light alone. Scripts
    must run: axe waits for ever where they do not; `own_faults` does not.
    """
    found = []
    JUDGED.append(page.url)
    for width, height in ((PHONE_SMALL, 640), (DESKTOP, 900)):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="light", reduced_motion="reduce")  # a colour on its way is no colour of ours
        found += [f"{width} px, light: {fault}" for fault in faults(page)]
        if not dark:
            continue
        page.emulate_media(color_scheme="dark")
        found += [f"{width} px, dark: {fault}" for fault in axe_faults(page, colours_alone=True) + own_faults(page)]
    return found


def axe_faults(page: Page, colours_alone: bool = False) -> list[str]:
    """What axe finds, one line a node: rule, target, what to do. `colours_alone`: by its rules about colours."""
    page.wait_for_load_state("load")  # a page reached by a link has its words before its stylesheet
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_axe())
    wanted = (
        {"type": "rule", "values": list(COLOUR_RULES)} if colours_alone else {"type": "tag", "values": list(AXE_TAGS)}
    )
    found = page.evaluate("(wanted) => axe.run(document, {runOnly: wanted, resultTypes: ['violations']})", wanted)
    return [
        f"axe {rule['id']}: {' '.join(map(str, node['target']))}: {node.get('failureSummary', rule['help'])}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def own_faults(page: Page) -> list[str]:
    """Our rules for what axe lets through; each says what it found."""
    page.wait_for_load_state("load")  # a page reached by a link has its words before its stylesheet
    found: list[str] = page.evaluate(_OWN_RULES)
    return found


_OWN_RULES = (Path(__file__).parent / "browser_rules.js").read_text(encoding="utf-8")


def nothing_amiss(visitors: Iterable[Visitor], close: Callable[[], object]) -> None:
    """Close the visitors, then fail the test for what they noticed."""
    outside = [url for each in visitors for url in each.outside]
    complaints = [words for each in visitors for words in each.complaints]
    close()
    assert outside == [], "a page asked something of another site"
    assert complaints == [], "the browser complained"


def press(page: Page, role: Any, name: str) -> None:
    """By keyboard alone: the first of that role whose name holds the pattern."""
    page.get_by_role(role, name=re.compile(name)).first.focus()
    page.keyboard.press("Enter")


def tab_through(page: Page, steps: int) -> list[str]:
    """What the keyboard reaches, in order: the words of each element; every one of them must show its focus."""
    reached = []
    for _ in range(steps):
        page.keyboard.press("Tab")
        said = page.evaluate(_FOCUSED)
        if said is None:
            break
        assert said["visible"], f"the focus on “{said['words']}” does not show"
        reached.append(said["words"])
    return reached


_FOCUSED = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const style = getComputedStyle(e);
  const box = e.getBoundingClientRect();
  const drawn = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const words = e.labels?.[0]?.innerText || e.innerText || e.getAttribute("aria-label") || e.name || e.tagName;
  return { words: words.trim(), visible: drawn && box.width > 0 && box.bottom > 0 && box.right > 0 };
}"""


def weight_bytes(page: Page) -> int:
    """What the page weighed on the wire with an empty cache: the document and all it asked for, compressed."""
    return sum(weight for _, weight in loaded(page))


def loaded(page: Page) -> list[tuple[str, int]]:
    """The document and all that the page asked for and got so far, at one instant: addresses, bytes on the wire."""
    entries = page.evaluate(
        """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
             .map((entry) => [entry.name, entry.encodedBodySize + 300])"""
    )
    return [(name, weight) for name, weight in entries]


@cache
def _axe() -> str:
    if not AXE.exists():
        raise RuntimeError("axe-core is not installed: python -m mobigo.app.vendor --with-tests")
    return AXE.read_text(encoding="utf-8")


Visit = Callable[..., Page]


def reach(page: Page, name: str) -> None:
    """With the Tab key alone, to the field or button of this name."""
    for _step in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.name || document.activeElement?.innerText?.trim() || ''") == name:
            return
    raise AssertionError(f"the Tab key never reaches {name}")

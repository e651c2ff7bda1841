"""What the pages weigh, measured on the running demonstration: `python -m tests.page_weights` opens every page of
`tests/every_page.py` as the person of its role and writes the figures into docs/eco-conception.md.

The budgets are kept where the same pages are opened by tests (`tests/e2e/every_page`): `over_budget`.
"""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from playwright.sync_api import Page

from tests.browser import MAP_PAGE_LIMIT_BYTES, TEXT_PAGE_LIMIT_BYTES, loaded, visitor

DOCUMENT: Final = Path(__file__).parents[1] / "docs" / "eco-conception.md"
BEGIN, END = "<!-- mesures : python -m tests.page_weights -->", "<!-- fin des mesures -->"
TEXT_REQUESTS, MAP_REQUESTS = 20, 40
A_MAP: Final = "/planner/map"  # what draws maps comes before what it draws them with, and draws
A_READER: Final = "zxing"  # the inspector's page and those that read a code: a program that decodes pictures
READER_LIMIT_BYTES: Final = 1_500_000
_WHO: Final = {
    "traveller": "voyageur",
    "driver": "conducteur",
    "family": "famille",
    "counter_agent": "agent de guichet",
    "inspector": "contrôleur",
    "school_manager": "gestionnaire scolaire",
    "school_planner": "concepteur de circuits",
    "carpool_manager": "gestionnaire du covoiturage",
    "finance_agent": "agent des finances",
    "ordonnateur": "ordonnateur",
    "comptable_public": "comptable public",
    "regisseur": "régisseur",
    "ao2": "mairie",
    "publisher": "diffuseur",
    "administrator": "administrateur",
}


@dataclass(frozen=True)
class Weighed:
    """One page: its route's address, what it holds besides text, bytes on the wire, requests, its document included."""

    address: str
    kind: str
    bytes: int
    requests: int

    @property
    def limits(self) -> tuple[int, int]:
        """(bytes, requests) of a page of this kind, at most."""
        return {
            "texte": (TEXT_PAGE_LIMIT_BYTES, TEXT_REQUESTS),
            "carte": (MAP_PAGE_LIMIT_BYTES, MAP_REQUESTS),
            "lecteur": (READER_LIMIT_BYTES, MAP_REQUESTS),
        }[self.kind]


def weigh(page: Page) -> Weighed:
    """The page as it stands, once loaded."""
    got = loaded(page)
    held = [kind for kind, sign in (("lecteur", A_READER), ("carte", A_MAP)) if any(sign in each for each, _ in got)]
    kind = held[0] if held else "texte"
    return Weighed(re.sub(r"^https?://[^/]+", "", page.url), kind, sum(weight for _, weight in got), len(got))


def over_budget(page: Page) -> list[str]:
    """What the page has too much of, told as a fault; empty within its budget."""
    weighed = weigh(page)
    most_bytes, most_requests = weighed.limits
    told = []
    if weighed.bytes > most_bytes:
        told.append(f"{weighed.bytes} bytes, {most_bytes} at most ({weighed.kind})")
    if weighed.requests > most_requests:
        told.append(f"{weighed.requests} requests, {most_requests} at most ({weighed.kind})")
    return told


def table(found: list[tuple[str, Weighed]]) -> str:
    """The figures as people read them: by kind, by who opens the pages, then the heaviest."""
    lines = ["| pages | nombre | poids médian | la plus lourde | budget | requêtes, au plus | budget |"]
    lines.append("|---|---|---|---|---|---|---|")
    for kind in ("texte", "carte", "lecteur"):
        of_kind = [each for _, each in found if each.kind == kind]
        if of_kind:
            lines.append(_row(kind, of_kind, f"{_kb(of_kind[0].limits[0])} | ", f" | {of_kind[0].limits[1]}"))
    lines += ["", "| qui ouvre | pages | poids médian | la plus lourde | |", "|---|---|---|---|---|"]
    for who in dict.fromkeys(who for who, _ in found):
        own = [each for each_who, each in found if each_who == who]
        most = max(own, key=lambda each: each.bytes)
        middle = _kb(int(median(each.bytes for each in own)))
        lines.append(f"| {who} | {len(own)} | {middle} | {_kb(most.bytes)} | `{_short(most.address)}` |")
    return "\n".join(lines)


def _row(kind: str, own: list[Weighed], bytes_limit: str, requests_limit: str) -> str:
    most, requests = max(each.bytes for each in own), max(each.requests for each in own)
    middle = int(median(each.bytes for each in own))
    return f"| {kind} | {len(own)} | {_kb(middle)} | {_kb(most)} | {bytes_limit}{requests}{requests_limit} |"


def _kb(count: int) -> str:
    return f"{count / 1000:.0f} ko"


def _short(address: str) -> str:
    """Without what changes from one demonstration to the next: identifiers and questions."""
    return re.sub(r"/(?:[0-9A-Z]{26}|\d{4}-\d\d-\d\d)", "/…", address.split("?", maxsplit=1)[0])


def measured(folder: Path) -> Iterator[tuple[str, Weighed]]:
    """(who, weighed) of every page, on a small demonstration made in that folder (kept there for the next time)."""
    from playwright.sync_api import sync_playwright

    from tests.conftest import chromium_path
    from tests.demo_home import shared_demo
    from tests.every_page import OPENED
    from tests.live import site
    from tests.page_visits import enter, walk

    with (
        tempfile.TemporaryDirectory() as copies,
        site(shared_demo(folder).copy(Path(copies) / "home")) as where,
        sync_playwright() as playwright,
    ):
        opened = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox", "--disable-gpu"])
        for role in OPENED:
            with visitor(opened, where.url) as visiting:
                page = enter(visiting.open, where, role)
                for _ in walk(page, where, role):
                    yield _WHO.get(role or "", "tout le monde"), weigh(page)
        opened.close()


def main() -> None:
    written = DOCUMENT.read_text(encoding="utf-8")
    before, after = written.split(BEGIN)[0], written.split(END)[1]
    with tempfile.TemporaryDirectory() as folder:
        found = list(measured(Path(folder)))
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table(found)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()

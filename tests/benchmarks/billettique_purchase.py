"""Buying a coach ticket as fifty people do at once: from the page of titles to the ticket, on PostgreSQL,
with the simulated provider.

    python -m tests.benchmarks.billettique_purchase [--purchases N] [--buyers N] [--cap-s N] [--wait-s A B]
                                                    [--processes N]

Each buyer waits 1 to 3 s between two forms, as one reads. Times are the server's own, request by request, from its log
(`took_ms`): a client that shares the cores with the server measures itself. Every purchase ends on a page that shows
its ticket, and is counted as an error otherwise. The provider's answers cost what its simulation costs, in the same
process. PostgreSQL commits without waiting for its disk, as for the tests. Needs MOBIGO_TEST_POSTGRES; without it
SQLite, said in the note. `make bench` caps the number; the full count is `--purchases 10000`, half an hour.
"""

import argparse
import http.cookiejar
import json
import os
import random
import re
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks.measures import Measure, line, percentile
from tests.live import Site, site

P50_MS, P99_MS = 60.0, 400.0
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
VERSION = re.compile(r'name="version" value="(\d+)"')
CARD = re.compile(r'name="card" value="([^"]+)"')
TIMEOUT_S = 60


class Buyer:
    """One person with a browser, who keeps cookies and follows where forms lead."""

    def __init__(self, where: str, seed: int, wait_s: tuple[float, float]) -> None:
        self._where, self._random, self._wait_s = where, random.Random(seed), wait_s
        self.errors: list[str] = []
        self.done = 0

    def buy(self) -> None:
        """One purchase; what goes wrong is kept."""
        jar = http.cookiejar.CookieJar()
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar)).open
        try:
            page = self._get("/achats")
            page = self._send("/achats/ajouter", page, kind="ticket", product="car-unite", **{"n-adulte": "1"})
            page = self._get("/achats/payer")
            version = VERSION.search(page[1])
            page = self._send("/achats/payer", page, version=version[1] if version else "", way="sim:card")
            page = self._send(urllib.parse.urlsplit(page[0]).path, page, card="pm_card_visa")
            if "/billet/" not in page[1]:
                raise RuntimeError(f"no ticket at the end: {page[0]}")
            self.done += 1
        except (OSError, RuntimeError) as wrong:
            self.errors.append(f"{type(wrong).__name__}: {wrong}"[:200])

    def _get(self, path: str) -> tuple[str, str]:
        return self._asked(urllib.request.Request(self._where + path, headers={"Accept": "text/html"}))

    def _send(self, path: str, page: tuple[str, str], **fields: str) -> tuple[str, str]:
        time.sleep(self._random.uniform(*self._wait_s))
        token = TOKEN.search(page[1])
        data = urllib.parse.urlencode({"csrf_token": token[1] if token else "", **fields}).encode()
        asked = urllib.request.Request(self._where + path, data=data, headers={"Accept": "text/html"})
        return self._asked(asked)

    def _asked(self, request: urllib.request.Request) -> tuple[str, str]:
        with self._open(request, timeout=TIMEOUT_S) as answer:
            return answer.url, answer.read().decode()


def measured(
    purchases: int, buyers: int, wait_s: tuple[float, float], cap_s: float | None, processes: int
) -> Iterator[Measure]:
    """Serve, buy, read the log."""
    from mobigo.app import schema
    from mobigo.infra.db import open_engine
    from tests.conftest import postgres_database

    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "home"
        home.mkdir()
        on_postgres = bool(os.environ.get("MOBIGO_TEST_POSTGRES"))
        url = stack.enter_context(postgres_database()) if on_postgres else f"sqlite:///{home / 'mobigo.sqlite'}"
        engine = open_engine(url)
        schema.create(engine)
        engine.dispose()
        environ = {
            "MOBIGO_ENV": "development", "MOBIGO_DATABASE_URL": url, "MOBIGO_PAYMENTS": "sim",
            "MOBIGO_REQUESTS_PER_MINUTE": "1000000",
        }  # fmt: skip
        serving = stack.enter_context(site(home, environ, processes=processes))
        Buyer(serving.url, 0, (0.0, 0.0)).buy()  # the first key of the seller
        _crowd(serving.url, 8 * processes, 2 * processes, (0.0, 0.0), None)  # imports, compiled templates
        skipped = len(answers(serving))
        spent_s, crowd = _crowd(serving.url, purchases, buyers, wait_s, cap_s)
        answered = answers(serving)[skipped:]
    took = [each[1] for each in answered]
    done, errors = sum(each.done for each in crowd), [error for each in crowd for error in each.errors]
    note = (
        f"{done} purchases by {buyers} buyers, {wait_s[0]:g} to {wait_s[1]:g} s between forms, {len(took)} requests, "
    )
    note += f"{processes} processes, " + ("PostgreSQL" if on_postgres else "SQLite (no MOBIGO_TEST_POSTGRES)")
    yield Measure("billettique_purchase/request-p50", percentile(took, 0.5), "server ms", P50_MS, note=note)
    yield Measure(
        "billettique_purchase/request-p99", percentile(took, 0.99), "server ms", P99_MS, note=_slowest(answered)
    )
    yield Measure("billettique_purchase/errors", len(errors), "purchases", 0.0, note="; ".join(sorted(set(errors))[:3]))
    yield Measure(
        "billettique_purchase/rate", done / spent_s, "purchases/s", 0.0, higher_is_better=True,
        note="what that many people buy, not what the server could sell",
    )  # fmt: skip


def _crowd(
    where: str, purchases: int, buyers: int, wait_s: tuple[float, float], cap_s: float | None
) -> tuple[float, list[Buyer]]:
    """Buyers at once, until that many were bought or the time is over; how long it took."""
    left, guard = [purchases], threading.Lock()
    started = time.monotonic()

    def more() -> bool:
        with guard:
            left[0] -= 1
            return left[0] >= 0 and (cap_s is None or time.monotonic() - started < cap_s)

    def go(buyer: Buyer) -> None:
        while more():
            buyer.buy()

    crowd = [Buyer(where, seed, wait_s) for seed in range(buyers)]
    threads = [threading.Thread(target=go, args=(each,)) for each in crowd]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - started, crowd


def _slowest(answered: list[tuple[str, float]]) -> str:
    """The three pages with the highest 99th percentile."""
    by_page: dict[str, list[float]] = {}
    for page, took_ms in answered:
        by_page.setdefault(page, []).append(took_ms)
    found = sorted(((percentile(took, 0.99), page) for page, took in by_page.items()), reverse=True)
    return "; ".join(f"{page} {p99:.0f}" for p99, page in found[:3])


def answers(serving: Site) -> list[tuple[str, float]]:
    """Every answer of the buyer's pages, by the server's own log: (method and route, milliseconds)."""
    took = []
    for row in serving.said().splitlines():
        if row.startswith("{") and '"answered"' in row:
            told = json.loads(row)
            if str(told.get("route", "")).startswith(("/achats", "/simulation")):
                took.append((f"{told.get('method', '')} {told['route']}", float(told["took_ms"])))
    return took


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--purchases", type=int, default=10_000)
    parser.add_argument("--buyers", type=int, default=50)
    parser.add_argument("--wait-s", type=float, nargs=2, default=(1.0, 3.0))
    parser.add_argument("--processes", type=int, default=1, help="web processes")
    parser.add_argument("--cap-s", type=float, default=None, help="seconds of buying; said in the note by its count")
    options = parser.parse_args()
    good = True
    wait_s = (options.wait_s[0], options.wait_s[1])
    for measure in measured(options.purchases, options.buyers, wait_s, options.cap_s, options.processes):
        print(line(measure), flush=True)
        good = good and measure.ok
    return 0 if good else 3


if __name__ == "__main__":
    sys.exit(main())

"""The clients of the load: each does one thing after the other, drawn by how often people do it, and notes how long
each request took and what it was answered."""

import http.client
import http.cookiejar
import json
import random
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from secrets import token_hex
from typing import Final

from tests.benchmarks.load_world import World
from tests.covoit_registry_world import declared

# How often each is done, of a hundred: most people look, some buy.
SHARES: Final = {"search": 30, "search page": 10, "boards": 25, "proofs": 15, "scan": 10, "buy": 7, "downloads": 3}
TIMEOUT_S: Final = 60
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
VERSION = re.compile(r'name="version" value="(\d+)"')


@dataclass
class Told:
    """What every client noted: (seconds since the start, kind, seconds taken, good)."""

    requests: list[tuple[float, str, float, bool]] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)  # the first of each kind


class _From(urllib.request.HTTPHandler):
    """Requests from an address of this machine of one's own: what is counted by address is counted by client."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._address = (f"127.1.{seed // 250 % 250}.{1 + seed % 250}", 0)

    def http_open(self, asked: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(http.client.HTTPConnection, source_address=self._address), asked)


class Client:
    """One client, with an address of its own; `codes` are tickets to scan, as hexadecimal, taken from what was sold."""

    def __init__(
        self, url: str, world: World, seed: int, told: Told, started_s: float, codes: Callable[[], list[str]], file: str
    ) -> None:
        self._url, self._world, self._random, self._told, self._started_s = (
            url,
            world,
            random.Random(seed),
            told,
            started_s,
        )
        self._codes, self._file, self._seed = codes, file, f"{seed}-{token_hex(3)}"
        self._number = 0
        self._from = _From(seed)
        self._open = urllib.request.build_opener(self._from).open
        kinds = [kind for kind in SHARES if kind != "downloads" or file]
        self._kinds, self._weights = kinds, [SHARES[kind] for kind in kinds]
        self._acts: dict[str, Callable[[], None]] = {
            "search": self._search, "search page": self._search_page, "boards": self._board, "proofs": self._proof,
            "scan": self._scan, "buy": self._buy, "downloads": self._download,
        }  # fmt: skip

    def work(self, until: threading.Event) -> None:
        while not until.is_set():
            (kind,) = self._random.choices(self._kinds, self._weights)
            try:
                self._acts[kind]()
            except (OSError, http.client.HTTPException, RuntimeError) as wrong:
                self._told.wrong.setdefault(kind, f"{type(wrong).__name__}: {wrong}"[:160])

    def _search(self) -> None:
        self._get("search", f"/api/v1/journeys?{urllib.parse.urlencode(self._question())}")

    def _search_page(self) -> None:
        asked = self._question()
        at = datetime.fromisoformat(asked.pop("at"))
        asked |= {"when": "leave", "date": f"{at:%Y-%m-%d}", "time": f"{at:%H:%M}"}
        self._get("search page", f"/trajets?{urllib.parse.urlencode(asked)}")

    def _question(self) -> dict[str, str]:
        """From a village to another a dozen villages away, in the day to come."""
        places = self._world.places
        here = self._random.randrange(len(places))
        there = (here + self._random.choice((-1, 1)) * self._random.randrange(3, 250)) % len(places)
        at = datetime.now().astimezone() + timedelta(minutes=self._random.randrange(24 * 60))
        return {
            "from": "{:.5f},{:.5f}".format(*places[here]), "to": "{:.5f},{:.5f}".format(*places[there]),
            "at": at.isoformat(timespec="minutes"),
        }  # fmt: skip

    def _board(self) -> None:
        stop = urllib.parse.quote(self._random.choice(self._world.stops))
        self._get("boards", f"/api/v1/departures?stop={stop}")

    def _proof(self) -> None:
        self._number += 1
        name = f"{self._seed}-{self._number}"
        start = (datetime.now().astimezone() - timedelta(hours=3)).replace(microsecond=0)
        body = declared(name, f"t-{name}", f"d-{name}", f"p-{name}", start=start)
        self._post("proofs", "/api/v1/covoit/registry/journeys", body, self._world.operator.headers)

    def _scan(self) -> None:
        codes = self._codes()
        if not codes:
            return
        self._number += 1
        body = {
            "device": f"valideur-{self._seed}", "nonce": f"n{self._number}", "code": self._random.choice(codes),
            "line": "L1", "stop": "charge:S1", "trip": "0-1",
        }  # fmt: skip
        key = {"Authorization": f"Bearer {self._world.validator}", "Content-Type": "application/json"}
        self._post("scan", "/api/v1/billettique/checks", body, key)

    def _download(self) -> None:
        self._get("downloads", self._file)

    def _buy(self) -> None:
        """From the page of titles to the ticket, as a person with a browser; each form is a request."""
        jar = http.cookiejar.CookieJar()
        opened = urllib.request.build_opener(self._from, urllib.request.HTTPCookieProcessor(jar)).open
        page = self._page(opened, "/achats")
        page = self._page(opened, "/achats/ajouter", page, kind="ticket", product="car-unite", **{"n-adulte": "1"})
        page = self._page(opened, "/achats/payer")
        version = VERSION.search(page[1])
        page = self._page(opened, "/achats/payer", page, version=version[1] if version else "", way="sim:card")
        page = self._page(opened, urllib.parse.urlsplit(page[0]).path, page, card="pm_card_visa")
        if "/billet/" not in page[1]:
            raise RuntimeError(f"no ticket at the end: {page[0]}")

    def _page(
        self, opened: Callable[..., http.client.HTTPResponse], path: str, before: tuple[str, str] | None = None,
        **fields: str,
    ) -> tuple[str, str]:  # fmt: skip
        data = None
        if before is not None:
            token = TOKEN.search(before[1])
            data = urllib.parse.urlencode({"csrf_token": token[1] if token else "", **fields}).encode()
        asked = urllib.request.Request(self._url + path, data, {"Accept": "text/html"})
        return self._timed("buy", lambda: _whole(opened(asked, timeout=TIMEOUT_S)))

    def _get(self, kind: str, path: str) -> None:
        asked = urllib.request.Request(self._url + path)
        self._timed(kind, lambda: _whole(self._open(asked, timeout=TIMEOUT_S)))

    def _post(self, kind: str, path: str, body: object, headers: dict[str, str]) -> None:
        asked = urllib.request.Request(self._url + path, json.dumps(body).encode(), headers)
        self._timed(kind, lambda: _whole(self._open(asked, timeout=TIMEOUT_S)))

    def _timed(self, kind: str, act: Callable[[], tuple[str, str]]) -> tuple[str, str]:
        began_s, good = time.monotonic(), False
        try:
            answer = act()
            good = True
            return answer
        finally:
            now_s = time.monotonic()
            self._told.requests.append((now_s - self._started_s, kind, now_s - began_s, good))


def _whole(answer: http.client.HTTPResponse) -> tuple[str, str]:
    with answer:
        return answer.url, answer.read().decode("utf-8", "replace")

"""Sources against a small server of our own: unchanged is skipped, broken keeps the old version and tells once, expiry
warns once at 30 and at 7 days; and nothing leads into the private network."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from mobigo.base.errors import Conflict, InvalidInput, MobigoError, Refused, Upstream
from mobigo.infra.config import Config
from mobigo.infra.db import reading
from mobigo.infra.outbox import MessageRow
from mobigo.infra.web import Services
from mobigo.network import service
from mobigo.network.gateway.fetch import FetchLimits, fetch, is_public
from mobigo.network.store import feeds, sources
from tests.builders import feed, trip, write_zip

NOW = datetime(2025, 3, 18, 8, tzinfo=UTC)
INSIDE = FetchLimits(private=True, bytes_max=1 << 20, seconds_max=10, silence_s_max=5)


@dataclass
class Site:
    """What the server answers, and what it was asked."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def site() -> Iterator[Site]:
    state = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(dict(self.headers))
            fresh = state.headers.get("ETag")
            unchanged = fresh is not None and self.headers.get("If-None-Match") == fresh
            self.send_response(304 if unchanged else state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            if not unchanged and "Content-Length" not in state.headers:
                self.send_header("Content-Length", str(len(state.body)))
            self.end_headers()
            if not unchanged:
                self.wfile.write(state.body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))  # how soon it notices that it is over
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}/gtfs.zip?key=secret"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def tools(database_config: Config, engine: Engine) -> Services:
    made = Services(database_config)
    made.__dict__["engine"] = engine
    return made


def bytes_of(tmp_path: Path, trip_id: str, days: list[str] | None = None) -> bytes:
    services = {"daily": days} if days else None
    files = feed([trip(trip_id, "A 07:55 B 08:05")], **({"services": services} if services else {}))
    return write_zip(files, tmp_path / f"{trip_id}.zip").read_bytes()


def only_source(tools: Services) -> sources.Source:
    with reading(tools.engine) as session:
        [found] = sources.list_sources(session)
    return found


def alerts(tools: Services) -> list[str]:
    with reading(tools.engine) as session:
        return [decision.code for _, decision, _ in sources.list_alerts(session)]


def letters(tools: Services) -> list[str]:
    with reading(tools.engine) as session:
        return list(session.scalars(select(MessageRow.body).order_by(MessageRow.id)))


def test_a_source_is_fetched_when_due_and_skipped_when_unchanged(tools: Services, site: Site, tmp_path: Path) -> None:
    site.body, site.headers = bytes_of(tmp_path, "one"), {"ETag": '"1"'}
    service.add_source(tools, site.url, "ter", every_s=3600, now=NOW)
    assert service.poll_sources(tools, now=NOW, limits=INSIDE) == ["ter"]
    assert service.poll_sources(tools, now=NOW + timedelta(minutes=59), limits=INSIDE) == []
    assert len(site.asked) == 1  # not due yet
    assert service.poll_sources(tools, now=NOW + timedelta(hours=1), limits=INSIDE) == []
    assert site.asked[1]["If-None-Match"] == '"1"'
    site.headers = {"ETag": '"2"'}  # other validators, same bytes
    assert service.poll_sources(tools, now=NOW + timedelta(hours=2), limits=INSIDE) == []
    site.body, site.headers = bytes_of(tmp_path, "two"), {"ETag": '"3"'}
    assert service.poll_sources(tools, now=NOW + timedelta(hours=3), limits=INSIDE) == ["ter"]
    with reading(tools.engine) as session:
        assert [version.number for version in feeds.list_versions(session, "ter")] == [2, 1]


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [(500, b"", "network.fetch_status"), (200, b"<html>", "network.not_a_zip"), (404, b"", "network.fetch_status")],
)
def test_a_broken_source_keeps_the_old_version_and_tells_once(
    tools: Services, site: Site, tmp_path: Path, status: int, body: bytes, code: str
) -> None:
    good = bytes_of(tmp_path, "one")
    site.body = good
    service.add_source(tools, site.url, "ter", contact="offre@example.fr", every_s=3600, now=NOW)
    service.poll_sources(tools, now=NOW, limits=INSIDE)
    site.status, site.body = status, body
    for hours in (1, 2):
        assert service.poll_sources(tools, now=NOW + timedelta(hours=hours), limits=INSIDE) == []
    broken = only_source(tools)
    assert broken.error is not None
    assert (broken.error.code, broken.failing_since) == (code, NOW + timedelta(hours=1))
    assert alerts(tools) == ["network.source_broken"]
    [letter] = letters(tools)
    assert "secret" not in letter
    with reading(tools.engine) as session:
        assert feeds.get_feed(session, "ter").version is not None
    site.status, site.body = 200, good
    service.poll_sources(tools, now=NOW + timedelta(hours=3), limits=INSIDE)
    assert only_source(tools).error is None
    site.status, site.body = status, body
    service.poll_sources(tools, now=NOW + timedelta(hours=4), limits=INSIDE)
    assert alerts(tools) == ["network.source_broken"] * 2  # it had worked in between


def test_the_end_of_a_feed_is_told_once_at_30_and_once_at_7_days(tools: Services, site: Site, tmp_path: Path) -> None:
    site.body = bytes_of(tmp_path, "one", ["2025-03-18", "2025-06-30"])
    service.add_source(tools, site.url, "ter", contact="offre@example.fr", now=NOW)
    service.poll_sources(tools, now=NOW, limits=INSIDE)
    told = {}
    for day in range(60, -2, -1):
        now = datetime(2025, 6, 30, 8, tzinfo=UTC) - timedelta(days=day)
        told[day] = service.warn_of_expiry(tools, now=now)
    assert {day for day, warned in told.items() if warned} == {30, 7}
    assert told[30] == [("ter", 30)]
    assert len(letters(tools)) == 2
    assert "30" in letters(tools)[0]


def test_a_feed_has_one_source_and_a_sane_rhythm(tools: Services) -> None:
    service.add_source(tools, "https://example.fr/gtfs.zip", "ter", now=NOW)
    with pytest.raises(Conflict):
        service.add_source(tools, "https://example.fr/other.zip", "ter", now=NOW)
    with pytest.raises(InvalidInput, match="too_often"):
        service.add_source(tools, "https://example.fr/gtfs.zip", "bus", every_s=60, now=NOW)


# --- the guard


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://example.fr/a.zip", "gopher://example.fr", "//example.fr/a.zip", "example.fr",
        "http://user:word@example.fr/a.zip", "http:///a.zip", "http://example.fr:99999/", "http://exa mple.fr/",
        "http://example.fr/a\r\nHost: x",
    ],
)  # fmt: skip
def test_addresses_that_are_none_of_ours_to_fetch_are_refused(tools: Services, url: str) -> None:
    with pytest.raises(InvalidInput, match="bad_url"):
        service.add_source(tools, url, "ter", now=NOW)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2001:4860:4860::8888", True), ("127.0.0.1", False), ("10.1.2.3", False),
        ("172.16.0.1", False), ("192.168.1.1", False), ("169.254.169.254", False), ("0.0.0.0", False),
        ("100.64.0.1", False), ("224.0.0.1", False), ("::1", False), ("::", False), ("fe80::1%eth0", False),
        ("fd00::1", False), ("::ffff:127.0.0.1", False), ("::ffff:8.8.8.8", True), ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)  # fmt: skip
def test_what_is_public(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_name_that_also_leads_inside_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="fetch_private"):
        fetch("http://example.fr/a.zip", tmp_path / "a", resolve=lambda host, port: ["8.8.8.8", "127.0.0.1"])


def test_a_redirect_is_checked_like_the_first_address(site: Site, tmp_path: Path) -> None:
    site.status, site.headers = 302, {"Location": "http://inside.example/a.zip"}
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if host == "127.0.0.1" else ["10.0.0.1"]

    with pytest.raises(Refused, match="fetch_private"):
        fetch(site.url, tmp_path / "a", limits=FetchLimits(), resolve=resolve)
    assert not site.asked  # even the first is inside
    site.headers = {"Location": "file:///etc/passwd"}
    with pytest.raises(InvalidInput, match="bad_url"):
        fetch(site.url, tmp_path / "a", limits=INSIDE, resolve=resolve)


@pytest.mark.parametrize(
    ("change", "word", "code"),
    [
        (Site(status=302, headers={"Location": "/again"}), Refused, "network.fetch_redirects"),
        (Site(body=b"x" * (1 << 20 | 1)), Refused, "network.fetch_too_large"),
        (Site(body=b"x", headers={"Content-Length": "100"}), Upstream, "network.fetch_failed"),
        (Site(status=503), Upstream, "network.fetch_status"),
    ],
)
def test_answers_that_are_not_what_we_asked_for(
    site: Site, tmp_path: Path, change: Site, word: type[MobigoError], code: str
) -> None:
    site.body, site.status, site.headers = change.body, change.status, change.headers
    with pytest.raises(word) as refused:
        fetch(site.url, tmp_path / "a", limits=INSIDE)
    assert refused.value.decision.code == code
    assert "secret" not in str(refused.value)


def test_a_server_that_drips_is_left(site: Site, tmp_path: Path) -> None:
    site.body = b"x" * 1000
    slow = FetchLimits(private=True, seconds_max=-1.0)
    with pytest.raises(Upstream, match="too_slow"):
        fetch(site.url, tmp_path / "a", limits=slow)


@pytest.mark.parametrize(("allowed", "fetched"), [(True, ["ter"]), (False, [])])
def test_the_private_network_is_fetched_only_where_the_configuration_allows_it(
    tools: Services, site: Site, tmp_path: Path, allowed: bool, fetched: list[str]
) -> None:
    site.body = bytes_of(tmp_path, "one")
    tools.config = replace(tools.config, fetch_private=allowed)
    service.add_source(tools, site.url, "ter", now=NOW)
    assert service.poll_sources(tools, now=NOW) == fetched
    assert alerts(tools) == ([] if allowed else ["network.source_broken"])

"""Every address told live answers as it is declared, over HTTP, and what it says is judged; realtime names the version
of the timetable whose identifiers it carries."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.transit import gtfs_realtime_pb2

from mobigo.app import open_live
from mobigo.app.published import feed_version
from mobigo.base.decisions import Decision
from mobigo.infra.db import reading
from mobigo.network.export.archive import zip_bytes
from mobigo.network.model.live import LiveNetwork
from opendata.gateway.judges import GbfsReference, GbfsRules, SiriRules
from opendata.gateway.probe import hear
from opendata.model.datasets import REGIONAL, FileSpec, LiveAddress
from opendata.model.editions import Edition, Produced
from opendata.model.offers import Offer
from opendata.service.listening import listen
from opendata.store import checks, versions
from tests.builders import feed, trip
from tests.integration.opendata_publication.conftest import Published, serving
from tests.opendata_world import NOW, PLACES
from tests.planner_adaptor import compiled

JUDGES = (GbfsRules(), GbfsReference(), SiriRules())


@pytest.fixture
def running(open_app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The site serves a network of one line."""
    live = LiveNetwork(compiled(feed([trip("t", "A 07:55 B 08:55")]), "demo"), "0" * 64)

    class Holder:
        @contextmanager
        def today(self) -> Iterator[LiveNetwork]:
            yield live

        current = today

    monkeypatch.setitem(vars(open_app.extensions["mobigo"]), "networks", Holder())


def said(site: Published, code: str) -> dict[tuple[str, str], str]:
    """By live file and judge: the verdict."""
    with reading(site.tools.engine) as session:
        (found,) = versions.list_versions(session, code)
        kept = checks.of_version(session, found.id)
    told = [check for check, _required, _at in kept if check.file != open_live.NAME]
    return {(check.file, check.judge): check.verdict.value for check in told}


def test_every_address_answers_as_declared_and_is_judged(open_site: Published, open_app: Any, running: None) -> None:
    offers = open_live.offers(open_site.tools)
    for offer in offers:
        open_site.publish(offer)
    with serving(open_app) as base:
        assert listen(open_site.tools, NOW, hear(base), JUDGES) == []
    heard = {pair: verdict for offer in offers for pair, verdict in said(open_site, offer.declared.code).items()}
    assert heard == {
        ("gbfs.json", "mobigo-gbfs"): "passed",
        ("gbfs.json", "gbfs-validator"): "passed",
        ("situation-exchange.xml", "mobigo-siri"): "passed",
        ("estimated-timetable.xml", "mobigo-siri"): "passed",
    }


def test_every_address_may_be_read_by_pages_of_other_sites(open_site: Published, running: None) -> None:
    for offer in open_live.offers(open_site.tools):
        for address in offer.declared.live:
            answer = open_site.get(address.path)
            assert (answer.status_code, answer.mimetype) == (200, address.media_type), address.path
            assert answer.headers["Access-Control-Allow-Origin"] == "*", address.path


@pytest.mark.parametrize("list_", [b"{}", b"no", b'{"data": {"feeds": [3]}}', b'{"data": {"feeds": [{"url": "x"}]}}'])
def test_a_list_that_is_none_was_not_judged(open_site: Published, list_: bytes) -> None:
    offer = open_live.offers(open_site.tools)[-1]
    open_site.publish(offer)

    def broken(address: LiveAddress, to: Path) -> Decision | None:
        if address.name == "gbfs.json":
            to.write_bytes(list_)
            return None
        return Decision("opendata.probe_answered", file=address.name, status=404)

    listen(open_site.tools, NOW, broken, JUDGES)
    assert set(said(open_site, offer.declared.code).values()) == {"not_run"}


def whole(version: str | None) -> Offer:
    """The regional offer, which calls itself so."""
    spec = FileSpec("gtfs.zip", "application/zip", "Les horaires", "GTFS Schedule")
    tables = feed([trip("t", "A 07:55 B 08:55")])
    tables.pop("feed_info.txt", None)
    if version is not None:
        tables["feed_info.txt"] = (
            "feed_publisher_name,feed_publisher_url,feed_lang,feed_version\r\n"
            f"Essai,https://example.org,fr,{version}\r\n"
        )
    made = Produced(spec.name, spec.media_type, zip_bytes({name: text.encode() for name, text in tables.items()}))
    return Offer(replace(PLACES, code=REGIONAL, files=(spec,)), lambda _now, _folder: [Edition(files=(made,))])


def test_alerts_name_the_version_of_the_timetable_that_is_published(open_site: Published) -> None:
    def named() -> str:
        read = gtfs_realtime_pb2.FeedMessage.FromString(open_site.get("/perturbations.pb").data)
        return str(read.header.feed_version)

    assert named() == ""
    for day, version in enumerate(("a1", "b2", None, "a1"), 1):
        open_site.publish(whole(version), datetime(2026, 12, day, 3, tzinfo=UTC))
        assert named() == (version or "")


def test_an_archive_that_is_none_names_no_version(tmp_path: Path) -> None:
    assert feed_version(tmp_path / "absent") == ""
    (tmp_path / "broken").write_bytes(b"PK")
    assert feed_version(tmp_path / "broken") == ""

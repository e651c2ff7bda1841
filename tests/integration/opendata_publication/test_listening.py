"""What is told live is asked for over HTTP and judged; what was not heard is never said to be sound."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.transit import gtfs_realtime_pb2

from mobigo.base.decisions import Decision
from mobigo.infra.db import reading
from mobigo.network.export.archive import zip_bytes
from opendata.gateway.judges import RealtimeReference, RealtimeRules
from opendata.gateway.probe import hear
from opendata.model.datasets import FileSpec, LiveAddress, Period
from opendata.model.editions import Edition, Produced
from opendata.model.offers import Offer
from opendata.service import measuring
from opendata.service.listening import listen
from opendata.store import checks, versions
from tests.builders import feed, trip
from tests.integration.opendata_publication.conftest import Published, serving
from tests.live import free_port
from tests.opendata_world import NOW, PLACES, Facts

ALERTS = LiveAddress(
    "/perturbations.pb", "application/x-protobuf", "Les perturbations", "GTFS Realtime", "essai-reseau"
)
LIVE = replace(PLACES, code="essai-direct", period=Period.LIVE, live=(ALERTS,))
HOUR = timedelta(hours=1)
JUDGES = (RealtimeRules(), RealtimeReference(at=NOW))


def timetable() -> Offer:
    """The dataset whose lines the message names."""
    spec = FileSpec("gtfs.zip", "application/zip", "Les horaires", "GTFS Schedule")
    tables = feed([trip("t", "A 07:55 B 08:55")])
    tables["agency.txt"] = tables["agency.txt"].replace("https://agency.example", "https://agency.example.org")
    edition = Edition(
        files=(Produced(spec.name, spec.media_type, zip_bytes({name: text.encode() for name, text in tables.items()})),)
    )
    return Offer(replace(PLACES, code=ALERTS.timetable, files=(spec,)), lambda _now, _folder: [edition])


def words(site: Published) -> dict[str, tuple[str, str | None, set[str]]]:
    """By judge: its verdict, why it did not run, the rules broken."""
    with reading(site.tools.engine) as session:
        (found,) = versions.list_versions(session, LIVE.code)
        told = [check for check, _required, _at in checks.of_version(session, found.id) if check.file == ALERTS.name]
    return {
        each.judge: (
            each.verdict.value,
            each.because.code if each.because else None,
            {one.code for one in each.findings},
        )
        for each in told
    }


def kept(site: Published) -> int:
    from sqlalchemy import func, select

    from opendata.store.tables import CheckRow

    with reading(site.tools.engine) as session:
        return session.scalar(select(func.count()).select_from(CheckRow).where(CheckRow.file == ALERTS.name)) or 0


def telling(route: str, *, version: str = "2.0") -> Any:
    """Someone who hears a word about this line."""
    made: Any = gtfs_realtime_pb2.FeedMessage()
    made.header.gtfs_realtime_version = version
    made.header.incrementality = 0
    made.header.timestamp = int(NOW.timestamp())
    told = made.entity.add(id="1")
    told.alert.informed_entity.add(route_id=route)
    told.alert.header_text.translation.add(text="Travaux", language="fr")

    def at(_address: LiveAddress, to: Path) -> Decision | None:
        to.write_bytes(made.SerializeToString())
        return None

    return at


def test_a_message_is_judged_beside_the_timetable_whose_names_it_carries(open_site: Published) -> None:
    open_site.publish(Facts(LIVE))
    assert listen(open_site.tools, NOW, telling("R"), JUDGES) == []
    assert words(open_site) == {
        "mobigo-temps-reel": ("passed", None, set()),
        "gtfs-rt-validator": ("not_run", "opendata.judge_needs_timetable", set()),
    }
    assert open_site.publish(timetable()).result == "published"
    assert listen(open_site.tools, NOW + HOUR, telling("R"), JUDGES) == []
    assert {judge: word[0] for judge, word in words(open_site).items()} == {
        "mobigo-temps-reel": "passed", "gtfs-rt-validator": "passed",
    }  # fmt: skip
    assert listen(open_site.tools, NOW + 2 * HOUR, telling("Z"), JUDGES) == [LIVE.code]
    assert words(open_site)["mobigo-temps-reel"] == ("failed", None, {"rt_unknown_route"})


def test_a_judge_that_says_the_same_is_kept_once(open_site: Published) -> None:
    open_site.publish(Facts(LIVE))
    for hours in range(3):
        listen(open_site.tools, NOW + hours * HOUR, telling("R", version="9"), JUDGES)
    assert kept(open_site) == 2
    listen(open_site.tools, NOW + 4 * HOUR, telling("R"), JUDGES)
    assert kept(open_site) == 3  # one changed its mind


def test_what_did_not_answer_was_not_judged(open_site: Published) -> None:
    open_site.publish(Facts(LIVE))
    listen(open_site.tools, NOW, telling("R"), JUDGES)
    assert listen(open_site.tools, NOW + HOUR, hear(f"http://127.0.0.1:{free_port()}"), JUDGES) == []
    assert {word[:2] for word in words(open_site).values()} == {("not_run", "opendata.probe_unreachable")}


def test_the_live_address_is_asked_as_a_reuser_asks(open_site: Published, open_app: Any, tmp_path: Path) -> None:
    with serving(open_app) as base:
        assert hear(base)(ALERTS, tmp_path / "told") is None
        read = gtfs_realtime_pb2.FeedMessage.FromString((tmp_path / "told").read_bytes())
        assert read.header.gtfs_realtime_version == "2.0"
        faults = [
            hear(base)(replace(ALERTS, path=path, media_type=kind), tmp_path / "told")
            for path, kind in (("/nulle-part.pb", ALERTS.media_type), ("/perturbations.pb", "application/json"))
        ]
    assert [fault and fault.code for fault in faults] == ["opendata.probe_answered", "opendata.live_other_type"]


def test_a_live_address_that_is_silent_counts_as_not_available(open_site: Published) -> None:
    open_site.publish(Facts(LIVE))

    def deaf(address: LiveAddress, _to: Path) -> Decision | None:
        return Decision("opendata.probe_answered", file=address.name, status=503)

    assert measuring.watch(open_site.tools, NOW, lambda _code, _file: None, telling("R")) == []
    assert measuring.watch(open_site.tools, NOW, lambda _code, _file: None, deaf) == [LIVE.code]
    with reading(open_site.tools.engine) as session:
        (day,) = measuring.history(session, LIVE.code, NOW)
    assert (day.probes, day.good, day.fault and day.fault.params["file"]) == (2, 1, ALERTS.name)


def test_people_see_what_judges_heard(open_site: Published) -> None:
    open_site.publish(Facts(LIVE))
    page = f"/donnees/{LIVE.code}"
    assert "Pas encore écouté" in open_site.get(page).text
    listen(open_site.tools, NOW, telling("R"), JUDGES)
    assert "Pas encore écouté" not in open_site.get(page).text
    listen(open_site.tools, NOW + HOUR, telling("R", version="9"), JUDGES)
    assert "rt_version_unknown" in open_site.get(page).text


@pytest.mark.parametrize("before", [["/x.pb", "application/x-protobuf", "Le direct", "GTFS Realtime"]])
def test_an_address_declared_before_it_named_a_timetable_is_still_read(before: list[str]) -> None:
    assert LiveAddress(*before).timetable == ""

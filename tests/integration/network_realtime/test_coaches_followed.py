"""A coach followed from its driver's page to our own pages and to everybody: late, where it is, and nothing of who
drives it. Only one's own company's coaches."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from flask.testing import FlaskClient
from google.transit import gtfs_realtime_pb2 as pb
from sqlalchemy import Engine

from mobigo.app.authorisation import identity_of
from mobigo.app.factory import create_app
from mobigo.infra import auth
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.privacy import erase_due
from mobigo.infra.roles import Grant, Identity, Role
from mobigo.infra.web import EXTENSION, Services
from mobigo.network import service
from mobigo.network.model.tracking import Run
from mobigo.network.store import realtime, tracking
from mobigo.network.store.networks import NetworkHolder
from mobigo.planner.web import driving, here
from opendata.gateway.judges.realtime import RealtimeRules
from opendata.model.checks import Verdict
from tests.builders import DAY, feed, trip, write_zip

NOW = datetime(2025, 3, 18, 6, 50, tzinfo=UTC)  # 7 h 50 in France
FEED = feed([trip("early", "A 07:55 B 08:05 C 08:20"), trip("late", "A 08:55 B 09:05 C 09:20")])
RUN = {"course": "region:early", "jour": DAY.isoformat()}


def ms(at: datetime) -> str:
    """An instant as a telephone's script tells it."""
    return str(int(at.timestamp() * 1000))


class World:
    """The site at an hour that a test moves, and who is signed in."""

    def __init__(self, client: FlaskClient, services: Services) -> None:
        self.client, self.services, self.now = client, services, NOW
        self.somebody: Identity | None = identity_of(Role.COUNTER_AGENT, "0" * 26)

    def says(self, act: str, after_min: float = 0, **fields: Any) -> int:
        self.now = NOW + timedelta(minutes=after_min)
        return self.client.post(f"/conduire/courses/suivie/{act}", data={**RUN, **fields}).status_code

    def told(self, after_min: float) -> pb.FeedMessage:
        self.now = NOW + timedelta(minutes=after_min)
        found = pb.FeedMessage()
        found.ParseFromString(self.client.get("/cars/temps-reel.pb").data)
        return found

    def text(self) -> str:
        page = self.client.get("/conduire/courses/suivie", query_string=RUN)
        assert page.status_code == 200
        return re.sub(r"\s+", " ", page.text)


def noted(world: World) -> Run | None:
    with reading(world.services.engine) as session:
        return tracking.find(session, "region", "early", DAY)


@pytest.fixture
def world(database_config: Config, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    app = create_app(replace(database_config, environment="development", base_url="http://localhost"))
    app.config["WTF_CSRF_ENABLED"] = False
    services = app.extensions[EXTENSION]
    service.import_feed(services, write_zip(FEED, tmp_path / "region.zip"), "region", now=NOW)
    service.build_network(services, now=NOW)
    made = World(app.test_client(), services)
    for module in (driving, here):
        monkeypatch.setattr(module, "now", lambda: made.now)
    for name in ("current_account", "signed_in"):
        monkeypatch.setattr(auth, name, lambda: made.somebody)
    yield made
    services.engine.dispose()


def updates(message: pb.FeedMessage) -> dict[str, list[tuple[str, int, int]]]:
    """(stop, minutes late of arriving, of leaving; -1 for none) by trip."""
    base = {"A": 5, "B": 15, "C": 30}  # minutes after NOW

    def late(stop: str, at: int) -> int:
        return round((at - NOW.timestamp()) / 60) - base[stop.removeprefix("region:")] if at else -1

    return {
        each.trip_update.trip.trip_id: [
            (call.stop_id, late(call.stop_id, call.arrival.time), late(call.stop_id, call.departure.time))
            for call in each.trip_update.stop_time_update
        ]
        for each in message.entity
        if each.HasField("trip_update")
    }


def test_a_coach_is_late_for_everybody_until_it_ends(world: World) -> None:
    assert "Commencer la course" in world.text()
    assert world.told(0).entity == []
    assert world.says("debut", 1) == 303
    assert world.says("arrive", 3, arret=0) == 303
    assert world.says("parti", 9, arret=0) == 303
    assert updates(world.told(10)) == {
        "region:early": [("region:A", -2, 4), ("region:B", 4, 4), ("region:C", 4, -1)]
    }  # fmt: skip
    text = world.text()
    assert "Prochain arrêt" in text
    assert "4 min de retard" in text.replace("\u00a0", " ")
    holder = NetworkHolder(world.services.engine, world.services.config.home, lambda: 0.0, lambda: world.now)
    with holder.today() as live:
        t = live.timetable
        row = next(i for i in range(len(t.trip_id)) if t.trip_id[i] == "early" and t.runs_on(int(t.trip_days[i]), DAY))
        leaves = int(t.visit_depart_s[int(t.trip_visit_start[row])])
        assert (leaves // 3600, leaves // 60 % 60) == (7, 59)
    assert world.says("fin", 20) == 303
    assert world.told(20).entity == []
    with reading(world.services.engine) as session:
        assert realtime.list_sources(session) == []
    assert "Course terminée" in world.text()


def test_a_position_is_told_while_it_is_fresh_and_erased_at_the_end(world: World) -> None:
    world.says("debut", 1)
    world.says("parti", 5, arret=0)
    assert world.says("position", 8, lat="47.05", lon="4.01") == 303
    for minute, count in ((8, 1), (13, 1), (13.1, 0)):
        found = [each.vehicle for each in world.told(minute).entity if each.HasField("vehicle")]
        assert len(found) == count
    world.says("fin", 30)
    run = noted(world)
    assert run is not None
    assert run.seen is None


@pytest.mark.parametrize(("lat", "lon"), [("", ""), ("x", "1"), ("97", "4"), ("nan", "4"), ("9" * 9_000, "4")])
def test_a_position_that_is_none_is_refused(world: World, lat: str, lon: str) -> None:
    world.says("debut", 1)
    assert world.says("position", 2, lat=lat, lon=lon) == 422
    assert [each for each in world.told(2).entity if each.HasField("vehicle")] == []


@pytest.mark.parametrize("act", ["arrive", "parti", "annuler", "position", "fin"])
def test_nothing_is_noted_of_a_run_that_nobody_began(world: World, act: str) -> None:
    assert world.says(act, 1, arret=0, lat="47.05", lon="4.01") == 403
    assert world.told(1).entity == []
    assert "Commencer la course" in world.text()


def test_what_is_taken_back_twice_because_the_answer_was_lost_is_taken_back_once(world: World) -> None:
    for act, minute, stop in (("debut", 1, 0), ("arrive", 3, 0), ("parti", 9, 0)):
        world.says(act, minute, arret=stop)
    assert [world.says("annuler", 10, arret=0, quoi="parti") for _ in range(3)] == [303] * 3
    run = noted(world)
    assert run is not None
    assert [times[1] for times in run.calls.values()] == [None]
    assert 'name="quoi" value="arrive"' in world.text()


def test_what_waited_in_the_telephone_comes_with_its_hour(world: World) -> None:
    for act, minute, stop in (("debut", 1, 0), ("parti", 9, 0), ("arrive", 21, 1)):
        world.now = NOW + timedelta(minutes=22)
        told = {**RUN, "arret": stop, "at": ms(NOW + timedelta(minutes=minute))}
        answer = world.client.post(f"/conduire/courses/suivie/{act}", data=told, headers={"Accept": "application/json"})
        assert (answer.status_code, answer.get_json()) == (200, {"ok": True, "detail": ""})
    assert updates(world.told(22))["region:early"][:2] == [("region:A", -1, 4), ("region:B", 6, 7)]


@pytest.mark.parametrize(
    ("act", "fields", "status"),
    [
        ("parti", {"arret": "7"}, 422), ("parti", {"arret": "-1"}, 422), ("parti", {"arret": "0", "at": "hier"}, 422),
        ("parti", {"arret": "0", "at": "2025-03-18T09:00:00"}, 422),
        ("parti", {"arret": "0", "at": ms(NOW + timedelta(hours=16))}, 422),
        ("rien", {}, 404), ("parti", {"course": "region:none"}, 404), ("parti", {"course": "x" * 9_000}, 404),
        ("parti", {"jour": "demain"}, 404), ("parti", {"jour": "2025-03-19"}, 404),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    world: World, act: str, fields: dict[str, str], status: int
) -> None:
    world.says("debut", 1)
    before = noted(world)
    assert world.says(act, 2, **fields) == status
    assert noted(world) == before


def test_only_the_coaches_of_ones_own_company(world: World) -> None:
    assert world.client.get("/conduire/courses").text.count("/conduire/courses/suivie?") == 2
    world.somebody = Identity("1" * 26, (Grant(Role.OPERATOR, "another"),))
    assert world.says("debut", 1) == 404
    assert world.client.get("/conduire/courses/suivie", query_string=RUN).status_code == 404
    assert "/conduire/courses/suivie?" not in world.client.get("/conduire/courses").text
    world.somebody = identity_of(Role.TRAVELLER, "2" * 26)
    assert world.says("debut", 1) == 403


def test_the_list_is_of_a_line_when_one_is_asked(world: World) -> None:
    def listed(line: str) -> int:
        return world.client.get(f"/conduire/courses?ligne={line}").text.count("/conduire/courses/suivie?")

    assert (listed(""), listed("zzz")) == (2, 0)
    world.now = NOW + timedelta(minutes=66)
    assert listed("") == 1  # the first left more than an hour ago


def test_of_sixty_four_touches_at_once_one_is_kept(world: World) -> None:
    world.says("debut", 1)
    world.now = NOW + timedelta(minutes=9)

    def touch(_n: int) -> int:
        client = world.client.application.test_client()
        return client.post("/conduire/courses/suivie/parti", data={**RUN, "arret": "0"}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(touch, range(64))) == {303}
    assert updates(world.told(9))["region:early"][0] == ("region:A", -1, 4)


def test_it_is_forgotten_after_a_day_and_names_nobody(world: World) -> None:
    world.says("debut", 1)
    with reading(world.services.engine) as session:
        assert "0" * 26 not in str(session.execute(tracking.CoachRunRow.__table__.select()).all())
    for hours, kept in ((23, True), (25, False)):
        with transaction(world.services.engine) as session:
            erase_due(session, NOW + timedelta(hours=hours))
        with reading(world.services.engine) as session:
            assert (tracking.find(session, "region", "early", DAY) is not None) is kept


def test_our_judge_of_realtime_finds_no_fault(world: World, tmp_path: Path) -> None:
    world.says("debut", 1)
    world.says("parti", 9, arret=0)
    world.says("position", 10, lat="47.05", lon="4.01")
    with reading(world.services.engine) as session:
        [source] = realtime.list_sources(session)
        [message] = realtime.messages(session, [source.id]).values()
    pair = write_zip(FEED, tmp_path / "pair.zip")
    with ZipFile(pair, "a") as archive:
        archive.writestr("message.pb", message)
    found = RealtimeRules().check(pair, "pair.zip", DAY)
    assert found.verdict is Verdict.PASSED, found

"""A journey that is followed: what is said of it as the day runs, and another way as soon as it breaks."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from google.transit import gtfs_realtime_pb2 as pb
from sqlalchemy import Engine

from mobigo.base.geo import Point
from mobigo.network.engine.realtime.today import Said, today_of
from mobigo.network.gateway.gtfs_realtime import read
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.engine.following import Breach, Running, trip_now
from mobigo.planner.rules.followed import End, FollowedRide, FollowedTrip, encoded
from mobigo.planner.web import here
from tests.builders import feed, trip
from tests.planner_adaptor import compiled

DAY = date(2025, 3, 18)
ZERO = int(datetime(2025, 3, 17, 23, tzinfo=UTC).timestamp())
SAULIEU, CHATILLON = End("Saulieu", Point(47.279, 4.229)), End("Châtillon", Point(47.86, 4.574))


def seconds(clock: str) -> int:
    hours, minutes = clock.split(":")
    return ZERO + int(hours) * 3600 + int(minutes) * 60


def ride(name: str, board: str, at: str, alight: str, until: str, walk_s: int = 0) -> FollowedRide:
    return FollowedRide(
        f"demo:{name}", f"demo:{name}", DAY, f"demo:{board}", f"demo:{alight}", seconds(at), seconds(until), walk_s
    )


# Saulieu 7 h 30 → Montbard 8 h 25, Montbard 8 h 40 → Châtillon 9 h 20: a quarter of an hour to change.
TRIP = FollowedTrip(
    SAULIEU, CHATILLON, (ride("t2", "SAU", "7:30", "MON", "8:25"), ride("u2", "MON", "8:40", "CHA", "9:20"))
)


def today(planned: LiveNetwork, *updates: dict[str, Any], at: str = "7:20") -> LiveNetwork:
    """The network with those trip updates: `trip`, and `delay`, `cancelled`, `skipped` (a sequence) or `deleted`."""
    out = pb.FeedMessage()
    out.header.gtfs_realtime_version, out.header.timestamp = "2.0", seconds(at)
    for number, each in enumerate(updates):
        update = out.entity.add(id=str(number)).trip_update
        update.trip.trip_id, update.trip.start_date = each["trip"], f"{each.get('day', DAY):%Y%m%d}"
        if each.get("cancelled"):
            update.trip.schedule_relationship = 3
        if each.get("deleted"):
            update.trip.schedule_relationship = 7
        if "delay" in each:
            update.delay = each["delay"]
        if "skipped" in each:
            update.stop_time_update.add(stop_sequence=each["skipped"]).schedule_relationship = 1
    made = today_of(planned.timetable, [Said("x", "demo", seconds(at), False, read(out.SerializeToString()))])
    table = planned.timetable if made.overlay is None else made.overlay.timetable
    return LiveNetwork(table, planned.hash, None, made, planned)


def test_without_any_word_it_is_as_planned(known_network: LiveNetwork) -> None:
    found = trip_now(known_network, TRIP)
    assert [each.running for each in found.rides] == [Running.RUNS, Running.RUNS]
    assert [each.margin_s for each in found.rides] == [None, 900]
    assert found.rides[0].board is not None
    assert found.rides[0].board.expected_at is None
    assert found.broken is None
    assert found.arrive_at == datetime.fromtimestamp(seconds("9:20"), UTC)


@pytest.mark.parametrize(
    ("delay_s", "margin_s", "breach"),
    [(0, 900, None), (899, 1, None), (900, 0, None), (901, -1, Breach.MISSED), (1_200, -300, Breach.MISSED)],
)
def test_a_change_is_missed_when_the_vehicle_before_comes_after_it_left(
    known_network: LiveNetwork, delay_s: int, margin_s: int, breach: Breach | None
) -> None:
    found = trip_now(today(known_network, {"trip": "t2", "delay": delay_s}), TRIP)
    assert (found.rides[1].margin_s, found.breach) == (margin_s, breach)
    assert found.broken == (None if breach is None else 1)


def test_the_way_between_two_vehicles_counts(known_network: LiveNetwork) -> None:
    walked = replace(TRIP, rides=(TRIP.rides[0], replace(TRIP.rides[1], walk_s=600)))
    assert trip_now(known_network, walked).rides[1].margin_s == 300
    late = today(known_network, {"trip": "t2", "delay": 301})
    assert trip_now(late, walked).breach is Breach.MISSED


def test_both_late_is_no_missed_change(known_network: LiveNetwork) -> None:
    found = trip_now(today(known_network, {"trip": "t2", "delay": 1_200}, {"trip": "u2", "delay": 600}), TRIP)
    assert (found.rides[1].margin_s, found.breach) == (300, None)


@pytest.mark.parametrize(
    ("update", "running", "broken"),
    [
        ({"trip": "t2", "cancelled": True}, [Running.CANCELLED, Running.RUNS], 0),
        ({"trip": "t2", "deleted": True}, [Running.CANCELLED, Running.RUNS], 0),
        ({"trip": "u2", "cancelled": True}, [Running.RUNS, Running.CANCELLED], 1),
        ({"trip": "t2", "skipped": 0}, [Running.PASSES_BOARD, Running.RUNS], 0),
        ({"trip": "t2", "skipped": 1}, [Running.RUNS, Running.RUNS], None),  # Semur: nobody of ours gets off there
        ({"trip": "t2", "skipped": 2}, [Running.PASSES_ALIGHT, Running.RUNS], 0),
        ({"trip": "t1", "cancelled": True}, [Running.RUNS, Running.RUNS], None),
    ],
)
def test_what_does_not_run_or_does_not_stop_breaks_it(
    known_network: LiveNetwork, update: dict[str, Any], running: list[Running], broken: int | None
) -> None:
    found = trip_now(today(known_network, update), TRIP)
    assert [each.running for each in found.rides] == running
    assert found.broken == broken


def test_another_day_is_not_that_day(known_network: LiveNetwork) -> None:
    wednesday = ride("w1", "SAU", "30:35", "CHA", "31:45")
    on = [replace(wednesday, day=DAY + timedelta(days=1))]
    on.append(
        replace(
            on[0], day=DAY + timedelta(days=8), depart_s=on[0].depart_s + 604_800, arrive_s=on[0].arrive_s + 604_800
        )
    )
    running = today(known_network, {"trip": "w1", "day": DAY + timedelta(days=1), "cancelled": True})
    assert [trip_now(running, FollowedTrip(SAULIEU, CHATILLON, (each,))).broken for each in on] == [0, None]


@pytest.mark.parametrize(
    "other",
    [
        ride("gone", "SAU", "7:30", "MON", "8:25"),
        ride("t2", "CHA", "7:30", "MON", "8:25"),
        ride("t2", "MON", "7:30", "SAU", "8:25"),
        replace(ride("w1", "SAU", "6:35", "CHA", "7:45")),  # on Wednesdays
    ],
)
def test_what_the_timetable_does_not_hold_is_unknown_never_guessed(
    known_network: LiveNetwork, other: FollowedRide
) -> None:
    found = trip_now(known_network, FollowedTrip(SAULIEU, CHATILLON, (other,)))
    assert (found.rides[0].running, found.broken, found.arrive_at) == (Running.UNKNOWN, 0, None)


def test_an_hour_that_moved_in_the_timetable_is_the_new_one(known_network: LiveNetwork) -> None:
    moved = replace(TRIP.rides[0], depart_s=seconds("7:28"))
    found = trip_now(known_network, FollowedTrip(SAULIEU, CHATILLON, (moved,)))
    assert found.rides[0].board is not None
    assert found.rides[0].board.planned_at == datetime.fromtimestamp(seconds("7:30"), UTC)


def test_a_night_trip_belongs_to_its_service_day(known_network: LiveNetwork) -> None:
    night = FollowedTrip(SAULIEU, CHATILLON, (ride("t3", "SAU", "23:40", "MON", "24:35"),))
    late = trip_now(today(known_network, {"trip": "t3", "delay": 600}, at="23:30"), night)
    assert late.rides[0].alight is not None
    assert late.rides[0].alight.expected_at == datetime.fromtimestamp(seconds("24:45"), UTC)


def test_a_departure_of_a_headway_is_the_one_chosen() -> None:
    files = feed(
        [trip("h", "SAU 06:00 MON 06:30", route="LR1")],
        stops=[
            {"stop_id": s, "stop_name": s, "stop_lat": "47.3", "stop_lon": f"4.{n}"}
            for n, s in enumerate(("SAU", "MON"))
        ],
        frequencies=[
            {
                "trip_id": "h",
                "start_time": "06:00:00",
                "end_time": "09:00:00",
                "headway_secs": "1200",
                "exact_times": "1",
            }
        ],
    )
    table = compiled(files, "demo")
    chosen = FollowedTrip(SAULIEU, CHATILLON, (ride("h", "SAU", "7:20", "MON", "7:50"),))
    found = trip_now(LiveNetwork(table, table.hash), chosen).rides[0]
    assert found.board is not None
    assert found.board.planned_at == datetime.fromtimestamp(seconds("7:20"), UTC)


# ---------------------------------------------------------------- the page


class Days:
    """What the site serves: changed by the test while a page is open."""

    def __init__(self, live: LiveNetwork) -> None:
        self.live = live

    @contextmanager
    def current(self) -> Iterator[LiveNetwork]:
        yield self.live.planned or self.live

    @contextmanager
    def today(self) -> Iterator[LiveNetwork]:
        yield self.live


@pytest.fixture
def days(known_site: APIFlask, known_network: LiveNetwork, monkeypatch: pytest.MonkeyPatch) -> Days:
    monkeypatch.setattr(here, "now", lambda: datetime.fromtimestamp(seconds("7:20"), UTC))
    serving = Days(known_network)
    monkeypatch.setitem(vars(known_site.extensions["mobigo"]), "networks", serving)
    return serving


def page(client: FlaskClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.text
    return re.sub(r"\s+", " ", answer.text.replace("\u00a0", " ").replace("\u202f", " "))


def test_from_the_search_to_the_page_that_follows(client: FlaskClient, days: Days) -> None:
    asked = "/trajets?from=Saulieu&to=Châtillon-sur-Seine,+centre&when=leave&date=2025-03-18&time=07:20"
    found = re.search(r'href="(/suivre/[\w-]+)"[^>]*>Suivre ce trajet', page(client, asked))
    assert found is not None
    shown = page(client, found[1])
    assert "Prochaine étape : ligne LR119 à 7 h 30, à Saulieu, place Monge, dans 10 min." in shown
    assert "Aucune heure en temps réel n’est connue" in shown
    assert "La prochaine possibilité" not in shown


def test_a_cancelled_vehicle_is_seen_with_the_next_possibility(client: FlaskClient, days: Days) -> None:
    address = f"/suivre/{encoded(TRIP)}"
    assert "supprimé" not in page(client, address).lower()
    days.live = today(days.live, {"trip": "t2", "cancelled": True})
    shown = page(client, address)
    assert "Le départ de 7 h 30 de la ligne LR119, à Saulieu, place Monge, est supprimé." in shown
    assert re.search(r"<del>.*?7 h 30", shown)
    assert "La prochaine possibilité" in shown or "Aucune autre possibilité" in shown


def test_a_missed_change_proposes_another_way_from_where_one_is(
    client: FlaskClient, days: Days, engine: Engine, known_site: APIFlask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(vars(known_site.extensions["mobigo"]), "engine", engine)
    days.live = today(days.live, {"trip": "t1", "delay": 5_400}, {"trip": "u1", "delay": 0})
    early = FollowedTrip(
        SAULIEU, CHATILLON, (ride("t1", "SAU", "6:00", "MON", "6:55"), ride("u1", "MON", "7:10", "CHA", "7:50"))
    )
    shown = page(client, f"/suivre/{encoded(early)}")
    assert "Vous ne pourrez pas prendre la ligne LR125 à 7 h 10, à Montbard, gare." in shown
    assert "LR119, à Saulieu, place Monge : 1 h 30 de retard" in shown
    other = shown[shown.index("La prochaine possibilité") :]
    assert "8 h 40" in other  # u2, from Montbard
    assert re.search(r'href="/suivre/[\w-]+">Suivre ce trajet à la place', other)


def test_who_could_not_get_on_is_told_the_same(client: FlaskClient, days: Days) -> None:
    assert "La prochaine possibilité" not in page(client, f"/suivre/{encoded(TRIP)}")
    shown = page(client, f"/suivre/{encoded(TRIP)}?rate=1")
    assert "Vous ne pourrez pas prendre la ligne LR125" in shown
    first = page(client, f"/suivre/{encoded(TRIP)}?rate=0")
    assert "Départ manqué" in first
    assert "La prochaine possibilité" not in first  # never the vehicle that left; the next one is a day away
    assert "Aucune autre possibilité" in first
    for wild in ("9", "-1", "x", "9" * 400, "²"):
        assert "Vous ne pourrez pas" not in page(client, f"/suivre/{encoded(TRIP)}?rate={wild}")


@pytest.mark.parametrize("text", ["x", "AAAA", "é", "a" * 5_000, encoded(TRIP)[:-3], "..%2F..%2Fetc"])
def test_an_address_that_is_no_journey_says_so(client: FlaskClient, days: Days, text: str) -> None:
    assert client.get(f"/suivre/{text}").status_code == 404

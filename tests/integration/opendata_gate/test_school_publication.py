"""School circuits from a plan in force to public files: through the gate and two persons; one pupil's stop nowhere."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import select

from mobigo.app import open_lines, schema
from mobigo.app.open_data import judges, offers
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.web import Services
from mobigo.network.gateway import gtfs_realtime
from mobigo.network.model.realtime import TripKind
from mobigo.network.service.importing import read_tables_of
from mobigo.network.store import feeds, realtime
from opendata.model.datasets import Gate, Slot
from opendata.model.editions import State
from opendata.service import governance
from opendata.service.publishing import Outcome, publish_all
from opendata.store import files
from scolaire.export.opendata import circuit_id
from scolaire.model.day import DayPlan, Seat
from scolaire.model.demand import DAY_MS, EVENING, MORNING, Demand, DepotSite, Place, Pupil, SchoolSite, StopSite
from scolaire.model.plan import Block, Board, Circuit, Leave, Plan
from scolaire.model.problem import Travel, VehicleType
from scolaire.service import notices, plans
from scolaire.store import plans as store
from scolaire.store.contracts import ContractRow
from scolaire.store.schools import DaysRow
from tests import school_plans_world as world

MINUTE = 60_000
NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)
LINE = np.abs(np.subtract.outer(np.arange(5), np.arange(5))).astype(np.int32)
WINDOWS = {"matin": (470 * MINUTE, 480 * MINUTE), "soir": (990 * MINUTE, 1_000 * MINUTE)}
SCHOOL = "0210001A"
HALVES = ("matin", "soir")
# At the square 25, one of whom goes home on foot; one at the farm; at the hamlet 15, in the morning only.
SEATS = {
    **{f"s{n}.h": ("place", HALVES if n else ("matin",)) for n in range(25)},
    "f.h": ("ferme", HALVES),
    **{f"h{n}.h": ("hameau", ("matin",)) for n in range(15)},
}
STOPS = {"place": Place(47.1, 4.0), "ferme": Place(47.2, 4.123), "hameau": Place(47.3, 4.0)}
DEMAND = Demand(
    "d",
    (SchoolSite(SCHOOL, "Collège", Place(47, 4), WINDOWS),),
    tuple(StopSite(name, name.title(), at) for name, at in STOPS.items()),
    tuple(Pupil(name, SCHOOL, ((stop, 200),), halves, 60 * MINUTE) for name, (stop, halves) in SEATS.items()),
    (VehicleType("car", 53, 0, 20_000, 100, 3_000, 1_000),),
    (DepotSite("d", "Dépôt", Place(47, 4)),),
    (MORNING, EVENING),
    travel=Travel(LINE * 10 * MINUTE, LINE * 10_000),
)  # fmt: skip
OUT = DAY_MS - 995 * MINUTE
PLAN = DayPlan(
    {name: Seat(stop) for name, (stop, _halves) in SEATS.items()},
    {
        "matin": Plan(
            (
                Circuit("m", (Board(f"ferme>{SCHOOL}", 1, 450 * MINUTE), Board(f"place>{SCHOOL}", 25, 460 * MINUTE),
                              Leave(SCHOOL, 475 * MINUTE))),
                Circuit("o", (Board(f"hameau>{SCHOOL}", 15, 440 * MINUTE), Leave(SCHOOL, 475 * MINUTE))),
            ),
            (Block("car-1", "car", "d", ("m",)), Block("car-2", "car", "d", ("o",))),
        ),
        "soir": Plan(
            (Circuit("s", (Board(f"ferme>{SCHOOL}", 1, OUT - 20 * MINUTE),
                           Board(f"place>{SCHOOL}", 24, OUT - 10 * MINUTE), Leave(SCHOOL, OUT))),),
            (Block("car-1", "car", "d", ("s",)),),
        ),
    },
)  # fmt: skip


@pytest.fixture
def services(config: Config) -> Iterator[Services]:
    opened = Services(config)
    schema.create(opened.engine)
    yield opened
    opened.engine.dispose()


def put_in_force(services: Services, demand: Demand = DEMAND, plan: DayPlan = PLAN) -> str:
    """The plan of the test, approved and published; its open services are the farm's morning and the hamlet's."""
    with transaction(services.engine) as session:
        planted = world.plant(session, demand)
        version = plans.add_version(
            session, planted.plan, demand, plan, origin="computed", by=world.PLANNER, why="", now=NOW
        )
        plans.approve(session, version.id, by=world.APPROVER, now=NOW)
        plans.publish(session, version.id, by=world.APPROVER, now=NOW)
        for name in ("m", "o"):
            store.set_open(session, planted.plan, name, is_open=True, by=world.PLANNER, now=NOW)
        return planted.plan


def published(services: Services) -> dict[str, Outcome]:
    wanted = [each for each in offers(services, NOW) if each.declared.code.startswith("scolaire-")]
    assert {each.declared.gate for each in wanted} == {Gate.PEOPLE}
    outcomes = publish_all(services, wanted, NOW, judges=judges(services))
    return {each.dataset: each for each in outcomes}


def content(services: Services, outcome: Outcome, name: str) -> bytes:
    assert outcome.version is not None
    kept = {file.name: file for file in outcome.version.files}[name]
    return files.contents_of(services.config.home).path(kept.sha256).read_bytes()


def test_without_a_plan_in_force_there_is_nothing_to_say(services: Services) -> None:
    assert {each.result for each in published(services).values()} == {"empty"}


def test_circuits_leave_reduced_and_wait_for_two_persons(services: Services) -> None:
    plan = put_in_force(services)
    outcomes = published(services)
    assert {code: (each.result, each.slot) for code, each in outcomes.items()} == {
        "scolaire-circuits": ("waiting", Slot.LATEST), "scolaire-lignes": ("waiting", Slot.LATEST),
    }  # fmt: skip
    circuits, lines = outcomes["scolaire-circuits"], outcomes["scolaire-lignes"]
    assert circuits.version is not None
    assert circuits.version.state is State.CHECKED

    # The morning of 26 and the evening of 25 differ by one pupil: only one of them is told.
    name = {each: circuit_id(plan, half, each) for half, each in (("matin", "m"), ("matin", "o"), ("soir", "s"))}
    rows = list(csv.DictReader(io.StringIO(content(services, circuits, "frequentation.csv").decode())))
    told = {row["circuit"]: row for row in rows}
    assert name["o"] in told
    assert len(told) == 2
    assert (told[name["o"]]["inscrits"], told[name["o"]]["tranche"]) == ("15", "11 à 20")

    # The farm is on neither map: the stroke goes from the square, or from the hamlet, to the school.
    drawn = json.loads(content(services, circuits, "circuits.geojson"))
    lines_drawn = {each["properties"]["circuit"]: each["geometry"]["coordinates"] for each in drawn["features"]}
    assert set(lines_drawn) == set(told)
    assert lines_drawn[name["o"]] == [[4.0, 47.3], [4.0, 47.0]]
    with zipfile.ZipFile(io.BytesIO(content(services, lines, "gtfs.zip"))) as feed:
        text = "".join(feed.read(each).decode() for each in feed.namelist())
    everything = text + str(drawn) + str(rows)
    assert "Hameau" in text
    assert name["s"] not in text  # reserved to pupils
    for secret in ("ferme", "Ferme", "4.123", "f.h", "s0.h", "pupil"):
        assert secret not in everything

    for each in outcomes.values():
        assert each.version is not None
        governance.approve(services, each.version.id, "first", NOW)
        governance.publish(services, each.version.id, "second", NOW)
    assert {each.result for each in published(services).values()} == {"unchanged"}
    planner_follows(services, lines)


def planner_follows(services: Services, lines: Outcome) -> None:
    """What is published is a feed of the planner's network, as it is; what is withdrawn leaves it."""
    assert open_lines.follow(services, NOW)
    assert not open_lines.follow(services, NOW)
    with transaction(services.engine) as session:
        (feed,) = feeds.active_versions(session)
    tables = read_tables_of(services, feed)
    assert feed.feed == "scolaire-lignes"
    assert set(tables["routes"]["route_type"]) == {"713"}
    assert set(tables["stops"]["stop_name"]) == {"Collège", "Hameau", "Place"}  # not the farm
    assert lines.version is not None
    governance.withdraw(services, lines.version.id, "second", NOW, "un arrêt y était de trop")
    assert open_lines.follow(services, NOW)
    assert not open_lines.follow(services, NOW)
    with transaction(services.engine) as session:
        assert feeds.active_versions(session) == []


def test_a_child_who_leaves_moves_no_public_figure(services: Services) -> None:
    plan = put_in_force(services)
    first = published(services)["scolaire-circuits"]
    assert first.version is not None
    governance.approve(services, first.version.id, "first", NOW)
    governance.publish(services, first.version.id, "second", NOW)

    fewer = replace(DEMAND, pupils=DEMAND.pupils[:-5])  # ten at the hamlet
    morning = PLAN.halves["matin"]
    hamlet = Circuit("o", (Board(f"hameau>{SCHOOL}", 10, 440 * MINUTE), Leave(SCHOOL, 475 * MINUTE)))
    seats = {each.id: PLAN.seats[each.id] for each in fewer.pupils}
    halves = {**PLAN.halves, "matin": replace(morning, circuits=(morning.circuits[0], hamlet))}
    with transaction(services.engine) as session:
        version = plans.add_version(
            session, plan, fewer, DayPlan(seats, halves), origin="edited", by=world.PLANNER, why="", now=NOW
        )
        plans.approve(session, version.id, by=world.APPROVER, now=NOW)
        plans.publish(session, version.id, by=world.APPROVER, now=NOW)
    again = published(services)["scolaire-circuits"]
    assert content(services, again, "frequentation.csv") == content(services, first, "frequentation.csv")


def cancelled(services: Services, days: set[date] | None = None) -> set[tuple[str, date]]:
    """What the planner is told does not run, by the last word of its source."""
    with reading(services.engine) as session:
        sources = [each for each in realtime.list_sources(session) if each.url == open_lines.SOURCE]
        data = realtime.messages(session, [each.id for each in sources]).values()
    found = {
        (each.trip_id, each.start_day)
        for message in data
        for each in gtfs_realtime.read(message).trips
        if each.kind is TripKind.CANCELLED and each.start_day is not None
    }
    return {each for each in found if days is None or each[1] in days}


def test_a_coach_that_does_not_run_is_never_waited_for(services: Services) -> None:
    """The hamlet's morning is published and in the planner. It snows on Friday: told cancelled at once, before anybody
    approves an edition; in the edition the day is missing. Once the alert is ended, all is as before."""
    plan = put_in_force(services)
    friday, monday = date(2026, 11, 27), date(2026, 11, 30)
    trip, other = (circuit_id(plan, "matin", name) for name in ("o", "m"))  # both go to the one school
    first = out(services)
    assert days_of(content(services, first, "gtfs.zip"), trip) >= {friday, monday}
    assert open_lines.follow(services, NOW)
    assert open_lines.tell_missing(services, NOW) == 0
    assert cancelled(services) == set()

    with transaction(services.engine) as session:
        snow = notices.Notice("cancelled", "school", SCHOOL, friday, friday, "Neige")
        notice = notices.announce(session, snow, "agent", NOW).id
    assert open_lines.tell_missing(services, NOW) == 2
    assert cancelled(services) == {(trip, friday), (other, friday)}
    with reading(services.engine) as session:
        source = next(each for each in realtime.list_sources(session) if each.url == open_lines.SOURCE)
    assert not source.is_stale(NOW + timedelta(hours=20))
    second = published(services)["scolaire-lignes"]
    assert second.result == "waiting"
    told = days_of(content(services, second, "gtfs.zip"), trip)
    assert friday not in told
    assert monday in told
    assert days_of(content(services, first, "gtfs.zip"), trip) - told == {friday}

    with transaction(services.engine) as session:
        notices.end(session, notice, "agent", NOW)
    assert open_lines.tell_missing(services, NOW) == 0
    assert cancelled(services) == set()
    assert published(services)["scolaire-lignes"].result == "unchanged"


def test_neither_a_closed_school_nor_a_contract_that_ends_promises_a_coach(services: Services) -> None:
    """The school is closed on Friday by its own calendar; the contract of the lot ends on Monday."""
    plan = put_in_force(services)
    friday, monday, tuesday = date(2026, 11, 27), date(2026, 11, 30), date(2026, 12, 1)
    trip, other = (circuit_id(plan, "matin", name) for name in ("o", "m"))  # both go to the one school
    before = days_of(content(services, out(services), "gtfs.zip"), trip)
    assert {friday, monday, tuesday} <= before
    open_lines.follow(services, NOW)
    with transaction(services.engine) as session:
        session.add(
            DaysRow(
                id="off", zone="A", uai=SCHOOL, open=False, first_day=friday, last_day=friday, words="pont",
                entered_by="agent", entered_at=NOW,
            )
        )  # fmt: skip
        (contract,) = session.scalars(select(ContractRow))
        contract.last_day = monday
    told = days_of(content(services, published(services)["scolaire-lignes"], "gtfs.zip"), trip)
    assert told == {day for day in before if day <= monday and day != friday}
    open_lines.tell_missing(services, NOW)
    assert cancelled(services, {friday, monday, tuesday}) == {
        (each, day) for each in (trip, other) for day in (friday, tuesday)
    }  # fmt: skip


def test_a_service_closed_to_travellers_is_cancelled_until_the_edition_without_it(services: Services) -> None:
    plan = put_in_force(services)
    out(services)
    open_lines.follow(services, NOW)
    assert open_lines.tell_missing(services, NOW) == 0
    with transaction(services.engine) as session:
        store.set_open(session, plan, "o", is_open=False, by=world.PLANNER, now=NOW)
    told = open_lines.tell_missing(services, NOW)
    assert told == len(cancelled(services)) == 12  # the days of school of this Thursday and of the fourteen after it
    with transaction(services.engine) as session:
        store.set_open(session, plan, "o", is_open=True, by=world.PLANNER, now=NOW)
    assert open_lines.tell_missing(services, NOW) == 0


def out(services: Services) -> Outcome:
    """The lines, made and let out by two persons."""
    made = published(services)["scolaire-lignes"]
    assert made.version is not None
    governance.approve(services, made.version.id, "first", NOW)
    governance.publish(services, made.version.id, "second", NOW)
    return made


def days_of(data: bytes, trip: str) -> set[date]:
    """The days of a trip in a feed."""
    with zipfile.ZipFile(io.BytesIO(data)) as feed:
        trips, days = (
            list(csv.DictReader(io.StringIO(feed.read(f"{name}.txt").decode()))) for name in ("trips", "calendar_dates")
        )
    service = {row["trip_id"]: row["service_id"] for row in trips}[trip]
    return {date.fromisoformat(row["date"]) for row in days if row["service_id"] == service}

"""School circuits from a plan in force to public files: through the gate and two persons; one pupil's stop nowhere."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from mobigo.app import open_lines, schema
from mobigo.app.open_data import judges, offers
from mobigo.infra.config import Config
from mobigo.infra.db import transaction
from mobigo.infra.web import Services
from mobigo.network.service.importing import read_tables_of
from mobigo.network.store import feeds
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
from scolaire.service import plans
from scolaire.store import plans as store
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

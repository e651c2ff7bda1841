"""Along streets: a coach's times in a demand, walks from homes to stops, and the way that a right may rest on where an
act says so. The streets are drawn on a grid of 100 m, so that every length can be counted.
"""

import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click import Command
from click.testing import CliRunner, Result
from pypdf import PdfReader
from sqlalchemy import Engine, select

from mobigo.app.school_roads import SchoolRoads
from mobigo.base.errors import MobigoError
from mobigo.base.geo import Point
from mobigo.infra.config import Config
from mobigo.infra.db import transaction
from mobigo.network.engine.streets.build import build
from mobigo.network.model.live import LiveNetwork
from scolaire.export.plan_json import demand_json
from scolaire.export.sheets import driver_sheet
from scolaire.gateway.plan_json import read_demand, read_plan
from scolaire.gateway.rulefiles import DATA
from scolaire.model.day import DayPlan, Seat
from scolaire.model.demand import MORNING, Demand, DepotSite, Place, Pupil, SchoolSite, StopSite
from scolaire.model.plan import Block, Board, Circuit, Leave, Plan
from scolaire.model.problem import VehicleType
from scolaire.model.rights import Method, Outcome
from scolaire.rules.day import day_faults
from scolaire.rules.driving import by_streets
from scolaire.rules.halves import travel_of
from scolaire.rules.walking import Walk, walks
from scolaire.service import homes, judging, papers
from scolaire.service.registering import register
from scolaire.store import pupils
from scolaire.store.registrations import LegRow
from scolaire.store.schools import get_school
from scolaire.store.stops import StopRow
from tests.school_people_world import ASKED, COLLEGE, CONTACT, HOME, NOW, place
from tests.school_plans_world import plant
from tests.school_world import sector
from tests.streets_drawn import at, drawn

# 1 km east, then 1 km north: 2 km to go, 1 414 m as the crow flies
STREETS = build(drawn([([(0, 0), (10, 0), (10, 10)], {"highway": "tertiary", "maxspeed": "50", "name": "Rue"})]))
HOME_AT, CORNER, SCHOOL_AT = at((0, 0)), at((10, 0)), at((10, 10))
NOWHERE = Point(47.2, 4.3)


class Holder:
    """A network with these streets, or none."""

    def __init__(self, streets: Any = STREETS) -> None:
        self.live = LiveNetwork(None, "hash", streets)  # type: ignore[arg-type]  # no timetable is asked for

    @contextmanager
    def current(self) -> Iterator[LiveNetwork]:
        yield self.live

    today = current


def site(point: Point) -> Place:
    return Place(point.lat, point.lon)


DEMAND = Demand(
    "d", (SchoolSite("e", "Collège", site(SCHOOL_AT), {"matin": (0, 1_000)}),),
    (StopSite("a", "A", site(HOME_AT)), StopSite("b", "B", site(NOWHERE))), (), (VehicleType("car", 50),),
    (DepotSite("d", "Dépôt", site(CORNER)),), (MORNING,),
)  # fmt: skip


def test_a_demand_has_the_times_of_the_streets_and_says_where_there_are_none() -> None:
    made = by_streets(DEMAND, SchoolRoads(Holder()))
    assert (made.streets, made.off_streets) == (STREETS.hash, 1)
    guessed, found = travel_of(DEMAND), travel_of(made)
    # depot, school, stop A, stop B: 40 km/h are 50 of which one drives 80 %, so 90 s a kilometre
    assert found.ms[:3, :3].tolist() == [[0, 90_000, 90_000], [90_000, 0, 180_000], [90_000, 180_000, 0]]
    assert np.array_equal(found.ms[3], guessed.ms[3])
    assert np.array_equal(found.metres, guessed.metres)
    again = read_demand(demand_json(made))
    assert (again.streets, again.off_streets) == (made.streets, 1)
    assert by_streets(made, SchoolRoads(Holder())) is made  # it brings its own times
    assert by_streets(DEMAND, SchoolRoads(Holder(streets=None))) is DEMAND


# 2 km north, one street with a bridge at its end only: the other bank is 200 m away, and 4 km 200 on foot.
RIVER = build(drawn([([(0, 0), (0, 20), (2, 20), (2, 0)], {"highway": "residential"})]))


@pytest.mark.parametrize(
    ("home", "stop", "walk"),
    [
        ((0, 18), (2, 18), Walk("s", 600, Method.ROAD)),  # up, across and down: 200 m each
        ((0, 6), (2, 6), Walk("s", 3_000, Method.ROAD)),  # 1 400 and 200 and 1 400: just within reach
        ((0, 5), (2, 5), None),  # 200 m as the crow flies, 3 200 on foot
        ((0, 5), (6.1, 5), Walk("s", 793, Method.ESTIMATE)),  # 410 m off any street: 610 m × 1.3
        ((-4.1, 5), (0, 5), Walk("s", 533, Method.ESTIMATE)),  # the home is
    ],
)
def test_a_stop_is_as_far_as_the_streets_lead(
    home: tuple[float, float], stop: tuple[float, float], walk: Walk | None
) -> None:
    found = walks(at(home), {"s": at(stop)}, SchoolRoads(Holder(RIVER)))
    assert [each._replace(metres=round(each.metres, -1)) for each in found] == (
        [] if walk is None else [walk._replace(metres=round(walk.metres, -1))]
    )
    assert walks(at(home), {"s": at(stop)}, SchoolRoads(Holder(streets=None))) == walks(at(home), {"s": at(stop)})


def test_walks_follow_the_streets_once_and_again_when_something_is_new(engine: Engine, config: Config) -> None:
    """A home's stops are found along the streets; anew when a stop near it moves, when it moves, when the streets are
    others."""

    def reach(home: str) -> list[tuple[str, int, str]]:
        return [(each.stop, each.metres, each.method) for each in pupils.walks(session, [home]).get(home, [])]

    roads = SchoolRoads(Holder(RIVER))
    with transaction(engine) as session:
        place(session)
        spots = {"across": at((2, 5)), "same": at((0, 8))}
        for name, spot in spots.items():
            session.add(
                StopRow(id=name, name=name, lat=spot.lat, lon=spot.lon, created_at=NOW, updated_at=NOW, state="active")
            )
        session.flush()
        register(session, replace(ASKED, homes=(replace(HOME, at=at((0, 5))),)), CONTACT, config=config, now=NOW)
        home = session.scalars(select(LegRow)).one().home
        assert reach(home) == [("across", 260, "estimate"), ("same", 390, "estimate")]
        assert homes.measure_walks(session, SchoolRoads(Holder(streets=None))) == 0
        assert homes.measure_walks(session, roads) == 1
        assert reach(home) == [("same", 300, "road")]
        assert homes.measure_walks(session, roads) == 0
        stop = session.get_one(StopRow, "across")
        stop.lat, stop.lon = at((2, 19)).lat, at((2, 19)).lon
        assert homes.walks_to(session, stop) == 1
        assert homes.measure_walks(session, roads) == 1
        assert reach(home) == [("same", 300, "road"), ("across", 1_800, "road")]  # 1 500, 200 and 100
        homes.locate(session, home, at((0, 8)), "agent", config, NOW)
        assert homes.measure_walks(session, roads) == 1
        assert reach(home) == [("same", 0, "road"), ("across", 1_500, "road")]
        assert homes.measure_walks(session, SchoolRoads(Holder(STREETS))) == 1  # other streets: the street is gone
        assert {method for _stop, _metres, method in reach(home)} == {"estimate"}


@pytest.mark.parametrize(("margin_pct", "outcome"), [(0, Outcome.ENTITLED), (5, Outcome.PENDING)])
def test_a_right_rests_on_streets_only_where_the_act_says_so(
    engine: Engine, config: Config, margin_pct: int, outcome: Outcome
) -> None:
    """2 000 m are enough in the example's rules; with a margin of 5 % nobody knows, and nothing is refused."""
    roads = SchoolRoads(Holder())
    with transaction(engine) as session:
        place(session)
        school = get_school(session, COLLEGE)
        school.lat, school.lon = SCHOOL_AT.lat, SCHOOL_AT.lon
        session.flush()
        asked = replace(ASKED, homes=(replace(HOME, at=HOME_AT),))
        row = register(session, asked, CONTACT, config=config, now=NOW)
        assert homes.measure_by_streets(session, roads, config, NOW) == 0  # the example says nothing of streets
        text = (DATA / "rules" / "2025-09-01-21-exemple.toml").read_text(encoding="utf-8")
        folder = config.home / "school_rules" / "rules"
        folder.mkdir(parents=True)
        measure = f'\n[measure]\nalong = "streets"\nmargin_pct = {margin_pct}\narticle = "article 3"\n'
        (folder / "rues.toml").write_text(text.replace('"21-exemple"', '"21-rues"') + measure, encoding="utf-8")
        leg = session.scalars(select(LegRow)).one()
        assert homes.measure_by_streets(session, SchoolRoads(Holder(streets=None)), config, NOW) == 0
        assert homes.measure_by_streets(session, roads, config, NOW) == 1
        assert homes.measure_by_streets(session, roads, config, NOW) == 0
        told = leg.measure
        assert told is not None
        assert (told["distance_m"], told["method"], told["margin_pct"]) == (2_000, "road", margin_pct)
        assert leg.path is not None
        assert [47.0, 4.0131865] in leg.path  # the corner is shown
        assert judging.judge(session, row, config).right.outcome is outcome
        homes.measure_by_hand(session, row.id, leg.home, 2_100, "agent", NOW)
        assert homes.measure_by_streets(session, roads, config, NOW) == 0  # an agent answers for theirs


def test_a_driver_reads_the_way_street_by_street() -> None:
    """From stop A 1 km east, then left and 1 km north to the school; no street comes near stop B."""
    visits = (Board("b>e", 1, 27_000_000), Board("a>e", 1, 27_600_000), Leave("e", 28_800_000))
    circuit = Circuit("s1", visits)
    halves = {"matin": Plan((circuit,), (Block("car-1", "car", "d", ("s1",)),))}
    pupils = tuple(Pupil(f"p{stop}", "e", ((stop, 0),), ("matin",), 3_600_000) for stop in "ab")
    plan = DayPlan({"pa": Seat("a"), "pb": Seat("b")}, halves)
    opened: Any = SimpleNamespace(plan=plan, demand=replace(DEMAND, pupils=pupils))
    named = [("Grande Rue", [(0, 0), (10, 0)]), ("rue du Lavoir", [(10, 0), (10, 10)])]
    streets = build(drawn([(line, {"highway": "tertiary", "name": name}) for name, line in named]))
    told = papers.turns_of(opened, "matin", "car-1", SchoolRoads(Holder(streets)))
    (to_a, to_school) = told["s1"]
    assert to_a == []
    assert [step.replace("\u202f", " ").replace("\u00a0", " ") for step in to_school] == [
        "Partez vers l’est : Grande Rue (1,0 km)", "À gauche : rue du Lavoir (1,0 km)",
    ]  # fmt: skip
    assert papers.turns_of(opened, "matin", "car-1", SchoolRoads(Holder(streets=None))) == {}
    assert papers.turns_of(opened, "matin", "car-1", None) == {}
    made = driver_sheet(opened.plan, opened.demand, "matin", "car-1", version="v1", made_at=NOW, turns=told)
    text = re.sub(r"\s+", " ", "".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages))
    assert "A → Collège" in text
    assert "B → A Chemin inconnu de la carte" in text
    without = driver_sheet(opened.plan, opened.demand, "matin", "car-1", version="v1", made_at=NOW)
    assert "Le chemin" not in "".join(page.extract_text() for page in PdfReader(io.BytesIO(without)).pages)


def test_a_plan_is_made_from_the_command_line_with_streets(engine: Engine, config: Config, tmp_path: Path) -> None:
    """The demand of a plan as a file with the streets' times; walks measured; a file without times given them."""
    from scolaire.cli.demands import demand, walks
    from scolaire.cli.plans import optimise

    with transaction(engine) as session:
        planted = plant(session, sector(4, schools=1, stops=4, pupils=8))
    roads: Any = SchoolRoads(Holder())

    def run(command: Command, *given: object, by: Any = roads) -> Result:
        services = SimpleNamespace(engine=engine, config=config, school_roads=by)
        return CliRunner().invoke(command, [*map(str, given), "--json"], obj=lambda: services, standalone_mode=False)

    told = run(demand, planted.plan, "--out", tmp_path / "demand.json")
    assert told.exception is None
    answer = json.loads(told.stdout)
    assert (answer["pupils"], answer["schools"], answer["streets"]) == (8, 1, STREETS.hash)
    assert answer["off_walks"] == 8  # planted as estimates, no home is located
    assert json.loads(run(walks).stdout) == {"homes": 0}
    kept = read_demand((tmp_path / "demand.json").read_bytes())
    assert (kept.streets, kept.off_walks) == (STREETS.hash, 8)
    bare = tmp_path / "bare.json"
    bare.write_bytes(demand_json(replace(kept, travel=None, streets="", off_streets=0)))
    asked = ("--out", tmp_path / "plan.json", "--effort", "quick", "--streets")
    codes = [
        _code(run(optimise, bare, *asked)),
        _code(run(optimise, tmp_path / "demand.json", *asked, "--demand-out", bare)),
        _code(run(optimise, bare, *asked, "--demand-out", bare, by=SchoolRoads(Holder(streets=None)))),
        _code(run(walks, by=SchoolRoads(Holder(streets=None)))),
    ]  # fmt: skip
    assert codes == [
        "scolaire.search_streets_out", "scolaire.search_own_times", "scolaire.no_streets", "scolaire.no_streets",
    ]  # fmt: skip
    out = tmp_path / "asked.json"
    assert run(optimise, bare, *asked, "--demand-out", out).exception is None
    made = read_demand(out.read_bytes())
    assert made.streets == STREETS.hash
    assert day_faults(read_plan((tmp_path / "plan.json").read_bytes()), made) == []


def _code(told: Result) -> str:
    assert isinstance(told.exception, MobigoError), told.exception
    return told.exception.decision.code

"""Along streets: a coach's times in a demand, and the way that a right may rest on where an act says so. The streets
are drawn on a grid of 100 m, so that every length can be counted.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, select

from mobigo.app.school_roads import SchoolRoads
from mobigo.base.geo import Point
from mobigo.infra.config import Config
from mobigo.infra.db import transaction
from mobigo.network.engine.streets.build import build
from mobigo.network.model.live import LiveNetwork
from scolaire.export.plan_json import demand_json
from scolaire.gateway.plan_json import read_demand
from scolaire.gateway.rulefiles import DATA
from scolaire.model.demand import MORNING, Demand, DepotSite, Place, SchoolSite, StopSite
from scolaire.model.problem import VehicleType
from scolaire.model.rights import Outcome
from scolaire.rules.driving import by_streets
from scolaire.rules.halves import travel_of
from scolaire.service import homes, judging
from scolaire.service.registering import register
from scolaire.store.registrations import LegRow
from scolaire.store.schools import get_school
from tests.school_people_world import ASKED, COLLEGE, CONTACT, HOME, NOW, place
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

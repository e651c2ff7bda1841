"""A territory of any size for the load: villages on a grid, lines that cross it, people, journeys already declared.

Times one: 300 villages with a stop each, 30 lines of 12 stops, 1,200 trips a day, 1,000 accounts, 2,000 journeys.
Nothing in it is real; everything is drawn from a seed.
"""

import os
import random
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Engine

from mobigo.infra.web import Services
from tests.builders import Spec, trip, write_zip
from tests.covoit_registry_world import Operator, operator_in

VILLAGES, LINES, STOPS_OF_LINE, TRIPS_OF_LINE = 300, 30, 12, 40
ACCOUNTS, JOURNEYS = 1_000, 2_000
DAYS: Final = 10
WEST, SOUTH, STEP = 2.9, 46.2, 0.03  # degrees: two to three kilometres from a village to the next


@dataclass(frozen=True)
class World:
    """What the clients need to know of it."""

    places: list[tuple[float, float]]
    stops: list[str]
    operator: Operator
    validator: str  # an on-board validator's key
    told: str


def make(services: Services, environ: Mapping[str, str], size: int, seed: int, today: date) -> World:
    """Fill a home and its empty database."""
    engine, home = services.engine, services.config.home
    villages = VILLAGES * size
    width = 60
    places = [(SOUTH + STEP * (i // width), WEST + STEP * (i % width)) for i in range(villages)]
    spec = _feed(size, villages, width, places, random.Random(seed), today)
    zipped = write_zip(spec.files(), home / "load.zip")
    for command in (["gtfs", "import", str(zipped), "--name", "charge"], ["network", "build"]):
        subprocess.run(
            [sys.executable, "-m", "mobigo.app.cli", *command], env={**os.environ, **environ}, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
    operator = operator_in(engine, "Opérateur de la charge")
    _people(engine, ACCOUNTS * size)
    _journeys(services, operator, JOURNEYS * size)
    told = f"{villages:,} villages and stops, {len(spec.trips):,} trips a day, {ACCOUNTS * size:,} accounts, "
    told += f"{JOURNEYS * size:,} journeys declared before"
    return World(places, [f"charge:S{i}" for i in range(villages)], operator, _validator(engine), told)


def _feed(
    size: int, villages: int, width: int, places: list[tuple[float, float]], chance: random.Random, today: date
) -> Spec:
    rows = villages // width or 1
    trips = []
    for line in range(LINES * size):
        at, way = chance.randrange(villages), chance.choice(((1, 0), (0, 1), (1, 1), (1, -1)))
        stops = [at]
        for _ in range(STOPS_OF_LINE - 1):
            x, y = stops[-1] % width, stops[-1] // width
            stops.append(min((y + way[1]) % rows * width + (x + way[0]) % width, villages - 1))
        stops = list(dict.fromkeys(stops))
        for number in range(TRIPS_OF_LINE):
            start, order = 330 + (number // 2) * 50 + chance.randrange(20), stops if number % 2 else stops[::-1]
            calls = " ".join(
                f"S{stop} {(start + 6 * place) // 60}:{(start + 6 * place) % 60:02d}"
                for place, stop in enumerate(order)
            )
            trips.append(trip(f"{line}-{number}", calls, route=f"L{line}"))
    days = [today + timedelta(days=n) for n in range(-1, DAYS)]
    stops_rows = [
        {"stop_id": f"S{i}", "stop_name": f"Village {i}", "stop_lat": f"{lat:.5f}", "stop_lon": f"{lon:.5f}"}
        for i, (lat, lon) in enumerate(places)
    ]
    return Spec(trips, services={"daily": days}, stops=stops_rows)


def _people(engine: Engine, count: int) -> None:
    from mobigo.infra import accounts, clock
    from mobigo.infra.db import transaction

    now = clock.now()
    for start in range(0, count, 1_000):
        with transaction(engine) as session:
            for number in range(start, min(count, start + 1_000)):
                accounts.create(session, now, email=f"personne{number}@exemple.fr", name=f"Personne {number}")


def _journeys(services: Services, operator: Operator, count: int) -> None:
    """Journeys of before, received from a file as an operator sends them."""
    import io

    from covoit.model.registry import Terms
    from covoit.service.ingest import ingest
    from tests.covoit_registry_world import NOW, line, many

    file = services.config.home / "journeys.ndjson"
    with file.open("wb") as written:
        written.writelines(line(document) for document in many(count))
    ingest(services, file, operator.id, errors=io.BytesIO(), rules=Terms(deadline=None), now=NOW)


def _validator(engine: Engine) -> str:
    from mobigo.infra import accounts, apikeys, clock, grants
    from mobigo.infra.db import transaction
    from mobigo.infra.roles import Grant, Identity, Permission, Role

    now = clock.now()
    with transaction(engine) as session:
        subject = accounts.create(session, now, email="valideurs@exemple.fr", name="Valideurs")
        organisation = grants.create_organisation(session, "Transporteur de la charge", now).id
        given = Grant(Role.OPERATOR, organisation)
        grants.give(session, subject, given, now, by=None)
        scopes = [Permission.TICKETS_VALIDATE]
        return apikeys.make(session, Identity(subject, (given,)), "valideurs", scopes, 30, now, organisation)[1]

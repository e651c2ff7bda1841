"""On-demand transport of the demonstration: a service around Saulieu, and who booked it for the coming days.

Stops are the communes' centres, as the demonstration's table of communes has them; the service, its prices and its
people are invented (telephone numbers of the range that the regulator keeps for fiction).
"""

import csv
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Final

from mobigo.app.demo.people import CARRIER, carrier
from mobigo.base.errors import MobigoError
from mobigo.base.instants import paris_day

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from mobigo.infra.config import Config

SEED: Final = 21_584
CODE: Final = "saulieu"
COMMUNES: Final = (
    "21584", "21349", "21505", "21525", "21629", "21441", "21531", "21560", "21139", "21687", "21328", "21445", "21422",
    "21417", "21546", "21124", "21615",
)  # fmt: skip
NAMES: Final = (
    "Mme Aubert", "M. Bailly", "Mme Chevalier", "M. Dufour", "Mme Évrard", "M. Fournier", "Mme Guyot", "M. Humbert",
    "Mme Jacob", "M. Lambert", "Mme Marchal", "M. Nicolle",
)  # fmt: skip


def stops() -> list[dict[str, Any]]:
    """The stops, by name; Saulieu first, which most go to."""
    from mobigo.app.demo import facts

    with (facts.folder() / "territory" / "communes.csv").open(encoding="utf-8") as lines:
        known = {line["code"]: line for line in csv.DictReader(lines)}
    found = [
        {"id": f"tad-{code}", "name": f"{known[code]['name']} (mairie)", "lat": float(known[code]["lat"]),
         "lon": float(known[code]["lon"])}
        for code in COMMUNES
    ]  # fmt: skip
    return [found[0], *sorted(found[1:], key=lambda each: str(each["name"]))]


def around(place: dict[str, Any]) -> list[list[float]]:
    """A zone of some two kilometres each way."""
    lat, lon = place["lat"], place["lon"]
    corners = ((-0.02, -0.02), (-0.02, 0.03), (0.01, 0.035), (0.02, 0.01), (0.015, -0.03))
    return [[round(lat + up, 6), round(lon + along, 6)] for up, along in corners]


def document(first_day: str) -> dict[str, Any]:
    """The service, as an administrator would enter it."""
    places = stops()
    base = {"lat": places[0]["lat"], "lon": places[0]["lon"]}
    return {
        "code": CODE,
        "name": "TAD du pays de Saulieu",
        "operator": CARRIER,
        "phone": "03 39 98 00 21",
        "phone_hours": "du lundi au vendredi, de 8 h à 18 h",
        "first_day": first_day,
        "stops": places,
        "zones": [{"id": "saulieu-bourg", "name": "Saulieu, le bourg", "ring": around(places[0])}],
        "windows": [
            {"weekdays": [0, 1, 2, 3, 4], "since": "08:00", "until": "18:00"},
            {"weekdays": [5], "since": "08:00", "until": "13:00"},
        ],
        "vehicles": [
            {"id": "minibus-1", "name": "Minibus 1", "seats": 8, "wheelchairs": 1, **base},
            {"id": "minibus-2", "name": "Minibus 2", "seats": 6, "wheelchairs": 0, **base},
        ],
        "booking": {"kind": "days", "days": 1, "at": "17:00", "ahead_days": 30},
        "promise": {"wait_min": 20, "detour_pct": 50, "detour_min": 15, "board_s": 60},
        "fares": [
            {"rider": "adulte", "cents": 300},
            {"rider": "jeune", "cents": 150},
            {"rider": "solidaire", "cents": 150},
        ],
        "no_shows": 3,
        "no_show_days": 90,
        "source": "Délibération de démonstration, sans valeur",
    }


def prepare(engine: "Engine", config: "Config", now: datetime) -> bool:
    """Make the service and its coming bookings, unless they were made; whether they were made now."""
    from mobigo.infra.db import reading, transaction
    from mobigo.infra.web import Services
    from mobigo.tad.model.bookings import Asked, Channel, Contact, Side
    from mobigo.tad.service import booking, services
    from mobigo.tad.store.services import history

    with reading(engine) as session:
        if history(session, CODE):
            return False
    random = Random(SEED)  # noqa: S311 - a story, not a secret
    today = paris_day(now)
    shared = Services(config)
    with transaction(engine) as session:
        version = services.publish(
            session, document(today.isoformat()), organisation=carrier(session), by=None, now=now
        )
        places = version.service.stops
        for ahead in range(8):
            day = today + timedelta(days=ahead)
            for number, name in enumerate(random.sample(NAMES, 6)):
                village = random.choice(places[1:])
                there = number % 3 != 2
                asked = Asked(
                    village if there else places[0], places[0] if there else village, day,
                    (random.choice((8, 9, 9, 10)) if there else random.choice((11, 12))) * 3600 + 900 * (number % 4),
                    (random.choice(("adulte", "adulte", "jeune")),) * random.choice((1, 1, 2)),
                )  # fmt: skip
                contact = Contact(name, f"+3363998{random.randrange(10_000):04d}")
                try:
                    with session.begin_nested():
                        made = booking.hold(session, None, version, asked, contact, channel=Channel.PHONE, now=now)
                        booking.confirm(session, shared, made.id, Side.AGENT, now)
                except MobigoError:  # no service that day, past, or no room: the story goes without
                    continue
    shared.engine.dispose()
    return True

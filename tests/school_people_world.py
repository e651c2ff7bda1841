"""A small school transport for tests: two schools, three stops, a family, an agent. Everything can be checked by hand.

Saulieu (21584) has a collège and a lycée side by side; the family lives in Liernais (21349), a parallel of 0.09° south:
10 007 m as the crow flies, 13 010 m by the factor 1.3.
"""

from dataclasses import replace
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from mobigo.base.geo import Point
from mobigo.infra import accounts
from mobigo.infra.clock import new_id
from scolaire.model.asked import Asked, AskedHome, Contact
from scolaire.model.people import HomeKind, Regime, Weeks
from scolaire.model.schools import Level
from scolaire.service.deciding import Signatory
from scolaire.store.schools import BellRow, DaysRow, SchoolRow, SectorRow
from scolaire.store.stops import StopRow

NOW = datetime(2026, 6, 15, 8, 0, tzinfo=UTC)
COLLEGE, LYCEE = "0210054V", "0211033J"
SAULIEU, LIERNAIS = "21584", "21349"
SCHOOL_AT = Point(47.28, 4.23)
HOME_AT = Point(47.19, 4.23)  # 0.09° of latitude: 10 007.5 m
AGENT = Signatory("agent", "Sylvie Gestionnaire", "gestionnaire des transports scolaires")
OTHER_AGENT = Signatory("another", "Olive Relecture", "cheffe du service")
HOME = AskedHome(HomeKind.MAIN, "3 rue du Four", "21430", LIERNAIS, at=HOME_AT)
ASKED = Asked(
    2026, "Léa", "Martin", date(2015, 6, 15), COLLEGE, Level.SIXIEME, Regime.HALF_BOARD, (HOME,)
)  # fmt: skip
CONTACT = Contact("Anne", "Martin", "anne@example.org", "06 39 98 00 01")


def place(session: Session) -> dict[str, str]:
    """Schools, bells, sector, stops and holidays; the ids of the stops by name."""
    for uai, name, stages in ((COLLEGE, "Collège François Pompon", "college"), (LYCEE, "Lycée du Morvan", "lycee")):
        session.add(
            SchoolRow(
                uai=uai, name=name, stages=stages, standing="public", commune=SAULIEU, lat=SCHOOL_AT.lat,
                lon=SCHOOL_AT.lon, updated_at=NOW,
            )
        )  # fmt: skip
    session.flush()
    for weekday in range(5):
        for way, at_s in (("in", 8 * 3600), ("out", (12 if weekday == 2 else 17) * 3600)):
            session.add(
                BellRow(id=new_id(NOW), uai=COLLEGE, weekday=weekday, way=way, at_s=at_s, first_day=date(2025, 9, 1))
            )
    session.add(
        SectorRow(id=new_id(NOW), uai=COLLEGE, commune=LIERNAIS, stage="college", first_day=date(2020, 9, 1))
    )  # fmt: skip
    session.add(
        DaysRow(
            id=new_id(NOW), zone="A", open=False, first_day=date(2026, 10, 17), last_day=date(2026, 11, 1),
            words="Vacances de la Toussaint", entered_by="agent", entered_at=NOW,
        )
    )  # fmt: skip
    stops = {}
    for name, lat, state in (
        ("Liernais Mairie", 47.191, "active"), ("Le Pré", 47.20, "suspended"), ("Loin", 47.4, "active"),
    ):  # fmt: skip
        stop = StopRow(
            id=new_id(NOW), name=name, commune=LIERNAIS, lat=lat, lon=4.23, state=state, created_at=NOW, updated_at=NOW
        )
        session.add(stop)
        stops[name] = stop.id
    session.flush()
    return stops


def account(session: Session, name: str) -> str:
    """An account; its subject."""
    return accounts.create(session, NOW, email=f"{name}@example.org", name=name.title(), password_hash=None)


def two_homes(asked: Asked = ASKED) -> Asked:
    """The same pupil, every other week in Saulieu itself, 556 m from school as the crow flies."""
    second = AskedHome(HomeKind.SECOND, "1 place Monge", "21210", SAULIEU, weeks=Weeks.ODD, at=Point(47.275, 4.23))
    return replace(asked, homes=(replace(HOME, weeks=Weeks.EVEN), second))

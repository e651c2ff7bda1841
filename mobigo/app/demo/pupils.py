"""School transport around Saulieu: three invented schools, a stop in each commune near by, the holidays of the zone,
and pupils who do not exist, registered, examined and decided through the same services as anybody's."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from mobigo.base.geo import Point, distance_m
from mobigo.base.instants import paris_day

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from mobigo.app.demo.facts import Commune, Facts
    from mobigo.infra.config import Config
    from scolaire.model.asked import Asked
    from scolaire.service.deciding import Signatory

SAULIEU: Final = "21584"
REACH_M: Final = 16_000
SOURCE: Final = "démonstration"
# (UAI number without its letter, name, stages, begins, ends, ends on Wednesday): seven figures that no school has.
SCHOOLS: Final = (
    ("0219901", "École de Saulieu (démonstration)", "elementaire maternelle", "08:45", "16:15", "11:45"),
    ("0219902", "Collège de Saulieu (démonstration)", "college", "08:10", "16:30", "12:10"),
    ("0219903", "Lycée de Saulieu (démonstration)", "lycee", "08:00", "17:30", "12:00"),
)
FIRST_NAMES: Final = ("Adèle", "Basile", "Chloé", "Diego", "Elsa", "Faustin", "Gaëlle", "Hector", "Iris", "Jules")
LAST_NAMES: Final = ("Aubry", "Boulanger", "Chevrier", "Dumoulin", "Fontaine", "Garnier", "Lavigne", "Meunier")
LEVELS: Final = (("6e", 11), ("5e", 12), ("4e", 13), ("3e", 14), ("2de", 15), ("1re", 16), ("term", 17), ("cm1", 9))
COUNT: Final = 48


def prepare(engine: "Engine", config: "Config", now: datetime, subjects: Mapping[str, str]) -> int:
    """The pupils of the demonstration, unless some are there; how many were registered."""
    from mobigo.app.demo import facts
    from mobigo.infra.db import reading, transaction
    from scolaire.gateway.rulefiles import years_open
    from scolaire.store.pupils import PupilRow

    with reading(engine) as session:
        if session.scalar(select(func.count()).select_from(PupilRow)):
            return 0
    years = years_open(paris_day(now), config.home, production=config.production)
    if not years:
        return 0
    known = facts.load()
    near = _near(known)
    with transaction(engine) as session:
        _place(session, known, near, min(years), now)
        return _register(session, config, near, min(years), subjects, now)


def _near(known: "Facts") -> "list[Commune]":
    """The communes around Saulieu, nearest first; Saulieu itself begins."""
    centre = next(each for each in known.communes if each.code == SAULIEU).point
    found = [each for each in known.communes if distance_m(each.point, centre) <= REACH_M]
    return sorted(found, key=lambda each: distance_m(each.point, centre))


def _place(session: "Session", known: "Facts", near: "Sequence[Commune]", year: int, now: datetime) -> None:
    """Schools with their bells and sectors, stops with their safety, the days without school; who answers for what."""
    from mobigo.infra import grants
    from mobigo.infra.clock import new_id
    from scolaire.store.schools import AreaRow, BellRow, DaysRow, SchoolRow, SectorRow
    from scolaire.store.stops import StopRow

    owners = {each.name: each.id for each in grants.list_organisations(session)}
    first_day = date(year, 9, 1)
    for number, name, stages, begins, ends, noon in SCHOOLS:
        uai = uai_of(number)
        session.add(
            SchoolRow(
                uai=uai, name=name, stages=stages, standing="public", commune=SAULIEU, lat=near[0].point.lat,
                lon=near[0].point.lon, organisation=owners.get(name), source=SOURCE, updated_at=now,
            )
        )  # fmt: skip
        session.flush()
        for weekday in range(5):
            for way, clock in (("in", begins), ("out", noon if weekday == 2 else ends)):
                hours, minutes = clock.split(":")
                at_s = int(hours) * 3600 + int(minutes) * 60
                session.add(BellRow(id=new_id(now), uai=uai, weekday=weekday, way=way, at_s=at_s, first_day=first_day))
        for stage in stages.split():
            for commune in near:
                session.add(
                    SectorRow(id=new_id(now), uai=uai, commune=commune.code, stage=stage, first_day=first_day,
                              source=SOURCE)
                )  # fmt: skip
    for commune in near[1:]:
        session.add(
            StopRow(
                id=new_id(now), name=f"{commune.name}, mairie", commune=commune.code, lat=commune.point.lat,
                lon=commune.point.lon, state="active", side="right", crossing="none", reversing=False,
                reviewed_on=paris_day(now), source=SOURCE, created_at=now, updated_at=now,
            )
        )  # fmt: skip
    mairie = owners.get("Mairie de Saulieu (démonstration)")
    if mairie is not None:
        for commune in near[:6]:  # it answers for its neighbours too, as second-tier authorities do
            session.add(AreaRow(organisation=mairie, commune=commune.code, first_day=first_day))
    for period in known.school_holidays:
        if period.last_day is not None:
            session.add(
                DaysRow(
                    id=new_id(now), zone="A", open=False, first_day=period.first_day, last_day=period.last_day,
                    words="Vacances scolaires", source="calendrier de la zone A", entered_by="demo", entered_at=now,
                )
            )  # fmt: skip
    session.flush()


def _register(
    session: "Session", config: "Config", near: "Sequence[Commune]", year: int, subjects: Mapping[str, str],
    now: datetime,
) -> int:  # fmt: skip
    """Pupils of the communes around; the first two are the family's of the story. Most are decided, some wait."""
    from scolaire.model.asked import Contact
    from scolaire.model.rights import Outcome
    from scolaire.service import deciding
    from scolaire.service.judging import judge
    from scolaire.service.registering import register

    signs = _signs(subjects)
    made = 0
    for at in range(COUNT):
        asked = _pupil(near, year, at)
        own = at < 2
        last_name = asked.last_name if not own else "Famille"
        contact = Contact("Fanny" if own else "Camille", last_name, f"famille{0 if own else at}@demo.example.org")
        received = now - timedelta(days=20, minutes=-at)
        row = register(
            session, replace(asked, last_name=last_name), contact, config=config, now=received,
            subject=subjects.get("family") if own else None,
        )  # fmt: skip
        made += 1
        if at % 6 == 5:
            continue  # waits on the desk
        right = judge(session, row, config).right.outcome
        if right is Outcome.PENDING:
            continue
        deciding.decide(session, row.id, right, by=signs, words="", config=config, now=received + timedelta(days=3))
    return made


def _pupil(near: "Sequence[Commune]", year: int, at: int) -> "Asked":
    """An invented pupil, somewhere around the centre of a commune: the same each time."""
    from scolaire.model.asked import Asked, AskedHome
    from scolaire.model.people import HomeKind, Regime
    from scolaire.model.schools import Level, Stage

    commune = near[1 + at * 7 % (len(near) - 1)]
    level, age = LEVELS[at % len(LEVELS)]
    stage = Level(level).stage
    school = next(uai_of(each[0]) for each in SCHOOLS if stage in [Stage(word) for word in each[2].split()])
    place = Point(commune.point.lat + (at % 5 - 2) * 0.002, commune.point.lon + (at % 7 - 3) * 0.002)
    home = AskedHome(HomeKind.MAIN, f"{at + 1} rue de la Démonstration", "21210", commune.code, at=place)
    return Asked(
        year, FIRST_NAMES[at % len(FIRST_NAMES)], LAST_NAMES[at % len(LAST_NAMES)],
        date(year - age, 1 + at % 12, 1 + at % 28), school, Level(level), Regime.HALF_BOARD, (home,),
    )  # fmt: skip


def _signs(subjects: Mapping[str, str]) -> "Signatory":
    from scolaire.service.deciding import Signatory

    return Signatory(
        subjects.get("school_manager", "demo"), "Sylvie Gestionnaire", "gestionnaire des transports scolaires"
    )


def uai_of(number: str) -> str:
    """A national school number with the letter that checks it."""
    from scolaire.rules.asking import is_uai

    return next(number + letter for letter in "ABCDEFGHJKLMNPRSTUVWXYZ" if is_uai(number + letter))

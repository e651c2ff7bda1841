"""Carpool in the demonstration, until today: the people of each line, three months and a half of journeys, the waits at
stops and two rides home that the guarantee paid."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import TYPE_CHECKING, Final

from mobigo.base.instants import PARIS, paris_day
from mobigo.base.money import Money
from mobigo.base.periods import Period

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from covoit.model.journeys import Journey, ProofClass
    from covoit.model.lines import Line, LineStop

STORY: Final = "saulieu-chatillon"
MONTHS_BACK: Final = 3
FIRST_NAMES: Final = (
    "Adèle", "Bruno", "Claire", "Damien", "Élise", "Farid", "Gaëlle", "Hugo", "Inès", "Jules", "Karim", "Léa", "Mathis",
    "Nadia", "Olivier", "Pauline", "Quentin", "Rosa", "Samuel", "Théa", "Ugo", "Valérie", "William", "Yasmine", "Zoé",
)  # fmt: skip
LAST_NAMES: Final = (
    "Aubert", "Bailly", "Chevalier", "Dufour", "Évrard", "Fournier", "Guyot", "Humbert", "Jacob", "Lambert", "Marchal",
    "Nicolle", "Oudot", "Perrin", "Renard", "Simonot", "Thomas", "Vautrin",
)  # fmt: skip
# Share of the trips of each line; the story's line is the busiest.
BUSY: Final[Mapping[str, int]] = {
    "saulieu-chatillon": 9, "sens-auxerre": 7, "ancy-dijon": 4, "epoisses-les-laumes": 5, "besancon-fuans": 6,
    "baume-avoudrey": 5,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Crew:
    """The people of a line: its drivers and its passengers, by person id."""

    line: "Line"
    drivers: tuple[str, ...]
    passengers: tuple[str, ...]
    swapping: tuple[str, str] | None = None  # two people of the story's line who change seats within the day


def people(session: "Session", random: Random, subjects: Mapping[str, str], now: datetime) -> list[Crew]:
    """Drivers who declared all they must, passengers of age; Conrad and Violette are of the story's line."""
    from covoit.rules.bookings import TERMS
    from covoit.rules.identity import identity_key, truncated
    from covoit.service import lines, offers
    from covoit.store.people import person_of

    number = 0

    def somebody(subject: str | None = None, name: tuple[str, str] | None = None) -> str:
        nonlocal number
        number += 1
        first, last = name or (random.choice(FIRST_NAMES), random.choice(LAST_NAMES))
        phone = f"+336399{80_000 + number:05d}"  # 06 39 98 00 00 and on: kept for fiction
        return person_of(
            session, identity_key(phone, last), subject=subject, phone=phone, verified=True,
            phone_trunc=truncated(phone), first_name=first, last_name=last, over_18=True, now=now,
        )  # fmt: skip

    crews = []
    for line in lines.current_lines(paris_day(now)):
        story = line.code == STORY
        known_driver = [somebody(subjects["driver"], ("Conrad", "Conducteur"))] if story else []
        known_rider = [somebody(subjects["traveller"], ("Violette", "Voyageuse"))] if story else []
        drivers = known_driver + [somebody() for _ in range(3 + BUSY.get(line.code, 4) // 3)]
        riders = known_rider + [somebody() for _ in range(6 + BUSY.get(line.code, 4))]
        for person in drivers:
            offers.declare(
                session, person, adult=True, licence=True, insurance=True, terms=TERMS,
                alias=random.choice(FIRST_NAMES) if person not in known_driver else "Conrad",
                car=random.choice(("Clio grise", "Zoé bleue", "208 blanche", "Kangoo verte")), now=now,
            )  # fmt: skip
        swapping = (somebody(name=("Maud", "Miroir")), somebody(name=("Rémi", "Reflet"))) if story else None
        crews.append(Crew(line, tuple(drivers), tuple(riders), swapping))
    return crews


# ---------------------------------------------------------------- journeys


def history(session: "Session", random: Random, crews: list[Crew], now: datetime) -> None:
    """The journeys of the last months, until the day before yesterday: final, ready to be priced."""
    from covoit.store import journeys as store

    today = paris_day(now)
    first_day = today.replace(day=1)
    for _ in range(MONTHS_BACK):
        first_day = (first_day - timedelta(days=1)).replace(day=1)
    made = [
        journey
        for day in Period(first_day, today - timedelta(days=2)).days()
        for crew in crews
        for journey in _journeys_of(random, crew, day)
    ]
    made += [journey for crew in crews if crew.swapping for journey in _swapping(random, crew, crew.swapping, today)]
    made = _withstory_of(made, crews, today - timedelta(days=2))
    rows = [store.row_of(journey, digest=store.facts_digest(journey)) for journey in made]
    for start in range(0, len(rows), 500):
        store.insert_many(session, rows[start : start + 500], [])


def _journeys_of(random: Random, crew: Crew, day: date) -> "Iterator[Journey]":
    """A working day: most drivers make both ways, with one to three passengers who come or do not."""
    if day.weekday() > 4:
        return
    free = {direction: list(crew.passengers) for direction in (0, 1)}  # nobody is in two cars at a time
    for driver in crew.drivers:
        if random.random() > 0.08 + 0.05 * BUSY.get(crew.line.code, 4):
            continue
        for direction in (0, 1):
            hours = [each for each in crew.line.hours if each.direction == direction and day.weekday() in each.weekdays]
            if not hours or random.random() < 0.15:
                continue
            window = hours[0] if direction == 0 else hours[-1]
            minutes = random.randrange(5, minutes_of(window.until) - minutes_of(window.since) - 10)
            leaves = datetime.combine(day, window.since, PARIS).astimezone(UTC) + timedelta(minutes=minutes)
            riders = random.sample(free[direction], min(random.choice((1, 1, 1, 2, 2, 3)), len(free[direction])))
            free[direction] = [each for each in free[direction] if each not in riders]
            yield from _car(random, crew, driver, riders, direction, leaves)


def _swapping(random: Random, crew: Crew, pair: tuple[str, str], today: date) -> "Iterator[Journey]":
    """Two people who change seats within the day, on four days of last month: what a fraud check looks for."""
    first_day = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    days = [day for day in Period(first_day, today.replace(day=1) - timedelta(days=1)).days() if day.weekday() < 5]
    for day in days[2:15:4]:
        for direction, (driver, rider) in ((0, pair), (1, pair[::-1])):
            hours = [each for each in crew.line.hours if each.direction == direction and day.weekday() in each.weekdays]
            window = hours[0] if direction == 0 else hours[-1]
            leaves = datetime.combine(day, window.since, PARIS).astimezone(UTC) + timedelta(minutes=17)
            yield from _car(random, crew, driver, [rider], direction, leaves, whole=True)


def _car(
    random: Random, crew: Crew, driver: str, riders: Sequence[str], direction: int, leaves: datetime, *,
    whole: bool = False,
) -> "Iterator[Journey]":  # fmt: skip
    from covoit.model.journeys import ProofClass
    from covoit.rules import lines as rules

    stops = rules.stops_in(crew.line, direction)
    for number, rider in enumerate(riders):
        start = 0 if whole or random.random() < 0.6 else random.randrange(len(stops) - 1)
        end = len(stops) - 1 if whole or random.random() < 0.6 else random.randrange(start + 1, len(stops))
        leg = rules.leg_between(crew.line, stops[start].id, stops[end].id)
        if leg.to_m - leg.from_m < 2_000:
            continue
        after = timedelta(minutes=random.randrange(1, 50))
        proof = ProofClass.C if random.random() < 0.9 else ProofClass.B
        yield _journey(crew, (driver, rider), number, (stops[start], stops[end]), leaves, after, proof)


def _journey(
    crew: Crew, people: tuple[str, str], number: int, ends: "tuple[LineStop, LineStop]", leaves: datetime,
    after: timedelta, proof: "ProofClass",
) -> "Journey":  # fmt: skip
    """One passenger of a car that left at `leaves`, received so long `after` they got off."""
    from covoit.model.journeys import Journey, JourneyState
    from covoit.rules import lines as rules
    from mobigo.infra.clock import new_id

    driver, rider = people
    leg = rules.leg_between(crew.line, ends[0].id, ends[1].id)
    trip = f"demo-{crew.line.code}-{leg.direction}-{leaves:%Y%m%d%H%M}-{driver[-6:]}"
    boards = leaves + timedelta(seconds=rules.ride_s(crew.line, leg.from_m) if leg.from_m else 0)
    gets_off = boards + timedelta(seconds=rules.ride_s(crew.line, leg.to_m - leg.from_m))
    received = gets_off + after
    return Journey(
        id=new_id(received), operator="mobigo", operator_journey_id=f"{trip}-{number}", operator_trip_id=trip,
        proof_class=proof, driver=driver, passenger=rider, seats=1, started_at=boards, ended_at=gets_off,
        distance_m=leg.to_m - leg.from_m, received_at=received, state=JourneyState.OK, leg=leg,
        start_insee=ends[0].insee, end_insee=ends[1].insee,
    )  # fmt: skip


def _withstory_of(made: "list[Journey]", crews: list[Crew], last_day: date) -> "list[Journey]":
    """The driver of the story has, as his latest trip, the whole line with one passenger: 80 km, 9,00 €."""
    from covoit.model.journeys import ProofClass

    crew = story_of(crews)
    driver, rider = crew.drivers[0], crew.passengers[0]
    leaves = _working_day_at(last_day, time(17, 30))
    kept = [each for each in made if each.driver != driver or each.started_at < leaves - timedelta(hours=14)]
    ends, after = (crew.line.stops[0], crew.line.stops[-1]), timedelta(minutes=2)
    return [*kept, _journey(crew, (driver, rider), 0, ends, leaves, after, ProofClass.C)]


def story_of(crews: list[Crew]) -> Crew:
    """The crew of the story's line."""
    return next(each for each in crews if each.line.code == STORY)


def minutes_of(at: time) -> int:
    """Minutes since midnight."""
    return at.hour * 60 + at.minute


# ---------------------------------------------------------------- waits and the guarantee


def waits(session: "Session", random: Random, crews: list[Crew], now: datetime) -> None:
    """Ninety days of waits, most of them short, a few that nobody ended; two were taken home by taxi."""
    from covoit.model.lines import Help
    from covoit.rules import lines as rules
    from covoit.service import guarantee
    from covoit.store import lines as store

    today = paris_day(now)
    for crew in crews:
        for back in range(2, 60):
            day = today - timedelta(days=back)
            for hours in crew.line.hours:
                if day.weekday() not in hours.weekdays or random.random() > 0.03 * BUSY.get(crew.line.code, 4):
                    continue
                stops = rules.stops_in(crew.line, hours.direction)
                minute = random.randrange(minutes_of(hours.until) - minutes_of(hours.since))
                since = datetime.combine(day, hours.since, PARIS).astimezone(UTC) + timedelta(minutes=minute)
                row = store.add_waiting(
                    session, line=crew.line.code, direction=hours.direction, stop=stops[0].id, to_stop=stops[-1].id,
                    passenger=None, seats=1, now=since,
                )  # fmt: skip
                waited = min(random.expovariate(1 / 8), 35.0)
                outcome = store.BOARDED if waited < 30 else store.LEFT
                store.end_waiting(session, row.id, outcome, since + timedelta(minutes=waited))
    crew = story_of(crews)
    for back, cost in ((9, Money(74_00)), (40, Money(68_50))):
        since = _working_day_at(today - timedelta(days=back), time(17, 5))
        row = store.add_waiting(
            session, line=crew.line.code, direction=1, stop=crew.line.stops[-1].id, to_stop=crew.line.stops[0].id,
            passenger=random.choice(crew.passengers[1:]), seats=1, now=since,
        )  # fmt: skip
        asked_at = since + timedelta(minutes=25)
        case = guarantee.ask(session, row.id, row.passenger, Help.TAXI, asked_at)
        guarantee.order(session, case.id, agent="demo", reference=f"TAXI-{back}", now=asked_at + timedelta(minutes=5))
        guarantee.settle(session, case.id, agent="demo", cost=cost, now=asked_at + timedelta(days=3))


def _working_day_at(day: date, at: time) -> datetime:
    while day.weekday() > 4:
        day -= timedelta(days=1)
    return datetime.combine(day, at, PARIS).astimezone(UTC)

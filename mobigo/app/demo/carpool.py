"""The carpool side of the demonstration: three months and a half of journeys on the six lines, proven, priced, closed;
drivers of the coming days; waits; two cases of the guaranteed way home; payment requests at each of their stages.

Drawn from a seed and the day, so that a second demonstration of the same day tells the same story. Names and numbers
are invented (numbers of the ranges that the regulator keeps for fiction); places are the lines' own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

from mobigo.base.instants import PARIS, paris_day
from mobigo.base.money import Money
from mobigo.base.periods import Period
from mobigo.infra.roles import Grant, Identity, Role

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from covoit.model.journeys import Journey, ProofClass
    from covoit.model.lines import Line, LineStop

SEED: Final = 21_154
STORY: Final = "saulieu-chatillon"
MONTHS_BACK: Final = 3
BUDGET: Final = Money(60_000_00)
PAYER_ACCOUNT: Final = 99_999_999_999
HOLDER: Final = "Titulaire de démonstration"
ACT_FILE: Final = "acte-de-demonstration.toml"
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


def prepare(engine: "Engine", home: Path, now: datetime, subjects: Mapping[str, str]) -> bool:
    """Make it all, unless it was made; whether it was made now. `subjects`: role → account of the demonstration."""
    from covoit.store import awards as award_store
    from mobigo.infra.db import reading, transaction

    write_act(home, now)
    write_payer(home)
    with reading(engine) as session:
        if award_store.last_closed(session) is not None:
            return False
    random = Random(f"{SEED} {paris_day(now)}")  # noqa: S311 - a story, not a secret
    with transaction(engine) as session:
        crews = people(session, random, subjects, now)
        history(session, random, crews, now)
        waits(session, random, crews, now)
    pay(engine, home, crews, subjects, now)
    with transaction(engine) as session:
        coming(session, random, crews, now)
        complaints(session, crews, now)
    suspicions(engine, now)
    return True


def write_act(home: Path, now: datetime) -> None:
    """The act of the demonstration: without one, nothing is ever paid. It decides the shipped scale's very text."""
    from covoit.gateway.scales import scale_in_force

    scale = scale_in_force(paris_day(now))
    path = home / "scales" / ACT_FILE
    text = (
        "# Written by the demonstration. A real act is the assembly's, and names the text it decides by its hash.\n"
        f'[act]\nscale = "{scale.code}"\nhash = "{scale.hash}"\nnumber = "DEMO-2026-1"\ndate = 2026-01-01\n'
        'document = "Délibération de démonstration, sans valeur"\n'
    )
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def write_payer(home: Path) -> None:
    """Who pays in the demonstration: a mandatary whose account belongs to nobody. One that is there is left alone."""
    path = home / "payer.toml"
    if not path.exists():
        path.write_text(
            '# Written by the demonstration.\nway = "mandatary"\nname = "Région de démonstration"\n'
            f'iban = "{iban(PAYER_ACCOUNT)}"\nbic = "PSSTFRPP"\n',
            encoding="utf-8",
        )


# ---------------------------------------------------------------- people


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
        for journey in _journeys_of(random, crew, day, now)
    ]
    made += [journey for crew in crews if crew.swapping for journey in _swapping(random, crew, crew.swapping, today)]
    made = _with_story(made, crews, today - timedelta(days=2))
    rows = [store.row_of(journey, digest=store.facts_digest(journey)) for journey in made]
    for start in range(0, len(rows), 500):
        store.insert_many(session, rows[start : start + 500], [])


def _journeys_of(random: Random, crew: Crew, day: date, now: datetime) -> "Iterator[Journey]":
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
            minutes = random.randrange(5, _minutes(window.until) - _minutes(window.since) - 10)
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


def _with_story(made: "list[Journey]", crews: list[Crew], last_day: date) -> "list[Journey]":
    """The driver of the story has, as his latest trip, the whole line with one passenger: 80 km, 9,00 €."""
    from covoit.model.journeys import ProofClass

    crew = _story(crews)
    driver, rider = crew.drivers[0], crew.passengers[0]
    leaves = _working_day_at(last_day, time(17, 30))
    kept = [each for each in made if each.driver != driver or each.started_at < leaves - timedelta(hours=14)]
    ends, after = (crew.line.stops[0], crew.line.stops[-1]), timedelta(minutes=2)
    return [*kept, _journey(crew, (driver, rider), 0, ends, leaves, after, ProofClass.C)]


def _story(crews: list[Crew]) -> Crew:
    """The crew of the story's line."""
    return next(each for each in crews if each.line.code == STORY)


def _minutes(at: time) -> int:
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
                minute = random.randrange(_minutes(hours.until) - _minutes(hours.since))
                since = datetime.combine(day, hours.since, PARIS).astimezone(UTC) + timedelta(minutes=minute)
                row = store.add_waiting(
                    session, line=crew.line.code, direction=hours.direction, stop=stops[0].id, to_stop=stops[-1].id,
                    passenger=None, seats=1, now=since,
                )  # fmt: skip
                waited = min(random.expovariate(1 / 8), 35.0)
                outcome = store.BOARDED if waited < 30 else store.LEFT
                store.end_waiting(session, row.id, outcome, since + timedelta(minutes=waited))
    crew = _story(crews)
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


# ---------------------------------------------------------------- money


def pay(engine: "Engine", home: Path, crews: list[Crew], subjects: Mapping[str, str], now: datetime) -> None:
    """Everything is priced; past months are closed; requests of two months ago are paid, those of last month wait."""
    from covoit.gateway.scales import scale_in_force
    from covoit.service import awards, claims, closing, payments, returns
    from mobigo.infra.blobs import Blobs
    from mobigo.infra.db import transaction

    month = paris_day(now).replace(day=1)
    months: list[str] = []
    for _ in range(MONTHS_BACK):
        month = (month - timedelta(days=1)).replace(day=1)
        months.insert(0, f"{month:%Y-%m}")
    ordering = identity(subjects, Role.ORDONNATEUR)
    with transaction(engine) as session:
        awards.fund(
            session, scale_in_force(paris_day(now), home).code, BUDGET, act="DEMO-2026-1", by=ordering.subject,
            key="demonstration", home=home, now=now,
        )  # fmt: skip
    awards.award_ready(engine, now, home=home)
    drivers = [driver for crew in crews for driver in crew.drivers]
    conrad = _story(crews).drivers[0]  # paid for his first months, and may ask for the last one
    desk = identity(subjects, Role.COUNTER_AGENT)
    with transaction(engine) as session:
        for number, driver in enumerate(drivers):
            if driver == conrad or number % 4 != 3:  # a few have not given an account yet
                claims.confirm_iban_at_counter(session, driver, iban(number), HOLDER, by=desk, now=now)
    for position, each in enumerate(months):
        closing.close_month(engine, each, now, home=home, early=True)
        if position != len(months) - 2:
            continue
        _claim(engine, [conrad, *drivers[::2]], now)
        batch = payments.prepare(engine, each, by=identity(subjects, Role.CARPOOL_MANAGER), home=home, now=now)
        payments.check(engine, batch.batch, by=identity(subjects, Role.FINANCE_AGENT), now=now)
        payments.order(engine, batch.batch, by=ordering, now=now)
        payments.accept(engine, batch.batch, by=identity(subjects, Role.COMPTABLE_PUBLIC), now=now)
        accountant = identity(subjects, Role.COMPTABLE_PUBLIC)
        payments.send(engine, Blobs(home / "blobs"), batch.batch, by=accountant, home=home, now=now)
        returns.confirm_batch(engine, batch.batch, by=accountant, now=now)
    _claim(engine, [driver for driver in drivers[1::2] if driver != conrad], now)


def _claim(engine: "Engine", drivers: list[str], now: datetime) -> None:
    from covoit.service import claims
    from mobigo.infra.db import transaction

    with transaction(engine) as session:
        for driver in drivers:
            if claims.refusal_of_claim(session, driver, now) is None:
                claims.claim(session, driver, now=now)


def identity(subjects: Mapping[str, str], role: Role) -> Identity:
    """The person of the demonstration who has this role."""
    return Identity(subjects[role], (Grant(role),))


def iban(number: int) -> str:
    """A French account number that has the right keys and belongs to nobody."""
    from schwifty import IBAN

    return str(IBAN.generate("FR", bank_code="20041", branch_code="01005", account_code=f"{number:011d}"))


# ---------------------------------------------------------------- the coming days


def coming(session: "Session", random: Random, crews: list[Crew], now: datetime) -> None:
    """Usual trips of the coming two weeks, so that each line has its next drivers."""
    from covoit.rules import lines as rules
    from covoit.service import offers

    today = paris_day(now)
    for crew in crews:
        for driver in crew.drivers[:3]:
            for direction, hours in ((0, crew.line.hours[0]), (1, _last(crew.line, 1))):
                stops = rules.stops_in(crew.line, direction)
                span = _minutes(hours.until) - _minutes(hours.since)
                minute = _minutes(hours.since) + random.randrange(5, max(6, span - 30), 5)
                leaves = time(minute // 60, minute % 60)
                offers.publish_regular(
                    session, driver, from_stop=stops[0].id, to_stop=stops[-1].id, leaves=leaves,
                    weekdays=range(5), seats=3, period=Period(today, today + timedelta(days=180)), now=now,
                )  # fmt: skip


def _last(line: "Line", direction: int) -> Any:
    return [each for each in line.hours if each.direction == direction and 0 in each.weekdays][-1]


# ---------------------------------------------------------------- what waits for the agents


def complaints(session: "Session", crews: list[Crew], now: datetime) -> None:
    """Two complaints: one whose answer is due soon, one that has just come."""
    from covoit.service import claims

    crew = next(each for each in crews if each.line.code == "saulieu-chatillon")
    last_month = f"{paris_day(now).replace(day=1) - timedelta(days=1):%Y-%m}"
    told = (
        (50, "Il manque un trajet sur mon relevé : celui du lundi matin, avec deux passagers à bord."),
        (2, "Ma passagère est montée à Montbard, et le relevé ne compte que les kilomètres depuis Laignes."),
    )
    for driver, (back, said) in zip(crew.drivers[:2], told, strict=True):
        claims.complain(session, driver, last_month, said, now=now - timedelta(days=back))


def suspicions(engine: "Engine", now: datetime) -> None:
    """Last month is looked at, as the monthly job does; coaches are not at hand yet."""
    from covoit.service import closing, fraud

    fraud.look(engine, closing.month_before(paris_day(now)), coaches=None, now=now)

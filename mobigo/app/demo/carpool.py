"""The carpool side of the demonstration: the past months (`carpool_past`) priced, closed and paid, payment requests at
each of their stages, drivers of the coming days, and what waits for the agents.

Drawn from a seed and the day, so that a second demonstration of the same day tells the same story. Names and numbers
are invented (numbers of the ranges that the regulator keeps for fiction); places are the lines' own.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

from mobigo.app.demo.carpool_past import MONTHS_BACK, Crew, history, minutes_of, people, story_of, waits
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.base.periods import Period
from mobigo.infra.roles import Grant, Identity, Role

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from covoit.model.lines import Line

SEED: Final = 21_154
BUDGET: Final = Money(60_000_00)
PAYER_ACCOUNT: Final = 99_999_999_999
HOLDER: Final = "Titulaire de démonstration"
ACT_FILE: Final = "acte-de-demonstration.toml"


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
    conrad = story_of(crews).drivers[0]  # paid for his first months, and may ask for the last one
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
                span = minutes_of(hours.until) - minutes_of(hours.since)
                minute = minutes_of(hours.since) + random.randrange(5, max(6, span - 30), 5)
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

    crew = story_of(crews)
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

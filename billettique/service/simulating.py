"""A version of a tariff tried on usual journeys: what each costs on its first day without it, and with it."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from billettique.engine.cheapest import cheapest_price, compile_tariff
from billettique.gateway import fares as gateway
from billettique.model.fares import Leg
from billettique.model.tariffs import Ask, Rider, Version
from billettique.service.tariffs import with_it
from mobigo.base.instants import PARIS
from mobigo.base.money import Money

RIDE, CHANGE, STAY = timedelta(minutes=30), timedelta(minutes=10), timedelta(hours=9)
BEGINS: Final = time(8)


@dataclass(frozen=True, slots=True)
class Tried:
    """A usual journey, its price before and after (None: unknown)."""

    name: str
    before: Money | None
    after: Money | None


def tried(home: Path, version: Version) -> tuple[Tried, ...]:
    """Every usual journey on the first day of a version. Raises what merging tariffs may raise."""
    day = version.period.first_day
    before = compile_tariff(gateway.tariff_on(day, home))
    after = compile_tariff(with_it(home, version))
    asks = [(str(each["name"]), _ask(each, day)) for each in _usual()]
    return tuple(Tried(name, cheapest_price(before, ask), cheapest_price(after, ask)) for name, ask in asks)


@cache
def _usual() -> Sequence[dict[str, Any]]:
    text = (gateway.DATA / "usual" / "trajets.toml").read_text(encoding="utf-8")
    found: Sequence[dict[str, Any]] = tomllib.loads(text)["journey"]
    return found


def _ask(journey: dict[str, Any], day: date) -> Ask:
    days = journey.get("days")
    first = day if days is None else day + timedelta(days=-day.weekday() % 7)
    journeys = []
    for n in range(days or 1):
        there = _legs(journey["legs"], datetime.combine(first + timedelta(days=n), BEGINS, PARIS))
        journeys.append(there)
        if days is not None:
            back = _legs(journey["legs"][::-1], there[-1].arrives_at + STAY)
            journeys.append(tuple(replace(leg, from_stop=leg.to_stop, to_stop=leg.from_stop) for leg in back))
    return Ask(tuple(journeys), (Rider(journey.get("rider", "adulte")),))


def _legs(legs: Sequence[dict[str, Any]], at: datetime) -> tuple[Leg, ...]:
    found = []
    for n, leg in enumerate(legs):
        metres = None if "km" not in leg else int(leg["km"]) * 1000
        found.append(Leg(leg["network"], f"arrêt {n + 1}", f"arrêt {n + 2}", at, at + RIDE, metres))
        at += RIDE + CHANGE
    return tuple(found)

"""One trip, or my week: what a journey costs once, there and back, each working day of a week, of a month, for a kind
of rider who may already hold a card or a pass. Nobody is asked a name or a birth date."""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from billettique.gateway.fares import tariff_on
from billettique.model.fares import Leg
from billettique.model.tariffs import Ask, Cover, CoverKind, Held, Rider
from billettique.rules import fares as rules
from billettique.service import quoting
from billettique.service.quoting import Priced
from mobigo.base.errors import InvalidInput
from mobigo.base.instants import PARIS
from mobigo.base.periods import Period

STAY: Final = timedelta(hours=9)
CHANGE: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Who:
    """A kind of rider: a category, something already held (a cover's id), a proof that may be shown."""

    category: str = "adulte"
    have: str | None = None
    proof: str | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be chosen on the day of a journey: (id, name) of categories and of things held; proofs."""

    categories: tuple[tuple[str, str], ...]
    held: tuple[tuple[str, str], ...]
    proofs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """What so many journeys cost together. `times`: how many; `kind`: once, both_ways, week, month."""

    kind: str
    times: int
    first_day: date
    last_day: date
    priced: Priced


def choices(legs: Sequence[Leg], home: Path | None) -> Choices:
    """What a page may ask about a journey."""
    tariff = tariff_on(rules.operating_day(legs[0].departs_at), home)
    networks = {leg.network for leg in legs if leg.network is not None}
    useful = [each for each in tariff.covers if _helps(each, networks)]
    proofs = (
        {each.proof for each in tariff.discounts}
        | {each.proof for each in (*useful,)}
        | {each.proof for each in tariff.terms}
    )
    return Choices(
        tuple((each.id, each.name or each.id) for each in tariff.tables.riders),
        tuple((each.id, each.name) for each in useful),
        tuple(sorted(each for each in proofs if each is not None)),
    )


def _helps(cover: Cover, networks: set[str]) -> bool:
    return cover.kind is not CoverKind.CAP and (cover.networks is None or not networks.isdisjoint(cover.networks))


def compared(legs: Sequence[Leg], who: Who, days: int, home: Path | None) -> tuple[Compared, ...]:
    """The four comparisons, `days` working days a week (1 to 7).

    Raises InvalidInput("billettique.bad_choice") for a kind of rider that the tariff of the day does not know.
    """
    known = choices(legs, home)
    if (
        not 1 <= days <= 7
        or who.category not in dict(known.categories)
        or (who.have is not None and who.have not in dict(known.held))
        or (who.proof is not None and who.proof not in known.proofs)
    ):
        raise InvalidInput("billettique.bad_choice")
    there = tuple(legs)
    back = _back(there)
    day = rules.operating_day(there[0].departs_at)
    monday = day - timedelta(days=day.weekday())
    week = [monday + timedelta(days=n) for n in range(days)]
    first = day.replace(day=1)
    month = [
        each for n in range(monthrange(day.year, day.month)[1]) if (each := first + timedelta(days=n)).weekday() < days
    ]
    found = []
    for kind, asked, on in (
        ("once", (there,), [day]),
        ("both_ways", (there, back), [day]),
        ("week", (there, back), week),
        ("month", (there, back), month),
    ):
        journeys = tuple(_moved(each, (on_day - day).days) for on_day in on for each in asked)
        rider = Rider(
            who.category,
            frozenset() if who.proof is None else frozenset({who.proof}),
            () if who.have is None else (Held(who.have, Period(on[0], on[-1] + timedelta(days=1))),),
        )
        found.append(Compared(kind, len(journeys), on[0], on[-1], quoting.quote(Ask(journeys, (rider,)), home)))
    return tuple(found)


def _back(there: tuple[Leg, ...]) -> tuple[Leg, ...]:
    """The same way back, nine hours after the arrival."""
    return tuple(_reversed(there))


def _reversed(there: tuple[Leg, ...]) -> Iterator[Leg]:
    at = there[-1].arrives_at + STAY
    for leg in reversed(there):
        arrives_at = at + (leg.arrives_at - leg.departs_at)
        yield replace(leg, from_stop=leg.to_stop, to_stop=leg.from_stop, departs_at=at, arrives_at=arrives_at)
        at = arrives_at + CHANGE


def _moved(journey: tuple[Leg, ...], days: int) -> tuple[Leg, ...]:
    """The journey some days later (or earlier), at the same hours by the clock."""
    by = timedelta(days=days)
    return tuple(
        replace(leg, departs_at=_later(leg.departs_at, by), arrives_at=_later(leg.arrives_at, by)) for leg in journey
    )


def _later(at: datetime, by: timedelta) -> datetime:
    return at.astimezone(PARIS) + by

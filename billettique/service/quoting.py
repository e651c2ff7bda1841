"""The price of journeys: the tariff of the day, the cheapest way, and what must be said beside it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from billettique.engine.cheapest import Compiled, cheapest, compile_tariff
from billettique.gateway import fares as gateway
from billettique.gateway.gtfs_fares import read_fares
from billettique.model.fares import Leg
from billettique.model.tariffs import Ask, Quote, Tariff
from billettique.rules import fares as rules
from billettique.rules.tariffs import said_of
from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, Refused


@dataclass(frozen=True, slots=True)
class Priced:
    """A quote, the tariff it rests on, and what must be said of that tariff. `estimated`: whether a price by distance
    rests on the metres that were asked with, not on those of the tariff's tables."""

    quote: Quote
    tariff: Tariff
    said: tuple[Decision, ...]
    estimated: bool = False

    def bought(self) -> list[tuple[str, int]]:
        """What there is to buy, by name, with how many of each, in the order in which they are first needed."""
        counts: dict[str, int] = {}
        for item in self.quote.items:
            counts[item.name] = counts.get(item.name, 0) + 1
        return list(counts.items())


class Pricer:
    """Prices many questions under the same tariffs: each day's is looked up once."""

    def __init__(self, home: Path | None = None, *, unconfirmed: bool = False) -> None:
        self._home, self._unconfirmed = home, unconfirmed
        self._tariffs: dict[date, Tariff] = {}

    def quote(self, ask: Ask) -> Priced:
        """The price of journeys under the tariffs in force on the operating day of the first of them.

        Raises InvalidInput("billettique.no_journey"), and what reading tariffs and searching may raise.
        """
        departures = [leg.departs_at for journey in ask.journeys for leg in journey]
        if not departures or not ask.riders:
            raise InvalidInput("billettique.no_journey")
        day = rules.operating_day(min(departures))
        tariff = self._on(day)
        networks = {leg.network for journey in ask.journeys for leg in journey if leg.network is not None}
        compiled = _compiled(_Same(tariff))
        return Priced(
            cheapest(compiled, ask), tariff, tuple(said_of(tariff, networks)),
            any(_is_estimated(compiled, journey) for journey in ask.journeys),
        )  # fmt: skip

    def compiled_on(self, day: date) -> Compiled:
        """The tariff in force on an operating day, ready for many questions."""
        return _compiled(_Same(self._on(day)))

    def _on(self, day: date) -> Tariff:
        tariff = self._tariffs.get(day)
        if tariff is None:
            tariff = self._tariffs[day] = gateway.tariff_on(day, self._home, unconfirmed=self._unconfirmed)
        return tariff


def _is_estimated(compiled: Compiled, journey: Sequence[Leg]) -> bool:
    legs = rules.fare_legs(journey, compiled.tables) if any(leg.distance_m is not None for leg in journey) else ()
    return any(leg.distance_m is not None and not compiled.pairs.settles(leg) for leg in legs)


def quote(ask: Ask, home: Path | None = None, *, unconfirmed: bool = False) -> Priced:
    """The price of journeys, alone: as `Pricer.quote`."""
    return Pricer(home, unconfirmed=unconfirmed).quote(ask)


def quote_by_feed(ask: Ask, feed: Path) -> Priced:
    """The price of journeys under a feed's own GTFS-Fares v2, in euros.

    Raises Refused("billettique.other_currency") for a feed in another currency; what reading a feed may raise.
    """
    if not any(ask.journeys):
        raise InvalidInput("billettique.no_journey")
    tables = read_fares(feed)
    _only_euros(row.currency for row in tables.products)
    tariff = Tariff(tables)
    return Priced(cheapest(compile_tariff(tariff), ask), tariff, ())


def _only_euros(currencies: Iterable[str]) -> None:
    for currency in currencies:
        if currency != "EUR":
            raise Refused("billettique.other_currency", currency=currency)


class _Same:
    """A tariff known by the hashes of its versions: equal versions are compiled once."""

    def __init__(self, tariff: Tariff) -> None:
        self.tariff = tariff
        self.key = tuple(version.hash for version in tariff.versions)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.key == self.key


@lru_cache(maxsize=8)
def _compiled(same: _Same) -> Compiled:
    return compile_tariff(same.tariff)

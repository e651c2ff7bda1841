"""What one may know of a line now: its next drivers, how long one waits, who waits; and beginning or ending to wait."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy.orm import Session

from covoit.gateway import lines as files
from covoit.gateway.scales import coach_fares
from covoit.model.bookings import Offer
from covoit.model.lines import ExpectedWait, Guarantee, Line, LineStop, Wait
from covoit.model.scale import fare_on
from covoit.rules import lines as rules
from covoit.rules.bookings import SEATS_MAX, refusal_to_ride, room
from covoit.store import bookings as booking_store
from covoit.store import lines as store
from covoit.store import offers as offer_store
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.instants import paris_day
from mobigo.base.money import Money

HORIZON: Final = timedelta(hours=24)
HOUR: Final = timedelta(hours=1)
PASSED: Final = timedelta(minutes=5)  # a car may be a little late: it is shown until five minutes after its hour
STILL_WAITING: Final = timedelta(minutes=90)  # a wait that nobody ended is believed for so long


def current_lines(day: date) -> list[Line]:
    """The lines in force on a day, by number."""
    return files.lines_on(day)


def get_line(code: str, day: date) -> Line:
    """The line of this code. Raises NotFound("covoit.no_such_line")."""
    return files.get_line(code, day)


def stop_and_line(stop_id: str, day: date) -> tuple[Line, LineStop]:
    """A stop by its id, and its line. Raises NotFound("covoit.no_such_stop")."""
    line = files.find_stop_line(stop_id, day)
    stop = line.stop(stop_id) if line is not None else None
    if line is None or stop is None:
        raise NotFound("covoit.no_such_stop", stop=stop_id[:80])
    return line, stop


def price_on(day: date) -> Money:
    """What a passenger pays the Region for a seat: the coach single fare. Raises NotFound("covoit.no_coach_fare")."""
    return fare_on(coach_fares(), day).single


def guarantee_on(day: date) -> Guarantee | None:
    """The rule of départ et retour garantis in force."""
    return files.guarantee_on(day)


@dataclass(frozen=True, slots=True)
class NextDriver:
    """A car on its way: when it passes at the stop asked about, and how it is recognised. Never a telephone."""

    offer: Offer
    passes_at: datetime
    seats_left: int
    alias: str | None
    car: str | None


def next_drivers(
    session: Session,
    line: Line,
    direction: int,
    stop: LineStop,
    now: datetime,
    *,
    viewer: str | None = None,
    until: datetime | None = None,
) -> list[NextDriver]:
    """The cars that pass at this stop, soonest first, until `until` (default: in the next 24 h).

    Full cars are shown as full. A viewer never sees somebody they blocked or who blocked them.
    """
    last = until or now + HORIZON
    offers = offer_store.offers_between(session, _early(line, now), last, line=line.code, direction=direction)
    hidden = offer_store.blocked_with(session, viewer) if viewer is not None else frozenset()
    offers = [offer for offer in offers if offer.driver not in hidden and _stops_there(line, offer, stop)]
    bookings = booking_store.bookings_on(session, [offer.id for offer in offers])
    seen = offer_store.aliases(session, [offer.driver for offer in offers])
    found = []
    for offer in offers:
        at = rules.passes_at(line, offer.leg, offer.leaves_at, stop)
        if now - PASSED <= at <= last:
            here = rules.along_m(line, direction, stop)
            ahead = min(here + 1, offer.leg.to_m)
            left = room(offer, bookings, type(offer.leg)(line.code, direction, here, ahead))
            found.append(NextDriver(offer, at, left, *seen.get(offer.driver, (None, None))))
    return sorted(found, key=lambda each: (each.passes_at, each.offer.id))


def _stops_there(line: Line, offer: Offer, stop: LineStop) -> bool:
    """Whether one can board there: the last stop of a run is for getting off."""
    return offer.leg.from_m <= rules.along_m(line, offer.leg.direction, stop) < offer.leg.to_m


def _early(line: Line, now: datetime) -> datetime:
    """When a car that still passes anywhere on the line from now on left its first stop, at the earliest."""
    return now - timedelta(seconds=line.duration_s) - PASSED


def drivers_expected(session: Session, line: Line, direction: int, stop: LineStop, now: datetime) -> int:
    """How many cars announce themselves at this stop within the hour."""
    offers = offer_store.offers_between(session, _early(line, now), now + HOUR, line=line.code, direction=direction)
    return _announced(line, offers, stop, now)


def _announced(line: Line, offers: Iterable[Offer], stop: LineStop, now: datetime) -> int:
    """How many of these cars pass at the stop within the hour."""
    return sum(
        now - PASSED <= rules.passes_at(line, offer.leg, offer.leaves_at, stop) <= now + HOUR
        for offer in offers
        if _early(line, now) <= offer.leaves_at <= now + HOUR and _stops_there(line, offer, stop)
    )


def expected_wait(session: Session, line: Line, direction: int, stop: LineStop, now: datetime) -> ExpectedWait:
    """How long one waits there at this hour (`rules.lines.expected_wait`)."""
    return Expected(lambda: nullcontext(session)).at(line, direction, stop, now)[0]


class Expected:
    """What is known of waiting on the lines, for who asks about many stops and instants: the waits and the runs of a
    line are read once for each day. Instant by instant it answers as `expected_wait` and `drivers_expected` do."""

    def __init__(self, reading: Callable[[], AbstractContextManager[Session]]) -> None:
        self._reading = reading
        self._days: dict[tuple[str, int, date], tuple[list[Wait], list[Offer]]] = {}

    def at(self, line: Line, direction: int, stop: LineStop, now: datetime) -> tuple[ExpectedWait, int]:
        """How long one waits who begins then, and how many cars announce themselves within the hour."""
        waits, offers = self._day(line, direction, now.astimezone(UTC).date())
        drivers = _announced(line, offers, stop, now)
        return rules.expected_wait(rules.alike(waits, now), drivers), drivers

    def _day(self, line: Line, direction: int, day: date) -> tuple[list[Wait], list[Offer]]:
        key = (line.code, direction, day)
        if key not in self._days:
            first = datetime.combine(day, time(), UTC)
            last = first + timedelta(days=1)
            with self._reading() as session:
                waits = store.waits_begun(session, line.code, direction, first - rules.HISTORY, last)
                self._days[key] = (
                    waits,
                    offer_store.offers_between(
                        session, _early(line, first), last + HOUR, line=line.code, direction=direction
                    ),
                )
        return self._days[key]


# ---------------------------------------------------------------- waiting


def start_waiting(
    session: Session, *, from_stop: str, to_stop: str, passenger: str | None, seats: int, now: datetime
) -> store.WaitingRow:
    """Somebody waits at a stop: the panel and the drivers see it from now on. Whoever waited elsewhere no longer does.

    Raises NotFound("covoit.no_such_stop"), InvalidInput("covoit.same_stop" | "covoit.bad_seats"), and Refused for
    whoever may not ride.
    """
    from covoit.service.bookings import refuse

    line, stop = stop_and_line(from_stop, paris_day(now))
    leg = rules.leg_between(line, stop.id, to_stop)
    if not 1 <= seats <= SEATS_MAX:
        raise InvalidInput("covoit.bad_seats", most=SEATS_MAX)
    if passenger is not None:
        refuse(refusal_to_ride(offer_store.find_member(session, passenger)))
        before = store.waiting_of(session, passenger)
        if before is not None:
            store.end_waiting(session, before.id, store.EXPIRED, now)
    return store.add_waiting(
        session, line=line.code, direction=leg.direction, stop=stop.id, to_stop=to_stop, passenger=passenger,
        seats=seats, now=now,
    )  # fmt: skip


def stop_waiting(session: Session, waiting_id: str, passenger: str | None, now: datetime) -> bool:
    """The person leaves without a car. Raises NotFound for a wait that is not theirs."""
    row = store.get_waiting(session, waiting_id, lock=True)
    if row.passenger != passenger:
        raise NotFound("covoit.no_such_wait")
    return store.end_waiting(session, waiting_id, store.LEFT, now)


def boarded(session: Session, passenger: str, now: datetime) -> None:
    """The person got into a car: their wait, if they had told of it, becomes one observed wait."""
    waiting = store.waiting_of(session, passenger)
    if waiting is not None:
        store.end_waiting(session, waiting.id, store.BOARDED, max(now, waiting.since))


@dataclass(frozen=True, slots=True)
class Waiters:
    """Who waits at a stop, for the panel and for drivers: how many people, since when, where to."""

    direction: int
    to_stop: str
    seats: int
    since: datetime


def waiters(session: Session, stops: list[str], now: datetime) -> dict[str, list[Waiters]]:
    """Who waits, by stop; nobody is named."""
    found: dict[str, list[Waiters]] = {stop: [] for stop in stops}
    for row in store.waiting_at(session, stops, now, STILL_WAITING):
        found[row.stop].append(Waiters(row.direction, row.to_stop, row.seats, row.since))
    return found

"""What may be asked of a service, and what is promised to whoever asks."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point
from mobigo.base.instants import PARIS, paris_day
from mobigo.base.money import Money
from mobigo.base.servicetime import instant_of, service_day_start
from mobigo.tad.model.bookings import Asked
from mobigo.tad.model.rounds import Promise, Request
from mobigo.tad.model.services import Place, Service, Terms, Window, Zone
from mobigo.tad.rules.cutoff import book_by, in_time

STEP_S = 15 * 60  # departures are offered by quarters of an hour
PARTY_MAX = 8


def promise_of(terms: Terms, direct_s: int, wanted_s: int) -> Promise:
    """Picked up within the wait of the terms; a ride no longer than the detour allows; set down by the sum of both.

    The longest ride is the direct one and the detour, rounded up to whole minutes: people are told minutes.
    """
    longest = max(-(-direct_s * (100 + terms.detour_pct) // 100), direct_s + terms.detour_s)
    longest = -(-longest // 60) * 60
    latest = wanted_s + terms.wait_s
    return Promise(wanted_s, latest, longest, latest + terms.board_s + longest)


def request_of(booking_id: str, asked: Asked, promise: Promise) -> Request:
    """A booking as rounds see it."""
    return Request(
        booking_id, asked.origin.point, asked.destination.point, promise, asked.seats, asked.wheelchairs
    )  # fmt: skip


def windows_on(service: Service, day: date) -> list[tuple[int, int]]:
    """When one may be picked up that day, in service time, soonest first; nothing on a day without service."""
    if day not in service.period or day in service.closed_days:
        return []
    return sorted(_seconds(each) for each in service.windows if day.weekday() in each.weekdays)


def _seconds(window: Window) -> tuple[int, int]:
    since, until = (at.hour * 3600 + at.minute * 60 + at.second for at in (window.since, window.until))
    return since, until if until > since else until + 86_400


def pickup_at(asked: Asked) -> datetime:
    """The instant (UTC) from which one is picked up."""
    return instant_of(asked.day, asked.wanted_s, PARIS)


def refusal(service: Service, asked: Asked, now: datetime, *, agent: bool = False) -> Decision | None:
    """Why this cannot be booked, whatever room the vehicles have; None when it can. The cut-off comes last: what is
    wrong otherwise is said first. `agent`: somebody of the service answers for it, and may book past the cut-off."""
    if asked.origin.point == asked.destination.point:
        return Decision("tad.same_place")
    for place in (asked.origin, asked.destination):
        if not serves(service, place):
            return Decision("tad.not_served", place=place.name)
    if not 1 <= len(asked.riders) <= PARTY_MAX or not 0 <= asked.wheelchairs <= len(asked.riders):
        return Decision("tad.bad_party", most=PARTY_MAX)
    if any(rider not in service.fares for rider in asked.riders):
        return Decision("tad.no_such_rider")
    if not any(
        asked.seats <= vehicle.seats and asked.wheelchairs <= vehicle.wheelchairs for vehicle in service.vehicles
    ):
        return Decision("tad.party_too_large", phone=service.phone)
    hours = windows_on(service, asked.day)
    if not hours:
        return Decision("tad.no_service_that_day", day=asked.day)
    if not any(since <= asked.wanted_s < until for since, until in hours):
        return Decision("tad.outside_hours", hours=hours_words(hours))
    if asked.day > paris_day(now) + timedelta(days=service.ahead_days):
        return Decision("tad.too_far_ahead", days=service.ahead_days)
    at = pickup_at(asked)
    if at <= now:
        return Decision("tad.too_late", phone=service.phone)
    if not agent and not in_time(service.cutoff, asked.day, at, now):
        last = book_by(service.cutoff, asked.day, at)
        return Decision("tad.cutoff_passed", at=last, phone=service.phone)
    return None


def serves(service: Service, place: Place) -> bool:
    """Whether one may get in or out there: a stop of the service, or a position in one of its zones."""
    if place.id:
        return service.stop(place.id) == place
    return any(inside(zone, place.point) for zone in service.zones)


def inside(zone: Zone, point: Point) -> bool:
    """Whether a position lies in a zone (the even-odd rule; on its edge, in)."""
    found = False
    for a, b in zip(zone.ring, (*zone.ring[1:], zone.ring[0]), strict=True):
        cross = (b.lon - a.lon) * (point.lat - a.lat) - (b.lat - a.lat) * (point.lon - a.lon)
        if cross == 0 and min(a.lon, b.lon) <= point.lon <= max(a.lon, b.lon) and (
            min(a.lat, b.lat) <= point.lat <= max(a.lat, b.lat)
        ):  # fmt: skip
            return True
        if (a.lat > point.lat) != (b.lat > point.lat) and point.lon < a.lon + (point.lat - a.lat) * (b.lon - a.lon) / (
            b.lat - a.lat
        ):
            found = not found
    return found


def wanted_at(day: date, clock: time) -> int:
    """An hour of the French clock, as service time of the day: on a day whose clock changes they differ."""
    at = datetime.combine(day, clock.replace(tzinfo=None), PARIS)
    return int((at - service_day_start(day, PARIS)).total_seconds())


def price_of(service: Service, riders: Iterable[str]) -> Money:
    """What a party pays. Raises KeyError for a category without a price: `refusal` says so before."""
    return sum((service.fares[rider] for rider in riders), Money(0))


def near(service: Service, day: date, wanted_s: int, *, around_s: int = 7_200) -> list[int]:
    """The departures to try about an hour: that hour first, then quarters of an hour nearer before farther."""
    hours = windows_on(service, day)
    steps = range(-(around_s // STEP_S), around_s // STEP_S + 1)
    quarter = wanted_s // STEP_S * STEP_S
    tried = {wanted_s, *(quarter + step * STEP_S for step in steps)}
    kept = [at for at in tried if any(since <= at < until for since, until in hours)]
    return sorted(kept, key=lambda at: (abs(at - wanted_s), at))


def hours_words(hours: Sequence[tuple[int, int]]) -> str:
    """ "8:00–12:00, 14:00–18:00": figures, the same in every language."""
    return ", ".join(f"{a // 3600}:{a // 60 % 60:02d}–{z // 3600}:{z // 60 % 60:02d}" for a, z in hours)

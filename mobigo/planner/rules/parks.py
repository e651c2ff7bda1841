"""Where one's car may be left on the way to a train or a coach, and what must be said of each car park. How many places
are free is known of now alone: for an hour soon to come a full one is not proposed; later, nothing is known of it, and
that is said. The figures are the product's own choice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from mobigo.base.decisions import Decision
from mobigo.base.instants import PARIS
from mobigo.base.money import ZERO, Money
from mobigo.network.model.parks import CarPark, Occupancy, ToldParks
from mobigo.network.rules.opening import opening
from mobigo.planner.model import By, Journey, Price, PriceLine, Spot, Walk

SOON: Final = timedelta(minutes=60)  # how long a number of free places is worth something
ALMOST_SHARE: Final = 0.05
ALMOST_PLACES: Final = 5


@dataclass(frozen=True, slots=True)
class Parking:
    """The car parks to count on; those that are full (or shut) now, by name and position, which are not; and what must
    be said. `kept`: the car stands already in the one of `spots`, for the way back."""

    spots: tuple[Spot, ...]
    full: tuple[Spot, ...] = ()
    said: tuple[Decision, ...] = ()
    kept: bool = False

    def without(self, shut: Iterable[str]) -> "Parking":
        """The same without those of these keys."""
        gone = set(shut)
        return replace(self, spots=tuple(each for each in self.spots if each.id not in gone))


def key(told: ToldParks, park: CarPark) -> str:
    """What a car park is called among those of every source."""
    return f"{told.code}/{park.id}"


def parking(told: Sequence[ToldParks], at: datetime, now: datetime, *, wheelchair: bool, kept: str = "") -> Parking:
    """The car parks where a car may be left for a journey around `at`, as they are known at `now`: those open to
    everybody, that are neither shut nor full for an hour soon to come, and with `wheelchair` not those said to have no
    place for disabled people. With `kept` (its `key`), the one where the car stands, however it is now."""
    if kept:
        for each in told:
            for park in each.parks:
                if key(each, park) == kept:
                    note = Decision("planner.park_kept", park=park.name)
                    spot = Spot(park.name, park.point, note, kept, opening=opening(park.hours))
                    return Parking((spot,), said=_credits([each]), kept=True)
        return Parking((), said=(Decision("planner.park_gone"),), kept=True)
    is_soon = abs(at - now) <= SOON
    spots, full = [], []
    local = at.astimezone(PARIS)
    for each in told:
        for park in each.parks:
            if not park.is_public or (wheelchair and park.disabled == 0):
                continue
            known = each.known(park.id, now) if is_soon else None
            if known is not None and (not known.is_open or known.free == 0):
                full.append(Spot(park.name, park.point, None, key(each, park)))
                continue
            note = room(park, known) if is_soon else Decision("planner.park_later", park=park.name)
            hours = opening(park.hours)
            said = (*facts(park), *open_words(park, local))
            spots.append(Spot(park.name, park.point, note, key(each, park), said, hours, charge(park)))
    return Parking(tuple(spots), tuple(full), _credits(told))


def room(park: CarPark, known: Occupancy | None) -> Decision:
    """What is said of the room there is now."""
    if known is None:
        return Decision("planner.park_unknown", park=park.name)
    if not known.is_open:
        return Decision("planner.park_shut", park=park.name)
    if known.free == 0:
        return Decision("planner.park_full", park=park.name)
    few = known.free <= max(ALMOST_PLACES, int(ALMOST_SHARE * (park.capacity or 0)))
    return Decision("planner.park_almost_full" if few else "planner.park_free", park=park.name, count=known.free)


def facts(park: CarPark) -> tuple[Decision, ...]:
    """What else is known of it: the price, the places for disabled people."""
    if park.is_free:
        out = [Decision("planner.park_no_charge")]
    elif park.day_cents is not None:
        out = [Decision("planner.park_day_price", price=Money(park.day_cents))]
    else:
        paid = park.is_free is False
        out = [Decision("planner.park_paid" if paid else "planner.park_price_unknown")]
    if park.disabled:
        out.append(Decision("planner.park_disabled", count=park.disabled))
    return tuple(out)


def charge(park: CarPark) -> Money | None:
    """What leaving a car there for 24 hours costs; None where that is not known."""
    if park.is_free:
        return ZERO
    return None if park.day_cents is None else Money(park.day_cents)


def open_words(park: CarPark, at: datetime) -> tuple[Decision, ...]:
    """What is known of its hours around `at` (by the clock there), and of how long one may stay."""
    out = []
    hours = opening(park.hours)
    change = None if hours is None else hours.next_change(at)
    if hours is None:
        if park.hours:
            out.append(Decision("planner.park_hours_unknown"))
    elif change is None:
        out.append(Decision("planner.park_open_always" if hours.is_open(at) else "planner.park_never_open"))
    else:
        out.append(Decision("planner.park_closes" if hours.is_open(at) else "planner.park_opens", at=change))
    if hours is not None and hours.has_holidays:
        out.append(Decision("planner.park_holidays"))
    if park.stay_min is not None:
        out.append(Decision("planner.park_stay", minutes=park.stay_min))
    return tuple(out)


def shut_at(journey: Journey) -> Spot | None:
    """The car park that is closed when the car is left there, or fetched; None where none is, or nothing is known."""
    for leg in journey.legs:
        if isinstance(leg, Walk) and leg.by is By.CAR:
            for spot, at in ((leg.to_spot, leg.arrive_at), (leg.from_spot, leg.depart_at)):
                if spot is not None and spot.opening is not None and not spot.opening.is_open(at.astimezone(PARIS)):
                    return spot
    return None


def with_parking(journey: Journey, price: Price | None) -> Price | None:
    """The price of a journey with that of leaving the car. On the way back it is paid already. A price that is not
    known makes the whole unknown, and what the rest costs is said."""
    spots = [leg.to_spot for leg in journey.legs if isinstance(leg, Walk) and leg.by is By.CAR and leg.to_spot]
    if price is None or not spots:
        return price
    spot = spots[0]
    if spot.charge is None:
        rest = (
            Decision("planner.park_price_missing", park=spot.name)
            if price.total is None
            else Decision("planner.park_price_missing_beside", park=spot.name, rest=price.total)
        )
        return replace(price, total=None, between=None, why_unknown=(*price.why_unknown, rest))
    line = PriceLine(
        spot.charge, Decision("planner.park_line" if spot.charge > ZERO else "planner.park_line_free", park=spot.name)
    )
    total = None if price.total is None else price.total + spot.charge
    between = None if price.between is None else (price.between[0] + spot.charge, price.between[1] + spot.charge)
    return replace(price, total=total, between=between, lines=(*price.lines, line))


def _credits(told: Iterable[ToldParks]) -> tuple[Decision, ...]:
    credits = dict.fromkeys(each.credit for each in told if each.credit)
    return tuple(Decision("planner.park_credit", credit=each) for each in credits)

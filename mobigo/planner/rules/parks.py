"""Where one's car may be left on the way to a train or a coach, and what must be said of each car park. How many places
are free is known of now alone: for an hour soon to come a full one is not proposed; later, nothing is known of it, and
that is said. The figures are the product's own choice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from mobigo.base.decisions import Decision
from mobigo.base.money import Money
from mobigo.network.model.parks import CarPark, Occupancy, ToldParks
from mobigo.planner.model import Spot

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
                    return Parking((Spot(park.name, park.point, note, kept),), said=_credits([each]), kept=True)
        return Parking((), said=(Decision("planner.park_gone"),), kept=True)
    is_soon = abs(at - now) <= SOON
    spots, full = [], []
    for each in told:
        for park in each.parks:
            if not park.is_public or (wheelchair and park.disabled == 0):
                continue
            known = each.known(park.id, now) if is_soon else None
            if known is not None and (not known.is_open or known.free == 0):
                full.append(Spot(park.name, park.point, None, key(each, park)))
                continue
            note = room(park, known) if is_soon else Decision("planner.park_later", park=park.name)
            spots.append(Spot(park.name, park.point, note, key(each, park), facts(park)))
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


def _credits(told: Iterable[ToldParks]) -> tuple[Decision, ...]:
    credits = dict.fromkeys(each.credit for each in told if each.credit)
    return tuple(Decision("planner.park_credit", credit=each) for each in credits)

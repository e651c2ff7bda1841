"""Rules of offers and bookings: which change of state is allowed to whom, what room a car has, who may drive or ride.

Pure: the store locks the car's row, then asks these functions.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from covoit.model.bookings import HOLDING, OPEN, Booking, BookingState, Member, Offer, Side
from covoit.model.journeys import LineLeg
from covoit.rules.lines import within
from mobigo.base.decisions import Decision

SEATS_MAX: Final = 8  # of a car that needs no other licence (and of a journey, RPC API v3)
TERMS: Final = "conducteur-2026-1"  # the version of the driver's terms that is signed today

S, D, P, A, SYSTEM = BookingState, Side.DRIVER, Side.PASSENGER, Side.AGENT, Side.SYSTEM
# From → to → who may. What is not here is not allowed; CANCELLED and VALIDATED are left by nobody: what follows a
# validated ride (fraud, error) happens to the journey, not to the booking.
CHANGES: Final[Mapping[BookingState, Mapping[BookingState, frozenset[Side]]]] = {
    S.WAITING: {
        S.CONFIRMED: frozenset({D, A, SYSTEM}),
        S.CANCELLED: frozenset({D, P, A, SYSTEM}),
    },
    S.CONFIRMED: {
        S.CANCELLED: frozenset({D, P, A, SYSTEM}),
        S.COMPLETED: frozenset({D, P, A, SYSTEM}),
    },
    S.COMPLETED: {
        S.VALIDATED: frozenset({P, A, SYSTEM}),  # a driver does not validate the ride he is paid for
        S.CANCELLED: frozenset({D, P, A}),  # it did not take place
    },
    S.CANCELLED: {},
    S.VALIDATED: {},
}


def refusal_of_change(before: BookingState, after: BookingState, who: Side) -> Decision | None:
    """Why this change may not be made; None when it may. The same state again is its own answer (409 in the API)."""
    if before == after:
        return Decision("covoit.status_already_set", status=str(after))
    allowed = CHANGES[before].get(after)
    if allowed is None:
        return Decision("covoit.status_not_reachable", status=str(before), wanted=str(after))
    if who not in allowed:
        return Decision("covoit.status_not_yours", wanted=str(after))
    return None


def room(offer: Offer, bookings: Iterable[Booking], leg: LineLeg) -> int:
    """The seats free over the whole of `leg`: a car that empties half-way takes others for the second half."""
    held = [each for each in bookings if each.offer == offer.id and each.state in HOLDING]
    # The load only rises where someone boards: the fullest point is the leg's start or a boarding inside it.
    points = {leg.from_m} | {each.leg.from_m for each in held if leg.from_m < each.leg.from_m < leg.to_m}
    load = max(sum(each.seats for each in held if each.leg.from_m <= at < each.leg.to_m) for at in points)
    return offer.seats - load


def refusal_of_booking(
    offer: Offer, bookings: Iterable[Booking], leg: LineLeg, seats: int, passenger: Member, *, strangers: bool,
    ahead: bool = False,
) -> Decision | None:  # fmt: skip
    """Why these seats cannot be had, or None. `strangers`: neither of the two has blocked the other. `ahead`: booked
    from afar, so that the passenger must be told when the car does not come: their telephone was verified.

    A blocked pair is told what anybody is told of a car that is gone: nobody learns that they were blocked.
    """
    if offer.state not in OPEN or not strangers:
        return Decision("covoit.offer_gone")
    if not 1 <= seats <= SEATS_MAX:
        return Decision("covoit.bad_seats", most=SEATS_MAX)
    if passenger.person == offer.driver:
        return Decision("covoit.own_car")
    refused = refusal_to_ride(passenger)
    if refused is not None:
        return refused
    if ahead and not passenger.reachable:
        return Decision("covoit.phone_not_verified")
    if not within(leg, offer.leg):
        return Decision("covoit.not_on_the_way")
    kept = list(bookings)
    if any(
        each.passenger == passenger.person and each.state in HOLDING and _overlap(each.leg, leg)
        for each in kept
        if each.offer == offer.id
    ):
        return Decision("covoit.already_booked")
    if room(offer, kept, leg) < seats:
        return Decision("covoit.no_seat_left")
    return None


def _overlap(a: LineLeg, b: LineLeg) -> bool:
    return a.from_m < b.to_m and b.from_m < a.to_m


def refusal_to_drive(member: Member) -> Decision | None:
    """Why this person may not drive passengers yet: the first thing missing. An unknown age is not an adult's."""
    if member.banned_at is not None:
        return Decision("covoit.banned")
    if member.adult is not True:
        return Decision("covoit.driver_not_adult")
    if member.licence_at is None:
        return Decision("covoit.no_licence")
    if member.insurance_at is None:
        return Decision("covoit.no_insurance")
    if member.terms_version != TERMS or member.terms_at is None:
        return Decision("covoit.terms_not_signed")
    return None if member.reachable else Decision("covoit.phone_not_verified")


def refusal_to_ride(member: Member) -> Decision | None:
    """Why this person may not ride with a driver they do not know: a minor, or somebody whose age nobody said,
    needs the consent of a parent."""
    if member.banned_at is not None:
        return Decision("covoit.banned")
    if member.adult is True or member.guardian_consent_at is not None:
        return None
    return Decision("covoit.age_unknown" if member.adult is None else "covoit.minor_needs_consent")

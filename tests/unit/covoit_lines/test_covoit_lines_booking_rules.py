"""Who may change a booking to what; the room of a car; who may drive and ride; when the guarantee applies."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covoit.model.bookings import HOLDING, Booking, BookingState, Member, Offer, OfferState, Side
from covoit.model.journeys import LineLeg
from covoit.rules import bookings as rules
from covoit.rules import guarantee
from mobigo.base.money import Money
from tests.covoit_lines_world import DAY, NOW, files, line

S = BookingState
LEAVES = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


def leg(a: int, b: int, direction: int = 0) -> LineLeg:
    return LineLeg("saulieu-chatillon", direction, a, b)


OFFER = Offer("o", "driver", "saulieu-chatillon", "a", "z", leg(0, 80_000), LEAVES, 3, OfferState.PUBLISHED)
ADULT = Member("karim", adult=True)


def booking(
    a: int = 0, b: int = 80_000, *, seats: int = 1, state: S = S.CONFIRMED, who: str = "x", n: int = 0
) -> Booking:
    return Booking(f"b{n}", "o", who, seats, "a", "z", leg(a, b), LEAVES, state, Money(150))


# The whole machine, by hand: rows are the state before, columns the state after; who may, or "-".
TABLE = """
                              WAITING_CONFIRMATION CONFIRMED CANCELLED COMPLETED_PENDING_VALIDATION VALIDATED
WAITING_CONFIRMATION          =                    dAS       dpAS      -                            -
CONFIRMED                     -                    =         dpAS      dpAS                         -
COMPLETED_PENDING_VALIDATION  -                    -         dpA       =                            pAS
CANCELLED                     -                    -         =         -                            -
VALIDATED                     -                    -         -         -                            =
"""
WHO = {"d": Side.DRIVER, "p": Side.PASSENGER, "A": Side.AGENT, "S": Side.SYSTEM}


def cells() -> list[tuple[S, S, str]]:
    head, *rows = (each.split() for each in TABLE.strip().splitlines())
    return [(S(row[0]), S(after), may) for row in rows for after, may in zip(head, row[1:], strict=True)]


@pytest.mark.parametrize(("before", "after", "may"), cells())
def test_the_state_machine_is_this_table(before: S, after: S, may: str):
    for side in Side:
        refused = rules.refusal_of_change(before, after, side)
        if may == "=":
            assert refused is not None
            assert refused.code == "covoit.status_already_set"
        elif may == "-":
            assert refused is not None
            assert refused.code == "covoit.status_not_reachable"
        else:
            allowed = side in {WHO[letter] for letter in may}
            assert (refused is None) is allowed
            assert refused is None or refused.code == "covoit.status_not_yours"


@pytest.mark.parametrize(
    ("held", "asked", "room"),
    [
        ([], leg(0, 80_000), 3),
        ([booking()], leg(0, 80_000), 2),
        ([booking(seats=3)], leg(0, 80_000), 0),
        ([booking(0, 28_000, seats=3)], leg(28_000, 80_000), 3),  # they get off where the next get in
        ([booking(0, 28_001, seats=3)], leg(28_000, 80_000), 0),
        ([booking(28_000, 44_000, seats=2), booking(44_000, 80_000, seats=2)], leg(0, 80_000), 1),  # never together
        ([booking(28_000, 80_000, seats=2), booking(44_000, 80_000)], leg(0, 80_000), 0),
        ([booking(28_000, 80_000, seats=2)], leg(0, 28_000), 3),
        ([booking(seats=3, state=S.CANCELLED)], leg(0, 80_000), 3),
        ([booking(seats=3, state=S.WAITING)], leg(0, 80_000), 0),  # asked for: held
    ],
)
def test_room_is_what_is_free_over_the_whole_leg(held, asked, room):
    assert rules.room(OFFER, held, asked) == room


legs = st.tuples(st.integers(0, 79), st.integers(1, 80)).filter(lambda pair: pair[0] < pair[1])


@given(st.lists(st.tuples(legs, st.integers(1, 2), st.sampled_from(list(S))), max_size=6), legs)
def test_room_is_what_counting_every_kilometre_gives(held, asked):
    bookings = [booking(a * 1000, b * 1000, seats=seats, state=state) for (a, b), seats, state in held]
    naive = min(
        3 - sum(each.seats for each in bookings if each.state in HOLDING and each.leg.from_m <= m < each.leg.to_m)
        for m in range(asked[0] * 1000, asked[1] * 1000, 1000)
    )
    assert rules.room(OFFER, bookings, leg(asked[0] * 1000, asked[1] * 1000)) == naive


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"offer": replace(OFFER, state=OfferState.DRIVING)}, None),
        ({"offer": replace(OFFER, state=OfferState.ENDED)}, "covoit.offer_gone"),
        ({"offer": replace(OFFER, state=OfferState.CANCELLED)}, "covoit.offer_gone"),
        ({"strangers": False}, "covoit.offer_gone"),  # blocked: told what anybody is told of a car that is gone
        ({"seats": 0}, "covoit.bad_seats"),
        ({"seats": 9}, "covoit.bad_seats"),
        ({"seats": 4}, "covoit.no_seat_left"),
        ({"seats": 3}, None),
        ({"passenger": Member("driver", adult=True)}, "covoit.own_car"),
        ({"passenger": Member("karim")}, "covoit.age_unknown"),
        ({"passenger": Member("karim", adult=False)}, "covoit.minor_needs_consent"),
        ({"passenger": Member("karim", adult=False, guardian_consent_at=NOW)}, None),
        ({"passenger": Member("karim", adult=True, banned_at=NOW)}, "covoit.banned"),
        ({"leg": leg(0, 80_001)}, "covoit.not_on_the_way"),
        ({"leg": leg(0, 80_000, 1)}, "covoit.not_on_the_way"),
        ({"bookings": [booking(0, 28_000, who="karim")]}, "covoit.already_booked"),
        ({"bookings": [booking(0, 28_000, who="karim")], "leg": leg(28_000, 80_000)}, None),
    ],
)
def test_a_booking_is_refused_for_the_first_reason(change: dict, code: str | None):
    asked = {"offer": OFFER, "bookings": [], "leg": leg(0, 80_000), "seats": 1, "passenger": ADULT, "strangers": True}
    refused = rules.refusal_of_booking(**{**asked, **change})
    assert (refused.code if refused else None) == code


READY = Member("anne", True, None, NOW, NOW, rules.TERMS, NOW)


@pytest.mark.parametrize(
    ("member", "code"),
    [
        (READY, None),
        (replace(READY, adult=None), "covoit.driver_not_adult"),  # an unknown age is not an adult's
        (replace(READY, adult=False, guardian_consent_at=NOW), "covoit.driver_not_adult"),
        (replace(READY, licence_at=None), "covoit.no_licence"),
        (replace(READY, insurance_at=None), "covoit.no_insurance"),
        (replace(READY, terms_at=None), "covoit.terms_not_signed"),
        (replace(READY, terms_version="conducteur-2020-1"), "covoit.terms_not_signed"),
        (replace(READY, banned_at=NOW), "covoit.banned"),
    ],
)
def test_whoever_drives_has_declared_and_signed(member: Member, code: str | None):
    refused = rules.refusal_to_drive(member)
    assert (refused.code if refused else None) == code


RULE = files.guarantee_on(DAY)


@pytest.mark.parametrize(
    ("since", "now", "boarded", "code"),
    [
        (NOW, NOW + timedelta(minutes=20), False, None),
        (NOW, NOW + timedelta(minutes=19, seconds=59), False, "covoit.guarantee_not_yet"),
        (NOW, NOW + timedelta(minutes=20), True, "covoit.guarantee_boarded"),
        # Hours end at 9.30: whoever began to wait at 9.29 is taken home, whoever came at 9.30 is not.
        (NOW.replace(hour=9, minute=29), NOW.replace(hour=9, minute=49), False, None),
        (NOW.replace(hour=9, minute=30), NOW.replace(hour=9, minute=50), False, "covoit.guarantee_outside_hours"),
    ],
)
def test_the_guarantee_applies_after_its_minutes_within_the_hours(since, now, boarded, code):
    refused = guarantee.refusal(RULE, line(), 0, since=since, now=now, boarded=boarded)
    assert (refused.code if refused else None) == code


def test_without_a_rule_in_force_nothing_is_guaranteed():
    refused = guarantee.refusal(None, line(), 0, since=NOW, now=NOW + timedelta(hours=1), boarded=False)
    assert refused is not None
    assert refused.code == "covoit.guarantee_none"

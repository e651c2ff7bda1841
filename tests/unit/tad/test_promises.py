"""What may be asked of a service and what is promised; services as documents."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from mobigo.base.money import Money
from mobigo.tad.model.bookings import Contact, Side, State
from mobigo.tad.model.rounds import Promise
from mobigo.tad.model.services import NoShows, Place, Terms, Zone
from mobigo.tad.rules import bookings, promises
from mobigo.tad.rules.documents import service_of
from tests.tad_world import NOW, WEDNESDAY, asked, document, service


@pytest.mark.parametrize(
    ("direct_s", "expected"),
    [
        # 10 min: + 50 % is 5 min, the 15 min of detour are more: 25 min in all.
        (600, Promise(32_400, 33_600, 1_500, 33_600 + 60 + 1_500)),
        # 40 min: + 50 % is 20 min: an hour.
        (2_400, Promise(32_400, 33_600, 3_600, 33_600 + 60 + 3_600)),
        # 40 min and a second: 3,601.5 s, told in whole minutes: 61.
        (2_401, Promise(32_400, 33_600, 3_660, 33_600 + 60 + 3_660)),
    ],
)
def test_the_ride_is_the_direct_one_and_the_detour(direct_s: int, expected: Promise) -> None:
    assert promises.promise_of(Terms(1_200, 50, 900, 60), direct_s, 32_400) == expected


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"at": "7:59"}, "tad.outside_hours"),
        ({"at": "8:00"}, None),
        ({"at": "17:59"}, None),
        ({"at": "18:00"}, "tad.outside_hours"),
        ({"destination": "a"}, "tad.same_place"),
        ({"riders": ()}, "tad.bad_party"),
        ({"riders": ("adulte",) * 9}, "tad.bad_party"),
        ({"riders": ("adulte",) * 5}, "tad.party_too_large"),
        ({"riders": ("adulte",) * 5, "wheelchairs": 1}, None),
        ({"wheelchairs": 2}, "tad.bad_party"),
        ({"riders": ("adulte", "adulte"), "wheelchairs": 2}, "tad.party_too_large"),
        ({"riders": ("senior",)}, "tad.no_such_rider"),
        ({"day": WEDNESDAY + timedelta(days=3)}, "tad.no_service_that_day"),
        ({"day": WEDNESDAY + timedelta(weeks=10)}, "tad.too_far_ahead"),
        ({"day": WEDNESDAY - timedelta(days=2)}, "tad.too_late"),
        ({"day": WEDNESDAY - timedelta(days=2), "at": "12:00"}, "tad.cutoff_passed"),
    ],
)
def test_what_is_refused_and_why(changes: dict[str, Any], code: str | None) -> None:
    found = promises.refusal(service(), asked(**changes), NOW)
    assert (None if found is None else found.code) == code


def test_an_agent_may_book_past_the_cut_off_but_not_in_the_past() -> None:
    today = asked(at="12:00", day=WEDNESDAY - timedelta(days=2))
    assert promises.refusal(service(), today, NOW, agent=True) is None
    gone = promises.refusal(service(), asked(day=WEDNESDAY - timedelta(days=2)), NOW, agent=True)
    assert gone is not None
    assert gone.code == "tad.too_late"


def test_a_closed_day_has_no_service() -> None:
    closed = promises.refusal(service(closed_days=["2026-11-25"]), asked(), NOW)
    assert closed is not None
    assert closed.code == "tad.no_service_that_day"


def test_a_zone_serves_what_lies_in_it_and_on_its_edge() -> None:
    square = Zone("z", "Bourg", (Point(47, 4), Point(47, 4.1), Point(47.1, 4.1), Point(47.1, 4)))
    served = replace(service(), zones=(square,))
    inside, edge, outside = (
        Place("", "ici", Point(lat, lon)) for lat, lon in ((47.05, 4.05), (47.05, 4.0), (47.05, 4.11))
    )
    assert [promises.serves(served, each) for each in (inside, edge, outside)] == [True, True, False]
    forged = Place("a", "Aubigny", Point(48.0, 4.0))
    assert not promises.serves(served, forged)  # the stop's name at another position is no stop


def test_departures_are_tried_nearest_first_inside_the_hours() -> None:
    assert promises.near(service(), WEDNESDAY, 8 * 3600 + 600, around_s=1_800) == [29_400, 29_700, 28_800, 30_600]


def test_a_price_is_the_sum_of_its_riders() -> None:
    assert promises.price_of(service(), ("adulte", "jeune", "jeune")) == Money(400)


@pytest.mark.parametrize(
    ("before", "after", "who", "allowed"),
    [
        (State.HELD, State.CONFIRMED, Side.PASSENGER, True),
        (State.HELD, State.ABOARD, Side.DRIVER, False),
        (State.CONFIRMED, State.NO_SHOW, Side.PASSENGER, False),
        (State.CONFIRMED, State.NO_SHOW, Side.DRIVER, True),
        (State.CANCELLED, State.CONFIRMED, Side.AGENT, False),
        (State.ABOARD, State.CONFIRMED, Side.DRIVER, True),
        (State.NO_SHOW, State.CONFIRMED, Side.AGENT, False),
    ],
)
def test_who_may_change_what(before: State, after: State, who: Side, allowed: bool) -> None:
    assert (bookings.refusal_of_change(before, after, who) is None) is allowed


@pytest.mark.parametrize(("missed", "refused"), [(0, False), (1, False), (2, True)])
def test_whoever_was_not_there_twice_books_by_telephone(missed: int, refused: bool) -> None:
    assert (bookings.refusal_of_person(NoShows(2, 90), missed, "03") is not None) is refused
    assert bookings.refusal_of_person(NoShows(0, 90), missed, "03") is None


@pytest.mark.parametrize(
    ("contact", "code"),
    [
        (Contact("Camille", "+33639980001"), None),
        (Contact("C", "+33639980001"), "tad.bad_name"),
        (Contact("Camille", "0639"), "tad.bad_phone"),
        (Contact("Camille", "+33639980001", "camille"), "tad.bad_email"),
    ],
)
def test_whoever_travels_can_be_reached(contact: Contact, code: str | None) -> None:
    found = bookings.refusal_of_contact(contact)
    assert (None if found is None else found.code) == code


def test_numbers_are_kept_one_way() -> None:
    assert bookings.plain_phone("06 39.98 00 01") == "+33639980001"


@pytest.mark.parametrize(
    "changes",
    [
        {"stops": []},
        {"vehicles": []},
        {"windows": []},
        {"fares": []},
        {"code": "É"},
        {"booking": {"kind": "minutes"}},
        {"booking": {"kind": "tomorrow"}},
        {"promise": {"wait_min": 0, "detour_pct": 50, "detour_min": 15}},
        {"first_day": "demain"},
        {"vehicles": [{"id": "v", "name": "v", "seats": 0, "lat": 47, "lon": 4}]},
        {"stops": [{"id": "a", "name": "A", "lat": 95, "lon": 4}]},
    ],
)
def test_a_document_that_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        service_of(document(**changes))
    assert refused.value.decision.code == "tad.bad_service"


def test_service_time_of_a_day_that_has_not_begun() -> None:
    from mobigo.tad.service.days import service_now

    assert service_now(WEDNESDAY, NOW) is None
    assert service_now(WEDNESDAY, datetime(2026, 11, 25, 8, tzinfo=UTC)) == 9 * 3600

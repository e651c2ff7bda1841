"""The terms of the registry: what makes a journey be refused when it is received, with the figures that decide.

Source: carpool rules §1.4 (RPC), defects of §1.6 designed out: journeys that are withdrawn or refused count against
nobody (4), a trip that contains another is close to it (5), days are those of France (6). And one term of our own: a
person is not their own passenger (the registry still accepts it, issue 2469).
"""

from collections.abc import Iterable
from datetime import timedelta

from covoit.model.journeys import Journey
from covoit.model.registry import Finding, Kind, Near, Terms


def violations(journey: Journey, near: Iterable[Near], terms: Terms) -> list[Finding]:
    """Every term the journey breaks, in the registry's order. `near` holds the operator's other journeys of the two
    persons, of that day and around it, that count or still may; more of them does no harm."""
    others = [
        each for each in near if each.operator == journey.operator and each.operator_trip_id != journey.operator_trip_id
    ]
    found = [
        _same_person(journey),
        _too_short(journey, terms),
        _too_many(journey, others, terms),
        _too_close(journey, others, terms),
        _expired(journey, terms),
    ]
    return [finding for finding in found if finding is not None]


def gap(journey: Journey, other: Near) -> timedelta:
    """The time between two trips: negative when they overlap, whichever contains the other."""
    return max(other.started_at - journey.ended_at, journey.started_at - other.ended_at)


def same_pair(journey: Journey, other: Near) -> bool:
    """Whether both journeys are of the same two persons, in whatever roles."""
    return {journey.driver, journey.passenger} == {other.driver, other.passenger}


def trips_of_day(person: str, journey: Journey, others: Iterable[Near]) -> int:
    """How many other trips this person takes part in, in either role, on the day of the journey, in France."""
    day = journey.day
    return len(
        {
            (each.operator, each.operator_trip_id)
            for each in others
            if person in (each.driver, each.passenger) and each.day == day
        }
    )


def _same_person(journey: Journey) -> Finding | None:
    return Finding(Kind.TERMS, "driver_is_passenger") if journey.driver == journey.passenger else None


def _too_short(journey: Journey, terms: Terms) -> Finding | None:
    if journey.distance_m >= terms.distance_m_min:
        return None
    figures = {"distance": journey.distance_m, "distance_min": terms.distance_m_min}
    return Finding(Kind.TERMS, "distance_too_short", figures)


def _too_many(journey: Journey, others: list[Near], terms: Terms) -> Finding | None:
    if len(others) < terms.trips_by_day_max:
        return None
    # The larger of the two persons' counts, not the union of both (registry, pull request 3327).
    driver = trips_of_day(journey.driver, journey, others)
    passenger = trips_of_day(journey.passenger, journey, others)
    if max(driver, passenger) < terms.trips_by_day_max:
        return None
    figures = {"driver_trips": driver, "passenger_trips": passenger, "trips_max": terms.trips_by_day_max}
    return Finding(Kind.TERMS, "too_many_trips_by_day", figures)


def _too_close(journey: Journey, others: list[Near], terms: Terms) -> Finding | None:
    close = [each for each in others if same_pair(journey, each) and gap(journey, each) < terms.gap_min]
    if not close:
        return None
    nearest = min(close, key=lambda each: (each.started_at, each.operator_journey_id))
    figures = {
        "conflicting_journey_id": nearest.operator_journey_id,
        "gap_s": max(0, int(gap(journey, nearest).total_seconds())),
        "gap_s_min": int(terms.gap_min.total_seconds()),
    }
    return Finding(Kind.TERMS, "too_close_trips", figures)


def _expired(journey: Journey, terms: Terms) -> Finding | None:
    if terms.deadline is None or journey.received_at - journey.started_at <= terms.deadline:
        return None
    late_s = int((journey.received_at - journey.started_at).total_seconds())
    figures = {"received_after_s": late_s, "deadline_s": int(terms.deadline.total_seconds())}
    return Finding(Kind.TERMS, "expired", figures)

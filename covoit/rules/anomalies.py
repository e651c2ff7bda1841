"""Anomalies and frauds between operators: what the asynchronous checks find against a journey.

Source: carpool rules §1.4 (RPC API v3.3, `anomaly_label` and `fraudcheck_label`). Of two journeys that exclude one
another the one received first stands, as in the registry.

The registry compares with a routing engine; we have none here, so distance and duration are held against bounds that no
road can leave: never shorter than as the crow flies, hardly ever longer than 2.5 times that, between 20 and 130 km/h
on the whole. A journey found absurd against these bounds is absurd against any route; the contrary is not true.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from covoit.model.journeys import Journey, ProofClass
from covoit.model.registry import Finding, Kind, Near
from covoit.rules.terms import gap, same_pair, trips_of_day
from mobigo.base.geo import Point, distance_m

OVERLAP_SHARE_MIN: Final = 0.7
DETOUR_MAX: Final = 2.5
FASTEST_M_S: Final = 130 / 3.6
SLOWEST_M_S: Final = 20 / 3.6
DISTANCE_M_MIN: Final = 300
DURATION_S_MIN: Final = 60
# The registry's factors, against its routing engine.
TOO_FAST: Final = 2.5
TOO_SHORT: Final = 2.5
TOO_LONG: Final = 4
TOO_SLOW: Final = 7

OWN_LINES: Final = "mobigo"  # the operator of our own lines, as the registry names it
OTHERS_TRIPS_BY_DAY_MAX: Final = 4
OTHERS_GAP_MIN: Final = timedelta(minutes=30)


def anomalies(journey: Journey, near: Iterable[Near], positions: tuple[Point, Point] | None) -> list[Finding]:
    """Every anomaly of a journey, beside the others of its operator; positions may be gone, and are then not judged."""
    found = [_overlap(journey, near), _other_driver(journey, near), absurd(journey, positions)]
    return [finding for finding in found if finding is not None]


def frauds(journey: Journey, near: Iterable[Near]) -> list[Finding]:
    """Every fraud of a journey across operators: the same persons declared elsewhere."""
    earlier = [each for each in near if _before(each, journey)]
    elsewhere = [each for each in earlier if each.operator != journey.operator]
    found = [_inter_overlap(journey, elsewhere), _inter_many(journey, earlier), _inter_close(journey, elsewhere)]
    return [finding for finding in found if finding is not None]


def overlap_share(journey: Journey, other: Near) -> float:
    """The time two journeys share, over the shorter of them: 1 when one contains the other (registry's defect 5)."""
    shared = min(journey.ended_at, other.ended_at) - max(journey.started_at, other.started_at)
    shortest = min(journey.ended_at - journey.started_at, other.ended_at - other.started_at)
    if shared < timedelta(0):
        return 0.0
    if shortest <= timedelta(0):
        return 1.0  # an instant inside the other
    return shared / shortest


def absurd(journey: Journey, positions: tuple[Point, Point] | None) -> Finding | None:
    """Whether distance or duration cannot be; of class C only, whose positions are both persons'. On our own lines, of
    any class: the distance is the line's and the instants are ours, so that two telephones on one table prove no ride.
    """
    if journey.operator == OWN_LINES and journey.leg is not None and journey.proof_class is not ProofClass.C:
        return _faster_than_any_car(journey)
    if journey.proof_class is not ProofClass.C:
        return None
    duration_s = (journey.ended_at - journey.started_at).total_seconds()
    reason = _absurd_alone(journey.distance_m, duration_s)
    figures = {"distance": journey.distance_m, "duration": int(duration_s)}
    if positions is not None:
        straight_m = distance_m(*positions)
        reason = reason or _absurd_between(journey.distance_m, duration_s, straight_m)
        figures["straight_distance"] = round(straight_m)
    return None if reason is None else Finding(Kind.ANOMALY, "distance_duration_anomaly", {"reason": reason, **figures})


def _faster_than_any_car(journey: Journey) -> Finding | None:
    duration_s = (journey.ended_at - journey.started_at).total_seconds()
    if duration_s >= max(DURATION_S_MIN, journey.distance_m / FASTEST_M_S):
        return None
    reason = "duration_below_1_min" if duration_s < DURATION_S_MIN else "duration_too_short"
    figures = {"reason": reason, "distance": journey.distance_m, "duration": int(duration_s)}
    return Finding(Kind.ANOMALY, "distance_duration_anomaly", figures)


def _absurd_alone(declared_m: int, duration_s: float) -> str | None:
    if declared_m < DISTANCE_M_MIN:
        return "distance_below_300_m"
    if duration_s < DURATION_S_MIN:
        return "duration_below_1_min"
    return None


def _absurd_between(declared_m: int, duration_s: float, straight_m: float) -> str | None:
    road_m_min, road_m_max = straight_m, straight_m * DETOUR_MAX
    if road_m_max < DISTANCE_M_MIN:
        return "distance_below_300_m"
    if road_m_min / FASTEST_M_S > TOO_FAST * duration_s:
        return "duration_too_short"
    if road_m_min > TOO_SHORT * declared_m:
        return "distance_too_short"
    if declared_m > TOO_LONG * road_m_max:
        return "distance_too_long"
    if duration_s > TOO_SLOW * max(road_m_max / SLOWEST_M_S, DURATION_S_MIN):
        return "duration_too_long"
    return None


def _overlap(journey: Journey, near: Iterable[Near]) -> Finding | None:
    over = [
        (overlap_share(journey, each), each)
        for each in near
        if each.operator == journey.operator and each.passenger == journey.passenger and _before(each, journey)
    ]
    worst = max(over, default=None, key=lambda pair: (pair[0], pair[1].operator_journey_id))
    if worst is None or worst[0] < OVERLAP_SHARE_MIN:
        return None
    figures = {
        "conflicting_journey_id": worst[1].operator_journey_id,
        "temporal_overlap_duration_ratio": round(worst[0], 4),
    }
    return Finding(Kind.ANOMALY, "temporal_overlap_anomaly", figures)


def _other_driver(journey: Journey, near: Iterable[Near]) -> Finding | None:
    """One trip id, two drivers: no one knows whose trip it is. The first received stands."""
    for each in near:
        same_trip = each.operator == journey.operator and each.operator_trip_id == journey.operator_trip_id
        if same_trip and each.driver != journey.driver and _before(each, journey):
            return Finding(Kind.ANOMALY, "trip_of_another_driver", {"conflicting_journey_id": each.operator_journey_id})
    return None


def _inter_overlap(journey: Journey, elsewhere: list[Near]) -> Finding | None:
    over = [each for each in elsewhere if same_pair(journey, each) and gap(journey, each) < timedelta(0)]
    return Finding(Kind.FRAUD, "interoperator_overlap") if over else None


def _inter_many(journey: Journey, earlier: list[Near]) -> Finding | None:
    for person in (journey.driver, journey.passenger):
        theirs = [each for each in earlier if person in (each.driver, each.passenger)]
        theirs = [each for each in theirs if (each.operator, each.operator_trip_id) != _trip(journey)]
        several = any(each.operator != journey.operator and each.day == journey.day for each in theirs)
        if several and trips_of_day(person, journey, theirs) >= OTHERS_TRIPS_BY_DAY_MAX:
            return Finding(Kind.FRAUD, "interoperator_too_many_trips_by_day")
    return None


def _inter_close(journey: Journey, elsewhere: list[Near]) -> Finding | None:
    for each in elsewhere:
        apart = gap(journey, each)
        if same_pair(journey, each) and timedelta(0) <= apart < OTHERS_GAP_MIN:
            return Finding(Kind.FRAUD, "interoperator_too_close_trips")
    return None


def _trip(journey: Journey) -> tuple[str, str]:
    return (journey.operator, journey.operator_trip_id)


def _before(other: Near, journey: Journey) -> bool:
    """Whether the other was received first; of two received together, the one whose id comes first."""
    return other.journey != journey.id and (other.received_at, other.journey) < (journey.received_at, journey.id)

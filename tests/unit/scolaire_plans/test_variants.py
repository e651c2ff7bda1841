"""Several plans instead of one: each asks for more, is a plan of the demand itself, and stays when none beats it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scolaire.engine.day import DayAsk, DayLimits, DayTold, Mode
from scolaire.engine.delays import punctuality
from scolaire.engine.solve import Limits
from scolaire.engine.stops import StopLimits
from scolaire.engine.variants import FURTHER_M, Variant, Variants, asking, plan_variants
from scolaire.rules.day import day_faults
from scolaire.rules.demand import reachable
from scolaire.rules.frontier import MOST, Offer, beats, frontier
from scolaire.rules.halves import problems_of, travel_of
from scolaire.rules.kpi import kpis, ride_seconds
from tests.school_world import sector

QUICK = DayLimits(StopLimits(60), Limits(20, 0, 20.0))
SMALL = sector(3, schools=3, stops=12, pupils=50, wheelchair_pct=5, evenings=False)
PLAN = Offer("a", left=0, buses=5, week_cents=100, ride_p95_s=1_800, walk_p95_m=900, changed=10, unsure_pm=20)


@pytest.fixture(scope="module")
def found() -> Variants:
    return plan_variants(SMALL, DayAsk(), QUICK, 1)


def test_every_variant_is_a_plan_of_the_demand_itself(found: Variants) -> None:
    assert set(found.plans) == set(Variant)
    assert all(day_faults(plan, SMALL) == [] for plan in found.plans.values())


def test_a_variant_keeps_what_it_promises(found: Variants) -> None:
    """Rides within the shorter cap; stops near the nearest; the services of the first plan before the bell."""
    for variant in (Variant.RIDE_85, Variant.RIDE_70):
        assert day_faults(found.plans[variant], asking(SMALL, variant)) == []
    for pupil in SMALL.pupils:
        seat = found.plans[Variant.WALK].seats.get(pupil.id)
        metres = dict(pupil.reach)
        assert seat is None or metres[seat.stop] <= min(metres.values()) + FURTHER_M
    first, safe = found.plans[Variant.BUSES], found.plans[Variant.SAFE]
    assert safe.seats == first.seats
    shares = [punctuality(each, SMALL, grace_ms=300_000).share for each in (safe, first)]
    assert shares[0] >= min(0.97, shares[1])


def test_the_curve_tells_buses_by_ride_cap(found: Variants) -> None:
    assert [share for share, _ in found.curve] == [100, 85, 70]
    assert [buses for _, buses in found.curve] == [
        kpis(found.plans[each], SMALL).buses for each in (Variant.BUSES, Variant.RIDE_85, Variant.RIDE_70)
    ]


def test_what_is_offered_is_beaten_by_nothing_that_was_found(found: Variants) -> None:
    assert found.offers
    assert all(not beats(one, other) for one in found.offers for other in found.offers)
    assert {each.name for each in found.offers} <= {*Variant}


@pytest.mark.parametrize("variant", [*Variant])
def test_nobody_who_can_be_carried_becomes_one_who_cannot(variant: Variant) -> None:
    more = asking(SMALL, variant)
    for before, after in zip(SMALL.pupils, more.pupils, strict=True):
        assert bool(reachable(more, travel_of(more), after)) or not reachable(SMALL, travel_of(SMALL), before)
        assert after.ride_max_ms <= before.ride_max_ms
        assert {*after.reach} <= {*before.reach}


def test_a_shorter_cap_is_the_share_or_the_ride_alone() -> None:
    """A cap of ten minutes: seventy hundredths are seven; where the nearest stop is nine minutes away, nine."""
    pupil = SMALL.pupils[0]
    stop = pupil.reach[0][0]
    travel = travel_of(SMALL)
    alone = int(travel.ms[SMALL.node_of[f"stop:{stop}"], SMALL.node_of[f"school:{pupil.school}"]])
    for cap, expected in ((alone * 2, alone * 2 * 70 // 100), (alone * 10 // 9, alone), (alone, alone)):
        one = replace(SMALL, pupils=(replace(pupil, reach=((stop, 1),), ride_max_ms=cap),))
        assert asking(one, Variant.RIDE_70).pupils[0].ride_max_ms == expected


def test_whoever_says_stop_has_what_was_found() -> None:
    heard: list[DayTold] = []

    def told(step: DayTold) -> bool:
        heard.append(step)
        return not step.phase.startswith("variant_ride_70")

    stopped = plan_variants(SMALL, DayAsk(Mode.FRESH), QUICK, 1, told=told)
    assert set(stopped.plans) == {Variant.BUSES, Variant.RIDE_85}
    assert [share for share, _ in stopped.curve] == [100, 85]


def test_rides_are_told_as_the_checker_counts_them(found: Variants) -> None:
    plan = found.plans[Variant.RIDE_70]
    caps = max(each.ride_max_ms for each in asking(SMALL, Variant.RIDE_70).pupils)
    assert max(ride_seconds(plan, problems_of(SMALL, plan))) * 1000 <= caps


@pytest.mark.parametrize(
    ("offers", "names"),
    [
        ([], []),
        ([PLAN], ["a"]),
        ([PLAN, PLAN._replace(name="b")], ["a"]),  # equal: the first
        ([PLAN, PLAN._replace(name="b", buses=4)], ["b"]),
        ([PLAN, PLAN._replace(name="b", buses=4, changed=11)], ["b", "a"]),  # each better in something
        ([PLAN._replace(left=1, buses=1), PLAN._replace(name="b")], ["b"]),  # nobody is left to save a bus
        ([PLAN, PLAN._replace(name="b", walk_p95_m=899, week_cents=99)], ["b"]),
    ],
)
def test_only_what_nothing_beats_is_offered(offers: list[Offer], names: list[str]) -> None:
    assert [each.name for each in frontier(offers)] == names


OFFERS = st.builds(Offer, st.text("abc", max_size=2), *[st.integers(0, 3)] * 7)


@given(st.lists(OFFERS, max_size=12))
def test_what_is_left_out_is_beaten_or_leaves_pupils_or_is_one_too_many(offers: list[Offer]) -> None:
    kept = frontier(offers)
    assert len(kept) <= MOST
    assert bool(kept) == bool(offers)
    assert all(not beats(one, other) for one in kept for other in kept)
    for each in offers:
        more = len(kept) == MOST or each.left > kept[0].left
        assert more or each.figures in {one.figures for one in kept} or any(beats(one, each) for one in kept)

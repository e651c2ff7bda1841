"""Laws of the rule on any trip, the national registry's known defects as named tests, and sentences people read."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covoit.engine.recompute import Trips
from covoit.engine.simulate import what_if
from covoit.gateway.campaigns import load_campaign
from covoit.gateway.scales import load_scale
from covoit.model.journeys import Journey, JourneyState, LineLeg, ProofClass, VehicleTrip
from covoit.model.pricing import PricedTrip
from covoit.model.scale import Cap, CapMeasure, CapOf, CapPer, DistanceBasis, Scale
from covoit.rules import campaign as campaign_rules
from covoit.rules import caps, legal, subsidy
from mobigo.base.money import ZERO, Money
from mobigo.infra.i18n import sentence
from tests.covoit_world import AT, ONE, generate_trips, journey, trip

A = load_scale("BFC-2020-from-second")
B = load_scale("BFC-from-first")
NBSP = "\N{NO-BREAK SPACE}"


@st.composite
def journeys(draw: st.DrawFn) -> Journey:
    length = draw(st.sampled_from([33_000, 80_000, 4_500]))
    a = draw(st.integers(0, length - 1))
    b = draw(st.integers(a + 1, length))
    on_line = draw(st.integers(0, 4)) > 0
    start = AT + timedelta(minutes=draw(st.integers(0, 90)))
    return replace(
        ONE,
        passenger=draw(st.sampled_from(["ann", "bob", "cleo", "dan", "driver"])),
        seats=draw(st.integers(1, 3)),
        leg=LineLeg("line", draw(st.sampled_from([0, 0, 0, 1])), a, b) if on_line else None,
        distance_m=draw(st.integers(1, 100_000)),
        started_at=start,
        ended_at=start + timedelta(minutes=draw(st.integers(0, 60))),
        state=draw(st.sampled_from([JourneyState.OK] * 4 + [JourneyState.FRAUD])),
        proof_class=draw(st.sampled_from([ProofClass.A, ProofClass.B, ProofClass.C, ProofClass.C])),
    )


trips_ = st.lists(journeys(), min_size=1, max_size=5).map(lambda several: trip(*several))
scales_ = st.sampled_from([A, B, replace(B, distance_basis=DistanceBasis.DRIVEN_ON_LINE)])
ranks_ = st.integers(1, 4)


def price(each: VehicleTrip, scale: Scale = B, rank: int = 1) -> PricedTrip:
    return subsidy.price(each, scale, rank_of_day=rank)


@given(trips_, scales_, ranks_)
def test_an_amount_is_the_sum_of_its_steps_and_of_its_shares(each: VehicleTrip, scale: Scale, rank: int) -> None:
    priced = price(each, scale, rank)
    assert sum((step.change.cents for step in priced.steps), 0) == priced.amount.cents >= 0
    assert sum((share.cents for share in priced.shares.values()), 0) == priced.amount.cents
    assert all(share >= ZERO for share in priced.shares.values())
    assert set(priced.shares) == set(priced.counted)
    assert set(priced.counted) | set(priced.refused) == {one.id for one in each.journeys}
    assert not set(priced.counted) & set(priced.refused)
    running = ZERO
    for step in priced.steps:
        running += step.change
        assert step.after == running


@given(trips_, scales_, ranks_, st.randoms())
def test_the_order_of_journeys_changes_nothing(each: VehicleTrip, scale: Scale, rank: int, random: object) -> None:
    shuffled = list(each.journeys)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = replace(each, journeys=tuple(shuffled))
    assert subsidy.canonical_bytes(price(again, scale, rank)) == subsidy.canonical_bytes(price(each, scale, rank))


@given(trips_, scales_, ranks_)
def test_a_journey_that_does_not_count_changes_no_amount(each: VehicleTrip, scale: Scale, rank: int) -> None:
    added = replace(
        journey(0, 30_000), id="extra", passenger="zoe", state=JourneyState.CANCELLED, started_at=each.started_at
    )
    with_it = replace(each, journeys=(*each.journeys, added))
    before, after = price(each, scale, rank), price(with_it, scale, rank)
    assert (after.amount, after.shares, after.fare, after.distance_m) == (
        before.amount,
        before.shares,
        before.fare,
        before.distance_m,
    )


@given(st.integers(2_000, 100_000), scales_)
def test_a_booking_of_two_seats_or_two_of_one_is_the_same(length: int, scale: Scale) -> None:
    one = trip(journey(0, length, seats=2))
    two = trip(journey(0, length, passenger="ann"), journey(0, length, passenger="bob"))
    assert price(one, scale).amount == price(two, scale).amount
    assert price(one, scale).fare == price(two, scale).fare


@given(trips_, ranks_)
def test_doubling_the_rate_doubles_the_kilometres_within_a_cent(each: VehicleTrip, rank: int) -> None:
    once, twice = price(each, B, rank), price(each, replace(B, rate_cents=20), rank)
    if once.counted:
        assert abs(twice.steps[0].change.cents - 2 * once.steps[0].change.cents) <= 1


@given(trips_, st.integers(3, 5))
def test_past_the_first_trips_of_the_day_the_costs_are_never_exceeded(each: VehicleTrip, rank: int) -> None:
    priced = price(each, B, rank)
    assert priced.amount.cents * 10_000 <= priced.distance_m * 529


@given(trips_)
def test_a_better_scale_never_pays_less(each: VehicleTrip) -> None:
    assert price(each, A).amount <= price(each, B).amount <= price(each, replace(B, bonus_cents=150)).amount


@given(trips_)
def test_what_was_driven_is_never_less_than_what_was_shared(each: VehicleTrip) -> None:
    driven = replace(B, distance_basis=DistanceBasis.DRIVEN_ON_LINE)
    whole = replace(each, driven=LineLeg("line", 0, 0, 80_000))
    assert price(whole, driven).distance_m >= price(whole, B).distance_m
    unknown = price(replace(each, driven=None), driven)
    assert unknown.distance_m == price(each, B).distance_m
    assert not unknown.counted or subsidy.DRIVEN_UNKNOWN in unknown.flags


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), min_size=1, max_size=6))
def test_a_union_is_what_is_under_a_stretch(stretches: list[tuple[int, int]]) -> None:
    ends = [(start, start + length) for start, length in stretches]
    assert subsidy.union_m(ends) == len({metre for start, end in ends for metre in range(start, end)})


@given(st.integers(0, 10_000), st.dictionaries(st.text("abcd", min_size=1), st.integers(0, 50), min_size=1))
def test_nothing_is_lost_or_made_when_shared(cents: int, weights: dict[str, int]) -> None:
    parts = subsidy.apportion(cents, weights)
    assert sum(parts.values()) == cents
    total = sum(weights.values())
    if total:
        for name, weight in weights.items():
            assert abs(parts[name] * total - cents * weight) < total


# ---- recomputable, byte for byte


def test_a_line_is_the_same_bytes_in_any_process() -> None:
    """Hash seeds differ from one process to the next: nothing may depend on the order of a set."""
    code = (
        "from covoit.gateway.scales import load_scale\n"
        "from covoit.rules import subsidy\n"
        "from tests.covoit_world import generate_trips\n"
        "s = load_scale('BFC-from-first')\n"
        "print(*(subsidy.line_hash(p) for p in subsidy.price_all(list(generate_trips(200, 4)), s)))\n"
    )
    here = [subsidy.line_hash(each) for each in subsidy.price_all(list(generate_trips(200, 4)), B)]
    for seed in ("1", "77"):
        ran = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": "Pacific/Auckland"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert ran.stdout.split() == here


@settings(max_examples=50)
@given(trips_, ranks_, st.integers(0, 600), st.integers(1, 1_500))
def test_an_amount_is_computed_again_from_its_own_inputs(each: VehicleTrip, rank: int, used: int, limit: int) -> None:
    capped = replace(B, caps=(Cap(CapOf.DRIVER, CapPer.MONTH, CapMeasure.AMOUNT, limit),))
    first = price(each, capped, rank)
    before = caps.Usage({caps.key_of(first, capped.caps[0]): used} if used else {})
    (priced,) = caps.apply([first], capped, before)
    stored = json.loads(subsidy.canonical_bytes(priced))["inputs"]
    assert subsidy.canonical_bytes(caps.recompute(stored, capped)) == subsidy.canonical_bytes(priced)


def test_an_amount_is_not_computed_again_under_another_scale() -> None:
    with pytest.raises(ValueError, match="priced under"):
        subsidy.recompute(price(trip(journey())).inputs, A)


# ---- caps


amounts_ = st.lists(st.integers(0, 700), min_size=1, max_size=12)


def fake(number: int, cents: int, driver: str = "d", day: int = 0) -> PricedTrip:
    start = AT + timedelta(days=day, minutes=number)
    base = price(trip(journey(started_at=start), trip_id=f"t{number:02d}", driver=driver))
    return replace(base, before_caps=Money(cents), amount=Money(cents), shares={base.counted[0]: Money(cents)})


@settings(max_examples=60)
@given(amounts_, st.integers(0, 2_000), st.integers(0, 2_000), st.integers(1, 4))
def test_a_cap_is_never_exceeded_and_what_remains_is_paid(
    cents: list[int], month: int, budget: int, per_day: int
) -> None:
    scale = replace(
        B,
        caps=(
            Cap(CapOf.DRIVER, CapPer.MONTH, CapMeasure.AMOUNT, month),
            Cap(CapOf.CAMPAIGN, CapPer.CAMPAIGN, CapMeasure.AMOUNT, budget),
            Cap(CapOf.DRIVER, CapPer.DAY, CapMeasure.TRIPS, per_day),
        ),
    )
    given_ = [fake(number, each, driver=f"d{number % 2}", day=number // 3) for number, each in enumerate(cents)]
    out = caps.apply(given_, scale, caps.Usage())
    total = sum(each.amount.cents for each in out)
    assert total <= budget
    by_driver = {
        name: sum(each.amount.cents for each in out if each.driver == name) for name in {each.driver for each in out}
    }
    assert all(paid <= month for paid in by_driver.values())
    for each, before in zip(out, given_, strict=True):
        assert ZERO <= each.amount <= before.amount
        assert each.amount == before.amount or each.steps[-1].reason.code.startswith("covoit.cap_")
    if per_day == 4:  # no number of trips stops anybody: then all that is due is paid, up to the room there is
        due = {n: sum(e.amount.cents for e in given_ if e.driver == n) for n in by_driver}
        assert total == min(budget, sum(min(month, each) for each in due.values()))


@settings(max_examples=30)
@given(amounts_, st.integers(1, 2_000))
def test_what_was_posted_and_reversed_leaves_no_trace(cents: list[int], month: int) -> None:
    scale = replace(B, caps=(Cap(CapOf.DRIVER, CapPer.MONTH, CapMeasure.AMOUNT, month),))
    out = caps.apply([fake(number, each) for number, each in enumerate(cents)], scale, caps.Usage())
    used = caps.Usage().with_posted(out, scale)
    assert used.with_reversed(out, scale) == caps.Usage()


def test_late_trips_use_what_is_left_and_move_nothing_posted() -> None:
    scale = replace(B, caps=(Cap(CapOf.DRIVER, CapPer.MONTH, CapMeasure.AMOUNT, 500),))
    posted = caps.apply([fake(5, 430)], scale, caps.Usage())
    earlier_but_late = caps.apply([fake(1, 430)], scale, caps.Usage().with_posted(posted, scale))
    assert (posted[0].amount, earlier_but_late[0].amount) == (Money(430), Money(70))


def test_a_late_trip_ranks_after_those_already_priced() -> None:
    short = [trip(journey(0, 3_000, started_at=AT + timedelta(hours=h)), trip_id=f"t{h}") for h in range(3)]
    assert subsidy.ranks_of_day(short, B) == [1, 2, 3]
    assert subsidy.ranks_of_day(short[:1], B, already={("driver", short[0].day): 2}) == [3]


def test_a_trip_that_does_not_count_takes_no_rank() -> None:
    nothing = trip(journey(0, 1_000, started_at=AT - timedelta(hours=1)), trip_id="t0")
    real = trip(journey(), trip_id="t1")
    assert subsidy.ranks_of_day([real, nothing], B) == [1, 1]
    with pytest.raises(ValueError, match="ranks begin at 1"):
        price(real, B, 0)


# ---- the national registry's known defects (carpool rules §1.6)


def test_defect_2_a_counter_is_not_moved_by_money_that_was_not_paid() -> None:
    """Pays de la Loire 2024: the counter of the year said 150 where 75 was paid."""
    scale = replace(
        B,
        caps=(
            Cap(CapOf.DRIVER, CapPer.YEAR, CapMeasure.AMOUNT, 1_000),
            Cap(CapOf.CAMPAIGN, CapPer.CAMPAIGN, CapMeasure.AMOUNT, 75),
        ),
    )
    out = caps.apply([fake(1, 150), fake(2, 150)], scale, caps.Usage())
    used = caps.Usage().with_posted(out, scale)
    assert [used.used(caps.key_of(out[0], cap)) for cap in scale.caps] == [75, 75]


def test_defect_3_a_trip_withdrawn_after_it_was_posted_gives_its_room_back() -> None:
    scale = replace(B, caps=(Cap(CapOf.DRIVER, CapPer.MONTH, CapMeasure.AMOUNT, 430),))
    posted = caps.apply([fake(1, 430)], scale, caps.Usage())
    used = caps.Usage().with_posted(posted, scale)
    assert caps.apply([fake(2, 430)], scale, used)[0].amount == ZERO
    assert caps.apply([fake(2, 430)], scale, used.with_reversed(posted, scale))[0].amount == Money(430)


def test_defect_4_a_cancelled_trip_counts_nowhere() -> None:
    cancelled = trip(journey(state=JourneyState.CANCELLED, started_at=AT - timedelta(hours=1)), trip_id="t0")
    scale = replace(B, caps=(Cap(CapOf.DRIVER, CapPer.DAY, CapMeasure.TRIPS, 1),))
    out = caps.apply(subsidy.price_all([cancelled, trip(journey())], scale), scale, caps.Usage())
    assert [each.amount for each in out] == [ZERO, Money(430)]


@pytest.mark.parametrize(
    ("start", "day", "month"),
    [
        (datetime(2026, 9, 30, 21, 59, tzinfo=UTC), "2026-09-30", "2026-09"),
        (datetime(2026, 9, 30, 22, 0, tzinfo=UTC), "2026-10-01", "2026-10"),
        (datetime(2026, 12, 31, 22, 59, tzinfo=UTC), "2026-12-31", "2026-12"),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "2027-01-01", "2027-01"),
    ],
)
def test_defect_6_days_and_months_are_those_of_france(start: datetime, day: str, month: str) -> None:
    priced = price(trip(journey(started_at=start)))
    assert caps.period_of(priced, CapPer.DAY) == day
    assert caps.period_of(priced, CapPer.MONTH) == month
    assert caps.period_of(priced, CapPer.YEAR) == month[:4]


def test_defect_7_three_passengers_share_and_the_sum_is_the_amount() -> None:
    priced = price(trip(*[journey(0, 10_000)] * 3))
    assert [share.cents for share in priced.shares.values()] == [134, 133, 133]
    assert sum(share.cents for share in priced.shares.values()) == priced.amount.cents == 400


def test_defect_8_the_limit_of_passengers_is_of_the_car_not_of_a_booking() -> None:
    assert price(trip(*[journey(0, 10_000, seats=2)] * 2)).passengers == 3
    assert price(trip(*[journey(0, 10_000)] * 5)).passengers == 3


def test_defect_10_what_got_nothing_is_not_counted_as_helped_and_a_booster_is_a_step_of_its_own() -> None:
    columns = Trips.of([trip(journey()), trip(journey(0, 1_000), trip_id="t2")])
    totals = what_if(columns, B, B).before
    assert (totals.trips, totals.paid_trips) == (2, 1)
    campaign = load_campaign("vers-la-gare")
    strike = replace(campaign, where=(), zones={})
    at = datetime(2026, 6, 10, 6, tzinfo=UTC)
    boosted, plain = (
        campaign_rules.price(trip(journey(None, 10_000, started_at=day)), strike, rank_of_day=1)[0]
        for day in (at, at - timedelta(days=1))
    )
    assert [(step.code, step.change.cents) for step in boosted.steps] == [("km", 120), ("greve", 60)]
    assert [step.code for step in plain.steps] == ["km"]


def test_a_kilometre_is_paid_once_however_many_are_on_board() -> None:
    """The registry prices pairs: three passengers would be paid three times the road."""
    assert price(trip(*[journey(0, 10_000)] * 3)).steps[0].change == Money(100)


def test_open_gap_2469_the_driver_is_not_a_passenger_whatever_the_name_of_the_field() -> None:
    both = trip(journey(passenger="driver"), journey(0, 20_000))
    priced = price(both)
    assert priced.refused["t1-0"].code == "covoit.driver_is_passenger"
    assert priced.amount == Money(300)


def test_one_person_is_on_board_once_at_a_time() -> None:
    twice = trip(journey(0, 20_000, passenger="ann"), journey(10_000, 30_000, passenger="ann"))
    assert list(price(twice).refused) == ["t1-1"]
    in_turn = trip(journey(0, 15_000, passenger="ann"), journey(15_000, 30_000, passenger="ann"))
    assert (price(in_turn).passengers, price(in_turn).flags) == (2, (subsidy.SAME_PASSENGER,))


@pytest.mark.parametrize(
    ("minutes", "least_pct", "same"),
    [(21, 70, True), (22, 70, True), (20, 70, False), (0, 70, False), (-1, 1, False), (30, 100, True)],
)
def test_off_the_lines_two_journeys_are_one_from_seventy_per_cent_on(minutes: int, least_pct: int, same: bool) -> None:
    """Each lasts 30 minutes; 70 % is 21."""
    first = journey(None, 20_000)
    second = journey(None, 20_000, started_at=AT + timedelta(minutes=30 - minutes))
    assert subsidy.overlap(first, second, least_pct) is same


# ---- distance


@pytest.mark.parametrize(
    ("declared", "flagged"), [(12_000, False), (12_001, True), (11_999, False), (1, False), (500_000, True)]
)
def test_a_declared_distance_above_the_tolerance_is_brought_back(declared: int, flagged: bool) -> None:
    priced = price(trip(replace(journey(0, 10_000), distance_m=declared)))
    assert priced.distance_m == 10_000
    assert (subsidy.BROUGHT_BACK in priced.flags) is flagged


def test_off_the_lines_the_longest_leg_is_paid_and_said() -> None:
    off = trip(journey(None, 12_000), journey(None, 30_000))
    assert (price(off).distance_m, price(off).flags, price(off).line) == (30_000, (subsidy.LONGEST_LEG,), None)
    there_and_back = trip(journey(0, 20_000), journey(5_000, 20_000, direction=1))
    assert (price(there_and_back).distance_m, price(there_and_back).flags) == (20_000, (subsidy.LONGEST_LEG,))
    mixed = trip(journey(0, 20_000), journey(None, 25_000))
    assert (price(mixed).distance_m, price(mixed).flags) == (25_000, (subsidy.LONGEST_LEG,))


@pytest.mark.parametrize(
    ("proof", "scale", "counts"),
    [
        (ProofClass.A, B, False),
        (ProofClass.B, B, True),
        (ProofClass.B, replace(B, proof_class_min=ProofClass.C), False),
        (ProofClass.C, replace(B, proof_class_min=ProofClass.C), True),
    ],
)
def test_a_proof_is_at_least_of_the_class_asked(proof: ProofClass, scale: Scale, counts: bool) -> None:
    assert bool(price(trip(journey(proof_class=proof)), scale).counted) is counts


def test_a_rate_finer_than_a_cent_is_exact() -> None:
    fine = replace(B, rate_cents=105, rate_unit_m=10_000)  # 0.105 €/km
    priced = price(trip(journey(0, 2_143)), fine)  # 22.5015
    assert priced.steps[0].change == Money(23)
    assert sentence(priced.steps[0].reason, "fr") == f"2,143{NBSP}km × 0,105{NBSP}€ = 0,23{NBSP}€"


@pytest.mark.parametrize(
    ("metres", "rank", "limit"),
    [
        (14_999, 1, None),
        (14_999, 2, None),
        (14_999, 3, 793),
        (15_000, 1, 793),  # 793.5, down
        (15_000, 2, 793),
        (0, 3, 0),
        (10_000, 3, 529),
    ],
)
def test_the_legal_ceiling_on_both_sides_of_its_exemption(metres: int, rank: int, limit: int | None) -> None:
    found = legal.limit_of(metres, rank, B.ceilings[0])
    assert found == (None if limit is None else Money(limit))


def test_a_trip_that_a_budget_left_unpaid_takes_no_place_among_the_paid_ones() -> None:
    scale = replace(
        B,
        caps=(
            Cap(CapOf.DRIVER, CapPer.MONTH, CapMeasure.TRIPS, 2),
            Cap(CapOf.CAMPAIGN, CapPer.DAY, CapMeasure.AMOUNT, 430),
        ),
    )
    several = [fake(1, 430), fake(2, 430), fake(3, 430, day=1), fake(4, 430, day=2)]
    out = caps.apply(several, scale, caps.Usage())
    assert [each.amount.cents for each in out] == [430, 0, 430, 0]
    assert [each.steps[-1].code for each in out[1::2]] == ["campaign_day_amount", "driver_month_trips"]


# ---- what the driver reads


def said(priced: PricedTrip, language: str) -> list[str]:
    return [sentence(step.reason, language).replace("\u202f", " ").replace(NBSP, " ") for step in priced.steps]


def test_the_driver_reads_each_step() -> None:
    eighty = price(trip(journey(0, 80_000, line="saulieu-chatillon")))
    assert said(eighty, "fr") == ["80 km × 0,10 € = 8,00 €", "1 passager × 1,00 € = 1,00 €"]
    assert said(eighty, "en") == ["80 km × €0.10 = €8.00", "1 passenger × €1.00 = €1.00"]
    assert eighty.amount == Money(900)
    short = price(trip(*[journey(0, 3_000)] * 4), B, 3)
    assert said(short, "fr") == [
        "3 km × 0,10 € = 0,30 €",
        "3 passagers sur 4 × 1,00 € = 3,00 €",
        "Plafond légal, les frais du trajet : 3 km × 0,529 € = 1,58 € au plus.",
    ]
    assert said(price(trip(journey(0, 12_349)), A), "fr")[1] == "1 passager : le bonus commence au passager n° 2."


def test_every_reason_and_flag_has_its_words_in_both_languages() -> None:
    scale = replace(
        B,
        caps=tuple(
            Cap(of, per, measure, 1)
            for of in (CapOf.DRIVER, CapOf.VEHICLE_TRIP, CapOf.CAMPAIGN)
            for per in CapPer
            for measure in CapMeasure
        ),
    )
    decisions = [subsidy.flag_said(flag) for flag in (subsidy.LONGEST_LEG, subsidy.BROUGHT_BACK)]
    decisions += [subsidy.flag_said(flag) for flag in (subsidy.DRIVEN_UNKNOWN, subsidy.SAME_PASSENGER)]
    for state in JourneyState:
        decisions += price(trip(journey(state=state))).refused.values()
    for cap in scale.caps:
        one = replace(scale, caps=(cap,))
        first = fake(1, 430)
        (capped,) = caps.apply([first], one, caps.Usage({caps.key_of(first, cap): 1}))
        assert capped.steps[-1].code == cap.code
        decisions.append(capped.steps[-1].reason)
    for language in ("fr", "en"):
        for decision in decisions:
            text = sentence(decision, language)
            assert "covoit." not in text
            assert "%(" not in text

"""What-if: the sums of both scales, who wins and loses, by line and month; open data; what is assumed is said."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from covoit.engine.recompute import Trips, recompute
from covoit.engine.simulate import BINS_CENTS, what_if
from covoit.gateway.open_trips import read_open_trips
from covoit.gateway.scales import load_scale
from covoit.model.scale import Cap, CapMeasure, CapOf, CapPer
from covoit.rules import caps, subsidy
from covoit.service import simulation
from covoit.service.simulation import Change, changed_scale, figures_of
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.money import Money
from tests.covoit_world import generate_trips, journey, trip

B = load_scale("BFC-from-first")
A = load_scale("BFC-2020-from-second")
OCTOBER = datetime(2026, 10, 5, 6, tzinfo=UTC)

FOUR = [
    trip(journey(), trip_id="t1"),  # 33 km, 1 passenger: 430
    trip(journey(0, 53_000, line="sens-auxerre", started_at=OCTOBER), trip_id="t2", driver="bea"),  # 630
    trip(*[journey(0, 10_000)] * 2, trip_id="t3", driver="bea"),  # 300
    trip(journey(0, 1_000), trip_id="t4"),  # nothing
]


def test_the_sums_of_four_trips_by_hand() -> None:
    answer = simulation.simulate(Trips.of(FOUR), B, Change(rate_cents=12, bonus_cents=50))
    # 33 × 12 + 50 = 446; 53 × 12 + 50 = 686; 10 × 12 + 2 × 50 = 220
    assert (answer.before.cost, answer.after.cost) == (Money(430 + 630 + 300), Money(446 + 686 + 220))
    assert (answer.before.trips, answer.before.paid_trips, answer.before.passengers) == (4, 3, 4)
    assert (answer.before.fares, answer.before.net_cost) == (Money(600), Money(760))
    assert answer.before.distance_m == 96_000
    assert (answer.trips.winners, answer.trips.losers, answer.trips.unchanged) == (2, 1, 1)
    assert (answer.trips.gained, answer.trips.lost) == (Money(16 + 56), Money(80))
    assert answer.drivers is not None
    assert (answer.drivers.winners, answer.drivers.losers, answer.drivers.lost) == (1, 1, Money(24))
    assert [(row.line, row.month, row.after.cost.cents) for row in answer.rows] == [
        ("baume-avoudrey", date(2026, 11, 1), 446 + 220),
        ("sens-auxerre", date(2026, 10, 1), 686),
    ]
    assert [assumption.code for assumption in answer.assumptions] == ["covoit.assume_same_habits"]
    counted = {each.from_cents: (each.before, each.after) for each in answer.histogram if each.before or each.after}
    assert counted == {0: (1, 1), 200: (0, 1), 300: (1, 0), 400: (1, 1), 500: (1, 1)}
    assert answer.histogram[-1].to_cents is None
    assert [each.from_cents for each in answer.histogram] == list(BINS_CENTS)


@pytest.mark.parametrize("shape", ["bfc", "national"])
def test_what_if_is_the_rule_twice_to_the_cent(shape: str) -> None:
    """The very engine that pays: amounts are the pure rule's, summed."""
    trips = list(generate_trips(1_500, 3, shape=shape))
    change = Change(rate_cents=9, first_counted_passenger=2, driver_month_cents=2_000, budget_cents=300_000)
    after = changed_scale(B, change)
    answer = simulation.simulate(Trips.of(trips), B, change)
    assert answer == simulation.simulate(Trips.of(trips), B, after)
    old = subsidy.price_all(trips, B)
    new = caps.apply(subsidy.price_all(trips, after), after, caps.Usage())
    assert answer.before.cost.cents == sum(each.amount.cents for each in old)
    assert answer.after.cost.cents == sum(each.amount.cents for each in new)
    winners = sum(n.amount > o.amount for n, o in zip(new, old, strict=True))
    assert (answer.trips.winners, answer.trips.losers) == (
        winners,
        sum(n.amount < o.amount for n, o in zip(new, old, strict=True)),
    )
    assert sum(row.after.cost.cents for row in answer.rows) == answer.after.cost.cents
    assert sum(row.before.passengers for row in answer.rows) == answer.before.passengers
    assert sum(each.after for each in answer.histogram) == answer.after.trips == len(trips)


def test_the_same_scale_moves_nobody() -> None:
    answer = what_if(Trips.of(generate_trips(500, 1)), B, B)
    assert (answer.trips.winners, answer.trips.losers, answer.before) == (0, 0, answer.after)


def test_no_trip_at_all() -> None:
    answer = what_if(Trips.of([]), B, A)
    assert (answer.before.trips, answer.rows, answer.after.cost) == (0, (), Money(0))


def test_changed_figures_make_a_scale_that_nothing_pays() -> None:
    changed = changed_scale(
        replace(B, caps=(Cap(CapOf.DRIVER, CapPer.MONTH, CapMeasure.AMOUNT, 5),)), Change(rate_cents=0)
    )
    assert (changed.code, changed.act, changed.applies, changed.rate_cents) == ("simulation", None, False, 0)
    assert changed.hash != B.hash
    assert changed.cap(CapOf.DRIVER, CapPer.MONTH, CapMeasure.AMOUNT) == 5
    tighter = changed_scale(changed, Change(driver_month_cents=3))
    assert tighter.cap(CapOf.DRIVER, CapPer.MONTH, CapMeasure.AMOUNT) == 3
    assert figures_of(B)["rate_cents"] == 10
    assert figures_of(B)["budget_cents"] is None
    assert figures_of(tighter)["driver_month_cents"] == 3


@pytest.mark.parametrize(
    "change",
    [Change(rate_cents=-1), Change(rate_unit_m=0), Change(first_counted_passenger=0), Change(budget_cents=-5)],
)
def test_a_figure_outside_its_bounds_is_refused(change: Change) -> None:
    with pytest.raises(InvalidInput) as caught:
        changed_scale(B, change)
    assert caught.value.decision.code == "covoit.bad_figure"


def test_trips_of_some_days_only() -> None:
    columns = Trips.of(FOUR)
    november = simulation.within(columns, date(2026, 11, 1), None)
    assert list(november.trip_ids) == ["t1", "t3", "t4"]
    assert recompute(november, B).amount.tolist() == [430, 300, 0]
    assert recompute(simulation.within(columns, None, date(2026, 10, 31)), B).amount.tolist() == [630]
    assert len(simulation.within(columns, date(2027, 1, 1), None)) == 0


def test_trips_without_a_journey_or_on_an_unknown_day_are_refused() -> None:
    with pytest.raises(ValueError, match="without a journey"):
        Trips.of([replace(FOUR[0], journeys=())])
    with pytest.raises(NotFound):
        recompute(Trips.of([trip(journey(started_at=datetime(2019, 1, 1, tzinfo=UTC)))]), B)


def test_a_cap_of_passengers_needs_journeys() -> None:
    capped = replace(B, caps=(Cap(CapOf.PASSENGER, CapPer.DAY, CapMeasure.TRIPS, 1),))
    with pytest.raises(ValueError, match="each journey"):
        recompute(Trips.of(FOUR), capped)


def test_prices_of_trips_each_under_the_scale_of_its_day() -> None:
    priced = simulation.price_trips(FOUR, None, None)
    assert [each.operator_trip_id for each in priced] == ["t1", "t2", "t3", "t4"]
    assert [each.amount.cents for each in priced] == [430, 630, 300, 0]
    assert [each.amount.cents for each in simulation.price_trips(FOUR, A.code, None)] == [330, 530, 200, 0]


# ---- the registry's open data

HEADER = (
    "journey_id;trip_id;journey_start_datetime;journey_start_date;journey_start_time;journey_start_lon;"
    "journey_start_lat;journey_start_insee;journey_start_department;journey_start_town;journey_start_towngroup;"
    "journey_start_country;journey_end_datetime;journey_end_date;journey_end_time;journey_end_lon;journey_end_lat;"
    "journey_end_insee;journey_end_department;journey_end_town;journey_end_towngroup;journey_end_country;"
    "passenger_seats;operator_class;journey_distance;journey_duration;has_incentive"
)


def open_row(
    journey_id: str, trip_id: str, start: str, seats: str = "1", proof: str = "C", metres: str = "12349"
) -> str:
    day, time = start[:10], start[11:19]
    return (
        f"{journey_id};{trip_id};{start};{day};{time};5.02;47.32;21231;21;Dijon;Dijon Métropole;France;{start};{day};"
        f"{time};4.83;47.02;21054;21;Beaune;;France;{seats};{proof};{metres};25;OUI"
    )


def open_file(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "2022-11.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


def test_open_data_is_priced_by_car_and_says_what_it_cannot_know(tmp_path: Path) -> None:
    path = open_file(
        tmp_path,
        open_row("1", "aa", "2022-11-30T23:50:00+01:00"),
        open_row("2", "bb", "2022-11-02T08:00:00+01:00", metres="20000"),
        open_row("3", "bb", "2022-11-02T08:10:00+01:00", metres="30000", seats="2"),
        open_row("4", "cc", "2022-11-02T08:10:00+01:00", proof="A"),
    )
    trips = read_open_trips([path])
    assert (len(trips), trips.knows_people, list(trips.labels)) == (3, False, ["21"])
    amounts = recompute(trips, replace(B, caps=(Cap(CapOf.DRIVER, CapPer.MONTH, CapMeasure.AMOUNT, 1),)))
    assert amounts.amount.tolist() == [223, 600, 0]  # 12.349 km + 1; the longest, 30 km + 3; class A
    assert [each.code for each in amounts.assumptions] == ["covoit.assume_first_of_day", "covoit.assume_no_driver_cap"]
    assert [date.fromordinal(int(day)) for day in trips.day] == [
        date(2022, 11, 30),
        date(2022, 11, 2),
        date(2022, 11, 2),
    ]
    answer = simulation.simulate(trips, B, Change(rate_cents=20))
    assert answer.drivers is None
    assert [(row.line, f"{row.month:%Y-%m}", row.before.trips) for row in answer.rows] == [("21", "2022-11", 3)]


@pytest.mark.parametrize(
    ("row", "named"),
    [
        (open_row("1", "aa", "yesterday"), "2: journey_start_datetime = 'yesterday'"),
        (open_row("1", "aa", "2022-11-02T08:10:00+01:00", seats="many"), "2: passenger_seats = 'many'"),
        (open_row("1", "aa", "2022-11-02T08:10:00+01:00", seats="0"), "2: passenger_seats = '0'"),
        (open_row("1", "aa", "2022-11-02T08:10:00+01:00", proof="Z"), "2: operator_class = 'Z'"),
        (open_row("1", "aa", "2022-11-02T08:10:00+01:00", metres=""), "2: journey_distance = None"),
    ],
)
def test_what_cannot_be_read_in_open_data_is_named(tmp_path: Path, row: str, named: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_open_trips([open_file(tmp_path, row)])
    assert caught.value.decision.params["reason"] == named
    assert caught.value.decision.params["file"] == "2022-11.csv"


def test_open_data_without_its_columns_or_without_a_file(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("journey_id,trip_id\n1,2\n")
    with pytest.raises(InvalidInput) as caught:
        read_open_trips([tmp_path / "x.csv"])
    assert "journey_distance" in str(caught.value.decision.params["reason"])
    with pytest.raises(NotFound):
        read_open_trips([tmp_path / "absent.csv"])


def test_columns_keep_ties_in_the_order_of_the_rule() -> None:
    same = [trip(journey(0, 30_000), trip_id=name, driver=name) for name in ("c", "a", "b")]
    columns = Trips.of(same)
    assert columns.in_order.tolist() == [1, 2, 0]
    one = replace(B, caps=(Cap(CapOf.CAMPAIGN, CapPer.CAMPAIGN, CapMeasure.TRIPS, 2),))
    assert recompute(columns, one).amount.tolist() == [0, 400, 400]
    assert np.array_equal(recompute(columns, B).rank_of_day, [1, 1, 1])

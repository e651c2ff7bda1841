"""A day small enough to check by hand: two pupils at a stop, one at another; and every way in which it may be wrong."""

import io
import random
import zipfile
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from scolaire.engine.delays import punctuality
from scolaire.export.gtfs import Publisher, school_gtfs
from scolaire.export.plan_csv import plan_csv
from scolaire.gateway.plan_csv import read_plan_csv
from scolaire.model.day import DayPlan, Left, Lock, LockKind, Seat
from scolaire.model.demand import DAY_MS, EVENING, MORNING, Demand, DepotSite, Place, Pupil, SchoolSite, StopSite
from scolaire.model.plan import Block, Board, Circuit, Leave, Plan, Rule, Unserved
from scolaire.model.problem import Handling, Travel, VehicleType
from scolaire.model.running import Changes, OtherCoach
from scolaire.rules.compare import compare
from scolaire.rules.day import day_faults
from scolaire.rules.halves import passings, problems_of, school_time_ms
from scolaire.rules.kpi import kpis
from scolaire.rules.locks import shape_of

MINUTE = 60_000
# Nodes, ten minutes (10 km) apart on a line: 0 depot, 1 school S, 2 stop a, 3 stop b.
LINE = np.abs(np.subtract.outer(np.arange(4), np.arange(4))).astype(np.int32)
WINDOWS = {"matin": (470 * MINUTE, 480 * MINUTE), "soir": (990 * MINUTE, 1_000 * MINUTE)}
DEMAND = Demand(
    "d",
    (SchoolSite("S", "École", Place(47, 4), WINDOWS),),
    (StopSite("a", "Place", Place(47.1, 4)), StopSite("b", "Croix", Place(47.2, 4))),
    (
        Pupil("p", "S", (("a", 200), ("b", 900)), ("matin", "soir"), 15 * MINUTE),
        Pupil("q", "S", (("a", 400),), ("matin",), 25 * MINUTE),
        Pupil("r", "S", (("b", 600),), ("matin", "soir"), 45 * MINUTE),
        Pupil("z", "S", (), ("matin",), 45 * MINUTE),
    ),
    (VehicleType("car", 3, 0, 20_000, 100, 3_000, 1_000), VehicleType("petit", 2, 1, 10_000, 50, 3_000, 500)),
    (DepotSite("d", "Dépôt", Place(47, 4), {"car": 1, "petit": 1}),),
    (MORNING, EVENING),
    Handling(),
    travel=Travel(LINE * 10 * MINUTE, LINE * 10_000),
    amplitude_max_ms=60 * MINUTE,
)  # fmt: skip
# Morning: b at 7:40, a at 7:50, school at 8:00. Evening, out at 16:35: a at 16:45, b at 16:55; mirrored, b first.
OUT = 995 * MINUTE
GOOD = DayPlan(
    {"p": Seat("a"), "q": Seat("a"), "r": Seat("b")},
    {
        "matin": Plan(
            (Circuit("m", (Board("b>S", 1, 460 * MINUTE), Board("a>S", 2, 470 * MINUTE), Leave("S", 480 * MINUTE))),),
            (Block("car-1", "car", "d", ("m",)),),
        ),
        "soir": Plan(
            (Circuit("s", (Board("b>S", 1, DAY_MS - OUT - 20 * MINUTE), Board("a>S", 1, DAY_MS - OUT - 10 * MINUTE),
                           Leave("S", DAY_MS - OUT))),),
            (Block("car-1", "car", "d", ("s",)),),
        ),
    },
    (Left("z", Decision("scolaire.left_no_stop")),),
)  # fmt: skip


def rules_of(plan: DayPlan, demand: Demand = DEMAND, locks: tuple[Lock, ...] = ()) -> set[Rule]:
    return {each.fault.rule for each in day_faults(plan, demand, locks)}


def morning(plan: Plan) -> DayPlan:
    return replace(GOOD, halves={**GOOD.halves, "matin": plan})


M = GOOD.halves["matin"]


def test_a_good_day_has_no_fault_and_reads_as_its_driver_drives_it() -> None:
    assert day_faults(GOOD, DEMAND) == []
    problems = problems_of(DEMAND, GOOD)
    told = passings(GOOD.halves["soir"].circuits[0], problems["soir"])
    assert [(each.id, each.arrives_ms // MINUTE, each.on, each.off) for each in told] == [
        ("S", 995, 2, 0), ("a", 1_005, 0, 1), ("b", 1_015, 0, 1),
    ]  # fmt: skip
    assert school_time_ms(GOOD.halves["soir"].circuits[0], problems["soir"], "S") == OUT


def test_its_figures_can_be_added_up_by_hand() -> None:
    """Morning, five days: depot → b 30 km, b → a → S 20 km loaded, S → depot 10 km. Evening, four days: the same
    backwards. 60 km a half-day: 9 × 60 km = 540 km at 1 €; nine half-days of 60 min at 30 €; five days of a car at
    200 €. 540 + 270 + 1 000 = 1 810 €."""
    found = kpis(GOOD, DEMAND)
    assert (found.km_loaded, found.km_empty) == (180.0, 360.0)
    assert found.week_cents == 181_000
    assert found.year_cents == 36 * 181_000
    assert found.co2_year_kg == 540 * 36
    assert (found.buses, found.services, found.pupils, found.left) == (1, 2, 3, 1)
    assert (found.ride_p50_s, found.ride_max_s) == (600, 1_200)  # 10 min for p and q, 20 for r; p and r again at night
    assert (found.walk_p50_m, found.walk_p95_m) == (400, 600)
    assert found.earliest_s == 460 * 60
    assert found.services_nearly_full == 1  # three in three seats


@pytest.mark.parametrize(
    ("plan", "broken"),
    [
        (replace(GOOD, seats={**GOOD.seats, "q": Seat("b")}), {Rule.REACH}),
        (replace(GOOD, seats={"p": Seat("a"), "q": Seat("a")}), {Rule.SERVED}),
        (replace(GOOD, left=()), {Rule.SERVED}),
        (replace(GOOD, left=(*GOOD.left, Left("p", Decision("x")))), {Rule.SERVED}),
        (replace(GOOD, seats={**GOOD.seats, "nobody": Seat("a")}), {Rule.KNOWN}),
        (replace(GOOD, halves={"matin": M}), {Rule.CALENDAR}),
        (replace(GOOD, halves={**GOOD.halves, "nuit": Plan((), ())}), {Rule.CALENDAR}),
        (morning(replace(M, blocks=(replace(M.blocks[0], vehicle_type="petit"),))), {Rule.SEATS}),
        (morning(replace(M, blocks=(replace(M.blocks[0], depot="x"),))), {Rule.KNOWN}),
        (morning(replace(M, unserved=(Unserved("a>S", 1, Decision("x")),))), {Rule.SERVED}),
        (morning(Plan((replace(M.circuits[0], id="s"),), (replace(M.blocks[0], circuits=("s",)),))), {Rule.KNOWN}),
        (morning(replace(M, blocks=(*M.blocks, Block("car-1", "car", "d", ())))), {Rule.KNOWN, Rule.DEPOT}),
    ],
)  # fmt: skip
def test_each_rule_of_a_day_is_held(plan: DayPlan, broken: set[Rule]) -> None:
    assert rules_of(plan) == broken


# p waits at the farther stop too: the evening ride is then 20 minutes, where 15 are permitted.
FARTHER = DayPlan(
    {**GOOD.seats, "p": Seat("b")},
    {
        "matin": Plan(
            (Circuit("m", (Board("b>S", 2, 460 * MINUTE), Board("a>S", 1, 470 * MINUTE), Leave("S", 480 * MINUTE))),),
            M.blocks,
        ),
        "soir": Plan(
            (Circuit("s", (Board("b>S", 2, DAY_MS - OUT - 20 * MINUTE), Leave("S", DAY_MS - OUT))),),
            GOOD.halves["soir"].blocks,
        ),
    },
    GOOD.left,
)


def test_a_ride_too_long_going_home_is_found_and_told_by_the_clock() -> None:
    assert rules_of(FARTHER) == {Rule.RIDE}
    late = replace(GOOD, halves={**GOOD.halves, "soir": Plan(
        (Circuit("s", (Board("b>S", 1, DAY_MS - OUT - 19 * MINUTE), *GOOD.halves["soir"].circuits[0].visits[1:])),),
        GOOD.halves["soir"].blocks)})  # fmt: skip
    (found,) = day_faults(late, DEMAND)
    assert found.fault.said.code == "scolaire.broken_times_home"


EVENING_SHAPE = shape_of(GOOD.halves["soir"].circuits[0], problems_of(DEMAND, GOOD)["soir"])
STOP_SERVICE = Lock("1", LockKind.STOP_SERVICE, "matin", "a", "m", "S")
LOCKS = [
    (Lock("1", LockKind.PUPIL_STOP, "", "p", "a"), Lock("1", LockKind.PUPIL_STOP, "", "p", "b")),
    (STOP_SERVICE, replace(STOP_SERVICE, value="n")),
    (Lock("1", LockKind.SERVICE, "soir", "s", EVENING_SHAPE), Lock("1", LockKind.SERVICE, "soir", "s", "stop:a|1")),
    (Lock("1", LockKind.TIMES, "matin", "m", "07:40"), Lock("1", LockKind.TIMES, "matin", "m", "07:41")),
    (Lock("1", LockKind.TIMES, "soir", "s", "16:35"), Lock("1", LockKind.TIMES, "soir", "s", "16:34")),
    (Lock("1", LockKind.VEHICLE, "matin", "m", "car"), Lock("1", LockKind.VEHICLE, "matin", "m", "petit")),
    (Lock("1", LockKind.BELL, "matin", "S", "08:00"), Lock("1", LockKind.BELL, "matin", "S", "07:59")),
    (Lock("1", LockKind.BELL, "soir", "S", "16:35"), Lock("1", LockKind.BELL, "nuit", "S", "16:35")),
]  # fmt: skip


@pytest.mark.parametrize(("held", "broken"), LOCKS)
def test_a_lock_is_held_or_told(held: Lock, broken: Lock) -> None:
    assert rules_of(GOOD, DEMAND, (held,)) == set()
    assert rules_of(GOOD, DEMAND, (broken,)) == {Rule.LOCK}


def test_a_thousand_broken_days_are_all_found_and_named() -> None:
    draw = random.Random(5)
    for _ in range(1_000):
        plan, locks, rule = mutant(draw)
        assert rule in rules_of(plan, DEMAND, locks)


def mutant(draw: random.Random) -> tuple[DayPlan, tuple[Lock, ...], Rule]:
    some = draw.randint(1, 8 * MINUTE)
    m, (b, a, s) = M.circuits[0], M.circuits[0].visits
    assert isinstance(a, Board)
    assert isinstance(b, Board)

    def with_visits(*visits: Board | Leave) -> DayPlan:
        return morning(replace(M, circuits=(replace(m, visits=visits),)))

    name = "".join(draw.choice("klmno") for _ in range(4))
    return draw.choice(
        [
            (with_visits(b, a, Leave("S", 480 * MINUTE + some)), (), Rule.WINDOW),
            (with_visits(b, replace(a, at_ms=a.at_ms + some), s), (), Rule.TIMES),
            (with_visits(replace(b, at_ms=b.at_ms - 26 * MINUTE - some), a, s), (), Rule.RIDE),
            (with_visits(b, a), (), Rule.ORDER),
            (with_visits(replace(b, pupils=draw.randint(2, 9)), a, s), (), Rule.SERVED),
            (with_visits(replace(b, need=name), a, s), (), Rule.KNOWN),
            (with_visits(replace(b, wheelchairs=1), a, s), (), Rule.WHEELCHAIRS),
            (replace(GOOD, seats={**GOOD.seats, draw.choice("qr"): Seat(name)}), (), Rule.REACH),
            (replace(GOOD, left=()), (), Rule.SERVED),
            (morning(replace(M, blocks=())), (), Rule.BLOCK),
            (morning(replace(M, blocks=(replace(M.blocks[0], vehicle_type="petit"),))), (), Rule.SEATS),
            (replace(GOOD, halves={**GOOD.halves, name: Plan((), ())}), (), Rule.CALENDAR),
            (GOOD, (draw.choice(LOCKS)[1],), Rule.LOCK),
        ]
    )  # fmt: skip


# ---------------------------------------------------------------- compared, written, delayed


def test_who_is_concerned_by_a_change_is_told_to_the_minute() -> None:
    later = Leave("S", 480 * MINUTE)
    moved = morning(
        replace(M, circuits=(Circuit("m", (Board("b>S", 1, 459 * MINUTE), Board("a>S", 2, 470 * MINUTE), later)),))
    )
    found = compare(GOOD, DEMAND, moved, DEMAND)
    assert (found.pupils_time, found.services_changed) == (("r",), ("m",))
    almost = morning(
        replace(M, circuits=(Circuit("m", (Board("b>S", 1, 459 * MINUTE + 1), Board("a>S", 2, 470 * MINUTE), later)),))
    )
    assert compare(GOOD, DEMAND, almost, DEMAND).pupils_time == ()
    assert compare(GOOD, DEMAND, FARTHER, DEMAND).pupils_stop == ("p",)


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\r\n", exclude_categories=["Cs"]), min_size=1, max_size=8
)
VISITS = st.one_of(
    st.builds(Board, TEXTS, st.integers(0, 99), st.integers(-DAY_MS, 2 * DAY_MS), st.integers(0, 9)),
    st.builds(Leave, TEXTS, st.integers(-DAY_MS, 2 * DAY_MS)),
)
CIRCUITS = st.lists(
    st.builds(Circuit, TEXTS, st.lists(VISITS, min_size=1, max_size=3).map(tuple)), max_size=3, unique_by=lambda c: c.id
)
BLOCKS = st.lists(
    st.builds(Block, TEXTS, TEXTS, TEXTS, st.lists(TEXTS, min_size=1, max_size=2).map(tuple)),
    max_size=3,
    unique_by=lambda b: (b.id, b.vehicle_type, b.depot),
)
PLANS = st.builds(lambda c, b: Plan(tuple(c), tuple(b)), CIRCUITS, BLOCKS).filter(lambda plan: plan.circuits)
DAYS = st.builds(
    DayPlan,
    st.dictionaries(TEXTS, st.builds(Seat, TEXTS, st.integers(0, 99)), max_size=3),
    st.dictionaries(st.sampled_from(["matin", "soir"]), PLANS, max_size=2),
    st.lists(st.builds(lambda p, m: Left(p, Decision("x.y", minutes=m)), TEXTS, st.integers()), max_size=2).map(tuple),
)  # fmt: skip


@settings(max_examples=30)
@given(DAYS)
def test_tables_are_read_back_to_the_same_plan(plan: DayPlan) -> None:
    assert read_plan_csv(plan_csv(plan, DEMAND)) == plan


@pytest.mark.parametrize(
    ("file", "before", "after", "code"),
    [
        ("services.csv", b"07:50:00.000", b"07:5x", "scolaire.csv_value"),
        ("services.csv", b",board,", b",climb,", "scolaire.csv_value"),
        ("services.csv", b"half,service", b"demi,service", "scolaire.csv_column_missing"),
        ("seats.csv", b"p,a,0", b"p,a,-1", "scolaire.csv_value"),
        ("seats.csv", None, b"", "scolaire.csv_file_missing"),
    ],
)
def test_a_table_that_is_wrong_is_told_by_file_line_and_column(
    file: str, before: bytes | None, after: bytes, code: str
) -> None:
    given_, out = zipfile.ZipFile(io.BytesIO(plan_csv(GOOD, DEMAND))), io.BytesIO()
    with zipfile.ZipFile(out, "w") as changed:
        for name in given_.namelist():
            content = given_.read(name)
            if name == file:
                if before is None:
                    continue
                assert before in content
                content = content.replace(before, after)
            changed.writestr(name, content)
    with pytest.raises(InvalidInput) as refused:
        read_plan_csv(out.getvalue())
    assert refused.value.decision.code == code


def test_delays_reach_the_bell_as_they_must() -> None:
    """On time without any spread; with it, half the arrivals of a plan without slack are late, fewer with slack."""
    assert punctuality(GOOD, DEMAND, cv=0.0).share == 1.0
    tight = punctuality(GOOD, DEMAND, cv=0.15, draws=2_000).share
    slack = punctuality(GOOD, DEMAND, cv=0.15, draws=2_000, grace_ms=5 * MINUTE).share
    assert 0.3 < tight < 0.7
    assert slack > 0.95
    assert punctuality(GOOD, DEMAND, cv=0.15).share == punctuality(GOOD, DEMAND, cv=0.15).share


def test_closed_services_never_stand_in_the_feed_of_the_open_ones() -> None:
    days = {"matin": [date(2026, 9, 1)], "soir": [date(2026, 9, 1)]}
    who = Publisher("Région", "https://example.org")
    closed = school_gtfs(GOOD, DEMAND, days, who, version="1", open_services={"s"})
    opened = school_gtfs(GOOD, DEMAND, days, who, version="1", open_services={"s"}, closed=False)
    kinds = {}
    for name, content in (("closed", closed), ("open", opened)):
        with zipfile.ZipFile(io.BytesIO(content)) as feed:
            kinds[name] = feed.read("routes.txt").decode().splitlines()[1:]
            times = feed.read("stop_times.txt").decode()
            assert ("m," in times) is (name == "closed")
    assert [row.split(",")[0] + row[-3:] for row in kinds["closed"]] == ["m712"]
    assert [row.split(",")[0] + row[-3:] for row in kinds["open"]] == ["s713"]


def test_a_day_that_is_not_as_planned_is_a_trip_or_a_date_less_in_the_feed() -> None:
    """A service that never runs leaves the feed with its stops; the later of two coaches drives; a day without a coach
    is without one, whatever was to replace it."""
    first, second, third = date(2026, 9, 1), date(2026, 9, 2), date(2026, 9, 3)
    days = {"matin": [first, second, third], "soir": [first]}
    old, new = (OtherCoach(name, frozenset(on), shown, rolling) for name, on, shown, rolling in (
        ("a", (second, third, date(2026, 9, 5)), "12", 0), ("b", (third,), "", 2),
    ))  # fmt: skip
    who = Publisher("Région", "https://example.org")

    def tables(changes: dict[str, Changes]) -> dict[str, list[str]]:
        content = school_gtfs(GOOD, DEMAND, days, who, version="1", changes=changes)
        with zipfile.ZipFile(io.BytesIO(content)) as feed:
            return {name: feed.read(name).decode().splitlines()[1:] for name in feed.namelist()}

    told = tables({"m": Changes(coaches=(old, new)), "s": Changes(no_run=frozenset({first}))})
    assert told["calendar_dates.txt"] == ["matin:m,20260901,1", "matin:m~a,20260902,1", "matin:m~b,20260903,1"]
    assert [row.split(",")[2] for row in told["trips.txt"]] == ["m", "m~a", "m~b"]
    assert [row.rsplit(",", 1)[1] for row in told["trips.txt"]] == ["", "2", "1"]
    assert "remplacement 12" in told["trips.txt"][1]
    assert [row.split(",")[0] for row in told["routes.txt"]] == ["m"]
    assert {row.split(",")[0] for row in told["stop_times.txt"]} == {"m", "m~a", "m~b"}
    told = tables({"m": Changes(frozenset({second, third}), (old, new))})
    assert told["calendar_dates.txt"] == ["matin:m,20260901,1", "soir,20260901,1"]
    assert tables({}) == tables({"m": Changes()}) | {
        name: rows for name, rows in tables({}).items() if name in ("trips.txt", "calendar_dates.txt")
    }

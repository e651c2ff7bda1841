"""Rules of stops: on both sides of each edge, found when broken, held by every search, named when they contradict."""

import random
from dataclasses import replace
from itertools import combinations, product

import pytest

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, Refused
from scolaire.engine.day import DayAsk, Mode, plan_day
from scolaire.engine.variants import plan_variants
from scolaire.export.plan_csv import plan_csv
from scolaire.export.plan_json import demand_json, plan_json
from scolaire.gateway.plan_csv import read_plan_csv
from scolaire.gateway.plan_json import read_demand, read_plan
from scolaire.model.day import DayPlan, Lock, LockKind, Seat
from scolaire.model.demand import MORNING, Demand, Place, Pupil, StopRules, StopSite
from scolaire.model.plan import Rule
from scolaire.rules.day import day_faults
from scolaire.rules.demand import demand_faults
from scolaire.rules.halves import crow_m
from scolaire.service.stop_rules import names_of, rules_written
from tests.school_world import MINUTE, sector
from tests.unit.scolaire_plans.test_day_plans import QUICK, TINY
from tests.unit.scolaire_plans.test_the_day_checker import DEMAND, GOOD

# p and q wait at a, r at b: 11,119 m apart as the crow flies (a tenth of a degree).
APART_M = 11_119


def rules_of(rules: StopRules, demand: Demand = DEMAND) -> list[Rule]:
    return [each.fault.rule for each in day_faults(GOOD, replace(demand, stop_rules=rules))]


@pytest.mark.parametrize(
    ("rules", "broken"),
    [
        (StopRules(), []),
        (StopRules(pupils_least=1), []),
        (StopRules(pupils_least=2), [Rule.STOP_LEAST]),
        (StopRules(pupils_least=3), [Rule.STOP_LEAST, Rule.STOP_LEAST]),
        (StopRules(apart_m=APART_M), []),
        (StopRules(apart_m=APART_M + 1), [Rule.SPACING]),
        (StopRules(forbidden=("b",)), [Rule.FORBIDDEN]),
        (StopRules(obligatory=("a", "b")), []),
    ],
)
def test_each_rule_of_stops_on_both_sides_of_its_edge(rules: StopRules, broken: list[Rule]) -> None:
    assert rules_of(rules) == broken


def test_a_stop_of_wheelchair_users_alone_is_held_to_no_number_and_no_distance() -> None:
    pupils = tuple(replace(each, wheelchair=each.id == "r") for each in DEMAND.pupils)
    found = rules_of(StopRules(2, APART_M + 1), replace(DEMAND, pupils=pupils))
    assert Rule.STOP_LEAST not in found
    assert Rule.SPACING not in found


def test_a_thousand_broken_rules_of_stops_are_found_and_named() -> None:
    draw = random.Random(3)
    extra = replace(DEMAND, stops=(*DEMAND.stops, StopSite("c", "Bois", Place(47.3, 4))), travel=None)
    for _ in range(1_000):
        rules, where, rule = draw.choice(
            [
                (StopRules(pupils_least=draw.randint(2, 2)), "b", Rule.STOP_LEAST),
                (StopRules(apart_m=APART_M + draw.randint(1, 5_000)), "a", Rule.SPACING),
                (StopRules(forbidden=(draw.choice("ab"), "c")), None, Rule.FORBIDDEN),
                (StopRules(obligatory=("c", draw.choice("ab"))), "c", Rule.OBLIGATORY),
            ]
        )
        found = [each.fault for each in day_faults(GOOD, replace(extra, stop_rules=rules)) if each.half == ""]
        assert [each.rule for each in found] == [rule]
        assert where is None or found[0].where == where


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        (StopRules(-1), "scolaire.demand_stop_rules"),
        (StopRules(0, 50_001), "scolaire.demand_stop_rules"),
        (StopRules(forbidden=("x",)), "scolaire.demand_stop_unknown"),
        (StopRules(obligatory=("x",)), "scolaire.demand_stop_unknown"),
    ],
)
def test_rules_that_mean_nothing_are_refused_in_words(rules: StopRules, code: str) -> None:
    assert [each.code for each in demand_faults(replace(DEMAND, stop_rules=rules))] == [code]


def test_a_distance_needs_places() -> None:
    lost = replace(DEMAND, stops=(replace(DEMAND.stops[0], at=Place(float("nan"), 4)), DEMAND.stops[1]))
    assert demand_faults(lost) == []
    told = demand_faults(replace(lost, stop_rules=StopRules(apart_m=1)))
    assert [each.code for each in told] == ["scolaire.demand_place"]


# ---------------------------------------------------------------- the whole way

SMALL = sector(4, schools=3, stops=16, pupils=70, wheelchair_pct=4)


def ruled(**rules: object) -> Demand:
    return replace(SMALL, stop_rules=StopRules(**rules))  # type: ignore[arg-type]  # fields by name


@pytest.fixture(scope="module")
def base() -> DayPlan:
    return plan_day(SMALL, DayAsk(reserve=2), QUICK, 1)


def test_plans_hold_the_rules_of_stops_in_every_mode(base: DayPlan) -> None:
    used = sorted({seat.stop for seat in base.seats.values()})
    demand = ruled(pupils_least=4, apart_m=500, forbidden=(used[0],), obligatory=(used[1],))
    for mode in Mode:
        plan = plan_day(demand, DayAsk(mode, base, SMALL, pupil_cents=10**6, reserve=2), QUICK, 1)
        assert day_faults(plan, demand) == []
        assert len(plan.seats) + len(plan.left) == len(demand.pupils)
        assert read_plan(plan_json(plan)) == plan
        assert read_plan_csv(plan_csv(plan, demand)) == plan
        assert {each.why.code for each in plan.left} <= {"scolaire.left_stop_rules", "scolaire.left_forbidden"}
    assert plan_json(plan_day(demand, DayAsk(reserve=2), QUICK, 1)) == plan_json(
        plan_day(demand, DayAsk(reserve=2), QUICK, 1)
    )


def test_variants_that_cannot_hold_the_rules_are_passed_by(base: DayPlan) -> None:
    far = next(
        (pupil, stop) for pupil in SMALL.pupils for stop, metres in pupil.reach
        if metres > min(m for _, m in pupil.reach) + 150
    )  # fmt: skip
    locks = (Lock("l", LockKind.PUPIL_STOP, "", far[0].id, far[1]),)
    found = plan_variants(ruled(pupils_least=2), DayAsk(locks=locks), QUICK, 1)
    assert found.plans
    for plan in found.plans.values():
        assert day_faults(plan, ruled(pupils_least=2), locks) == []


def test_a_demand_with_rules_is_read_back_the_same() -> None:
    demand = ruled(pupils_least=4, apart_m=2_000, forbidden=("a0001",), obligatory=("a0002", "a0003"))
    assert read_demand(demand_json(demand)).stop_rules == demand.stop_rules
    assert b"stop_rules" not in demand_json(SMALL)  # demands of before keep their bytes


# ---------------------------------------------------------------- against every choice there is

HERE = Place(47.2, 4.6)
SITES = tuple(StopSite(name, name.upper(), Place(47.21 + n * 0.005, 4.6)) for n, name in enumerate("abcd"))


def small(pupils: list[tuple[str, ...]], rules: StopRules) -> Demand:
    kids = tuple(
        Pupil(f"p{n}", "S", tuple((stop, 100 * (k + 1)) for k, stop in enumerate(reach)), ("matin",), 60 * MINUTE)
        for n, reach in enumerate(pupils)
    )
    return replace(TINY, stops=SITES, pupils=kids, halves=(MORNING,), stop_rules=rules)


def fewest_left(demand: Demand, fixed: dict[str, str]) -> int | None:
    """By trying every choice; None when the rules contradict."""
    rules, best = demand.stop_rules, None
    metres = crow_m([each.at for each in demand.stops])
    number = {each.id: n for n, each in enumerate(demand.stops)}
    choices = [
        [fixed[each.id]] if each.id in fixed else [*(s for s, _ in each.reach if s not in rules.forbidden), ""]
        for each in demand.pupils
    ]
    for chosen in product(*choices):
        served = {each for each in chosen if each}
        if served & set(rules.forbidden) or set(rules.obligatory) - served:
            continue
        if any(chosen.count(each) < rules.pupils_least for each in served):
            continue
        if any(metres[number[a], number[b]] < rules.apart_m for a, b in combinations(served, 2)):
            continue
        left = chosen.count("")
        best = left if best is None else min(best, left)
    return best


def locks_of(fixed: dict[str, str]) -> tuple[Lock, ...]:
    return tuple(Lock(f"l-{name}", LockKind.PUPIL_STOP, "", name, stop) for name, stop in sorted(fixed.items()))


def refusal(demand: Demand, locks: tuple[Lock, ...]) -> tuple[Decision | None, DayPlan | None]:
    try:
        return None, plan_day(demand, DayAsk(locks=locks), QUICK, 1)
    except Refused as refused:
        return refused.decision, None


@pytest.mark.parametrize("seed", range(24))
def test_as_few_are_left_as_can_be_and_contradictions_are_named_none_too_many(seed: int) -> None:
    draw = random.Random(seed)
    pupils = [tuple(draw.sample("abcd", draw.randint(1, 3))) for _ in range(draw.randint(3, 6))]
    rules = StopRules(
        draw.choice((0, 2, 3)), draw.choice((0, 600, 1_200)),
        tuple(sorted(draw.sample("abcd", draw.choice((0, 0, 1))))),
        tuple(sorted(draw.sample("abcd", draw.choice((0, 1, 2))))),
    )  # fmt: skip
    demand = small(pupils, rules)
    fixed = {
        f"p{n}": draw.choice(free)
        for n, reach in enumerate(pupils)
        if draw.random() < 0.2 and (free := [stop for stop in reach if stop not in rules.forbidden])
    }
    expected = fewest_left(demand, fixed)
    refused, plan = refusal(demand, locks_of(fixed))
    if expected is not None:
        assert plan is not None
        assert len(plan.left) == expected
        assert day_faults(plan, demand, locks_of(fixed)) == []
        return
    assert refused is not None
    assert refused.code == "scolaire.stops_conflict"
    named = refused.params["rules"]
    assert isinstance(named, list)
    whole = conflict_of(named, demand)
    assert fewest_left(*restricted(demand, fixed, whole)) is None
    for missing in whole:
        assert fewest_left(*restricted(demand, fixed, whole - {missing})) is not None


def conflict_of(named: list[Decision], demand: Demand) -> frozenset[tuple[str, str]]:
    by_name = {each.name: each.id for each in demand.stops}
    told = set()
    for each in named:
        kind = each.code.removeprefix("scolaire.rule_")
        stop = str(each.params.get("stop", ""))
        told.add((kind, by_name.get(stop, "") if stop else str(each.params.get("lock", ""))))
    return frozenset(told)


def restricted(
    demand: Demand, fixed: dict[str, str], some: frozenset[tuple[str, str]]
) -> tuple[Demand, dict[str, str]]:
    rules, kinds = demand.stop_rules, {kind for kind, _ in some}
    kept = StopRules(
        rules.pupils_least if "least" in kinds else 0, rules.apart_m if "apart" in kinds else 0,
        tuple(each for each in rules.forbidden if ("forbidden", each) in some),
        tuple(each for each in rules.obligatory if ("obligatory", each) in some),
    )  # fmt: skip
    return replace(demand, stop_rules=kept), {n: s for n, s in fixed.items() if ("lock", f"l-{n}") in some}


def test_a_lock_at_a_forbidden_stop_is_said() -> None:
    demand = small([("a", "b")], StopRules(forbidden=("a",)))
    refused, _ = refusal(demand, locks_of({"p0": "a"}))
    assert refused is not None
    assert refused.code == "scolaire.locks_conflict"
    assert refused.params["why"] == Decision("scolaire.lock_forbidden", pupil="p0", stop="a")


def test_who_has_only_forbidden_stops_is_named() -> None:
    plan = plan_day(small([("a",), ("b",)], StopRules(forbidden=("a",))), DayAsk(), QUICK, 1)
    assert [(each.pupil, each.why.code) for each in plan.left] == [("p0", "scolaire.left_forbidden")]
    assert plan.seats == {"p1": Seat("b")}


# ---------------------------------------------------------------- as they are written


def test_stops_are_meant_by_name_or_by_id() -> None:
    demand = small([("a", "b", "c", "d")], StopRules())
    rules = rules_written(demand, least=4, apart_m=2_000, forbidden=" A \n\n d", obligatory="b\r\nB")
    assert rules == StopRules(4, 2_000, ("a", "d"), ("b",))
    assert names_of(demand, ["a", "x"]) == ["A", "x"]
    twins = replace(demand, stops=(*demand.stops[:3], replace(demand.stops[3], name="a")))
    assert names_of(twins, ["a"]) == ["a"]
    for written, code in (("Z", "scolaire.search_stop_unknown"), ("A", "scolaire.search_stop_twice")):
        with pytest.raises(InvalidInput) as refused:
            rules_written(twins, least=0, apart_m=0, forbidden=written, obligatory="")
        assert refused.value.decision.code == code
    with pytest.raises(InvalidInput):
        rules_written(demand, least=0, apart_m=0, forbidden="a\n" * 501, obligatory="")

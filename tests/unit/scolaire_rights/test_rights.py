"""The right to school transport: three hundred worked cases (`cases.txt`), and laws that hold whatever the case."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.decisions import Decision
from mobigo.base.money import Money
from scolaire.gateway.rulefiles import prices_on, rule_sets, rules_on
from scolaire.model.people import HomeKind, Need, Regime
from scolaire.model.rights import Case, HomeFacts, Measured, Method, Outcome, Proof, RuleSet, Waiver
from scolaire.model.schools import Level, Standing
from scolaire.rules.rights import age_on, is_late, price_of, right_of

CASES: Final = Path(__file__).with_name("cases.txt")
YEAR: Final = 2026
RULES: Final = {each.departement: each for each in rule_sets()}
ELSEWHERE: Final = Decision("scolaire.other_authority", authority="Nevers Agglomération", phone="", link="")
ADAPTED: Final = Decision("scolaire.adapted_elsewhere", authority="Département", phone="", link="")
USUAL_BIRTH: Final = {
    Level.PS: 2023, Level.MS: 2022, Level.GS: 2021, Level.CP: 2020, Level.CE1: 2019, Level.CE2: 2018, Level.CM1: 2017,
    Level.CM2: 2016, Level.SIXIEME: 2015, Level.CINQUIEME: 2014, Level.QUATRIEME: 2013, Level.TROISIEME: 2012,
    Level.SECONDE: 2011, Level.PREMIERE: 2010, Level.TERMINALE: 2009, Level.CAP1: 2011, Level.CAP2: 2010,
    Level.POST_BAC: 2008,
}  # fmt: skip
RANK: Final = (Outcome.ENTITLED, Outcome.PENDING, Outcome.PAYING, Outcome.REFUSED, Outcome.ELSEWHERE)


def _home(said: dict[str, str], departement: str, second: bool) -> HomeFacts:
    tail = "2" if second else ""
    length, margin = said.get(f"d{tail}", "5000"), int(said.get(f"m{tail}", "0"))
    kind = HomeKind.SECOND if second else HomeKind(said.get("kind", "main"))
    return HomeFacts(
        id=f"home{tail}", kind=kind, commune=said.get(f"commune{tail}", f"{departement}998"),
        way=None if length == "?" else Measured(int(length), Method.AGENT, margin),
        in_sector={"in": True, "out": False, "?": None}[said.get(f"sector{tail}", "in")],
        elsewhere=ELSEWHERE if f"elsewhere{tail}" in said else None,
    )  # fmt: skip


def _case(departement: str, words: str) -> Case:
    said = dict(each.split("=") for each in words.split())
    level = Level(said["level"])
    homes = [_home(said, departement, second=False)]
    if "d2" in said:
        homes.append(_home(said, departement, second=True))
    return Case(
        year=YEAR, born_on=date.fromisoformat(said.get("born", f"{USUAL_BIRTH[level]}-06-15")), level=level,
        regime=Regime(said.get("regime", "half_board")), school_commune=said.get("school", f"{departement}999"),
        standing=Standing(said.get("std", "public")), homes=tuple(homes), need=Need(said.get("need", "none")),
        waiver=Waiver(said["waiver"]) if "waiver" in said else None,
        proofs=frozenset(Proof(each) for each in said.get("proofs", "").split("+") if each),
        adapted_elsewhere=ADAPTED,
    )  # fmt: skip


def _lines() -> list[list[str]]:
    lines = CASES.read_text(encoding="utf-8").splitlines()
    return [[part.strip() for part in line.split("|")] for line in lines if line and not line.startswith("#")]


def test_there_are_three_hundred_cases_over_seven_rule_sets() -> None:
    lines = _lines()
    assert len(lines) >= 300
    assert len({tuple(line) for line in lines}) == len(lines)
    assert {line[0] for line in lines} == set(RULES) == {"21", "25", "39", "58", "70", "71", "89"}


def test_each_case_is_judged_as_it_was_by_hand() -> None:
    wrong = []
    for departement, words, outcome, reason, *second in _lines():
        right = right_of(_case(departement, words), RULES[departement])
        found = [str(right.outcome), right.reason.code.removeprefix("scolaire.")]
        expected = [outcome, reason]
        if second:
            expected += second[0].split()
            other = right.of_home("home2")
            assert other is not None
            found += [str(other.outcome), other.reason.code.removeprefix("scolaire.")]
        if found != expected:
            wrong.append(f"{departement} | {words}: {found}, expected {expected}")
    assert wrong == []


def test_an_answer_names_the_rules_it_was_given_under() -> None:
    right = right_of(_case("71", "level=6e"), RULES["71"])
    assert (right.rules, right.rules_hash, right.journeys_week) == ("71-exemple", RULES["71"].hash, 10)
    assert right.reason == Decision("scolaire.entitled", distance_m=5000.0, least_m=3000.0)


# ---------------------------------------------------------------- laws

some_rules = st.sampled_from(sorted(RULES.values(), key=lambda each: each.code))
some_homes = st.builds(
    HomeFacts,
    id=st.just("home"),
    kind=st.sampled_from([HomeKind.MAIN, HomeKind.PLACEMENT]),
    commune=st.sampled_from(["25462", "89024", "71998"]),
    way=st.none() | st.builds(Measured, st.integers(0, 9_000), st.just(Method.ESTIMATE), st.integers(0, 40)),
    in_sector=st.sampled_from([True, False, None]),
)
some_cases = st.builds(
    Case,
    year=st.just(YEAR),
    born_on=st.dates(date(2003, 1, 1), date(2025, 1, 1)),
    level=st.sampled_from(Level),
    regime=st.sampled_from(Regime),
    school_commune=st.sampled_from(["25462", "89024", "71999"]),
    standing=st.sampled_from(Standing),
    homes=st.tuples(some_homes),
    need=st.sampled_from([Need.NONE, Need.WHEELCHAIR]),
    waiver=st.none() | st.sampled_from(Waiver),
    proofs=st.frozensets(st.sampled_from(Proof)),
)


def _rank(case: Case, rules: RuleSet) -> int:
    return RANK.index(right_of(case, rules).outcome)


@given(some_cases, some_rules, st.integers(0, 5_000))
def test_living_further_away_never_takes_a_right(case: Case, rules: RuleSet, more_m: int) -> None:
    home = case.homes[0]
    if home.way is None:
        return
    further = replace(home, way=replace(home.way, distance_m=home.way.distance_m + more_m))
    assert _rank(replace(case, homes=(further,)), rules) <= _rank(case, rules)


@given(some_cases, some_rules, st.sampled_from(Proof))
def test_what_is_unknown_becomes_known_and_what_is_known_stays(case: Case, rules: RuleSet, proof: Proof) -> None:
    """One more document changes nothing but an answer that waited for it."""
    before, after = right_of(case, rules), right_of(replace(case, proofs=case.proofs | {proof}), rules)
    assert before.outcome is Outcome.PENDING or after == before


@given(some_cases, some_rules)
def test_an_exact_measure_is_never_measured_again(case: Case, rules: RuleSet) -> None:
    home = case.homes[0]
    way = home.way or Measured(2_500, Method.AGENT)
    exact = replace(case, homes=(replace(home, way=replace(way, margin_pct=0), in_sector=True),))
    assert right_of(exact, rules).reason.code not in ("scolaire.measure_needed", "scolaire.not_located")


@given(some_cases, some_rules, st.integers(0, 30))
def test_a_wider_margin_says_less_and_never_the_contrary(case: Case, rules: RuleSet, wider_pct: int) -> None:
    home = case.homes[0]
    if home.way is None:
        return
    sure = right_of(case, rules)
    wider = replace(home, way=replace(home.way, margin_pct=home.way.margin_pct + wider_pct))
    doubtful = right_of(replace(case, homes=(wider,)), rules)
    assert doubtful.outcome in (sure.outcome, Outcome.PENDING)


@given(some_cases, some_rules, some_homes)
def test_a_second_home_never_takes_what_the_first_gives(case: Case, rules: RuleSet, other: HomeFacts) -> None:
    both = replace(case, homes=(*case.homes, replace(other, id="other", kind=HomeKind.SECOND)))
    assert _rank(both, rules) <= _rank(case, rules)
    assert right_of(both, rules).of_home("home") == right_of(case, rules).of_home("home")


# ---------------------------------------------------------------- ages, lateness, prices


@pytest.mark.parametrize(
    ("born", "day", "years"),
    [
        ("2023-09-01", "2026-08-31", 2),
        ("2023-09-01", "2026-09-01", 3),
        ("2020-02-29", "2023-02-28", 2),  # of the 29th of February: a year older on the 1st of March
        ("2020-02-29", "2023-03-01", 3),
        ("2020-02-29", "2024-02-29", 4),
        ("2026-09-01", "2026-09-01", 0),
    ],
)
def test_whole_years_of_age(born: str, day: str, years: int) -> None:
    assert age_on(date.fromisoformat(born), date.fromisoformat(day)) == years


@pytest.mark.parametrize(
    ("departement", "day", "late"),
    [
        ("21", "2026-07-11", False),
        ("21", "2026-07-12", True),
        ("70", "2026-06-30", False),
        ("70", "2026-07-01", True),
        ("58", "2027-05-01", False),  # names no day
    ],
)
def test_a_registration_is_late_after_the_day_of_the_rules(departement: str, day: str, late: bool) -> None:
    assert is_late(date.fromisoformat(day), YEAR, RULES[departement]) is late


def test_prices_are_asked_only_where_one_is_known() -> None:
    prices = prices_on("71", date(2026, 9, 1))
    late = replace(prices, late=Money(2_000), paying_boarder=Money(12_000))
    assert price_of(prices, Outcome.ENTITLED, Regime.DAY, late=True) == Money(0)
    assert price_of(prices, Outcome.PAYING, Regime.DAY, late=False) == Money(24_000)
    assert price_of(prices, Outcome.PAYING, Regime.BOARDER, late=False) == Money(24_000)
    assert price_of(late, Outcome.PAYING, Regime.BOARDER, late=True) == Money(14_000)
    assert price_of(late, Outcome.ENTITLED, Regime.DAY, late=True) == Money(2_000)
    assert price_of(replace(prices, paying=None), Outcome.PAYING, Regime.DAY, late=False) is None
    for none in (Outcome.REFUSED, Outcome.PENDING, Outcome.ELSEWHERE):
        assert price_of(prices, none, Regime.DAY, late=False) is None


def test_the_rules_of_a_day_are_those_in_force() -> None:
    assert rules_on("21", date(2026, 9, 1)).code == "21-exemple"

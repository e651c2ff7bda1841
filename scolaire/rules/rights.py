"""Who is entitled: the conditions of the published rules, in the order in which they are published. Pure."""

from datetime import date
from typing import Final

from mobigo.base.decisions import Decision
from mobigo.base.money import ZERO, Money
from scolaire.model.people import HomeKind, Need, Regime
from scolaire.model.rights import (
    Case,
    HomeFacts,
    HomeRight,
    Outcome,
    Prices,
    Proof,
    Right,
    RuleSet,
    SecondHome,
)
from scolaire.model.schools import Stage

# Of two homes, the better answer decides; what is not known yet comes before what is no.
_BEST: Final = (Outcome.ENTITLED, Outcome.PENDING, Outcome.PAYING, Outcome.REFUSED, Outcome.ELSEWHERE)


def right_of(case: Case, rules: RuleSet) -> Right:
    """The right of a pupil: first what is theirs alone (class, age, school, regime), then each home's."""
    stage = case.level.stage
    personal = _refusal(case, rules)
    if personal is not None or stage is None:
        outcome, reason = personal or (Outcome.REFUSED, Decision("scolaire.level_not_covered"))
        homes = tuple(HomeRight(each.id, outcome, reason) for each in case.homes)
        return Right(outcome, reason, homes, None, rules.code, rules.hash)
    main = [_of_home(case, each, rules, stage) for each in case.homes if each.kind is not HomeKind.SECOND]
    carried = any(each.outcome is Outcome.ENTITLED for each in main)
    second = [
        _of_second_home(case, each, rules, stage, carried=carried)
        for each in case.homes
        if each.kind is HomeKind.SECOND
    ]
    homes = (*main, *second)
    if not homes:
        reason = Decision("scolaire.no_home")
        return Right(Outcome.PENDING, reason, (), None, rules.code, rules.hash)
    best = min(homes, key=lambda each: _BEST.index(each.outcome))
    journeys = rules.regimes[case.regime].journeys_week
    return Right(best.outcome, best.reason, homes, journeys, rules.code, rules.hash)


def age_on(born_on: date, day: date) -> int:
    """Whole years of age on a day."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def is_late(received_on: date, year: int, rules: RuleSet) -> bool:
    """Whether a registration came after the day the rules name: it is dealt with, later and perhaps at a price."""
    return rules.late_after is not None and received_on > date(year, *rules.late_after)


def price_of(prices: Prices, outcome: Outcome, regime: Regime, *, late: bool) -> Money | None:
    """What the family pays for the school year; None: no price is known, so that nothing may be asked."""
    if outcome is Outcome.ENTITLED:
        price = prices.entitled
    elif outcome is Outcome.PAYING:
        boards = regime is Regime.BOARDER and prices.paying_boarder is not None
        price = prices.paying_boarder if boards else prices.paying
    else:
        return None
    if price is None:
        return None
    return price + prices.late if late and prices.late is not None else price


def _refusal(case: Case, rules: RuleSet) -> tuple[Outcome, Decision] | None:
    """What closes the case whatever the home; None when nothing does."""
    if case.need is Need.ADAPTED and case.adapted_elsewhere is not None:
        return Outcome.ELSEWHERE, case.adapted_elsewhere
    if case.level not in rules.levels:
        return Outcome.REFUSED, Decision("scolaire.level_not_covered")
    day = date(case.year, *rules.age_on)
    age = age_on(case.born_on, day)
    if age < rules.age_min:
        return Outcome.REFUSED, Decision("scolaire.too_young", age=rules.age_min, day=day)
    if rules.age_max is not None and age > rules.age_max:
        return Outcome.REFUSED, Decision("scolaire.too_old", age=rules.age_max, day=day)
    if case.standing not in rules.standings:
        return Outcome.REFUSED, Decision("scolaire.school_without_contract")
    if case.regime not in rules.regimes:
        return Outcome.REFUSED, Decision("scolaire.regime_not_covered")
    return None


def _of_home(case: Case, home: HomeFacts, rules: RuleSet, stage: Stage) -> HomeRight:
    """The right from one home: another authority, a proof that is missing, the sector, the distance."""
    if home.elsewhere is not None:
        return HomeRight(home.id, Outcome.ELSEWHERE, home.elsewhere)
    placed = home.kind is HomeKind.PLACEMENT
    if placed and Proof.PLACEMENT in rules.proofs - case.proofs:
        return HomeRight(home.id, Outcome.PENDING, Decision("scolaire.placement_unproven"))
    sector = None if placed and rules.placement_any_sector else _sector(case, home, rules, stage)
    if sector is not None:
        return HomeRight(home.id, *sector)
    if (placed and rules.placement_any_distance) or rules.regimes[case.regime].any_distance:
        return HomeRight(home.id, Outcome.ENTITLED, Decision("scolaire.entitled_any_distance"))
    return HomeRight(home.id, *_distance(case, home, rules, stage))


def _of_second_home(case: Case, home: HomeFacts, rules: RuleSet, stage: Stage, *, carried: bool) -> HomeRight:
    """The right from the other home in shared custody. `carried`: the pupil is entitled from the main one."""
    if home.elsewhere is not None:
        return HomeRight(home.id, Outcome.ELSEWHERE, home.elsewhere)
    if rules.second_home is SecondHome.NOT_COVERED:
        return HomeRight(home.id, Outcome.PAYING, Decision("scolaire.second_home_not_covered"))
    if Proof.CUSTODY in rules.proofs - case.proofs:
        return HomeRight(home.id, Outcome.PENDING, Decision("scolaire.custody_unproven"))
    if rules.second_home is SecondHome.FOLLOWS and carried:
        return HomeRight(home.id, Outcome.ENTITLED, Decision("scolaire.entitled_as_main_home"))
    return _of_home(case, home, rules, stage)


def _sector(case: Case, home: HomeFacts, rules: RuleSet, stage: Stage) -> tuple[Outcome, Decision] | None:
    """What the sector says against the case; None when nothing."""
    if stage not in rules.sector_stages or home.in_sector is True:
        return None
    if case.waiver is not None and case.waiver in rules.waivers:
        if Proof.WAIVER in rules.proofs - case.proofs:
            return Outcome.PENDING, Decision("scolaire.waiver_unproven")
        return None
    if home.in_sector is None:
        return Outcome.PENDING, Decision("scolaire.sector_unknown")
    if case.waiver is not None:
        return rules.otherwise_sector, Decision("scolaire.waiver_not_accepted")
    return rules.otherwise_sector, Decision("scolaire.out_of_sector")


def _distance(case: Case, home: HomeFacts, rules: RuleSet, stage: Stage) -> tuple[Outcome, Decision]:
    least_m = rules.least_m(stage, home.commune, case.school_commune)
    if least_m == 0:
        return Outcome.ENTITLED, Decision("scolaire.entitled_any_distance")
    if home.way is None:
        return Outcome.PENDING, Decision("scolaire.not_located")
    far = home.way.at_least(least_m)
    said = {"distance_m": float(home.way.distance_m), "least_m": float(least_m)}
    if far is None:
        return Outcome.PENDING, Decision("scolaire.measure_needed", **said, margin_pct=home.way.margin_pct)
    margin = home.way.margin_pct
    if margin:  # the letter says that the length is not exact, and that it does not matter
        sure = Decision("scolaire.surely_far", **said, margin_pct=margin)
        near = Decision("scolaire.surely_near", **said, margin_pct=margin)
        return (Outcome.ENTITLED, sure) if far else (rules.otherwise_near, near)
    if far:
        return Outcome.ENTITLED, Decision("scolaire.entitled", **said)
    return rules.otherwise_near, Decision("scolaire.too_near", **said)


def duplicate_price(prices: Prices, *, ours: bool) -> Money | None:
    """What another pass costs; nothing when it is our fault (it does not work)."""
    return ZERO if ours else prices.duplicate

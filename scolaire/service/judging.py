"""What the rules say of a registration as it stands: the case is put together from the rows, then judged.

Nothing is decided here: a person decides (`service.deciding`), and may decide otherwise with a reason.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from mobigo.base.decisions import Decision
from mobigo.base.errors import NotFound
from mobigo.infra import competence
from mobigo.infra.competence import Authority, Service, departement_of
from mobigo.infra.config import Config
from scolaire.gateway import rulefiles
from scolaire.model.people import HomeKind, Need, Regime
from scolaire.model.rights import Case, HomeFacts, HomeRight, Outcome, Proof, Right, RuleSet, Waiver
from scolaire.model.schools import Level, SchoolYear, Standing
from scolaire.rules.rights import right_of
from scolaire.service.homes import measured_of
from scolaire.store import schools
from scolaire.store.pupils import HomeRow, IdentityRow
from scolaire.store.registrations import DocumentRow, RegistrationRow, legs

REGION = "region"


@dataclass(frozen=True, slots=True)
class Judged:
    """The case, the rules it was judged by (None: none are known for its département), and the answer."""

    case: Case
    rules: RuleSet | None
    right: Right


def judge(session: Session, row: RegistrationRow, config: Config) -> Judged:
    """What the rules in force on the first day of the school year say. Without rules the answer is `pending`."""
    case = case_of(session, row, config)
    day = SchoolYear(row.year).period.first_day
    departement = departement_of(case.homes[0].commune) if case.homes else "??"
    try:
        rules = rulefiles.rules_on(departement, day, config.home, production=config.production)
    except NotFound as unknown:
        return Judged(case, None, _unknown(case, unknown.decision))
    return Judged(case, rules, right_of(case, rules))


def case_of(session: Session, row: RegistrationRow, config: Config) -> Case:
    """The facts of a registration, without a name."""
    identity = session.get_one(IdentityRow, row.pupil)
    school = schools.school_value(schools.get_school(session, row.uai))
    facts = []
    for leg in legs(session, [row.id])[row.id]:
        home = session.get_one(HomeRow, leg.home)
        facts.append(
            HomeFacts(
                id=home.id, kind=HomeKind(home.kind), commune=home.commune, way=measured_of(leg),
                in_sector=leg.in_sector,
                elsewhere=elsewhere(home.commune, school.commune, row.first_day, production=config.production),
            )
        )  # fmt: skip
    facts.sort(key=lambda each: (each.kind is HomeKind.SECOND, each.id))
    accepted = select(DocumentRow.kind).where(DocumentRow.registration == row.id, DocumentRow.state == "accepted")
    need = Need(row.need)
    return Case(
        year=row.year, born_on=identity.born_on, level=Level(row.level), regime=Regime(row.regime),
        school_commune=school.commune, standing=Standing(school.standing), homes=tuple(facts), need=need,
        waiver=None if row.waiver is None else Waiver(row.waiver),
        proofs=frozenset(Proof(kind) for kind in session.scalars(accepted)),
        adapted_elsewhere=_adapted(facts, row.first_day, config) if need is Need.ADAPTED else None,
    )  # fmt: skip


def elsewhere(home: str, school: str, day: date, *, production: bool) -> Decision | None:
    """Why another authority than the Region answers for the way from a commune to a commune; None when the Region does.

    Inside the area of one urban authority, that authority answers (code des transports, L3111-5 and L3111-7).
    """
    table = competence.table()
    try:
        here = table.competent(home, Service.SCHOOL, day).authority
    except NotFound:
        return Decision("scolaire.home_outside_region")
    try:
        there = table.competent(school, Service.SCHOOL, day).authority
    except NotFound:
        return None
    if here.code != there.code or here.code == REGION:
        return None
    return _named("scolaire.other_authority", here.shown(production=production))


def _adapted(facts: list[HomeFacts], day: date, config: Config) -> Decision | None:
    """Who answers for adapted transport from the first home."""
    if not facts:
        return None
    try:
        found = competence.table().competent(facts[0].commune, Service.ADAPTED_SCHOOL, day).authority
    except NotFound:
        return None
    if found.code == REGION:
        return None
    return _named("scolaire.adapted_elsewhere", found.shown(production=config.production))


def _named(code: str, authority: Authority) -> Decision:
    return Decision(code, authority=authority.name, phone=authority.phone, link=authority.link)


def _unknown(case: Case, why: Decision) -> Right:
    """No rules: nothing is said, but what another authority answers for is."""
    if case.adapted_elsewhere is not None:
        homes = tuple(HomeRight(each.id, Outcome.ELSEWHERE, case.adapted_elsewhere) for each in case.homes)
        return Right(Outcome.ELSEWHERE, case.adapted_elsewhere, homes, None, "", "")
    homes = tuple(
        HomeRight(each.id, Outcome.PENDING, why)
        if each.elsewhere is None
        else HomeRight(each.id, Outcome.ELSEWHERE, each.elsewhere)
        for each in case.homes
    )
    if homes and all(each.outcome is Outcome.ELSEWHERE for each in homes):
        return Right(Outcome.ELSEWHERE, homes[0].reason, homes, None, "", "")
    return Right(Outcome.PENDING, why, homes, None, "", "")

"""What may be asked for, the month so far, today's proofs, the statements, and each trip explained to its last step."""

from typing import Any, Final

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from covoit.model.journeys import JourneyState, LineLeg, VehicleTrip
from covoit.model.payments import Stage
from covoit.rules import words as rule_words
from covoit.service import claims, driver, statements
from covoit.service.driver import Explained
from covoit.store import claims as claim_store
from covoit.store import ibans
from covoit.web import bp
from covoit.web.driver import words
from covoit.web.driver.looking import looking
from covoit.web.forms import Faults
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.web import services

CLAIMS_SHOWN: Final = 12


@bp.get("/covoiturage/mes-aides", endpoint="driver")
@requires(Permission.ACCOUNT_OWN)
def driver_home() -> ResponseReturnValue:
    """What I may ask for, in words; the month, today, statements, requests, account, answers and papers."""
    return home_page(Faults())


def home_page(faults: Faults) -> ResponseReturnValue:
    """The page, with what was refused of a form said first."""
    instant = now()
    today, home = paris_day(instant), services().config.home
    with looking() as (session, person):
        months = driver.months_seen(session, person, today)
        requests = claim_store.claims_of(session, person)
        returned = claim_store.returned_claim(session, person)
        parts: dict[str, Any] = {
            "payable": claims.payable_of(session, person),
            "owed": claims.owed_by(session, person),
            "waiting": claim_store.open_claim(session, person),
            "under_way": [each for each in requests if each.stage in (Stage.MANDATED, Stage.SENT)],
            "refusal": claims.refusal_of_claim(session, person, instant),
            "returned": None if returned is None else words.bank_reason(returned.reason),
            "account": claims.find_iban(session, person),
            "account_waits": ibans.waiting(session, person, lock=False) is not None,
            "latest": _latest(session, person),
            "room": statements.room_left(session, person, today, home=home),
            "today_trips": [_trip(each) for each in statements.proofs_of_day(session, person, today)],
            "cases": driver.cases_seen(session, person),
            "decisions": list(reversed(claim_store.decisions_of(session, person))),
        }
    present = next(each for each in months if each.month == f"{today:%Y-%m}")
    page = render_template(
        "covoit/driver_home.html", **parts, months=months, present=present, closes_on=driver.closes_on(present.month),
        requests=list(reversed(requests))[:CLAIMS_SHOWN], room_words=words.room(parts["room"]), words=words,
        today=today, years=sorted({today.year, *(int(each.month[:4]) for each in months)}, reverse=True)[:3],
        may_claim=_may_claim(parts), errors=faults.by_field,
    )  # fmt: skip
    return page, faults.status if faults else 200


def _may_claim(parts: dict[str, Any]) -> bool:
    """Whether the button stands on the page: nothing waits, and the rule has no reason against it."""
    return parts["waiting"] is None and parts["refusal"] is None and parts["payable"] > ZERO


def _latest(session: Session, person: str) -> dict[str, Any] | None:
    found = driver.latest(session, person, home=services().config.home)
    return None if found is None else {"trip": found, "way": _way(found)}


def _way(trip: Explained) -> str:
    return words.way(trip.leg, trip.started_at) or words.line_name(trip.line, paris_day(trip.started_at))


def _trip(trip: VehicleTrip) -> dict[str, Any]:
    """A trip of today: when, from where to where, with how many people, how well proven."""
    legs = [journey.leg for journey in trip.journeys if journey.leg is not None]
    tracks = {(leg.line, leg.direction) for leg in legs}
    whole = None
    if len(tracks) == 1:
        line, direction = tracks.pop()
        whole = LineLeg(line, direction, min(leg.from_m for leg in legs), max(leg.to_m for leg in legs))
    live = [journey for journey in trip.journeys if journey.state is not JourneyState.CANCELLED]
    return {
        "at": trip.started_at,
        "way": words.way(whole, trip.started_at) or words.line_name(None, trip.day),
        "seats": sum(journey.seats for journey in live),
        "proof": words.proof(trip),
        "classes": sorted({str(journey.proof_class) for journey in live}),
    }


@bp.get("/covoiturage/mes-aides/releves/<month>")
@requires(Permission.ACCOUNT_OWN)
def driver_statement(month: str) -> ResponseReturnValue:
    """My statement of a month, each line opening to its steps. Raises InvalidInput("covoit.bad_month")."""
    with looking() as (session, person):
        shown = driver.statement_seen(session, person, month)
    names = {line.line: words.line_name(line.line, paris_day(line.started_at)) for line in shown.lines}
    return render_template(
        "covoit/driver_statement.html", statement=shown, names=names, words=words, length=rule_words.length,
        closes_on=driver.closes_on(month),
    )  # fmt: skip


@bp.get("/covoiturage/mes-aides/trajets/<award>")
@requires(Permission.ACCOUNT_OWN)
def driver_line(award: str) -> ResponseReturnValue:
    """One trip of mine: every step, what did not count and why, the scale and its act. Raises NotFound."""
    with looking() as (session, person):
        trip = driver.explain(session, person, award, home=services().config.home)
    return render_template(
        "covoit/driver_line.html", trip=trip, way=_way(trip), words=words, length=rule_words.length,
        ceiling=None if trip.ceiling is None else rule_words.euros(trip.ceiling.rate_mills_per_km),
        open_month=f"{paris_day(trip.started_at):%Y-%m}",
        journeys=[(each, words.way(each.leg, each.started_at)) for each in trip.journeys],
    )  # fmt: skip


@bp.get("/covoiturage/mes-aides/trajets/<award>/recalcul")
@requires(Permission.ACCOUNT_OWN)
def driver_again(award: str) -> ResponseReturnValue:
    """The same trip computed again now, from what was kept, and compared byte for byte. Raises NotFound."""
    with looking() as (session, person):
        trip = driver.explain(session, person, award, home=services().config.home)
        again = driver.compute_again(session, person, award, home=services().config.home)
    return render_template("covoit/driver_again.html", trip=trip, again=again, way=_way(trip))

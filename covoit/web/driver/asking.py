"""Asking to be paid, in one button; complaints and answers; being heard before a decision; decisions as letters."""

from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from covoit.export import letters
from covoit.model.claims import Kind
from covoit.rules import claims as rules
from covoit.service import claims, driver
from covoit.store import claims as store
from covoit.web import bp
from covoit.web.driver import words
from covoit.web.driver.looking import looking
from covoit.web.driver.money import home_page
from covoit.web.forms import Faults, me, text, writing
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra import ratelimit
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.formats import amount, day
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services

COMPLAINTS: Final = "20 per day"
WORDS_READ: Final = 5_000  # one more than the longest complaint would be cut unseen


@bp.post("/covoiturage/mes-aides/demander")
@requires(Permission.ACCOUNT_OWN)
def driver_claim() -> ResponseReturnValue:
    """Asks for all that is payable. Asked twice, it is the same request."""
    faults, language = Faults(), current_language()
    with faults.caught(), writing() as session:
        row = claims.claim(session, me(session), now=now())
        said = _(
            "Votre demande de %(amount)s est enregistrée, le %(day)s. Vous suivez ici son chemin.",
            amount=amount(Money(row.cents), language),
            day=day(row.made_at, language),
        )
    if faults:
        return home_page(faults)
    flash(said, "good")
    return redirect(url_for("covoit.driver"), 303)


# ---------------------------------------------------------------- complaints


@bp.get("/covoiturage/mes-aides/reclamation")
@requires(Permission.ACCOUNT_OWN)
def driver_complaint() -> ResponseReturnValue:
    """Says what is wrong: with a trip (`?trajet=`), a statement (`?releve=`), or anything else. Raises NotFound."""
    return _complaint_page(Faults(), request.args.get("trajet", ""), request.args.get("releve", ""))


@bp.post("/covoiturage/mes-aides/reclamation")
@requires(Permission.ACCOUNT_OWN)
def driver_complain() -> ResponseReturnValue:
    """Keeps the complaint, with the day by which it is answered. The same words about the same thing are one."""
    faults = Faults()
    award, month = text("trajet", 40), text("releve", 10)
    with faults.caught(), writing() as session:
        person = me(session)
        about = _about(session, person, award, month)
        said = text("said", WORDS_READ)
        case = _same(session, person, about["object"], said)
        if case is None:
            case = claims.complain(session, person, about["object"], said, now=now()).id
            ratelimit.attempts().count("covoit-complaint", COMPLAINTS, person)
    if faults:
        return _complaint_page(faults, award, month)
    flash(_("Votre réclamation est enregistrée. Un agent la lit et vous répond."), "good")
    return redirect(url_for("covoit.driver_case", case_id=case), 303)


def _complaint_page(faults: Faults, award: str, month: str) -> ResponseReturnValue:
    with looking() as (session, person):
        about = _about(session, person, award, month)
    page = render_template(
        "covoit/driver_complaint.html", about=about, award=award, month=month, errors=faults.by_field,
        said=request.form.get("said", ""),
    )  # fmt: skip
    return page, faults.status if faults else 200


def _about(session: Session, person: str, award: str, month: str) -> dict[str, Any]:
    """What a complaint is about: `object` as it is kept, `words` as it is said, `href` to it.

    Raises NotFound("covoit.unknown_award", "covoit.unknown_statement") for what is not this person's."""
    if award:
        trip = driver.explain(session, person, award, home=services().config.home)
        at = day(trip.started_at, current_language(), year=True)
        name = words.way(trip.leg, trip.started_at) or words.line_name(trip.line, paris_day(trip.started_at))
        href = url_for("covoit.driver_line", award=award)
        return {
            "object": rules.object_of_trip(award, trip.started_at),
            "words": _("votre trajet du %(day)s, %(way)s", day=at, way=name),
            "href": href,
        }
    if month:
        known = {each.month for each in driver.months_seen(session, person, paris_day(now()))}
        if month not in known:
            raise NotFound("covoit.unknown_statement", month=month[:10])
        href = url_for("covoit.driver_statement", month=month)
        return {"object": month, "words": _("votre relevé (%(month)s)", month=words.month_name(month)), "href": href}
    return {"object": rules.ANYTHING, "words": _("vos aides au covoiturage"), "href": ""}


def _same(session: Session, person: str, about: str, said: str) -> str | None:
    """An open complaint about the same thing in the same words: the form was sent twice."""
    for row in store.cases_of(session, person, Kind.COMPLAINT):
        if (row.object_id, row.said) == (about, said.strip()) and row.answered_at is None:
            return row.id
    return None


# ---------------------------------------------------------------- cases


@bp.get("/covoiturage/mes-aides/dossiers/<case_id>")
@requires(Permission.ACCOUNT_OWN)
def driver_case(case_id: str) -> ResponseReturnValue:
    """One case of mine: what it is about, until when it is answered, and before a measure the form to be heard."""
    return _case_page(case_id, Faults())


@bp.post("/covoiturage/mes-aides/dossiers/<case_id>")
@requires(Permission.ACCOUNT_OWN)
def driver_reply(case_id: str) -> ResponseReturnValue:
    """What I have to say before a recovery or a ban is decided. Raises NotFound, Conflict once it is decided."""
    faults = Faults()
    with looking() as (session, person):
        driver.case_seen(session, person, case_id)
    with faults.caught(), writing() as session:
        person, said = me(session), text("said", WORDS_READ)
        row = driver.case_seen(session, person, case_id)
        if not said:
            raise InvalidInput("covoit.complaint_empty")
        if len(said) > 4_000:
            raise InvalidInput("covoit.complaint_long", longest=4_000)
        if not driver.may_be_heard(row) and row.answered_at is None:
            raise NotFound("covoit.unknown_case", case=case_id[:40])
        claims.hear(session, case_id, person, said, now=now())
    if faults:
        return _case_page(case_id, faults)
    flash(_("Vos observations sont enregistrées. La décision en tiendra compte."), "good")
    return redirect(url_for("covoit.driver_case", case_id=case_id), 303)


def _case_page(case_id: str, faults: Faults) -> ResponseReturnValue:
    with looking() as (session, person):
        row = driver.case_seen(session, person, case_id)
        about = _object_of(session, person, row)
        page = render_template(
            "covoit/driver_case.html", case=row, about=about, words=words, errors=faults.by_field,
            hearing=driver.may_be_heard(row), until=driver.heard_until(row),
            amount_owed=None if row.cents is None else Money(row.cents),
            measure=Kind(row.kind) in driver.MEASURES, typed=request.form,
            overdue=row.answered_at is None and paris_day(now()) > row.answer_by,
        )  # fmt: skip
    return page, faults.status if faults else 200


def _object_of(session: Session, person: str, row: store.CaseRow) -> dict[str, Any]:
    """What a case is about, in words; what is neither a trip nor a statement of this person is said as it was kept."""
    if store.about_alert(row.object_id) is not None:
        return {"object": row.object_id, "words": _("des faits relevés dans vos trajets"), "href": ""}
    if row.kind == Kind.IDENTITY:
        return {"object": row.object_id, "words": _("des trajets ou un numéro que vous dites vôtres"), "href": ""}
    award, month = rules.award_of_object(row.object_id), rules.month_of_object(row.object_id)
    try:
        if award or month or row.object_id == rules.ANYTHING:
            return _about(session, person, award or "", month or "")
    except NotFound:
        pass  # a statement without a line any more: said as it was kept
    return {"object": row.object_id, "words": row.object_id, "href": ""}


# ---------------------------------------------------------------- decisions


@bp.get("/covoiturage/mes-aides/decisions/<decision_id>")
@requires(Permission.ACCOUNT_OWN)
def driver_decision(decision_id: str) -> ResponseReturnValue:
    """A decision about me, as the letter that was sent. Raises NotFound for anyone else's."""
    with looking() as (session, person):
        known = driver.decision_seen(session, person, decision_id)
        decision = claims.decision_of(session, known)
    body = letters.body_of(decision).splitlines()[1:]
    return render_template(
        "covoit/driver_decision.html", decision=decision, parts=_paragraphs(body), subject=letters.subject_of(decision),
    )  # fmt: skip


def _paragraphs(lines: list[str]) -> list[tuple[str, list[str]]]:
    """The lines of a letter as ("p" or "ul", texts): what begins with a dash is a list."""
    parts: list[tuple[str, list[str]]] = []
    for line in lines:
        if not line.strip():
            continue
        if not line.startswith("- "):
            parts.append(("p", [line]))
        elif parts and parts[-1][0] == "ul":
            parts[-1][1].append(line[2:])
        else:
            parts.append(("ul", [line[2:]]))
    return parts

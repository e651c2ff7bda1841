"""Registering online: the school first, then one form; and the same form, lighter, a year later."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.instants import paris_day
from mobigo.infra import accounts, competence, ratelimit
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import new_id, now
from mobigo.infra.i18n import gettext as _
from mobigo.infra.idempotency import once
from mobigo.infra.web import services
from scolaire.gateway import rulefiles
from scolaire.model.people import HomeKind
from scolaire.model.schools import School, SchoolYear
from scolaire.service import access, registering
from scolaire.store import pupils as store
from scolaire.store import schools, stops
from scolaire.store.registrations import RegistrationRow
from scolaire.web import bp, words
from scolaire.web.forms import Faults, asked_of, contact_of, home_of, looking, me, text, writing

SENT = "40 per hour"
FOUND_MAX = 40


@bp.get("/scolaire/famille/inscription")
@requires(Permission.ACCOUNT_OWN)
def register() -> ResponseReturnValue:
    """Where the child goes to school: schools of a commune, or by name (`?ou=`)."""
    return render_template("scolaire/register_school.html", **school_search(), target="scolaire.register_form")


@bp.get("/scolaire/famille/inscription/<uai>")
@requires(Permission.ACCOUNT_OWN)
def register_form(uai: str) -> ResponseReturnValue:
    """The form for this school."""
    return _page(uai, Faults())


@bp.post("/scolaire/famille/inscription/<uai>")
@requires(Permission.ACCOUNT_OWN)
def register_now(uai: str) -> ResponseReturnValue:
    """Registers the child. The same form sent twice registers once."""
    faults, instant, subject = Faults(), now(), me()
    registered = ""
    with faults.caught(), writing() as session:
        ratelimit.attempts().count("scolaire-register", SENT, subject)
        if not text("honour"):
            raise InvalidInput("scolaire.not_sworn")
        asked, contact = asked_of(uai, _year()), contact_of()
        row = once(
            session, f"scolaire.register:{subject}", text("key", 60) or "none", request.form.to_dict(),
            lambda: registering.register(
                session, asked, contact, config=services().config, subject=subject, now=instant
            ).id,
            now=instant,
        )  # fmt: skip
        registered = str(row.answer)
    if faults:
        return _page(uai, faults)
    flash(_("La demande est reçue. Ajoutez maintenant les documents, si on vous en demande."), "good")
    return redirect(url_for("scolaire.file", registration=registered), 303)


@bp.get("/scolaire/famille/eleves/<pupil>/renouveler/<int:year>")
@requires(Permission.ACCOUNT_OWN)
def renew(pupil: str, year: int) -> ResponseReturnValue:
    """The school of the coming year: the same, or another (`?ou=`)."""
    with looking() as session:
        access.bond_with(session, me(), pupil, paris_day(now()), act=True)
        identity = store.identities(session, [pupil])[pupil]
        last = _last(session, pupil)
        same = schools.get_school(session, last.uai)
    return render_template(
        "scolaire/register_school.html", **school_search(), target="scolaire.renew_form", pupil=pupil, year=year,
        same=same, first_name=identity.first_name,
    )  # fmt: skip


@bp.get("/scolaire/famille/eleves/<pupil>/renouveler/<int:year>/<uai>")
@requires(Permission.ACCOUNT_OWN)
def renew_form(pupil: str, year: int, uai: str) -> ResponseReturnValue:
    """Class and regime of the coming year; the address, only if it changed."""
    return _renewal(pupil, year, uai, Faults())


@bp.post("/scolaire/famille/eleves/<pupil>/renouveler/<int:year>/<uai>")
@requires(Permission.ACCOUNT_OWN)
def renew_now(pupil: str, year: int, uai: str) -> ResponseReturnValue:
    """Renews the registration for a school year."""
    faults, instant, subject = Faults(), now(), me()
    registered = ""
    with faults.caught(), writing() as session:
        bond = access.bond_with(session, subject, pupil, paris_day(instant), act=True)
        if not text("honour"):
            raise InvalidInput("scolaire.not_sworn")
        identity = store.identities(session, [pupil])[pupil]
        asked = asked_of(uai, year, known=identity)
        moved = home_of("", HomeKind.MAIN) if text("moved") else None
        registered = registering.renew(
            session, pupil, asked, config=services().config, now=instant, guardian=bond.guardian, subject=subject,
            moved=moved,
        ).id  # fmt: skip
    if faults:
        return _renewal(pupil, year, uai, faults)
    flash(_("La demande de la nouvelle année est reçue."), "good")
    return redirect(url_for("scolaire.file", registration=registered), 303)


def school_search() -> dict[str, Any]:
    """The schools of the commune asked for, or whose name holds the words."""
    asked = request.args.get("ou", "").strip()[:80]
    found: list[schools.SchoolRow] = []
    if asked:
        communes = {each.code for each in competence.communes_named(asked)}
        plain = competence.plain(asked)
        with looking() as session:
            for row in schools.schools(session):
                if row.commune in communes or row.uai == asked.upper() or plain in competence.plain(row.name):
                    found.append(row)
    known = competence.communes()
    named = {row.uai: known[row.commune].name if row.commune in known else row.commune for row in found}
    return {"asked": asked, "schools": found[:FOUND_MAX], "more": len(found) > FOUND_MAX, "commune_of": named}


def stops_near(commune_words: str) -> list[stops.StopRow]:
    """The stops in service of a commune, to be wished for."""
    codes = {each.code for each in competence.communes_named(commune_words)}
    with looking() as session:
        return stops.stops(session, communes=codes) if codes else []


def _year() -> int:
    """The school year of the form: one that is open."""
    given = text("year", 4)
    years = rulefiles.years_open(paris_day(now()), services().config.home, production=services().config.production)
    if given.isascii() and given.isdigit():
        return int(given)
    if not years:
        raise InvalidInput("scolaire.no_year_open")
    return years[0]


def _page(uai: str, faults: Faults) -> ResponseReturnValue:
    config, today = services().config, paris_day(now())
    with looking() as session:
        school = schools.school_value(schools.get_school(session, uai))
        profile = accounts.profile(session, me())
        guardian = store.find_guardian(session, me())
    names = (profile.name or "").rsplit(" ", 1)
    known = {
        "contact_first_name": guardian.first_name if guardian else names[0] if len(names) == 2 else "",
        "contact_last_name": guardian.last_name if guardian else names[-1],
        "email": guardian.email or "" if guardian else profile.email or "",
        "phone": guardian.phone or "" if guardian else "", "postal": guardian.postal if guardian else "",
        "prefers": guardian.prefers if guardian else "email",
    }  # fmt: skip
    years = [SchoolYear(each) for each in rulefiles.years_open(today, config.home, production=config.production)]
    page = render_template(
        "scolaire/register.html", school=school, **form_facts(school), known=known, errors=faults.by_field,
        typed=request.form, key=text("key", 60) or _fresh_key(), stops=[(row.id, row.name) for row in _wished(faults)],
        years=years, year_choices=[(each.first, str(each)) for each in years],
    )  # fmt: skip
    return page, faults.status if faults else 200


def form_facts(school: School) -> dict[str, Any]:
    """The choices of the form for a school, and the names of communes that help the typing."""
    return {
        "levels": words.levels(school.stages), "regimes": words.regimes(), "waivers": words.waivers(),
        "needs": words.needs(), "weeks": words.weeks(), "ways": words.ways_to_write(),
        "commune": competence.communes().get(school.commune),
    }  # fmt: skip


def _wished(faults: Faults) -> list[stops.StopRow]:
    return stops_near(text("commune", 80)) if faults and "commune" not in faults.by_field else []


def _renewal(pupil: str, year: int, uai: str, faults: Faults) -> ResponseReturnValue:
    with looking() as session:
        access.bond_with(session, me(), pupil, paris_day(now()), act=True)
        identity = store.identities(session, [pupil])[pupil]
        school = schools.school_value(schools.get_school(session, uai))
        last = _last(session, pupil)
    page = render_template(
        "scolaire/renew.html", school=school, **form_facts(school), identity=identity, last=last, pupil=pupil,
        year=SchoolYear(year), errors=faults.by_field, typed=request.form,
    )  # fmt: skip
    return page, faults.status if faults else 200


def _last(session: Session, pupil: str) -> RegistrationRow:
    row = session.scalar(
        select(RegistrationRow).where(RegistrationRow.pupil == pupil).order_by(RegistrationRow.year.desc()).limit(1)
    )
    if row is None:
        raise NotFound("scolaire.unknown_pupil")
    return row


def _fresh_key() -> str:
    return new_id(now())

"""Schools, stops and calendar, as agents keep them; a mairie asks for a stop in its own commune."""

from datetime import date
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from mobigo.base.errors import InvalidInput, Refused
from mobigo.base.instants import paris_day
from mobigo.infra import auth, competence
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import body_limit, services
from scolaire.model.schools import SchoolYear, Way
from scolaire.rules.asking import current_year
from scolaire.rules.days import school_days
from scolaire.rules.documents import BYTES_MAX, media_of
from scolaire.service import announcing, reference
from scolaire.store import schools, stops
from scolaire.store.schools import BellRow, DaysRow
from scolaire.web import bp, words
from scolaire.web.families.files import document_answer
from scolaire.web.forms import Faults, commune_of, day_of, looking, me, point_of, text, writing

SHOWN: Final = 200


@bp.get("/scolaire/agents/etablissements")
@requires(Permission.SCHOOL_REFERENCE, everywhere=True)
def schools_page() -> ResponseReturnValue:
    """The schools of a commune, or whose name holds the words (`?q=`)."""
    asked = request.args.get("q", "").strip()[:80]
    plain, codes = competence.plain(asked), {each.code for each in competence.communes_named(asked)}
    with looking() as session:
        rows = [
            row
            for row in schools.schools(session)
            if not asked or plain in competence.plain(row.name) or row.commune in codes or row.uai == asked.upper()
        ]
    return render_template(
        "scolaire/schools.html", rows=rows[:SHOWN], total=len(rows), asked=asked, words=words,
        communes=competence.communes(),
    )  # fmt: skip


@bp.get("/scolaire/agents/etablissements/<uai>")
@requires(Permission.SCHOOL_REFERENCE, everywhere=True)
def school_page(uai: str) -> ResponseReturnValue:
    """One school: its bells, and the number of its days of school."""
    return _school(uai, Faults())


@bp.post("/scolaire/agents/etablissements/<uai>/<act>")
@requires(Permission.SCHOOL_REFERENCE, everywhere=True)
def school_act(uai: str, act: str) -> ResponseReturnValue:
    """Adds a bell from a day on, or ends one."""
    faults = Faults()
    with faults.caught(), writing() as session:
        if act == "horaire":
            reference.add_bell(
                session, uai, _whole("weekday"), _way(), _seconds(), day_of("first_day"), me(), now()
            )  # fmt: skip
        elif act == "fin-horaire":
            reference.end_bell(session, text("bell", 26), day_of("last_day"), me(), now())
        else:
            raise InvalidInput("scolaire.unknown_choice")
    return _school(uai, faults) if faults else redirect(url_for("scolaire.school_page", uai=uai), 303)


@bp.get("/scolaire/agents/arrets")
@requires(Permission.SCHOOL_REFERENCE, everywhere=True)
def stops_page() -> ResponseReturnValue:
    """Stops by state (`?etat=`), of a commune or by name (`?q=`)."""
    state = request.args.get("etat", "proposed")
    state = state if state in stops.STATES else "proposed"
    asked = request.args.get("q", "").strip()[:80]
    plain, codes = competence.plain(asked), {each.code for each in competence.communes_named(asked)}
    with looking() as session:
        rows = [
            row
            for row in stops.stops(session, states=[state])
            if not asked or plain in competence.plain(row.name) or row.commune in codes
        ]
    return render_template(
        "scolaire/stops.html", rows=rows[:SHOWN], total=len(rows), asked=asked, state=state, states=state_words(),
        communes=competence.communes(),
    )  # fmt: skip


@bp.get("/scolaire/agents/arrets/<stop>")
@requires(Permission.SCHOOL_REFERENCE, everywhere=True)
def stop_page(stop: str) -> ResponseReturnValue:
    """One stop: its safety file."""
    return _stop(stop, Faults())


@bp.get("/scolaire/agents/arrets/<stop>/photographie")
@requires(Permission.SCHOOL_REFERENCE, everywhere=True)
def stop_photograph(stop: str) -> ResponseReturnValue:
    """The photograph of a stop."""
    with looking() as session:
        digest = stops.get_stop(session, stop).photo
    content = None if digest is None else services().blobs.read(digest)
    return document_answer(content, "" if content is None else media_of(content))


@bp.post("/scolaire/agents/arrets/<stop>")
@requires(Permission.SCHOOL_REFERENCE, everywhere=True)
@body_limit(BYTES_MAX + 100_000)
def stop_review(stop: str) -> ResponseReturnValue:
    """Keeps a look at the stop's safety, and the state that follows."""
    faults, told = Faults(), 0
    with faults.caught(), writing() as session:
        seen = {"": None, "yes": True, "no": False}
        most = text("waiting_max", 4)
        found: dict[str, Any] = {
            "side": text("side", 10), "crossing": text("crossing", 10), "shelter": seen.get(text("shelter", 3)),
            "lighting": seen.get(text("lighting", 3)), "reversing": seen.get(text("reversing", 3)),
            "waiting_max": int(most) if most.isascii() and most.isdigit() else None,
        }  # fmt: skip
        before, sent = stops.get_stop(session, stop).state, request.files.get("document")
        made = reference.review_stop(
            session, stop, found, text("state", 10), text("words", 2_000), me(), now(),
            photograph=b"" if sent is None else sent.read(BYTES_MAX + 1), blobs=services().blobs,
        )  # fmt: skip
        if before == "active" and made.state != "active":
            told = announcing.stop_out_of_service(session, stop, made.id, config=services().config, now=now())
    if faults:
        return _stop(stop, faults)
    flash(_("Le regard sur cet arrêt est enregistré."), "good")
    if told:
        said = _(
            "Familles prévenues que l’arrêt n’est plus desservi : %(count)s. Donnez-leur un autre arrêt.", count=told
        )
        flash(said, "warn")
    return redirect(url_for("scolaire.stop_page", stop=stop), 303)


@bp.get("/scolaire/arrets/demander")
@requires(Permission.SCHOOL_STOPS)
def ask_stop() -> ResponseReturnValue:
    """Ask for a stop in one's own commune."""
    return _ask(Faults())


@bp.post("/scolaire/arrets/demander")
@requires(Permission.SCHOOL_STOPS)
def ask_stop_now() -> ResponseReturnValue:
    """The request waits for a look at the stop's safety."""
    faults = Faults()
    with faults.caught(), writing() as session:
        commune, at, where = commune_of("commune"), point_of(), auth.signed_in().organisations(Permission.SCHOOL_STOPS)
        if at is None:
            raise InvalidInput("scolaire.bad_position")
        if where is not None and commune not in schools.communes_of(session, where, paris_day(now())):
            raise Refused("scolaire.not_your_commune")
        owner = next(iter(sorted(where)), None) if where is not None else None
        reference.ask_stop(
            session, name=text("stop_name"), commune=commune, at=at, why=text("words", 1_000), organisation=owner,
            by=me(), now=now(),
        )  # fmt: skip
    if faults:
        return _ask(faults)
    flash(
        _("La demande est enregistrée : la Région regarde la sécurité de l’arrêt avec le transporteur et le "
          "gestionnaire de la route."), "good",
    )  # fmt: skip
    return redirect(url_for("scolaire.ask_stop"), 303)


@bp.get("/scolaire/agents/calendrier")
@requires(Permission.SCHOOL_REFERENCE, everywhere=True)
def calendar_page() -> ResponseReturnValue:
    """The days off and on of zone A, and how many days of school they leave."""
    return _calendar(Faults())


@bp.post("/scolaire/agents/calendrier")
@requires(Permission.SCHOOL_REFERENCE, everywhere=True)
def calendar_act() -> ResponseReturnValue:
    """Adds days, or ends a row that was wrong."""
    faults = Faults()
    with faults.caught(), writing() as session:
        if text("end", 26):
            reference.end_days(session, text("end", 26), me(), now())
        else:
            reference.add_days(
                session, zone=text("zone", 1) or "A", uai=text("uai", 8) or None, open_=bool(text("open")),
                first_day=day_of("first_day"), last_day=day_of("last_day"), words=text("words"), by=me(),
                source=text("source"), now=now(),
            )  # fmt: skip
    return _calendar(faults) if faults else redirect(url_for("scolaire.calendar_page"), 303)


def state_words() -> dict[str, tuple[str, str]]:
    """States of a stop: words and badge."""
    return {
        "proposed": (_("demandé"), ""), "active": (_("en service"), "good"), "suspended": (_("suspendu"), "warn"),
        "closed": (_("fermé"), ""),
    }  # fmt: skip


def _school(uai: str, faults: Faults) -> ResponseReturnValue:
    today = paris_day(now())
    with looking() as session:
        row = schools.get_school(session, uai)
        asked = select(BellRow).where(BellRow.uai == uai, BellRow.last_day.is_(None) | (BellRow.last_day >= today))
        bells = session.scalars(asked.order_by(BellRow.weekday, BellRow.at_s)).all()
        year = SchoolYear(current_year(today))
        days = school_days(year, schools.days(session, row.zone, uai), schools.bells(session, [uai], today), uai)
    page = render_template(
        "scolaire/school.html", row=row, bells=bells, days=len(days), year=year, words=words, clock=words.clock,
        weekdays=_weekdays(), today=today, errors=faults.by_field, typed=request.form, communes=competence.communes(),
    )  # fmt: skip
    return page, faults.status if faults else 200


def _stop(stop: str, faults: Faults) -> ResponseReturnValue:
    with looking() as session:
        row, seen = stops.get_stop(session, stop), stops.reviews(session, stop)
    page = render_template(
        "scolaire/stop.html", row=row, reviews=seen, states=state_words(), errors=faults.by_field, typed=request.form,
        communes=competence.communes(),
        sides=[("", _("pas encore vu")), ("right", _("à droite")), ("left", _("à gauche")),
               ("off_road", _("hors chaussée"))],
        crossings=[("", _("pas encore vu")), ("none", _("aucune traversée")), ("marked", _("passage piéton")),
                   ("unmarked", _("sans passage piéton")), ("forbidden", _("traversée interdite"))],
        yes_no=[("", _("pas encore vu")), ("yes", _("oui")), ("no", _("non"))],
    )  # fmt: skip
    return page, faults.status if faults else 200


def _ask(faults: Faults) -> ResponseReturnValue:
    where, today = auth.signed_in().organisations(Permission.SCHOOL_STOPS), paris_day(now())
    with looking() as session:
        own = sorted(schools.communes_of(session, where, today)) if where is not None else []
    page = render_template(
        "scolaire/ask_stop.html", own=own, communes=competence.communes(), errors=faults.by_field, typed=request.form
    )
    return page, faults.status if faults else 200


def _calendar(faults: Faults) -> ResponseReturnValue:
    today = paris_day(now())
    with looking() as session:
        asked = select(DaysRow).where(DaysRow.ended_at.is_(None), DaysRow.last_day >= date(today.year - 1, 9, 1))
        rows = session.scalars(asked.order_by(DaysRow.first_day, DaysRow.id)).all()
        years = [SchoolYear(current_year(today)), SchoolYear(current_year(today) + 1)]
        known = schools.days(session, "A")
        counts = [(year, len(school_days(year, known))) for year in years]
    page = render_template(
        "scolaire/calendar.html", rows=rows, counts=counts, errors=faults.by_field, typed=request.form, today=today
    )
    return page, faults.status if faults else 200


def _weekdays() -> list[tuple[str, str]]:
    names = (_("lundi"), _("mardi"), _("mercredi"), _("jeudi"), _("vendredi"), _("samedi"), _("dimanche"))
    return [(str(at), name) for at, name in enumerate(names)]


def _whole(name: str) -> int:
    given = text(name, 4)
    return int(given) if given.isascii() and given.isdigit() else -1


def _way() -> Way:
    return Way.OUT if text("way", 3) == "out" else Way.IN


def _seconds() -> int:
    """The hour of the form, in seconds after midnight; -1 for what is none."""
    hours, _colon, minutes = text("hour", 5).partition(":")
    if not (hours.isascii() and hours.isdigit() and minutes.isascii() and minutes.isdigit()):
        return -1
    return int(hours) * 3600 + int(minutes) * 60 if int(minutes) < 60 else -1

"""The terms of assistance of operators, as agents enter them: drafted by one person, in force once another approved."""

import re
from collections.abc import Mapping
from datetime import date, time

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from mobigo.base.errors import MobigoError
from mobigo.base.instants import paris_day
from mobigo.infra import audit, auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.forms import one_line
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.web import services
from mobigo.planner.export.names import bare
from mobigo.planner.gateway.assistance import load_terms
from mobigo.planner.rules.assistance import NOTICE_H_MAX, Days, Kind, Terms, in_force
from mobigo.planner.store import assistance as store
from mobigo.planner.web import bp
from mobigo.planner.web.asked import read_day, read_time

AGENCIES_MAX, TEXT_MAX = 20, 400


@bp.get("/perturbations/assistance")
@requires(Permission.DISRUPTIONS_WRITE, everywhere=True)
def assistance_desk() -> ResponseReturnValue:
    """Every term: drafts to approve, what is in force, what is over; and those of the installation's files."""
    with reading(services().engine) as session:
        entered = store.list_all(session)
    today = paris_day(now())
    of_files = load_terms(services().config.home)
    current = in_force((*of_files, *(each.terms for each in entered if each.approved_at is not None)), today)
    return render_template(
        "planner/assistance.html", entered=entered, of_files=of_files, current=current, today=today,
        me=auth.signed_in().subject, kinds=kind_words(), days=days_words(),
    )  # fmt: skip


@bp.get("/perturbations/assistance/nouvelle")
@requires(Permission.DISRUPTIONS_WRITE, everywhere=True)
def assistance_new() -> ResponseReturnValue:
    """The form of a draft; `de` copies a version."""
    given = {
        "kind": str(Kind.ASSISTANCE), "days": str(Days.WEEKDAYS), "opens": "08:00", "closes": "18:00", "notice_h": "24",
    }  # fmt: skip
    copied = request.args.get("de", "")
    if copied:
        with reading(services().engine) as session:
            found = store.get(session, copied)
        terms = found.terms
        given = {
            "kind": str(terms.kind), "operator": terms.operator, "agencies": "\n".join(found.agencies),
            "phone": terms.phone, "link": terms.link, "notice_h": str(terms.notice_h), "days": str(terms.days),
            "opens": f"{terms.opens:%H:%M}", "closes": f"{terms.closes:%H:%M}", "source": terms.source,
        }  # fmt: skip
    return _form(given, {}, 200)


@bp.post("/perturbations/assistance/nouvelle")
@requires(Permission.DISRUPTIONS_WRITE, everywhere=True)
def assistance_write() -> ResponseReturnValue:
    """Write the draft, or say what is missing."""
    errors: dict[str, str] = {}
    terms, agencies = read_terms(request.form, errors)
    if errors or terms is None:
        return _form(request.form.to_dict(), errors, 422)
    actor = auth.signed_in().subject
    with transaction(services().engine) as session:
        made = store.draft(session, terms, agencies, actor, now())
        _noted(session, "assistance.draft", actor, made)
    flash(_("Le brouillon est écrit : une autre personne doit l’approuver."), "good")
    return redirect(url_for("planner.assistance_desk"), 303)


@bp.post("/perturbations/assistance/<terms>/approuver")
@requires(Permission.DISRUPTIONS_WRITE, everywhere=True)
def assistance_approve(terms: str) -> ResponseReturnValue:
    """Approve what somebody else wrote."""
    return _acted(terms, "assistance.approve", _("Approuvé : c’est ce que les voyageurs lisent, dès le premier jour."))


@bp.post("/perturbations/assistance/<terms>/abandonner")
@requires(Permission.DISRUPTIONS_WRITE, everywhere=True)
def assistance_drop(terms: str) -> ResponseReturnValue:
    """Give a draft up."""
    return _acted(terms, "assistance.drop", _("Le brouillon est abandonné."))


def _acted(terms: str, act: str, words: str) -> ResponseReturnValue:
    actor = auth.signed_in().subject
    try:
        with transaction(services().engine) as session:
            if act == "assistance.approve":
                store.approve(session, terms, actor, now())
            else:
                store.drop(session, terms)
            _noted(session, act, actor, terms)
    except MobigoError as error:
        flash(sentence(error.decision), "bad")
    else:
        flash(words, "good")
    return redirect(url_for("planner.assistance_desk"), 303)


def _noted(session: Session, act: str, actor: str, terms: str) -> None:
    audit.record(session, act, actor=actor, object_kind="assistance_terms", object_id=terms, now=now())


def _form(given: Mapping[str, str], errors: dict[str, str], status: int) -> tuple[str, int]:
    page = render_template(
        "planner/assistance_form.html", given=given, errors=errors, kinds=kind_words(), days=days_words()
    )
    return page, status


def read_terms(form: Mapping[str, str], errors: dict[str, str]) -> tuple[Terms | None, tuple[str, ...]]:
    """The form as a value, and the names of operators as they were written; what is wrong goes to `errors`."""
    text = {name: one_line(form[name], TEXT_MAX) for name in form if name != "agencies"}
    agencies = tuple(
        dict.fromkeys(
            each[:120] for row in re.split(r"[\n;]", form.get("agencies", "")) if (each := " ".join(row.split()))
        )
    )
    if not text.get("operator"):
        errors["operator"] = _("Écrivez le nom du transporteur, comme les voyageurs le connaissent.")
    if not 1 <= len(agencies) <= AGENCIES_MAX or not all(bare(each) for each in agencies):
        errors["agencies"] = _("Écrivez de un à vingt noms, tels que l’offre les donne, un par ligne.")
    phone, link = text.get("phone", ""), text.get("link", "")
    if not phone and not link:
        errors["phone"] = _("Donnez un téléphone, ou une adresse de page.")
    elif phone and not re.fullmatch(r"\+?[0-9][0-9 .]{2,38}", phone):
        errors["phone"] = _("Écrivez le numéro en chiffres, par exemple 03 80 11 29 29.")
    if link and not re.fullmatch(r"https://[^\s/]+\.[^\s/]+(/\S*)?", link):
        errors["link"] = _("L’adresse commence par https://, par exemple https://www.exemple.fr/assistance.")
    notice = text.get("notice_h", "")
    if not (notice.isascii() and notice.isdecimal() and int(notice[:6]) <= NOTICE_H_MAX):
        errors["notice_h"] = _("Écrivez un nombre d’heures de 0 à %(most)s.", most=NOTICE_H_MAX)
    opens, closes = (_clock(text.get(name, "")) for name in ("opens", "closes"))
    if opens is None or closes is None or opens >= closes:
        errors["opens"] = _("Écrivez deux heures qui se suivent, par exemple 8:00 et 18:00.")
    first, last = _day(text.get("first_day", "")), _day(text.get("last_day", ""))
    if first is None:
        errors["first_day"] = _("Écrivez un jour de calendrier, par exemple 24/11/2026.")
    if text.get("last_day") and (last is None or (first is not None and last < first)):
        errors["last_day"] = _("Écrivez un jour qui ne vient pas avant le premier, ou rien.")
    if not text.get("source"):
        errors["source"] = _("Dites d’où viennent ces conditions : la page, le courrier, l’accord.")
    if text.get("kind") not in set(Kind) or text.get("days") not in set(Days):
        errors["kind"] = _("Choisissez dans la liste.")
    if errors or opens is None or closes is None or first is None:
        return None, agencies
    return Terms(
        Kind(text["kind"]), text["operator"][:120], frozenset(map(bare, agencies)), phone, link, int(notice),
        Days(text["days"]), opens, closes, first, last, text["source"],
    ), agencies  # fmt: skip


def _clock(text: str) -> time | None:
    found = read_time(text)
    return None if found is None else time(*found)


def _day(text: str) -> date | None:
    return read_day(text) if text else None


def kind_words() -> dict[str, str]:
    """What is offered, in words."""
    return {
        str(Kind.ASSISTANCE): _("Une aide pour monter et descendre"),
        str(Kind.SUBSTITUTION): _("Un véhicule adapté à la place de la ligne"),
    }


def days_words() -> dict[str, str]:
    """When the office is open, in words."""
    return {
        str(Days.WEEKDAYS): _("Du lundi au vendredi"),
        str(Days.MONDAY_TO_SATURDAY): _("Du lundi au samedi"),
        str(Days.EVERY_DAY): _("Tous les jours"),
    }

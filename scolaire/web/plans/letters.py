"""The letters to families whom a change of plan concerns: looked at, printed, sent. Names and addresses are on them:
they are for who may read where pupils live, not for who draws circuits."""

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.errors import InvalidInput
from mobigo.base.instants import paris_day
from mobigo.infra import competence
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import ngettext
from mobigo.infra.web import services
from scolaire.export.change_letters import Sender, letters_pdf, paragraphs
from scolaire.model.rides import Child
from scolaire.service import letters as service
from scolaire.store import plans as store
from scolaire.web.plans import bp
from scolaire.web.plans.forms import me, refused, text, writing
from scolaire.web.plans.papers import attached

SEEN = Permission.SCHOOL_ADDRESSES
SHOWN = 50


@bp.get("/comparer/lettres")
@requires(SEEN, everywhere=True)
def change_letters() -> ResponseReturnValue:
    """Who gets a letter, what it says, and what was sent already."""
    instant = now()
    with reading(services().engine) as session:
        found = service.letters(session, *_versions(), first_day=_day(request.args.get("des", "")), now=instant)
        plan = store.get_plan(session, found.after.row.plan)
        proof = service.proof(session, found.after.row.id)
    first = paragraphs(found.letters[0], found.first_day) if found.letters else []
    return render_template(
        "scolaire/plan_letters.html", first=first, plan=plan, found=found, proof=proof, shown=found.letters[:SHOWN],
        change=change_words, today=paris_day(instant),
    )  # fmt: skip


@bp.get("/comparer/lettres.pdf")
@requires(SEEN, everywhere=True)
def change_letters_file() -> ResponseReturnValue:
    """The letters as one PDF, a page a family: all of them, or those alone that leave on paper (`papier=1`)."""
    instant = now()
    with reading(services().engine) as session:
        found = service.letters(session, *_versions(), first_day=_day(request.args.get("des", "")), now=instant)
    chosen = found.on_paper if request.args.get("papier") == "1" else found.letters
    if not chosen:
        raise InvalidInput("scolaire.letters_none")
    config = services().config
    region = competence.table().authorities["region"].shown(production=config.production)
    draft = "" if found.in_force else _("Projet : cette version n’est pas en vigueur. Ne pas envoyer.")
    content = letters_pdf(
        chosen, found.first_day, Sender(region.name, region.phone, config.base_url), instant, draft=draft
    )
    return attached(content, f"lettres-v{found.after.row.number}.pdf", "application/pdf")


@bp.post("/comparer/lettres")
@requires(SEEN, everywhere=True)
def change_letters_send() -> ResponseReturnValue:
    """Writes to the families not told yet, each by the way they prefer."""
    before, after = text("avant", 26), text("apres", 26)

    def act() -> None:
        instant = now()
        with writing() as session:
            found = service.letters(session, before, after, first_day=_day(text("des", 10)), now=instant)
            new = service.send(session, found, by=me(), config=services().config, now=instant)
        flash(
            ngettext("%(num)s message est écrit.", "%(num)s messages sont écrits.", new)
            + " "
            + _("Une famille déjà prévenue de cette version ne l’est pas deux fois."),
            "good",
        )

    refused(act)
    return redirect(url_for("school_plans.change_letters", avant=before, apres=after, des=text("des", 10)), 303)


def change_words(child: Child) -> str:
    """What changes for a child, in few words."""
    if not child.seated:
        return _("pas de car")
    if not child.before:
        return _("arrêt et horaires nouveaux")
    moves = {ride.stop for ride in child.before.values()} != {ride.stop for ride in child.after.values()}
    return _("autre arrêt") if moves else _("autres horaires")


def _versions() -> tuple[str, str]:
    return request.args.get("avant", "")[:26], request.args.get("apres", "")[:26]


def _day(given: str) -> date | None:
    """A day as a form sends it; None when it was left out. Raises InvalidInput("scolaire.bad_day")."""
    if not given:
        return None
    try:
        return date.fromisoformat(given[:10])
    except ValueError:
        raise InvalidInput("scolaire.letters_day", first=paris_day(now())) from None

"""What waits for an agent: registrations to decide, what is missing, what is unpaid, appeals; and finding a pupil."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.errors import InvalidInput
from mobigo.base.instants import paris_day
from mobigo.infra import accounts, auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.i18n import ngettext
from mobigo.infra.web import services
from scolaire.service import access, deciding, desk
from scolaire.store import pupils
from scolaire.store.registrations import RegistrationRow
from scolaire.web import bp, words
from scolaire.web.forms import Faults, looking, me, text, writing


@bp.get("/scolaire/agents")
@requires(Permission.SCHOOL_REGISTER)
def agents() -> ResponseReturnValue:
    """Registrations by state (`?etat=`), by name or reference (`?q=`); the filters are in the address."""
    return _page(Faults())


@bp.post("/scolaire/agents/signer")
@requires(Permission.SCHOOL_DECIDE, everywhere=True)
def sign_entitled() -> ResponseReturnValue:
    """Signs, in one go, what waits and is entitled by the rule."""
    faults, done = Faults(), (0, 0)
    with faults.caught(), writing() as session:
        done = deciding.decide_entitled(session, by=signatory(), config=services().config, now=now())
    if faults:
        return _page(faults)
    flash(
        ngettext(
            "%(num)s décision signée, sur %(looked)s demandes regardées. Les autres attendent un examen.",
            "%(num)s décisions signées, sur %(looked)s demandes regardées. Les autres attendent un examen.",
            done[0], looked=done[1],
        ), "good",
    )  # fmt: skip
    return redirect(url_for("scolaire.agents", etat="received"), 303)


@bp.get("/scolaire/agents/recours")
@requires(Permission.SCHOOL_DECIDE, everywhere=True)
def appeals() -> ResponseReturnValue:
    """The appeals that wait, the most urgent first."""
    with looking() as session:
        rows = deciding.open_appeals(session)
        wanted = [decision.registration for _appeal, decision in rows]
        files = {each: session.get_one(RegistrationRow, each) for each in wanted}
        names = pupils.identities(session, [row.pupil for row in files.values()])
    return render_template(
        "scolaire/appeals.html", rows=rows, files=files, names=names, words=words, today=paris_day(now())
    )  # fmt: skip


def signatory() -> deciding.Signatory:
    """Who signs, of the form. Raises InvalidInput("scolaire.decision_unsigned")."""
    if not text("name") or not text("capacity"):
        raise InvalidInput("scolaire.decision_unsigned")
    return deciding.Signatory(me(), text("name", 60), text("capacity", 58))


def my_name() -> str:
    """The name of who is asking, to be put on a decision."""
    with looking() as session:
        return accounts.profile(session, me()).name or ""


def _page(faults: Faults) -> ResponseReturnValue:
    identity, today = auth.signed_in(), paris_day(now())
    asked = request.args.get("q", "").strip()[:80]
    state = request.args.get("etat", "")
    state = state if state in desk.STATES else "" if asked else "received"
    given = request.args.get("page", "1")
    at = max(0, int(given) - 1) if given.isascii() and given.isdigit() and len(given) < 6 else 0
    with looking() as session:
        scope = access.scope_of(session, identity, Permission.SCHOOL_REGISTER, today)
        found = desk.find(session, scope, services().config, words=asked, state=state, page=at, judged=True)
        counted = desk.counts(session, scope)
        waiting = desk.appeals_due(session, today)
    page = render_template(
        "scolaire/agents.html", found=found, counts=counted, appeals=waiting, asked=asked, state=state, at=at,
        size=desk.PAGE, words=words, errors=faults.by_field, typed=request.form, name=my_name(),
        decides=identity.may_in(Permission.SCHOOL_DECIDE, None), today=today,
    )  # fmt: skip
    return page, faults.status if faults else 200

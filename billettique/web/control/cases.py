"""What follows a constat: the page of whoever was checked (by the reference and secret they left with), and the agents'
desk. An agent's page shows a name only while the case needs one."""

from datetime import date
from typing import Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from billettique.model.cases import CLOSED, MOVES, CaseState
from billettique.rules import cases as rules
from billettique.service import case_money, contests
from billettique.service import cases as service
from billettique.store import give_backs as give_back_store
from billettique.store import inspections as store
from billettique.store import validations as validation_store
from billettique.store.inspections import CaseRow
from billettique.web import bp
from billettique.web.control import give_backs, words
from billettique.web.control.rounds import spot_receipt
from mobigo.base.errors import InvalidInput, MobigoError, NotFound
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra import audit, auth, ratelimit
from mobigo.infra.auth import Permission, public, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.http_errors import status_of
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.web import services

PAGE: Final = 50
TRIED: Final = "10 per 10 minutes"


# ---------------------------------------------------------------- whoever was checked


@bp.get("/constat")
@public
def case_find() -> ResponseReturnValue:
    """Two fields: what stands on the paper the inspector gave."""
    return render_template("billettique/case_find.html", error="", reference="")


@bp.post("/constat")
@public
def case_found() -> ResponseReturnValue:
    """To the page of that case."""
    reference, secret = rules.typed(request.form.get("reference", "")), rules.typed(request.form.get("secret", ""))
    try:
        ratelimit.attempts().count("billettique-case", TRIED, ratelimit.address())
        with reading(services().engine) as session:
            service.open_by_secret(session, reference, secret)
    except MobigoError as wrong:
        page = render_template("billettique/case_find.html", error=sentence(wrong.decision), reference=reference)
        return page, status_of(wrong)
    return redirect(url_for("billettique.case_own", reference=reference, secret=secret), 303)


@bp.get("/constat/<reference>/<secret>")
@public
def case_own(reference: str, secret: str) -> ResponseReturnValue:
    """One's own case: what is owed, until when, how to pay, to contest, to show a forgotten pass."""
    return _own_page(reference, secret)


@bp.post("/constat/<reference>/<secret>/payer")
@public
def case_pay(reference: str, secret: str) -> ResponseReturnValue:
    """Pay online all that remains."""
    with reading(services().engine) as session:
        row = service.open_by_secret(session, reference, secret)
    back = services().config.base_url + url_for("billettique.case_own", reference=reference, secret=secret)
    try:
        return redirect(case_money.begin_payment(services(), row.id, return_url=back, now=now()), 303)
    except MobigoError as wrong:
        return _own_page(reference, secret, {"payer": sentence(wrong.decision)}), status_of(wrong)


@bp.post("/constat/<reference>/<secret>/contester")
@public
def case_contest(reference: str, secret: str) -> ResponseReturnValue:
    """Say why one does not agree."""
    try:
        with transaction(services().engine) as session:
            row = service.open_by_secret(session, reference, secret)
            contests.contest(session, services().config, row.id, request.form.get("text", ""), now())
    except NotFound:
        raise
    except MobigoError as wrong:
        return _own_page(reference, secret, {"text": sentence(wrong.decision)}), status_of(wrong)
    flash(_("Votre contestation est reçue. La réponse sera sur cette page."), "good")
    return redirect(url_for("billettique.case_own", reference=reference, secret=secret), 303)


def _own_page(reference: str, secret: str, errors: dict[str, str] | None = None) -> str:
    with reading(services().engine) as session:
        row = service.open_by_secret(session, reference, secret)
        return render_template(
            "billettique/case_own.html", **_shown(session, row), secret=rules.typed(secret), errors=errors or {},
            typed=request.form.get("text", ""),
        )  # fmt: skip


def _shown(session: Session, row: CaseRow) -> dict[str, object]:
    state, penalties = CaseState(row.state), service.penalties_of(row, services().config)
    today, contest = paris_day(now()), store.contest_of(session, row.id)
    regularise_by = rules.last_day_to_regularise(row.found_at, penalties)
    return {
        "row": row,
        "state": state,
        "state_words": words.states()[state],
        "ground": words.grounds().get(row.ground, row.ground),
        "remaining": case_money.remaining(row) if state not in CLOSED else Money(0),
        "lines": [
            (_("Indemnité forfaitaire"), Money(row.indemnity_cents)),
            (_("Prix du trajet"), Money(row.fare_cents)),
            (_("Frais de dossier"), Money(row.fee_cents)),
        ],
        "contest": contest,
        "waits": store.waits(contest),
        "moves": [(each, words.moves().get(each.kind, each.kind)) for each in store.moves_of(session, row.id)],
        "may_contest": state in rules.CONTESTABLE and today <= row.term and contest is None,
        "paid": state in (CaseState.PAID, CaseState.REGULARISED),
        "may_pay": state in (CaseState.OPEN, CaseState.CONTESTED),
        "may_regularise": state is CaseState.OPEN and row.pass_holder and row.ground in penalties.forgotten_grounds
        and today <= regularise_by,
        "regularise_by": regularise_by,
        "forgotten_fee": penalties.forgotten_fee,
        "penalties": penalties,
        "backs": [give_backs.shown(session, each) for each in give_back_store.of_case(session, row.id)],
        "spot": spot_receipt(session, row.id),
    }  # fmt: skip


# ---------------------------------------------------------------- agents


@bp.get("/controle/dossiers")
@requires(Permission.TICKETS_CASES)
def cases() -> ResponseReturnValue:
    """Cases by state, the term that comes first at the top; tickets that were accepted twice."""
    asked = request.args.get("etat", str(CaseState.CONTESTED))
    state = CaseState(asked) if asked in set(CaseState) else None
    after = request.args.get("depuis", "0")
    first = int(after) if after.isascii() and after.isdigit() and len(after) <= 9 else 0
    with reading(services().engine) as session:
        rows = store.list_cases(session, state, first, PAGE + 1)
        people = {row.id: store.person_of(session, row.id) for row in rows}
        counts = store.count_by_state(session)
        alerts = validation_store.alerts(session)
    return render_template(
        "billettique/cases.html", rows=rows[:PAGE], more=len(rows) > PAGE, first=first, page=PAGE, people=people,
        counts=counts, state=state, states=words.states(), grounds=words.grounds(), alerts=alerts,
        remaining={row.id: case_money.remaining(row) for row in rows}, today=paris_day(now()),
    )  # fmt: skip


@bp.get("/controle/dossiers/<case_id>")
@requires(Permission.TICKETS_CASES)
def case(case_id: str) -> ResponseReturnValue:
    """One case, whole; that it was looked at is written down."""
    with transaction(services().engine) as session:
        audit.record(session, "billettique.case_seen", actor=auth.signed_in().subject, object_kind="case",
                     object_id=case_id[:40], now=now())  # fmt: skip
    return _case_page(case_id)


@bp.post("/controle/dossiers/<case_id>/<act>")
@requires(Permission.TICKETS_CASES)
def case_act(case_id: str, act: str) -> ResponseReturnValue:
    """Pay at the counter, regularise, write in a contest that came on paper, answer one, withdraw."""
    form, who, config = request.form, auth.signed_in().subject, services().config
    try:
        with transaction(services().engine) as session:
            if act == "payer":
                service.pay_at_counter(session, config, case_id, means=form.get("means", ""),
                                       proof=form.get("proof", ""), by=who, now=now())  # fmt: skip
            elif act == "regulariser":
                service.regularise(session, config, case_id, proof=form.get("proof", ""), means=form.get("means", ""),
                                   by=who, now=now())  # fmt: skip
            elif act == "repondre":
                if form.get("outcome") not in ("withdrawn", "upheld"):
                    raise InvalidInput("billettique.outcome_missing")
                contests.answer(session, config, case_id, withdrawn=form["outcome"] == "withdrawn",
                                text=form.get("text", ""), by=who, now=now())  # fmt: skip
            elif act == "contester":
                contests.contest(session, config, case_id, form.get("text", ""), now(), by=who,
                                 received=_day_received())  # fmt: skip
            elif act == "classer":
                service.withdraw(session, config, case_id, why=form.get("why", ""), by=who, now=now())
            else:
                raise NotFound("billettique.no_case")
            detail = {"why": form.get("why", "")[:200]} if act == "classer" else None
            audit.record(session, f"billettique.case_{act}", actor=who, object_kind="case", object_id=case_id[:40],
                         now=now(), detail=detail)  # fmt: skip
    except NotFound:
        raise
    except MobigoError as wrong:
        return _case_page(case_id, {act: sentence(wrong.decision)}), status_of(wrong)
    flash(_("C’est enregistré."), "good")
    return redirect(url_for("billettique.case", case_id=case_id), 303)


@bp.post("/controle/alertes")
@requires(Permission.TICKETS_CASES)
def alert_seen() -> ResponseReturnValue:
    """A ticket accepted twice was looked at."""
    mark = request.form.get("mark", "")
    try:
        octets = bytes.fromhex(mark)
    except ValueError:
        raise NotFound("billettique.no_alert") from None
    with transaction(services().engine) as session:
        if not validation_store.see_alert(session, octets, now()):
            raise NotFound("billettique.no_alert")
        audit.record(session, "billettique.double_use_seen", actor=auth.signed_in().subject, object_kind="ticket",
                     object_id=mark[:16], now=now())  # fmt: skip
    return redirect(url_for("billettique.cases"), 303)


def _day_received() -> date:
    try:
        return date.fromisoformat(request.form.get("received", ""))
    except ValueError:
        raise InvalidInput("billettique.bad_day_received") from None


def _case_page(case_id: str, errors: dict[str, str] | None = None) -> str:
    with reading(services().engine) as session:
        row = store.get_case(session, case_id)
        return render_template(
            "billettique/case.html", **_shown(session, row), person=store.person_of(session, row.id),
            may_withdraw=CaseState.WITHDRAWN in MOVES[CaseState(row.state)],
            errors=errors or {}, today=paris_day(now()), typed=request.form,
            means=words.means(), mine=row.inspector == auth.signed_in().subject,
        )  # fmt: skip

"""Payment requests: the list, one request with its statements opened down to the event, its refusal by a decision."""

import csv
import io
from datetime import date
from typing import Final

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from covoit.export.accounts import euros
from covoit.model.payments import Stage
from covoit.rules.claims import answer_by
from covoit.rules.payments import end_to_end_id
from covoit.service import claims, counter, statements
from covoit.service import lines as line_service
from covoit.store import claims as store
from covoit.store import payments as payment_store
from covoit.store.claims import ClaimRow
from covoit.web import bp
from covoit.web.forms import Faults, text, writing
from covoit.web.money.shared import CSV, agent_name, download, me, names_of, page, signatory, signs, took, whole_number
from mobigo.base.errors import NotFound
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.base.sheets import neutral
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.web import services

STAGES: Final = (
    Stage.CLAIMED, Stage.MANDATED, Stage.SENT, Stage.PAID, Stage.RETURNED, Stage.REISSUED, Stage.REVERSED,
)  # fmt: skip
PAGE: Final = 100


def _asked() -> tuple[str | None, str | None]:
    """(stage, month) of the address; what is no such thing filters nothing."""
    stage = request.args.get("etat", str(Stage.CLAIMED))
    month = request.args.get("mois", "")
    return stage if stage in {str(each) for each in STAGES} else None, month or None


@bp.get("/covoiturage/agents/demandes")
@requires(Permission.COVOIT_PAPERS)
def payment_requests() -> ResponseReturnValue:
    """The requests that wait, oldest first; the address says which others."""
    stage, month = _asked()
    with reading(services().engine) as session:
        total, cents = store.count_claims(session, stage, month)
        rows = store.list_claims(session, stage, month, limit=PAGE, offset=whole_number("depuis"))
        names = names_of(session, [row.person for row in rows])
        months = store.claim_months(session)
    today = paris_day(now())
    return page(
        "money_requests.html", rows=rows, names=names, stage=stage or "", month=month or "", months=months,
        stages=STAGES, total=total, sum=Money(cents), first=whole_number("depuis"), size=PAGE, money=Money, due=_due,
        late=[row.id for row in rows if row.stage == Stage.CLAIMED and _due(row) < today],
    )  # fmt: skip


def _due(row: ClaimRow) -> date:
    return answer_by(paris_day(row.made_at))


@bp.get("/covoiturage/agents/demandes.csv")
@requires(Permission.COVOIT_PAPERS)
def payment_requests_csv() -> ResponseReturnValue:
    """The same list for a spreadsheet, whole."""
    stage, month = _asked()
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(["demande", "faite_le", "conducteur", "dernier_mois", "montant_eur", "etat", "lot"])
    with writing() as session:
        took(session, "covoit_claim", month or "-", "requests.csv")
        rows = store.list_claims(session, stage, month, limit=None, offset=0)
        names = names_of(session, [row.person for row in rows])
        numbers = {row.id: row.number for row in payment_store.batches(session)}
    for row in rows:
        batch = numbers.get(row.batch or "", "")
        writer.writerow(
            [row.id, paris_day(row.made_at).isoformat(), neutral(names[row.person]), row.last_month,
             euros(Money(row.cents)), row.stage, batch]
        )  # fmt: skip
    return download(out.getvalue().encode("utf-8-sig"), "demandes-de-versement.csv", CSV)


@bp.get("/covoiturage/agents/demandes/<claim_id>")
@requires(Permission.COVOIT_PAPERS)
def payment_request(claim_id: str) -> ResponseReturnValue:
    """One request: whose, how much, where it stands, and each statement behind it, trip by trip with the reasons."""
    return _detail(claim_id, Faults())


@bp.post("/covoiturage/agents/demandes/<claim_id>/refuser")
@requires(Permission.COVOIT_PREPARE)
def refuse_request(claim_id: str) -> ResponseReturnValue:
    """Refuses it by an individual decision; its amount stays payable."""
    faults, who = Faults(), signs()
    with faults.caught(), writing() as session:
        claims.refuse_claim(
            session, claim_id, by=me(), name=who.name, capacity=who.capacity, reason=text("reason", 2_000), now=now()
        )
    if faults:
        return _detail(claim_id, faults)
    flash(_("La demande est refusée. La décision est écrite au conducteur ; le montant reste exigible."), "good")
    return redirect(url_for("covoit.payment_request", claim_id=claim_id), 303)


def _detail(claim_id: str, faults: Faults) -> ResponseReturnValue:
    instant = now()
    with writing() as session:
        row = store.get_claim(session, claim_id)
        counter.saw(session, row.person, by=me(), page="request", now=instant)
        months = [each for each in statements.months_of(session, row.person) if each <= row.last_month]
        return page(
            "money_request.html", faults, row=row, amount=Money(row.cents), person=row.person,
            name=names_of(session, [row.person])[row.person], due=_due(row), late=_due(row) < paris_day(instant),
            made_by=None if row.made_by == row.person else agent_name(session, row.made_by),
            account=claims.find_iban(session, row.person), payable=claims.payable_of(session, row.person),
            owed=claims.owed_by(session, row.person), batch=_batch(session, row), decision=_decision(row),
            payment=payment_store.payment_of_claim(session, row.id), reference=end_to_end_id(row.id),
            statements=[statements.statement(session, row.person, each) for each in months],
            sentence=sentence, line_name=_line_name, signs=signatory(session), typed=request.form,
        )  # fmt: skip


def _batch(session: Session, row: ClaimRow) -> payment_store.BatchRow | None:
    return None if row.batch is None else payment_store.get_batch(session, row.batch)


def _decision(row: ClaimRow) -> str | None:
    """The decision that refused it."""
    named = row.reason or ""
    return named.removeprefix("refused:") if named.startswith("refused:") else None


def _line_name(code: str | None, day: date) -> str:
    if code is None:
        return _("hors des lignes")
    try:
        return line_service.get_line(code, day).name
    except NotFound:
        return code

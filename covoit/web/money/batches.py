"""Batches of payments: prepared, checked, ordered, accepted, sent, each by another person; their papers and history.

Who may do a step, and that nobody does two of one batch, is the service's and the database's affair: what they refuse
is said at the head of the page.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from covoit.model.payments import Act as BatchAct
from covoit.model.payments import BatchState, Step, Way
from covoit.rules.payments import end_to_end_id, refusal_of_act
from covoit.service import payments, returns
from covoit.store import awards as award_store
from covoit.store import payments as store
from covoit.web import bp
from covoit.web.forms import Faults, text, writing
from covoit.web.money import words
from covoit.web.money.shared import XLSX, agent_name, download, me, names_of, page, took, whole_number
from mobigo.base.decisions import Decision
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra import audit
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import ngettext, sentence
from mobigo.infra.web import services

_STEP_OF = {
    BatchState.PREPARED: Step.CHECK,
    BatchState.CHECKED: Step.ORDER,
    BatchState.ORDERED: Step.ACCEPT,
}


PAGE: Final = 200  # lines of a batch shown at once


class Act(NamedTuple):
    """A line of a batch's history: what, who, when."""

    what: str
    who: str
    at: object


def _home() -> Path:
    return services().config.home


@bp.get("/covoiturage/agents/lots")
@requires(Permission.COVOIT_PAPERS)
def payment_batches() -> ResponseReturnValue:
    """The batches, the latest first; the address says in which state."""
    return _list(Faults())


@bp.post("/covoiturage/agents/lots")
@requires(Permission.COVOIT_PREPARE)
def prepare_batch() -> ResponseReturnValue:
    """Prepares a batch of every request about months up to the one chosen; repeated, finds nothing left to pay."""
    faults = Faults()
    with faults.caught():
        made = payments.prepare(services().engine, text("month", 7), by=me(), home=_home(), now=now())
    if faults:
        return _list(faults)
    flash(
        ngettext(
            "Lot n° %(number)s préparé : %(num)s versement. Une autre personne le vérifie.",
            "Lot n° %(number)s préparé : %(num)s versements. Une autre personne le vérifie.",
            made.lines,
            number=made.number,
        ),
        "good",
    )
    for code, count in sorted(Counter(code for _claim, code in made.left_out).items()):
        said = sentence(Decision(code))
        flash(
            ngettext(
                "%(num)s demande laissée de côté. %(why)s",
                "%(num)s demandes laissées de côté. %(why)s",
                count,
                why=said,
            ),
            "warn",
        )
    return redirect(url_for("covoit.payment_batch", batch_id=made.batch), 303)


def _list(faults: Faults) -> ResponseReturnValue:
    wanted = request.args.get("etat", "")
    with reading(services().engine) as session:
        rows = store.batches(session)
        closed = award_store.last_closed(session)
        months = award_store.closed_months(session)
    shown = [row for row in rows if not wanted or row.state == wanted]
    return page(
        "money_batches.html", faults, rows=shown, states=list(BatchState), state=wanted, closed=closed, months=months,
        total=Money(sum(row.cents for row in shown)), money=Money, today=paris_day(now()), typed=request.form,
        under_way={str(state) for state in (*_STEP_OF, BatchState.ACCEPTED)},
    )  # fmt: skip


@bp.get("/covoiturage/agents/lots/<batch_id>")
@requires(Permission.COVOIT_PAPERS)
def payment_batch(batch_id: str) -> ResponseReturnValue:
    """One batch: its lines, who did what to it, the step that comes now."""
    return _detail(batch_id, Faults())


def _detail(batch_id: str, faults: Faults) -> ResponseReturnValue:
    with reading(services().engine) as session:
        row = store.get_batch(session, batch_id)
        first = whole_number("depuis")
        lines = store.some_lines_of(session, batch_id, limit=PAGE, offset=first)
        names = {line.claim: end_to_end_id(line.claim) for line in lines if line.state == store.LINE_SENT}
        answers = store.answers_of(session, list(names.values()))
        step = _STEP_OF.get(BatchState(row.state))
        return page(
            "money_batch.html", faults, row=row, lines=lines, names=names_of(session, [line.person for line in lines]),
            amount=Money(row.cents), money=Money, history=list(_history(session, row)), step=step, first=first,
            size=PAGE, refusal=_refusal(row, store.acts_of(session, batch_id), step), way=Way(row.way),
            answers={claim: answers.get(name) for claim, name in names.items()}, typed=request.form,
            unanswered=store.silent(session, batch_id), today=paris_day(now()),
            sent_total=Money(store.sums_of(session, batch_id).get(store.LINE_SENT, 0)),
            permission=None if step is None else payments.PERMISSION[step],
        )  # fmt: skip


def _refusal(row: store.BatchRow, acts: list[BatchAct], step: Step | None) -> str:
    """Why who looks may not do the step that comes now, though their role could; "" when they may."""
    if step is None:
        return ""
    found = refusal_of_act(BatchState(row.state), acts, step, me().subject)
    return "" if found is None else sentence(found)


def _history(session: Session, row: store.BatchRow) -> Iterator[Act]:
    """Who did each step and when, as the audit log holds it."""
    said = {
        "covoit.batch_prepare": words.step(Step.PREPARE), "covoit.batch_check": words.step(Step.CHECK),
        "covoit.batch_order": words.step(Step.ORDER), "covoit.batch_accept": _("Accepté"),
        "covoit.batch_rejected": _("Rejeté"), "covoit.batch_sent_back": _("Renvoyé"), "covoit.batch_sent": _("Envoyé"),
    }  # fmt: skip
    order = list(said)
    entries = [each for each in audit.history(session, "covoit_batch", row.id) if each.action in said]
    for entry in sorted(entries, key=lambda each: (each.at, order.index(each.action))):
        yield Act(said[entry.action], agent_name(session, entry.actor), entry.at)


# ---------------------------------------------------------------- the steps


def _do(batch_id: str, act: Callable[[], object], done: str) -> ResponseReturnValue:
    faults = Faults()
    with faults.caught():
        act()
    if faults:
        return _detail(batch_id, faults)
    flash(done, "good")
    return redirect(url_for("covoit.payment_batch", batch_id=batch_id), 303)


@bp.post("/covoiturage/agents/lots/<batch_id>/verifier")
@requires(Permission.COVOIT_CHECK)
def check_batch(batch_id: str) -> ResponseReturnValue:
    """Another person of the finance service has checked it."""
    return _do(
        batch_id, lambda: payments.check(services().engine, batch_id, by=me(), now=now()),
        _("Le lot est vérifié : l’ordonnateur peut l’ordonner."),
    )  # fmt: skip


@bp.post("/covoiturage/agents/lots/<batch_id>/ordonner")
@requires(Permission.COVOIT_ORDER)
def order_batch(batch_id: str) -> ResponseReturnValue:
    """The ordonnateur orders its payment."""
    return _do(
        batch_id, lambda: payments.order(services().engine, batch_id, by=me(), now=now()),
        _("Le paiement est ordonné : le comptable public l’accepte ou le rejette."),
    )  # fmt: skip


@bp.post("/covoiturage/agents/lots/<batch_id>/renvoyer")
@requires(Permission.COVOIT_PAPERS)
def send_back_batch(batch_id: str) -> ResponseReturnValue:
    """Who checks or orders gives it back, with a reason; the service refuses anybody else."""
    return _do(
        batch_id,
        lambda: payments.send_back(services().engine, batch_id, by=me(), reason=text("reason", 500), now=now()),
        _("Le lot est renvoyé : ses demandes attendent un autre lot."),
    )


@bp.post("/covoiturage/agents/lots/<batch_id>/accepter")
@requires(Permission.COVOIT_ACCOUNT)
def accept_batch(batch_id: str) -> ResponseReturnValue:
    """The public accountant accepts it."""
    return _do(
        batch_id, lambda: payments.accept(services().engine, batch_id, by=me(), now=now()),
        _("Le lot est accepté : il peut partir."),
    )  # fmt: skip


@bp.post("/covoiturage/agents/lots/<batch_id>/rejeter")
@requires(Permission.COVOIT_ACCOUNT)
def reject_batch(batch_id: str) -> ResponseReturnValue:
    """The public accountant rejects it, with a reason."""
    return _do(
        batch_id,
        lambda: payments.reject(services().engine, batch_id, by=me(), reason=text("reason", 500), now=now()),
        _("Le lot est rejeté : ses montants redeviennent exigibles, ses demandes attendent un autre lot."),
    )


@bp.post("/covoiturage/agents/lots/<batch_id>/envoyer")
@requires(Permission.COVOIT_ACCOUNT)
def send_batch(batch_id: str) -> ResponseReturnValue:
    """Makes the file; repeating it gives the same one."""
    faults = Faults()
    with faults.caught():
        sent = payments.send(services().engine, services().blobs, batch_id, by=me(), home=_home(), now=now())
    if faults:
        return _detail(batch_id, faults)
    if not sent.payments:
        flash(sentence(Decision("covoit.all_blocked")), "warn")
        return redirect(url_for("covoit.payment_batch", batch_id=batch_id), 303)
    flash(_("Le fichier est prêt : téléchargez-le et remettez-le. Il ne changera plus."), "good")
    if sent.blocked:
        flash(
            ngettext(
                "%(num)s versement ne part pas : le conducteur a changé de compte. Il attend un autre lot.",
                "%(num)s versements ne partent pas : les conducteurs ont changé de compte. Ils attendent un autre lot.",
                len(sent.blocked),
            ),
            "warn",
        )
    return redirect(url_for("covoit.payment_batch", batch_id=batch_id), 303)


@bp.post("/covoiturage/agents/lots/<batch_id>/paye")
@requires(Permission.COVOIT_ACCOUNT)
def batch_paid(batch_id: str) -> ResponseReturnValue:
    """Everything was paid, where no file comes back from the bank; what was said already is left alone."""
    return _do(
        batch_id, lambda: returns.confirm_batch(services().engine, batch_id, by=me(), now=now()),
        _("C’est noté : les versements dont la banque n’avait rien dit sont payés."),
    )  # fmt: skip


# ---------------------------------------------------------------- papers


@bp.get("/covoiturage/agents/lots/<batch_id>/fichier")
@requires(Permission.COVOIT_ACCOUNT)
def batch_file(batch_id: str) -> ResponseReturnValue:
    """The pain.001, or the import file of the finance software: the very bytes that were made when it was sent."""
    with writing() as session:
        row = store.get_batch(session, batch_id)
        content = services().blobs.read(row.file) if row.file else payments.payment_file(session, batch_id, _home())
        took(session, "covoit_batch", batch_id, "file")
    mandatary = row.way == Way.MANDATARY
    name = f"paiement-{row.number:04d}.{'xml' if mandatary else 'csv'}"
    return download(content, name, "application/xml" if mandatary else "text/csv")


@bp.get("/covoiturage/agents/lots/<batch_id>/bordereau.<ending>")
@requires(Permission.COVOIT_PAPERS)
def batch_papers(batch_id: str, ending: str) -> ResponseReturnValue:
    """The bordereau and the état liquidatif nominatif, as PDF or Excel. Raises NotFound for another ending."""
    from covoit.export import liquidation
    from mobigo.base.errors import NotFound

    if ending not in ("pdf", "xlsx"):
        raise NotFound("covoit.unknown_paper")
    with writing() as session:
        row = store.get_batch(session, batch_id)
        shown = payments.bordereau(session, batch_id, _home())
        took(session, "covoit_batch", batch_id, f"bordereau.{ending}")
    if ending == "pdf":
        return download(liquidation.pdf(shown), f"bordereau-{row.number:04d}.pdf", "application/pdf")
    return download(liquidation.workbook(shown), f"bordereau-{row.number:04d}.xlsx", XLSX)

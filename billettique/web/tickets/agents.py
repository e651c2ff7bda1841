"""Agents' pages: the keys that sign tickets (renew, revoke; revoke a ticket), and one ticket at the counter.

There an agent prints it, takes it off a lost telephone, or gives its page another address.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from billettique.export import ticket as paper
from billettique.model.entitlements import KeyPurpose
from billettique.rules.entitlements import spoken
from billettique.service import keys, reissuing, telling, tickets
from billettique.store import keys as key_store
from billettique.store.tickets import EntitlementRow
from billettique.web import bp
from billettique.web.tickets.holder import contact, kept_by_nobody
from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, MobigoError
from mobigo.infra import accounts, audit, auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.http_errors import status_of
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.jobs import enqueue
from mobigo.infra.web import services

REASON_MAX: Final = 200


def _text(name: str, longest: int = REASON_MAX) -> str:
    typed = "".join(letter for letter in request.form.get(name, "") if letter.isprintable())
    return " ".join(typed.split())[:longest]


# ---------------------------------------------------------------- keys


@bp.get("/billettique/agents/cles")
@requires(Permission.TICKETS_KEYS)
def ticket_keys() -> ResponseReturnValue:
    """Every key: whose, from when to when, how many tickets to be used rest on it."""
    return _keys_page({})


def _keys_page(errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    instant = now()
    with reading(services().engine) as session:
        rows = keys.all_keys(session)
        sequences = [key_store.sequence_of(session, kind)[0] for kind in (key_store.KEYS, key_store.REVOCATIONS)]
        marks = key_store.count_marks(session, instant)
        gaps = keys.gaps(session, services(), instant)
    counts = {
        row.id: reissuing.waiting(services().engine, row.provider, row.key_id, instant)
        for row in rows
        if row.purpose == KeyPurpose.TICKETS
    }
    page = render_template(
        "billettique/ticket_keys.html", rows=rows, counts=counts, now=instant, sequences=sequences, marks=marks,
        gaps=gaps, signing=keys.signing(rows, services(), instant), errors=errors, typed=request.form,
        sellers=sorted({row.provider for row in rows if row.id in counts}),
    )  # fmt: skip
    return page, status


@bp.post("/billettique/agents/cles/<seller>/renouveler")
@requires(Permission.TICKETS_KEYS)
def ticket_keys_renew(seller: str) -> ResponseReturnValue:
    """Makes the seller's next key before its time."""
    with transaction(services().engine) as session:
        key = keys.renew(session, services(), seller, by=auth.signed_in().subject, now=now())
    flash(_("La clé %(number)s est faite. Elle signera quand la précédente finira.", number=key.key_id), "good")
    return redirect(url_for("billettique.ticket_keys"), 303)


@bp.post("/billettique/agents/cles/<seller>/<int:key_id>/revoquer")
@requires(Permission.TICKETS_KEYS)
def ticket_keys_revoke(seller: str, key_id: int) -> ResponseReturnValue:
    """Revokes a stolen key, typed to be sure, with its reason; whoever bought is given new codes by a job."""
    instant, agent = now(), auth.signed_in().subject
    try:
        if _text("number") != str(key_id):
            raise InvalidInput("billettique.number_to_type", number=key_id)
        with transaction(services().engine) as session:
            keys.revoke(session, services(), seller, key_id, reason=_text("reason"), by=agent, now=instant)
            enqueue(session, "billettique.reissue", {"seller": seller, "key_id": key_id}, agent, instant)
    except MobigoError as error:
        return _keys_page({f"{seller}:{key_id}": sentence(error.decision)}, status_of(error))
    flash(
        _("La clé %(number)s est révoquée. Les acheteurs reçoivent de nouveaux codes ; le reste est refusé.",
          number=key_id), "good",
    )  # fmt: skip
    return redirect(url_for("billettique.ticket_keys"), 303)


@bp.post("/billettique/agents/billets/revoquer")
@requires(Permission.TICKETS_KEYS)
def ticket_revoke() -> ResponseReturnValue:
    """Revokes one ticket, by its reference, for a reason that the log keeps."""
    instant, agent, why = now(), auth.signed_in().subject, _text("reason")
    try:
        if len(why) < 3:
            raise InvalidInput("billettique.reason_needed", most=REASON_MAX)
        with transaction(services().engine) as session:
            row = tickets.named(session, _text("reference", 30))
            tickets.revoke(session, row.id, Decision("billettique.revoked_by_agent"), instant)
            audit.record(
                session, "billettique.ticket_revoked", actor=agent, object_kind="entitlement", object_id=row.id,
                now=instant, detail={"reason": why},
            )  # fmt: skip
    except MobigoError as error:
        return _keys_page({"ticket": sentence(error.decision)}, status_of(error))
    flash(_("Le titre %(reference)s est révoqué.", reference=spoken(row.reference)), "good")
    return redirect(url_for("billettique.ticket_keys"), 303)


# ---------------------------------------------------------------- one ticket, at the counter


@bp.get("/billettique/agents/billets")
@requires(Permission.SALES_COUNTER)
def ticket_desk() -> ResponseReturnValue:
    """A ticket by its reference: `?reference=7F3K9QPX2M`."""
    asked = request.args.get("reference", "").strip()[:30]
    if not asked:
        return render_template("billettique/ticket_desk.html", shown=None, reference="", fault="")
    try:
        with reading(services().engine) as session:
            shown = tickets.shown(session, tickets.named(session, asked))
    except MobigoError as error:
        page = render_template(
            "billettique/ticket_desk.html", shown=None, reference=asked, fault=sentence(error.decision)
        )
        return page, status_of(error)
    return kept_by_nobody(
        render_template(
            "billettique/ticket_desk.html",
            shown=shown,
            reference=spoken(shown.reference),
            fault="",
            lines=paper.lines_of(shown),
            warnings=paper.warnings_of(shown),
        )
    )


@bp.get("/billettique/agents/billets/<reference>/billet.pdf")
@requires(Permission.SALES_COUNTER)
def ticket_desk_pdf(reference: str) -> ResponseReturnValue:
    """The ticket to print at the counter; `?commande=1` all those of its order, `?par_page=1|2|4`."""
    wanted = request.args.get("par_page", "1")
    per_page = int(wanted) if wanted in {str(each) for each in paper.PER_PAGE} else 1
    with reading(services().engine) as session:
        row = tickets.named(session, reference)
        found = tickets.of_order(session, row.order_id) if "commande" in request.args else [tickets.shown(session, row)]
    printable = [each for each in found if each.code is not None] or found
    response = kept_by_nobody(paper.tickets_pdf(printable, now(), per_page=per_page, contact=contact()))
    response.mimetype = "application/pdf"
    return response


@bp.post("/billettique/agents/billets/<reference>/papier")
@requires(Permission.SALES_COUNTER)
def ticket_desk_paper(reference: str) -> ResponseReturnValue:
    """Takes the ticket off a lost telephone: a fixed code again, which is printed. Not counted as a move."""

    def paper_again(session: Session, row: EntitlementRow, agent: str) -> str:
        row = tickets.opened(session, services().config, row.id, _token(row), change_at=now())
        tickets.back_to_paper(session, services(), row, now(), agent=agent)
        return _("Le code est de nouveau fixe : imprimez-le.")

    return _at_desk(reference, paper_again)


@bp.post("/billettique/agents/billets/<reference>/adresse")
@requires(Permission.SALES_COUNTER)
def ticket_desk_link(reference: str) -> ResponseReturnValue:
    """Gives the ticket's page another secret address; the one before it opens nothing more."""

    def other_address(session: Session, row: EntitlementRow, agent: str) -> str:
        tickets.new_link(session, row, agent=agent, now=now())
        return _("La page du titre a une nouvelle adresse ; l’ancienne n’ouvre plus rien.")

    return _at_desk(reference, other_address)


@bp.post("/billettique/agents/billets/<reference>/envoyer")
@requires(Permission.SALES_COUNTER)
def ticket_desk_send(reference: str) -> ResponseReturnValue:
    """Sends the ticket as plain text to an address that its holder says."""

    def sent(session: Session, row: EntitlementRow, agent: str) -> str:
        address = accounts.clean_email(_text("email"))
        key = f"{sha256(address.encode()).hexdigest()[:16]}:{now():%Y%m%d%H%M}"
        telling.of_ticket(session, services().config, row, address, contact(), key=key, now=now())
        audit.record(
            session, "billettique.ticket_sent", actor=agent, object_kind="entitlement", object_id=row.id, now=now()
        )
        return _("Le titre est envoyé.")

    return _at_desk(reference, sent)


def _token(row: EntitlementRow) -> str:
    return tickets.token_of(services().config, row.id, row.link)


def _at_desk(reference: str, act: Callable[[Session, EntitlementRow, str], str]) -> ResponseReturnValue:
    agent = auth.signed_in().subject
    try:
        with transaction(services().engine) as session:
            done = act(session, tickets.named(session, reference), agent)
        flash(done, "good")
    except MobigoError as error:
        flash(sentence(error.decision), "bad")
    return redirect(url_for("billettique.ticket_desk", reference=reference), 303)

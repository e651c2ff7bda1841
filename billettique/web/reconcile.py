"""The régisseur's page of providers' accounts: what nothing explains, what was set aside, what stayed unanswered, and
the payouts with their sums. Everything may be said by hand, with a note, under one's name.
"""

from typing import Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from billettique.service import quarantine, reconcile
from billettique.service.payments import providers_of
from billettique.store import balance, notices
from billettique.store.reasons import told
from billettique.web import bp
from mobigo.base.errors import InvalidInput, MobigoError, NotFound
from mobigo.base.money import ZERO, Money
from mobigo.infra import auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.http_errors import status_of
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.web import services

NOTE_MAX: Final = 500


@bp.get("/billettique/agents/rapprochement")
@requires(Permission.SALES_REGIE)
def reconciliation() -> ResponseReturnValue:
    """What is unexplained, what is aside, and the last payouts."""
    return _page("", 200)


@bp.post("/billettique/agents/rapprochement/<act>")
@requires(Permission.SALES_REGIE)
def reconciliation_act(act: str) -> ResponseReturnValue:
    """`expliquer` a line, `garder` what was set aside, `reessayer` what stayed unanswered."""
    me, instant = auth.signed_in(), now()
    try:
        with transaction(services().engine) as session:
            if act == "expliquer":
                reconcile.explain_by_hand(
                    session, _text("provider", 20), _text("ref", 255), note=_note(), by=me, now=instant
                )
            elif act == "garder":
                quarantine.keep(session, _text("id", 26), by=me, note=_note(), now=instant)
            elif act == "reessayer":
                if not notices.again(session, _text("id", 26), instant):
                    raise NotFound("payments.unknown_work", what=_text("id", 26))
            else:
                raise NotFound("payments.unknown_work", what=act[:40])
    except MobigoError as refused:
        return _page(sentence(refused.decision), status_of(refused))
    flash(_("C’est noté."), "good")
    return redirect(url_for("billettique.reconciliation"), 303)


def _text(name: str, longest: int) -> str:
    return request.form.get(name, "").strip()[:longest]


def _note() -> str:
    note = _text("note", NOTE_MAX)
    if not note:
        raise InvalidInput("payments.no_note")
    return note


def _page(error: str, status: int) -> ResponseReturnValue:
    instant = now()
    with reading(services().engine) as session:
        unexplained = reconcile.unexplained(session, instant)
        lines = {(row.provider, row.ref) for row in balance.unexplained(session)}
        aside = [(row, Money(row.cents), told(row.why)) for row in quarantine.open_rows(session)]
        stuck = notices.set_aside(session)
        payouts = reconcile.payouts(session)
    page = render_template(
        "billettique/reconciliation.html", unexplained=unexplained, lines=lines, aside=aside, stuck=stuck,
        payouts=payouts, total=Money(sum(each.amount.cents for each in unexplained)), zero=ZERO, sentence=sentence,
        silent=[name for name in providers_of(services()).names if name == "counter"], error=error,
    )  # fmt: skip
    return page, status

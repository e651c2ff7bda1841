"""A round that takes money: opened before leaving, carried by the telephone, counted, handed over. Without scripts, but
for the one question that the inspector's page asks."""

from typing import Any, Final

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from billettique.model.regie import PIECES
from billettique.service import lost_telephones
from billettique.service import rounds as service
from billettique.store import cash as cash_store
from billettique.store import rounds as store
from billettique.web import bp
from billettique.web.counter.till import euros
from billettique.web.selling.shared import Faults, private, text, whole
from mobigo.base.errors import InvalidInput, Refused
from mobigo.base.money import Money
from mobigo.infra import auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.formats import amount
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services

SHOWN: Final = 12


@bp.get("/controle/tournee")
@requires(Permission.TICKETS_INSPECT)
def round_page() -> ResponseReturnValue:
    """The round of who is signed in: open one, or count the one that is open; those before it."""
    return _page(Faults())


@bp.post("/controle/tournee/ouvrir")
@requires(Permission.TICKETS_INSPECT)
def round_open() -> ResponseReturnValue:
    """Opens a round with the float that was counted."""
    faults = Faults()
    with faults.caught(), transaction(services().engine) as session:
        service.open_round(
            session, agent=_mandataire(), regie=text("regie", 60), opening=euros("opening"),
            home=services().config.home, now=now(),
        )  # fmt: skip
    if faults:
        return _page(faults)
    flash(_("La tournée est ouverte. Ouvrez la page de contrôle une fois avec du réseau avant de partir."), "good")
    return redirect(url_for("billettique.round_page"), 303)


@bp.post("/controle/tournee/compter")
@requires(Permission.TICKETS_INSPECT)
def round_close() -> ResponseReturnValue:
    """Counts a round and closes it."""
    faults, outcome = Faults(), None
    with faults.caught(), transaction(services().engine) as session:
        pieces = {value: whole(f"p-{value}") for value in PIECES}
        _row, outcome = service.close_round(
            session, agent=_mandataire(), pieces=pieces, last=whole("last", -1), note=text("note", 1000), now=now()
        )
    if faults or outcome is None:
        return _page(faults)
    flash(_("La tournée est comptée : %(amount)s. Remettez-les au régisseur.",
            amount=amount(outcome.counted, current_language())), "good")  # fmt: skip
    return redirect(url_for("billettique.round_page"), 303)


@bp.post("/controle/tournee/prendre")
@requires(Permission.TICKETS_INSPECT)
def round_claim() -> ResponseReturnValue:
    """The open round, for the telephone that asks: `{"device"}` → `{"round": null}` or what it needs to take money
    without a network. The first telephone that asks carries it; another is answered 409."""
    said: Any = request.get_json(silent=True)
    if not isinstance(said, dict) or not str(said.get("device", "")):
        raise InvalidInput("billettique.bad_device")
    if not _may_take():
        return jsonify({"round": None})
    with transaction(services().engine) as session:
        found = service.claim(session, agent=auth.signed_in().subject, device=str(said["device"])[:40],
                              home=services().config.home, now=now())  # fmt: skip
    if found is None:
        return jsonify({"round": None})
    return jsonify(
        {
            "round": {
                "id": found.id,
                "label": found.label,
                "last": found.last,
                "means": sorted(found.regie.means),
                "cash_max": found.cash_max.cents,
                "payment_max": found.regie.payment_max.cents,
            }
        }
    )


@bp.post("/controle/tournee/perdu")
@requires(Permission.TICKETS_INSPECT)
def round_lost() -> ResponseReturnValue:
    """The telephone that carries the round is lost: every other session of its bearer is closed."""
    faults, identity = Faults(), auth.signed_in()
    with faults.caught(), transaction(services().engine) as session:
        row = cash_store.find_open(session, identity.subject, lock=True)
        if row is None:
            raise Refused("billettique.no_open_round")
        lost_telephones.declare(session, row.id, by=identity.subject, now=now(), keep=identity.session_id)
    if faults:
        return _page(faults)
    flash(_("Le téléphone est déclaré perdu. Comptez la tournée, puis ouvrez-en une autre."), "good")
    return redirect(url_for("billettique.round_page"), 303)


@bp.post("/guichet/tournees/<till_id>/recevoir")
@requires(Permission.SALES_REGIE)
def round_receive(till_id: str) -> ResponseReturnValue:
    """The régisseur has the money of a counted round."""
    with transaction(services().engine) as session:
        row = service.hand_over(session, till_id, by=auth.signed_in().subject, now=now())
        label = service.label_of(row)
    flash(_("La recette de la tournée %(round)s est reçue.", round=label), "good")
    return redirect(url_for("billettique.regie"), 303)


# ---------------------------------------------------------------- parts


def spot_receipt(session: Session, case_id: str) -> str:
    """The number of the receipt of a case that was paid on the spot, "" of another."""
    found = store.of_case(session, case_id)
    if found is None:
        return ""
    return f"{service.label_of(cash_store.get_session(session, found.till))}-{found.number}"


def _may_take() -> bool:
    return auth.signed_in().may(Permission.SALES_COUNTER)


def _mandataire() -> str:
    """Who is signed in, when they were named mandataire: nobody else may hold public money (CGCT, R. 1617-1 and
    following). Raises Refused("billettique.not_mandataire")."""
    if not _may_take():
        raise Refused("billettique.not_mandataire")
    return auth.signed_in().subject


def _page(faults: Faults) -> ResponseReturnValue:
    instant, home, agent = now(), services().config.home, auth.signed_in().subject
    regies = service.regies_of_rounds(instant, home)
    with reading(services().engine) as session:
        row = cash_store.find_open(session, agent)
        came = [] if row is None or row.round_number is None else store.of_till(session, row.id)
        before = [
            {
                "row": each,
                "label": service.label_of(each),
                "counted": Money(each.counted_cents or 0),
            }
            for each in store.rounds_of(session, agent, SHOWN)
            if each.closed_at is not None
        ]
        carried = store.carried_by(session, agent)
    made = render_template(
        "billettique/round.html",
        may_take=_may_take(),
        open_round=row if row is not None and row.round_number is not None else None,
        label="" if row is None or row.round_number is None else service.label_of(row),
        elsewhere=row is not None and row.round_number is None,
        came=[each.number for each in came],
        regies=regies,
        regie_names=[(each.code, each.name) for each in regies],
        before=before,
        carried=carried,
        pieces=[(value, Money(value)) for value in PIECES],
        errors=faults.by_field,
        typed=request.form,
        simulation=not services().config.production,
    )
    return private((made, faults.status if faults else 200))

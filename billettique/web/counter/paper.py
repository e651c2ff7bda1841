"""Rounds whose telephone is lost, as the régisseur sees to them: said to be lost, receipts written in from paper."""

from datetime import datetime

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from billettique.service import lost_telephones
from billettique.web import bp
from billettique.web.counter.till import euros, till_page
from billettique.web.selling.shared import Faults, text, whole
from mobigo.base.errors import InvalidInput
from mobigo.base.instants import PARIS
from mobigo.infra import auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import transaction
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services


@bp.post("/guichet/tournees/<till_id>/perdu")
@requires(Permission.SALES_REGIE)
def round_lost_by_regie(till_id: str) -> ResponseReturnValue:
    """The bearer cannot say it: the régisseur does, and every session of the bearer is closed."""
    faults, identity = Faults(), auth.signed_in()
    with faults.caught(), transaction(services().engine) as session:
        lost_telephones.declare(session, till_id, by=identity.subject, now=now(), keep=identity.session_id)
    if faults:
        return till_page(till_id, faults)
    flash(_("C’est noté."), "good")
    return redirect(url_for("billettique.till", till_id=till_id), 303)


@bp.post("/guichet/tournees/<till_id>/quittances")
@requires(Permission.SALES_REGIE)
def round_write_in(till_id: str) -> ResponseReturnValue:
    """A receipt, from the paper that its holder brings."""
    faults = Faults()
    with faults.caught(), transaction(services().engine) as session:
        lost_telephones.write_in(
            session, services().config, till_id, number=whole("number", -1), reference=text("reference", 40),
            secret=text("secret", 40), ground=text("ground", 40), fare=euros("fare"), means=text("means", 20),
            found_at=_found_at(), by=auth.signed_in().subject, now=now(),
        )  # fmt: skip
    if faults:
        return till_page(till_id, faults)
    flash(_("La quittance est notée : la personne ouvre son dossier avec sa référence et son code secret."), "good")
    return redirect(url_for("billettique.till", till_id=till_id), 303)


def _found_at() -> datetime:
    try:
        local = datetime.fromisoformat(f"{text('day', 10)}T{text('hour', 5)}")
    except ValueError:
        raise InvalidInput("billettique.bad_constat", field="found_at") from None
    return local.replace(tzinfo=PARIS)

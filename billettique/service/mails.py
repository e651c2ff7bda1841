"""What a buyer is written, when they gave an address: plain text that says all, without a picture or a tracker."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from billettique.model.orders import ItemState
from billettique.service.baskets import secret_of
from billettique.store.orders import ItemRow, OrderRow
from mobigo.base.money import ZERO
from mobigo.infra import outbox
from mobigo.infra.config import Config
from mobigo.infra.formats import amount
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import use_language

PATH: Final = "/achats/commandes"


def order_url(config: Config, order_id: str) -> str:
    """The page of an order, for whoever has the link."""
    return f"{config.base_url}{PATH}/{order_id}/{secret_of(config, order_id)}"


def send_titles(session: Session, config: Config, order: OrderRow, items: Sequence[ItemRow], now: datetime) -> bool:
    """Write once that titles are ready; False without an address, or when it was written before."""
    if order.email is None:
        return False
    ready = [each for each in items if each.now is ItemState.FULFILLED]
    with use_language(order.language):
        lines = [_("Bonjour,"), "", _("Vos titres de transport sont prêts :"), ""]
        lines += [f"- {each.name} : {amount(each.price, order.language)}" for each in ready]
        total = sum((each.price for each in ready), ZERO)
        lines += ["", _("Total : %(amount)s, taxe comprise.", amount=amount(total, order.language)), ""]
        lines += [_("Pour les afficher, les imprimer ou vous faire rembourser :"), order_url(config, order.id), ""]
        lines += [_("Ce lien ouvre votre commande sans compte : ne le donnez qu’à qui voyage avec vous.")]
        lines += [_("Référence à dire au téléphone : %(reference)s", reference=spaced(order.reference))]
        if not config.production:
            lines += ["", _("Simulation : ces titres sont des spécimens et ne permettent pas de voyager.")]
        subject = _("Vos titres de transport Mobigo")
    message = outbox.Message("email", order.email, subject, "\n".join(lines) + "\n", order.subject)
    states = ",".join(sorted(each.id for each in ready))
    from hashlib import sha256

    key = f"billettique:titles:{order.id}:{sha256(states.encode()).hexdigest()[:16]}"
    return outbox.send(session, message, key=key, now=now)


def spaced(reference: str) -> str:
    """A reference as one reads it aloud."""
    return " ".join(reference[at : at + 3] for at in range(0, len(reference), 3))

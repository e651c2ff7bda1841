"""What a buyer is written, when they gave an address: plain text that says all, without a picture or a tracker."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from billettique.model.orders import ItemState, Offer
from billettique.service.baskets import secret_of
from billettique.store.orders import ItemRow, OrderRow, get_order
from mobigo.base.decisions import Decision
from mobigo.base.money import ZERO
from mobigo.infra import outbox
from mobigo.infra.config import Config
from mobigo.infra.formats import amount
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence, use_language

PATH: Final = "/achats/commandes"


def order_url(config: Config, order: OrderRow) -> str:
    """The page of an order, for whoever has the link."""
    return f"{config.base_url}{PATH}/{order.id}/{secret_of(config, order.id, order.link)}"


def send_titles(session: Session, config: Config, order: OrderRow, items: Sequence[ItemRow], now: datetime) -> bool:
    """Write once that titles are ready; False without an address, or when it was written before."""
    if order.email is None:
        return False
    ready = [each for each in items if each.now is ItemState.FULFILLED]
    with use_language(order.language):
        lines = [_("Bonjour,"), "", _("Vos titres de transport sont prêts :"), ""]
        lines += [f"- {each.name}" + _(" : ") + amount(each.price, order.language) for each in ready]
        total = sum((each.price for each in ready), ZERO)
        lines += ["", _("Total : %(amount)s, taxe comprise.", amount=amount(total, order.language)), ""]
        lines += [_("Pour les afficher, les imprimer ou vous faire rembourser :"), order_url(config, order), ""]
        lines += [_("Ce lien ouvre votre commande sans compte : ne le donnez qu’à qui voyage avec vous.")]
        lines += [_("Référence à dire au téléphone : %(reference)s", reference=spaced(order.reference))]
        if not config.production:
            lines += ["", _("Simulation : ces titres sont des spécimens et ne permettent pas de voyager.")]
        subject = _("Vos titres de transport Mobigo")
    message = outbox.Message("email", order.email, subject, "\n".join(lines) + "\n", order.subject)
    states = ",".join(sorted(each.id for each in ready))
    from hashlib import sha256

    again = f":{order.link}" if order.link else ""  # to another address, with another link
    key = f"{titles_key(order.id)}{sha256(states.encode()).hexdigest()[:16]}{again}"
    return outbox.send(session, message, key=key, now=now)


def titles_key(order_id: str) -> str:
    """How the keys of messages begin that say where the titles of an order are."""
    return f"billettique:titles:{order_id}:"


def announce_debit(session: Session, config: Config, order: OrderRow, offer: Offer, label: str, now: datetime) -> bool:
    """Say a debit before it is made: what, how much, from where, and how to end it."""
    if order.email is None:
        return False
    with use_language(order.language):
        lines = [_("Bonjour,"), ""]
        lines += [_("Votre abonnement continue : %(name)s.", name=offer.name)]
        lines += [_("%(amount)s seront prélevés (%(label)s).", amount=amount(offer.gross, order.language), label=label)]
        lines += ["", _("Pour le voir, ou l’arrêter :"), order_url(config, order)]
        subject = _("Votre abonnement Mobigo : prochain prélèvement")
    message = outbox.Message("email", order.email, subject, "\n".join(lines) + "\n", order.subject)
    return outbox.send(session, message, key=f"billettique:debit:{order.id}", now=now)


def debit_failed(
    session: Session, config: Config, email: str | None, language: str, order_id: str, why: Decision, now: datetime
) -> bool:
    """Say that a debit failed: what it stops, and how to take the pass up again."""
    if email is None:
        return False
    with use_language(language):
        lines = [_("Bonjour,"), "", sentence(why)]
        lines += [_("Votre abonnement est suspendu. Pour le reprendre, payez ce qui reste dû ici :")]
        lines += [order_url(config, get_order(session, order_id))]
        subject = _("Votre abonnement Mobigo est suspendu")
    message = outbox.Message("email", email, subject, "\n".join(lines) + "\n")
    return outbox.send(session, message, key=f"billettique:debit_failed:{order_id}", now=now)


def spaced(reference: str) -> str:
    """A reference as one reads it aloud."""
    return " ".join(reference[at : at + 3] for at in range(0, len(reference), 3))

"""What the holder of a ticket is written: the ticket as plain text, and that it has a new code.

Only to an address that the buyer gave; without one, the ticket's page says it, and any counter.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from billettique.export.ticket import ticket_text
from billettique.model.entitlements import Entitlement
from billettique.service import tickets
from billettique.store.orders import OrderRow
from billettique.store.tickets import EntitlementRow
from mobigo.infra import outbox
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import use_language

if TYPE_CHECKING:
    from mobigo.infra.config import Config
    from mobigo.infra.web import Services


def url_of(config: "Config", row: EntitlementRow | Entitlement) -> str:
    """The address of a ticket's page, secret included."""
    return config.base_url + tickets.path_of(config, row)


def text_of(config: "Config", shown: Entitlement, contact: str) -> str:
    """The ticket as plain text, in the language spoken."""
    return ticket_text(shown, url_of(config, shown), contact)


def of_ticket(
    session: Session, config: "Config", row: EntitlementRow, recipient: str, contact: str, *, key: str, now: datetime
) -> bool:
    """Send a ticket as plain text to an address, once for each `key`: how an agent hands it over."""
    shown = tickets.shown(session, row)
    body = text_of(config, shown, contact)
    subject = _("Votre titre de transport : %(name)s", name=shown.name)
    message = outbox.Message("email", recipient, subject, body, row.subject)
    return outbox.send(session, message, key=f"billettique:ticket:{row.id}:{key}", now=now)


def of_new_codes(session: Session, services: "Services", entitlements: Sequence[str], cause: str, now: datetime) -> int:
    """Tell buyers that their tickets have new codes, one message an order and a cause; how many were written."""
    asked = (
        select(EntitlementRow, OrderRow)
        .join(OrderRow, OrderRow.id == EntitlementRow.order_id)
        .where(EntitlementRow.id.in_(entitlements), OrderRow.email.is_not(None))
        .order_by(EntitlementRow.order_id, EntitlementRow.id)
    )
    by_order: dict[str, tuple[OrderRow, list[EntitlementRow]]] = {}
    for entitlement, order in session.execute(asked):
        by_order.setdefault(order.id, (order, []))[1].append(entitlement)
    written = 0
    for order, rows in by_order.values():
        if order.email is not None:
            message = _new_codes(services, order.language, order.email, order.subject, rows)
            written += outbox.send(session, message, key=f"billettique:codes:{cause}:{order.id}", now=now)
    return written


def _new_codes(
    services: "Services", language: str, email: str, subject: str | None, rows: Sequence[EntitlementRow]
) -> outbox.Message:
    with use_language(language):
        lines = [_("Bonjour,"), ""]
        lines += [
            _(
                "Pour votre sécurité, vos titres de transport ont de nouveaux codes. Vous ne payez rien et ils valent"
                " comme avant."
            )
        ]
        lines += [
            _(
                "Si vous les montrez sur un téléphone, ouvrez leur page une fois avec une connexion. Si vous les avez"
                " imprimés, imprimez-les de nouveau, ou demandez-les à un guichet : les anciens codes sont refusés."
            )
        ]
        lines += ["", *(f"- {row.name} : {url_of(services.config, row)}" for row in rows)]
        title = _("De nouveaux codes pour vos titres de transport")
    return outbox.Message("email", email, title, "\n".join(lines) + "\n", subject)

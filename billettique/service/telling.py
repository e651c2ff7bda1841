"""What the holder of a ticket is written: the ticket as plain text, and that it has a new code.

Only to an address that the buyer gave; without one, the ticket's page says it, and any counter.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from billettique.export.ticket import ticket_text
from billettique.model.entitlements import Entitlement
from billettique.service import tickets
from billettique.store import tickets as store
from billettique.store.tickets import EntitlementRow, Told
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


def of_new_codes(
    session: Session, services: "Services", entitlements: Sequence[str], seller: str, key_id: int, now: datetime
) -> int:
    """Tell buyers that their tickets have new codes because a key was revoked, one message an order, which names every
    ticket of the order that has or is about to have one; how many were written."""
    by_order: dict[str, list[Told]] = defaultdict(list)
    for row in store.told_of_new_codes(session, entitlements, seller, key_id, now):
        by_order[row.order_id].append(row)
    messages = {
        f"billettique:codes:{seller}:{key_id}:{order}": _new_codes(services.config, rows)
        for order, rows in by_order.items()
    }
    return outbox.send_all(session, messages, now)


def _new_codes(config: "Config", rows: Sequence[Told]) -> outbox.Message:
    order = rows[0]
    title, before = _new_codes_words(order.language)
    with use_language(order.language):
        links = [config.base_url + tickets.path_to(config, row.id, row.link) for row in rows]
        named = [f"- {row.name}" + _(" : ") + link for row, link in zip(rows, links, strict=True)]
    return outbox.Message("email", order.email, title, "\n".join([before, *named, ""]), order.subject)


@lru_cache(maxsize=8)  # a drill writes the same hundred thousand times
def _new_codes_words(language: str) -> tuple[str, str]:
    """(title, all that comes before the names of the tickets)."""
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
        return _("De nouveaux codes pour vos titres de transport"), "\n".join([*lines, ""])

"""From a sale to a ticket in hand: once for each item, in the transaction that says it is paid.

    entitlement_id = issue(session, services, item, now)

The same item gives the same entitlement, however often it is asked. What is signed is a specimen outside production.
"""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.orm import Session

from billettique.model.entitlements import EntitlementState, Sold
from billettique.model.orders import ItemKind, Offer
from billettique.model.ticket import Code, Ticket
from billettique.rules import entitlements as rules
from billettique.rules import fcb3, u2
from billettique.rules.issuing import sign_ticket
from billettique.rules.tickets import mark_of_code, read_ticket
from billettique.service import keys
from billettique.store import tickets as store
from billettique.store.keys import add_mark
from billettique.store.tickets import CodeRow, EntitlementRow
from mobigo.base.errors import Conflict, InvalidInput
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from mobigo.infra.db import insert_new

if TYPE_CHECKING:
    from mobigo.infra.web import Services

UNITS_MAX: Final = 100
_MINUTE: Final = timedelta(minutes=1)


def issue(session: Session, services: "Services", item: Sold, now: datetime, *, subject: str | None = None) -> str:
    """The entitlement of an item, and its first code, signed. Asked again for the same item: the same entitlement.

    A carnet has no code of its own: its tickets are taken out one by one (`service.tickets.take_unit`). Raises
    InvalidInput: "billettique.bad_seller", "billettique.window_backwards", "billettique.window_too_long",
    "billettique.bad_units", "billettique.ticket_not_writable".
    """
    known = store.find_of_item(session, item.id)
    if known is not None:
        return known.id
    offer = item.offer()
    first, last = rules.window_of(offer, now)
    waits = bool(offer.promised.get("activation", False))
    row = _row(session, offer, item=item.id, order=item.order_id, holder=item.holder, subject=subject, now=now)
    row |= {"first_at": first, "last_at": last, "needs_activation": waits, "activated_at": None if waits else now}
    return _write(session, services, row, offer, now)


def take_out(session: Session, services: "Services", carnet: EntitlementRow, now: datetime) -> str:
    """The next ticket of a carnet, whose unit is taken already: good from now on for its own time."""
    place = (carnet.units or 0) - (carnet.units_left or 0)
    offer = _offer_of(carnet)
    first, last = rules.activated_window(carnet.promised, carnet.last_at, now)
    row = _row(
        session, offer, item=carnet.item, order=carnet.order_id, holder=carnet.holder, subject=carnet.subject, now=now
    )
    row |= {
        "place": place, "kind": str(ItemKind.TICKET), "units": None, "units_left": None, "gross_cents": 0,
        "first_at": first, "last_at": last, "needs_activation": False, "activated_at": now,
    }  # fmt: skip
    return _write(session, services, row, replace(offer, kind=ItemKind.TICKET), now, unit=True)


def _row(
    session: Session,
    offer: Offer,
    *,
    item: str,
    order: str,
    holder: str | None,
    subject: str | None,
    now: datetime,
) -> dict[str, Any]:
    units = _units(offer)
    return {
        "id": new_id(now),
        "item": item,
        "place": 0,
        "order_id": order,
        "subject": subject,
        "provider": offer.seller,
        "reference": _free_reference(session),
        "kind": str(offer.kind),
        "product": offer.product,
        "name": offer.name,
        "holder": holder or None,
        "riders": list(offer.riders),
        "promised": dict(offer.promised),
        "gross_cents": offer.gross.cents,
        "state": str(EntitlementState.ACTIVE),
        "units": units,
        "units_left": units,
        "moves": 0,
        "link": 0,
        "created_at": now,
        "changed_at": now,
    }


def _units(offer: Offer) -> int | None:
    if offer.kind is not ItemKind.CARNET:
        return None
    units = offer.promised.get("units")
    if not isinstance(units, int) or not 1 <= units <= UNITS_MAX:
        raise InvalidInput("billettique.bad_units_of_carnet", units=str(units), most=UNITS_MAX)
    return units


def _free_reference(session: Session) -> str:
    """Ten letters that nobody guesses and no other entitlement has."""
    while True:
        drawn = "".join(secrets.choice(rules.REFERENCE_LETTERS) for _ in range(rules.REFERENCE_LENGTH))
        if not store.find_by_reference(session, drawn) and not drawn.isdigit():
            return drawn


def _write(
    session: Session,
    services: "Services",
    row: Mapping[str, Any],
    offer: Offer,
    now: datetime,
    *,
    unit: bool = False,
) -> str:
    if not insert_new(session, EntitlementRow, row, ("item", "place")):
        known = store.find_of_item(session, row["item"], row["place"])
        if known is None:
            raise Conflict("billettique.item_taken", item=row["item"])
        return known.id
    written = EntitlementRow(**row)  # as it was just written, to be signed; the session reads its own when asked
    if written.kind not in rules.WITHOUT_CODE:
        sign(session, services, written, ticket_of(services, written, offer, now, unit=unit), now)
    audit.record(
        session, "billettique.issued", actor=audit.SYSTEM, object_kind="entitlement", object_id=written.id, now=now,
        detail={"item": written.item, "kind": written.kind},
    )  # fmt: skip
    return written.id


def ticket_of(services: "Services", row: EntitlementRow, offer: Offer, now: datetime, *, unit: bool = False) -> Ticket:
    """The ticket of an entitlement as it stands."""
    return rules.ticket_of_sale(
        offer, issuer=row.provider, reference=row.reference, first=row.first_at, last=row.last_at, now=now,
        specimen=not services.config.production, activated=row.activated_at is not None, holder=row.holder, unit=unit,
    )  # fmt: skip


def _offer_of(row: EntitlementRow) -> Offer:
    """What was offered, from what an entitlement keeps of it: enough to make its ticket again."""
    from decimal import Decimal

    from mobigo.base.money import Money

    return Offer(
        ItemKind(row.kind), row.product, row.name, Money(row.gross_cents), Decimal(0), "", row.provider, "",
        tuple(row.riders), row.first_at, row.last_at, row.promised,
    )  # fmt: skip


def again(session: Session, services: "Services", row: EntitlementRow, now: datetime) -> CodeRow | None:
    """A new code of the same ticket, as the entitlement now stands (activated, on another telephone); the code before
    it is on the revocation list from now on. None where there is no code."""
    if row.kind in rules.WITHOUT_CODE:
        return None
    before = store.current_code(session, row.id)
    ticket = ticket_of(services, row, _offer_of(row), now, unit=row.place > 0)
    if before is not None:
        before.replaced_at = now
        add_mark(session, mark_of_code(u2.read_code(before.octets)), row.id, "code_replaced", row.last_at, now)
        # Two codes of one ticket never say the same minute: else one's mark would refuse the other.
        ticket = replace(ticket, issued_at=max(ticket.issued_at, before.issued_at + _MINUTE))
    return sign(session, services, row, ticket, now)


def sign(session: Session, services: "Services", row: EntitlementRow, ticket: Ticket, now: datetime) -> CodeRow:
    """Sign a ticket with its seller's key, and keep the code as the one that counts."""
    # A code drawn again within the minute says the next one: the key has to sign then too.
    key, signer = keys.for_signing(session, services, row.provider, max(now, ticket.issued_at))
    octets = sign_ticket(
        ticket, key, signer, production=services.config.production, bound_key=row.bound_key
    )  # fmt: skip
    code = CodeRow(
        id=new_id(now), entitlement=row.id, provider=row.provider, key_id=key.key_id, octets=octets,
        bound=row.bound_key is not None, issued_at=ticket.issued_at,
    )  # fmt: skip
    session.add(code)
    session.flush()
    return code


def ticket_in(octets: bytes) -> Ticket:
    """The ticket in a code of ours."""
    return ticket_of_code(u2.read_code(octets))


def ticket_of_code(code: Code) -> Ticket:
    """The ticket in a code of ours that was read."""
    (data,) = [each for each in code.header.data if each.format == fcb3.FORMAT]
    return read_ticket(data.octets)

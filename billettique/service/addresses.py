"""A mistyped e-mail of an order, set right: the tickets are sent anew to the right address, by new secret links and
under new codes, so that whoever got them by mistake holds nothing. The address before is told nothing more.

The buyer may do it before anything was used, in the browser that bought or with the account: a link alone proves
nothing, since the wrong person has it. Otherwise an agent does, to whom the person says the order, what was paid and on
which day.
"""

from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy.orm import Session

from billettique.model.entitlements import EntitlementState
from billettique.model.payments import PaymentState
from billettique.service import baskets, issuing, mails, tickets
from billettique.store import keys as key_store
from billettique.store import orders as store
from billettique.store import subscriptions, validations
from billettique.store import tickets as ticket_store
from billettique.store.orders import OrderRow
from billettique.store.tickets import EntitlementRow
from mobigo.base.errors import Conflict, InvalidInput, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO, Money
from mobigo.infra import audit, outbox

if TYPE_CHECKING:
    from mobigo.infra.web import Services

BUYER: Final = "buyer"
_PAID: Final = (PaymentState.SUCCEEDED, PaymentState.PROCESSING)


def by_buyer(session: Session, services: "Services", order_id: str, email: str, now: datetime) -> OrderRow:
    """The buyer sets it right. Raises Refused("billettique.email_after_use") once a ticket was used, activated or kept
    in a telephone, and what `_correct` raises."""
    order = store.get_order(session, order_id, lock=True)
    rows = ticket_store.of_order(session, order_id)
    used = validations.used_among(session, [tickets.mark_of(row) for row in rows])
    if used or any(row.activated_at is not None or row.bound_key is not None or row.place > 0 for row in rows):
        raise Refused("billettique.email_after_use")
    return _correct(session, services, order, email, BUYER, now)


def by_agent(
    session: Session, services: "Services", order_id: str, email: str, *, paid: Money, day: date, agent: str,
    now: datetime,
) -> OrderRow:  # fmt: skip
    """An agent sets it right for somebody who says what was paid and on which day. Raises
    Refused("billettique.not_the_buyer") where that is wrong, and what `_correct` raises."""
    order = store.get_order(session, order_id, lock=True)
    if order.placed_at is None or (paid, day) != (paid_for(session, order), paris_day(order.placed_at)):
        raise Refused("billettique.not_the_buyer")
    return _correct(session, services, order, email, agent, now)


def paid_for(session: Session, order: OrderRow) -> Money:
    """What an order cost its buyer."""
    payments = store.payments_of(session, order.id)
    return sum((Money(each.amount_cents) for each in payments if PaymentState(each.state) in _PAID), ZERO)


def _correct(
    session: Session, services: "Services", order: OrderRow, email: str, by: str, now: datetime
) -> OrderRow:  # fmt: skip
    """Another address. Raises InvalidInput("billettique.bad_email"), Conflict("billettique.no_email") where there is
    none to be set right, Conflict("billettique.same_email")."""
    before = order.email
    if before is None:
        raise Conflict("billettique.no_email")
    if not email.strip():
        raise InvalidInput("billettique.bad_email")
    baskets.set_email(order, email)
    after = order.email or ""
    if before.casefold() == after.casefold():
        raise Conflict("billettique.same_email")
    order.link += 1
    key_store.hold(session, key_store.REVOCATIONS, now)
    marks = {row.id: tickets.mark_of(row) for row in ticket_store.of_order(session, order.id)}
    used = validations.used_among(session, list(marks.values()))
    for entitlement, mark in marks.items():
        _take_back(session, services, ticket_store.get(session, entitlement, lock=True), mark in used, by, now)
    outbox.take_back(session, mails.titles_key(order.id), before)
    outbox.take_back(session, f"billettique:debit:{order.id}", before)
    subscriptions.readdress(session, order.id, after)
    session.flush()
    mails.send_titles(session, services.config, order, store.items_of(session, order.id), now)
    audit.record(
        session, "billettique.order.email", actor=audit.SYSTEM if by == BUYER else by, object_kind="billettique_order",
        object_id=order.id, now=now, detail={"by": BUYER if by == BUYER else "agent"},
    )  # fmt: skip
    store.touch(order, now)
    session.flush()
    return order


def _take_back(session: Session, services: "Services", row: EntitlementRow, used: bool, by: str, now: datetime) -> None:
    """Another link for a ticket; and, where it may still be used, another code: what the wrong person kept, printed or
    put into a telephone is refused from the next list on."""
    tickets.new_link(session, row, agent=audit.SYSTEM if by == BUYER else by, now=now)
    if row.state != EntitlementState.ACTIVE or used or row.last_at <= now:
        return
    row.bound_key = None
    issuing.again(session, services, row, now)

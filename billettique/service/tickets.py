"""What happens to a ticket after it is issued: its page, activation, a ticket out of a carnet, another telephone,
suspension and its end, revocation. Each change is one transaction of the caller, and a line of the audit log.
"""

import hmac
from base64 import urlsafe_b64encode
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from sqlalchemy.orm import Session

from billettique.model.entitlements import Entitlement, EntitlementState
from billettique.model.orders import ItemKind
from billettique.model.ticket import Ticket
from billettique.rules import entitlements as rules
from billettique.rules import tickets as ticket_rules
from billettique.rules.keys import public_key_of
from billettique.service import issuing
from billettique.store import keys as key_store
from billettique.store import tickets as store
from billettique.store.tickets import EntitlementRow
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.infra import audit
from mobigo.infra.keys import derived

if TYPE_CHECKING:
    from mobigo.infra.config import Config
    from mobigo.infra.web import Services

TOKEN_OCTETS: Final = 15  # 120 bits: nobody guesses a ticket's page


# ---------------------------------------------------------------- looking


def token_of(config: "Config", entitlement_id: str, link: int) -> str:
    """The secret in the address of a ticket's page, computed from this instance's key: no table holds it."""
    said = hmac.new(_root(config), f"{entitlement_id}:{link}".encode(), sha256).digest()
    return urlsafe_b64encode(said[:TOKEN_OCTETS]).decode()


@lru_cache(maxsize=8)
def _root(config: "Config") -> bytes:
    """The key of these secrets: read once a process, since a page or a letter names many tickets."""
    return derived(config, "billettique.ticket")


def path_of(config: "Config", row: EntitlementRow | Entitlement) -> str:
    """The path of a ticket's page, secret included."""
    return path_to(config, row.id, row.link)


def path_to(config: "Config", entitlement_id: str, link: int) -> str:
    """The same, of who is called so."""
    return f"/billet/{entitlement_id}/{token_of(config, entitlement_id, link)}/"


def opened(
    session: Session, config: "Config", entitlement_id: str, token: str, *, change_at: datetime | None = None
) -> EntitlementRow:
    """The entitlement whose page this is, locked when it is to be changed (`change_at`).

    Raises NotFound("billettique.no_entitlement") for any other address.
    """
    if change_at is not None:
        key_store.hold(session, key_store.REVOCATIONS, change_at)
    row = store.get(session, entitlement_id, lock=change_at is not None)
    if not hmac.compare_digest(token.encode(), token_of(config, row.id, row.link).encode()):
        raise NotFound("billettique.no_entitlement")
    return row


def shown(session: Session, row: EntitlementRow) -> Entitlement:
    """The entitlement as its holder sees it. A carnet and a card have no code."""
    code = store.current_code(session, row.id)
    ticket: Ticket | None = None if code is None else issuing.ticket_in(code.octets)
    return Entitlement(
        id=row.id, item=row.item, order=row.order_id, kind=ItemKind(row.kind), state=EntitlementState(row.state),
        reference=row.reference, name=row.name, first_at=row.first_at, last_at=row.last_at,
        needs_activation=row.needs_activation, activated_at=row.activated_at, units=row.units,
        units_left=row.units_left, moves=row.moves, link=row.link, ticket=ticket,
        code=None if code is None else code.octets, bound=row.bound_key is not None,
        code_at=None if code is None else code.issued_at,
    )  # fmt: skip


def of_order(session: Session, order_id: str) -> list[Entitlement]:
    """Everything an order became, in the order it was made."""
    return [shown(session, row) for row in store.of_order(session, order_id)]


def named(session: Session, text: str) -> EntitlementRow:
    """The entitlement of a reference as somebody said it. Raises NotFound("billettique.no_such_reference")."""
    reference = rules.heard(text)
    found = [] if reference is None else store.find_by_reference(session, reference)
    if len(found) != 1:
        raise NotFound("billettique.no_such_reference", reference=text[:30])
    return found[0]


# ---------------------------------------------------------------- using


def activate(session: Session, services: "Services", entitlement_id: str, now: datetime) -> Entitlement:
    """A ticket that waited is good from now on, for its own time. Asked again: nothing changes.

    Raises NotFound, Refused("billettique.not_usable" | "billettique.activation_over" | "billettique.not_yet").
    """
    key_store.hold(session, key_store.REVOCATIONS, now)
    row = _usable(session, entitlement_id)
    if row.activated_at is not None:
        return shown(session, row)
    if now < row.first_at:
        raise Refused("billettique.good_from", at=row.first_at)
    if now >= row.last_at:
        raise Refused("billettique.activation_over", at=row.last_at)
    row.first_at, row.last_at = rules.activated_window(row.promised, row.last_at, now)
    row.activated_at, row.changed_at = now, now
    issuing.again(session, services, row, now)
    _log(session, "billettique.activated", row, audit.SYSTEM, now)
    return shown(session, row)


def take_unit(session: Session, services: "Services", carnet_id: str, now: datetime) -> str:
    """A ticket out of a carnet, good from now on; its entitlement's id. Two askers at once never take the same one.

    Raises NotFound, Refused("billettique.not_usable" | "billettique.not_a_carnet" | "billettique.carnet_empty" |
    "billettique.activation_over").
    """
    row = _usable(session, carnet_id)
    if row.units is None:
        raise Refused("billettique.not_a_carnet")
    if now >= row.last_at:
        raise Refused("billettique.activation_over", at=row.last_at)
    if not store.take_unit(session, row.id, now):
        raise Refused("billettique.carnet_empty")
    session.refresh(row)
    return issuing.take_out(session, services, row, now)


def _usable(session: Session, entitlement_id: str) -> EntitlementRow:
    row = store.get(session, entitlement_id, lock=True)
    if row.state != EntitlementState.ACTIVE:
        raise Refused("billettique.not_usable", state=Decision(f"billettique.state_{row.state}"))
    return row


# ---------------------------------------------------------------- telephones


def bind(
    session: Session, services: "Services", row: EntitlementRow, point: bytes, now: datetime, *, move: bool = False
) -> Entitlement:
    """The ticket signed for the telephone that holds the key of `point` (a compressed P-256 point), which has to sign
    it in turn at each showing; the code before it, printed ones included, is refused from the next list on.

    The same telephone again changes nothing. Another one needs `move`, which is counted. Raises
    InvalidInput("billettique.key_not_p256"), Refused("billettique.not_usable" | "billettique.no_code"),
    Conflict("billettique.bound_elsewhere"), Refused("billettique.too_many_moves").
    """
    try:
        public_key_of(point)
    except ValueError as wrong:
        raise InvalidInput("billettique.key_not_p256") from wrong
    if row.kind in rules.WITHOUT_CODE:
        raise Refused("billettique.no_code")
    if row.bound_key == point:
        return shown(session, row)
    if row.state != EntitlementState.ACTIVE:
        raise Refused("billettique.not_usable", state=Decision(f"billettique.state_{row.state}"))
    if row.bound_key is not None:
        if not move:
            raise Conflict("billettique.bound_elsewhere", left=max(0, rules.MOVES_MAX - row.moves))
        _count_move(row)
    row.bound_key, row.changed_at = point, now
    issuing.again(session, services, row, now)
    _log(session, "billettique.bound", row, audit.SYSTEM, now)
    return shown(session, row)


def back_to_paper(
    session: Session, services: "Services", row: EntitlementRow, now: datetime, *, agent: str | None = None
) -> Entitlement:
    """The ticket as a fixed code again, which may be printed; the telephone's is refused from the next list on. Counted
    with the moves, unless an agent does it. Raises Refused("billettique.not_usable" | "billettique.too_many_moves").
    """
    if row.state != EntitlementState.ACTIVE:
        raise Refused("billettique.not_usable", state=Decision(f"billettique.state_{row.state}"))
    if row.bound_key is None:
        return shown(session, row)
    if agent is None:
        _count_move(row)
    row.bound_key, row.changed_at = None, now
    issuing.again(session, services, row, now)
    _log(session, "billettique.unbound", row, agent or audit.SYSTEM, now)
    return shown(session, row)


def new_link(session: Session, row: EntitlementRow, *, agent: str, now: datetime) -> None:
    """Another secret address for the page: the one before it, which somebody else may know, opens nothing more."""
    row.link, row.changed_at = row.link + 1, now
    _log(session, "billettique.new_link", row, agent, now)


def _count_move(row: EntitlementRow) -> None:
    if row.moves >= rules.MOVES_MAX:
        raise Refused("billettique.too_many_moves", most=rules.MOVES_MAX)
    row.moves += 1


# ---------------------------------------------------------------- taken away, given back


def suspend(session: Session, entitlement_id: str, why: Decision, now: datetime) -> None:
    """Refused from the next list on (a debit failed, a payment is contested), until `resume`. Repeatable."""
    _away(session, entitlement_id, EntitlementState.SUSPENDED, why, now)


def resume(session: Session, entitlement_id: str, now: datetime) -> None:
    """A suspended ticket is good again, paper ones too, from the next list on. Repeatable.

    Raises Conflict("billettique.entitlement_over") for one that was revoked or refunded.
    """
    for row in _family(session, entitlement_id, now):
        if row.state == EntitlementState.SUSPENDED:
            key_store.lift_mark(session, mark_of(row), now)
            _move(session, row, EntitlementState.ACTIVE, Decision("billettique.resumed"), now)
        elif row.id == entitlement_id and row.state != EntitlementState.ACTIVE:
            raise Conflict("billettique.entitlement_over", state=Decision(f"billettique.state_{row.state}"))


def revoke(session: Session, entitlement_id: str, why: Decision, now: datetime) -> None:
    """Good for nothing more, for ever. Repeatable."""
    _away(session, entitlement_id, EntitlementState.REVOKED, why, now)


def refunded(session: Session, entitlement_id: str, now: datetime) -> None:
    """Given back against money: good for nothing more. Repeatable."""
    _away(session, entitlement_id, EntitlementState.REFUNDED, Decision("billettique.given_back"), now)


def mark_of(row: EntitlementRow) -> bytes:
    """The mark of an entitlement's ticket in lists and used-sets."""
    return ticket_rules.mark_of_reference(row.provider, row.reference)


def _away(session: Session, entitlement_id: str, state: EntitlementState, why: Decision, now: datetime) -> None:
    for row in _family(session, entitlement_id, now):
        if row.state == state or state not in rules.MOVES[EntitlementState(row.state)]:
            continue
        if row.state == EntitlementState.ACTIVE and row.kind not in rules.WITHOUT_CODE:
            key_store.add_mark(session, mark_of(row), row.id, why.code[:60], row.last_at, now)
        _move(session, row, state, why, now)


def _family(session: Session, entitlement_id: str, now: datetime) -> list[EntitlementRow]:
    """An entitlement, and the tickets taken out of it, each locked."""
    key_store.hold(session, key_store.REVOCATIONS, now)
    row = store.get(session, entitlement_id, lock=True)
    if row.units is None:
        return [row]
    return [row, *(store.get(session, each.id, lock=True) for each in store.of_item(session, row.item) if each.place)]


def _move(session: Session, row: EntitlementRow, state: EntitlementState, why: Decision, now: datetime) -> None:
    row.state, row.changed_at = str(state), now
    _log(session, f"billettique.{state}", row, audit.SYSTEM, now, why)


def _log(
    session: Session, action: str, row: EntitlementRow, actor: str, now: datetime, why: Decision | None = None
) -> None:
    audit.record(
        session, action, actor=actor, object_kind="entitlement", object_id=row.id, now=now,
        detail={} if why is None else {"why": why.code},
    )  # fmt: skip

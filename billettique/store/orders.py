"""Orders, their items, what pays them, and every move of an item's state. A basket is an order not yet placed.

Whoever changes an order locks its row first; the ledger comes last. `version` is what an editor saw: another one since
is a Conflict.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from billettique.model.orders import MOVES, ItemKind, ItemState, Offer
from billettique.store.reasons import written
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, NotFound
from mobigo.base.money import Money, split_tax
from mobigo.infra.append_only import append_only
from mobigo.infra.db import Base, Json, UtcDateTime
from mobigo.infra.privacy import BLANK, Always, Days, describe

ACCOUNTING: Final = "what was sold is kept ten years with the accounts; it names nobody"


class OrderRow(Base):
    """One order. Until `placed_at` it is a basket, whose prices are kept until `expires_at`."""

    __tablename__ = "billettique_order"
    __table_args__ = (
        Index(None, "subject"),
        Index(None, "expires_at"),
        CheckConstraint("version >= 1 AND attempt >= 0 AND extended >= 0", name="counts"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    reference: Mapped[str] = mapped_column(String(12), unique=True)  # what one says on the telephone
    channel: Mapped[str] = mapped_column(String(10))
    subject: Mapped[str | None] = mapped_column(String(26))
    email: Mapped[str | None] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(2))
    promotion: Mapped[str | None] = mapped_column(String(40))
    receipt: Mapped[bool] = mapped_column(default=False)  # wanted, and asked for
    trusted: Mapped[bool] = mapped_column(default=False)  # served before the bank answers
    version: Mapped[int] = mapped_column(default=1)
    attempt: Mapped[int] = mapped_column(default=0)  # payments begun
    extended: Mapped[int] = mapped_column(default=0)
    link: Mapped[int] = mapped_column(default=0)  # secret links it had before: only the last one opens it
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    placed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


describe(
    OrderRow,
    purpose="sell, and answer a buyer about what was bought",
    keep=Days(2 * 366, after="changed_at", then=BLANK),
    personal={
        "subject": "whose order it is, when the buyer has an account (random subject id)",
        "email": "where the tickets are sent, when the buyer gives it",
    },
    plain="id reference channel language promotion receipt trusted version attempt extended link created_at expires_at "
    "placed_at changed_at",
)


class ItemRow(Base):
    """One thing bought. What was promised is a snapshot: nothing is priced again."""

    __tablename__ = "billettique_item"
    __table_args__ = (
        Index(None, "order_id", "position", unique=True),
        Index(None, "payment"),
        Index(None, "state", "changed_at"),
        CheckConstraint("gross_cents >= 0 AND reduction_cents >= 0 AND reduction_cents <= gross_cents", name="price"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("billettique_order.id", ondelete="CASCADE"))
    position: Mapped[int]
    bundle: Mapped[str] = mapped_column(String(26))  # items of one quote stand together in a basket
    kind: Mapped[str] = mapped_column(String(12))
    product: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(200))
    gross_cents: Mapped[int]  # as listed
    reduction_cents: Mapped[int] = mapped_column(default=0)  # by a promotion
    vat_pct: Mapped[str] = mapped_column(String(8))
    collector: Mapped[str] = mapped_column(String(60))
    seller: Mapped[str] = mapped_column(String(60))
    tariff_hash: Mapped[str] = mapped_column(String(64))
    riders: Mapped[Any] = mapped_column(Json)
    first_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    promised: Mapped[Any] = mapped_column(Json)
    holder: Mapped[str | None] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(10))
    seat: Mapped[str | None] = mapped_column(String(80))  # who keeps it calls it so
    seat_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    payment: Mapped[str | None] = mapped_column(String(26))
    entitlement: Mapped[str | None] = mapped_column(String(26))
    replaces: Mapped[str | None] = mapped_column(String(26))  # the item it was exchanged for
    moves: Mapped[int] = mapped_column(default=0)
    why: Mapped[Any] = mapped_column(Json, nullable=True)  # the last reason: {"code", "params"}
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    @property
    def price(self) -> Money:
        """What is paid for it, tax included."""
        return Money(self.gross_cents - self.reduction_cents)

    @property
    def net(self) -> Money:
        return split_tax(self.price, Decimal(self.vat_pct))[0]

    @property
    def tax(self) -> Money:
        return self.price - self.net

    @property
    def now(self) -> ItemState:
        return ItemState(self.state)

    def offer(self) -> Offer:
        """What was offered and kept, as a value."""
        return Offer(
            ItemKind(self.kind), self.product, self.name, self.price, Decimal(self.vat_pct), self.collector,
            self.seller, self.tariff_hash, tuple(self.riders), self.first_at, self.last_at, self.promised,
        )  # fmt: skip


describe(
    ItemRow,
    purpose="know what was bought, at which price, and where it stands",
    keep=Days(2 * 366, after="changed_at", then=BLANK),
    personal={"holder": "the name on a personal title, when it is one"},
    plain="id order_id position bundle kind product name gross_cents reduction_cents vat_pct collector seller "
    "tariff_hash riders first_at last_at promised state seat seat_until payment entitlement replaces moves why "
    "created_at changed_at",
)


class ItemMoveRow(Base):
    """One move of an item's state. It only grows."""

    __tablename__ = "billettique_item_move"

    item: Mapped[str] = mapped_column(String(26), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    before: Mapped[str | None] = mapped_column(String(10))
    after: Mapped[str] = mapped_column(String(10))
    why: Mapped[Any] = mapped_column(Json, nullable=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


append_only(ItemMoveRow)
describe(
    ItemMoveRow,
    purpose="show how an item came to its state",
    keep=Always(ACCOUNTING),
    plain="item n before after why at",
)


class OrderPaymentRow(Base):
    """A payment begun for an order, and the last state that was heard of it."""

    __tablename__ = "billettique_order_payment"
    __table_args__ = (Index(None, "order_id"),)

    payment: Mapped[str] = mapped_column(String(26), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("billettique_order.id", ondelete="CASCADE"))
    amount_cents: Mapped[int]
    means: Mapped[str] = mapped_column(String(20))
    provider: Mapped[str] = mapped_column(String(20))
    collector: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(20))
    booked: Mapped[str | None] = mapped_column(String(10))  # in the ledger: due, captured, disputed
    disputes: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


describe(
    OrderPaymentRow,
    purpose="know which payments an order had",
    keep=Always(ACCOUNTING),
    plain="payment order_id amount_cents means provider collector state booked disputes created_at changed_at",
)


class ItemRefundRow(Base):
    """Money given back for an item: one for each reason. `item` is empty for money that paid nothing."""

    __tablename__ = "billettique_item_refund"
    __table_args__ = (
        Index(None, "about", "reason", unique=True),
        Index(None, "order_id"),
        Index(None, "refund"),
        CheckConstraint("amount_cents > 0 AND kept_cents >= 0", name="amounts"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("billettique_order.id", ondelete="CASCADE"))
    about: Mapped[str] = mapped_column(String(26))  # the item; the payment, when it is what nothing was bought with
    item: Mapped[str | None] = mapped_column(String(26))
    reason: Mapped[str] = mapped_column(String(40))
    payment: Mapped[str] = mapped_column(String(26))
    refund: Mapped[str] = mapped_column(String(26))  # the payment service calls it so
    amount_cents: Mapped[int]
    kept_cents: Mapped[int]  # what the rule keeps of the price
    rule: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


describe(
    ItemRefundRow,
    purpose="give money back once for each reason",
    keep=Always(ACCOUNTING),
    plain="id order_id about item reason payment refund amount_cents kept_cents rule at paid_at",
)


# ---------------------------------------------------------------- reading


def get_order(session: Session, order_id: str, *, lock: bool = False, version: int | None = None) -> OrderRow:
    """One order, locked until the end of the transaction when it is to be changed.

    Raises NotFound("billettique.no_order"), Conflict("billettique.order_changed") for another version than was seen.
    """
    asked = select(OrderRow).where(OrderRow.id == order_id)
    row = session.scalar(asked.with_for_update().execution_options(populate_existing=True) if lock else asked)
    if row is None:
        raise NotFound("billettique.no_order")
    if version is not None and row.version != version:
        raise Conflict("billettique.order_changed", seen=version, version=row.version)
    return row


def link_of(session: Session, order_id: str) -> int:
    """How many secret links an order had before; 0 for one that is not there."""
    return session.scalar(select(OrderRow.link).where(OrderRow.id == order_id)) or 0


def find_by_reference(session: Session, reference: str) -> OrderRow | None:
    """The order of a spoken reference, however it was written."""
    plain = "".join(letter for letter in reference.upper() if letter.isalnum())
    return session.scalar(select(OrderRow).where(OrderRow.reference == plain))


def items_of(session: Session, order_id: str, *states: ItemState) -> list[ItemRow]:
    """The items of an order by position, those in `states` when some are named."""
    asked = select(ItemRow).where(ItemRow.order_id == order_id)
    if states:
        asked = asked.where(ItemRow.state.in_([str(each) for each in states]))
    return list(session.scalars(asked.order_by(ItemRow.position).execution_options(populate_existing=True)))


def bought_by(session: Session, subject: str, since: datetime, until: datetime) -> list[ItemRow]:
    """The tickets that an account paid for and kept, good from an instant between two, in the order they were put into
    a basket."""
    asked = (
        select(ItemRow)
        .join(OrderRow, OrderRow.id == ItemRow.order_id)
        .where(
            OrderRow.subject == subject,
            ItemRow.kind == str(ItemKind.TICKET),
            ItemRow.state.in_([str(ItemState.CONFIRMED), str(ItemState.FULFILLED)]),
            ItemRow.first_at >= since,
            ItemRow.first_at < until,
        )
        .order_by(ItemRow.id)
    )
    return list(session.scalars(asked))


def get_item(session: Session, item_id: str, *, of: str) -> ItemRow:
    """One item of an order, as it stands now. Raises NotFound("billettique.no_item")."""
    row = session.get(ItemRow, item_id, populate_existing=True)
    if row is None or row.order_id != of:
        raise NotFound("billettique.no_item")
    return row


def payments_of(session: Session, order_id: str) -> list[OrderPaymentRow]:
    """The payments of an order, oldest first."""
    asked = select(OrderPaymentRow).where(OrderPaymentRow.order_id == order_id)
    return list(session.scalars(asked.order_by(OrderPaymentRow.payment).execution_options(populate_existing=True)))


def refunds_of(session: Session, order_id: str) -> list[ItemRefundRow]:
    """What was given back on an order, oldest first."""
    return list(
        session.scalars(select(ItemRefundRow).where(ItemRefundRow.order_id == order_id).order_by(ItemRefundRow.id))
    )


def moves_of(session: Session, items: Sequence[str]) -> list[ItemMoveRow]:
    """The moves of each item, from the first."""
    asked = select(ItemMoveRow).where(ItemMoveRow.item.in_(items))
    return list(session.scalars(asked.order_by(ItemMoveRow.item, ItemMoveRow.n)))


# ---------------------------------------------------------------- writing


def touch(order: OrderRow, now: datetime) -> None:
    """The order changed: whoever saw it before has to look again."""
    order.version += 1
    order.changed_at = now


def move(session: Session, item: ItemRow, after: ItemState, now: datetime, why: Decision | None = None) -> None:
    """The item in another state, and one line of its history. Raises Conflict("billettique.no_such_move") where the
    life of an item has no such move."""
    before = item.now
    if after not in MOVES[before]:
        raise Conflict("billettique.no_such_move", before=str(before), after=str(after))
    item.state, item.changed_at = str(after), now
    item.why = written(why)
    _log(session, item, before, now)


def born(session: Session, items: Iterable[ItemRow], now: datetime) -> None:
    """New items, and the first line of their history."""
    for item in items:
        session.add(item)
        _log(session, item, None, now)
    session.flush()


def _log(session: Session, item: ItemRow, before: ItemState | None, now: datetime) -> None:
    item.moves = 1 if before is None else item.moves + 1
    session.add(
        ItemMoveRow(
            item=item.id,
            n=item.moves,
            before=None if before is None else str(before),
            after=item.state,
            why=item.why,
            at=now,
        )
    )

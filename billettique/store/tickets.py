"""Entitlements (rights to travel) and their codes. A code that was replaced stays, so that what was once given out can
be explained."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    and_,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from billettique.model.entitlements import EntitlementState
from billettique.model.orders import ItemKind
from billettique.store.orders import OrderRow
from mobigo.base.errors import NotFound
from mobigo.infra.db import Base, Json, UtcDateTime, changed, table_of
from mobigo.infra.privacy import Days, describe

LIVE = (str(EntitlementState.ACTIVE), str(EntitlementState.SUSPENDED))


class EntitlementRow(Base):
    """A right to travel. Items have one (place 0), and one more for each ticket taken out of a carnet."""

    __tablename__ = "billettique_entitlement"
    __table_args__ = (
        Index(None, "item", "place", unique=True),
        Index(None, "reference", "provider", unique=True),  # said by its holder without the seller
        Index(None, "order_id"),
        Index(None, "subject"),
        CheckConstraint("units_left IS NULL OR (units_left >= 0 AND units_left <= units)", name="units"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    item: Mapped[str] = mapped_column(String(40))
    place: Mapped[int] = mapped_column(default=0)
    order_id: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str | None] = mapped_column(String(26))
    provider: Mapped[str] = mapped_column(String(60))
    reference: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(12))
    product: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(200))
    holder: Mapped[str | None] = mapped_column(String(120))
    riders: Mapped[Any] = mapped_column(Json)
    promised: Mapped[Any] = mapped_column(Json)
    gross_cents: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    needs_activation: Mapped[bool] = mapped_column(default=False)
    activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    units: Mapped[int | None]
    units_left: Mapped[int | None]
    bound_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    moves: Mapped[int] = mapped_column(default=0)
    link: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CodeRow(Base):
    """One code of an entitlement: what the seller signed, and with which key."""

    __tablename__ = "billettique_code"
    __table_args__ = (
        Index(None, "entitlement", "replaced_at"),
        Index(None, "provider", "key_id", "replaced_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    entitlement: Mapped[str] = mapped_column(ForeignKey("billettique_entitlement.id", ondelete="CASCADE"))
    provider: Mapped[str] = mapped_column(String(60))
    key_id: Mapped[int]
    octets: Mapped[bytes] = mapped_column(LargeBinary)
    bound: Mapped[bool]
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)  # the minute the ticket says
    replaced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


describe(
    EntitlementRow,
    purpose="let people travel with what they bought, and answer them about it",
    keep=Days(2 * 366, after="last_at"),
    personal={
        "subject": "whose ticket it is, when the buyer has an account (random subject id)",
        "holder": "the name on a personal ticket",
        "bound_key": "the public key of the telephone that shows the ticket; no name, no number",
    },
    plain="id item place order_id provider reference kind product name riders promised gross_cents state first_at "
    "last_at needs_activation activated_at units units_left moves link created_at changed_at",
)
describe(
    CodeRow,
    purpose="show the ticket again, and sign it anew when a key is revoked",
    keep=Days(2 * 366, after="issued_at"),
    personal={"octets": "the signed ticket: it holds the holder's name on a personal ticket"},
    plain="id entitlement provider key_id bound issued_at replaced_at",
)


def find_of_item(session: Session, item: str, place: int = 0) -> EntitlementRow | None:
    """The entitlement an item became."""
    return session.scalar(select(EntitlementRow).where(EntitlementRow.item == item, EntitlementRow.place == place))


def get(session: Session, entitlement_id: str, *, lock: bool = False) -> EntitlementRow:
    """One entitlement, locked when it is to be changed. Raises NotFound("billettique.no_entitlement")."""
    asked = select(EntitlementRow).where(EntitlementRow.id == entitlement_id)
    row = session.scalar(asked.with_for_update().execution_options(populate_existing=True) if lock else asked)
    if row is None:
        raise NotFound("billettique.no_entitlement")
    return row


def find_by_reference(session: Session, reference: str) -> list[EntitlementRow]:
    """The entitlements of a spoken reference: one, but for two sellers that drew the same."""
    return list(session.scalars(select(EntitlementRow).where(EntitlementRow.reference == reference)))


def of_order(session: Session, order_id: str) -> list[EntitlementRow]:
    """The entitlements of an order, in the order they were made."""
    asked = select(EntitlementRow).where(EntitlementRow.order_id == order_id)
    return list(session.scalars(asked.order_by(EntitlementRow.id)))


def of_item(session: Session, item: str) -> list[EntitlementRow]:
    """What an item became: itself, then the tickets taken out of it."""
    asked = select(EntitlementRow).where(EntitlementRow.item == item)
    return list(session.scalars(asked.order_by(EntitlementRow.place)))


def of_subject(session: Session, subject: str) -> list[EntitlementRow]:
    """The entitlements of a person, oldest first."""
    asked = select(EntitlementRow).where(EntitlementRow.subject == subject)
    return list(session.scalars(asked.order_by(EntitlementRow.id)))


def covers_of(session: Session, subject: str, since: datetime, until: datetime) -> list[EntitlementRow]:
    """The passes and cards of a person that are good at some instant between two, those suspended included, oldest
    first."""
    asked = select(EntitlementRow).where(
        EntitlementRow.subject == subject,
        EntitlementRow.kind.in_([str(ItemKind.PASS), str(ItemKind.CARD)]),
        EntitlementRow.state.in_(LIVE),
        EntitlementRow.first_at < until,
        EntitlementRow.last_at >= since,
    )
    return list(session.scalars(asked.order_by(EntitlementRow.id)))


def activated(session: Session, entitlements: Sequence[str]) -> list[tuple[str, datetime]]:
    """Of those entitlements, the ones that were activated, and when."""
    asked = select(EntitlementRow.id, EntitlementRow.activated_at).where(
        EntitlementRow.id.in_(entitlements), EntitlementRow.activated_at.is_not(None)
    )
    return [(row[0], row[1]) for row in session.execute(asked) if row[1] is not None]


def current_code(session: Session, entitlement_id: str) -> CodeRow | None:
    """The code that counts; None where there is none to show."""
    asked = select(CodeRow).where(CodeRow.entitlement == entitlement_id, CodeRow.replaced_at.is_(None))
    return session.scalars(asked.order_by(CodeRow.id.desc())).first()


def take_unit(session: Session, entitlement_id: str, now: datetime) -> bool:
    """One unit less, unless none is left; the database counts, whoever asks at the same time."""
    one = update(EntitlementRow).where(EntitlementRow.id == entitlement_id, EntitlementRow.units_left > 0)
    return changed(session, one.values(units_left=EntitlementRow.units_left - 1, changed_at=now)) == 1


# ---------------------------------------------------------------- many at once: the drill of a stolen key


class Signed(NamedTuple):
    """A code that counts, of a ticket still to be used; `issued_at` is the minute it says."""

    id: str
    entitlement: str
    octets: bytes
    issued_at: datetime


def page_signed_with(session: Session, provider: str, key_id: int, *, after: str, limit: int) -> list[tuple[str, str]]:
    """The codes that count signed with a key, tickets that are over included, by id from `after` on: (id,
    entitlement)."""
    asked = (
        select(CodeRow.id, CodeRow.entitlement)
        .where(_codes_signed_with(provider, key_id), CodeRow.id > after)
        .order_by(CodeRow.replaced_at, CodeRow.id)  # all of them NULL, which PostgreSQL's planner does not conclude
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session.execute(asked)]


def still_used(session: Session, page: Sequence[tuple[str, str]], now: datetime) -> list[Signed]:
    """Those of a page that still count, of tickets still to be used, by id. The tickets are locked, as by whoever
    changes their codes. In two steps by key: PostgreSQL would look through all tickets for a join."""
    asked = select(EntitlementRow.id).where(EntitlementRow.id.in_([each[1] for each in page]))
    kept = session.execute(
        asked.add_columns(EntitlementRow.state, EntitlementRow.last_at).order_by(EntitlementRow.id).with_for_update()
    )
    used = {row[0] for row in kept if row[1] in LIVE and row[2] >= now}
    codes = select(CodeRow.id, CodeRow.entitlement, CodeRow.octets, CodeRow.issued_at).where(
        CodeRow.id.in_([each[0] for each in page]), CodeRow.replaced_at.is_(None)
    )
    found = [Signed(*row) for row in session.execute(codes.order_by(CodeRow.id))]
    return [each for each in found if each.entitlement in used]


def count_signed_with(session: Session, provider: str, key_id: int, now: datetime) -> int:
    """How many of them there are."""
    asked = select(func.count()).select_from(CodeRow).join(EntitlementRow, EntitlementRow.id == CodeRow.entitlement)
    return session.scalar(asked.where(_codes_signed_with(provider, key_id), _to_be_used(now))) or 0


class Told(NamedTuple):
    """A ticket that has, or is about to have, a new code, and whom to tell so."""

    id: str
    name: str
    link: int
    order_id: str
    email: str
    language: str
    subject: str | None


def told_of_new_codes(
    session: Session, entitlements: Sequence[str], provider: str, key_id: int, now: datetime
) -> list[Told]:
    """Those tickets, and what of their orders is still to be signed anew, where the buyer left an address; order by
    order. In steps by key: in one piece, PostgreSQL looks through all tickets for each batch."""
    of_batch = select(EntitlementRow.order_id).where(EntitlementRow.id.in_(entitlements)).distinct()
    theirs = list(session.scalars(of_batch))
    asked = (
        select(
            EntitlementRow.id, EntitlementRow.name, EntitlementRow.link, EntitlementRow.order_id, OrderRow.email,
            OrderRow.language, OrderRow.subject,
        )
        .join(OrderRow, OrderRow.id == EntitlementRow.order_id)
        .where(EntitlementRow.order_id.in_(theirs), OrderRow.email.is_not(None))
        .order_by(EntitlementRow.order_id, EntitlementRow.id)
    )  # fmt: skip
    found = [Told(*row[:4], row.email or "", *row[5:]) for row in session.execute(asked)]
    named = set(entitlements)
    others = [each.id for each in found if each.id not in named]
    if others:
        still = (
            select(CodeRow.entitlement)
            .join(EntitlementRow, EntitlementRow.id == CodeRow.entitlement)
            .where(CodeRow.entitlement.in_(others), _codes_signed_with(provider, key_id), _to_be_used(now))
        )
        named.update(session.scalars(still))
    return [each for each in found if each.id in named]


def _codes_signed_with(provider: str, key_id: int) -> Any:
    return and_(CodeRow.provider == provider, CodeRow.key_id == key_id, CodeRow.replaced_at.is_(None))


def _to_be_used(now: datetime) -> Any:
    return and_(EntitlementRow.state.in_(LIVE), EntitlementRow.last_at >= now)


def replace_codes(session: Session, old: Sequence[str], new: Sequence[dict[str, Any]], now: datetime) -> None:
    """Codes in the place of others, all in one go."""
    session.execute(update(CodeRow).where(CodeRow.id.in_(old)).values(replaced_at=now))
    session.execute(insert(table_of(CodeRow)), list(new))

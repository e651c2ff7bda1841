"""Offers in the database: their values, what they have cost so far, and each use. What is spent is changed by one
statement that also checks the limits, so that no crowd goes over a budget."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, bindparam, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from billettique.model.promotions import OfferKind, Promotion
from mobigo.base.money import Money
from mobigo.base.periods import Period
from mobigo.infra.db import Base, Json, UtcDateTime, changed
from mobigo.infra.privacy import BLANK, Always, Days, describe


class PromotionRow(Base):
    """An offer. It applies once `approved_at` and until `stopped_at`; its values do not change once approved."""

    __tablename__ = "billettique_promotion"
    __table_args__ = (
        CheckConstraint("spent_cents >= 0 AND spent_cents <= budget_cents AND used >= 0", name="limits"),
        Index(None, "first_day", "last_day"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(10))
    code: Mapped[str | None] = mapped_column(String(40), unique=True)
    first_day: Mapped[date]
    last_day: Mapped[date]
    pct: Mapped[int | None]
    off_cents: Mapped[int | None]
    flat_cents: Mapped[int | None]
    networks: Mapped[list[str] | None] = mapped_column(Json, nullable=True)
    products: Mapped[list[str] | None] = mapped_column(Json, nullable=True)
    riders: Mapped[list[str] | None] = mapped_column(Json, nullable=True)
    budget_cents: Mapped[int]
    uses_max: Mapped[int | None]
    per_person: Mapped[int | None]
    partner: Mapped[str] = mapped_column(String(120))
    source: Mapped[str] = mapped_column(String(300))
    spent_cents: Mapped[int] = mapped_column(default=0)
    used: Mapped[int] = mapped_column(default=0)
    drafted_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_by: Mapped[str | None] = mapped_column(String(64))
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    act_number: Mapped[str | None] = mapped_column(String(80))
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def value(self) -> Promotion:
        """The offer as a value."""

        def some(names: list[str] | None) -> frozenset[str] | None:
            return None if names is None else frozenset(names)

        return Promotion(
            self.id, self.name, OfferKind(self.kind), Period(self.first_day, self.last_day), Money(self.budget_cents),
            self.pct, self.off_cents, self.flat_cents, self.code, some(self.networks), some(self.products),
            some(self.riders), self.uses_max, self.per_person, self.partner, self.source,
        )  # fmt: skip


class PromotionUseRow(Base):
    """One order that used an offer. `person`: a keyed mark of who, where the offer counts by person."""

    __tablename__ = "billettique_promotion_use"
    __table_args__ = (Index(None, "promotion_id", "person"),)

    order_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    promotion_id: Mapped[str] = mapped_column(ForeignKey("billettique_promotion.id"))
    person: Mapped[str | None] = mapped_column(String(64))
    cents: Mapped[int]
    used_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


describe(
    PromotionRow,
    purpose="say which offers apply, decided by which act, and what they have cost",
    keep=Always("public money: what an offer cost is explained later; it holds random subject ids only"),
    plain="id name kind code first_day last_day pct off_cents flat_cents networks products riders budget_cents "
    "uses_max per_person partner source spent_cents used drafted_by created_at approved_by approved_at act_number "
    "stopped_at",
)
describe(
    PromotionUseRow,
    purpose="hold the limit of an offer by person, and give back what an order that failed had used",
    keep=Days(366, after="used_at", then=BLANK),
    personal={"person": "a keyed mark of the account or of the address of the order, to count uses by person"},
    plain="order_id promotion_id cents used_at released_at",
)


# Asked with every journey shown: made once.
_IN_FORCE: Final = (
    select(PromotionRow)
    .where(
        PromotionRow.approved_at.is_not(None),
        PromotionRow.stopped_at.is_(None),
        PromotionRow.first_day <= bindparam("day"),
        PromotionRow.last_day >= bindparam("day"),
    )
    .order_by(PromotionRow.id)
)
_BY_THEMSELVES: Final = _IN_FORCE.where(PromotionRow.code.is_(None))
_BY_CODE: Final = _IN_FORCE.where(PromotionRow.code == bindparam("code"))


def in_force(session: Session, day: date, code: str | None = None) -> list[PromotionRow]:
    """The approved offers of a day: the one a code opens; without a code, those that apply by themselves."""
    if code is None:
        return list(session.scalars(_BY_THEMSELVES, {"day": day}))
    return list(session.scalars(_BY_CODE, {"day": day, "code": code}))


def every(session: Session) -> list[PromotionRow]:
    """All offers, the newest first."""
    return list(session.scalars(select(PromotionRow).order_by(PromotionRow.id.desc())))


def find(session: Session, promotion_id: str, *, locked: bool = False) -> PromotionRow | None:
    """One offer; locked when it is about to change."""
    asked = select(PromotionRow).where(PromotionRow.id == promotion_id)
    if locked:
        asked = asked.with_for_update().execution_options(populate_existing=True)
    return session.scalar(asked)


def spend(session: Session, promotion_id: str, cents: int) -> bool:
    """Take from the budget and count a use, unless a limit would be passed: one statement, checked by the database.
    Its row stays locked until the end of the transaction, so that limits by person are counted one at a time."""
    statement = (
        update(PromotionRow)
        .where(
            PromotionRow.id == promotion_id,
            PromotionRow.approved_at.is_not(None),
            PromotionRow.stopped_at.is_(None),
            PromotionRow.spent_cents + cents <= PromotionRow.budget_cents,
            or_(PromotionRow.uses_max.is_(None), PromotionRow.used < PromotionRow.uses_max),
        )
        .values(spent_cents=PromotionRow.spent_cents + cents, used=PromotionRow.used + 1)
        .execution_options(synchronize_session=False)
    )
    return changed(session, statement) == 1


def give_back(session: Session, promotion_id: str, cents: int) -> None:
    """The opposite of `spend`."""
    statement = (
        update(PromotionRow)
        .where(PromotionRow.id == promotion_id)
        .values(spent_cents=PromotionRow.spent_cents - cents, used=PromotionRow.used - 1)
        .execution_options(synchronize_session=False)
    )
    changed(session, statement)


def uses_by(session: Session, promotion_id: str, person: str) -> int:
    """How many orders of one person used an offer, those given back aside."""
    asked = select(func.count()).where(
        PromotionUseRow.promotion_id == promotion_id, PromotionUseRow.person == person,
        PromotionUseRow.released_at.is_(None),
    )  # fmt: skip
    return int(session.scalar(asked) or 0)


def use_of(session: Session, order_id: str) -> PromotionUseRow | None:
    """What an order used."""
    return session.get(PromotionUseRow, order_id)


def uses(session: Session, promotion_id: str) -> Sequence[PromotionUseRow]:
    """Every use of an offer, in the order of time."""
    asked = select(PromotionUseRow).where(PromotionUseRow.promotion_id == promotion_id)
    return list(session.scalars(asked.order_by(PromotionUseRow.used_at)))

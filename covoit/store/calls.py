"""Payment calls of operators that were paid: what was paid to which company, by which agreement. Never altered."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import BigInteger, Date, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from covoit.store.award_rows import AwardRow, StatementLineRow
from mobigo.infra.append_only import append_only
from mobigo.infra.db import Base, UtcDateTime
from mobigo.infra.privacy import Always, describe


class CallRow(Base):
    """One call of a closed month, of the scale (`supplement` "") or of a campaign, paid to the operator's company."""

    __tablename__ = "covoit_call_payment"

    operator: Mapped[str] = mapped_column(String(40), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    supplement: Mapped[str] = mapped_column(String(80), primary_key=True)
    cents: Mapped[int] = mapped_column(BigInteger)
    drivers: Mapped[int]
    left_out: Mapped[int]  # drivers of the call who are paid directly, or owe
    left_out_cents: Mapped[int] = mapped_column(BigInteger)
    reference: Mapped[str] = mapped_column(String(80))  # of the mandate
    paid_on: Mapped[date] = mapped_column(Date)
    beneficiary: Mapped[str] = mapped_column(String(256))
    siret: Mapped[str] = mapped_column(String(14))
    agreement: Mapped[str] = mapped_column(String(256))
    agreed_on: Mapped[date] = mapped_column(Date)
    purpose: Mapped[str] = mapped_column(String(256))
    recorded_by: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


append_only(CallRow)
describe(
    CallRow, purpose="say what was paid to which operator's company, and publish it",
    keep=Always("an accounting paper about companies: it names no person but the agent's random id"),
    plain="operator month supplement cents drivers left_out left_out_cents reference paid_on beneficiary siret "
    "agreement agreed_on purpose recorded_by recorded_at",
)  # fmt: skip


def find_call(session: Session, operator: str, month: str, supplement: str) -> CallRow | None:
    """The call, once it was paid."""
    return session.get(CallRow, (operator, month, supplement))


def calls(session: Session) -> Iterable[CallRow]:
    """Every call that was paid, in order."""
    asked = select(CallRow).order_by(CallRow.agreed_on, CallRow.siret, CallRow.month, CallRow.supplement)
    return session.scalars(asked)


def due_by_driver(session: Session, operator: str, month: str, supplement: str) -> dict[str, int]:
    """The cents of each driver on the lines of a call."""
    asked = (
        select(StatementLineRow.person, func.sum(StatementLineRow.line_cents))
        .join(AwardRow, AwardRow.id == StatementLineRow.award)
        .where(
            StatementLineRow.month == month, AwardRow.operator == operator, AwardRow.supplement == supplement,
        )
        .group_by(StatementLineRow.person)
        .order_by(StatementLineRow.person)
    )  # fmt: skip
    return {person: int(cents) for person, cents in session.execute(asked)}

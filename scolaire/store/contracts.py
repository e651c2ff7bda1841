"""Lots, their contracts with prices by vehicle type, depots and the vehicles that stand there.

A price is never edited: a contract ends and another begins. Amounts are cents without tax, as the contract says.
"""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import NotFound
from mobigo.infra.db import Base, UtcDateTime
from mobigo.infra.privacy import Always, describe

_WHY = "a public contract and its prices: the accounts of past years refer to them; no person"


class LotRow(Base):
    """A lot of the market: a sector, and the operator who drives it (None: not awarded yet)."""

    __tablename__ = "scolaire_lot"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    organisation: Mapped[str | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ContractRow(Base):
    """A contract of a lot, from a day to a day. `source`: the paper (deliberation, market number)."""

    __tablename__ = "scolaire_contract"
    __table_args__ = (Index(None, "lot", "first_day"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    lot: Mapped[str] = mapped_column(ForeignKey("scolaire_lot.id"))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    source: Mapped[str] = mapped_column(String(200))
    entered_by: Mapped[str] = mapped_column(String(26))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PriceRow(Base):
    """What a vehicle of a type costs by a contract: a day, a kilometre, an hour of its driver."""

    __tablename__ = "scolaire_price"
    __table_args__ = (
        UniqueConstraint("contract", "vehicle_type"),
        CheckConstraint("seats >= 0 AND wheelchairs >= 0 AND seats + wheelchairs > 0", name="places"),
        CheckConstraint("day_cents >= 0 AND km_cents >= 0 AND hour_cents >= 0 AND co2_g_km >= 0", name="amounts"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    contract: Mapped[str] = mapped_column(ForeignKey("scolaire_contract.id"))
    vehicle_type: Mapped[str] = mapped_column(String(40))
    seats: Mapped[int]
    wheelchairs: Mapped[int]
    day_cents: Mapped[int]
    km_cents: Mapped[int]
    hour_cents: Mapped[int]
    co2_g_km: Mapped[int]


class DepotRow(Base):
    """Where vehicles of a lot stand at night."""

    __tablename__ = "scolaire_depot"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    lot: Mapped[str] = mapped_column(ForeignKey("scolaire_lot.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    lat: Mapped[float]
    lon: Mapped[float]
    closed_on: Mapped[date | None] = mapped_column(Date)


class DepotVehicleRow(Base):
    """How many vehicles of a type stand at a depot. A depot without any row has as many as are asked for."""

    __tablename__ = "scolaire_depot_vehicle"
    __table_args__ = (CheckConstraint("vehicles >= 0", name="vehicles"),)

    depot: Mapped[str] = mapped_column(ForeignKey("scolaire_depot.id", ondelete="CASCADE"), primary_key=True)
    vehicle_type: Mapped[str] = mapped_column(String(40), primary_key=True)
    vehicles: Mapped[int]


describe(
    LotRow, purpose="know who drives which services", keep=Always(_WHY), plain="id code name organisation created_at"
)
describe(
    ContractRow, purpose="price services as the contract does", keep=Always(_WHY),
    plain="id lot first_day last_day source entered_by entered_at",
)  # fmt: skip
describe(
    PriceRow, purpose="price services as the contract does", keep=Always(_WHY),
    plain="id contract vehicle_type seats wheelchairs day_cents km_cents hour_cents co2_g_km",
)  # fmt: skip
describe(DepotRow, purpose="count empty kilometres", keep=Always(_WHY), plain="id lot name lat lon closed_on")
describe(
    DepotVehicleRow, purpose="plan no more vehicles than there are", keep=Always(_WHY),
    plain="depot vehicle_type vehicles",
)  # fmt: skip


def lots(session: Session) -> list[LotRow]:
    """Every lot, by code."""
    return list(session.scalars(select(LotRow).order_by(LotRow.code)))


def get_lot(session: Session, lot: str) -> LotRow:
    """Raises NotFound("scolaire.unknown_lot")."""
    row = session.get(LotRow, lot)
    if row is None:
        raise NotFound("scolaire.unknown_lot", lot=lot[:40])
    return row


def contract_on(session: Session, lot: str, day: date) -> ContractRow | None:
    """The contract of a lot in force on a day; the latest where two overlap."""
    return session.scalar(
        select(ContractRow)
        .where(ContractRow.lot == lot, ContractRow.first_day <= day, ContractRow.last_day >= day)
        .order_by(ContractRow.first_day.desc(), ContractRow.id.desc())
        .limit(1)
    )


def prices_of(session: Session, contract: str) -> list[PriceRow]:
    """The prices of a contract as it wrote them, by vehicle type."""
    return list(session.scalars(select(PriceRow).where(PriceRow.contract == contract).order_by(PriceRow.vehicle_type)))


def contracts_of(session: Session, lot: str) -> list[ContractRow]:
    """The contracts of a lot, latest first."""
    asked = select(ContractRow).where(ContractRow.lot == lot)
    return list(session.scalars(asked.order_by(ContractRow.first_day.desc(), ContractRow.id.desc())))


def depots_of(session: Session, lot: str, day: date) -> list[DepotRow]:
    """The depots of a lot that are open on a day, by name."""
    asked = select(DepotRow).where(DepotRow.lot == lot, DepotRow.closed_on.is_(None) | (DepotRow.closed_on > day))
    return list(session.scalars(asked.order_by(DepotRow.name, DepotRow.id)))


def vehicles_at(session: Session, depots: Collection[str]) -> dict[str, dict[str, int]]:
    """By depot, how many vehicles of each type stand there; depots that told nothing are left out."""
    found: dict[str, dict[str, int]] = {}
    asked = select(DepotVehicleRow).where(DepotVehicleRow.depot.in_(sorted(depots)))
    for row in session.scalars(asked):
        found.setdefault(row.depot, {})[row.vehicle_type] = row.vehicles
    return found

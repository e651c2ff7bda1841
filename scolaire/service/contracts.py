"""Lots, contracts with prices, depots: entered by a person, never edited once they price something."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mobigo.base.errors import Conflict, InvalidInput
from mobigo.base.geo import Point
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from scolaire.model.problem import VehicleType
from scolaire.store import contracts as store

AMOUNT_MOST_CENTS = 10_000_000


def add_lot(
    session: Session, *, code: str, name: str, organisation: str | None, by: str, now: datetime
) -> store.LotRow:
    """A lot. Raises InvalidInput("scolaire.lot_name"), Conflict("scolaire.lot_known")."""
    code, name = code.strip(), " ".join(name.split())
    if not 1 <= len(code) <= 40 or not 1 <= len(name) <= 200:
        raise InvalidInput("scolaire.lot_name")
    if session.scalar(select(store.LotRow.id).where(store.LotRow.code == code)) is not None:
        raise Conflict("scolaire.lot_known", lot=code)
    row = store.LotRow(id=new_id(now), code=code, name=name, organisation=organisation, created_at=now)
    session.add(row)
    session.flush()
    audit.record(session, "scolaire.lot_added", actor=by, object_kind="scolaire_lot", object_id=row.id, now=now)
    return row


def add_contract(
    session: Session, lot: str, *, first_day: date, last_day: date, source: str, prices: list[VehicleType], by: str,
    now: datetime,
) -> store.ContractRow:  # fmt: skip
    """A contract with its prices. Raises NotFound("scolaire.unknown_lot"), InvalidInput("scolaire.contract_days" |
    "scolaire.contract_source" | "scolaire.contract_prices")."""
    store.get_lot(session, lot)
    source = " ".join(source.split())
    if last_day < first_day:
        raise InvalidInput("scolaire.contract_days")
    if not 1 <= len(source) <= 200:
        raise InvalidInput("scolaire.contract_source")
    if not prices or len({each.id for each in prices}) < len(prices) or not all(_priced(each) for each in prices):
        raise InvalidInput("scolaire.contract_prices")
    row = store.ContractRow(
        id=new_id(now), lot=lot, first_day=first_day, last_day=last_day, source=source, entered_by=by, entered_at=now
    )
    session.add(row)
    session.flush()
    for each in prices:
        session.add(
            store.PriceRow(
                id=new_id(now), contract=row.id, vehicle_type=each.id, seats=each.seats, wheelchairs=each.wheelchairs,
                day_cents=each.day_cents, km_cents=each.km_cents, hour_cents=each.hour_cents, co2_g_km=each.co2_g_km,
            )
        )  # fmt: skip
    session.flush()
    audit.record(session, "scolaire.contract_added", actor=by, object_kind="scolaire_lot", object_id=lot, now=now)
    return row


def _priced(each: VehicleType) -> bool:
    figures = (each.day_cents, each.km_cents, each.hour_cents, each.co2_g_km)
    places = 0 <= each.seats <= 200 and 0 <= each.wheelchairs <= 50 and each.seats + each.wheelchairs > 0
    return 1 <= len(each.id) <= 40 and places and all(0 <= figure <= AMOUNT_MOST_CENTS for figure in figures)


def add_depot(
    session: Session, lot: str, *, name: str, at: Point, vehicles: dict[str, int], by: str, now: datetime
) -> store.DepotRow:
    """A depot, and how many vehicles of each type stand there (none named: as many as asked for). Raises
    InvalidInput("scolaire.depot_name" | "scolaire.depot_vehicles")."""
    store.get_lot(session, lot)
    name = " ".join(name.split())
    if not 1 <= len(name) <= 200:
        raise InvalidInput("scolaire.depot_name")
    if any(not 0 <= count <= 10_000 or not kind for kind, count in vehicles.items()):
        raise InvalidInput("scolaire.depot_vehicles")
    row = store.DepotRow(id=new_id(now), lot=lot, name=name, lat=at.lat, lon=at.lon, closed_on=None)
    session.add(row)
    session.flush()
    for kind, count in vehicles.items():
        session.add(store.DepotVehicleRow(depot=row.id, vehicle_type=kind, vehicles=count))
    session.flush()
    audit.record(session, "scolaire.depot_added", actor=by, object_kind="scolaire_lot", object_id=lot, now=now)
    return row

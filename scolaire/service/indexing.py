"""Prices that follow indices: a contract's formula entered once, values entered or imported, the prices of a day."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from mobigo.base.errors import Conflict, InvalidInput, NotFound
from mobigo.base.instants import paris_day
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from mobigo.infra.db import insert_new
from scolaire.model.indexing import Every, Formula, IndexValue, Revision, Rounding, Term
from scolaire.model.problem import VehicleType
from scolaire.rules.indexing import checked, decimal_of, revised, revision
from scolaire.store import contracts
from scolaire.store import indices as store


@dataclass(frozen=True, slots=True)
class Priced:
    """The prices of a lot on a day: as the contract wrote them, and revised. `revision` None: no formula."""

    contract: contracts.ContractRow
    written: tuple[VehicleType, ...]
    revised: tuple[VehicleType, ...]
    revision: Revision | None


def prices_on(session: Session, lot: str, day: date) -> Priced | None:
    """The prices of the contract of a lot in force on a day; None without one. Raises Refused(
    "scolaire.index_missing") where the formula needs an index of which no value was published by the revision."""
    contract = contracts.contract_on(session, lot, day)
    if contract is None:
        return None
    written = tuple(
        VehicleType(
            row.vehicle_type, row.seats, row.wheelchairs, row.day_cents, row.km_cents, row.hour_cents, row.co2_g_km
        )
        for row in contracts.prices_of(session, contract.id)
    )
    formula = formula_of(session, contract.id)
    if formula is None:
        return Priced(contract, written, written, None)
    found = revision(formula, values(session), first_day=contract.first_day, day=day)
    new = tuple(
        VehicleType(
            each.id, each.seats, each.wheelchairs, revised(each.day_cents, found), revised(each.km_cents, found),
            revised(each.hour_cents, found), each.co2_g_km,
        )
        for each in written
    )  # fmt: skip
    return Priced(contract, written, new, found)


def add_formula(session: Session, contract: str, formula: Formula, *, by: str, now: datetime) -> None:
    """Enter the formula of a contract, once: the next contract may have another. Raises NotFound(
    "scolaire.unknown_contract"), Conflict("scolaire.formula_known"), InvalidInput("scolaire.formula_article") and what
    `rules.indexing.checked` raises."""
    if session.get(contracts.ContractRow, contract) is None:
        raise NotFound("scolaire.unknown_contract")
    checked(formula)
    article = " ".join(formula.article.split())
    if not 1 <= len(article) <= 200:
        raise InvalidInput("scolaire.formula_article")
    row = {
        "contract": contract, "fixed": str(formula.fixed), "every": str(formula.every), "month": formula.month,
        "terms": [
            {"code": each.code, "weight": str(each.weight), "base": str(each.base)} for each in formula.terms
        ],
        "decimals": formula.decimals, "rounding": str(formula.rounding), "article": article, "entered_by": by,
        "entered_at": now,
    }  # fmt: skip
    if not insert_new(session, store.FormulaRow, row, unique=("contract",)):
        raise Conflict("scolaire.formula_known")
    audit.record(
        session, "scolaire.formula_added", actor=by, object_kind="scolaire_contract", object_id=contract, now=now
    )


def formula_of(session: Session, contract: str) -> Formula | None:
    """The formula of a contract as the rules read it."""
    row = store.find_formula(session, contract)
    if row is None:
        return None
    terms = tuple(Term(each["code"], Decimal(each["weight"]), Decimal(each["base"])) for each in row.terms)
    return Formula(
        Decimal(row.fixed), terms, Every(row.every), row.month, row.decimals, Rounding(row.rounding), row.article
    )


def values(session: Session) -> list[IndexValue]:
    """Every value, corrections after what they correct."""
    return [IndexValue(row.code, row.published_on, Decimal(row.value), row.source) for row in store.values(session)]


def enter_value(
    session: Session, code: str, published_on: date, value: Decimal, source: str, *, by: str, now: datetime
) -> str:
    """Enter a value of an index; "new", "changed" for a correction (another row), "same". Raises InvalidInput(
    "scolaire.index_value" | "scolaire.index_day")."""
    code, source = " ".join(code.split()), " ".join(source.split())
    if not 1 <= len(code) <= 40 or not 1 <= len(source) <= 200 or value <= 0:
        raise InvalidInput("scolaire.index_value")
    if published_on > paris_day(now):
        raise InvalidInput("scolaire.index_day")
    known = [row for row in store.values(session) if (row.code, row.published_on) == (code, published_on)]
    if known and Decimal(known[-1].value) == value:
        return "same"
    number = known[-1].number + 1 if known else 1
    row = {
        "id": new_id(now), "code": code, "published_on": published_on, "number": number, "value": str(value),
        "source": source, "entered_by": by, "entered_at": now,
    }  # fmt: skip
    if not insert_new(session, store.IndexValueRow, row, unique=("code", "published_on", "number")):
        raise Conflict("scolaire.index_moved", index=code)
    audit.record(
        session, "scolaire.index_entered", actor=by, object_kind="scolaire_index", object_id=code, now=now,
        detail={"published_on": published_on.isoformat(), "value": str(value), "number": number},
    )  # fmt: skip
    return "changed" if known else "new"


def term_of(code: str, weight: str, base: str) -> Term:
    """A term as people write it. Raises InvalidInput("scolaire.formula_number")."""
    told = decimal_of(weight), decimal_of(base)
    if told[0] is None or told[1] is None:
        raise InvalidInput("scolaire.formula_number")
    return Term(" ".join(code.split())[:40], told[0], told[1])

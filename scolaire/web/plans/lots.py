"""Lots, contracts with prices, depots; and, for an operator, the services of one's own lots."""

from datetime import date

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from mobigo.base.errors import InvalidInput, NotFound, Refused
from mobigo.base.geo import Point
from mobigo.base.instants import paris_day
from mobigo.infra import grants
from mobigo.infra.auth import Permission, requires, signed_in
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services
from scolaire.export.sheets import driver_sheet, school_list
from scolaire.model.problem import VehicleType
from scolaire.service import contracts as service
from scolaire.service import indexing, papers, published
from scolaire.store import contracts as store
from scolaire.web.plans import bp
from scolaire.web.plans.forms import half_name, me, refused, text, writing
from scolaire.web.plans.papers import attached

PLAN = Permission.SCHOOL_PLAN
LINES = 4


@bp.get("/lots")
@requires(PLAN)
def lots() -> ResponseReturnValue:
    """Every lot with the contract in force, its prices and depots."""
    today = paris_day(now())
    with reading(services().engine) as session:
        rows = [
            {
                "lot": lot, "contracts": store.contracts_of(session, lot.id),
                "prices": _prices(session, lot.id, today), "depots": store.depots_of(session, lot.id, today),
                "vehicles": store.vehicles_at(session, [each.id for each in store.depots_of(session, lot.id, today)]),
            }
            for lot in store.lots(session)
        ]  # fmt: skip
        organisations = grants.list_organisations(session)
    return render_template(
        "scolaire/lots.html", rows=rows, organisations=organisations, lines=range(LINES),
        organisation_of={each.id: each.name for each in organisations},
    )  # fmt: skip


@bp.post("/lots")
@requires(PLAN)
def add_lot() -> ResponseReturnValue:
    """Enters a lot."""

    def act() -> None:
        with writing() as session:
            service.add_lot(
                session, code=text("code", 40), name=text("name"), organisation=text("organisation", 26) or None,
                by=me(), now=now(),
            )  # fmt: skip
        flash(_("Le lot est enregistré."), "good")

    refused(act)
    return redirect(url_for("school_plans.lots"), 303)


@bp.post("/lots/<lot_id>/contrats")
@requires(PLAN)
def add_contract(lot_id: str) -> ResponseReturnValue:
    """Enters a contract and its prices."""

    def act() -> None:
        prices = [
            VehicleType(
                text(f"type-{n}", 40), _whole(f"seats-{n}"), _whole(f"wheelchairs-{n}"), _cents(f"day-{n}"),
                _cents(f"km-{n}"), _cents(f"hour-{n}"), _whole(f"co2-{n}"),
            )
            for n in range(LINES)
            if text(f"type-{n}", 40)
        ]  # fmt: skip
        with writing() as session:
            service.add_contract(
                session, lot_id, first_day=_day("first_day"), last_day=_day("last_day"), source=text("source"),
                prices=prices, by=me(), now=now(),
            )  # fmt: skip
        flash(_("Le contrat et ses prix sont enregistrés."), "good")

    refused(act)
    return redirect(url_for("school_plans.lots"), 303)


@bp.post("/lots/<lot_id>/depots")
@requires(PLAN)
def add_depot(lot_id: str) -> ResponseReturnValue:
    """Enters a depot."""

    def act() -> None:
        try:
            at = Point(float(text("lat", 20).replace(",", ".")), float(text("lon", 20).replace(",", ".")))
        except ValueError:
            raise InvalidInput("scolaire.depot_place") from None
        with writing() as session:
            service.add_depot(session, lot_id, name=text("name"), at=at, vehicles=_vehicles(), by=me(), now=now())
        flash(_("Le dépôt est enregistré."), "good")

    refused(act)
    return redirect(url_for("school_plans.lots"), 303)


def _prices(session: Session, lot: str, today: date) -> tuple[VehicleType, ...] | None:
    """The prices in force, revised; none without a contract; None where an index of its formula has no value yet."""
    try:
        found = indexing.prices_on(session, lot, today)
    except Refused:
        return None
    return () if found is None else found.revised


def _vehicles() -> dict[str, int]:
    """ "car-63 : 4" on each line. Raises InvalidInput("scolaire.depot_vehicles")."""
    found = {}
    for line in text("vehicles", 1_000).splitlines():
        if line.strip():
            kind, colon, count = line.rpartition(":")
            if not colon or not (count.strip().isascii() and count.strip().isdigit()):
                raise InvalidInput("scolaire.depot_vehicles")
            found[kind.strip()] = int(count.strip())
    return found


def _whole(name: str) -> int:
    given = text(name, 9) or "0"
    if not (given.isascii() and given.isdigit()):
        raise InvalidInput("scolaire.contract_prices")
    return int(given)


def _cents(name: str) -> int:
    whole, _dot, part = (text(name, 12) or "0").replace(",", ".").replace(" ", "").partition(".")
    if not (
        whole.isascii() and whole.isdigit() and len(part) <= 2 and (not part or (part.isascii() and part.isdigit()))
    ):
        raise InvalidInput("scolaire.contract_prices")
    return int(whole) * 100 + int((part or "0").ljust(2, "0"))


def _day(name: str) -> date:
    try:
        return date.fromisoformat(text(name, 10))
    except ValueError:
        raise InvalidInput("scolaire.contract_days") from None


# ---------------------------------------------------------------- operators and schools: their own


@bp.get("/les-miens")
@requires(Permission.SCHOOL_PUPILS)
def own_services() -> ResponseReturnValue:
    """What is in force: for an operator the services of one's own lots, for a school its own list."""
    identity = signed_in()
    with reading(services().engine) as session:
        own = identity.organisations(Permission.SCHOOL_PUPILS)
        found = published.seen_by(session, own)
        lent = [] if own is None else published.replacing(session, own, paris_day(now()))
    return render_template("scolaire/own_services.html", found=found, lent=lent, half_name=half_name)


@bp.get("/les-miens/<version_id>/<half>/<bus>.pdf")
@requires(Permission.SCHOOL_PUPILS)
def own_sheet(version_id: str, half: str, bus: str) -> ResponseReturnValue:
    """The driver's sheet of a bus of one's own lot, or of one that drives a service one replaces these days."""
    own, today = signed_in().organisations(Permission.SCHOOL_PUPILS), paris_day(now())
    with reading(services().engine) as session:
        mine = published.of_lots(session, own)
        replaced = published.replacing(session, own, today) if own is not None else []
        lent = [each for each in replaced if (half, bus) in each.lent]
        found = next((each for each in (*mine, *lent) if each.opened.row.id == version_id), None)
        notes = {} if found is None else papers.notes_of(session, found.plan.id, today, names=True)
    plans = found.opened.plan.halves if found is not None else {}
    if found is None or half not in plans or all(each.id != bus for each in plans[half].blocks):
        raise NotFound("scolaire.edit_unknown", name=bus[:40])
    row = found.opened.row
    content = driver_sheet(
        found.opened.plan, found.opened.demand, half, bus, version=f"v{row.number}", made_at=row.made_at, notes=notes,
        turns=papers.turns_of(found.opened, half, bus, services().school_roads),
    )  # fmt: skip
    return attached(content, f"fiche-{half}-{bus}.pdf", "application/pdf")


@bp.get("/les-miens/<version_id>/<school>.csv")
@requires(Permission.SCHOOL_PUPILS)
def own_list(version_id: str, school: str) -> ResponseReturnValue:
    """Who is expected at one's own school, by name."""
    with reading(services().engine) as session:
        mine = published.of_schools(session, signed_in().organisations(Permission.SCHOOL_PUPILS))
        found = next((each for each in mine if each.opened.row.id == version_id and school in each.schools), None)
        if found is None:
            raise NotFound("scolaire.edit_unknown", name=school[:40])
        content = school_list(
            found.opened.plan, found.opened.demand, school, papers.names_of(session, found.opened, school)
        )
    return attached(content, f"liste-{school}.csv", "text/csv; charset=utf-8")

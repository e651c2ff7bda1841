"""A second coach on a service for some days: entered by an agent, or by whoever drives the service; what it costs."""

import csv
import io

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.base.sheets import neutral
from mobigo.infra import auth, grants
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services
from scolaire.export.sheets import second_sheet
from scolaire.model.running import Run
from scolaire.rules.asking import current_year
from scolaire.rules.days import held_until
from scolaire.service import counting, notices, papers
from scolaire.service import doubling as service
from scolaire.service.running import every_run
from scolaire.store import coaches as store
from scolaire.store import stops as stops_store
from scolaire.store.notices import NoticeRow
from scolaire.web import bp
from scolaire.web.days.choosing import half_word, service_chosen, service_options
from scolaire.web.forms import Faults, day_of, looking, me, text, writing
from scolaire.web.plans.papers import attached

STOPS_MOST = 60


@bp.get("/scolaire/doublages")
@requires(Permission.SCHOOL_PUPILS)
def doublings() -> ResponseReturnValue:
    """The last second coaches, what they cost, and a form for another, stop by stop once a service is chosen."""
    return _page(Faults())


@bp.post("/scolaire/doublages")
@requires(Permission.SCHOOL_PUPILS)
def double() -> ResponseReturnValue:
    """Adds a second coach and tells the families; ends one; or, for an agent, agrees to pay one."""
    faults, told = Faults(), ""
    with faults.caught(), writing() as session:
        own = may_enter()
        if text("end", 26):
            service.end(session, text("end", 26), me(), now(), organisations=own)
            told = _("Le second car ne roule plus ; les familles sont prévenues.")
        elif text("agree", 26):
            if own is not None:
                raise NotFound("scolaire.unknown_added_coach")
            service.agree(session, text("agree", 26), me(), now())
            told = _("Le doublage est accepté : le contrat le paie.")
        else:
            row = service.double(session, _asked(), by=me(), organisations=own, now=now())
            notice = session.get_one(NoticeRow, row.notice)
            told = _("Second car enregistré. Familles prévenues : %(told)s ; sans téléphone ni e-mail : "
                     "%(unreached)s.", told=notice.told, unreached=notice.unreached)  # fmt: skip
    if faults:
        return _page(faults)
    flash(told, "good")
    return redirect(url_for("scolaire.doublings"), 303)


@bp.get("/scolaire/doublages.csv")
@requires(Permission.SCHOOL_PUPILS)
def doublings_file() -> ResponseReturnValue:
    """The second coaches with what the contract pays, for a spreadsheet."""
    written = io.StringIO()
    sheet = csv.writer(written, delimiter=";", lineterminator="\r\n")
    sheet.writerow(
        [_("Plan"), _("Service"), _("Premier jour"), _("Dernier jour"), _("Véhicule"), _("Places assises"),
         _("Numéro affiché"), _("Transporteur"), _("Pourquoi"), _("Jours roulés"), _("Prix hors taxe, en centimes"),
         _("Accepté")]
    )  # fmt: skip
    with looking() as session:
        rows, names = _rows(session, 1_000), {row.id: row.name for row in grants.list_organisations(session)}
        for row, run, cost, _notice, _left in rows:
            who = names.get(row.organisation or (run.operator if run else "") or "", "")
            cells = [
                "" if run is None else run.plan_name, row.service, row.first_day, held_until(row), row.vehicle,
                row.seats, row.shown, who, row.reason, "" if cost is None else cost.days,
                "" if cost is None or cost.cents is None else cost.cents, _("oui") if row.agreed_by else _("non"),
            ]  # fmt: skip
            sheet.writerow([neutral(str(cell)) for cell in cells])
    return Response(
        "\ufeff" + written.getvalue(), content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="doublages.csv"', "Cache-Control": "private, no-store"},
    )  # fmt: skip


@bp.get("/scolaire/doublages/<added>/fiche.pdf")
@requires(Permission.SCHOOL_PUPILS)
def doubling_sheet(added: str) -> ResponseReturnValue:
    """The driver's sheet of the second coach: its stops, its pupils counted, the planned hours."""
    with looking() as session:
        (row,) = service.seen_by(session, [store.get_added(session, added)], may_enter()) or (None,)
        opened = None if row is None else service.opened_of(session, row.plan)
        run = None if row is None else _runs(session, row).get((row.plan, row.service))
        if row is None or opened is None or run is None:
            raise NotFound("scolaire.unknown_added_coach")
        note = papers.doubled(session, row)
    content = second_sheet(
        opened.plan, opened.demand, run.half, run.service, row.stops, vehicle=row.vehicle, shown=row.shown,
        version=f"v{opened.row.number}", made_at=row.made_at, note=note,
    )  # fmt: skip
    return attached(content, f"fiche-doublage-{run.service}.pdf", "application/pdf")


def may_enter() -> frozenset[str] | None:
    """Whose services one may double: all for an agent who decides; else those that one's own organisations drive."""
    identity = auth.signed_in()
    if identity.may(Permission.SCHOOL_DECIDE) and identity.organisations(Permission.SCHOOL_DECIDE) is None:
        return None
    return identity.organisations(Permission.SCHOOL_PUPILS) or frozenset()


def _asked() -> service.Doubling:
    plan, name = service_chosen()
    chosen = request.form.getlist("stops")
    if len(chosen) > STOPS_MOST:
        raise InvalidInput("scolaire.doubling_stops")
    return service.Doubling(
        plan, name, day_of("first_day"), day_of("last_day"), text("vehicle", 60), _whole("seats"),
        _whole("wheelchairs"), text("reason", 300), text("shown", 30), text("organisation", 26) or None,
        stops=frozenset(chosen),
    )  # fmt: skip


def _whole(name: str) -> int:
    given = text(name, 4) or "0"
    if not (given.isascii() and given.isdigit()):
        raise InvalidInput("scolaire.substitution_vehicle", seats=200, wheelchairs=50)
    return int(given)


Row = tuple[store.AddedCoachRow, Run | None, service.Priced | None, NoticeRow | None, int]


def _rows(session: Session, most: int) -> list[Row]:
    found: list[Row] = []
    for row in service.seen_by(session, store.latest_added(session, most), may_enter()):
        opened, run = service.opened_of(session, row.plan), _runs(session, row).get((row.plan, row.service))
        cost = None if opened is None or run is None else service.price_of(session, row, opened, run)
        notice = session.get(NoticeRow, row.notice)
        found.append((row, run, cost, notice, 0 if notice is None else notices.sent_of(session, notice)[0]))
    return found


def _runs(session: Session, row: store.AddedCoachRow) -> dict[tuple[str, str], Run]:
    return {run.key: run for run in every_run(session, current_year(row.first_day))}


def _page(faults: Faults) -> ResponseReturnValue:
    today, typed, own = paris_day(now()), request.form, may_enter()
    asked = typed.get("service") or request.args.get("service", "")
    with looking() as session:
        runs = [run for run in every_run(session, current_year(today)) if own is None or run.operator in own]
        chosen = next((run for run in runs if f"{run.plan}/{run.service}" == asked), None)
        places = [] if chosen is None else [stops_store.get_stop(session, each) for each in chosen.stops]
        rows = _rows(session, 50)
        organisations = grants.list_organisations(session)
        over = counting.judged(session, today, services().validations).overloads if own is None else []
    total = sum(cost.cents or 0 for row, _run, cost, _notice, _left in rows if cost is not None and row.agreed_by)
    page = render_template(
        "scolaire/doublings.html", rows=rows, total=Money(total), today=today, errors=faults.by_field, typed=typed,
        options=service_options(runs), chosen=chosen, places=places, asked=asked, agent=own is None,
        ticked=typed.getlist("stops"), half_word=half_word,
        over=[each for each in over if each.key in {run.key for run in runs}][:5], until=held_until,
        operators=[("", _("Le transporteur du lot"))]
        + [(each.id, each.name) for each in organisations if own is None or each.id in own],
        name_of={each.id: each.name for each in organisations},
    )  # fmt: skip
    return page, faults.status if faults else 200, {"Cache-Control": "private, no-store"}

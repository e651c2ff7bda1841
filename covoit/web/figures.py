"""For those who decide: the month's spending by line, and what another scale would change. Figures, never a name."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from covoit.model.figures import per_passenger
from covoit.model.journeys import ProofClass
from covoit.model.scale import Scale
from covoit.service import figures as service
from covoit.service import lines as lines_service
from covoit.service.closing import first_day_of
from covoit.service.figures import KeptTrips
from covoit.web import bp
from mobigo.base.errors import InvalidInput
from mobigo.base.instants import paris_day
from mobigo.infra import formats
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services

# The figures a form may move: name → (least, most, step) of what is typed, and how many of the rule's unit one is.
FIELDS: Final[Mapping[str, tuple[float, float, float, int]]] = {
    "rate": (0, 0.5, 0.01, 100),  # euros a kilometre, kept in cents
    "bonus": (0, 5, 0.1, 100),  # euros a passenger
    "first": (1, 3, 1, 1),
    "most": (1, 8, 1, 1),
    "trips_per_day": (0, 20, 1, 1),
    "month_euros": (0, 1_000, 1, 100),
    "budget_euros": (0, 10_000_000, 1, 100),
}
DAYS_MAX: Final = 400


@bp.get("/covoiturage/chiffres")
@requires(Permission.COVOIT_READ)
def figures() -> ResponseReturnValue:
    """The month by line: spending, passengers, net cost of a passenger's journey; the months beside it."""
    with reading(services().engine) as session:
        months = service.months_known(session)
        if not months:
            return render_template("covoit/figures.html", months=[], shown=None)
        asked = request.args.get("mois")
        month = first_day_of(asked) if asked else months[-1]
        shown = service.figures_of(session, month)
        series = service.series(session, months)
    return render_template(
        "covoit/figures.html",
        months=months,
        months_options=[(f"{each:%Y-%m}", _month_name(each)) for each in reversed(months)],
        month=month,
        shown=shown,
        series=series,
        names=_names(),
        per_passenger=per_passenger,
        month_name=_month_name,
    )


@bp.get("/covoiturage/chiffres/mois.svg")
@requires(Permission.COVOIT_READ)
def figures_chart() -> ResponseReturnValue:
    """Subsidies and fares of the last months, in euros."""
    with reading(services().engine) as session:
        series = service.series(session, service.months_known(session))
    rows = [
        (formats.short_month(each.month, current_language()), name, cents / 100)
        for each in series
        for name, cents in ((_("Aides"), each.whole.subsidy.cents), (_("Recettes"), each.whole.fares.cents))
    ]
    return _svg(rows, _("euros"))


@bp.get("/covoiturage/chiffres.csv")
@requires(Permission.COVOIT_READ)
def figures_csv() -> ResponseReturnValue:
    """The same table for a spreadsheet: one row a month and line, amounts in euros."""
    from covoit.export.figures import figures_table

    with reading(services().engine) as session:
        series = service.series(session, service.months_known(session))
    response = make_response(figures_table(series, _names()))
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = 'attachment; filename="covoiturage-chiffres.csv"'
    return response


def _svg(rows: list[tuple[str, str, float]], unit: str) -> Response:
    from mobigo.infra.charts import bars

    response = make_response(bars(rows, unit=unit, dark=request.args.get("fond") == "sombre"))
    response.headers["Content-Type"] = "image/svg+xml"
    return response


# ---------------------------------------------------------------- what another scale would change


@bp.get("/covoiturage/simulation")
@requires(Permission.COVOIT_READ)
def simulation() -> ResponseReturnValue:
    """A scale with other figures, on past trips, by the engine that pays: cost, winners and losers, line by line."""
    first_day, last_day, faults = _days()
    change, typed, figure_faults = _change(_base(last_day))
    faults |= figure_faults
    answer = None if faults else _answer(first_day, last_day, change)
    page = render_template(
        "covoit/simulation.html",
        first_day=first_day,
        last_day=last_day,
        fields=FIELDS,
        typed=typed,
        errors=faults,
        answer=answer,
        base=_base(last_day),
        names=_names(),
        source_pairs=[(name, name) for name in service.registry_files(services().config.home)],
        source=request.args.get("voyages", ""),
        sentences=[sentence(each) for each in answer.assumptions] if answer is not None else [],
        chart=f"{url_for('covoit.simulation_chart')}?{urlencode(request.args.to_dict())}",
        month_name=_month_name,
    )
    return page, 422 if faults else 200


@bp.get("/covoiturage/simulation/montants.svg")
@requires(Permission.COVOIT_READ)
def simulation_chart() -> ResponseReturnValue:
    """How many trips get how much, under both scales."""
    first_day, last_day, faults = _days()
    change, _typed, figure_faults = _change(_base(last_day))
    if faults or figure_faults:
        raise InvalidInput("covoit.bad_figures")
    language = current_language()
    rows = []
    for each in _answer(first_day, last_day, change).histogram:
        low = formats.number(each.from_cents / 100, language)
        label = f"{low} +" if each.to_cents is None else low
        rows += [(label, _("aujourd’hui"), float(each.before)), (label, _("simulé"), float(each.after))]
    return _svg(rows, _("trajets, par montant d’aide en euros"))


def _base(day: date) -> Scale:
    from covoit.service.simulation import base_scale

    return base_scale(day, None, services().config.home)


def _days() -> tuple[date, date, dict[str, str]]:
    """The days simulated: those asked, else the last six months until yesterday."""
    today = paris_day(now())
    first_day, last_day = today - timedelta(days=183), today - timedelta(days=1)
    faults: dict[str, str] = {}
    for name in ("du", "au"):
        text = request.args.get(name, "")
        if text:
            try:
                found = date.fromisoformat(text)
            except ValueError:
                faults[name] = _("Un jour s’écrit comme 2026-11-24.")
                continue
            first_day, last_day = (found, last_day) if name == "du" else (first_day, found)
    if not faults and not first_day <= last_day:
        faults["au"] = _("La période finit avant de commencer.")
    elif not faults and (last_day - first_day).days > DAYS_MAX:
        faults["au"] = _("La période est trop longue : %(days)s jours au plus.") % {"days": DAYS_MAX}
    return first_day, last_day, faults


def _change(base: Scale) -> tuple[Any, dict[str, str], dict[str, str]]:
    """What the form changes of the scale in force; what was typed, to show it again; what cannot be read."""
    from decimal import Decimal

    from covoit.service.simulation import Change

    shown = {
        "rate": f"{base.rate_cents * 1000 / base.rate_unit_m / 100:.2f}",
        "bonus": f"{base.bonus_cents / 100:.2f}",
        "first": str(base.first_counted_passenger),
        "most": str(base.passengers_max),
        "trips_per_day": "",
        "month_euros": "",
        "budget_euros": "",
    }
    values: dict[str, int] = {}
    faults: dict[str, str] = {}
    language = current_language()
    for name, (least, most, _step, unit) in FIELDS.items():
        text = request.args.get(name, "").strip().replace(",", ".").replace("\u202f", "").replace("\xa0", "")
        if not text:
            continue
        shown[name] = text[:20]
        try:
            exact = Decimal(text) * unit
        except ArithmeticError:  # no number, or one too large for any
            exact = Decimal("NaN")
        if exact.is_nan() or exact != exact.to_integral_value() or not least <= exact / unit <= most:
            low, high = formats.number(Decimal(str(least)), language), formats.number(Decimal(str(most)), language)
            faults[name] = _("Un nombre de %(least)s à %(most)s.") % {"least": low, "most": high}
            continue
        values[name] = int(exact)
    change = Change(
        rate_cents=values.get("rate"),
        rate_unit_m=1_000 if "rate" in values else None,
        bonus_cents=values.get("bonus"),
        first_counted_passenger=values.get("first"),
        passengers_max=values.get("most"),
        trips_per_day=values.get("trips_per_day"),
        driver_month_cents=values.get("month_euros"),
        budget_cents=values.get("budget_euros"),
        proof_class_min=ProofClass.C if request.args.get("proof") == "C" else None,
    )
    return change, shown, faults


def _answer(first_day: date, last_day: date, change: Any) -> Any:
    from covoit.service.simulation import simulate

    kept = services().part(KeptTrips, lambda shared: KeptTrips(shared.engine, shared.config.home))
    file = request.args.get("voyages", "")
    trips = kept.of_registry(file, now()) if file else kept.own(first_day, last_day, now())
    return simulate(trips, _base(last_day), change)


def _names() -> dict[str | None, str]:
    """The names of the lines by code, and what is said of the rest."""
    named: dict[str | None, str] = {line.code: line.name for line in lines_service.current_lines(paris_day(now()))}
    return named | {None: _("Hors des lignes")}


def _month_name(month: date) -> str:
    return formats.month(f"{month:%Y-%m}", current_language()).replace(" ", formats.NBSP)

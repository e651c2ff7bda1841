"""For those who decide: validations, revenue by line, ways and loads of a month. Figures of counts, never a ticket."""

import csv
import io
from datetime import date
from typing import Any, Final

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue

from billettique.model.orders import Channel
from billettique.service import served_lines
from billettique.service import usage as service
from billettique.service.usage import Figures
from billettique.web import bp
from billettique.web.counter.regie import month_typed
from mobigo.base.errors import InvalidInput
from mobigo.base.sheets import neutral
from mobigo.infra import formats
from mobigo.infra.auth import Permission, requires
from mobigo.infra.db import reading
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services

SHOWN: Final = 20


@bp.get("/titres/chiffres")
@requires(Permission.SALES_READ)
def usage() -> ResponseReturnValue:
    """The month: by line with what it earned, by hour, product and channel; ways, and the fullest trips of a line."""
    month = _month()
    lines = served_lines.lines_of(services().networks)
    with reading(services().engine) as session:
        months = service.months_known(session)
        if not months and "mois" not in request.args:
            return render_template("billettique/usage.html", months=[], shown=None)
        if "mois" not in request.args:
            month = months[-1]
        shown = service.figures_of(session, month)
        line = request.args.get("ligne", "")
        ways = [[stop.place for stop in way] for way in lines[line].directions] if line in lines else []
        loads = service.loads_of(session, line, ways, month, service.last_day(month))[:SHOWN] if line else []
    names = _stop_names(lines)
    return render_template(
        "billettique/usage.html",
        months=[(f"{each:%Y-%m}", _month_name(each)) for each in reversed(months)],
        month=month,
        month_name=_month_name(month),
        shown=shown,
        line_names={code: each.name for code, each in lines.items()},
        stop_name=lambda code: names.get(code, code) or _("non précisé"),
        km=served_lines.vehicle_km(services().networks, month, service.last_day(month)),
        channels=channel_words(),
        hours=range(24),
        top=SHOWN,
        line=line,
        loads=loads,
    )


@bp.get("/titres/chiffres/<name>.svg")
@requires(Permission.SALES_READ)
def usage_chart(name: str) -> ResponseReturnValue:
    """A chart of the month: by hour, by line, by day, by channel."""
    from mobigo.infra.charts import bars

    month = _month()
    with reading(services().engine) as session:
        shown = service.figures_of(session, month)
    rows, unit = _rows(name, shown)
    response = make_response(bars(rows, unit=unit, dark=request.args.get("fond") == "sombre"))
    response.headers["Content-Type"] = "image/svg+xml"
    return response


@bp.get("/titres/chiffres.csv")
@requires(Permission.SALES_READ)
def usage_csv() -> ResponseReturnValue:
    """The month by line for a spreadsheet; amounts in euros, without tax."""
    month = _month()
    with reading(services().engine) as session:
        shown = service.figures_of(session, month)
    km = served_lines.vehicle_km(services().networks, month, service.last_day(month))
    out = io.StringIO()
    table = csv.writer(out, delimiter=";", lineterminator="\r\n")
    table.writerow(["mois", "ligne", "validations", "recette_ht_eur", "km_vehicules", "controles", "irregularites"])
    for each in shown.lines:
        cents = each.revenue.cents
        euros = f"{'-' if cents < 0 else ''}{abs(cents) // 100},{abs(cents) % 100:02}"
        length = f"{km[each.line]:.1f}".replace(".", ",") if each.line in km else ""
        table.writerow([f"{month:%Y-%m}", neutral(each.line), each.uses, euros, length, each.checks, each.faults])
    response = make_response("\ufeff" + out.getvalue())
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="titres-{month:%Y-%m}.csv"'
    return response


def channel_words() -> dict[str, str]:
    """What each channel of sale is called."""
    return {
        str(Channel.ONLINE): _("En ligne"),
        str(Channel.COUNTER): _("Guichet"),
        str(Channel.PHONE): _("Téléphone"),
        str(Channel.POST): _("Courrier"),
        str(Channel.RESELLER): _("Revendeur"),
        str(Channel.PARTNER): _("Partenaire"),
        "": _("Autre vendeur, ou inconnu"),
    }


def _rows(name: str, shown: Figures) -> tuple[list[tuple[str, str, float]], str]:
    series = _("validations")
    if name == "heures":
        return [(str(hour), series, float(shown.by_hour.get(hour, 0))) for hour in range(24)], series
    if name == "jours":
        return [(str(day.day), series, float(count)) for day, count in sorted(shown.by_day.items())], series
    if name == "lignes":
        names = {code: each.name for code, each in served_lines.lines_of(services().networks).items()}
        lines = sorted(shown.lines, key=lambda each: (-each.uses, each.line))[:8]
        return [(names.get(each.line, each.line)[:24] or "—", series, float(each.uses)) for each in lines], series
    if name == "canaux":
        words: dict[str, Any] = channel_words()
        return [(words.get(each, each), series, float(count)) for each, count in shown.by_channel.items()], series
    raise InvalidInput("billettique.no_such_chart")


def _month() -> date:
    return month_typed(request.args.get("mois", ""))


def _month_name(month: date) -> str:
    return formats.month(f"{month:%Y-%m}", current_language()).replace(" ", formats.NBSP)


def _stop_names(lines: dict[str, served_lines.LineStops]) -> dict[str, str]:
    return {stop.place: stop.name for line in lines.values() for stop in line.stops()}

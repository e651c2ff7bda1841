"""The page an agent's day begins on: what waits for them, wherever it came in, and one field that finds everything
they may open."""

import csv
import io

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue

from mobigo.app.web.work.boards import BOARDS, Board, boards_for
from mobigo.app.web.work.finding import LEAST_LETTERS, find
from mobigo.app.web.work.waiting import waiting
from mobigo.base.errors import NotFound, Refused
from mobigo.base.sheets import neutral
from mobigo.infra import auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.forms import one_line
from mobigo.infra.web import services

bp = Blueprint("work", __name__)


@bp.get("/travail")
@requires(Permission.ACCOUNT_OWN)
def desk() -> ResponseReturnValue:
    """What waits for this person, what is late first; with `?q=`, what they may open that bears these words."""
    from mobigo.app.web import AGENTS

    identity = auth.signed_in()
    if not any(entry.permission is not None and identity.may(entry.permission) for entry in AGENTS):
        raise Refused("auth.no_work_here")
    asked = one_line(request.args.get("q", ""), 80)
    groups = find(services(), identity, asked, now()) if len(asked) >= LEAST_LETTERS else []
    page = render_template(
        "work/desk.html", asked=asked, groups=groups, least=LEAST_LETTERS,
        waits=[] if asked else waiting(services(), identity, now()), with_figures=_reads_figures(identity),
    )  # fmt: skip
    return page, 200, {"Cache-Control": "private, no-store"}


@bp.get("/travail/chiffres")
@requires(Permission.ACCOUNT_OWN)
def figures() -> ResponseReturnValue:
    """The figures of every service that this person may read: a chart each, its table, how it is counted."""
    identity = auth.signed_in()
    if not _reads_figures(identity):
        raise Refused("auth.no_work_here")
    page = render_template("work/figures.html", boards=boards_for(services(), identity, now()))
    return page, 200, {"Cache-Control": "private, no-store"}


@bp.get("/travail/chiffres/<code>.svg")
@requires(Permission.ACCOUNT_OWN)
def figures_chart(code: str) -> ResponseReturnValue:
    """One chart; `?fond=sombre` is its twin for dark screens."""
    from mobigo.infra.charts import bars

    board = _board(code)
    drawn = bars(board.rows, unit=board.unit, stacked=board.stacked, dark=request.args.get("fond") == "sombre")
    response = make_response(drawn)
    response.headers["Content-Type"] = "image/svg+xml"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.get("/travail/chiffres/<code>.csv")
@requires(Permission.ACCOUNT_OWN)
def figures_csv(code: str) -> ResponseReturnValue:
    """The table of one chart, for a spreadsheet."""
    board = _board(code)
    out = io.StringIO()
    sheet = csv.writer(out, lineterminator="\r\n")
    sheet.writerow([board.axis, *board.series])
    for group, values in board.table:
        sheet.writerow([neutral(group), *("" if each is None else _written(each) for each in values)])
    response = make_response("\ufeff" + out.getvalue())
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{board.code}.csv"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _reads_figures(identity: auth.Identity) -> bool:
    return any(identity.may(permission) for permission, _make in BOARDS.values())


def _board(code: str) -> Board:
    """The figures of that name. Raises NotFound, also for those that are not this person's to read."""
    identity = auth.signed_in()
    found = next((each for each in boards_for(services(), identity, now(), code) if each.code == code), None)
    if found is None:
        raise NotFound("http.reason_404")
    return found


def _written(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else f"{value:.2f}"

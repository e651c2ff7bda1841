"""What changes from the version before: in sentences, and as a GTFS-Diff file."""

from typing import Final

from flask import render_template, send_file
from flask.typing import ResponseReturnValue

from mobigo.base.errors import NotFound
from mobigo.infra.auth import public
from mobigo.infra.db import reading
from mobigo.infra.delivery import FOR_EVER
from mobigo.infra.web import services
from opendata.service import changes
from opendata.service.changes import Changes, Pair
from opendata.service.showing import Shown
from opendata.web import bp, words
from opendata.web.pages import _shown, _version

CSV: Final = "differences.csv"


@bp.get("/donnees/<code>/versions/<label>/changements")
@public
def changed(code: str, label: str) -> ResponseReturnValue:
    """What a timetable's version changes, told to people. Raises NotFound for the first one, and for what is no
    timetable; Gone."""
    shown, pair, found = _found(code, label)
    return render_template("opendata/changes.html", shown=shown, pair=pair, found=found, file=CSV, words=words)


@bp.get(f"/donnees/<code>/versions/<label>/{CSV}")
@public
def differences(code: str, label: str) -> ResponseReturnValue:
    """The differences with the version before, in the columns of GTFS-Diff. Raises NotFound while they are not made."""
    _dataset, pair, found = _found(code, label)
    if found is None:
        raise NotFound("opendata.not_compared", dataset=code)
    name = f"{code}-{pair.before.label}-{pair.after.label}.csv"
    response = send_file(found.csv, "text/csv", as_attachment=True, download_name=name, conditional=True)
    response.headers["Cache-Control"] = FOR_EVER
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _found(code: str, label: str) -> tuple[Shown, Pair, Changes | None]:
    with reading(services().engine) as session:
        shown = _shown(session, code)
        pair = changes.pair_of(session, _version(session, code, label))
    if pair is None:
        raise NotFound("opendata.nothing_to_compare", dataset=code)
    return shown, pair, changes.find(services().config.home, pair)

"""The public checker: bring a file of mobility data (GTFS, GTFS-Realtime, NeTEx, SIRI, GBFS, a table), read what is
wrong with it, in French. Nothing is kept."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from flask import render_template
from flask.typing import ResponseReturnValue
from werkzeug.utils import secure_filename

from mobigo.base.errors import MobigoError
from mobigo.infra import ratelimit
from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.http_errors import status_of
from mobigo.infra.i18n import sentence
from mobigo.infra.web import body_limit, services
from mobigo.network.web import report_parts, uploaded
from opendata.service.checking import ARCHIVE_BYTES_MAX, Checked, check_file, known_tables
from opendata.web import bp, words

RATE: Final = "30 per hour"
FEATURES: Final = {
    "stops_wheelchair": words._("accessibilité des arrêts en fauteuil roulant"),
    "trips_wheelchair": words._("accessibilité des véhicules en fauteuil roulant"),
    "trips_bikes": words._("vélos à bord"),
    "shapes": words._("tracés des lignes"),
    "fares": words._("tarifs"),
    "on_demand": words._("transport à la demande et réservation"),
    "transfers": words._("correspondances"),
    "pathways": words._("cheminements en gare"),
    "frequencies": words._("passages à intervalles réguliers"),
    "translations": words._("traductions"),
}


@bp.get("/donnees/controle")
@public
def checker() -> ResponseReturnValue:
    """The form."""
    return _form("")


@bp.post("/donnees/controle")
@public
@body_limit(ARCHIVE_BYTES_MAX + 100_000)
def check_upload() -> ResponseReturnValue:
    """The report on the file brought; what cannot be read is said on the form."""
    try:
        ratelimit.attempts().count("opendata.check", RATE, ratelimit.address())
        upload = uploaded()
        name = (upload.filename or "").replace("\\", "/").rsplit("/", 1)[-1][:100]
        folder = services().config.home / "cache" / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder) as kept:
            path = Path(kept) / (secure_filename(name) or "fichier.zip")  # its messages name it
            upload.save(path)
            with reading(services().engine) as session:
                tables = known_tables(session)
            checked = check_file(path, name, now(), tables, siri_xsd=services().config.siri_xsd)
    except MobigoError as error:
        return _form(sentence(error.decision)), status_of(error)
    return _report(checked)


def _form(error: str) -> str:
    return render_template("opendata/checker.html", error=error, limit_bytes=ARCHIVE_BYTES_MAX)


def _report(checked: Checked) -> str:
    instant = now()
    return render_template(
        "opendata/checked.html",
        checked=checked,
        checks=[(check, False, instant) for check in checked.checks],
        features=FEATURES,
        words=words,
        **({} if checked.version is None else report_parts(checked.version)),
    )

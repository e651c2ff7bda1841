"""`mobigo covoit export MONTH --out DIR`: a month's exact tables, each with its privacy policy; lines and places."""

import csv
import json
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mobigo.base.sheets import guarded
from mobigo.infra import console
from mobigo.infra.i18n import gettext as _

if TYPE_CHECKING:
    from mobigo.base.datasets import Dataset
    from mobigo.infra.web import Services

SALT = "covoit.opendata"


@click.command()
@click.argument("month", metavar="MONTH")
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Dossier où écrire les tables."
)
@click.option("--siret", default="20005372600010", show_default=True, help="SIRET de l'attribuant des subventions.")
@console.json_option
def export(month: str, out: Path, siret: str, as_json: bool) -> int:
    """Écrire les tables d'un mois (AAAA-MM), exactes : à réduire avant publication, selon la règle écrite à côté."""
    from covoit.service.closing import last_day_of
    from covoit.service.exports import lines_gtfs, lines_places
    from covoit.service.month_export import month_export
    from mobigo.infra import keys
    from mobigo.infra.blobs import write_whole
    from mobigo.infra.db import reading

    services: Services = click.get_current_context().find_root().obj()
    try:
        salt = keys.derived(services.config, f"{SALT}.{month}")
        with reading(services.engine) as session:
            made = month_export(
                session, month, salt=salt, giver="Région Bourgogne-Franche-Comté", giver_siret=siret,
                blobs=services.blobs,
            )  # fmt: skip
            day = last_day_of(month)
            agency = {"name": "Mobigo", "url": services.config.base_url, "phone": ""}
            files = {f"covoit-lignes-{month}.zip": lines_gtfs(session, day, agency=agency)}
        files[f"covoit-lieux-{month}.csv"] = lines_places(day, siren=siret[:9])
        for dataset in made.datasets:
            files[f"{dataset.code}-{month}.csv"] = table_of(dataset)
            files[f"{dataset.code}-{month}.json"] = policy_of(dataset)
        for name, content in files.items():
            write_whole(out / name, lambda file, content=content: file.write(content))  # type: ignore[misc]
        document = {"month": month, "left_out": made.left_out, "files": [str(out / name) for name in sorted(files)]}
        text = _(
            "%(count)s fichiers dans %(folder)s ; %(left)s trajets sans commune ou sans position n’y sont pas.",
            count=len(files), folder=out, left=made.left_out,
        )  # fmt: skip
        console.emit(document, as_json, text)
        return console.DONE
    finally:
        services.engine.dispose()


def table_of(dataset: "Dataset") -> bytes:
    """A table as CSV: UTF-8, semicolons, every field quoted, as the registry writes its own."""
    text = StringIO()
    out = csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    out.writerow(dataset.names)
    out.writerows([guarded(cell) for cell in row] for row in dataset.rows())
    return text.getvalue().encode()


def policy_of(dataset: "Dataset") -> bytes:
    """What the columns mean, and what is owed to the people behind them."""
    document = {
        "code": dataset.code,
        "title": dataset.title,
        "description": dataset.description,
        "exact": True,
        "columns": [asdict(column) for column in dataset.columns],
        "privacy": None if dataset.privacy is None else asdict(dataset.privacy),
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()

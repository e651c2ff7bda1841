"""`mobigo billettique fec YEAR`: the file of accounting entries of a private operator."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mobigo.infra import clock, console
from mobigo.infra.formats import amount
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _

if TYPE_CHECKING:
    from mobigo.infra.web import Services


@click.command()
@click.argument("year", type=click.IntRange(2000, 2999))
@click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Le dossier où écrire."
)
@console.json_option
def fec(year: int, output: Path, as_json: bool) -> int:
    """Écrire le FEC de l'exercice clos en YEAR (exploitant privé seulement : MOBIGO_HOME/fec/operator.toml)."""
    from billettique.service import fec as service

    services: Services = click.get_current_context().find_root().obj()
    try:
        made = service.write(services.engine, services.config, year, output, clock.now())
        document = {
            "ok": True, "file": str(made.path), "description": str(made.description), "closing": made.closing,
            "lines": made.lines, "total": made.total,
        }  # fmt: skip
        console.emit(
            document, as_json,
            lambda: _("%(file)s : %(lines)s lignes, %(total)s au débit comme au crédit.", file=made.path,
                      lines=made.lines, total=amount(made.total, current_language())),
        )  # fmt: skip
        return console.DONE
    finally:
        services.engine.dispose()

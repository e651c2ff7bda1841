"""`mobigo covoit close MONTH`: close a month; payment calls of the operators on demand."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mobigo.infra import console
from mobigo.infra.i18n import gettext as _

if TYPE_CHECKING:
    from mobigo.infra.web import Services


@click.command()
@click.argument("month", metavar="MONTH")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Dossier où écrire les appels de fonds.")
@console.json_option
def close(month: str, out: Path | None, as_json: bool) -> int:
    """Clore un mois (AAAA-MM), à partir du 6 du mois suivant : relevés figés, montants exigibles."""
    from covoit.service.closing import close_month
    from covoit.service.statements import payment_call
    from covoit.store.awards import operators_of_month
    from mobigo.infra import clock
    from mobigo.infra.blobs import write_whole
    from mobigo.infra.db import reading

    services: Services = click.get_current_context().find_root().obj()
    try:
        done = close_month(services.engine, month, clock.now(), home=services.config.home)
        files = []
        if out is not None:
            with reading(services.engine) as session:
                for operator, campaign in operators_of_month(session, month):
                    content = payment_call(session, operator, month, campaign)
                    path = out / f"appel-de-fonds-{'-'.join(filter(None, (operator, campaign)))}-{month}.xlsx"
                    write_whole(path, lambda file, content=content: file.write(content))  # type: ignore[misc]
                    files.append(path)
        document = {
            "month": done.month, "lines": done.lines, "people": done.people, "total_cents": done.total,
            "already": done.already, "files": files,
        }  # fmt: skip
        from mobigo.infra.formats import amount

        text = _(
            "Mois %(month)s clos : %(lines)s lignes, %(people)s conducteurs, %(total)s.",
            month=done.month,
            lines=done.lines,
            people=done.people,
            total=amount(done.total),
        )
        console.emit(document, as_json, text)
        return console.DONE
    finally:
        services.engine.dispose()

"""`mobigo scolaire import KIND FILE`: bring in schools, bells, sectors, stops, days, pupils, counts or indices."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mobigo.infra import console
from mobigo.infra.i18n import gettext as _

if TYPE_CHECKING:
    from mobigo.infra.web import Services

KINDS = ("schools", "bells", "sectors", "stops", "days", "pupils", "counts", "indices")


@click.command("import")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--look", is_flag=True, help="Regarder seulement : rien ne change.")
@click.option("--good-part", is_flag=True, help="Importer les lignes justes, laisser les autres.")
@click.option("--bad", type=click.Path(path_type=Path, dir_okay=False), help="Où écrire les lignes à corriger (CSV).")
@click.option("--first-day", type=click.DateTime(["%Y-%m-%d"]), help="Premier jour des horaires et des secteurs.")
@click.option("--year", type=int, help="Année scolaire des inscriptions, celle où elle commence.")
@console.json_option
def import_(
    kind: str, file: Path, look: bool, good_part: bool, bad: Path | None, first_day: datetime | None,
    year: int | None, as_json: bool,
) -> int:  # fmt: skip
    """Importer un fichier CSV ou Excel : tout, ou rien s'il a une faute."""
    from mobigo.base.instants import paris_day
    from mobigo.infra import audit, clock
    from mobigo.infra.db import transaction
    from scolaire.gateway import sheets
    from scolaire.model.schools import SchoolYear
    from scolaire.model.sheets import SheetKind
    from scolaire.rules.asking import current_year
    from scolaire.service import importing

    services: Services = click.get_current_context().find_root().obj()
    now = clock.now()
    at = year if year is not None else current_year(paris_day(now))
    begins: date = first_day.date() if first_day is not None else SchoolYear(at).period.first_day
    bringing = importing.Bringing(audit.SYSTEM, now, services.config, begins, at, file.name)
    try:
        read = sheets.read(file.read_bytes(), file.name)
        with transaction(services.engine) as session:
            found = importing.look(session, SheetKind(kind), read, bringing)
            if bad is not None and found.wrong:
                bad.write_bytes(importing.wrong_file(found))
            if not look and (good_part or not found.wrong):
                found = importing.bring(session, SheetKind(kind), read, bringing, good_part=good_part)
    finally:
        services.engine.dispose()
    kept = not look and (good_part or not found.wrong)
    document = {**found.counts, "wrong": found.wrong_lines, "kept": kept, "faults": importing.told(found, 50)}
    lines = [
        _("Nouveautés : %(new)s, changements : %(changed)s, déjà connues : %(same)s, à corriger : %(wrong)s.",
          new=found.counts["new"], changed=found.counts["changed"], same=found.counts["same"],
          wrong=found.wrong_lines),
        *importing.told(found, 20),
        _("C’est importé.") if kept else _("Rien n’est changé."),
    ]  # fmt: skip
    console.emit(document, as_json, "\n".join(lines))
    return console.DONE if kept or look else console.REFUSED

"""`mobigo covoit communes import FILE…` and `status`: outlines of communes, to place operators' journeys."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mobigo.infra import console
from mobigo.infra.i18n import gettext as _

if TYPE_CHECKING:
    from mobigo.infra.web import Services

SHOWN = 10


@click.group()
def communes() -> None:
    """Contours des communes, pour situer les trajets des opérateurs."""


@communes.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@console.json_option
def import_(files: tuple[Path, ...], as_json: bool) -> int:
    """Remplacer les contours par ceux de ces fichiers GeoJSON (tous, ou aucun)."""
    from covoit.service import communes as service
    from mobigo.infra import audit, clock

    services: Services = click.get_current_context().find_root().obj()
    try:
        contents = {file.name: file.read_bytes() for file in files}
        found = service.import_files(services.engine, services.blobs, contents, by=audit.SYSTEM, now=clock.now())
        return _said(services, as_json, _("%(count)s contours de communes importés.", count=len(found)))
    finally:
        services.engine.dispose()


@communes.command()
@console.json_option
def status(as_json: bool) -> int:
    """Dire quels contours sont importés, et combien de trajets restent sans commune."""
    services: Services = click.get_current_context().find_root().obj()
    try:
        return _said(services, as_json, "")
    finally:
        services.engine.dispose()


def _said(services: "Services", as_json: bool, first: str) -> int:
    from covoit.service import communes as service
    from mobigo.infra.db import reading

    with reading(services.engine) as session:
        state = service.state(session, services.blobs)
    lines = [first] if first else []
    if state.imported_at is None:
        lines.append(
            _("Aucun contour n’est importé : les trajets des opérateurs restent sans commune et hors des publications.")
        )
    else:
        lines.append(_("%(count)s communes ont leur contour.", count=state.communes))
    if state.missing:
        named = ", ".join(state.missing[:SHOWN])
        lines.append(
            _("%(count)s communes de la région n’en ont pas (%(codes)s…).", count=len(state.missing), codes=named)
        )
    lines.append(
        _("%(unplaced)s trajets sur %(whole)s sont sans commune.", unplaced=state.unplaced, whole=state.journeys)
    )
    document = {
        "imported_at": None if state.imported_at is None else state.imported_at.isoformat(),
        "communes": state.communes, "missing": list(state.missing), "journeys": state.journeys,
        "unplaced": state.unplaced,
    }  # fmt: skip
    console.emit(document, as_json, "\n".join(lines))
    return console.DONE

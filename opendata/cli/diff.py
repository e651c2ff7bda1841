"""`mobigo opendata diff A B` and `mobigo opendata patch DIFF A`."""

from pathlib import Path

import click

from mobigo.infra import console
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence


@click.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Fichier CSV (GTFS-Diff) à écrire.")
@console.json_option
def diff(old: Path, new: Path, out: Path | None, as_json: bool) -> int:
    """Dire ce qui change de l'offre OLD à l'offre NEW (GTFS), et l'écrire en GTFS-Diff."""
    from mobigo.infra.blobs import write_whole
    from opendata.service.comparing import compare

    found = compare(old, new)
    if out is not None:
        content = found.csv
        write_whole(out, lambda file: file.write(content))
    document = {
        "differences": found.diff.height,
        "told": [{"decision": told, "sentence": sentence(told)} for told in found.told],
        "file": out,
    }
    text = [sentence(told) for told in found.told]
    if out is not None:
        text.append(_("%(count)s différences écrites dans %(file)s.", count=found.diff.height, file=out))
    console.emit(document, as_json, "\n".join(text))
    return console.DONE


@click.command()
@click.argument("differences", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("old", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Archive GTFS à écrire.")
@console.json_option
def patch(differences: Path, old: Path, out: Path, as_json: bool) -> int:
    """Appliquer à l'offre OLD les différences d'un fichier GTFS-Diff."""
    from mobigo.infra.blobs import write_whole
    from opendata.service.comparing import apply

    content = apply(differences, old)
    write_whole(out, lambda file: file.write(content))
    console.emit({"file": out, "bytes": len(content)}, as_json, _("Offre écrite dans %(file)s.", file=out))
    return console.DONE

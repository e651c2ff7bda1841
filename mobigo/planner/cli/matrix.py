"""`mobigo matrix`: travel times from many places to many, as CSV."""

import sys
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mobigo.base.errors import InvalidInput
from mobigo.infra import console
from mobigo.infra.i18n import ngettext

if TYPE_CHECKING:
    from mobigo.infra.web import Services

PLACES = (
    "« communes », « communes:21 » (un département), « line:LIGNE » (ses arrêts), "
    "ou un fichier CSV (lat, lon, id, name)."
)


@click.command()
@click.option("--from", "origins", required=True, help=f"Départs : {PLACES}")
@click.option("--to", "destinations", required=True, help=f"Arrivées : {PLACES}")
@click.option("--day", required=True, help="Jour, par exemple 2026-11-28.")
@click.option("--since", default="07:00", show_default=True, help="Premier départ.")
@click.option("--until", default="09:00", show_default=True, help="Dernier départ.")
@click.option("--step", "step_min", default=10, show_default=True, help="Minutes entre deux départs.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Fichier à écrire ; sans lui, la sortie standard."
)
@console.json_option
def matrix(
    origins: str, destinations: str, day: str, since: str, until: str, step_min: int, out: Path | None, as_json: bool
) -> int:
    """Calculer les temps de parcours : le meilleur et le médian sur les départs essayés, attente comprise."""
    from mobigo.infra import numba_cache

    services: Services = click.get_current_context().find_root().obj()
    try:
        numba_cache.use(services.config.home)
        from mobigo.planner.gateway.territory import load_territory
        from mobigo.planner.service import studies

        try:
            hours = studies.StudyHours(date.fromisoformat(day), since, until, step_min)
        except ValueError:
            raise InvalidInput("planner.time_unreadable", at=day[:80]) from None
        territory = load_territory(services.config.home)
        with services.networks.current() as live:
            sides = [studies.places_for(live, territory, *_spec(live, text)) for text in (origins, destinations)]
            with studies.written(lambda file: studies.write_matrix(live, sides[0], sides[1], hours, file)) as (
                made,
                rows,
            ):
                if out is not None:
                    out.write_bytes(made.read())
                elif not as_json:
                    sys.stdout.buffer.write(made.read())
        told = ngettext("%(num)s couple", "%(num)s couples", rows)
        if as_json or out is not None:
            document = {"origins": len(sides[0]), "destinations": len(sides[1]), "rows": rows, "out": str(out or "")}
            console.emit(document, as_json, lambda: told)
        return console.DONE
    finally:
        services.engine.dispose()


def _spec(live: Any, text: str) -> tuple[dict[str, Any], bytes | None]:
    """What an option means. Raises InvalidInput for a file that cannot be read."""
    kind, _parted, rest = text.partition(":")
    if kind == "communes":
        return {"kind": "communes", "department": rest}, None
    if kind == "line":
        from mobigo.planner.cli import line_named

        return {"kind": "line", "line": line_named(live, rest)}, None
    with suppress(OSError):
        return {"kind": "points"}, Path(text).read_bytes()
    raise InvalidInput("planner.matrix_unknown_places", kind=text[:40])

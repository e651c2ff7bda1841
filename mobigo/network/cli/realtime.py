"""`mobigo realtime …`: what is said of the day."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mobigo.base.decisions import Decision
from mobigo.infra import console
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.network.cli import _services

if TYPE_CHECKING:
    from mobigo.network.model.today import Heard

_EXAMPLES_SHOWN = 5


@click.group()
def realtime() -> None:
    """Le temps réel : retards, suppressions, messages (GTFS-RT, SIRI Lite)."""


@realtime.command("apply")
@click.argument("sources", nargs=-1, required=True, metavar="FICHIER|URL…")
@click.option("--feed", help="Offre dont il est question (inutile s'il n'y en a qu'une en service).")
@click.option("--every", "every_s", default=30, show_default=True, help="Rythme de relève d'une adresse, en secondes.")
@click.option("--stale", "stale_s", default=600, show_default=True, help="Âge au-delà duquel on n'y croit plus, en s.")
@console.json_option
def apply(sources: Sequence[str], feed: str | None, every_s: int, stale_s: int, as_json: bool) -> int:
    """Appliquer des messages GTFS-RT ou SIRI Lite : fichiers, ou adresses relevées ensuite régulièrement."""
    from mobigo.network.service import realtime as service
    from mobigo.network.service.observing import observe

    with _services() as services:
        named = feed or service.only_feed(services)
        for source in sources:
            if source.startswith(("http://", "https://")):
                service.add_realtime_source(services, source, named, every_s=every_s, stale_s=stale_s)
            else:
                service.apply_file(services, _file(source), named, stale_s=stale_s)
        service.poll_realtime(services)
        observe(services)
        return _tell(services, as_json)


@realtime.command("list")
@console.json_option
def list_(as_json: bool) -> int:
    """Lister les sources : leur âge, ce qui est compris, ce qui ne l'est pas."""
    with _services() as services:
        return _tell(services, as_json)


@realtime.command("forget")
@click.argument("source")
def forget(source: str) -> None:
    """Oublier une source (son adresse ou son fichier) et ce qu'elle disait."""
    from mobigo.base.errors import NotFound
    from mobigo.infra.db import transaction
    from mobigo.network.store import realtime as store

    with _services() as services, transaction(services.engine) as session:
        found = [each for each in store.list_sources(session) if source in (each.url, each.id)]
        if not found:
            raise NotFound("realtime.unknown_source", source=source)
        for each in found:
            store.remove_source(session, each.id)


def _file(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise click.BadParameter(_("« %(file)s » n’est pas un fichier.") % {"file": text})
    return path


def _tell(services, as_json: bool) -> int:  # type: ignore[no-untyped-def]  # Services
    """What is in use now; 3 when something of it is not believed."""
    from mobigo.infra import numba_cache

    numba_cache.use(services.config.home)
    with services.networks.today() as live:
        heard = () if live.today is None else live.today.heard
        console.emit(
            [_json(each) for each in heard], as_json, lambda: _text(heard) or _("Aucune source de temps réel.")
        )
    return 3 if any(each.is_stale or each.error for each in heard) else 0


def _json(heard: "Heard") -> dict[str, object]:
    return {
        "source": heard.source,
        "at": None if heard.at is None else datetime.fromtimestamp(heard.at, UTC),
        "stale": heard.is_stale,
        "trips": heard.trip_count,
        "used": heard.used_count,
        "error": None if heard.error is None else heard.error.code,
        "told": [_told_json(each) for each in heard.told],
    }


def _told_json(told: Decision) -> dict[str, object]:
    reason = told.params.get("reason")
    code = reason.code if isinstance(reason, Decision) else told.code
    return {"code": code, "trip": told.params.get("trip"), "text": sentence(told)}


def _text(every: "Sequence[Heard]") -> str:
    lines = []
    for heard in every:
        line = _("%(source)s : courses comprises, %(used)s sur %(trips)s") % {
            "source": heard.source, "used": heard.used_count, "trips": heard.trip_count,
        }  # fmt: skip
        lines.append(line + (" — " + _("trop ancien, ignoré") if heard.is_stale else ""))
        if heard.error is not None:
            lines.append("  " + sentence(heard.error))
        lines += [f"  {sentence(each)}" for each in heard.told[:_EXAMPLES_SHOWN]]
        if len(heard.told) > _EXAMPLES_SHOWN:
            lines.append("  " + _("et %(count)s autres") % {"count": len(heard.told) - _EXAMPLES_SHOWN})
    return "\n".join(lines)

"""`mobigo gtfs …` and `mobigo network …`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, MobigoError
from mobigo.infra import console
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence

if TYPE_CHECKING:
    from mobigo.infra.web import Services
    from mobigo.network.model.report import Report
    from mobigo.network.store.feeds import FeedSummary, FeedVersion
    from mobigo.network.store.sources import Source

_EXAMPLES_SHOWN = 3


@contextmanager
def _services() -> "Iterator[Services]":
    """What the commands work with, opened by the `mobigo` command."""
    services: Services = click.get_current_context().find_root().obj()
    try:
        yield services
    finally:
        services.engine.dispose()


@click.group()
def gtfs() -> None:
    """Importer et surveiller les offres de transport (GTFS)."""


@gtfs.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--name", help="Nom de l'offre (par défaut, celui du fichier) ; une seule offre à la fois.")
@console.json_option
def import_(files: Sequence[Path], name: str | None, as_json: bool) -> int:
    """Importer des offres, archives ZIP ou dossiers, avec un rapport de validation."""
    from mobigo.network.service import import_feed, report_json

    if name is not None and len(files) > 1:
        raise InvalidInput("network.one_name_one_file")
    done: list[FeedVersion] = []
    failed: list[tuple[Path, MobigoError]] = []
    with _services() as services:
        for file in files:
            try:
                with console.progress(file.name) as progress:
                    done.append(import_feed(services, file, name, progress=progress))
            except MobigoError as reason:
                if len(files) == 1:
                    raise
                failed.append((file, reason))
    document = {
        "imported": [report_json(version) for version in done] if as_json else [],
        "failed": [{"file": str(file), "error": error.decision} for file, error in failed],
    }
    console.emit(document, as_json, lambda: "\n\n".join(_version_text(version) for version in done))
    for file, error in failed:
        console.message(f"{file.name} : {sentence(error.decision)}")
    return console.REFUSED if failed else console.DONE


@gtfs.command("list")
@console.json_option
def list_(as_json: bool) -> None:
    """Lister les offres et leur version en service."""
    from mobigo.infra.db import reading
    from mobigo.network.store import feeds

    with _services() as services, reading(services.engine) as session:
        found = feeds.list_feeds(session)
    console.emit(
        [_feed_json(feed) for feed in found],
        as_json,
        lambda: "\n".join(_feed_line(feed) for feed in found) or _("Aucune offre."),
    )


@gtfs.command()
@click.argument("name")
@click.option("--all", "every", is_flag=True, help="Toutes les versions, et non la dernière importée.")
@click.option("--statistics", is_flag=True, help="Ce qui circule chaque jour de la semaine qui suit --from.")
@click.option("--from", "since", help="Premier jour des statistiques (AAAA-MM-JJ) ; par défaut, le premier de l'offre.")
@console.json_option
def report(name: str, every: bool, statistics: bool, since: str | None, as_json: bool) -> int:
    """Montrer ce que la validation dit d'une offre, ou ce qui y circule."""
    from mobigo.base.errors import NotFound
    from mobigo.infra.db import reading
    from mobigo.network.service import report_json
    from mobigo.network.store import feeds

    with _services() as services, reading(services.engine) as session:
        versions = feeds.list_versions(session, name)
    if not versions:
        raise NotFound("network.unknown_feed", feed=name)
    if statistics:
        return _statistics(versions[0], since, as_json)
    shown = versions if every else versions[:1]
    documents = [report_json(version) for version in shown] if as_json else []
    document = documents if every or not documents else documents[0]
    console.emit(document, as_json, lambda: "\n\n".join(_version_text(version, detailed=True) for version in shown))
    return console.REFUSED if versions[0].refused else console.DONE


def _statistics(version: "FeedVersion", since: str | None, as_json: bool) -> int:
    from datetime import date

    from mobigo.network.service.importing import statistics_of

    try:
        first = date.fromisoformat(since) if since is not None else version.first_day
    except ValueError:
        raise InvalidInput("network.day_unreadable", day=(since or "")[:40]) from None
    with _services() as services:
        found = statistics_of(services, version, first) if first is not None else ()
    lines = [
        _("%(day)s : %(trips)s courses sur %(routes)s lignes, %(stops)s arrêts, %(vehicles)s véhicules à la fois, "
          "%(hours)s h de conduite, %(km)s km")
        % {
            "day": each.day.isoformat(), "trips": each.trips, "routes": each.routes, "stops": each.stops,
            "vehicles": each.vehicles_at_once, "hours": each.duration_h,
            "km": "?" if each.distance_km is None else each.distance_km,
        }
        for each in found
    ]  # fmt: skip
    document = {"feed": version.feed, "version": version.number, "days": [asdict(each) for each in found]}
    console.emit(document, as_json, "\n".join(lines) or _("Rien ne circule ces jours-là."))
    return console.DONE


@gtfs.command()
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--only", "only", multiple=True, help="Ce fichier seulement (gtfs.zip, netex-fr.zip…) ; peut se répéter.")
@click.option("--coming", is_flag=True, help="La période à venir, et non toute l'offre.")
@console.json_option
def export(name: str, folder: Path, only: tuple[str, ...], coming: bool, as_json: bool) -> None:
    """Écrire une offre pour ses réutilisateurs : GTFS, NeTEx, Parquet, GeoJSON, tableaux."""
    from zoneinfo import ZoneInfo

    from mobigo.base.errors import NotFound, Refused
    from mobigo.infra import clock
    from mobigo.infra.db import reading
    from mobigo.network.service.publishing import coming_from, write_files
    from mobigo.network.store import feeds

    with _services() as services:
        with reading(services.engine) as session:
            version = feeds.get_feed(session, name).version
        if version is None:
            raise NotFound("network.unknown_feed", feed=name)
        today = clock.now().astimezone(ZoneInfo(services.config.zone)).date()
        since = coming_from(services, version, today) if coming else None
        if coming and since is None:
            raise Refused("network.no_coming_period", feed=name)
        with console.progress(name) as progress:
            done = write_files(services, version, folder, since=since, only=only, progress=progress)
    lines = [_("%(file)s : %(size)s octets") % {"file": each.path, "size": each.path.stat().st_size} for each in done]
    lines += [
        _("%(file)s laisse de côté : %(reasons)s")
        % {"file": each.name, "reasons": ", ".join(f"{reason} {count}" for reason, count in each.left_out.items())}
        for each in done
        if each.left_out
    ]
    document = [{**asdict(each), "size": each.path.stat().st_size} for each in done]
    console.emit(
        {"feed": name, "version": version.number, "since": since, "files": document}, as_json, "\n".join(lines)
    )


@gtfs.group()
def source() -> None:
    """Les adresses où les offres sont relevées."""


@source.command("add")
@click.argument("url")
@click.option("--name", required=True, help="Nom de l'offre.")
@click.option("--contact", default="", help="Adresse électronique du producteur.")
@click.option("--licence", default="", help="Licence de l'offre.")
@click.option("--every", "every_s", default=86_400, show_default=True, help="Rythme des relevés, en secondes.")
@console.json_option
def source_add(url: str, name: str, contact: str, licence: str, every_s: int, as_json: bool) -> None:
    """Relever une offre à une adresse, régulièrement."""
    from mobigo.network.service import add_source

    with _services() as services:
        added = add_source(services, url, name, contact=contact, licence=licence, every_s=every_s)
    console.emit(_source_json(added), as_json, _("%(feed)s sera relevée à %(url)s.") % {"feed": name, "url": url})


@source.command("list")
@console.json_option
def source_list(as_json: bool) -> None:
    """Lister les adresses relevées."""
    from mobigo.infra.db import reading
    from mobigo.network.store import sources

    with _services() as services, reading(services.engine) as session:
        found = sources.list_sources(session)
    console.emit(
        [_source_json(each) for each in found],
        as_json,
        lambda: "\n".join(_source_line(each) for each in found) or _("Aucune adresse."),
    )


@click.group()
def street() -> None:
    """Les rues et les chemins (OpenStreetMap), pour marcher, rouler à vélo et conduire."""


@street.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--name", help="Nom de l'extrait (par défaut, celui du fichier) ; le même nom le remplace.")
@console.json_option
def street_import(file: Path, name: str | None, as_json: bool) -> None:
    """Importer un extrait d'OpenStreetMap (.osm.pbf) ; « mobigo network build » le met ensuite en service."""
    from mobigo.network.service import import_streets

    with _services() as services, console.progress(file.name) as progress:
        extract = import_streets(services, file, name, progress=progress)
    console.emit(
        asdict(extract),
        as_json,
        _("%(name)s : %(ways)s voies, %(points)s points. « mobigo network build » les met en service.")
        % {"name": extract.name, "ways": extract.way_count, "points": extract.point_count},
    )


@street.command("list")
@console.json_option
def street_list(as_json: bool) -> None:
    """Lister les extraits en service."""
    from mobigo.infra.db import reading
    from mobigo.network.store.streets import list_extracts

    with _services() as services, reading(services.engine) as session:
        found = list_extracts(session)
    console.emit(
        [asdict(each) for each in found],
        as_json,
        lambda: (
            "\n".join(
                f"{each.name} : {each.file_name}, {each.way_count}, {each.imported_at:%Y-%m-%d}" for each in found
            )
            or _("Aucune rue : la marche se compte à vol d’oiseau.")
        ),
    )


@street.command("forget")
@click.argument("name")
def street_forget(name: str) -> None:
    """Retirer un extrait ; « mobigo network build » met ensuite en service ce qui reste."""
    from mobigo.network.service import forget_streets

    with _services() as services:
        forget_streets(services, name)


@click.group()
def network() -> None:
    """Le réseau compilé, que la recherche d'itinéraires lit."""


@network.command()
@click.option("--force", is_flag=True, help="Recompiler même si rien n'a changé.")
@console.json_option
def build(force: bool, as_json: bool) -> None:
    """Compiler les offres en service et les mettre en ligne."""
    from mobigo.network.service import build_network

    with _services() as services, console.progress(_("Compilation")) as progress:
        built = build_network(services, progress=progress, force=force)
    console.emit({"hash": built}, as_json, _("Réseau %(hash)s en service.") % {"hash": built})


# --- texts


def _version_text(version: "FeedVersion", detailed: bool = False) -> str:
    counts = ", ".join(f"{name} {count}" for name, count in version.rows.items())
    state = _("inchangée") if version.unchanged else _("refusée") if version.refused else _("importée")
    lines = [f"{version.feed} v{version.number} ({state}) : {counts}"]
    if version.first_day and version.last_day:
        lines.append(
            _("Services du %(first)s au %(last)s.")
            % {"first": version.first_day.isoformat(), "last": version.last_day.isoformat()}
        )
    return "\n".join([*lines, *_findings(version.report, detailed)])


def _findings(report: "Report", detailed: bool) -> Iterator[str]:
    from mobigo.network.service import explain

    for finding in report.findings:
        blocking = " !" if finding.blocking else ""
        yield f"  {finding.severity.value:<7} {finding.code} × {finding.total}{blocking}"
        for notice in finding.examples[:_EXAMPLES_SHOWN] if detailed else ():
            place = ":".join(str(part) for part in (notice.file, notice.line, notice.column) if part is not None)
            yield f"          {place} — {sentence(explain(notice))}"


def _feed_json(feed: "FeedSummary") -> dict[str, object]:
    version = feed.version
    return {
        "name": feed.name,
        "active": feed.active,
        "version": None if version is None else version.number,
        "content_hash": None if version is None else version.content_hash,
        "imported_at": None if version is None else version.imported_at,
        "first_day": None if version is None else version.first_day,
        "last_day": None if version is None else version.last_day,
        "rows": {} if version is None else dict(version.rows),
    }


def _feed_line(feed: "FeedSummary") -> str:
    if feed.version is None:
        return f"{feed.name} : " + _("aucune version en service")
    days = f"{feed.version.first_day or '?'} → {feed.version.last_day or '?'}"
    off = "" if feed.active else " (" + _("hors service") + ")"
    return f"{feed.name} v{feed.version.number}{off} : {feed.version.rows.get('trips', 0)} trips, {days}"


def _source_json(source: "Source") -> dict[str, object]:
    return {
        "id": source.id,
        "feed": source.feed,
        "url": source.url,
        "contact": source.contact,
        "licence": source.licence,
        "every_s": source.every_s,
        "looked_at": source.looked_at,
        "next_at": source.next_at,
        "error": source.error,
        "failing_since": source.failing_since,
    }


def _source_line(source: "Source") -> str:
    broken = "" if source.error is None else " — " + sentence(Decision(source.error.code, **source.error.params))
    return f"{source.feed} : {source.url}{broken}"

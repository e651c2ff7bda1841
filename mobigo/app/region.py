"""`mobigo region FILE`: all that a region brings, named in one file, looked at or brought in one command.

The file is TOML; paths are relative to it, an address of a timetable is fetched and then looked at by itself each day:

    communes = ["communes-21.geojson"]
    addresses = ["adresses-21.csv.gz", "adresses-25.csv.gz"]
    tariffs = ["car-a-l-unite.toml"]
    [gtfs]
    ter = "https://transport.example.org/ter.zip"
    dijon = "divia.zip"
    [streets]
    bourgogne = "bourgogne-latest.osm.pbf"
    [school]
    year = 2026
    schools = "etablissements.csv"
    stops = "arrets.xlsx"

`--look` reads each file whole and says what it would bring: nothing changes. Without it each part is brought by the
same services as its own command; what is there already is left as it is, so that the command may be run again.
"""

import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from mobigo.base.errors import Conflict, InvalidInput, MobigoError, NotFound
from mobigo.base.instants import paris_day
from mobigo.infra import audit, clock, console
from mobigo.infra.blobs import write_whole
from mobigo.infra.db import transaction
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence

if TYPE_CHECKING:
    from mobigo.infra.web import Services

LISTS: Final = ("communes", "addresses", "tariffs")
TABLES: Final = ("gtfs", "streets", "school")
SCHOOL: Final = ("schools", "bells", "sectors", "stops", "days")  # in the order in which they lean on each other
Act = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Step:
    """One part: its name, what looking at it says, what bringing it says."""

    part: str
    look: Act
    bring: Act


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a part, in words."""

    part: str
    done: bool
    words: str


def steps(services: "Services", file: Path, now: datetime) -> list[Step]:
    """What the file names, in the order in which it is brought. Raises NotFound, InvalidInput("region.unreadable" |
    "region.unknown" | "region.not_text")."""
    told = _read(file)
    at = file.parent
    found = [_communes(services, [at / name for name in told["communes"]], now)] if told["communes"] else []
    found += [_gtfs(services, name, where, at, now) for name, where in told["gtfs"].items()]
    found += [_streets(services, name, at / where, now) for name, where in told["streets"].items()]
    if told["addresses"]:
        found.append(_addresses(services, [at / name for name in told["addresses"]], now))
    found += [_tariff(services, at / name) for name in told["tariffs"]]
    found += _school(services, told["school"], at, now)
    if told["gtfs"] or told["streets"]:
        found.append(_network(services))
    return found


def run(chosen: Sequence[Step], *, look: bool) -> Iterator[Outcome]:
    """Do each step; one that fails leaves the others alone."""
    for step in chosen:
        try:
            yield Outcome(step.part, True, (step.look if look else step.bring)())
        except MobigoError as error:
            yield Outcome(step.part, False, sentence(error.decision))
        except OSError as error:
            yield Outcome(step.part, False, error.strerror or type(error).__name__)


# ---------------------------------------------------------------- the file


def _read(file: Path) -> dict[str, Any]:
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound("region.no_file", file=file.name) from None
    except (ValueError, RecursionError) as wrong:
        raise InvalidInput("region.unreadable", file=file.name, reason=str(wrong)[:200]) from wrong
    for name in told:
        if name not in (*LISTS, *TABLES):
            raise InvalidInput("region.unknown", file=file.name, name=str(name)[:80])
    for name in LISTS:
        _check(isinstance(told.setdefault(name, []), list) and all(isinstance(each, str) for each in told[name]), name)
    for name in TABLES:
        table = told.setdefault(name, {})
        _check(isinstance(table, dict), name)
        for key, value in table.items():
            _check(
                isinstance(value, str) or (name == "school" and key == "year" and type(value) is int), f"{name}.{key}"
            )
            if name == "school" and key not in (*SCHOOL, "year"):
                raise InvalidInput("region.unknown", file=file.name, name=f"school.{key}"[:80])
    return told


def _check(good: bool, name: str) -> None:
    if not good:
        raise InvalidInput("region.not_text", name=name[:80])


# ---------------------------------------------------------------- the parts


def _communes(services: "Services", files: Sequence[Path], now: datetime) -> Step:
    from covoit.gateway.communes import read_outlines
    from covoit.service import communes

    def look() -> str:
        return _(
            "%(count)s contours lus", count=sum(len(read_outlines(each.read_bytes(), each.name)) for each in files)
        )

    def bring() -> str:
        contents = {each.name: each.read_bytes() for each in files}
        found = communes.import_files(services.engine, services.blobs, contents, by=audit.SYSTEM, now=now)
        return _("%(count)s contours de communes importés.", count=len(found))

    return Step("communes", look, bring)


def _gtfs(services: "Services", name: str, where: str, at: Path, now: datetime) -> Step:
    from mobigo.network.service import import_feed
    from mobigo.network.service.sources import add_source

    far = where.startswith(("https://", "http://"))

    def whole(act: Callable[[Path], str]) -> str:
        if not far:
            return act(at / where)
        from mobigo.network.gateway.fetch import fetch

        with tempfile.TemporaryDirectory() as folder:
            fetch(where, target := Path(folder) / f"{name}.zip")
            return act(target)

    def examined(path: Path) -> str:
        from mobigo.network.gateway import gtfs
        from mobigo.network.model.notices import Severity
        from mobigo.network.model.report import merged
        from mobigo.network.rules.validation import examine

        read = gtfs.read(path)
        seen = examine(read.tables, paris_day(now), services.config.zone)
        report = merged([read.report, seen.report])
        if report.blocking:
            raise InvalidInput(
                "region.feed_blocked", feed=name, codes=", ".join(sorted(each.code for each in report.blocking))
            )
        return _(
            "du %(first)s au %(last)s, %(errors)s erreurs, %(warnings)s avertissements", first=seen.first_day,
            last=seen.last_day, errors=report.total(Severity.ERROR), warnings=report.total(Severity.WARNING),
        )  # fmt: skip

    def imported(path: Path) -> str:
        version = import_feed(services, path, name, now=now)
        if far:
            with suppress(Conflict):  # it has a source: whoever changed it knows better than the file
                add_source(services, where, name, now=now)
        return _("version %(number)s en service", number=version.number)

    return Step(f"gtfs.{name}", partial(whole, examined), partial(whole, imported))


def _streets(services: "Services", name: str, path: Path, now: datetime) -> Step:
    from mobigo.network.gateway.osm import read_streets
    from mobigo.network.service.streets import import_streets

    def look() -> str:
        raw = read_streets(path)
        return _("%(ways)s voies, %(points)s points", ways=len(set(raw.way_id.tolist())), points=len(raw.node_id))

    def bring() -> str:
        kept = import_streets(services, path, name, now=now)
        return _("%(ways)s voies, %(points)s points", ways=kept.way_count, points=kept.point_count)

    return Step(f"streets.{name}", look, bring)


def _addresses(services: "Services", files: Sequence[Path], now: datetime) -> Step:
    from mobigo.network.gateway.ban import read_ban
    from mobigo.network.model.addresses import AddressFault
    from mobigo.network.service.addressing import import_addresses

    def look() -> str:
        rows = wrong = 0
        for file in files:
            for _cells, found in read_ban(file):
                rows += found is not None
                wrong += isinstance(found, AddressFault)
        if wrong:
            raise InvalidInput("region.addresses_wrong", wrong=wrong, rows=rows)
        return _("%(rows)s adresses lues", rows=rows)

    def bring() -> str:
        done = import_addresses(services.config.home, files, now)
        if done.in_use is None or done.wrong:
            raise InvalidInput("region.addresses_wrong", wrong=done.wrong, rows=done.rows)
        return _("%(rows)s adresses connues", rows=done.in_use.addresses)

    return Step("addresses", look, bring)


def _tariff(services: "Services", path: Path) -> Step:
    from billettique.gateway.fares import FOLDER_AT_HOME, version_of_text

    def look() -> str:
        version = version_of_text(path.read_text(encoding="utf-8"), path.name)
        return _("%(code)s, à partir du %(day)s : à approuver par une autre personne", code=version.code,
                 day=version.period.first_day)  # fmt: skip

    def bring() -> str:
        words = look()
        kept = services.config.home / FOLDER_AT_HOME / path.name
        if kept.exists() and kept.read_bytes() != path.read_bytes():
            raise Conflict("region.tariff_other", file=path.name)
        write_whole(kept, lambda file: file.write(path.read_bytes()))
        return words

    return Step(f"tariffs.{path.stem}", look, bring)


def _school(services: "Services", table: Mapping[str, Any], at: Path, now: datetime) -> Iterator[Step]:
    from scolaire.gateway import sheets
    from scolaire.model.schools import SchoolYear
    from scolaire.model.sheets import SheetKind
    from scolaire.rules.asking import current_year
    from scolaire.service import importing

    year = table.get("year", current_year(paris_day(now)))

    def act(kind: str, file: Path, keep: bool) -> str:
        first_day = SchoolYear(year).period.first_day
        bringing = importing.Bringing(audit.SYSTEM, now, services.config, first_day, year, file.name)
        read = sheets.read(file.read_bytes(), file.name)
        with transaction(services.engine) as session:
            looked = importing.look(session, SheetKind(kind), read, bringing)
            if looked.wrong:
                first = "".join(importing.told(looked, 1)[:1])
                raise InvalidInput("region.sheet_wrong", file=file.name, wrong=looked.wrong_lines, first=first)
            if keep:
                importing.bring(session, SheetKind(kind), read, bringing, good_part=False)
        return _(
            "%(new)s nouveautés, %(changed)s changements", new=looked.counts["new"], changed=looked.counts["changed"]
        )

    for kind in SCHOOL:
        if kind in table:
            file = at / table[kind]
            yield Step(f"school.{kind}", partial(act, kind, file, False), partial(act, kind, file, True))


def _network(services: "Services") -> Step:
    from mobigo.network.service import build_network

    def bring() -> str:
        build_network(services)
        return _("Le réseau est en service.")

    return Step("network", lambda: _("à compiler"), bring)


# ---------------------------------------------------------------- the command


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--look", is_flag=True, help="Regarder seulement : rien ne change.")
@console.json_option
def region(file: Path, look: bool, as_json: bool) -> int:
    """Apporter tout ce qu'un fichier de région nomme : horaires, rues, adresses, communes, tarifs, école."""
    services: Services = click.get_current_context().find_root().obj()
    outcomes: list[Outcome] = []
    try:
        for outcome in run(steps(services, file, clock.now()), look=look):
            outcomes.append(outcome)
            console.message(f"{'✓' if outcome.done else '✗'} {outcome.part} : {outcome.words}")
    finally:
        services.engine.dispose()
    failed = [each for each in outcomes if not each.done]
    document = [{"part": each.part, "done": each.done, "words": each.words} for each in outcomes]
    said = _("Rien n’est changé.") if look else _("%(count)s parties apportées.", count=len(outcomes) - len(failed))
    console.emit({"looked": look, "parts": document}, as_json, said)
    return console.REFUSED if failed else console.DONE

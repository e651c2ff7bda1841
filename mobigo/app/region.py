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
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, MobigoError, NotFound, Refused
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
FAULTS_KEPT: Final = 200
SCHOOL: Final = ("schools", "bells", "sectors", "stops", "days")  # in the order in which they lean on each other


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at one place of a file; line 0 and column "" when it is the file as a whole."""

    file: str
    line: int
    column: str
    value: str
    reason: Decision


def _silent(done: int, total: int | None, text: str) -> None:
    """Nobody waits to be told."""


@dataclass(slots=True)
class Noticed:
    """What a step says besides its answer: how far it is, and the faults it meets (the first `FAULTS_KEPT`)."""

    progress: Callable[[int, int | None, str], None] = _silent
    faults: list[Fault] = field(default_factory=list)
    total: int = 0

    def fault(self, found: Fault) -> None:
        """Count a fault, and keep it if it is one of the first."""
        self.total += 1
        if len(self.faults) < FAULTS_KEPT:
            self.faults.append(found)


Act = Callable[[Noticed], Decision]


@dataclass(frozen=True, slots=True)
class Step:
    """One part: its name, what looking at it says, what bringing it says. Both raise what its services raise."""

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
    found = parts(services, told, file.parent, now)
    return [*found, _network(services)] if told["gtfs"] or told["streets"] else found


def parts(services: "Services", told: Mapping[str, Any], at: Path, now: datetime, by: str = audit.SYSTEM) -> list[Step]:
    """The steps of what a region's document names, files under `at`; the network is left to be compiled. A timetable's
    address may be given with the file it gave, as (address, file): it is then not fetched again."""
    found = [_communes(services, [at / name for name in told["communes"]], now, by)] if told["communes"] else []
    found += [_gtfs(services, name, where, at, now) for name, where in told["gtfs"].items()]
    found += [_streets(services, name, at / where, now) for name, where in told["streets"].items()]
    if told["addresses"]:
        found.append(_addresses(services, [at / name for name in told["addresses"]], now))
    found += [_tariff(services, at / name) for name in told["tariffs"]]
    found += _school(services, told["school"], at, now, by)
    return found


def run(chosen: Sequence[Step], *, look: bool) -> Iterator[Outcome]:
    """Do each step; one that fails leaves the others alone."""
    for step in chosen:
        try:
            yield Outcome(step.part, True, sentence((step.look if look else step.bring)(Noticed())))
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


def _communes(services: "Services", files: Sequence[Path], now: datetime, by: str) -> Step:
    from covoit.service import communes

    def look(noticed: Noticed) -> Decision:
        contents = {each.name: each.read_bytes() for each in files}
        return Decision("region.communes_read", count=len(communes.read_files(contents)))

    def bring(noticed: Noticed) -> Decision:
        contents = {each.name: each.read_bytes() for each in files}
        found = communes.import_files(services.engine, services.blobs, contents, by=by, now=now)
        return Decision("region.communes_brought", count=len(found))

    return Step("communes", look, bring)


def _gtfs(services: "Services", name: str, given: str | tuple[str, str], at: Path, now: datetime) -> Step:
    from mobigo.network.service import import_feed
    from mobigo.network.service.sources import add_source

    where, held = given if isinstance(given, tuple) else (given, "")
    far = where.startswith(("https://", "http://"))

    def whole(act: Callable[[Path, Noticed], Decision], noticed: Noticed) -> Decision:
        if held or not far:
            return act(at / (held or where), noticed)
        from mobigo.network.gateway.fetch import fetch

        with tempfile.TemporaryDirectory() as folder:
            fetch(where, target := Path(folder) / f"{name}.zip")
            return act(target, noticed)

    def examined(path: Path, noticed: Noticed) -> Decision:
        from mobigo.network.gateway import gtfs
        from mobigo.network.model.notices import Severity
        from mobigo.network.model.report import merged
        from mobigo.network.rules.validation import examine
        from mobigo.network.service.reports import explain

        read = gtfs.read(path)
        seen = examine(read.tables, paris_day(now), services.config.zone)
        report = merged([read.report, seen.report])
        for each in (example for finding in report.findings for example in finding.examples):
            noticed.fault(Fault(each.file, each.line or 0, each.column or "", each.value or "", explain(each)))
        noticed.total = sum(each.total for each in report.findings)
        if report.blocking:
            raise InvalidInput(
                "region.feed_blocked", feed=name, codes=", ".join(sorted(each.code for each in report.blocking))
            )
        return Decision(
            "region.feed_read", first=seen.first_day, last=seen.last_day, errors=report.total(Severity.ERROR),
            warnings=report.total(Severity.WARNING),
        )  # fmt: skip

    def imported(path: Path, noticed: Noticed) -> Decision:
        version = import_feed(services, path, name, now=now, progress=noticed.progress)
        if far:
            with suppress(Conflict):  # it has a source: whoever changed it knows better than the file
                add_source(services, where, name, now=now)
        return Decision("region.feed_brought", number=version.number)

    return Step(f"gtfs.{name}", partial(whole, examined), partial(whole, imported))


def _streets(services: "Services", name: str, path: Path, now: datetime) -> Step:
    from mobigo.network.gateway.osm import read_streets
    from mobigo.network.service.streets import import_streets

    def look(noticed: Noticed) -> Decision:
        raw = read_streets(path, noticed.progress)
        return Decision("region.streets_read", ways=len(set(raw.way_id.tolist())), points=len(raw.node_id))

    def bring(noticed: Noticed) -> Decision:
        kept = import_streets(services, path, name, now=now, progress=noticed.progress)
        return Decision("region.streets_read", ways=kept.way_count, points=kept.point_count)

    return Step(f"streets.{name}", look, bring)


def _addresses(services: "Services", files: Sequence[Path], now: datetime) -> Step:
    from mobigo.network.gateway.ban import read_ban
    from mobigo.network.model.addresses import AddressFault
    from mobigo.network.service.addressing import import_addresses

    def look(noticed: Noticed) -> Decision:
        rows = wrong = 0
        for file in files:
            for _cells, found in read_ban(file, seen=lambda read: noticed.progress(read, None, "")):
                rows += found is not None
                if isinstance(found, AddressFault):
                    wrong += 1
                    noticed.fault(Fault(*found))
        if wrong:
            raise InvalidInput("region.addresses_wrong", wrong=wrong, rows=rows)
        if not rows:
            raise InvalidInput("network.addresses_none", files=", ".join(each.name for each in files)[:200])
        return Decision("region.addresses_read", rows=rows)

    def bring(noticed: Noticed) -> Decision:
        done = import_addresses(services.config.home, files, now, progress=noticed.progress)
        if done.in_use is None or done.wrong:
            raise InvalidInput("region.addresses_wrong", wrong=done.wrong, rows=done.rows)
        return Decision("region.addresses_brought", rows=done.in_use.addresses)

    return Step("addresses", look, bring)


def _tariff(services: "Services", path: Path) -> Step:
    from billettique.gateway import fares

    home = services.config.home
    kept = home / fares.FOLDER_AT_HOME / path.name

    def look(noticed: Noticed) -> Decision:
        text = path.read_text(encoding="utf-8", errors="replace")
        version = fares.version_of_text(text, path.name)
        if not version.to_confirm:  # it would be in force by the hand of one person alone
            raise Refused("region.tariff_confirmed", file=path.name)
        if any(each.code == version.code and each.hash != version.hash for each in fares.versions(home)):
            raise Conflict("billettique.version_twice", version=version.code, file=path.name)
        if kept.exists() and kept.read_bytes() != path.read_bytes():
            raise Conflict("region.tariff_other", file=path.name)
        return Decision("region.tariff_read", version=version.code, day=version.period.first_day)

    def bring(noticed: Noticed) -> Decision:
        words = look(noticed)
        write_whole(kept, lambda file: file.write(path.read_bytes()))
        return words

    return Step(f"tariffs.{path.stem}", look, bring)


def _school(services: "Services", table: Mapping[str, Any], at: Path, now: datetime, by: str) -> Iterator[Step]:
    from scolaire.gateway import sheets
    from scolaire.model.schools import SchoolYear
    from scolaire.model.sheets import SheetKind
    from scolaire.rules.asking import current_year
    from scolaire.service import importing

    year = table.get("year", current_year(paris_day(now)))

    def act(kind: str, file: Path, keep: bool, noticed: Noticed) -> Decision:
        first_day = SchoolYear(year).period.first_day
        bringing = importing.Bringing(by, now, services.config, first_day, year, file.name)
        read = sheets.read(file.read_bytes(), file.name)
        with transaction(services.engine) as session:
            looked = importing.look(session, SheetKind(kind), read, bringing)
            for each in looked.wrong:
                noticed.fault(Fault(each.line.sheet, each.line.number, each.column, each.value, each.why))
            if looked.wrong:
                first = "".join(importing.told(looked, 1)[:1])
                raise InvalidInput("region.sheet_wrong", file=file.name, wrong=looked.wrong_lines, first=first)
            if keep:
                importing.bring(session, SheetKind(kind), read, bringing, good_part=False)
        counts = looked.counts
        return Decision("region.sheet_read", new=counts["new"], changed=counts["changed"], same=counts["same"])

    for kind in SCHOOL:
        if kind in table:
            file = at / table[kind]
            yield Step(f"school.{kind}", partial(act, kind, file, False), partial(act, kind, file, True))


def _network(services: "Services") -> Step:
    from mobigo.network.service import build_network

    def bring(noticed: Noticed) -> Decision:
        build_network(services, progress=noticed.progress)
        return Decision("region.network_brought")

    return Step("network", lambda noticed: Decision("region.network_read"), bring)


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

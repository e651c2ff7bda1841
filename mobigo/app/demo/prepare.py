"""Prepares the demonstration in MOBIGO_HOME: schema, secrets, accounts, territory, network, compiled kernels.

Everything already there is left alone, so that a second start costs nothing; a timetable that ends soon is made again.
"""

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mobigo.base.errors import Refused
from mobigo.base.instants import paris_day
from mobigo.infra.config import Config

if TYPE_CHECKING:
    from mobigo.infra.web import Services

AHEAD_DAYS_MIN: Final = 200  # a timetable with fewer days to come is made again
Tell = Callable[[int, int | None, str], None]


@dataclass(frozen=True, slots=True)
class Made:
    """What the demonstration of a home was made of."""

    size: str
    first_day: str
    facts: str  # `fingerprint()` of that time
    network: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """What `prepare` did: what the home now holds, the accounts, and what was made in this call."""

    made: Made
    accesses: list[Any]
    new_accounts: bool
    new_network: bool


def prepare(config: Config, size: str, now: datetime, tell: Tell) -> Prepared:
    """Make what is missing. `tell` is given (done, total, what is being done in French).

    Raises Refused("demo.not_in_production") in production.
    """
    from mobigo.app import schema
    from mobigo.app.demo import (
        asking,
        carpool,
        circuits,
        disruptions,
        on_demand,
        people,
        pupils,
        registry_month,
        selling,
    )
    from mobigo.infra import keys
    from mobigo.infra.db import open_engine

    if config.production:
        raise Refused("demo.not_in_production")
    steps = 7
    tell(0, steps, "base de données")
    config.home.mkdir(parents=True, exist_ok=True)
    if not (config.home / "mobigo.sqlite").exists():
        _file(config.home).parent.mkdir(exist_ok=True)  # ours from the start: one that stops half way may be reset
    keys.secret_key(config)
    engine = open_engine(config.database_url)
    try:
        schema.migrate(engine)
        tell(1, steps, "comptes")
        accesses, new_accounts = people.prepare(engine, config.home, now)
        tell(2, steps, "covoiturages des derniers mois")
        carpool.prepare(engine, config.home, now, people.subjects(engine, accesses))
        selling.prepare(engine, config, now)
        pupils.prepare(engine, config, now, people.subjects(engine, accesses))
        circuits.prepare(engine, now, people.subjects(engine, accesses))
        on_demand.prepare(engine, config, now)
        disruptions.prepare(engine, config, now)
        asking.prepare(engine, config, now, people.subjects(engine, accesses))
        registry_month.write(config.home, paris_day(now))
    finally:
        engine.dispose()
    tell(3, steps, "communes et contours")
    copy_territory(config.home)
    kept = load(config.home)
    facts = fingerprint()
    if kept is not None and is_current(kept, size, facts, paris_day(now)) and has_network(config.home):
        return Prepared(kept, accesses, new_accounts, new_network=False)
    made = _make_network(config, size, facts, now, lambda done, text: tell(3 + done, steps, text))
    tell(steps, steps, "")
    return Prepared(made, accesses, new_accounts, new_network=True)


def _make_network(config: Config, size: str, facts: str, now: datetime, tell: Callable[[int, str], None]) -> Made:
    """Feeds, import, compilation, and one search each way so that the first traveller waits for no compiler."""
    from mobigo.infra import numba_cache
    from mobigo.infra.web import Services

    numba_cache.use(config.home)
    from mobigo.app.demo import people, territory, warming
    from mobigo.infra.db import transaction
    from mobigo.network import service
    from mobigo.network.store.feeds import give_feed

    services = Services(config)
    first_day = territory.first_day_for(paris_day(now))
    tell(0, "horaires du territoire")
    for path in territory.write(size, first_day, config.home / "demo"):
        tell(1, f"import de {path.name}")
        service.import_feed(services, path, path.stem, now=now)
    with transaction(services.engine) as session:
        give_feed(session, territory.OPERATORS["coaches"].feed, people.carrier(session))
    tell(2, "compilation du réseau")
    network = service.build_network(services, now=now)
    tell(3, "mise en route de la recherche")
    warming.warm(services, network, now)
    _ask_to_publish(services, network, now)
    services.engine.dispose()
    made = Made(size, first_day.isoformat(), facts, network)
    _file(config.home).write_text(json.dumps(asdict(made), indent=1), encoding="utf-8")
    return made


def _ask_to_publish(services: "Services", network: str, now: datetime) -> None:
    """Have the open data made as soon as somebody works: their pages say so until then."""
    from mobigo.app import jobs_registry
    from mobigo.infra.db import transaction
    from mobigo.infra.jobs import enqueue

    jobs_registry.install()
    with transaction(services.engine) as session:
        enqueue(session, "opendata.publish", {}, None, now, key=f"demo:{network}")


def is_current(kept: Made, size: str, facts: str, today: date) -> bool:
    """Whether the network of the home still serves: same size, same facts, and enough days ahead."""
    from mobigo.app.demo.territory import DAYS

    last_day = date.fromisoformat(kept.first_day) + timedelta(days=DAYS - 1)
    return (kept.size, kept.facts) == (size, facts) and last_day - today >= timedelta(days=AHEAD_DAYS_MIN)


def has_network(home: Path) -> bool:
    """Whether a compiled network is still there: its folder is a cache, which people may empty."""
    return any((home / "cache" / "networks").glob("*/timetable.json"))


def fingerprint() -> str:
    """A hash of the facts, of the code that makes feeds of them, and of the kernels to warm."""
    from mobigo.app.demo import facts
    from mobigo.infra import numba_cache

    digest = sha256(numba_cache.fingerprint().encode())
    sources = sorted(Path(__file__).parent.glob("*.py"))
    root = facts.folder()
    sources += sorted(path for path in root.glob("**/*") if path.suffix in (".csv", ".toml"))
    for source in sources:
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:32]


def copy_territory(home: Path) -> None:
    """Put the communes, the outlines and the terms of assistance where the planner and the map look for them."""
    from mobigo.app.demo import facts

    folder = home / "territory"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("communes.csv", "outlines.geojson"):
        source = facts.folder() / "territory" / name
        target = folder / name
        if not target.exists() or target.read_bytes() != source.read_bytes():
            shutil.copyfile(source, target)
    shutil.copyfile(facts.folder() / "calendar" / "school-holidays.csv", folder / "school-holidays.csv")
    _write_opportunities(folder)
    terms = home / "assistance"
    terms.mkdir(exist_ok=True)
    shutil.copyfile(facts.folder() / "territory" / "assistance.toml", terms / "demonstration.toml")


def _write_opportunities(folder: Path) -> None:
    """What studies count: the invented schools of the demonstration, and nothing that we have no data of."""
    import csv

    from mobigo.app.demo import facts
    from mobigo.app.demo.pupils import SAULIEU, SCHOOLS

    place = next(each.point for each in facts.load().communes if each.code == SAULIEU)
    with (folder / "opportunities.csv").open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["kind", "name", "lat", "lon", "count"])
        rows.writerows(
            [stages, name, place.lat, place.lon, 1]
            for _number, name, stages, *_bells in SCHOOLS
            if stages in ("college", "lycee")
        )


def load(home: Path) -> Made | None:
    """What the home was made of; None when it holds no demonstration."""
    try:
        return Made(**json.loads(_file(home).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _file(home: Path) -> Path:
    return home / "demo" / "made.json"


# --- starting again

REMOVED: Final = {  # what a reset removes from the home, and what it is; compiled kernels stay, they are slow to make
    "mobigo.sqlite": "la base de données",
    "mobigo.sqlite-shm": "la base de données (travail)",
    "mobigo.sqlite-wal": "la base de données (travail)",
    "assistance/demonstration.toml": "les conditions d’assistance",
    "blobs": "les fichiers reçus et produits",
    "broker": "la file des travaux",
    "cache/feeds": "les offres lues",
    "cache/networks": "les réseaux compilés",
    "demo": "les offres de la démonstration",
    "messages": "les messages écrits",
    "publications": "les fichiers publiés",
    "secrets": "les clés et les mots de passe",
    "territory": "les communes et les contours",
}


def to_remove(config: Config) -> dict[Path, str]:
    """What `--reset` removes, and what each is; anything else in the home stays.

    Raises Refused in production, when the database is not the home's own, and when the home holds something that no
    demonstration made.
    """
    if config.production:
        raise Refused("demo.not_in_production")
    if str(config.home / "mobigo.sqlite") not in config.database_url:
        raise Refused("demo.database_elsewhere")
    found = {config.home / name: what for name, what in REMOVED.items() if (config.home / name).exists()}
    if config.home / "mobigo.sqlite" in found and load(config.home) is None and not (config.home / "demo").exists():
        raise Refused("demo.not_a_demo", folder=str(config.home))
    return found


def remove(paths: Iterable[Path]) -> None:
    """Remove them."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def size_bytes(path: Path) -> int:
    """What a file, or a folder with all that is in it, weighs."""
    if path.is_dir():
        return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
    return path.stat().st_size

"""The demonstration territory as GTFS feeds: TER, Mobigo coaches, and the town networks of Dijon and Besançon.

Same facts, size and first day: same bytes. Service times pass midnight where a run does; nothing here reads a clock.

    python -m mobigo.app.demo.territory --size m --first-day 2026-10-26 FOLDER
"""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from zlib import crc32

from mobigo.app.demo import villages
from mobigo.app.demo.days import as_calendar, days_between, days_of
from mobigo.app.demo.facts import NETWORKS, Facts, Line, load
from mobigo.app.demo.feed import Feed, Network, archive, tables
from mobigo.app.demo.places import Places
from mobigo.app.demo.trips import add_line
from mobigo.base.errors import InvalidInput

SIZES = ("s", "m", "l")
DAYS = 365
MOVED_MIN_MAX = 9  # a line's hours are moved by 0 to 9 minutes, the same for the line both ways

MAY_1 = frozenset({(5, 1)})
# The telephone numbers are of the range the regulator keeps for fiction (03 53 01 xx xx).
OPERATORS = {
    network: Network(
        feed, agency_id, f"{agency} (démonstration)", phone, f"https://{feed}.mobigo.example.org/", prefix, off
    )
    for network, feed, agency_id, agency, phone, prefix, off in (
        ("ter", "ter", "TER", "TER Mobigo", "+33 3 53 01 00 10", "", frozenset[tuple[int, int]]()),
        ("coaches", "cars", "MOBIGO", "Cars Mobigo", "+33 3 53 01 00 20", "LR ", MAY_1),
        ("dijon", "dijon", "DIJON", "Réseau urbain de Dijon", "+33 3 53 01 00 30", "", MAY_1),
        ("besancon", "besancon", "BESANCON", "Réseau urbain de Besançon", "+33 3 53 01 00 40", "", MAY_1),
    )
}


def build(size: str, first_day: date, root: Path | None = None) -> dict[str, bytes]:
    """The feeds by name ("ter", "cars", "dijon", "besancon"), each the bytes of a zip valid for a year from then on."""
    if size not in SIZES:
        raise InvalidInput("demo.unknown_size", size=size, sizes=", ".join(SIZES))
    facts = load(root)
    last_day = first_day + timedelta(days=DAYS - 1)
    known = days_between(first_day, last_day, facts.school_holidays)
    feeds = {}
    for network in NETWORKS:
        feed = _feed(network, facts, size)
        calendars = {
            name: as_calendar(days_of(name, known, but=feed.operator.but), first_day, last_day)
            for name in sorted(feed.services)
        }
        feeds[feed.operator.feed] = archive(tables(feed, calendars, first_day, last_day))
    return feeds


def write(size: str, first_day: date, folder: Path) -> list[Path]:
    """Write the feeds as `FOLDER/<name>.zip`; the paths, in the order of import."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in build(size, first_day).items():
        path = folder / f"{name}.zip"
        path.write_bytes(content)
        paths.append(path)
    return paths


def first_day_for(today: date) -> date:
    """The Monday four weeks before this week's: the demonstration also shows the recent past."""
    return today - timedelta(days=today.weekday() + 28)


def _feed(network: str, facts: Facts, size: str) -> Feed:
    places = Places(network, facts)
    feed = Feed(OPERATORS[network])
    lines = list(facts.lines[network])
    if network == "coaches":
        served = frozenset(code for line in lines for call in line.calls for code in places.communes_of(call.place))
        towns = [stop for stop in facts.stops["coaches"] if not stop.name.endswith(("TGV", ", centre"))]
        lines += villages.lines_for(size, facts.communes, served, towns)
    calls_per_station: dict[str, int] = {}
    for line in lines:
        for call in line.calls:
            calls_per_station[call.place] = calls_per_station.get(call.place, 0) + 1
    for number, line in enumerate(lines):
        add_line(feed, places, _moved(line), number, calls_per_station)
    _join_blocks(feed)
    _add_transfers(feed, network, places)
    return feed


def _moved(line: Line) -> Line:
    """The line with the hours of its named service moved by its own few minutes."""
    if not line.moved_by:
        return line
    moved_s = crc32(line.id.encode()) % (MOVED_MIN_MAX + 1) * 60
    there, back = (
        tuple(replace(runs, departures_s=tuple(start + moved_s for start in runs.departures_s)) for runs in way)
        for way in (line.there, line.back)
    )
    return replace(line, there=there, back=back)


def _join_blocks(feed: Feed) -> None:
    """Trips of one block, in order of time: the passenger stays seated from one to the next (transfer type 4)."""
    for trips in feed.blocks.values():
        for (_, trip, _), (_, onward, _) in pairwise(sorted(trips)):
            feed.transfers.append(("", "", "", "", trip, onward, "4", ""))


def _add_transfers(feed: Feed, network: str, places: Places) -> None:
    """The coaches that wait for one another, and the few walks that are worth telling."""
    if network == "coaches":
        montbard = places.find("Montbard, gare").id
        feed.transfers.append((montbard, montbard, "119", "125", "", "", "1", ""))  # the 125 waits for the 119
        for a, b, walk_s in (("Châtillon-sur-Seine, centre", "Châtillon-sur-Seine, gare routière", 420),
                             ("Lons-le-Saunier, centre", "Lons-le-Saunier, gare", 780)):  # fmt: skip
            ids = places.find(a).id, places.find(b).id
            feed.transfers += [(*ids, "", "", "", "", "2", walk_s), (*reversed(ids), "", "", "", "", "2", walk_s)]
    if network == "dijon":
        for a, b, walk_s in (("Halles", "Godrans", 240), ("Palais des Ducs", "Godrans", 360)):
            for x in _poles(feed, places.find(a).id):
                for y in _poles(feed, places.find(b).id):
                    feed.transfers += [(x, y, "", "", "", "", "2", walk_s), (y, x, "", "", "", "", "2", walk_s)]


def _poles(feed: Feed, station: str) -> list[str]:
    return [stop_id for stop_id, row in feed.stops.items() if row[5] == station]


def _main() -> None:
    import click

    @click.command()
    @click.option("--size", type=click.Choice(SIZES), default="m")
    @click.option("--first-day", type=click.DateTime(["%Y-%m-%d"]), required=True)
    @click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
    def command(size: str, first_day: object, folder: Path) -> None:
        """Write the demonstration's feeds into FOLDER."""
        from datetime import datetime

        assert isinstance(first_day, datetime)  # noqa: S101 – click's own type, narrowed for the checker
        for path in write(size, first_day.date(), folder):
            click.echo(path)

    command()


if __name__ == "__main__":
    _main()

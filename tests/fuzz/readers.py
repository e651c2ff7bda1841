"""The readers under trial: how each is called, good inputs to begin from, and what its refusals are.

Adding one is adding an entry to `READERS`. An input is always bytes; a reader of files finds them in a file, and one
of archives finds them in one member of an archive that is otherwise good, so that a change lies behind the archive's
checksums and not before.
"""

import io
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from covoit.gateway.ndjson import Unreadable
from mobigo.base.errors import MobigoError
from tests.builders import feed, trip, write_zip

Seeds = Callable[[], tuple[bytes, ...]]
_DAY: Final = date(2025, 3, 18)
_FEED: Final = feed(
    trips=[trip("early", "A 07:55 B 08:05 C 08:20"), trip("late", "A 23:50 B 24:10", service="nights")],
    services={"nights": ["2025-03-18"]},
)


@dataclass(frozen=True)
class Reader:
    """`refuses`: what it may raise; anything else is a fault of ours. `kernels`: it runs compiled code of ours."""

    name: str
    read: Callable[[bytes], object]
    seeds: Seeds
    refuses: tuple[type[Exception], ...] = (MobigoError,)
    kernels: bool = False


# ---------------------------------------------------------------- files and archives


@cache
def _folder() -> Path:
    """A folder of this process, in memory where the system has one."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix=f"readers-{os.getpid()}-", dir=memory if memory.is_dir() else None))


def in_file(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """Reads bytes as a file of that name."""

    def reading(data: bytes) -> object:
        path = _folder() / name
        path.write_bytes(data)
        return read(path)

    return reading


def in_member(
    name: str, files: Callable[[], Mapping[str, bytes]], read: Callable[[Path], object]
) -> Callable[[bytes], object]:
    """Reads an archive of `files` in which the member `name` holds the bytes."""
    reading = in_file("archive.zip", read)
    return lambda data: reading(zipped({**files(), name: data}))


def zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# ---------------------------------------------------------------- timetables


def _feed_files() -> dict[str, bytes]:
    return {name: text.encode() for name, text in _FEED.items()}


def _gtfs(path: Path) -> object:
    from mobigo.network.gateway import gtfs
    from mobigo.network.rules.validation import validate

    return validate(gtfs.read(path).tables, _DAY)


def _gtfs_table(name: str) -> Reader:
    return Reader(f"gtfs {name}", in_member(name, _feed_files, _gtfs), lambda: (_feed_files()[name],))


def _gtfs_archive() -> tuple[bytes, ...]:
    return (write_zip(_FEED, _folder() / "seed.zip").read_bytes(),)


def _realtime(data: bytes) -> object:
    from mobigo.network.gateway.gtfs_realtime import read

    return read(data)


@cache
def _running_day() -> Any:
    from tests.realtime_world import random_day

    return random_day(3)


def _realtime_applied(data: bytes) -> object:
    """Laid over the timetable that it speaks of."""
    from mobigo.network.engine.realtime.matching import match
    from mobigo.network.engine.realtime.overlay import overlaid
    from mobigo.network.gateway.gtfs_realtime import read

    index = _running_index()
    return overlaid(index.timetable, match(index, [read(data)]).changes)


@cache
def _running_index() -> Any:
    from mobigo.network.engine.realtime.matching import FeedIndex
    from tests.planner_adaptor import compiled

    return FeedIndex(compiled(_running_day().case.spec.files()), 0)


def _shared_bikes(data: bytes) -> object:
    """As the document of each name, beside good ones: refused when under none it can be read."""
    from mobigo.network.gateway import gbfs

    good = {path.stem: path.read_bytes() for path in sorted(_GBFS.glob("*.json")) if path.stem in gbfs.WANTED}
    found = gbfs.parse(data, "document")
    refusals = []
    for name in good:
        try:
            gbfs.read({each: gbfs.parse(bytes_, each) for each, bytes_ in good.items()} | {name: found})
        except MobigoError as refused:
            refusals.append(refused)
    if len(refusals) == len(good):
        raise refusals[0]
    return refusals


def _siri(data: bytes) -> object:
    from mobigo.network.gateway.siri_read import read

    return read(data)


_SIRI: Final = (
    b'{"Siri": {"ServiceDelivery": {"ResponseTimestamp": "2025-03-18T07:00:00+01:00", "EstimatedTimetableDelivery": '
    b'[{"Status": "true", "EstimatedJourneyVersionFrame": [{"EstimatedVehicleJourney": [{"LineRef": {"value": "R"}, '
    b'"FramedVehicleJourneyRef": {"DataFrameRef": {"value": "2025-03-18"}, "DatedVehicleJourneyRef": "early"}, '
    b'"EstimatedCalls": {"EstimatedCall": [{"StopPointRef": {"value": "A"}, "VisitNumber": 1, '
    b'"ExpectedDepartureTime": "2025-03-18T08:00:00+01:00"}]}}]}]}]}}}',
    b'{"Siri": {"ServiceDelivery": {"SituationExchangeDelivery": [{"Situations": {"PtSituationElement": '
    b'[{"SituationNumber": {"value": "s"}, "ValidityPeriod": [{"StartTime": "2025-03-18T07:00:00Z"}], "Affects": '
    b'{"StopPoints": {"AffectedStopPoint": [{"StopPointRef": {"value": "A"}}]}}, "Summary": {"value": "x"}}]}}], '
    b'"GeneralMessageDelivery": [{"InfoMessage": [{"InfoMessageIdentifier": {"value": "m"}, "InfoChannelRef": '
    b'{"value": "Perturbation"}, "Content": {"Message": [{"MessageText": {"value": "x"}}]}}]}]}}}',
)


def _parks(data: bytes) -> object:
    from mobigo.network.gateway.parks import read_parks

    return read_parks(data, "parkings.csv")


def _free_places(data: bytes) -> object:
    from mobigo.network.gateway.parks import read_occupancy

    return read_occupancy(data)


_PARKS: Final = (
    b"id;nom;insee;type_usagers;gratuit;nb_places;nb_pr;nb_pmr;tarif_24h;Xlong;Ylat\n"
    b"v;Valmy;21231;tous;false;600;600;12;3,50;5.0571;47.3574\nx;Stade;;tous;;50;;;;5,06;47,34\n"
)
_FREE_PLACES: Final = (
    b"id;places_libres;horodatage;ouvert\nv;12;2026-11-26T08:00:00;oui\n",
    b'{"parkings": [{"id": "v", "places_libres": 12, "horodatage": "2026-11-26T08:00:00+01:00", "ouvert": true}]}',
)
_GBFS: Final = Path(__file__).parents[2] / "fixtures" / "gbfs" / "v3"


def _shared_bikes_seeds() -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in sorted(_GBFS.glob("*.json")))


def _realtime_seeds() -> tuple[bytes, ...]:
    from google.transit import gtfs_realtime_pb2

    message = gtfs_realtime_pb2.FeedMessage()
    message.header.gtfs_realtime_version = "2.0"
    message.header.timestamp = 1_742_284_800
    entity = message.entity.add(id="1")
    entity.trip_update.trip.trip_id = "early"
    call = entity.trip_update.stop_time_update.add(stop_id="B", stop_sequence=1)
    call.arrival.delay = 120
    alert = message.entity.add(id="2").alert
    alert.header_text.translation.add(text="Travaux", language="fr")
    alert.informed_entity.add(stop_id="A")
    alert.active_period.add(start=1_742_284_800, end=1_742_288_400)
    vehicle = message.entity.add(id="3").vehicle
    vehicle.trip.trip_id = "late"
    vehicle.position.latitude, vehicle.position.longitude = 47.3, 5.0
    return (message.SerializeToString(),)


def _netex(path: Path) -> object:
    from mobigo.network.gateway.netex import read_netex

    return read_netex(path)


@cache
def _netex_files() -> dict[str, bytes]:
    from mobigo.network.export.netex import write_netex
    from mobigo.network.gateway import gtfs

    source = write_zip(_FEED, _folder() / "seed.zip")
    out = _folder() / "seed-netex.zip"
    write_netex(gtfs.read_feed(source), out, feed="essai", participant="Essai",
                published_at=datetime(2025, 3, 1, tzinfo=UTC))  # fmt: skip
    return unzipped(out.read_bytes())


def _netex_seed(name: str) -> tuple[bytes, ...]:
    return (_netex_files()[name],)


def _streets(path: Path) -> object:
    from mobigo.network.gateway.osm import read_streets

    return read_streets(path)


def _streets_seeds() -> tuple[bytes, ...]:
    from tests.streets_drawn import write_pbf

    path = _folder() / "seed.osm.pbf"
    path.unlink(missing_ok=True)
    ways = [([(0, 0), (0, 1), (1, 1)], {"highway": "residential"}), ([(1, 1), (1, 2)], {"highway": "steps"})]
    return (write_pbf(path, ways).read_bytes(),)


def _tiles(path: Path) -> object:
    from mobigo.planner.gateway.pmtiles import open_archive

    archive = open_archive(path)
    try:
        return [archive.tile(z, x, 0) for z in range(3) for x in range(2)]
    finally:
        os.close(archive.file)


def _tiles_seeds() -> tuple[bytes, ...]:
    import struct

    root = b"\x01\x00\x01\x0c\x01"  # one entry: tile 0, run 1, 12 bytes, at the beginning
    told = json.dumps({"attribution": "© Exemple"}).encode()
    tile = b"\x89PNG a tile."
    where, at = [], 127
    for part in (root, told, b"", tile):
        where += [at, len(part)]
        at += len(part)
    head = struct.pack("<7sB11Q6B", b"PMTiles", 3, *where, 1, 1, 1, 1, 1, 1, 2, 0, 3)
    return (head.ljust(127, b"\0") + root + told + tile,)


# ---------------------------------------------------------------- tickets and payments


def _code(data: bytes) -> object:
    from billettique.rules.tickets import read_ticket
    from billettique.rules.u2 import read_code

    code = read_code(data)
    return [read_ticket(each.octets) for each in code.header.data]


def _code_seeds() -> tuple[bytes, ...]:
    from tests.ticket_world import bound_code, dynamic_code, static_code

    return static_code(), bound_code(), dynamic_code()


def _verdict(data: bytes) -> object:
    from tests.ticket_world import checked

    return checked(data)


def _ticket(data: bytes) -> object:
    from billettique.rules.tickets import read_ticket

    return read_ticket(data)


def _ticket_seeds() -> tuple[bytes, ...]:
    from billettique.rules.tickets import ticket_octets
    from tests.ticket_world import TICKET

    return (ticket_octets(TICKET),)


def _signed_list(data: bytes) -> object:
    """The text of a list, signed by who may: what a fault of ours, or a stolen key, could send to every device."""
    from base64 import b64encode

    from billettique.rules import keys
    from tests.ticket_world import NOW, ROOT

    text = data.decode("utf-8", "replace")
    out: list[object] = []
    for purpose, read in ((keys._KEYS, keys.read_key_list), (keys._REVOCATIONS, keys.read_revocations)):
        signature = b64encode(ROOT.sign((purpose + text).encode())).decode()
        sealed = json.dumps({"list": text, "signature": signature, "by": ROOT.public_key.hex()}).encode()
        try:
            out.append(read(sealed, {ROOT.public_key}, now=NOW))
        except MobigoError as refused:
            out.append(refused)
    return out


def _list_seeds() -> tuple[bytes, ...]:
    from billettique.rules.keys import write_key_list, write_revocations
    from tests.ticket_world import KEYS, NO_REVOCATION, ROOT

    sealed = (write_key_list(KEYS, ROOT), write_revocations(NO_REVOCATION, ROOT))
    return tuple(json.loads(each)["list"].encode() for each in sealed)


def _sealed_list(data: bytes) -> object:
    from billettique.rules.keys import read_key_list
    from tests.ticket_world import NOW, ROOT

    return read_key_list(data, {ROOT.public_key}, now=NOW)


def _sealed_seeds() -> tuple[bytes, ...]:
    from billettique.rules.keys import write_key_list
    from tests.ticket_world import KEYS, ROOT

    return (write_key_list(KEYS, ROOT),)


def _signature(data: bytes) -> object:
    from billettique.gateway.psp.signing import verify
    from tests.ticket_world import NOW

    header, _, body = data.partition(b"\n")
    return verify(body, header.decode("latin-1"), ["whsec_essai"], NOW)


def _signature_seeds() -> tuple[bytes, ...]:
    from billettique.gateway.psp.signing import sign
    from tests.ticket_world import NOW

    body = b'{"id":"evt_1"}'
    return (sign(body, "whsec_essai", NOW).encode() + b"\n" + body,)


def _bank(data: bytes) -> object:
    from covoit.gateway.bank import read_bank_file

    return read_bank_file(data)


def _bank_seeds() -> tuple[bytes, ...]:
    from tests.covoit_money_world import camt054, pain002

    return pain002(("P1", "ACCP", ""), ("P2", "RJCT", "AC04")), camt054(("P1", "12.30", ""), ("P2", "1.00", "AC04"))


# ---------------------------------------------------------------- carpool, school, tables


def _declared(data: bytes) -> object:
    from covoit.gateway.ndjson import read_declared
    from tests.ticket_world import NOW

    return read_declared(data, NOW)


def _correction(data: bytes) -> object:
    from covoit.gateway.ndjson import read_correction
    from tests.ticket_world import NOW

    return read_correction(data, NOW)


def _declared_seeds() -> tuple[bytes, ...]:
    from tests.covoit_registry_world import declared, line
    from tests.ticket_world import NOW

    return (line(declared("1", "t1", "d1", "p1", start=NOW - timedelta(hours=3))),)


def _correction_seeds() -> tuple[bytes, ...]:
    from tests.covoit_registry_world import correction, declared, line
    from tests.ticket_world import NOW

    return (line(correction(declared("1", "t1", "d1", "p1", start=NOW - timedelta(hours=3)))),)


def _outlines(data: bytes) -> object:
    from covoit.gateway.communes import read_outlines

    return read_outlines(data, "communes.geojson")


def _outlines_seeds() -> tuple[bytes, ...]:
    ring = [[5.0, 47.0], [5.1, 47.0], [5.1, 47.1], [5.0, 47.0]]
    feature = {
        "type": "Feature",
        "properties": {"code": "21231", "nom": "Dijon"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    return (json.dumps({"type": "FeatureCollection", "features": [feature]}).encode(),)


def _sheet(data: bytes) -> object:
    from scolaire.gateway.sheets import read

    return read(data, "élèves")


def _sheet_seeds() -> tuple[bytes, ...]:
    return "Nom;Prénom;Né le\r\nDurand;Zoé;01/02/2015\r\n".encode(), _workbook()


@cache
def _workbook() -> bytes:
    from openpyxl import Workbook

    out, book = io.BytesIO(), Workbook()
    for row in (["Nom", "Prénom", "Né le", "Distance"], ["Durand", "Zoé", "01/02/2015", 3.5], ["=1+1", None, True, 0]):
        book.active.append(row)
    book.save(out)
    return out.getvalue()


_STRINGS: Final = (
    b"""<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>Nom</t></si></sst>"""
)


def _sheet_part(name: str) -> Reader:
    """A workbook, one of whose parts is anything."""

    def reading(data: bytes) -> object:
        return _sheet(zipped({**unzipped(_workbook()), name: data}))

    return Reader(f"workbook {name}", reading, lambda: (unzipped(_workbook()).get(name, _STRINGS),))


def _demand(data: bytes) -> object:
    from scolaire.gateway.plan_json import read_demand

    return read_demand(data)


def _demand_seeds() -> tuple[bytes, ...]:
    from scolaire.export.plan_json import demand_json
    from tests.school_world import sector

    return (demand_json(sector(schools=1, stops=3, pupils=4)),)


def _plan(data: bytes) -> object:
    from scolaire.gateway.plan_json import read_plan

    return read_plan(data)


def _plan_seeds() -> tuple[bytes, ...]:
    from scolaire.export.plan_json import plan_json
    from tests.unit.scolaire_plans.test_the_day_checker import GOOD

    return (plan_json(GOOD),)


def _plan_archive() -> dict[str, bytes]:
    from scolaire.export.plan_csv import plan_csv
    from tests.unit.scolaire_plans.test_the_day_checker import DEMAND, GOOD

    return unzipped(plan_csv(GOOD, DEMAND))


def _plan_csv(name: str) -> Reader:
    def reading(data: bytes) -> object:
        from scolaire.gateway.plan_csv import read_plan_csv

        return read_plan_csv(zipped({**_plan_archive(), name: data}) if name else data)

    return Reader(f"plan {name or 'archive'}", reading,
                  lambda: (_plan_archive()[name] if name else zipped(_plan_archive()),))  # fmt: skip


def _places(data: bytes) -> object:
    from billettique.gateway.place_files import read_places

    return read_places(data.decode("utf-8", "replace"), "lieux.csv")


def _places_seeds() -> tuple[bytes, ...]:
    return (
        "lieu;arrêt\r\nzone-1;FR:1\r\n".encode(),
        b"de;a;km\r\nDijon;Beaune;37\r\n",
        _outlines_seeds()[0],
    )


def _tariff(data: bytes) -> object:
    from billettique.gateway.fares import version_of_text

    return version_of_text(data.decode("utf-8", "replace"), "essai")


def _tariff_seeds() -> tuple[bytes, ...]:
    import billettique

    folder = Path(billettique.__file__).parent / "data" / "fares"
    return ((folder / "2026-08-01-car-a-l-unite.toml").read_bytes(), (folder / "2020-01-01-pass-ok.toml").read_bytes())


def _table(data: bytes) -> object:
    from mobigo.app.open_data import FARES
    from opendata.gateway.table_schema import check, header_of

    path = _folder() / "table.csv"
    path.write_bytes(data)
    return header_of(path), check(path, FARES)


def _table_seeds() -> tuple[bytes, ...]:
    from mobigo.app.open_data import FARES

    return (",".join(column.name for column in FARES.columns).encode() + b"\r\n1,2,3\r\n",)


def _grants(data: bytes) -> object:
    from opendata.gateway.grants import FILE, grants

    path = _folder() / "home" / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return grants(_folder() / "home")


def _grants_seeds() -> tuple[bytes, ...]:
    from tests.unit.opendata_grants.test_grants import GOOD

    return ("\r\n".join((",".join(GOOD), ",".join(GOOD.values()), "")).encode(),)


def _diff(path: Path) -> object:
    from opendata.gateway.gtfs_diff import read_diff

    return read_diff(path)


def _diff_seeds() -> tuple[bytes, ...]:
    from opendata.engine.gtfs_diff import COLUMNS

    return (",".join(COLUMNS).encode() + b"\r\n" + b",".join(b"x" for _ in COLUMNS) + b"\r\n",)


def _shared_vehicles(path: Path) -> object:
    from opendata.gateway.judges.shared_vehicles import read_documents

    return read_documents(path)


def _shared_files() -> dict[str, bytes]:
    return {"system_information.json": b'{"version":"2.3","last_updated":1,"ttl":0,"data":{"system_id":"x"}}'}


def _checked(name: str) -> Callable[[bytes], object]:
    """The public page that judges whatever is dropped on it."""

    def judging(path: Path) -> object:
        from opendata.service.checking import check_file

        return check_file(path, name, datetime(2025, 3, 18, 9, tzinfo=UTC))

    return in_file(f"dropped-{name}", judging)


def _pair() -> bytes:
    return zipped({**_feed_files(), "trips.pb": _realtime_seeds()[0]})


READERS: Final = (
    *(_gtfs_table(name) for name in sorted(_FEED)),
    Reader("gtfs archive", in_file("feed.zip", _gtfs), _gtfs_archive),
    Reader("gtfs-rt", _realtime, _realtime_seeds),
    Reader("car parks", _parks, lambda: (_PARKS,)),
    Reader("free places", _free_places, lambda: _FREE_PLACES),
    Reader("gbfs", _shared_bikes, _shared_bikes_seeds),
    Reader("siri lite", _siri, lambda: _SIRI),
    Reader("gtfs-rt laid over", _realtime_applied, lambda: (_running_day().message,), kernels=True),
    *(
        Reader(f"netex {name}", in_member(name, _netex_files, _netex), partial(_netex_seed, name))
        for name in ("line_R.xml", "network.xml", "resource.xml", "stop.xml")
    ),
    Reader("streets pbf", in_file("streets.osm.pbf", _streets), _streets_seeds),
    Reader("map tiles", in_file("tiles.pmtiles", _tiles), _tiles_seeds),
    Reader("code", _code, _code_seeds),
    Reader("code verdict", _verdict, _code_seeds),
    Reader("ticket record", _ticket, _ticket_seeds),
    Reader("signed list", _signed_list, _list_seeds),
    Reader("sealed list", _sealed_list, _sealed_seeds),
    Reader("webhook signature", _signature, _signature_seeds),
    Reader("bank file", _bank, _bank_seeds),
    Reader("declared journey", _declared, _declared_seeds, (Unreadable,)),
    Reader("corrected journey", _correction, _correction_seeds, (Unreadable,)),
    Reader("commune outlines", _outlines, _outlines_seeds),
    Reader("sheet", _sheet, _sheet_seeds),
    _sheet_part("xl/worksheets/sheet1.xml"),
    _sheet_part("xl/workbook.xml"),
    _sheet_part("xl/sharedStrings.xml"),
    _sheet_part("xl/styles.xml"),
    Reader("school demand", _demand, _demand_seeds),
    Reader("school plan", _plan, _plan_seeds),
    *(_plan_csv(name) for name in ("", "seats.csv", "left.csv", "services.csv", "buses.csv")),
    Reader("tariff places", _places, _places_seeds),
    Reader("tariff", _tariff, _tariff_seeds),
    Reader("published table", _table, _table_seeds),
    Reader("subsidies table", _grants, _grants_seeds),
    Reader("gtfs-diff", in_file("diff.csv", _diff), _diff_seeds),
    Reader("dropped message", _checked("x.pb"), _realtime_seeds),
    Reader("dropped messages and tables", _checked("x.zip"), lambda: (_pair(), zipped(_shared_files()))),
    Reader("dropped netex", _checked("x.xml"), lambda: tuple(_netex_files().values())),
    Reader("gbfs member", in_member("system_information.json", _shared_files, _shared_vehicles),
           lambda: tuple(_shared_files().values()), (MobigoError, ValueError)),
    Reader("gbfs archive", in_file("gbfs.zip", _shared_vehicles), lambda: (zipped(_shared_files()),),
           (MobigoError, ValueError)),
)  # fmt: skip

"""GTFS-Realtime messages (.pb): our own reading of one message, and the reference's rules (gtfs-rt-validator) where the
theoretical feed it speaks of is brought with it, as an archive of tables and messages.
"""

import zipfile
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from mobigo.base.archives import unbroken
from mobigo.base.decisions import Decision
from mobigo.network.model.notices import Severity
from opendata.gateway.judges.answers import REALTIME, answer, example, refused, silent
from opendata.model.checks import Check, Finding

MESSAGE_BYTES_MAX: Final = 20_000_000
PAIR_BYTES_MAX: Final = 5_000_000  # of the archive, for the reference: it reads every stop time
VERSIONS: Final = ("1.0", "2.0")
_EPOCH_MIN: Final = 1_104_537_600  # 2005: a time in milliseconds, or none, is no POSIX time


@dataclass
class Found:
    """Faults by code: how many, and the first."""

    faults: dict[str, tuple[Severity, int, dict[str, object]]] = field(default_factory=dict)

    def tell(self, code: str, severity: Severity = Severity.ERROR, **shown: object) -> None:
        """One more fault of this code."""
        known = self.faults.get(code)
        self.faults[code] = (severity, 1, shown) if known is None else (known[0], known[1] + 1, known[2])

    def findings(self) -> list[Finding]:
        """What was told, as judges give it."""
        return [Finding(code, severity, n, example(first)) for code, (severity, n, first) in self.faults.items()]


class RealtimeRules:
    """What one message must be by itself; and, beside its theoretical feed, of trips and stops that are there."""

    name = "mobigo-temps-reel"
    required = True

    def reads(self, name: str, media_type: str, standard: str) -> bool:
        """GTFS-Realtime."""
        return standard == REALTIME

    def check(self, path: Path, name: str, today: date) -> Check:
        """What is wrong with the messages at `path`: one message, or an archive with messages and tables."""
        own = version("mobigo")
        found = Found()
        try:
            known = known_ids(path)
            for file, data in messages(path, name):
                _message(found, file, data, known)
        except ValueError as error:
            because = Decision("opendata.judge_cannot_read", judge=self.name, file=name, reason=str(error)[:200])
            return refused(self.name, own, name, because)
        return answer(self.name, own, name, found.findings())


class RealtimeReference:
    """The rules of MobilityData's GTFS Realtime validator, in Python."""

    name = "gtfs-rt-validator"
    required = False

    def __init__(self, *, bytes_max: int = PAIR_BYTES_MAX, at: datetime | None = None) -> None:
        """`at`: the instant as of which a message is judged; noon of the day, for one that was kept."""
        self.bytes_max, self.at = bytes_max, at

    def reads(self, name: str, media_type: str, standard: str) -> bool:
        """GTFS-Realtime."""
        return standard == REALTIME

    def check(self, path: Path, name: str, today: date) -> Check:
        """What it finds. Without the theoretical feed it does not run."""
        if find_spec("gtfs_rt_validator") is None:
            return silent(self.name, "", name, "opendata.judge_absent")
        own = version("gtfs-rt-validator")
        try:
            return self._heard(path, name, today, own)
        except ValueError as error:
            because = Decision("opendata.judge_cannot_read", judge=self.name, file=name, reason=str(error)[:200])
            return refused(self.name, own, name, because)

    def _heard(self, path: Path, name: str, today: date, own: str) -> Check:
        if not is_pair(path):
            return silent(self.name, own, name, "opendata.judge_needs_timetable")
        size = path.stat().st_size
        if size > self.bytes_max:
            return silent(self.name, own, name, "opendata.judge_file_too_large", size=size, limit=self.bytes_max)
        from gtfs_rt_validator.api import (  # type: ignore[import-untyped]  # it ships no types
            Mode,
            Request,
            resolve,
            validate,
        )

        with TemporaryDirectory(prefix="mobigo-judge-") as kept:
            folder, notices = Path(kept), Counter[tuple[str, str]]()
            feed = _tables_alone(path, folder / "feed.zip")
            shown: dict[tuple[str, str], dict[str, object]] = {}
            for number, (file, data) in enumerate(messages(path, name)):
                (message := folder / f"{number}.pb").write_bytes(data)
                at = self.at or datetime.combine(today, time(12), UTC)
                try:
                    validate(Request(Mode.MODERN, feed, resolve(str(message)), at=at)).write(folder / str(number))
                    report = _report(folder / str(number))
                except Exception as error:  # a defect of a library on a hostile file is no answer
                    return silent(self.name, own, name, "opendata.judge_broke", reason=str(error)[:200])
                for notice in report:
                    key = notice["code"], notice["severity"]
                    notices[key] += int(notice["totalNotices"])
                    first: dict[str, object] = next(iter(notice["sampleNotices"]), {})
                    shown.setdefault(
                        key, example({"file": file, **{k: v for k, v in first.items() if k != "sourceFile"}})
                    )
        found = [Finding(code, Severity(grave), n, shown[code, grave]) for (code, grave), n in notices.items()]
        return answer(self.name, own, name, found)


def _report(folder: Path) -> list[dict[str, Any]]:
    import json

    found: list[dict[str, Any]] = json.loads((folder / "report.json").read_bytes())["notices"]
    return found


def is_pair(path: Path) -> bool:
    """Whether the archive holds tables beside its messages."""
    return zipfile.is_zipfile(path) and any(name.lower().endswith(".txt") for name in _names(path))


def messages(path: Path, name: str) -> Iterable[tuple[str, bytes]]:
    """The messages: (file, its bytes). Raises ValueError for one that is too large, and for a damaged archive."""
    if not zipfile.is_zipfile(path):
        if path.stat().st_size > MESSAGE_BYTES_MAX:
            raise ValueError(f"{name}: more than {MESSAGE_BYTES_MAX} bytes")
        yield name, path.read_bytes()
        return
    with _opened(path) as archive:
        for member in sorted(archive.infolist(), key=lambda each: each.filename):
            if member.filename.lower().endswith(".pb"):
                if member.file_size > MESSAGE_BYTES_MAX:
                    raise ValueError(f"{member.filename}: more than {MESSAGE_BYTES_MAX} bytes")
                with unbroken(ValueError(f"{member.filename}: zip")):
                    data = archive.read(member)
                yield member.filename, data


def known_ids(path: Path) -> Mapping[str, frozenset[str]] | None:
    """The trips, routes and stops of the tables beside the messages; None without any."""
    if not is_pair(path):
        return None
    from mobigo.network.gateway import gtfs
    from mobigo.network.gateway.limits import Limits

    bounds = Limits(members_max=1_000, cells_max=15_000_000, member_bytes_max=150_000_000, total_bytes_max=150_000_000)
    tables = gtfs.read(path, bounds).tables
    return {
        column: frozenset(tables[table][column].str.strip_chars().to_list())
        if tables.has(table, column)
        else frozenset()
        for table, column in (("trips", "trip_id"), ("routes", "route_id"), ("stops", "stop_id"))
    }


def _names(path: Path) -> Collection[str]:
    with _opened(path) as archive:
        return archive.namelist()


def _opened(path: Path) -> zipfile.ZipFile:
    with unbroken(ValueError("zip")):
        return zipfile.ZipFile(path)


def _tables_alone(path: Path, to: Path) -> Path:
    with _opened(path) as archive, zipfile.ZipFile(to, "w") as out:
        for name in archive.namelist():
            if name.lower().endswith(".txt"):
                with unbroken(ValueError(f"{name}: zip")):
                    data = archive.read(name)
                out.writestr(name, data)
    return to


# ---------------------------------------------------------------- one message


def _message(found: Found, file: str, data: bytes, known: Mapping[str, frozenset[str]] | None) -> None:
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # no stubs
    from google.transit import gtfs_realtime_pb2

    feed = gtfs_realtime_pb2.FeedMessage()
    try:
        feed.ParseFromString(data)
    except DecodeError as error:
        raise ValueError(f"{file}: {error}") from None
    if feed.header.gtfs_realtime_version not in VERSIONS:
        found.tell("rt_version_unknown", file=file, version=feed.header.gtfs_realtime_version)
    if not feed.header.HasField("timestamp"):
        found.tell("rt_no_timestamp", file=file)
    elif not _EPOCH_MIN <= feed.header.timestamp < 10 * _EPOCH_MIN:
        found.tell("rt_timestamp_not_posix", file=file, timestamp=feed.header.timestamp)
    if not feed.entity:
        found.tell("rt_empty", Severity.WARNING, file=file)
    for entity, count in Counter(each.id for each in feed.entity).items():
        if count > 1:
            found.tell("rt_entity_twice", file=file, entity=entity)
    for each in feed.entity:
        _entity(found, file, each, known)


def _entity(found: Found, file: str, entity: Any, known: Mapping[str, frozenset[str]] | None) -> None:
    kinds = [kind for kind in ("trip_update", "vehicle", "alert") if entity.HasField(kind)]
    if not kinds and not entity.is_deleted:
        found.tell("rt_entity_of_nothing", Severity.WARNING, file=file, entity=entity.id)
    if "trip_update" in kinds:
        _trip(found, file, entity, entity.trip_update.trip, known)
        _calls(found, file, entity, known)
    if "vehicle" in kinds:
        _trip(found, file, entity, entity.vehicle.trip, known)
        at = entity.vehicle.position
        if entity.vehicle.HasField("position") and not (abs(at.latitude) <= 90 and abs(at.longitude) <= 180):
            found.tell("rt_position_nowhere", file=file, entity=entity.id)
    if "alert" in kinds:
        if not entity.alert.informed_entity:
            found.tell("rt_alert_about_nothing", file=file, entity=entity.id)
        if not entity.alert.header_text.translation:
            found.tell("rt_alert_without_title", Severity.WARNING, file=file, entity=entity.id)
        for informed in entity.alert.informed_entity:
            _told(found, file, entity.id, known, route_id=informed.route_id, stop_id=informed.stop_id)


_ADDED: Final = {1, 2, 5, 8}  # ADDED, UNSCHEDULED, REPLACEMENT, NEW: trips that no timetable holds


def _trip(found: Found, file: str, entity: Any, trip: Any, known: Mapping[str, frozenset[str]] | None) -> None:
    if trip.schedule_relationship not in _ADDED:
        _told(found, file, entity.id, known, trip_id=trip.trip_id, route_id=trip.route_id)


def _calls(found: Found, file: str, entity: Any, known: Mapping[str, frozenset[str]] | None) -> None:
    before = -1
    for call in entity.trip_update.stop_time_update:
        shown = {"file": file, "entity": entity.id, "stop": call.stop_id or call.stop_sequence}
        if not (call.HasField("stop_sequence") or call.HasField("stop_id")):
            found.tell("rt_call_of_no_stop", **shown)
        if call.HasField("stop_sequence"):
            if call.stop_sequence <= before:
                found.tell("rt_calls_out_of_order", **shown)
            before = call.stop_sequence
        if call.schedule_relationship == 0 and not (call.HasField("arrival") or call.HasField("departure")):
            found.tell("rt_call_without_time", **shown)
        if call.arrival.time and call.departure.time and call.departure.time < call.arrival.time:
            found.tell("rt_leaves_before_it_arrives", **shown)
        _told(found, file, entity.id, known, stop_id=call.stop_id)


def _told(found: Found, file: str, entity: str, known: Mapping[str, frozenset[str]] | None, **ids: str) -> None:
    """References that the theoretical feed, where it is there, does not know."""
    for column, value in ids.items() if known is not None else ():
        if value and known is not None and value not in known[column]:
            found.tell(f"rt_unknown_{column.removesuffix('_id')}", file=file, entity=entity, value=value)

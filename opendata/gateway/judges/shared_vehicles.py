"""GBFS, brought as an archive of its documents: our own reading, and the reference's schemas (gbfs-validator), on the
documents brought and no other: the addresses that they name are never asked.
"""

import json
import zipfile
from collections import Counter
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from mobigo.base.archives import unbroken
from mobigo.base.decisions import Decision
from mobigo.network.model.notices import Severity
from opendata.gateway.judges.answers import GBFS, answer, example, refused, silent
from opendata.gateway.judges.realtime import Found
from opendata.model.checks import Check, Finding

DOCUMENT_BYTES_MAX: Final = 20_000_000
TOTAL_BYTES_MAX: Final = 60_000_000
FIRST: Final = "system_information"  # the document that every version has


class GbfsRules:
    """Documents that read, stations told once, with a place, and whose state speaks of stations that are there."""

    name = "mobigo-gbfs"
    required = True

    def reads(self, name: str, media_type: str, standard: str) -> bool:
        """GBFS."""
        return standard == GBFS

    def check(self, path: Path, name: str, today: date) -> Check:
        """What is wrong with the documents."""
        own, found = version("mobigo"), Found()
        try:
            documents = read_documents(path)
        except ValueError as error:
            because = Decision("opendata.judge_cannot_read", judge=self.name, file=name, reason=str(error)[:200])
            return refused(self.name, own, name, because)
        for file, document in documents.items():
            if not isinstance(document.get("data"), (dict, list)):
                found.tell("gbfs_without_data", file=file)
            if "last_updated" not in document:
                found.tell("gbfs_without_date", file=file)
        if FIRST not in documents:
            found.tell("gbfs_without_system", file=f"{FIRST}.json")
        _stations(found, documents)
        return answer(self.name, own, name, found.findings())


class GbfsReference:
    """The schemas and conditions of MobilityData's GBFS validator, in Python."""

    name = "gbfs-validator"
    required = False

    def reads(self, name: str, media_type: str, standard: str) -> bool:
        """GBFS."""
        return standard == GBFS

    def check(self, path: Path, name: str, today: date) -> Check:
        """What it finds in the documents brought."""
        if find_spec("gbfs_validator") is None:
            return silent(self.name, "", name, "opendata.judge_absent")
        from gbfs_validator import validate_feed  # type: ignore[import-untyped]  # it ships no types

        own = version("gbfs-validator")
        try:
            documents = read_documents(path)
        except ValueError as error:
            because = Decision("opendata.judge_cannot_read", judge=self.name, file=name, reason=str(error)[:200])
            return refused(self.name, own, name, because)
        with TemporaryDirectory(prefix="mobigo-judge-") as kept:
            try:
                report = validate_feed(_as_a_feed(documents, Path(kept)))
            except Exception as error:  # a defect of a library on a hostile file is no answer
                return silent(self.name, own, name, "opendata.judge_broke", reason=str(error)[:200])
        if "files" not in report:
            return silent(self.name, own, name, "opendata.judge_broke", reason="version")
        return answer(self.name, own, name, _findings(report["files"]))


def read_documents(path: Path) -> dict[str, dict[str, Any]]:
    """The documents of an archive by their name in GBFS, its list of addresses left out. Raises ValueError for one that
    is not JSON, or too large, and for an archive that is none or damaged."""
    found: dict[str, dict[str, Any]] = {}
    total = 0
    with unbroken(ValueError("zip")):
        archive = zipfile.ZipFile(path)
    with archive:
        for member in sorted(archive.infolist(), key=lambda each: each.filename):
            file = member.filename.rsplit("/", 1)[-1]
            if not file.endswith(".json") or file == "gbfs.json":
                continue
            total += member.file_size
            if member.file_size > DOCUMENT_BYTES_MAX or total > TOTAL_BYTES_MAX:
                raise ValueError(f"{file}: too large")
            with unbroken(ValueError(f"{file}: zip")):
                data = archive.read(member)
            try:
                document = json.loads(data)
            except (ValueError, RecursionError) as error:
                raise ValueError(f"{file}: {error}") from None
            if not isinstance(document, dict):
                raise ValueError(f"{file}: no GBFS document")
            found[file.removesuffix(".json")] = document
    return found


def _as_a_feed(documents: Mapping[str, dict[str, Any]], folder: Path) -> str:
    """The documents as files beside a list of our own making, whose addresses are those files."""
    own = documents.get(FIRST, {}).get("version")
    feeds = []
    for name, document in documents.items():
        (file := folder / f"{name}.json").write_text(json.dumps(document))
        feeds.append({"name": name, "url": file.as_uri()})
    listed: dict[str, Any] = {"feeds": feeds} if str(own or "").startswith("3") else {"fr": {"feeds": feeds}}
    head = {"last_updated": documents.get(FIRST, {}).get("last_updated"), "ttl": 0, "data": listed}
    (folder / "gbfs.json").write_text(json.dumps({**head, **({"version": own} if own else {})}))
    return (folder / "gbfs.json").as_uri()


def _findings(files: list[dict[str, Any]]) -> list[Finding]:
    totals: Counter[str] = Counter()
    first: dict[str, dict[str, object]] = {}
    for each in files:
        if each["file"] == "gbfs.json":
            continue  # of our own making
        if each.get("required") and not each.get("exists"):
            totals["missing_document"] += 1
            first.setdefault("missing_document", example({"file": each["file"]}))
        for language in each.get("languages") or [each]:
            errors = language.get("errors")
            for error in errors if isinstance(errors, list) else ():
                code = f"schema_{error.get('keyword', 'fault')}"
                totals[code] += 1
                first.setdefault(code, example({"file": each["file"], "where": error.get("instancePath"),
                                                "message": error.get("message")}))  # fmt: skip
    return [Finding(code, Severity.ERROR, count, first[code]) for code, count in totals.items()]


def _stations(found: Found, documents: Mapping[str, dict[str, Any]]) -> None:
    told = _list(documents, "station_information", "stations")
    known = Counter(str(each.get("station_id", "")) for each in told)
    for station in told:
        name = str(station.get("station_id", ""))
        lat, lon = station.get("lat"), station.get("lon")
        placed = isinstance(lat, (int, float)) and isinstance(lon, (int, float)) and abs(lat) <= 90 and abs(lon) <= 180
        if not placed or (lat, lon) == (0, 0):
            found.tell("gbfs_station_nowhere", file="station_information.json", station=name)
    for name, count in known.items():
        if count > 1:
            found.tell("gbfs_station_twice", file="station_information.json", station=name)
    for station in _list(documents, "station_status", "stations"):
        name = str(station.get("station_id", ""))
        if "station_information" in documents and name not in known:
            found.tell("gbfs_state_of_no_station", file="station_status.json", station=name)
        for key, value in station.items():
            if key.startswith("num_") and isinstance(value, (int, float)) and value < 0:
                found.tell("gbfs_number_below_zero", file="station_status.json", station=name, field=key)


def _list(documents: Mapping[str, dict[str, Any]], document: str, key: str) -> list[dict[str, Any]]:
    data = documents.get(document, {}).get("data")
    found = data.get(key) if isinstance(data, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []

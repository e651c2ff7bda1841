"""Listening to what is told live: asked as a reuser asks, over HTTP at the public address, and judged as files are.

What a judge says is kept beside what was said of the files of the version in force, under the name of the address; what
the address itself told is not kept. A judge that heard nothing did not run.
"""

import json
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from mobigo.base.decisions import Decision
from mobigo.base.instants import paris_day
from mobigo.infra.db import reading, transaction
from opendata.gateway.judges.answers import GBFS, silent
from opendata.gateway.probe import Hear
from opendata.model.checks import Check, Judge, Verdict
from opendata.model.datasets import LiveAddress, Slot
from opendata.service import showing
from opendata.service.publishing import Tools
from opendata.store import checks as check_store
from opendata.store import files, versions

GBFS_DOCUMENTS_MAX = 20
TIMETABLE = "gtfs.zip"  # the file of a dataset of timetables whose identifiers a live feed may carry


def listen(tools: Tools, now: datetime, hear: Hear, judges: Sequence[Judge]) -> list[str]:
    """Ask every live address of the catalogue, have it judged, and keep what was said; the datasets of which a judge
    that must agree did not."""
    with reading(tools.engine) as session:
        found = showing.catalogue(session, now)
    bad = []
    for shown in found:
        if shown.version is None:
            continue
        heard = [each for address in shown.kept.declared.live for each in _heard(tools, address, now, hear, judges)]
        if heard:
            _keep(tools, shown.version.id, heard, now)
        if any(required and check.verdict is Verdict.FAILED for check, required in heard):
            bad.append(shown.code)
    return bad


def _heard(
    tools: Tools, address: LiveAddress, now: datetime, hear: Hear, judges: Sequence[Judge]
) -> Iterator[tuple[Check, bool]]:
    asked = [judge for judge in judges if judge.reads(address.name, address.media_type, address.standard)]
    root = tools.config.home / "cache" / "opendata"
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root) as folder:
        path = Path(folder) / address.name
        fault = hear(address, path)
        if fault is None and address.standard == GBFS:
            path, fault = _with_its_documents(address, path, hear)
        elif fault is None:
            path = _beside_its_timetable(tools, address, path)
        for judge in asked:
            if fault is None:
                yield judge.check(path, address.name, paris_day(now)), judge.required
            else:
                yield silent(judge.name, "", address.name, fault.code, **_but_file(fault)), judge.required


def _but_file(fault: Decision) -> dict[str, object]:
    return {name: value for name, value in fault.params.items() if name != "file"}


def _with_its_documents(address: LiveAddress, path: Path, hear: Hear) -> tuple[Path, Decision | None]:
    """The documents that a list of GBFS leads to, in an archive with it; or what is wrong with one of them. They are
    asked for beside the list, wherever it says that they are: this site asks nobody else."""
    try:
        feeds = json.loads(path.read_bytes())["data"]["feeds"]
        names = [str(each["url"]).rpartition("/")[2] for each in feeds]
    except (ValueError, KeyError, TypeError, RecursionError):
        return path, Decision("opendata.live_no_list", file=address.name)
    pair = path.with_suffix(".zip")
    with zipfile.ZipFile(pair, "w", zipfile.ZIP_DEFLATED) as out:
        for name in names[:GBFS_DOCUMENTS_MAX]:
            there = replace(address, path=f"{address.path.rpartition('/')[0]}/{name}")
            told = path.with_name("document.json")
            if (fault := hear(there, told)) is not None:
                return path, fault
            out.write(told, name)
    return pair, None


def _beside_its_timetable(tools: Tools, address: LiveAddress, path: Path) -> Path:
    """The message in an archive with the tables in force whose identifiers it carries; alone where there are none."""
    with reading(tools.engine) as session:
        pointer = versions.find_pointer(session, address.timetable, Slot.LATEST) if address.timetable else None
        if pointer is None or pointer.version_id is None:
            return path
        kept = versions.get_version(session, pointer.version_id).files
    tables = next((file for file in kept if file.name == TIMETABLE), None)
    if tables is None:
        return path
    pair = path.with_suffix(".zip")
    held = files.contents_of(tools.config.home).path(tables.sha256)
    with zipfile.ZipFile(held) as source, zipfile.ZipFile(pair, "w", zipfile.ZIP_DEFLATED) as out:
        for name in source.namelist():
            if name.endswith(".txt"):
                out.writestr(name, source.read(name))
        out.write(path, f"{path.stem}.pb")
    return pair


def _keep(tools: Tools, version_id: str, heard: Sequence[tuple[Check, bool]], now: datetime) -> None:
    """Keep each word that is another than the last: another verdict, another reason, other rules broken. How often, and
    the example, change with each message."""
    with transaction(tools.engine) as session:
        last = {
            (check.judge, check.file): check for check, _required, _at in check_store.of_version(session, version_id)
        }
        new = [pair for pair in heard if _word(pair[0]) != _word(last.get((pair[0].judge, pair[0].file)))]
        check_store.add(session, version_id, new, now)


def _word(check: Check | None) -> object:
    if check is None:
        return None
    because = None if check.because is None else check.because.code
    return check.verdict, because, {(each.code, each.severity) for each in check.findings}

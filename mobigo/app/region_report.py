"""What looking at a part of a region found, as a value and as a kept file: its answer or why it is refused, the faults
line by line, and the files themselves, so that what is put in use is what was looked at."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from mobigo.app.region import Fault
from mobigo.base.decisions import Decision


@dataclass(frozen=True, slots=True)
class Report:
    """`said` is what bringing it would do, or the reason why it cannot (`fit` is False). `files` are names with the
    hashes of their contents; `total` counts the faults, of which the first are in `faults`."""

    fit: bool
    said: Decision
    files: tuple[tuple[str, str], ...]
    total: int
    faults: tuple[Fault, ...]


def written(report: Report) -> bytes:
    """The report as JSON; `read` gives it back."""
    document = {
        "fit": report.fit,
        "said": _plain(report.said),
        "files": [list(each) for each in report.files],
        "total": report.total,
        "faults": [
            [each.file, each.line, each.column, str(each.value)[:200], _plain(each.reason)] for each in report.faults
        ],
    }
    return json.dumps(document, ensure_ascii=False).encode()


def read(content: bytes) -> Report:
    """The report that was written."""
    document = json.loads(content)
    faults = tuple(
        Fault(file, line, column, value, _decision(reason)) for file, line, column, value, reason in document["faults"]
    )
    files = tuple((name, digest) for name, digest in document["files"])
    return Report(document["fit"], _decision(document["said"]), files, document["total"], faults)


def _plain(value: object) -> Any:
    if isinstance(value, Decision):
        return {"code": value.code, "params": {name: _plain(each) for name, each in value.params.items()}}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(each) for each in value]
    return value if isinstance(value, (str, int, float)) or value is None else str(value)


def _decision(written: Mapping[str, Any]) -> Decision:
    return Decision(written["code"], **{name: _value(each) for name, each in written["params"].items()})


def _value(value: Any) -> object:
    if isinstance(value, list):
        return [_value(each) for each in value]
    if isinstance(value, dict):
        return date.fromisoformat(value["day"][:10]) if "day" in value else _decision(value)
    return value

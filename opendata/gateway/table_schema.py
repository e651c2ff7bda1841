"""The judge of tables: a CSV file against the columns that its dataset declares, read line by line."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Final

from mobigo.base.decisions import Decision
from mobigo.network.model.notices import Severity
from opendata.model.checks import Check, Finding, Verdict
from opendata.model.datasets import FileSpec
from opendata.rules.cells import fault

Note = Callable[..., None]
JUDGE: Final = "table-schema"
VERSION: Final = "1"


def check(path: Path, spec: FileSpec) -> Check:
    """Its word: the header is that of the columns, in order; each row has a cell for each; each cell is of its kind.
    The first line of each fault is its example."""
    found: dict[tuple[str, str], Finding] = {}

    def note(code: str, column: str, line: int, value: str = "") -> None:
        before = found.get((code, column))
        if before is None:
            example: dict[str, object] = {"line": line, "column": column, "value": value[:80]}
            found[code, column] = Finding(code, Severity.ERROR, 1, {k: v for k, v in example.items() if v != ""})
        else:
            found[code, column] = Finding(code, before.severity, before.total + 1, before.example)

    try:
        rows = _compare(path, spec, note)
    except (UnicodeDecodeError, csv.Error) as unreadable:
        reason = Decision("opendata.table_unreadable", file=spec.name, reason=str(unreadable)[:200])
        return Check(judge=JUDGE, judge_version=VERSION, verdict=Verdict.FAILED, file=spec.name, because=reason)
    verdict = Verdict.FAILED if found else Verdict.PASSED
    because = None if found else Decision("opendata.table_follows", count=rows)
    return Check(
        judge=JUDGE, judge_version=VERSION, verdict=verdict, file=spec.name, findings=tuple(found.values()),
        because=because,
    )  # fmt: skip


def header_of(path: Path) -> list[str]:
    """The names of the columns, as the first line gives them; empty when it cannot be read."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline(10_000)
    except UnicodeDecodeError:
        return []
    return next(csv.reader([first], delimiter=_delimiter(first)), [])


def _delimiter(first: str) -> str:
    return ";" if first.count(";") > first.count(",") else ","


def _compare(path: Path, spec: FileSpec, note: Note) -> int:
    wanted = [column.name for column in spec.columns]
    rows = 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        file.seek(0)
        reader = csv.reader(file, delimiter=_delimiter(first), strict=True)
        header = next(reader, [])
        if header != wanted:
            note("wrong_header", "", 1, ", ".join(header))
            return 0
        for row in reader:
            rows += 1
            if len(row) != len(wanted):
                note("wrong_width", "", reader.line_num)
                continue
            for column, text in zip(spec.columns, row, strict=True):
                code = fault(column, text)
                if code is not None:
                    note(code, column.name, reader.line_num, text)
    return rows

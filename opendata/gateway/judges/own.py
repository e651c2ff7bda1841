"""Our own rules on a GTFS (`mobigo.network.rules`): those that every import goes through."""

from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from mobigo.base.errors import MobigoError
from opendata.gateway.judges import together
from opendata.gateway.judges.answers import GTFS, answer, example, refused
from opendata.model.checks import Check, Finding

if TYPE_CHECKING:
    from mobigo.network.model.report import Report


class OwnRules:
    """The rules of `mobigo gtfs import`."""

    name = "mobigo"
    required = True

    def reads(self, name: str, media_type: str, standard: str) -> bool:
        """GTFS."""
        return standard == GTFS

    def check(self, path: Path, name: str, today: date) -> Check:
        """What they find; an archive that we would refuse to open fails with our reason."""
        own = version("mobigo")
        try:
            return answer(self.name, own, name, findings(report_of(path, today)))
        except MobigoError as error:
            return refused(self.name, own, name, error.decision)


def report_of(path: Path, today: date) -> "Report":
    """The whole report on the archive at `path`. Raises InvalidInput or Refused for one we would not open."""
    from mobigo.network.model.report import merged
    from mobigo.network.rules.validation import validate

    _archive, read = together.read(path)
    return merged([read.report, validate(read.tables, today)])


def findings(report: "Report") -> list[Finding]:
    """The findings of a report, each with its first example."""
    out = []
    for found in report.findings:
        first = found.examples[0] if found.examples else None
        shown = {} if first is None else example({
            "file": first.file, "line": first.line, "column": first.column, "value": first.value, **first.params,
        })  # fmt: skip
        out.append(Finding(found.code, found.severity, found.total, shown))
    return out

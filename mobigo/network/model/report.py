"""What validation found, put together: one finding a code, with its true total and a capped list of examples."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mobigo.network.model.notices import Notice, Severity

EXAMPLES_MAX = 50  # notices kept a code; the total counts them all


@dataclass(frozen=True, slots=True)
class Finding:
    """All notices of one code: how many there are, and the first `EXAMPLES_MAX` of them in the order of the files."""

    code: str
    severity: Severity
    total: int
    examples: tuple[Notice, ...]
    blocking: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """The findings on one feed, the gravest first, then by code."""

    findings: tuple[Finding, ...] = ()

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings for which we refuse the feed."""
        return tuple(finding for finding in self.findings if finding.blocking)

    @property
    def codes(self) -> frozenset[str]:
        """Every code found."""
        return frozenset(finding.code for finding in self.findings)

    def total(self, severity: Severity) -> int:
        """How many notices of that severity."""
        return sum(finding.total for finding in self.findings if finding.severity is severity)

    def find(self, code: str) -> Finding | None:
        """The finding of that code."""
        return next((finding for finding in self.findings if finding.code == code), None)


def merged(reports: Iterable[Report]) -> Report:
    """One report of several: totals added, examples joined up to the cap."""
    by_code: dict[str, list[Finding]] = {}
    for report in reports:
        for finding in report.findings:
            by_code.setdefault(finding.code, []).append(finding)
    joined = [
        Finding(
            code=code,
            severity=parts[0].severity,
            total=sum(part.total for part in parts),
            examples=tuple(notice for part in parts for notice in part.examples)[:EXAMPLES_MAX],
            blocking=any(part.blocking for part in parts),
        )
        for code, parts in by_code.items()
    ]
    return Report(tuple(sorted(joined, key=_gravest_first)))


_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def _gravest_first(finding: Finding) -> tuple[bool, int, str]:
    return not finding.blocking, _ORDER[finding.severity], finding.code


def to_json(report: Report) -> list[dict[str, Any]]:
    """The report as JSON values; `from_json` gives it back."""
    return [
        {
            "code": finding.code,
            "severity": finding.severity.value,
            "total": finding.total,
            "blocking": finding.blocking,
            "examples": [
                {
                    "file": notice.file,
                    "line": notice.line,
                    "column": notice.column,
                    "value": notice.value,
                    "params": dict(notice.params),
                }
                for notice in finding.examples
            ],
        }
        for finding in report.findings
    ]


def from_json(values: Iterable[Mapping[str, Any]]) -> Report:
    """The report that `to_json` wrote."""
    return Report(tuple(_finding(value) for value in values))


def _finding(value: Mapping[str, Any]) -> Finding:
    severity = Severity(value["severity"])
    return Finding(
        code=value["code"],
        severity=severity,
        total=value["total"],
        blocking=value["blocking"],
        examples=tuple(
            Notice(value["code"], severity, **example, blocking=value["blocking"]) for example in value["examples"]
        ),
    )

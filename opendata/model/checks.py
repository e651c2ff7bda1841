"""What a judge says of a file: a value that names the judge and its version. What did not run is said not to have run,
never to have passed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from mobigo.base.decisions import Decision
from mobigo.network.model.notices import Severity


class Verdict(StrEnum):
    """What came out. A warning does not make a check fail; an error does."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True)
class Finding:
    """All notices of one code of one judge: how many, and one example in plain values (file, line, id, value …)."""

    code: str
    severity: Severity
    total: int = 1
    example: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One judge on one file (`file` "" for the whole version). `because`: why it did not run, or what it concludes."""

    judge: str
    judge_version: str
    verdict: Verdict
    file: str = ""
    findings: tuple[Finding, ...] = ()
    because: Decision | None = None

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What makes it fail."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)


class Judge(Protocol):
    """One who judges files. `required`: nothing is published without its word; the others are shown beside it."""

    @property
    def name(self) -> str: ...
    @property
    def required(self) -> bool: ...

    def reads(self, name: str, media_type: str, standard: str) -> bool:
        """Whether this file is of its kind."""
        ...

    def check(self, path: Path, name: str, today: date) -> Check:
        """Its word on the file at `path`, as if today were this day. Raises nothing for a faulty file; a judge that is
        not installed answers NOT_RUN with the reason."""
        ...

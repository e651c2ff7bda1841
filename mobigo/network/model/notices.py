"""What validation says of a feed: notices with file, line, column, value and a rule code, as MobilityData publishes
them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """MobilityData's severities; ERROR does not mean that we refuse the feed (see `blocking`)."""

    ERROR = "ERROR"
    WARNING = "WARNING"
    INFO = "INFO"


@dataclass(frozen=True, slots=True)
class Notice:
    """One finding. `code` is MobilityData's rule code where one exists, ours (`mobigo_…`) where none does."""

    code: str
    severity: Severity
    file: str
    line: int | None = None
    column: str | None = None
    value: str | None = None
    params: Mapping[str, object] = field(default_factory=dict)
    blocking: bool = False

"""Gathers notices into findings: counts all, keeps the first of each code."""

from collections.abc import Mapping

from mobigo.network.model.notices import Notice
from mobigo.network.model.report import EXAMPLES_MAX, Finding, Report, merged
from mobigo.network.rules.codes import severity_of

VALUE_CHARS_MAX = 200  # of a value quoted in a notice


class Collector:
    """Notices of one feed as they are found. Not for two threads at once."""

    def __init__(self) -> None:
        self._totals: dict[tuple[str, bool], int] = {}
        self._examples: dict[tuple[str, bool], list[Notice]] = {}

    def add(
        self,
        code: str,
        file: str,
        line: int | None = None,
        column: str | None = None,
        value: str | None = None,
        *,
        blocking: bool = False,
        params: Mapping[str, object] | None = None,
        **more: object,
    ) -> None:
        """One notice; its parameters may come as a mapping, by name, or both. Values are cut at `VALUE_CHARS_MAX`
        characters."""
        self.count(code, 1, blocking=blocking)
        examples = self._examples[code, blocking]
        if len(examples) < EXAMPLES_MAX:
            shown = value if value is None or len(value) <= VALUE_CHARS_MAX else value[: VALUE_CHARS_MAX - 1] + "…"
            examples.append(
                Notice(code, severity_of(code), file, line, column, shown, {**(params or {}), **more}, blocking)
            )

    def count(self, code: str, more: int, *, blocking: bool = False) -> None:
        """`more` notices of that code for which no example is given."""
        key = code, blocking
        self._totals[key] = self._totals.get(key, 0) + more
        self._examples.setdefault(key, [])

    def take(self, report: Report) -> "Collector":
        """The same, with another report's findings added."""
        for finding in report.findings:
            key = finding.code, finding.blocking
            self.count(finding.code, finding.total, blocking=finding.blocking)
            self._examples[key] = [*self._examples[key], *finding.examples][:EXAMPLES_MAX]
        return self

    def report(self) -> Report:
        """What was found so far."""
        findings = (
            Finding(code, severity_of(code), total, tuple(self._examples[code, blocking]), blocking)
            for (code, blocking), total in self._totals.items()
            if total
        )
        return merged(Report((finding,)) for finding in findings)

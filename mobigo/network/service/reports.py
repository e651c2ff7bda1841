"""Reports for people and for programs."""

from typing import Any

from mobigo.base.decisions import Decision
from mobigo.network.model.notices import Notice
from mobigo.network.model.report import to_json
from mobigo.network.store.feeds import FeedVersion


def explain(notice: Notice) -> Decision:
    """The notice as a decision: the catalogues put `gtfs.<code>` into a sentence."""
    shown = {"value": notice.value or "", "column": notice.column or "", "file": notice.file, "line": notice.line or 1}
    return Decision(f"gtfs.{notice.code}", **{**dict(notice.params), **shown})


def report_json(version: FeedVersion) -> dict[str, Any]:
    """A version and its report as a JSON document, each example with its sentence in French and English."""
    from mobigo.infra.i18n import sentence

    findings = to_json(version.report)
    for finding, value in zip(version.report.findings, findings, strict=True):
        for notice, example in zip(finding.examples, value["examples"], strict=True):
            decision = explain(notice)
            example["message"] = {language: sentence(decision, language) for language in ("fr", "en")}
    return {
        "feed": version.feed,
        "version": version.number,
        "id": version.id,
        "content_hash": version.content_hash,
        "archive": version.archive_name,
        "imported_at": version.imported_at.isoformat(),
        "refused": version.refused,
        "unchanged": version.unchanged,
        "first_day": version.first_day and version.first_day.isoformat(),
        "last_day": version.last_day and version.last_day.isoformat(),
        "rows": dict(version.rows),
        "findings": findings,
    }

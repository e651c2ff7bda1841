"""What the registry answers: its documents, and its errors, which are problem documents that a client of the national
registry reads too (`id`, `jsonrpc`, `error` are there beside ours).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from covoit.gateway.ndjson import Fault, Unreadable
from covoit.store.journeys import Stored
from mobigo.base.errors import InvalidInput, Refused
from mobigo.infra.i18n import sentence

JSONRPC: Final = {"id": 1, "jsonrpc": "2.0"}


class BadJourney(InvalidInput):
    """What was sent cannot be read."""

    http_status = 400

    def __init__(self, unreadable: Unreadable) -> None:
        first = unreadable.faults[0].reason
        super().__init__(first.code, **first.params)
        shown = [_fault(fault) for fault in unreadable.faults]
        data = ", ".join(f"data/{fault.field.replace('.', '/')}: {fault.reason.code}" for fault in unreadable.faults)
        self.problem_members = {
            "errors": shown,
            **JSONRPC,
            "error": {"code": -32602, "message": "Invalid params", "data": data},
        }


class TermsBroken(Refused):
    """The journey breaks terms of the registry; which, with the figures."""

    http_status = 422

    def __init__(self, journey: str, violations: Sequence[Mapping[str, Any]]) -> None:
        labels = [str(found["label"]) for found in violations]
        super().__init__("covoit.terms_broken", journey=journey, labels=", ".join(labels))
        self.problem_members = {
            "violations": [{name: value for name, value in found.items() if name != "kind"} for found in violations],
            **JSONRPC,
            "error": {
                "code": -32422,
                "message": "Unprocessable Request",
                "data": {"terms_violation_labels": labels},
            },
        }


def created(operator_journey_id: str, at: datetime) -> dict[str, Any]:
    """The answer to a journey received."""
    data = {"operator_journey_id": operator_journey_id, "created_at": iso(at)}
    return {**JSONRPC, "result": {"meta": None, "data": data}}


def status(stored: Stored) -> dict[str, Any]:
    """A journey's status, and what was found against it."""
    found = {
        kind: [each for each in stored.findings if each.get("kind") == kind] for kind in ("fraud", "anomaly", "terms")
    }
    return {
        "status": stored.status,
        "operator_journey_id": stored.journey.operator_journey_id,
        "journey_id": stored.journey.id,
        "created_at": iso(stored.journey.received_at),
        "final": stored.frozen_at is not None,
        "final_at": iso(stored.frozen_at or stored.freezes_at),
        "fraud_error_labels": [{"label": each["label"]} for each in found["fraud"]],
        "anomaly_error_details": [{"label": each["label"], "metas": _metas(each)} for each in found["anomaly"]],
        "terms_violation_details": [each["label"] for each in found["terms"]],
    }


def iso(instant: datetime) -> str:
    """An instant as the registry writes it."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _metas(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in ("kind", "label")}


def _fault(fault: Fault) -> dict[str, str]:
    return {"in": "body", "name": fault.field[:100], "detail": sentence(fault.reason)[:300]}

"""The OpenAPI description of the registry's operations: what is read, by the models that read it; what is answered."""

from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from covoit.api.registry import asked
from covoit.gateway import ndjson

Json = dict[str, Any]
REFERENCE: Final = "#/components/schemas/Covoit{model}"
BASE: Final = "/api/v1/covoit/registry"
TERMS: Final = ("driver_is_passenger", "distance_too_short", "too_many_trips_by_day", "too_close_trips", "expired")
ANOMALIES: Final = ("temporal_overlap_anomaly", "distance_duration_anomaly", "trip_of_another_driver")
FRAUDS: Final = ("interoperator_overlap", "interoperator_too_many_trips_by_day", "interoperator_too_close_trips")

_INSTANT: Final[Json] = {"type": "string", "format": "date-time"}
_ID: Final[Json] = {"type": "string", "pattern": r"^[0-9A-Za-z_-]{1,256}$"}
_OURS: Final[Json] = {"type": "string", "pattern": "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"}


def _object(required: str, **properties: Json) -> Json:
    return {"type": "object", "required": required.split(), "properties": properties}


def _count(most: int, usual: int) -> Json:
    return {"type": "integer", "minimum": 0, "maximum": most, "default": usual}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/Covoit{name}"}


ANSWERS: Final[Json] = {
    "CovoitToken": _object("access_token", access_token={"type": "string"}),
    "CovoitCreated": _object(
        "id jsonrpc result",
        id={"type": "integer"},
        jsonrpc={"type": "string", "enum": ["2.0"]},
        result=_object(
            "meta data",
            meta={"type": "null"},
            data=_object("operator_journey_id created_at", operator_journey_id=_ID, created_at=_INSTANT),
        ),
    ),
    "CovoitListed": {"type": "array", "items": _object("operator_journey_id", operator_journey_id=_ID)},
    "CovoitStatus": _object(
        "status operator_journey_id journey_id created_at final final_at",
        status={"type": "string", "enum": list(asked.STATUSES)},
        operator_journey_id=_ID,
        journey_id={"type": "string"},
        created_at=_INSTANT,
        final={"type": "boolean", "description": "Whether the status can no longer change, but by a withdrawal."},
        final_at=_INSTANT,
        fraud_error_labels={
            "type": "array",
            "items": _object("label", label={"type": "string", "enum": list(FRAUDS)}),
        },
        anomaly_error_details={
            "type": "array",
            "items": _object("label", label={"type": "string", "enum": list(ANOMALIES)}, metas={"type": "object"}),
        },
        terms_violation_details={"type": "array", "items": {"type": "string", "enum": list(TERMS)}},
    ),
    "CovoitOrder": _object(
        "id file_sha256 good_part state url",
        id={"type": "string"},
        file_sha256={"type": "string"},
        good_part={"type": "boolean"},
        state={"type": "string", "description": "Of the job that receives it."},
        done={"type": ["integer", "null"]},
        total={"type": ["integer", "null"]},
        refused={"type": ["integer", "null"], "description": "Bad rows."},
        receipt={
            "type": ["object", "null"],
            "description": "Signed (Ed25519) over the JSON of the rest, keys sorted, no space; none: nothing was kept.",
        },
        errors_sha256={"type": ["string", "null"]},
        url={"type": "string"},
        errors_url={"type": ["string", "null"]},
    ),
}

BODIES: Final[dict[tuple[str, str], type[BaseModel]]] = {
    (f"{BASE}/auth/access_token", "post"): asked.Credentials,
    (f"{BASE}/journeys", "post"): ndjson.Declared,
    (f"{BASE}/journeys/{{operator_journey_id}}", "patch"): ndjson.Correction,
    (f"{BASE}/journeys/{{operator_journey_id}}/cancel", "post"): ndjson.Withdrawal,
}
GIVEN: Final[dict[tuple[str, str], tuple[str, str]]] = {
    (f"{BASE}/auth/access_token", "post"): ("201", "Token"),
    (f"{BASE}/journeys", "post"): ("201", "Created"),
    (f"{BASE}/journeys", "get"): ("200", "Listed"),
    (f"{BASE}/journeys/{{operator_journey_id}}", "get"): ("200", "Status"),
    (f"{BASE}/journeys/{{operator_journey_id}}", "patch"): ("200", "Status"),
    (f"{BASE}/journeys/{{operator_journey_id}}/cancel", "post"): ("200", "Status"),
    (f"{BASE}/journeys/bulk", "post"): ("202", "Order"),
    (f"{BASE}/bulk/{{order}}", "get"): ("200", "Order"),
}
# What is well formed and may still be refused, as the document says beforehand.
REFUSED: Final[dict[tuple[str, str], dict[str, str]]] = {
    (f"{BASE}/journeys", "post"): {
        "400": "It cannot be read, ends in the future, or ends before it starts.",
        "409": "Other content was received under this id; both digests are in `params`.",
        "422": "It breaks the terms: `error.data.terms_violation_labels`, figures in `violations`.",
    },
    (f"{BASE}/journeys/{{operator_journey_id}}", "patch"): {
        "400": "It cannot be read, ends in the future, or ends before it starts.",
        "409": "The status is final, or the journey was withdrawn.",
        "422": "It would break the terms; nothing was changed.",
    },
    (f"{BASE}/journeys", "get"): {"400": "A bound lies outside the calendar of carpooling."},
    (f"{BASE}/journeys/bulk", "post"): {"422": "The file is empty."},
}
LISTING: Final[list[Json]] = [
    {"name": "status", "in": "query", "required": True, "schema": {"type": "string", "enum": list(asked.STATUSES)}},
    {"name": "limit", "in": "query", "schema": _count(asked.LIMIT_MAX, 50)},
    {"name": "offset", "in": "query", "schema": _count(asked.OFFSET_MAX, 0)},
    {"name": "start", "in": "query", "description": "Seven days ago unless said; ninety at most.", "schema": _INSTANT},
    {"name": "end", "in": "query", "description": "Now unless said.", "schema": _INSTANT},
]  # fmt: skip


def complete(document: Json) -> Json:
    """The document with our bodies, parameters, answers and schemas."""
    models = sorted(set(BODIES.values()), key=lambda model: model.__name__)
    references, schemas = models_json_schema([(model, "validation") for model in models], ref_template=REFERENCE)
    kept = document.setdefault("components", {}).setdefault("schemas", {})
    kept.update({f"Covoit{name}": schema for name, schema in schemas.get("$defs", {}).items()})
    kept.update(ANSWERS)
    for path, item in document.get("paths", {}).items():
        if not path.startswith(BASE):
            continue
        for method, operation in item.items():
            if method in ("get", "post", "patch"):
                _describe(operation, (path, method), references)
    return document


def _describe(operation: Json, at: tuple[str, str], references: Any) -> None:
    for each in operation.get("parameters", []):
        if each.get("in") == "path":
            each["schema"] = _ID if each["name"] == "operator_journey_id" else _OURS
    if at in BODIES:
        schema = references[(BODIES[at], "validation")]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if at == (f"{BASE}/journeys", "get"):
        operation["parameters"] = LISTING
    if at == (f"{BASE}/journeys/bulk", "post"):
        operation["parameters"] = [
            {"name": "good_part", "in": "query", "schema": {"type": "string", "enum": ["true", "false"]}}
        ]
        operation["requestBody"] = {
            "required": True,
            "description": "One journey a line, as `CovoitDeclared`.",
            "content": {"application/x-ndjson": {}},
        }
    refused = {
        status: {"$ref": "#/components/responses/Problem"} | {"description": text}
        for status, text in REFUSED.get(at, {}).items()
    }
    if at in GIVEN:
        status, name = GIVEN[at]
        good = {"description": name, "content": {"application/json": {"schema": _ref(name)}}}
        operation["responses"] = {status: good, **refused}
    else:
        csv = {"schema": {"type": "string"}}
        operation["responses"] = {"200": {"description": "The bad rows.", "content": {"text/csv": csv}}}

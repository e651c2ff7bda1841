"""The OpenAPI description of our operations, made from the models of what comes in and of what goes out."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from mobigo.tad.api import asked, given

Json = dict[str, Any]
BASE: Final = "/api/v1/tad"
BODIES: Final[Mapping[str, type[BaseModel]]] = {
    f"{BASE}/bookings": asked.NewBooking,
    f"{BASE}/bookings/{{booking_id}}/change": asked.Trip,
}
ANSWERS: Final[Mapping[str, type[BaseModel]]] = {
    f"{BASE}/services": given.Services,
    f"{BASE}/services/{{code}}/offers": given.Offers,
}
KEY: Final[Json] = {
    "name": "Idempotency-Key", "in": "header", "required": True,
    "description": "The same key with the same request: the same answer, done once. With another request: 409.",
    "schema": {"type": "string", "pattern": asked.KEY},
}  # fmt: skip
REFUSED: Final = {
    "403": "The service refuses it with its reason: the cut-off has passed, one was not there too often.",
    "404": "No such service or stop, or not a booking of this partner.",
    "409": "No vehicle has room, the hold ran out, the booking is past that; or the key was used with another request.",
    "422": "It cannot be read, or the service does not go there or then.",
    "429": "Too many requests; `Retry-After` says when it is worth trying again.",
}


def complete(document: Json) -> Json:
    """The document with our bodies, parameters, answers and schemas."""
    wanted, answered = by_name(BODIES.values()), by_name((*ANSWERS.values(), given.Booked))
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    references: dict[Any, Json] = {}
    for prefix, found in (
        ("Asked", models_json_schema([(each, "validation") for each in wanted], ref_template=template("Asked"))),
        ("", models_json_schema([(each, "serialization") for each in answered], ref_template=template(""))),
    ):
        references |= found[0]
        schemas.update({f"Tad{prefix}{name}": schema for name, schema in found[1].get("$defs", {}).items()})
    for path, item in document.get("paths", {}).items():
        if path.startswith(BASE):
            for method in item.keys() & {"get", "post", "delete"}:
                _describe(item[method], path, method, references)
    return document


def by_name(models: Iterable[type[BaseModel]]) -> list[type[BaseModel]]:
    """Each model once."""
    return sorted(set(models), key=lambda each: each.__name__)


def template(prefix: str) -> str:
    """Where a schema is found: those of what comes in and of what goes out may have one name."""
    return f"#/components/schemas/Tad{prefix}{{model}}"


def _describe(operation: Json, path: str, method: str, references: Mapping[Any, Json]) -> None:
    in_path = [each for each in operation.get("parameters", []) if each.get("in") == "path"]
    for each in in_path:
        each["schema"] = {"type": "string", "pattern": asked.CODE if each["name"] == "code" else asked.ID}
    body = BODIES.get(path) if method == "post" else None
    operation["parameters"] = in_path + ([KEY] if body else []) + (_query() if path.endswith("/offers") else [])
    if body is not None:
        schema = references[(body, "validation")]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    answer = ANSWERS.get(path, given.Booked)
    good = {
        "description": (answer.__doc__ or "").strip(),
        "content": {"application/json": {"schema": references[(answer, "serialization")]}},
    }
    refused = {
        each: {"$ref": "#/components/responses/Problem"} | {"description": text} for each, text in REFUSED.items()
    }
    operation["responses"] = {"201" if path == f"{BASE}/bookings" else "200": good, **refused}


def _query() -> list[Json]:
    schema = asked.OffersAsked.model_json_schema(by_alias=True)
    required = set(schema.get("required", []))
    return [
        {"name": name, "in": "query", "required": name in required, "description": described.pop("description", ""),
         "schema": described}
        for name, described in schema["properties"].items()
    ]  # fmt: skip

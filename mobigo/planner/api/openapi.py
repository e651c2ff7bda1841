"""The OpenAPI description of our operations, made from the models of what comes in and of what goes out."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from mobigo.planner.api import asked
from mobigo.planner.api.given import Journeys, areas, network

Json = dict[str, Any]
REFERENCE: Final = "#/components/schemas/{model}"
OPERATIONS: Final[Mapping[str, tuple[type[asked.Asked], type[BaseModel]]]] = {
    "/api/v1/journeys": (asked.JourneysAsked, Journeys),
    "/api/v1/reachable": (asked.ReachableAsked, areas.Reached),
    "/api/v1/reachable/areas": (asked.AreasAsked, areas.ReachedAreas),
    "/api/v1/stops": (asked.StopsAsked, network.FoundPlaces),
    "/api/v1/stops/{stop_id}": (asked.NothingAsked, network.StopDetail),
    "/api/v1/departures": (asked.DeparturesAsked, network.Departures),
    "/api/v1/lines": (asked.LinesAsked, network.Lines),
    "/api/v1/lines/{line_id}": (asked.LineAsked, network.LineTimetable),
}


def complete(document: Json) -> Json:
    """The document with our parameters, answers and schemas."""
    models = sorted({model for _, model in OPERATIONS.values()}, key=lambda model: model.__name__)
    references, schemas = models_json_schema([(model, "serialization") for model in models], ref_template=REFERENCE)
    document.setdefault("components", {}).setdefault("schemas", {}).update(schemas.get("$defs", {}))
    for path, (wanted, answer) in OPERATIONS.items():
        operation = document.get("paths", {}).get(path, {}).get("get")
        if operation is None:
            continue
        in_path = [each for each in operation.get("parameters", []) if each.get("in") == "path"]
        for each in in_path:
            each["schema"] = {"type": "string", "minLength": 1}
        operation["parameters"] = in_path + parameters_of(wanted)
        operation["responses"] = {
            "200": {
                "description": (answer.__doc__ or "").strip(),
                "content": {"application/json": {"schema": references[(answer, "serialization")]}},
            }
        }
    return document


def parameters_of(model: type[asked.Asked]) -> list[Json]:
    """The query parameters of a model, as OpenAPI describes them."""
    schema = model.model_json_schema(by_alias=True)
    required = set(schema.get("required", []))
    out = []
    for name, described in schema["properties"].items():
        description = described.pop("description", "")
        examples = described.pop("examples", [])
        parameter: Json = {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": description,
            "schema": _plain(described),
        }
        if described.get("type") == "array":  # ?name=a&name=b
            parameter |= {"style": "form", "explode": True}
        if examples:
            parameter["examples"] = {f"example {i}": {"value": value} for i, value in enumerate(examples, 1)}
        out.append(parameter)
    return out


def _plain(schema: Json) -> Json:
    """A parameter's schema without what only JSON has: null, titles."""
    schema = {key: value for key, value in schema.items() if key != "title"}
    choices = schema.pop("anyOf", None)
    if choices:
        kept = [choice for choice in choices if choice.get("type") != "null"]
        for bound, said in (("ge", "minimum"), ("le", "maximum")):  # left so by pydantic inside a union
            if bound in kept[0]:
                kept[0][said] = kept[0].pop(bound)
        schema = {**kept[0], **{key: value for key, value in schema.items() if key != "default" or value is not None}}
    return schema

"""The OpenAPI description of the partners' operations: bodies by the models that read them, and what is answered."""

from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from billettique.api import partners
from billettique.model.orders import ItemKind, ItemState

Json = dict[str, Any]
BASE: Final = "/api/v1/billettique/partner"
REFERENCE: Final = "#/components/schemas/Partner{model}"
_CENTS: Final[Json] = {"type": "integer", "minimum": 0}
_TEXT: Final[Json] = {"type": "string"}
_ID: Final[Json] = {"type": "string", "pattern": partners.ID}
_INSTANT: Final[Json] = {"type": "string", "format": "date-time"}
_MAYBE_INSTANT: Final[Json] = {"type": ["string", "null"], "format": "date-time"}


def _object(**properties: Json) -> Json:
    return {"type": "object", "required": list(properties), "properties": properties}


def _listed(**properties: Json) -> Json:
    return {"type": "array", "items": _object(**properties)}


ORDER: Final = _object(
    id=_ID, reference=_TEXT, version={"type": "integer", "minimum": 1},
    state={
        "type": "string",
        "enum": ["open", "expired", "waiting", "paid", "served", "failed", "given_back", "cancelled"],
        "description": "`waiting`: for the payment; `failed`: paid and not served, the money goes back.",
    },
    expires_at=_INSTANT, total_cents=_CENTS, currency={"const": "EUR"},
    items=_listed(
        id=_ID, product=_TEXT, name=_TEXT, kind={"type": "string", "enum": [str(each) for each in ItemKind]},
        riders={"type": "array", "items": _TEXT}, price_cents=_CENTS, tax_cents=_CENTS, vat_pct=_TEXT,
        state={"type": "string", "enum": [str(each) for each in ItemState]}, first_at=_MAYBE_INSTANT,
        last_at=_MAYBE_INSTANT,
    ),
    page={
        "type": ["string", "null"],
        "description": "Where the buyer pays, to us, and finds the tickets; for the buyer alone.",
    },
)  # fmt: skip
SHELF: Final = _object(
    tickets=_listed(product=_TEXT, name=_TEXT, price_cents=_CENTS),
    carnets=_listed(
        product=_TEXT, name=_TEXT, price_cents=_CENTS, riders={"type": ["array", "null"], "items": _TEXT}
    ),
    covers=_listed(product=_TEXT, name=_TEXT, price_cents=_CENTS, kind=_TEXT), riders=_listed(id=_TEXT, name=_TEXT),
    waiting={"type": "array", "items": _TEXT}, ways={"type": "array", "items": _TEXT},
)  # fmt: skip
JOURNEYS: Final = _object(
    journeys=_listed(
        journey={"type": ["string", "null"], "description": "What an item of an order names; null: not sold."},
        rides=_listed(**{"from": _TEXT}, to=_TEXT, departs_at=_INSTANT, arrives_at=_INSTANT),
        offers=_listed(
            product=_TEXT, name=_TEXT, kind={"type": "string", "enum": [str(each) for each in ItemKind]},
            riders={"type": "array", "items": _TEXT}, price_cents=_CENTS,
        ),
        price_cents={"type": ["integer", "null"], "minimum": 0},
        why={"type": "array", "items": _TEXT, "description": "Why it is not sold."},
    ),
    remarks={"type": "array", "items": _TEXT},
)  # fmt: skip
BODIES: Final[dict[tuple[str, str], type[BaseModel]]] = {
    (f"{BASE}/orders", "post"): partners.NewOrder,
    (f"{BASE}/orders/{{order_id}}/items", "post"): partners.OneMore,
    (f"{BASE}/orders/{{order_id}}/confirm", "post"): partners.Confirmation,
}
QUERY: Final[tuple[Json, ...]] = tuple(
    {
        "name": name, "in": "query", "required": name in ("from", "to"), "schema": schema,
        **({"description": schema.pop("description")} if "description" in schema else {}),
    }
    for name, schema in partners.JourneysAsked.model_json_schema(by_alias=True)["properties"].items()
)  # fmt: skip
KEY: Final[Json] = {
    "name": "Idempotency-Key", "in": "header", "required": True,
    "description": "The same key with the same request: the same answer, once done.",
    "schema": {"type": "string", "pattern": partners.KEY},
}  # fmt: skip
VERSION: Final[Json] = {
    "name": "version", "in": "query", "required": True,
    "schema": {"type": "integer", "minimum": 1, "maximum": 1_000_000},
}  # fmt: skip
REFUSED: Final = {
    "404": "Not on sale, or not an order of this partner.",
    "409": "The order changed since `version`, is confirmed already, or its prices are not kept any more; or the key "
    "was used with another request.",
    "422": "It cannot be read, or the shelf refuses it with its reason.",
    "429": "More than this partner's quota; `Retry-After` says when it is worth trying again.",
}


def complete(document: Json) -> Json:
    """The document with our bodies, parameters, answers and schemas."""
    models = sorted(set(BODIES.values()), key=lambda model: model.__name__)
    references, schemas = models_json_schema([(model, "validation") for model in models], ref_template=REFERENCE)
    kept = document.setdefault("components", {}).setdefault("schemas", {})
    kept.update({f"Partner{name}": schema for name, schema in schemas.get("$defs", {}).items()})
    kept.update(PartnerOrder=ORDER, PartnerShelf=SHELF, PartnerJourneys=JOURNEYS)
    for path, item in document.get("paths", {}).items():
        if path.startswith(BASE):
            for method in item.keys() & {"get", "post", "delete"}:
                _describe(item[method], path, method, references)
    return document


def _describe(operation: Json, path: str, method: str, references: Any) -> None:
    given = [each | {"schema": _ID} for each in operation.get("parameters", []) if each.get("in") == "path"]
    given += {"post": [KEY], "delete": [VERSION]}.get(method, list(QUERY) if path.endswith("/journeys") else [])
    operation["parameters"] = given
    body = BODIES.get((path, method))
    if body is not None:
        schema = references[(body, "validation")]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    answered = {"shelf": "Shelf", "journeys": "Journeys"}.get(path.rpartition("/")[2], "Order")
    shape = {"$ref": f"#/components/schemas/Partner{answered}"}
    status = "201" if (path, method) == (f"{BASE}/orders", "post") else "200"
    refused = {
        each: {"$ref": "#/components/responses/Problem"} | {"description": text} for each, text in REFUSED.items()
    }
    good = {"description": "As it stands.", "content": {"application/json": {"schema": shape}}}
    operation["responses"] = {status: good, **refused}

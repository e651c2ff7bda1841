"""The OpenAPI description of the API of open data."""

from typing import Any, Final

from mobigo.infra.paging import MOST, USUAL
from opendata.model.datasets import Period, Theme

Json = dict[str, Any]
BASE: Final = "/api/v1/opendata"
PROBLEM: Final[Json] = {"$ref": "#/components/responses/Problem"}
_TEXT: Final[Json] = {"type": "string"}
_COUNT: Final[Json] = {"type": "integer", "minimum": 0}
_DAY: Final[Json] = {"type": ["string", "null"], "format": "date"}
_INSTANT: Final[Json] = {"type": ["string", "null"], "format": "date-time"}
_FLAG: Final[Json] = {"type": "boolean"}


def _object(**properties: Json) -> Json:
    return {"type": "object", "required": list(properties), "properties": properties, "additionalProperties": False}


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


def _page(items: Json) -> Json:
    return _object(items=_list(items), next={"type": ["string", "null"], "description": "The next page's address."})


FILE: Final = _object(
    name=_TEXT, media_type=_TEXT, size=_COUNT | {"description": "Bytes."},
    sha256=_TEXT | {"description": "Of the bytes: the entity tag of the address."},
    rows={"type": ["integer", "null"], "minimum": 0}, url=_TEXT | {"description": "Always the same bytes."},
)  # fmt: skip
VERSION: Final = _object(
    version=_TEXT | {"description": "Twelve letters, as in its addresses."},
    number=_COUNT,
    content_sha256=_TEXT | {"description": "Of what the files say, whatever packed them."},
    made_at=_INSTANT,
    first_day=_DAY,
    last_day=_DAY,
    withdrawn=_FLAG,
    files=_list(FILE),
)
_SHOWN: Final[Json] = {"anyOf": [VERSION, {"type": "null"}]}
DATASET: Final = _object(
    code=_TEXT,
    title=_TEXT,
    description=_TEXT,
    serves=_TEXT,
    theme={"type": "string", "enum": [each.value for each in Theme]},
    period={"type": "string", "enum": [each.value for each in Period]},
    licence=_TEXT,
    quality={"type": "string", "enum": ["clean", "warnings", "errors", "unchecked"]},
    late=_FLAG,
    published_at=_INSTANT,
    verified_at=_INSTANT,
    latest=_SHOWN,
    next=_SHOWN,
)
ANSWERS: Final[dict[str, Json]] = {
    f"{BASE}/datasets": _page(DATASET),
    f"{BASE}/datasets/{{code}}": DATASET,
    f"{BASE}/datasets/{{code}}/versions": _page(VERSION),
}
PAGING: Final[list[Json]] = [
    {
        "name": "limit", "in": "query", "description": "Items a page; empty: the usual number.",
        "schema": {
            "anyOf": [{"type": "integer", "minimum": 1, "maximum": MOST}, {"type": "string", "maxLength": 0}],
            "default": USUAL,
        },
    },
    {"name": "cursor", "in": "query", "description": "From `next`.", "schema": {"type": "string"}},
]  # fmt: skip


def complete(document: Json) -> Json:
    """The document with our parameters and answers."""
    for path, answer in ANSWERS.items():
        operation = document.get("paths", {}).get(path, {}).get("get")
        if operation is None:
            continue
        in_path = [each for each in operation.get("parameters", []) if each.get("in") == "path"]
        for each in in_path:
            each["schema"] = {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9_]+)+$"}
        operation["responses"] = {
            "200": {"description": "What was asked.", "content": {"application/json": {"schema": answer}}}
        }
        operation["parameters"] = in_path
        if path.endswith("s"):
            operation["parameters"] = in_path + PAGING
            operation["responses"]["422"] = PROBLEM
    return document

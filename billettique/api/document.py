"""The OpenAPI description of what devices read and send: the signed lists, records of a day, the check of one code.

What a record holds is told in words: devices of several makers send more than is read, and that is not refused.
"""

from typing import Any, Final

from billettique.model.ticket import Answer

Json = dict[str, Any]
BASE: Final = "/api/v1/billettique"
_TEXT: Final[Json] = {"type": "string"}
_COUNT: Final[Json] = {"type": "integer", "minimum": 0}
_AGE: Final[Json] = {"type": ["integer", "null"], "description": "Seconds."}
_TEXTS: Final[Json] = {"type": "array", "items": _TEXT}
PROBLEM: Final[Json] = {"$ref": "#/components/responses/Problem"}


def _object(**properties: Json) -> Json:
    return {"type": "object", "required": list(properties), "properties": properties}


SIGNED: Final = _object(
    list=_TEXT | {"description": "The text that is signed, itself JSON."},
    signature=_TEXT | {"description": "ECDSA P-256 over the purpose and the text, in base64."},
    by=_TEXT | {"description": "The point that signed: one of the roots."},
)
ANSWERS: Final[dict[tuple[str, str], Json]] = {
    (f"{BASE}/keys", "get"): SIGNED,
    (f"{BASE}/revocations", "get"): SIGNED,
    (f"{BASE}/roots", "get"): _object(roots=_TEXTS),
    (f"{BASE}/validations", "post"): _object(
        new=_COUNT, known=_COUNT, firsts=_TEXTS, repeats=_TEXTS,
        refused={"type": "array", "items": _object(nonce=_TEXT, code=_TEXT)},
    ),
    (f"{BASE}/checks", "post"): _object(
        answer={"type": "string", "enum": [str(each) for each in Answer]}, reason=_TEXT, keys_s=_AGE,
        revocations_s=_AGE,
    ),
}  # fmt: skip
SINCE: Final[Json] = {
    "name": "since", "in": "query", "description": "The number of the list that the device has.",
    "schema": {"type": "integer", "minimum": 0, "maximum": 9_999_999_999, "default": 0},
}  # fmt: skip


def complete(document: Json) -> Json:
    """The document with what these operations take and answer."""
    for (path, method), shape in ANSWERS.items():
        operation = document.get("paths", {}).get(path, {}).get(method)
        if operation is None:
            continue
        good = {"description": "As asked.", "content": {"application/json": {"schema": shape}}}
        operation["responses"] = {"200": good}
        if method == "post":
            body = {"application/json": {"schema": {"type": "object"}}}
            operation["requestBody"] = {"required": True, "content": body}
            operation["responses"]["422"] = PROBLEM | {"description": "It cannot be read."}
        if path == f"{BASE}/revocations":
            operation["parameters"] = [SINCE]
            operation["responses"]["422"] = PROBLEM | {"description": "`since` is no number of a list."}
    return document

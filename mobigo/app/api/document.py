"""The OpenAPI 3.1 document of /api/v1, made from the routes of the packages and completed with what they share."""

from typing import Any, Final

from apiflask import APIFlask

from mobigo.infra.config import Config

PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "A problem document (RFC 9457): what happened, for programs and for people.",
    "required": ["type", "title", "status", "detail", "code", "reference"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence, in the language asked for (Accept-Language)."},
        "instance": {"type": "string", "format": "uri-reference"},
        "code": {"type": "string", "description": "Stable; programs decide on it, not on the sentence."},
        "params": {"type": "object", "description": "The parameters of the sentence, by name."},
        "errors": {
            "type": "array",
            "description": "Where the input is wrong, one entry a fault.",
            "items": {
                "type": "object",
                "required": ["in", "name", "detail"],
                "properties": {
                    "in": {"type": "string", "enum": ["query", "path", "header", "body"]},
                    "name": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
        "reference": {"type": "string", "description": "To be given to whoever is asked for help."},
    },
}


def configure(app: APIFlask, settings: Config) -> None:
    """What the document says of itself."""
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        AUTO_404_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
        INFO={
            "title": "Mobigo",
            "version": "1",
            "description": (
                "Journeys, stops, lines and departures of the region's transport. Reading is open to all; a key "
                "raises the rate of requests. Errors are problem documents (RFC 9457). Lists are paged: `limit` and "
                "`cursor` in the query, `next` in the answer and in the `Link` header."
            ),
            "license": {"name": "Licence Ouverte 2.0", "identifier": "etalab-2.0"},
        },
        SERVERS=[{"url": settings.base_url}],
        SECURITY_SCHEMES={"key": {"type": "http", "scheme": "bearer", "description": "An API key."}},
        TAGS=None,
    )


def build(app: APIFlask) -> dict[str, Any]:
    """The document; built at the first question, then kept."""
    kept: dict[str, Any] | None = app.extensions.get("mobigo.openapi")
    if kept is None:
        made = app.spec
        assert isinstance(made, dict)  # noqa: S101  # the format is JSON; for the type checker
        app.extensions["mobigo.openapi"] = kept = complete(made)
    return kept


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the problem answer on every operation, and only the paths of the API."""
    document["paths"] = {path: item for path, item in document.get("paths", {}).items() if path.startswith("/api/")}
    components = document.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components.setdefault("responses", {})["Problem"] = {
        "description": "What happened and what to do.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for item in document["paths"].values():
        for method, operation in item.items():
            if method in ("get", "post", "put", "patch", "delete"):
                operation.setdefault("responses", {})["default"] = {"$ref": "#/components/responses/Problem"}
                operation.setdefault("security", [{}, {"key": []}])
    return document

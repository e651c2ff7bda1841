"""The API's shell: what every operation of /api/v1 shares. The operations themselves belong to the packages."""

from typing import Any, Final

from apiflask import APIFlask

from mobigo.infra.config import Config

PREFIX: Final = "/api/v1"


def configure(app: APIFlask, settings: Config) -> None:
    """The document's head, and the headers of public data."""
    from mobigo.app.api import document, public_data, refusals

    document.configure(app, settings)
    public_data.init_app(app)
    refusals.init_app(app)


def operations(app: APIFlask) -> dict[str, Any]:
    """The OpenAPI document, made from the routes once per process."""
    from mobigo.app.api import document

    return document.build(app)

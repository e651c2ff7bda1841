"""The composition root: the application, the `mobigo` command, the worker. It alone knows every package."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apiflask import APIFlask

    from mobigo.infra.config import Config


def create_app(config: "Config | None" = None) -> "APIFlask":
    """The web application (see `mobigo.app.factory`), imported when it is asked for: the command line stays light."""
    from mobigo.app import factory

    return factory.create_app(config)

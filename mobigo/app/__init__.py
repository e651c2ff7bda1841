"""The composition root: the application, the `mobigo` command, the worker. It alone knows every package.

factory serve worker cli tasks     what is started, and what each knows
tables schema migrations           every table, brought up to date
web api                            pages and operations that belong to no package: home, account, desk, administration
demo                               a territory with its people
open_*                             what each package offers for publication, handed to opendata
*_ways *_seats *_titles *_prices   what two packages need of one another, joined here
backup archive dump doctor         keeping it
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apiflask import APIFlask

    from mobigo.infra.config import Config


def create_app(config: "Config | None" = None) -> "APIFlask":
    """The web application (see `mobigo.app.factory`), imported when it is asked for: the command line stays light."""
    from mobigo.app import factory

    return factory.create_app(config)

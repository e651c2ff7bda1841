"""The composition root: the application, the `mobigo` command, the worker. It alone knows every package.

factory serve worker cli tasks warming         what is started, what each knows, and what is done before it serves
jobs_registry deliveries vendor                which jobs there are, where messages go, JavaScript of others
tables schema migrations migrate               every table, brought up to date
web api                                        pages and operations that belong to no package: home, account, desk
demo oidc_test_provider                        a territory with its people, and who signs them in
open_* published                               what each package offers for publication, handed to opendata
carpool_* on_demand_* school_*                 what two packages need of one another, joined here
joins fare_tables journey_prices coach_runs    fares for searches, prices of journeys, coaches for fraud checks
claims_elsewhere request_origins               what others keep that requests show
partner_journeys                               journeys that partners sell
region region_*                                a region's files brought in at once
account address sms                            commands for accounts, addresses and text messages
backup archive dump doctor host_copy figures   keeping it, and what its health is
authorisation data_dictionary privacy_page     pages of docs/ written from the code
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apiflask import APIFlask

    from mobigo.infra.config import Config


def create_app(config: "Config | None" = None) -> "APIFlask":
    """The web application (see `mobigo.app.factory`), imported when it is asked for: the command line stays light."""
    from mobigo.app import factory

    return factory.create_app(config)

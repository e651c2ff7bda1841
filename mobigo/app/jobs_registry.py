"""The modules that declare jobs, named in this one place. A package that gains a `tasks.py` adds its line."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from billettique.store import tariffs as fare_versions
from mobigo.app.deliveries import ask_delivery
from mobigo.infra import outbox
from mobigo.infra.jobs import registry

if TYPE_CHECKING:
    from sqlalchemy import Engine

MODULES: Final = (
    "billettique.tasks",
    "covoit.tasks",
    "mobigo.infra.jobs.tasks",
    "mobigo.app.tasks",
    "mobigo.ledger.tasks",
    "mobigo.network.tasks",
    "mobigo.planner.tasks",
    "mobigo.requests.tasks",
    "mobigo.tad.tasks",
    "scolaire.tasks",
    "opendata.tasks",
)


def install() -> None:
    """Make the jobs of every package known to this process; each module is imported at the first look-up."""
    registry.use_modules(MODULES, installer="mobigo.app.jobs_registry:install")
    outbox.when_written(ask_delivery)
    fare_versions.connect_by(_database_of)


def _database_of(home: Path) -> "Engine | None":
    """The database of the home this process runs on."""
    from mobigo.infra.config import load_config
    from mobigo.infra.db import open_engine

    config = load_config()
    return open_engine(config.database_url) if config.home.resolve() == home.resolve() else None

"""The modules that declare jobs, named in this one place. A package that gains a `tasks.py` adds its line."""

from typing import Final

from mobigo.app.deliveries import ask_delivery
from mobigo.infra import outbox
from mobigo.infra.jobs import registry

MODULES: Final = (
    "billettique.tasks",
    "covoit.tasks",
    "mobigo.infra.jobs.tasks",
    "mobigo.app.tasks",
    "mobigo.ledger.tasks",
    "mobigo.network.tasks",
)


def install() -> None:
    """Make the jobs of every package known to this process; each module is imported at the first look-up."""
    registry.use_modules(MODULES, installer="mobigo.app.jobs_registry:install")
    outbox.when_written(ask_delivery)

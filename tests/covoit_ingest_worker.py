"""Work that receives files of journeys and may be killed at any moment; it says each receipt once it has it."""

import io
from pathlib import Path

from covoit.model.registry import Terms
from covoit.service import ingest
from mobigo.infra.config import load_config
from mobigo.infra.web import Services
from tests.covoit_registry_world import NOW
from tests.kills import Say

BATCH = 20


def receive(say: Say, home: str, *files: str) -> None:
    """All of the files, for our own operator, in small parts."""
    ingest.BATCH = BATCH  # type: ignore[misc]  # many commits in a small file
    services = Services(load_config({"MOBIGO_HOME": home}))
    for name in files:
        outcome = ingest.ingest(
            services, Path(name), "mobigo", errors=io.BytesIO(), rules=Terms(deadline=None), now=NOW, good_part=True
        )
        assert outcome.receipt is not None
        told = outcome.receipt
        say((name, told["content_sha256"], told["new"] + told["known"]))
    services.engine.dispose()

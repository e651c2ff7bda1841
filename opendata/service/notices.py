"""What followers are told of a dataset, once each."""

from datetime import datetime

from sqlalchemy.orm import Session

from opendata.model.datasets import Declaration
from opendata.model.editions import Version
from opendata.store import versions

FAULTY = "faulty"


def tell_faulty(session: Session, declared: Declaration, version: Version, now: datetime) -> None:
    """Say once that a new version of this dataset is held back by what judges found in it."""
    told = any(
        each.kind == FAULTY and each.version_id == version.id for each in versions.list_events(session, declared.code)
    )
    if not told:
        versions.add_event(session, declared.code, FAULTY, now, version_id=version.id)

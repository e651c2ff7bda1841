"""What happens to a dataset in public, written and announced in the transaction in which it happens; whoever follows it
is then told, once each (`opendata.service.following`)."""

from datetime import datetime

from sqlalchemy.orm import Session

from mobigo.base.instants import paris_day
from mobigo.infra import outbox
from opendata.model.datasets import Declaration, Slot
from opendata.model.editions import Version
from opendata.rules.freshness import warning_due
from opendata.store import versions

TOPIC = "opendata.happened"
FAULTY, EXPIRING = "faulty", "expiring"


def happened(
    session: Session,
    dataset: str,
    kind: str,
    now: datetime,
    *,
    slot: Slot | None = None,
    version_id: str | None = None,
    before_id: str | None = None,
    by: str | None = None,
    reason: str = "",
) -> str:
    """Write an event, and have it told; its id."""
    event = versions.add_event(
        session, dataset, kind, now, slot=slot, version_id=version_id, before_id=before_id, by=by, reason=reason
    )
    outbox.emit(session, TOPIC, {"event": event}, key=event, now=now)
    return event


def tell_faulty(session: Session, declared: Declaration, version: Version, now: datetime) -> None:
    """Say once that a new version of this dataset is held back by what judges found in it."""
    if not versions.has_event(session, declared.code, FAULTY, version.id):
        happened(session, declared.code, FAULTY, now, version_id=version.id)


def tell_expiring(session: Session, now: datetime) -> list[str]:
    """Say of each timetable in force that it ends soon: once at 30 days and once at 7; the datasets told of now."""
    told = []
    today = paris_day(now)
    for (dataset, slot), pointer in sorted(versions.list_pointers(session).items()):
        if slot is not Slot.LATEST or pointer.version_id is None:
            continue
        last_day = versions.get_version(session, pointer.version_id).last_day
        step = warning_due(last_day, today)
        if step is None or last_day is None:
            continue
        reason = f"Dernier jour : {last_day:%d/%m/%Y} ; moins de {step} jours."
        if not versions.has_event(session, dataset, EXPIRING, pointer.version_id, reason):
            happened(session, dataset, EXPIRING, now, slot=slot, version_id=pointer.version_id, reason=reason)
            told.append(dataset)
    return told

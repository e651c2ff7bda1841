"""Files that operators hand over by the API, received by a job; and what operators may read of their journeys."""

import tempfile
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Final, Protocol, cast

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from covoit.service.ingest import Outcome, ingest, terms_of
from covoit.service.journeys import insisting
from covoit.store import journeys as store
from covoit.store import registry
from covoit.store.journeys import Stored
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.infra import jobs
from mobigo.infra.db import reading, transaction

if TYPE_CHECKING:
    from mobigo.infra.blobs import Blobs

JOB: Final = "covoit.ingest"
KEEP_DAYS: Final = 92
FILE_BYTES_MAX: Final = 512 * 1024 * 1024


class Services(Protocol):
    """What handing over needs: the database and the files."""

    @property
    def engine(self) -> Engine: ...

    @property
    def blobs(self) -> "Blobs": ...


class Listing(Protocol):
    """Which journeys to list."""

    @property
    def status(self) -> str: ...
    @property
    def start(self) -> datetime: ...
    @property
    def end(self) -> datetime: ...
    @property
    def limit(self) -> int: ...
    @property
    def offset(self) -> int: ...


def get_stored(session: Session, operator: str, operator_journey_id: str) -> Stored:
    """One journey of the operator. Raises NotFound("covoit.unknown_journey")."""
    return store.get_stored(session, operator, operator_journey_id)


def list_ids(session: Session, operator: str, wanted: Listing) -> list[str]:
    """The ids of the operator's journeys, the latest first."""
    return store.list_ids(
        session, operator, status=wanted.status, start=wanted.start, end=wanted.end, limit=wanted.limit,
        offset=wanted.offset,
    )  # fmt: skip


def hand_over(services: Services, operator: str, content: IO[bytes], *, good_part: bool, now: datetime) -> str:
    """Keep a file and order its reception; the id of the order: the same for the same file asked in the same way.

    Raises InvalidInput("covoit.empty_file" | "blob.too_large").
    """

    def act(received: BinaryIO) -> str:
        received.seek(0)
        with transaction(services.engine) as session:
            digest = services.blobs.put(
                session, received, owner=operator, purpose="covoit.intake", keep_days=KEEP_DAYS, now=now,
                name="trajets.ndjson", max_bytes=FILE_BYTES_MAX,
            )  # fmt: skip
            known = registry.order_of(session, operator, digest, good_part)
            if known is not None:
                return known.id
            order = registry.intake_id(now)
            job = jobs.enqueue(session, JOB, {"order": order, "operator": operator}, None, now)
            registry.add_order(session, operator, digest, good_part, job, order, now)
            return order

    with tempfile.TemporaryFile() as received:  # the network's pace must not hold a transaction open
        while piece := content.read(1 << 16):
            received.write(piece)
        if received.tell() == 0:
            raise InvalidInput("covoit.empty_file")
        return insisting(lambda: act(cast(BinaryIO, received)))


def show(services: Services, operator: str, order: str) -> dict[str, Any]:
    """What became of a file handed over. Raises NotFound("covoit.unknown_order")."""
    with reading(services.engine) as session:
        row = registry.find_order(session, operator, order)
        if row is None:
            raise NotFound("covoit.unknown_order")
        job = jobs.find_job(session, row.job)
        receipt = registry.find_receipt(session, operator, row.sha256)
    return {
        "id": row.id,
        "file_sha256": row.sha256,
        "good_part": row.good_part,
        "state": "succeeded" if job is None else job.state.value,
        "done": None if job is None else job.progress_done,
        "total": None if job is None else job.progress_total,
        "refused": row.refused,
        "receipt": receipt,
        "errors_sha256": row.errors,
    }


def receive_order(context: "jobs.JobContext", operator: str, order: str, now: datetime) -> Outcome:
    """Receive a file handed over: the job. It may run again after a crash: what is kept is kept once."""
    with reading(context.engine) as session:
        row = registry.find_order(session, operator, order)
        if row is None:
            raise NotFound("covoit.unknown_order")
    with tempfile.TemporaryDirectory() as folder:
        errors = Path(folder) / "errors.csv"
        with errors.open("wb") as written:
            outcome = ingest(
                context, context.blobs.path(row.sha256), operator, errors=written,
                rules=terms_of(operator, row.created_at, context.config.home),
                now=row.created_at, good_part=row.good_part, progress=context.progress,
            )  # fmt: skip
        with context.transaction() as session, errors.open("rb") as content:
            kept = None
            if outcome.refused and not outcome.repeated:
                kept = context.blobs.put(
                    session, content, owner=operator, purpose="covoit.errors", keep_days=KEEP_DAYS, now=now,
                    name="lignes-refusees.csv",
                )  # fmt: skip
            registry.note_order(session, order, errors=kept, refused=outcome.refused)
    return outcome

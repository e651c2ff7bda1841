"""Receive a file of journeys, one JSON document a line: read it whole first, then keep it, then give a receipt.

All or nothing unless the good part is asked for; the bad rows come back as a file. The same file again gets the same
receipt. The receipt is committed with the journeys it counts, so that none is ever acknowledged and lost.
"""

from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

import orjson
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from covoit.gateway import ndjson
from covoit.gateway.ndjson import Declared, ErrorFile, Fault, Unreadable
from covoit.gateway.scales import scale_in_force
from covoit.model.registry import Terms
from covoit.service.journeys import Kind, Received, insisting, receive_many
from covoit.store import registry
from covoit.store.journeys import OWN_OPERATOR
from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.instants import paris_day
from mobigo.infra import keys
from mobigo.infra.clock import new_id
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import sentence, use_language

BATCH: Final = 5_000
FAULTS_WRITTEN_MAX: Final = 100_000
Progress = Callable[[int, int | None, str], None]


class Services(Protocol):
    """What receiving a file needs: a database, and the configuration whose secret signs receipts."""

    @property
    def engine(self) -> Engine: ...

    @property
    def config(self) -> Config: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file: its receipt, or none when nothing was kept; how many rows are bad, and where they say
    why."""

    receipt: Mapping[str, Any] | None
    refused: int
    repeated: bool = False


@dataclass
class _Count:
    """What is told of the rows as they go by."""

    lines: int = 0
    new: int = 0
    known: int = 0
    refused: int = 0
    violations: Counter[str] = field(default_factory=Counter)
    first_day: str = "9999-12-31"
    last_day: str = ""
    content: Any = field(default_factory=sha256)


def terms_of(operator: str, day: datetime, home: Path | None = None) -> Terms:
    """The terms for an operator's journeys: the registry's 24 hours for others, for our own lines the days that the
    scale in force gives for a proof (a paper claim, a phone that syncs later), the scales of `home` included."""
    if operator != OWN_OPERATOR:
        return Terms()
    return Terms(deadline=timedelta(days=scale_in_force(paris_day(day), home).proof_deadline_days))


def ingest(
    services: Services,
    file: Path,
    operator: str,
    *,
    errors: BinaryIO,
    rules: Terms,
    now: datetime,
    good_part: bool = False,
    progress: Progress = lambda _done, _total, _text: None,
) -> Outcome:
    """Receive the journeys of `file` for an operator; the bad rows are written to `errors` (CSV).

    With a bad row, nothing is kept and there is no receipt, unless `good_part`. Raises NotFound("covoit.no_file").
    On SQLite the second reading is one transaction and others wait to write meanwhile; with `good_part` they get
    their turn every 5,000 rows, and a run that was cut short is finished by running it again.
    """
    try:
        size = file.stat().st_size
        with file.open("rb") as content:
            digest = file_digest(content, "sha256").hexdigest()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise NotFound("covoit.no_file", file=str(file)) from None
    with reading(services.engine) as session:
        before = registry.find_receipt(session, operator, digest)
    if before is not None:
        return Outcome(before, int(before["refused"]), repeated=True)
    written = _Faults(errors)
    bad = set()
    for number, _, faults in _read(file, now, size, progress, "1/2"):
        if faults:
            bad.add(number)
            written.add(number, faults)
    if bad and not good_part:
        written.close()
        return Outcome(None, len(bad))
    intake = new_id(now)
    act = _in_parts if good_part else _at_once
    outcome = act(services, file, operator, intake, digest, size, written, rules, now, progress)
    written.close()
    return outcome


def signed(receipt: Mapping[str, Any], config: Config) -> dict[str, Any]:
    """The receipt with the public key and an Ed25519 signature over the rest, written with sorted keys, no space."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = Ed25519PrivateKey.from_private_bytes(keys.derived(config, "covoit.receipts"))
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    whole = {**receipt, "key": b64encode(public).decode()}
    return {**whole, "signature": b64encode(key.sign(canonical(whole))).decode()}


def genuine(receipt: Mapping[str, Any], public_key: str) -> bool:
    """Whether a receipt was signed by this key and not altered."""
    from base64 import b64decode

    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    whole = {name: value for name, value in receipt.items() if name != "signature"}
    try:
        key = Ed25519PublicKey.from_public_bytes(b64decode(public_key))
        key.verify(b64decode(str(receipt.get("signature", ""))), canonical(whole))
    except (InvalidSignature, ValueError):
        return False
    return receipt.get("key") == public_key


def canonical(document: Mapping[str, Any]) -> bytes:
    """The bytes that are signed."""
    return orjson.dumps(dict(document), option=orjson.OPT_SORT_KEYS)


# ---------------------------------------------------------------- the two ways


class _Abandoned(Exception):
    """A row turned out bad while the file was being kept whole: nothing of it stays."""

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__()


def _at_once(
    services: Services, file: Path, operator: str, intake: str, digest: str, size: int, written: "_Faults",
    rules: Terms, now: datetime, progress: Progress,
) -> Outcome:  # fmt: skip
    def act() -> Outcome:
        count = _Count()
        with transaction(services.engine) as session:
            for batch in _batches(file, now, size, progress, count):
                _receive(session, operator, batch, rules, now, intake, count, written)
            if count.refused:
                raise _Abandoned(count.refused)
            return _acknowledge(session, services, operator, intake, digest, size, count, now)

    try:
        return insisting(act)
    except _Abandoned as found:
        return Outcome(None, found.count)


def _in_parts(
    services: Services, file: Path, operator: str, intake: str, digest: str, size: int, written: "_Faults",
    rules: Terms, now: datetime, progress: Progress,
) -> Outcome:  # fmt: skip
    count = _Count()
    for batch in _batches(file, now, size, progress, count):

        def act(batch: list["_Row"] = batch) -> list[Received]:
            with transaction(services.engine) as session:
                rows = [(row.declared, row.digest) for row in batch]
                return receive_many(session, operator, rows, rules, now, first=batch[0].number - 1, intake=intake)

        _tell(insisting(act), batch, count, written)
    with transaction(services.engine) as session:
        return _acknowledge(session, services, operator, intake, digest, size, count, now)


def _acknowledge(
    session: Session, services: Services, operator: str, intake: str, digest: str, size: int, count: _Count,
    now: datetime,
) -> Outcome:  # fmt: skip
    receipt = {
        "version": 1,
        "receipt": intake,
        "operator": operator,
        "file_sha256": digest,
        "file_bytes": size,
        "received_at": now.isoformat(),
        "lines": count.lines,
        "new": count.new,
        "known": count.known,
        "refused": count.refused,
        "violations": dict(sorted(count.violations.items())),
        "first_day": count.first_day if count.last_day else None,
        "last_day": count.last_day or None,
        # Over "id digest" of every journey kept, in the order of the file.
        "content_sha256": count.content.hexdigest(),
    }
    whole = signed(receipt, services.config)
    if not registry.keep_receipt(session, intake, operator, digest, size, whole, now):
        kept = registry.find_receipt(session, operator, digest)
        assert kept is not None  # noqa: S101 - it was there an instant ago
        return Outcome(kept, int(kept["refused"]), repeated=True)
    return Outcome(whole, count.refused)


def _receive(
    session: Session, operator: str, batch: list["_Row"], rules: Terms, now: datetime, intake: str, count: _Count,
    written: "_Faults",
) -> None:  # fmt: skip
    rows = [(row.declared, row.digest) for row in batch]
    answers = receive_many(session, operator, rows, rules, now, first=batch[0].number - 1, intake=intake)
    _tell(answers, batch, count, written)


def _tell(answers: list[Received], batch: list["_Row"], count: _Count, written: "_Faults") -> None:
    for row, answer in zip(batch, answers, strict=True):
        if answer.kind is Kind.DIFFERS:
            count.refused += 1
            written.add(row.number, [_differs(answer)])
            continue
        if answer.kind is Kind.NEW:
            count.new += 1
        else:
            count.known += 1
        count.violations.update(str(found["label"]) for found in answer.violations)
        count.content.update(f"{answer.operator_journey_id} {answer.digest}\n".encode())
        day = row.day
        count.first_day, count.last_day = min(count.first_day, day), max(count.last_day, day)


def _differs(answer: Received) -> Fault:
    reason = Decision(
        "covoit.journey_differs", journey=answer.operator_journey_id, known=answer.known_digest, given=answer.digest
    )
    return Fault("operator_journey_id", answer.operator_journey_id, reason)


# ---------------------------------------------------------------- rows


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    declared: Declared
    digest: str

    @property
    def day(self) -> str:
        return paris_day(self.declared.start.datetime).isoformat()


class _Faults:
    """The error file, in French; each line once, however often it is read."""

    def __init__(self, target: BinaryIO) -> None:
        self._file = ErrorFile(target)
        self._told: set[int] = set()

    def add(self, number: int, faults: list[Fault]) -> None:
        if number in self._told or len(self._told) >= FAULTS_WRITTEN_MAX:
            return
        self._told.add(number)
        with use_language("fr"):
            for fault in faults:
                self._file.add(number, fault, sentence(fault.reason))

    def close(self) -> None:
        self._file.close()


def _read(
    file: Path, now: datetime, size: int, progress: Progress, part: str
) -> Iterator[tuple[int, _Row | None, list[Fault]]]:
    """Every row of the file, read: (line, journey or None, faults)."""
    with _opened(file) as content:
        for number, line in ndjson.lines(content):
            if number % 1_000 == 1:
                progress(content.tell(), size, part)
            try:
                declared, digest = ndjson.read_declared(line, now)
            except Unreadable as found:
                yield number, None, found.faults
            else:
                yield number, _Row(number, declared, digest), []
    progress(size, size, part)


def _batches(file: Path, now: datetime, size: int, progress: Progress, count: _Count) -> Iterator[list[_Row]]:
    """The good rows, by batches; the bad ones are counted."""
    batch: list[_Row] = []
    for _, row, _ in _read(file, now, size, progress, "2/2"):
        count.lines += 1
        if row is None:
            count.refused += 1
            continue
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    try:
        with file.open("rb") as content:
            yield content
    except FileNotFoundError:
        raise InvalidInput("covoit.no_file", file=str(file)) from None

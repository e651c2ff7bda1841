"""Publishing what modules offer: made, kept, checked, and shown in one move of a pointer.

Files are safe on disk before their rows are written, and rows before the pointer moves: whatever stops in between, the
addresses show the old version or the new one, and the next run goes on from there. One dataset that fails leaves the
others alone, and its own old version where it was.
"""

import logging
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Protocol

from sqlalchemy.orm import Session

from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, MobigoError
from mobigo.base.instants import paris_day
from mobigo.infra import audit
from mobigo.infra.clock import new_id
from mobigo.infra.db import reading, transaction
from mobigo.infra.disk import is_full
from opendata.gateway import table_schema
from opendata.gateway.judges import together
from opendata.model.checks import Check, Judge
from opendata.model.datasets import Declaration, Slot
from opendata.model.editions import Edition, KeptFile, State, Version
from opendata.model.offers import Offer
from opendata.rules import publishing as rules
from opendata.rules.publishing import Approval, Step
from opendata.service import notices
from opendata.store import checks as check_store
from opendata.store import files, versions
from opendata.store.versions import Gzipped

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from mobigo.infra.config import Config

_log = logging.getLogger(__name__)
JUDGES_AT_ONCE: Final = 2
Result = Literal["published", "unchanged", "waiting", "faulty", "failed", "held", "superseded", "removed", "empty"]


class Tools(Protocol):
    """What publication needs: the services of the application, or a job's context."""

    @property
    def config(self) -> "Config": ...
    @property
    def engine(self) -> "Engine": ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one edition: `reasons` says why it is not public, when it is not."""

    dataset: str
    result: Result
    slot: Slot = Slot.LATEST
    version: Version | None = None
    reasons: tuple[Decision, ...] = ()


def publish_all(
    tools: Tools, offers: Iterable[Offer], now: datetime, *, by: str | None = None, judges: Sequence[Judge] = ()
) -> list[Outcome]:
    """Publish every offer that may be, as its facts stand at `now`. `by`: who asks, None for the system; a person who
    asks moves on what a rollback holds. Never raises for one dataset's trouble: it is in its outcome, and logged."""
    outcomes: list[Outcome] = []
    for offer in offers:
        try:
            outcomes += _publish(tools, offer, now, by, judges)
        except MobigoError as error:
            outcomes.append(_failed(offer.declared, error.decision))
        except OSError as error:
            _log.exception("%s: its files could not be written", offer.declared.code)
            reason = error.strerror or type(error).__name__
            code = "opendata.no_room" if is_full(error) else "opendata.not_written"
            outcomes.append(_failed(offer.declared, Decision(code, reason=reason)))
        except Exception as defect:
            _log.exception("%s could not be made", offer.declared.code)
            decision = Decision("opendata.not_made", kind=type(defect).__name__)
            outcomes.append(_failed(offer.declared, decision))
    return outcomes


def _publish(tools: Tools, offer: Offer, now: datetime, by: str | None, judges: Sequence[Judge]) -> list[Outcome]:
    declared = offer.declared
    with transaction(tools.engine) as session:
        before = versions.find_dataset(session, declared.code)
        if versions.kept_of(versions.declare(session, declared, now)).removed_at is not None:
            return [Outcome(declared.code, "removed")]
        if before is not None and declared.deprecated and declared.deprecated != before.declared.deprecated:
            notices.happened(session, declared.code, "deprecated", now, by=by, reason=declared.deprecated)
        if before is not None and declared.licence != before.declared.licence:
            notices.happened(session, declared.code, "relicensed", now, by=by, reason=declared.licence.title)
    with _drafts(tools) as folder:
        outcomes = [
            _publish_edition(tools, declared, edition, now, by, judges, folder)
            for edition in offer.produce(now, folder)
        ]
    if outcomes and all(each.slot is not Slot.NEXT for each in outcomes):
        _nothing_to_come(tools, declared, now)
    return outcomes or [Outcome(declared.code, "empty")]


def _nothing_to_come(tools: Tools, declared: Declaration, now: datetime) -> None:
    """No period to come is offered any more: `next` shows nothing, rather than what will not be."""
    with transaction(tools.engine) as session:
        versions.declare(session, declared, now)
        coming = versions.find_pointer(session, declared.code, Slot.NEXT)
        if coming is not None and coming.version_id is not None and coming.facts_at <= now:
            versions.move_pointer(session, declared.code, Slot.NEXT, None, facts_at=now, now=now)


@contextmanager
def _drafts(tools: Tools) -> Iterator[Path]:
    """A folder for files being made, on the disk of the home."""
    root = tools.config.home / "cache" / "opendata"
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root) as folder:
        yield Path(folder)


def _publish_edition(
    tools: Tools, declared: Declaration, edition: Edition, now: datetime, by: str | None, judges: Sequence[Judge],
    folder: Path,
) -> Outcome:  # fmt: skip
    version = record(tools, declared, edition, now, by, folder)
    if version.state in (State.REJECTED, State.WITHDRAWN):
        reason = Decision("opendata.not_to_publish", state=version.state.value)
        return Outcome(declared.code, "held", edition.slot, version, (reason,))
    if version.state in (State.DRAFT, State.FAULTY):
        version = check(tools, declared, version, edition.checks, judges, now)
    elif version.state is State.PUBLISHED and _due_again(tools, version, now):
        check(tools, declared, version, edition.checks, judges, now)
    with transaction(tools.engine) as session:
        versions.declare(session, declared, now)  # held to the end: one move at a time
        return _show(session, declared, version.id, edition.slot, now, by)


def _due_again(tools: Tools, version: Version, now: datetime) -> bool:
    """Whether the judges last changed their word about this version longer ago than today: some rules depend on the
    day."""
    with reading(tools.engine) as session:
        heard = check_store.of_version(session, version.id)
    return not heard or paris_day(max(at for _check, _required, at in heard)) < paris_day(now)


def record(
    tools: Tools, declared: Declaration, edition: Edition, now: datetime, by: str | None, folder: Path
) -> Version:
    """Keep an edition's files, and its version: the one already there, when the content is not new.

    Raises InvalidInput("opendata.other_files") when the files are not those declared, OSError when the disk is full.
    """
    wanted, given = {spec.name for spec in declared.files}, [made.name for made in edition.files]
    if sorted(wanted) != sorted(given):
        raise InvalidInput("opendata.other_files", declared=sorted(wanted), made=sorted(given))
    contents = files.contents_of(tools.config.home)
    kept: list[KeptFile] = []
    twins: dict[str, Gzipped] = {}
    for made in edition.files:
        file, twin = files.keep(contents, made, folder)
        kept.append(file)
        if twin is not None:
            twins[file.name] = twin
    digest = rules.content_hash((file.name, file.content_sha256) for file in kept)
    with transaction(tools.engine) as session:
        versions.declare(session, declared, now)
        known = versions.find_by_content(session, declared.code, digest)
        if known is not None:
            return known
        if not all(contents.path(file.sha256).exists() for file in kept):
            raise Conflict("opendata.swept_away")
        new = Version(
            id=new_id(now), dataset=declared.code, number=0, content_hash=digest, state=State.DRAFT,
            slot=edition.slot, facts_at=now, made_by=by, files=tuple(sorted(kept, key=lambda file: file.name)),
            first_day=edition.first_day, last_day=edition.last_day, counts=edition.counts,
        )  # fmt: skip
        return versions.add_version(session, new, twins)


def check(
    tools: Tools,
    declared: Declaration,
    version: Version,
    made: Sequence[Check],
    judges: Sequence[Judge],
    now: datetime,
) -> Version:
    """Have every judge of its kind look at each file, keep what they say beside the producer's own checks (`made`), and
    say whether the version may go on: CHECKED or FAULTY. One that is public stays so, whatever they say now."""
    today = paris_day(now)
    heard = [(each, True) for each in made] + list(_heard(tools, declared, version, judges, today))
    with transaction(tools.engine) as session:
        if version.state is State.FAULTY and not made:  # its producer's checks were kept with it
            told = check_store.of_version(session, version.id)
            again = {check.judge for check, _required in heard}
            heard += [(check, required) for check, required, _at in told if check.judge not in again]
        check_store.add(session, version.id, heard, now)
        waivers = [waiver for _id, _dataset, waiver in check_store.list_waivers(session, declared.code, on=today)]
        reasons = rules.blocking(heard, waivers, today)
        reasons += rules.missing_judges(declared, (each for each, _required in heard))
        if version.state is State.PUBLISHED:
            return version
        state = State.FAULTY if reasons else State.CHECKED
        versions.set_state(session, version.id, state)
    return replace(version, state=state)


def _heard(
    tools: Tools, declared: Declaration, version: Version, judges: Sequence[Judge], today: date
) -> Iterator[tuple[Check, bool]]:
    contents = files.contents_of(tools.config.home)
    specs = {spec.name: spec for spec in declared.files}
    for file in version.files:
        if file.media_type == "text/csv" and specs[file.name].columns:
            yield table_schema.check(contents.path(file.sha256), specs[file.name]), True
    asked = [
        (judge, file)
        for judge in judges
        for file in version.files
        if judge.reads(file.name, file.media_type, specs[file.name].standard)
    ]
    with together.once(), ThreadPoolExecutor(JUDGES_AT_ONCE) as court:
        told = {
            place: court.submit(copy_context().run, judge.check, contents.path(file.sha256), file.name, today)
            for place, (judge, file) in sorted(enumerate(asked), key=lambda each: -each[1][1].size)  # the longest first
        }
        for place, (judge, _file) in enumerate(asked):
            yield told[place].result(), judge.required


def _show(
    session: Session, declared: Declaration, version_id: str, slot: Slot, now: datetime, by: str | None
) -> Outcome:
    """Move the address on to this version, if all agree; says why not otherwise. The dataset's row is held."""
    version = versions.get_version(session, version_id)
    if version.state is State.FAULTY:
        today = paris_day(now)
        heard = [(check, required) for check, required, _at in check_store.of_version(session, version_id)]
        waivers = [waiver for _id, _dataset, waiver in check_store.list_waivers(session, declared.code, on=today)]
        reasons = rules.blocking(heard, waivers, today)
        reasons += rules.missing_judges(declared, (check for check, _required in heard))
        notices.tell_faulty(session, declared, version, now)
        return Outcome(declared.code, "faulty", slot, version, tuple(reasons))
    pointer = versions.find_pointer(session, declared.code, slot)
    if pointer is not None and pointer.version_id == version_id:
        versions.note_seen(session, declared.code, slot, now)
        return Outcome(declared.code, "unchanged", slot, version)
    refusal = rules.refusal_to_publish(version, declared, versions.list_approvals(session, version_id), by)
    if refusal is not None:
        return Outcome(declared.code, "waiting", slot, version, (refusal,))
    if pointer is not None and by is None:
        if pointer.held:
            return Outcome(declared.code, "held", slot, version, (Decision("opendata.held_back"),))
        if pointer.facts_at > now:
            return Outcome(declared.code, "superseded", slot, version, (Decision("opendata.newer_facts"),))
    version = show(session, declared, version, slot, now, by)
    return Outcome(declared.code, "published", slot, version)


def show(
    session: Session,
    declared: Declaration,
    version: Version,
    slot: Slot,
    now: datetime,
    by: str | None,
    *,
    kind: str = "",
    reason: str = "",
    held: bool = False,
) -> Version:
    """Make an address show a version from the commit on, write it down, and tell whoever follows. Whether that may be
    was decided before; the dataset's row is held."""
    before = versions.find_pointer(session, declared.code, slot)
    before_id = None if before is None else before.version_id
    versions.move_pointer(session, declared.code, slot, version.id, facts_at=now, now=now, held=held)
    if slot is Slot.LATEST:
        coming = versions.find_pointer(session, declared.code, Slot.NEXT)
        if coming is not None and coming.version_id == version.id:
            versions.move_pointer(session, declared.code, Slot.NEXT, None, facts_at=now, now=now)
    if version.state is not State.PUBLISHED:
        versions.set_state(session, version.id, State.PUBLISHED)
        versions.add_approval(session, version.id, Approval(Step.PUBLISHED, by, now, reason))
        version = replace(version, state=State.PUBLISHED)
    event = notices.happened(
        session, declared.code, kind or ("updated" if before_id else "published"), now,
        slot=slot, version_id=version.id, before_id=before_id, by=by, reason=reason,
    )  # fmt: skip
    audit.record(
        session, f"opendata.{kind or 'published'}", actor=by or audit.SYSTEM, object_kind="dataset",
        object_id=declared.code, now=now,
        detail={"version": version.label, "slot": slot.value, "before": before_id, "event": event},
    )  # fmt: skip
    return version


def _failed(declared: Declaration, reason: Decision) -> Outcome:
    return Outcome(declared.code, "failed", reasons=(reason,))

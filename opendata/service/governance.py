"""What people decide: approve, reject, publish, roll back, withdraw, remove, let a finding stand. Each is one
transaction, written down with who and why; the two-persons rule is in `opendata.rules.publishing`."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.infra import audit
from mobigo.infra.db import transaction
from opendata.model.datasets import Slot
from opendata.model.editions import State, Version
from opendata.rules import publishing as rules
from opendata.rules.publishing import Approval, Step, Waiver
from opendata.service import notices
from opendata.service.publishing import Tools, show
from opendata.store import checks as check_store
from opendata.store import files, versions
from opendata.store.versions import Kept

WAIVER_DAYS_MAX = 366
REASON_MIN = 10  # letters: a word is no reason


def approve(tools: Tools, version_id: str, who: str, now: datetime, reason: str = "") -> Version:
    """Say yes to a version. Raises NotFound, Refused with why this person may not."""
    with transaction(tools.engine) as session:
        version, kept = _held(session, version_id, now)
        refusal = rules.refusal_to_approve(version, kept.declared, who)
        if refusal is not None:
            raise Refused(refusal.code, **refusal.params)
        versions.set_state(session, version.id, State.APPROVED)
        versions.add_approval(session, version.id, Approval(Step.APPROVED, who, now, reason))
        _record(session, "opendata.approved", who, version, now, reason)
    return replace(version, state=State.APPROVED)


def reject(tools: Tools, version_id: str, who: str, now: datetime, reason: str) -> Version:
    """Say no to a version that is not public: this content will not be published. Raises NotFound, InvalidInput without
    a reason, Conflict when it is public already (it can be withdrawn)."""
    _reason(reason)
    with transaction(tools.engine) as session:
        version, _kept = _held(session, version_id, now)
        if version.state in (State.PUBLISHED, State.WITHDRAWN, State.REJECTED):
            raise Conflict("opendata.not_to_reject", state=version.state.value)
        versions.set_state(session, version.id, State.REJECTED)
        versions.add_approval(session, version.id, Approval(Step.REJECTED, who, now, reason))
        _record(session, "opendata.rejected", who, version, now, reason)
    return replace(version, state=State.REJECTED)


def publish(tools: Tools, version_id: str, who: str, now: datetime, reason: str = "") -> Version:
    """Show a version that was checked (and approved by another, where people are behind it) at its address.

    Raises NotFound, Refused with why this person may not.
    """
    with transaction(tools.engine) as session:
        version, kept = _held(session, version_id, now)
        refusal = rules.refusal_to_publish(version, kept.declared, versions.list_approvals(session, version.id), who)
        if refusal is not None:
            raise Refused(refusal.code, **refusal.params)
        slot = rules.slot_of(version.first_day, paris_day(now)) if version.slot is Slot.NEXT else version.slot
        return show(session, kept.declared, version, slot, now, who, reason=reason)


def roll_back(tools: Tools, dataset: str, who: str, now: datetime, reason: str, label: str | None = None) -> Version:
    """Make `latest` show an earlier version again, byte for byte; it stays until a person moves it on (`resume`, or a
    publication they ask for). `label`: which one; None: the one shown before the present one.

    Raises NotFound when there is none, InvalidInput without a reason, Conflict when it is not public.
    """
    _reason(reason)
    with transaction(tools.engine) as session:
        kept = _dataset(session, dataset, now)
        pointer = versions.find_pointer(session, dataset, Slot.LATEST)
        present = None if pointer is None else pointer.version_id
        wanted = versions.find_by_label(session, dataset, label) if label else _before(session, dataset, present)
        if wanted is None:
            raise NotFound("opendata.nothing_before", dataset=dataset)
        if wanted.state is not State.PUBLISHED:
            raise Conflict("opendata.not_public", state=wanted.state.value)
        return show(session, kept.declared, wanted, Slot.LATEST, now, who, kind="rolled_back", reason=reason, held=True)


def resume(tools: Tools, dataset: str, who: str, now: datetime) -> None:
    """After a rollback, let the address move on by itself again. Raises NotFound."""
    with transaction(tools.engine) as session:
        _dataset(session, dataset, now)
        versions.release(session, dataset, Slot.LATEST)
        audit.record(session, "opendata.resumed", actor=who, object_kind="dataset", object_id=dataset, now=now)


def withdraw(tools: Tools, version_id: str, who: str, now: datetime, reason: str) -> Version:
    """Take a version out of public sight, and its files off the disk: its addresses answer that it is gone, and why.
    Addresses that showed it go back to the version before, or show nothing.

    Raises NotFound, InvalidInput without a reason, Conflict when it is not public.
    """
    _reason(reason)
    with transaction(tools.engine) as session:
        version, kept = _held(session, version_id, now)
        if version.state is not State.PUBLISHED:
            raise Conflict("opendata.not_public", state=version.state.value)
        versions.set_state(session, version.id, State.WITHDRAWN, because=reason)
        versions.add_approval(session, version.id, Approval(Step.WITHDRAWN, who, now, reason))
        notices.happened(
            session, kept.code, "withdrawn", now, version_id=version.id, by=who, reason=reason
        )  # fmt: skip
        for (_code, slot), pointer in versions.list_pointers(session, kept.code).items():
            if pointer.version_id == version.id:
                back = _before(session, kept.code, version.id) if slot is Slot.LATEST else None
                versions.move_pointer(
                    session,
                    kept.code,
                    slot,
                    None if back is None else back.id,
                    facts_at=now,
                    now=now,
                    held=slot is Slot.LATEST,
                )
        _record(session, "opendata.withdrawn", who, version, now, reason)
    with transaction(tools.engine) as session:
        contents = files.contents_of(tools.config.home)
        contents.remove(versions.contents_named(session, version.id), lambda: versions.needed_contents(session))
    return replace(version, state=State.WITHDRAWN)


def remove(tools: Tools, dataset: str, who: str, now: datetime, reason: str, replaced_by: str | None = None) -> None:
    """Close a dataset: its addresses answer that it is gone, why, and what replaces it. Its versions are kept.

    Raises NotFound, InvalidInput without a reason, or for a replacement that is not there.
    """
    _reason(reason)
    with transaction(tools.engine) as session:
        _dataset(session, dataset, now)
        if replaced_by is not None and versions.find_dataset(session, replaced_by) is None:
            raise InvalidInput("opendata.unknown_replacement", dataset=replaced_by)
        versions.remove_dataset(session, dataset, reason, replaced_by, now)
        notices.happened(session, dataset, "removed", now, by=who, reason=reason)
        audit.record(
            session, "opendata.removed", actor=who, object_kind="dataset", object_id=dataset, now=now,
            detail={"replaced_by": replaced_by},
        )  # fmt: skip


def waive(
    tools: Tools, dataset: str, judge: str, code: str, last_day: date, who: str, now: datetime, reason: str
) -> str:
    """Let a finding of a judge stand in a dataset until a day, a year away at most; the waiver's id. Never a finding of
    the privacy audit.

    Raises NotFound, InvalidInput for a missing reason or a day out of bounds, Refused("opendata.never_waived").
    """
    _reason(reason)
    today = paris_day(now)
    if judge == rules.PRIVACY_JUDGE:
        raise Refused("opendata.never_waived")
    if not today <= last_day <= today + timedelta(days=WAIVER_DAYS_MAX):
        raise InvalidInput("opendata.waiver_day", first_day=today, last_day=today + timedelta(days=WAIVER_DAYS_MAX))
    with transaction(tools.engine) as session:
        _dataset(session, dataset, now)
        waiver = Waiver(judge, code, today, last_day, reason)
        waiver_id = check_store.add_waiver(session, dataset, waiver, who, now)
        audit.record(
            session, "opendata.waived", actor=who, object_kind="dataset", object_id=dataset, now=now,
            detail={"judge": judge, "code": code, "last_day": last_day.isoformat()},
        )  # fmt: skip
    return waiver_id


def _held(session: Session, version_id: str, now: datetime) -> tuple[Version, Kept]:
    """A version and its dataset, whose row is held to the end of the transaction."""
    version = versions.get_version(session, version_id)
    kept = _dataset(session, version.dataset, now)
    return versions.get_version(session, version_id), kept


def _dataset(session: Session, code: str, now: datetime) -> Kept:
    kept = versions.get_dataset(session, code)
    versions.declare(session, kept.declared, now)
    if kept.removed_at is not None:
        raise Conflict("opendata.removed", dataset=code)
    return kept


def _before(session: Session, dataset: str, present: str | None) -> Version | None:
    """The version that `latest` showed before it came to show `present`, still public."""
    shown = [
        each.version_id
        for each in versions.list_events(session, dataset, limit=1_000)
        if each.slot is Slot.LATEST and each.version_id is not None and each.version_id != present
    ]
    known = versions.versions_of(session, set(shown))
    return next((known[each] for each in shown if known[each].state is State.PUBLISHED), None)


def _record(session: Session, action: str, who: str, version: Version, now: datetime, reason: str) -> None:
    audit.record(
        session, action, actor=who, object_kind="dataset", object_id=version.dataset, now=now,
        detail={"version": version.label, "reason": bool(reason)},
    )  # fmt: skip


def _reason(reason: str) -> None:
    if len(reason.strip()) < REASON_MIN:
        raise InvalidInput("opendata.reason_needed", least=REASON_MIN)

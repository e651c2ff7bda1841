"""Means of payment that a holder leaves for later debits: a card, or a SEPA mandate. Asked on the provider's own form,
read again there, never held by us: a reference and the four signs its holder knows it by.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from billettique.model.payments import PaymentState, SaveAsk, SavedState, SeenMeans
from billettique.service.payments import providers_of
from billettique.store.means import SavedMeansRow, find_means_by_ref, get_means
from billettique.store.payments import PaymentRow
from mobigo.base.errors import Conflict, Refused
from mobigo.infra.clock import new_id
from mobigo.infra.db import insert_new, reading, transaction

if TYPE_CHECKING:
    from mobigo.infra.web import Services

_FOLLOWS = {
    SavedState.CREATED: {SavedState.REQUIRES_ACTION, SavedState.ACTIVE, SavedState.FAILED, SavedState.GONE},
    SavedState.REQUIRES_ACTION: {SavedState.ACTIVE, SavedState.FAILED, SavedState.GONE},
    SavedState.ACTIVE: {SavedState.GONE},
    SavedState.FAILED: {SavedState.ACTIVE},
    SavedState.GONE: set[SavedState](),
}


def begin(session: Session, *, holder: str, means: str, provider: str, return_url: str, key: str, now: datetime) -> str:
    """Write that a holder (a random id) is to leave a means; nobody is asked yet. Its id, the same for the same key."""
    fresh = new_id(now)
    row = {
        "id": fresh, "holder": holder, "provider": provider, "means": means, "key": key, "return_url": return_url,
        "state": str(SavedState.CREATED), "label": "", "created_at": now, "moved_at": now,
    }  # fmt: skip
    if insert_new(session, SavedMeansRow, row, ["key"]):
        return fresh
    known = session.scalars(select(SavedMeansRow).where(SavedMeansRow.key == key)).one()
    if (known.holder, known.means, known.provider) != (holder, means, provider):
        raise Conflict("payments.other_means")
    return known.id


def call(services: "Services", means_id: str, now: datetime) -> str | None:
    """Ask the provider for its form; where the holder goes on, None when it is done. Raises Upstream."""
    with reading(services.engine) as session:
        row = get_means(session, means_id)
    if SavedState(row.state) is not SavedState.CREATED:
        return row.action
    provider = providers_of(services).get(row.provider)
    if not provider.abilities.saves:
        raise Refused("payments.not_able", provider=row.provider, ability="save")
    seen = provider.save(SaveAsk(row.key, row.holder, row.means, row.return_url or ""))
    with transaction(services.engine) as session:
        return apply(session, means_id, seen, now).action


def refresh(services: "Services", means_id: str, now: datetime) -> SavedState:
    """Read it again at its provider; its state. For the page the holder comes back to, and events."""
    with reading(services.engine) as session:
        row = get_means(session, means_id)
    if row.provider_ref is None:
        return SavedState(row.state)
    seen = providers_of(services).get(row.provider).read_means(row.provider_ref)
    with transaction(services.engine) as session:
        return SavedState(apply(session, means_id, seen, now).state)


def follow(services: "Services", provider: str, ref: str, now: datetime) -> None:
    """An event spoke of it; one that is not ours changes nothing."""
    with reading(services.engine) as session:
        row = find_means_by_ref(session, provider, ref)
    if row is not None:
        refresh(services, row.id, now)


def apply(session: Session, means_id: str, seen: SeenMeans, now: datetime) -> SavedMeansRow:
    """Move it by what was read; one of another installation, or of play money, is refused for ever."""
    row = get_means(session, means_id, lock=True)
    row.provider_ref = row.provider_ref or seen.provider_ref
    then = seen.state if seen.key == row.key else SavedState.FAILED
    row.action = seen.action if then is SavedState.REQUIRES_ACTION else None
    if then in _FOLLOWS[SavedState(row.state)]:
        row.state, row.moved_at = str(then), now
    if then is SavedState.ACTIVE:
        row.means_ref, row.label, row.mandate = seen.means_ref, seen.label[:60], seen.mandate
    session.flush()
    return row


def forget(services: "Services", means_id: str, now: datetime) -> None:
    """The holder takes it back: no debit any more, at once; the provider is told. Raises Upstream to be asked again."""
    with transaction(services.engine) as session:
        row = get_means(session, means_id, lock=True)
        ref, row.state, row.moved_at, row.action = row.means_ref, str(SavedState.GONE), now, None
    if ref is not None:
        providers_of(services).get(row.provider).forget(ref)
    with transaction(services.engine) as session:
        held = get_means(session, means_id, lock=True)
        held.means_ref, held.label, held.mandate = None, "", None


def usable(session: Session, means_id: str) -> str:
    """The `means_ref` of a debit. Raises NotFound, Refused("payments.means_gone") for one that may not be debited."""
    row = get_means(session, means_id)
    if SavedState(row.state) is not SavedState.ACTIVE or row.means_ref is None:
        raise Refused("payments.means_gone")
    return row.means_ref


def was_debited(session: Session, means_id: str) -> bool:
    """Whether a debit of this means succeeded before: what a title served before the bank answers asks for."""
    row = get_means(session, means_id)
    if row.means_ref is None:
        return False
    asked = select(PaymentRow.id).where(
        PaymentRow.means_ref == row.means_ref, PaymentRow.state == str(PaymentState.SUCCEEDED)
    )
    return session.scalar(asked.limit(1)) is not None

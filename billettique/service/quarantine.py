"""Money that does not match what we asked, and money of ours that no payment here knows: set aside, given back,
never a ticket. A person may keep what a restored database has forgotten, within a day.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from billettique.gateway.psp import Providers
from billettique.model.payments import RefundState, Seen
from billettique.rules import payments as rules
from billettique.service.waking import wake
from billettique.store import notices
from billettique.store import payments as store
from billettique.store.payments import QuarantineRow
from billettique.store.reasons import written
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, NotFound, Upstream
from mobigo.base.money import ZERO
from mobigo.infra.clock import new_id
from mobigo.infra.db import insert_new, reading, transaction
from mobigo.infra.roles import Identity

if TYPE_CHECKING:
    from mobigo.infra.web import Services

WORK = "quarantine"


def set_aside(
    session: Session, provider: str, seen: Seen, why: Decision, *, payment: str | None, refund_at: datetime | None,
    now: datetime,
) -> None:  # fmt: skip
    """Write it down, once, and have what was received given back at `refund_at` (None: a person decides)."""
    row = {
        "id": new_id(now), "provider": provider, "ref": seen.provider_ref, "payment": payment, "code": why.code,
        "why": written(why), "cents": seen.amount.cents, "currency": seen.currency[:3], "seen_at": now,
        "refund_at": refund_at,
    }  # fmt: skip
    if insert_new(session, QuarantineRow, row, ["provider", "ref", "code"]) and refund_at is not None:
        notices.ask(session, provider, WORK, str(row["id"]), key=str(row["id"]), due_at=refund_at, now=now)
        wake(session, refund_at, now)


def keep(session: Session, quarantine_id: str, *, by: Identity, note: str, now: datetime) -> None:
    """A person keeps the money, and says why. Raises NotFound("payments.no_quarantine"), Conflict when it ended."""
    row = session.get(QuarantineRow, quarantine_id, with_for_update=True)
    if row is None:
        raise NotFound("payments.no_quarantine")
    if row.ended_at is not None:
        raise Conflict("payments.quarantine_over")
    row.ended_at, row.ended, row.ended_by, row.note = now, "kept", by.subject, note[:500]


def give_back(services: "Services", providers: Providers, quarantine_id: str, now: datetime) -> None:
    """Give back all that was received, or have what is open not happen. Raises Upstream to be asked again."""
    with reading(services.engine) as session:
        row = session.get(QuarantineRow, quarantine_id)
    if row is None or row.ended_at is not None:
        return
    provider = providers.get(row.provider)
    seen = provider.read(row.ref)
    ended, ref = "nothing", None
    if seen.state in rules.OPEN:
        seen = provider.cancel(row.ref)
    if seen.state in rules.OPEN:
        raise Upstream("payments.still_open", provider=row.provider)
    if seen.state in rules.RECEIVED:
        left = seen.amount - seen.refunded
        if left > ZERO:
            made = provider.refund(row.ref, left, f"quarantine-{row.id}")
            ref = made.provider_ref
            ended = "failed" if made.state is RefundState.FAILED else "refunded"
        else:
            ended = "refunded"
    with transaction(services.engine) as session:
        held = session.get_one(QuarantineRow, quarantine_id, with_for_update=True)
        held.refund_ref = ref
        if ended == "failed":
            held.refund_at = None  # it stays open: a person decides
        else:
            held.ended_at, held.ended = now, ended


def open_rows(session: Session) -> list[QuarantineRow]:
    """What a person should look at."""
    return store.open_quarantine(session)

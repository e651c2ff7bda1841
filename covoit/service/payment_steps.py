"""What the steps of a batch share: who may take one, how it is recorded, what becomes of a request on the way."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from covoit.model.payments import BatchState, Event, Stage, Step
from covoit.rules import payments as rules
from covoit.service import claims
from covoit.service.rights import require
from covoit.store import claims as claim_store
from covoit.store import payments as store
from mobigo.base.errors import Conflict, InvalidInput, Refused
from mobigo.infra import audit
from mobigo.infra.db import insert_new
from mobigo.infra.roles import PERMISSIONS, Identity, Permission
from mobigo.ledger.model import Order, Reverse

PERMISSION: Final = {
    Step.PREPARE: Permission.COVOIT_PREPARE,
    Step.CHECK: Permission.COVOIT_CHECK,
    Step.ORDER: Permission.COVOIT_ORDER,
    Step.ACCEPT: Permission.COVOIT_ACCOUNT,
}


def act(session: Session, row: store.BatchRow, step: Step, by: Identity, now: datetime) -> None:
    """Take a step of a batch: it is allowed, done and recorded. Raises as `allowed`."""
    role = allowed(session, row, step, by)
    row.state = str(rules.state_after(step))
    record_act(session, row, step, by, role, now)


def allowed(session: Session, row: store.BatchRow, step: Step, by: Identity) -> str:
    """The role under which this person may do this step now. Raises Refused."""
    role = role_for(by, step)
    refusal = rules.refusal_of_act(BatchState(row.state), store.acts_of(session, row.id), step, by.subject)
    if refusal is not None:
        raise Refused(refusal.code, **refusal.params)
    return role


def role_for(by: Identity, step: Step) -> str:
    """The person's role that allows a step: held everywhere, and the very one the step belongs to."""
    require(by, PERMISSION[step])
    for grant in by.grants:
        held = PERMISSION[step] in PERMISSIONS[grant.role] and grant.organisation is None
        if held and str(grant.role) == store.ROLE_OF_STEP[step]:
            return str(grant.role)
    raise Refused("covoit.not_allowed", permission=str(PERMISSION[step]))


def record_act(session: Session, row: store.BatchRow, step: Step, by: Identity, role: str, now: datetime) -> None:
    """Write who took a step, once. Raises Conflict("covoit.batch_same_person")."""
    written = insert_new(
        session,
        store.ActRow,
        {"batch": row.id, "step": str(step), "subject": by.subject, "role": role, "at": now},
    )
    if not written:
        raise Conflict("covoit.batch_same_person", step=str(step))
    note(session, row, f"covoit.batch_{step}", by, now)


def note(session: Session, row: store.BatchRow, action: str, by: Identity, now: datetime) -> None:
    """Write an action on a batch in the audit log."""
    session.flush()
    audit.record(
        session, action, actor=by.subject, object_kind="covoit_batch", object_id=row.id, now=now,
        detail={"lines": row.lines, "cents": row.cents, "state": row.state},
    )  # fmt: skip


def drop(session: Session, row: store.BatchRow) -> None:
    """Free the requests of a batch that will not be paid."""
    for line in store.lines_of(session, row.id, store.LINE_WAITING):
        line.state = store.LINE_DROPPED
        claim_store.get_claim(session, line.claim).batch = None
    session.flush()


def move(session: Session, claim: str, event: Event) -> None:
    """Move a request along its life."""
    row = claim_store.get_claim(session, claim)
    row.stage = str(rules.after(Stage(row.stage), event))


def wait_again(session: Session, claim: str, event: Event, now: datetime) -> None:
    """A request that was ordered and does not leave waits again, in no batch. When its driver asked anew meanwhile,
    the newer request stands for both: it asks for all that is payable now, unless a batch has it already; what that
    one does not pay stays payable."""
    row = claim_store.get_claim(session, claim, lock=True)
    newer = claim_store.open_claim(session, row.person)
    stage, row.batch = rules.after(Stage(row.stage), event), None
    if newer is not None:
        stage, row.ended_at, row.reason = rules.after(stage, Event.REVERSE), now, f"joined:{newer.id}"
        if newer.batch is None:
            newer.cents = claims.payable_of(session, row.person).cents
    row.stage = str(stage)
    session.flush()


def unmandate(batch: str, line: store.LineRow) -> Order:
    """The order that undoes the order of a line."""
    return Reverse(f"unmandate:{batch}:{line.claim}", f"mandate:{batch}:{line.claim}")


def reason(text: str) -> str:
    """A reason as it is kept. Raises InvalidInput("covoit.decision_without_reason")."""
    said = " ".join(text.split())
    if not said:
        raise InvalidInput("covoit.decision_without_reason")
    return said[:500]

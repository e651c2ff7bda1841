"""A telephone that is lost with receipts it had not sent: what the traveller holds on paper is proof enough.

    1. It is said to be lost: its bearer is signed out everywhere, and it takes no more money on that round.
    2. The round is counted as every round is; what had not come is named, and its money shows as a difference.
    3. Whoever brings a receipt on paper has it written in by the régisseur, never by who carried the round: from then
       on it is a case like any other, that may be contested and given back. Found again, the telephone changes nothing.

A constat that was not paid and never comes is asked of nobody.
"""

from datetime import datetime
from hashlib import sha256
from typing import Final

from sqlalchemy.orm import Session

from billettique.gateway.penalties import penalties_on
from billettique.model.cases import Constat
from billettique.rules import cases as rules
from billettique.service import cases, rounds
from billettique.store import cash as cash_store
from billettique.store import inspections as store
from billettique.store.cash import CashSessionRow
from billettique.store.inspections import CaseRow
from mobigo.base.errors import Conflict, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra import audit, sessions
from mobigo.infra.config import Config

NO_SECRET: Final = "0" * 64  # the digest of nothing: no secret opens the case


def declare(session: Session, till: str, *, by: str, now: datetime, keep: str | None = None) -> CashSessionRow:
    """The telephone of a round is lost; its bearer's sessions are closed, but the one with id `keep`.

    Raises NotFound("billettique.no_till"), Conflict("billettique.round_lost") when that was said before,
    Refused("billettique.round_not_carried") when no telephone carries it.
    """
    row = _round(session, till)
    if row.lost_at is not None:
        raise Conflict("billettique.round_lost", round=rounds.label_of(row))
    if row.device is None:
        raise Refused("billettique.round_not_carried")
    row.lost_at, row.lost_by = now, by
    sessions.close_all(session, row.agent, now, keep)
    audit.record(session, "billettique.round.lost", actor=by, object_kind="till", object_id=row.id, now=now)
    session.flush()
    return row


def write_in(
    session: Session, config: Config, till: str, *, number: int, reference: str, secret: str, ground: str, fare: Money,
    means: str, found_at: datetime, by: str, now: datetime,
) -> CaseRow:  # fmt: skip
    """A receipt that a traveller holds on paper, of a round whose telephone is lost or that was counted without it.
    Without the secret only agents open the case.

    Raises NotFound("billettique.no_till"), Refused("billettique.round_own") for who carried the round,
    ("billettique.round_may_send") while its telephone may still send it, Conflict("billettique.receipt_taken",
    "billettique.other_constat"), and what `rules.check` raises.
    """
    row = _round(session, till)
    if row.agent == by:
        raise Refused("billettique.round_own")
    if row.lost_at is None and number not in rounds.still_missing(session, row):
        raise Refused("billettique.round_may_send")
    reference = rules.typed(reference)
    if store.by_reference(session, reference) is not None:
        raise Conflict("billettique.other_constat")
    # Refused before anything is written: the amount is made of the ground and the fare, as on the paper.
    penalties_on(paris_day(found_at), config.home).ground(ground)
    constat = Constat(
        id=sha256(f"billettique paper\0{row.id}\0{number}".encode()).hexdigest()[:32], reference=reference,
        secret_digest=rules.digest(secret) if secret.strip() else NO_SECRET, found_at=found_at, ground=ground, line="",
        stop="", fare=fare, paid=means, person=None, note="", pass_holder=False, round_id=row.id, receipt=number,
    )  # fmt: skip
    case = cases.draw_up(
        session, config, constat, by=row.agent, device=row.device or "", now=now, age_max=rules.PAPER_AGE_MAX
    )
    store.move(session, case, "written_in", by, now)
    audit.record(session, "billettique.receipt.write_in", actor=by, object_kind="case", object_id=case.id, now=now)
    return case


def _round(session: Session, till: str) -> CashSessionRow:
    row = cash_store.get_session(session, till, lock=True)
    if row.round_number is None:
        raise NotFound("billettique.no_till")
    return row

"""From a constat to its end: owed, paid, regularised, withdrawn, or transmitted to the officier du ministère public
once its term is over (contests are in `contests`). Each amount is in the ledger; a name is kept only
as long as it is needed.

    owed → earned                    a constat is drawn up
    collector → owed                 it is paid, on the spot, at a counter or online
    earned → owed                    less is owed: a forgotten pass was shown, or the contest was right
    transmitted → owed               the ministère public recovers it: it is no longer ours to ask
"""

from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from billettique.gateway.penalties import penalties_by_code, penalties_on
from billettique.gateway.sales import terms_on
from billettique.model.cases import MOVES, CaseState, Constat, Penalties
from billettique.model.regie import CashKind
from billettique.rules import cases as rules
from billettique.service import cash, give_backs, rounds
from billettique.service.books import collector_account, give
from billettique.service.case_money import (
    EARNED,
    OWED,
    SYSTEM,
    TRANSMITTED,
    moved,
    open_case,
    receive,
    remaining,
)
from billettique.store import inspections as store
from billettique.store.inspections import CaseRow
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO, Money
from mobigo.infra import formats, outbox
from mobigo.infra.config import Config
from mobigo.infra.i18n import gettext as _
from mobigo.infra.idempotency import request_hash
from mobigo.ledger.model import Transfer

COUNTER: Final = "counter"
PATH: Final = "/constat"
TEXT_MAX: Final = 4_000
BATCH: Final = 500
_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def draw_up(
    session: Session, config: Config, constat: Constat, *, by: str, device: str, now: datetime,
    age_max: timedelta = rules.AGE_MAX,
) -> CaseRow:  # fmt: skip
    """Take a constat from a device; the same one again changes nothing, nor does one whose receipt on paper was written
    in while its telephone was lost.

    What was paid on the spot enters the round it was taken on. Raises what `rules.check` and `rounds.take` raise;
    Refused("billettique.penalties_not_decided") in production while no act decided the amounts;
    Conflict("billettique.other_constat") for another constat under the same id or reference.
    """
    content = request_hash({**asdict(constat), "device": device})
    known = store.find_case(session, constat.id)
    if known is not None:
        if known.content_hash != content:
            raise Conflict("billettique.other_constat")
        return known
    same = store.by_reference(session, constat.reference)
    if same is not None:
        if not rounds.is_receipt_of(session, same, constat.round_id, constat.receipt):
            raise Conflict("billettique.other_constat")
        same.secret_digest = constat.secret_digest  # the one that the traveller left with
        return same
    penalties = penalties_on(paris_day(constat.found_at), config.home)
    if config.production and penalties.act is None:
        raise Refused("billettique.penalties_not_decided")
    owed = rules.check(constat, penalties, now, age_max)
    ground = penalties.ground(constat.ground)
    row = CaseRow(
        id=constat.id, reference=constat.reference, secret_digest=constat.secret_digest, content_hash=content,
        penalties=penalties.code, ground=constat.ground, line=constat.line[:60], stop=constat.stop[:60],
        found_at=constat.found_at, received_at=now, inspector=by, device=device[:40],
        indemnity_cents=ground.indemnity.cents, fare_cents=constat.fare.cents,
        fee_cents=0 if constat.paid else penalties.file_fee.cents, owed_cents=owed.cents, paid_cents=0,
        pass_holder=constat.pass_holder, paid_days=penalties.paid_days, state=str(CaseState.OPEN),
        term=penalties.term_of(constat.found_at),
    )  # fmt: skip
    forget_at = rules.forgets_at(CaseState.OPEN, constat.found_at, None, penalties)
    store.add_case(session, row, constat.person, constat.note[:TEXT_MAX], forget_at)
    store.move(session, row, "drawn_up", by, now, amount=owed)
    transfers = [moved(row, "owed", OWED, EARNED, owed, constat.found_at)]
    if constat.paid is not None and constat.round_id is not None and constat.receipt is not None:
        collector = terms_on(paris_day(constat.found_at), config.home).collector
        transfers += receive(session, row, owed, "spot", collector_account(collector, COUNTER), by, now,
                              detail={"means": constat.paid, "receipt": constat.receipt})  # fmt: skip
        transfers += rounds.take(session, row, till=constat.round_id, number=constat.receipt, means=constat.paid,
                                 collector=collector, home=config.home, now=now)  # fmt: skip
    give(session, transfers, now)
    if constat.person is not None and constat.person.email:
        _write_to(session, config, row, constat.person.email, now)
    return row


def _write_to(session: Session, config: Config, row: CaseRow, address: str, now: datetime) -> None:
    """The copy that the person asked for. The secret is not in it: we do not know it, they hold it."""
    lines = [
        _("Bonjour,"),
        "",
        _("Un constat a été dressé, référence %(reference)s.", reference=row.reference),
        _(
            "À payer : %(amount)s, au plus tard le %(day)s.",
            amount=formats.amount(remaining(row)),
            day=formats.day(row.term, year=True),
        ),
        _("Pour payer, contester ou présenter un abonnement oublié, avec le code secret que l’agent vous a remis :"),
        f"{config.base_url}{PATH}",
    ]
    if not config.production:
        lines += ["", _("Simulation : rien n’est dû.")]
    message = outbox.Message("email", address, _("Votre constat %(reference)s", reference=row.reference),
                             "\n".join(lines) + "\n")  # fmt: skip
    outbox.send(session, message, key=f"billettique:case:{row.id}", now=now)


# ---------------------------------------------------------------- paying


def pay_at_counter(
    session: Session, config: Config, case_id: str, *, means: str, proof: str, by: str, now: datetime
) -> CaseRow:
    """Somebody pays all that remains, at a counter or by post, into the till of the agent. Raises
    InvalidInput("billettique.bad_means"), Conflict("billettique.case_closed"), and what a till refuses."""
    if means not in rules.MEANS_ON_THE_SPOT:
        raise InvalidInput("billettique.bad_means", means=means[:20])
    row = open_case(session, case_id)
    collector = terms_on(paris_day(now), config.home).collector
    detail: dict[str, object] = {"means": means, "proof": proof[:60]}
    amount = remaining(row)
    transfers = receive(session, row, amount, "counter", collector_account(collector, COUNTER), by, now, detail=detail)
    give(session, [*transfers, *_into_till(session, config, row, collector, means, amount, by, now)], now)
    return row


def _into_till(
    session: Session, config: Config, row: CaseRow, collector: str, means: str, amount: Money, by: str, now: datetime
) -> list[Transfer]:
    """What was paid is in the till that the agent has open, and counted with it. Raises
    Refused("billettique.no_open_till", "billettique.training_penalty") and what `cash.take` raises."""
    till = cash.get_till(session, by, config.home, now)
    if till.row.training:
        raise Refused("billettique.training_penalty")
    return cash.take(
        session, till, payment=row.id, collector=collector, means=means, amount=amount, now=now, kind=CashKind.PENALTY
    )


# ---------------------------------------------------------------- regularising, withdrawing


def regularise(
    session: Session, config: Config, case_id: str, *, proof: str, means: str, by: str, now: datetime
) -> CaseRow:
    """The holder of a named pass shows it in time: only its fee is owed, and is paid now. Raises what
    `rules.may_regularise` raises, InvalidInput("billettique.bad_means"), Conflict("billettique.case_closed"),
    Refused("billettique.own_constat") for the inspector who drew it up: less is owed, as when it is withdrawn; and what
    a till refuses, where the fee is."""
    if means not in rules.MEANS_ON_THE_SPOT:
        raise InvalidInput("billettique.bad_means", means=means[:20])
    row = open_case(session, case_id)
    if by == row.inspector:
        raise Refused("billettique.own_constat")
    penalties = penalties_by_code(row.penalties, config.home)
    rules.may_regularise(row.ground, row.found_at, row.pass_holder, penalties, now)
    fee = min(penalties.forgotten_fee, remaining(row))
    less = remaining(row) - fee
    row.owed_cents -= less.cents
    row.paid_cents += fee.cents
    collector = terms_on(paris_day(now), config.home).collector
    store.move(session, row, "regularised", by, now, state=CaseState.REGULARISED, amount=fee,
               detail={"proof": proof[:60], "means": means})  # fmt: skip
    set_forgetting(session, row, config.home)
    give(
        session,
        [
            moved(row, "less", EARNED, OWED, less, now),
            moved(row, "paid:regularised", collector_account(collector, COUNTER), OWED, fee, now),
            *(() if fee == ZERO else _into_till(session, config, row, collector, means, fee, by, now)),
        ],
        now,
    )
    return row


def withdraw(session: Session, config: Config, case_id: str, *, why: str, by: str, now: datetime) -> CaseRow:
    """A constat that was wrong is withdrawn without anybody having to ask; what was paid for it is to be given back
    (see `give_backs`). Raises Conflict("billettique.case_closed", "billettique.contest_waits"),
    InvalidInput("billettique.answer_empty"), Refused("billettique.own_constat")."""
    if not why.strip():
        raise InvalidInput("billettique.answer_empty")
    row = store.get_case(session, case_id, lock=True)
    if CaseState.WITHDRAWN not in MOVES[CaseState(row.state)]:
        raise Conflict("billettique.case_closed", state=row.state)
    if by == row.inspector:
        raise Refused("billettique.own_constat")
    if store.waits(store.contest_of(session, row.id)):
        raise Conflict("billettique.contest_waits")  # whoever wrote is owed an answer
    withdrawn_of(session, row, by, now, config.home)
    return row


def transmit_due(session: Session, config: Config, now: datetime) -> int:
    """Cases neither paid nor contested in their term go to the officier du ministère public; how many. So do those that
    a bank made owed again, with the contest that was answered while they were paid."""
    rows = store.over_term(session, paris_day(now), BATCH)
    for row in rows:
        contested = store.contest_of(session, row.id) is not None
        transmit(session, row, "protest" if contested else "unpaid", SYSTEM, now, config.home)
    return len(rows)


# ---------------------------------------------------------------- reading


def open_by_secret(session: Session, reference: str, secret: str) -> CaseRow:
    """The case of whoever holds its reference and its secret. Raises NotFound("billettique.no_case"): one answer for
    every reason."""
    row = store.by_reference(session, rules.typed(reference))
    if row is None or not rules.opens(secret, row.secret_digest):
        raise NotFound("billettique.no_case")
    return row


def penalties_of(row: CaseRow, config: Config) -> Penalties:
    """The amounts and terms a case was drawn up under."""
    return penalties_by_code(row.penalties, config.home)


# ---------------------------------------------------------------- steps


def withdrawn_of(session: Session, row: CaseRow, by: str, now: datetime, home: Path) -> None:
    """A locked case is withdrawn: nothing more is owed, and what was paid is to be given back."""
    less = remaining(row)
    back = give_backs.owe_paid(session, row, now)
    row.owed_cents -= (less + back).cents
    store.move(session, row, "withdrawn", by, now, state=CaseState.WITHDRAWN, amount=less + back)
    set_forgetting(session, row, home)
    give(
        session,
        [
            moved(row, "withdrawn", EARNED, OWED, less, now),
            moved(row, "withdrawn:paid", EARNED, give_backs.TO_GIVE_BACK, back, now),
        ],
        now,
    )


def transmit(session: Session, row: CaseRow, why: str, by: str, now: datetime, home: Path) -> None:
    """A locked case goes to the officier du ministère public: it is no longer ours to ask."""
    amount = remaining(row)
    store.move(session, row, "transmitted", by, now, state=CaseState.TRANSMITTED, amount=amount, detail={"why": why})
    set_forgetting(session, row, home)
    give(session, [moved(row, "transmitted", TRANSMITTED, OWED, amount, now)], now)


def set_forgetting(session: Session, row: CaseRow, home: Path, *, since: datetime | None = None) -> None:
    """Its person is forgotten a while after its end, or after `since`, an answer that came later."""
    penalties, since = penalties_by_code(row.penalties, home), since or row.closed_at
    store.forget_from(session, row.id, rules.forgets_at(CaseState(row.state), row.found_at, since, penalties))

"""The daily look at each provider's own account: its lines are kept, explained by what we know, payouts added up, fees
and payouts posted. What nothing explains stays on a page until a person says what it is.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from billettique.model.payments import DisputeState, Provider, RefundState
from billettique.rules import payments as payment_rules
from billettique.rules import reconcile as rules
from billettique.rules.reconcile import Explained, Ours, Payout
from billettique.service import books
from billettique.service.payments import providers_of
from billettique.store import balance as store
from billettique.store.balance import BalanceRow
from billettique.store.orders import OrderPaymentRow
from billettique.store.payments import DisputeRow, PaymentRow, QuarantineRow, RefRow, RefundRow
from billettique.store.reasons import told, written
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, NotFound
from mobigo.base.money import ZERO, Money
from mobigo.infra import audit
from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Identity
from mobigo.ledger.model import Transfer

if TYPE_CHECKING:
    from mobigo.infra.web import Services

# An account is read again for as long as a line of it may come late; what it lacks after two days is said.
READ_AGAIN: Final = timedelta(days=7)
LATE: Final = timedelta(days=2)
BY_HAND: Final = "person"
AT_ONCE: Final = 400  # names in one question


@dataclass(frozen=True, slots=True)
class Unexplained:
    """Something on one side that the other lacks, or has otherwise."""

    provider: str
    ref: str
    amount: Money
    at: datetime
    why: Decision


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What came of it. `whole`: not a cent is unexplained."""

    lines: int
    payouts: tuple[tuple[str, Payout], ...]
    unexplained: tuple[Unexplained, ...]
    silent: tuple[str, ...] = field(default=())  # providers that do not show an account

    @property
    def whole(self) -> bool:
        return not self.unexplained


def reconcile(services: "Services", now: datetime, *, since: timedelta = READ_AGAIN) -> Reconciled:
    """Read the accounts, explain every line, post what was explained. Repeating it changes nothing more.
    Raises Upstream when a provider does not answer."""
    providers, lines, silent = providers_of(services), 0, []
    for name in providers.names:
        provider = providers.get(name)
        if not provider.abilities.accounts:
            silent.append(name)
            continue
        lines += _read(services, provider, now - since, now)
        with transaction(services.engine) as session:
            _explain(session, name, now)
    with reading(services.engine) as session:
        return Reconciled(lines, payouts(session), unexplained(session, now), tuple(silent))


def _read(services: "Services", provider: Provider, since: datetime, now: datetime) -> int:
    found = provider.balance(since, now + timedelta(seconds=1))
    with transaction(services.engine) as session:
        for line in found:
            store.keep(session, provider.name, line, now)
    return len(found)


def _explain(session: Session, provider: str, now: datetime) -> None:
    waiting = store.unexplained(session, provider)
    ours = _ours(session, provider, waiting)
    for row in waiting:
        if row.category != "payout":
            _write(row, rules.explain(row.line(), ours))
    session.flush()
    transfers = [transfer for row in waiting if row.explained for transfer in _fee(session, row)]
    for row in waiting:
        if row.category != "payout" or row.payout is None:
            continue
        whole = store.lines_of(session, provider, row.payout)
        payout = rules.payout_of(row.payout, [each.line() for each in whole])
        if payout.difference != ZERO:
            _write(row, Decision("payments.payout_differs", difference=payout.difference, paid=payout.paid))
        elif any(each.explained is None for each in whole if each.category != "payout"):
            _write(row, Decision("payments.payout_not_explained", paid=payout.paid))
        else:
            _write(row, Explained("payout", row.payout))
            transfers += _paid_out(session, row, whole)
    session.flush()
    books.give(session, transfers, now)


def _write(row: BalanceRow, found: Explained | Decision) -> None:
    if isinstance(found, Explained):
        row.explained, row.explained_by, row.why = found.by, found.id, None
        return
    row.why = written(found)


def _ours(session: Session, provider: str, waiting: list[BalanceRow]) -> Ours:
    """What we know of all that these lines speak of."""
    named = sorted({ref for row in waiting for ref in (row.object_ref, row.payment_ref) if ref})
    ours = Ours()
    for at in range(0, len(named), AT_ONCE):
        _learn(session, provider, named[at : at + AT_ONCE], ours)
    return ours


def _learn(session: Session, provider: str, named: list[str], ours: Ours) -> None:
    about = {}  # payment of ours → the name lines have for it
    for ref, payment in session.execute(
        select(RefRow.ref, PaymentRow).join(PaymentRow, PaymentRow.id == RefRow.payment)
        .where(RefRow.provider == provider, RefRow.ref.in_(named))
    ):  # fmt: skip
        about[payment.id] = ref
        if payment.captured_cents > 0:
            ours.payments[ref] = (payment.id, Money(payment.captured_cents))
    for refund in session.scalars(select(RefundRow).where(RefundRow.provider_ref.in_(named))):
        ours.refunds[str(refund.provider_ref)] = (refund.id, Money(refund.cents))
    for refund in session.scalars(
        select(RefundRow).where(RefundRow.payment.in_(about), RefundRow.outside.is_(True)).order_by(RefundRow.id)
    ):
        ours.outside.setdefault(about[refund.payment], []).append((refund.id, Money(refund.cents)))
    for dispute in session.scalars(
        select(DisputeRow).where(DisputeRow.provider == provider, DisputeRow.ref.in_(named))
    ):
        ours.disputes[dispute.ref] = (Money(dispute.cents), DisputeState(dispute.state))
    for held in session.scalars(
        select(QuarantineRow).where(
            QuarantineRow.provider == provider,
            QuarantineRow.ref.in_(named) | QuarantineRow.refund_ref.in_(named) | QuarantineRow.payment.in_(about),
        )
    ):
        for ref in {held.ref, about.get(held.payment or "", held.ref)}:
            ours.aside[ref] = Money(held.cents)
        if held.refund_ref is not None:
            ours.refunds[held.refund_ref] = (held.id, Money(held.cents))


# ---------------------------------------------------------------- postings


def fees_account(provider: str) -> str:
    """What a provider keeps for its work."""
    return f"{books.PREFIX}:fees:{provider}"


def bank_account(collector: str) -> str:
    """What providers paid out to a collector."""
    return f"{books.PREFIX}:bank:{collector}"


def _collector(session: Session, row: BalanceRow) -> str | None:
    """Whose money a line is: that of the payment it is about."""
    for ref in (row.payment_ref, row.object_ref):
        known = session.get(RefRow, (row.provider, ref)) if ref else None
        if known is not None:
            order = session.get(OrderPaymentRow, known.payment)
            return order.collector if order is not None else session.get_one(PaymentRow, known.payment).collector
    return None


def _fee(session: Session, row: BalanceRow) -> list[Transfer]:
    """The fee inside a line, or the line that is one."""
    fee = row.fee_cents - (row.cents if row.category == "fee" else 0)
    collector = _collector(session, row)
    if fee <= 0 or collector is None:
        return []
    account = books.collector_account(collector, row.provider)
    key = f"{books.PREFIX}:fee:{row.provider}:{row.ref}"
    return [Transfer(key, fees_account(row.provider), account, Money(fee), row.at, f"{books.PREFIX}.fee", row.ref)]


def _paid_out(session: Session, payout: BalanceRow, lines: list[BalanceRow]) -> list[Transfer]:
    """What each collector was paid of a payout."""
    net: dict[str, int] = {}
    for row in lines:
        collector = None if row.category == "payout" else _collector(session, row)
        if collector is not None:
            net[collector] = net.get(collector, 0) + row.cents - row.fee_cents
    transfers = []
    for collector, cents in sorted(net.items()):
        if cents == 0:
            continue
        bank, owed = bank_account(collector), books.collector_account(collector, payout.provider)
        debit, credit = (bank, owed) if cents > 0 else (owed, bank)
        key = f"{books.PREFIX}:payout:{payout.provider}:{payout.payout}:{collector}"
        transfers.append(
            Transfer(key, debit, credit, Money(abs(cents)), payout.at, f"{books.PREFIX}.payout", str(payout.payout))
        )
    return transfers


# ---------------------------------------------------------------- what a person sees


def payouts(session: Session, limit: int = 31) -> tuple[tuple[str, Payout], ...]:
    """The last payouts with their sums: (provider, payout), newest first."""
    found = []
    for row in store.payouts(session, limit):
        if row.payout is not None:
            lines = [each.line() for each in store.lines_of(session, row.provider, row.payout)]
            found.append((row.provider, rules.payout_of(row.payout, lines)))
    return tuple(found)


def unexplained(session: Session, now: datetime) -> tuple[Unexplained, ...]:
    """Lines nothing explains, and what providers' accounts lack after two days; oldest first."""
    found = [
        Unexplained(row.provider, row.ref, Money(row.cents), row.at, why)
        for row in store.unexplained(session)
        if (why := told(row.why)) is not None
    ]
    return tuple(sorted([*found, *_missing(session, now)], key=lambda each: (each.at, each.ref)))


def _missing(session: Session, now: datetime) -> list[Unexplained]:
    """What we hold to be received or given back, and no account shows."""
    found = []
    late = now - LATE
    by_call = PaymentRow.means.in_(tuple(payment_rules.BY_CALL))

    def shown(ours: Any) -> Any:
        return exists().where(BalanceRow.explained_by == ours, BalanceRow.explained.in_(("payment", "refund")))

    received = select(PaymentRow).where(
        PaymentRow.captured_cents > 0, by_call, PaymentRow.moved_at <= late, ~shown(PaymentRow.id)
    )
    for payment in session.scalars(received):
        why = Decision("payments.missing_charge", order=payment.order_id)
        found.append(Unexplained(payment.provider, payment.id, Money(payment.captured_cents), payment.moved_at, why))
    given = (
        select(RefundRow, PaymentRow.provider)
        .join(PaymentRow, PaymentRow.id == RefundRow.payment)
        .where(RefundRow.state == str(RefundState.SUCCEEDED), by_call, RefundRow.moved_at <= late, ~shown(RefundRow.id))
    )
    for refund, provider in session.execute(given):
        by_hand = refund.why is not None and refund.why["code"] == "payments.refund_settled"
        if not by_hand:
            why = Decision("payments.missing_refund", reason=refund.reason)
            found.append(Unexplained(provider, refund.id, Money(-refund.cents), refund.moved_at, why))
    return found


def explain_by_hand(
    session: Session, provider: str, ref: str, *, note: str, by: Identity, now: datetime
) -> None:  # fmt: skip
    """A person says what a line is. Raises NotFound, Conflict("payments.line_explained") for one that is explained."""
    row = session.get(BalanceRow, (provider, ref), with_for_update=True)
    if row is None:
        raise NotFound("payments.no_line")
    if row.explained is not None:
        raise Conflict("payments.line_explained")
    row.explained, row.explained_by, row.note = BY_HAND, by.subject, note[:500]
    audit.record(
        session, "payments.line_explained", actor=by.subject, object_kind="balance_line", object_id=ref, now=now,
        detail={"provider": provider, "cents": row.cents},
    )  # fmt: skip


def simulate_payout(services: "Services") -> None:
    """Where the provider is simulated, its bank day too: what it holds is paid out."""
    from billettique.gateway.psp.sim import NAME, Sim

    providers = providers_of(services)
    sim = providers.get(NAME) if NAME in providers.names else None
    if isinstance(sim, Sim):
        sim.bank.pay_out()

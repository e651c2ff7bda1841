"""Payments behind one interface: what is asked of a provider, what it answers, what it is able to do.

A provider is never believed on its word: an event is a hint, after which the object is read again. What not every
provider can do (refund, say at once, be asked again) is said by `Abilities`, and nobody assumes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from mobigo.base.decisions import Decision
from mobigo.base.money import ZERO, Money


class PaymentState(StrEnum):
    """Where a payment stands."""

    CREATED = "CREATED"
    REQUIRES_ACTION = "REQUIRES_ACTION"  # the buyer has something to do (a form, 3-D Secure, a redirection)
    PROCESSING = "PROCESSING"  # the provider does not know yet (SEPA debit)
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    DISPUTED = "DISPUTED"  # was SUCCEEDED; the payer contests it


class RefundState(StrEnum):
    """Where a refund stands."""

    CREATED = "CREATED"
    PROCESSING = "PROCESSING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    MANDATE = "MANDATE"  # this way of paying gives nothing back: a request to the accountant, which the citizen follows


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a provider is able to do. `refunds`: by its own call. `answers`: may be asked where an object stands.
    `saves`: keeps a means of payment for later debits. `person`: an agent stands before the payer (cash, terminal)."""

    refunds: bool
    answers: bool
    saves: bool
    person: bool
    means: frozenset[str]  # "card", "sepa_debit", "cash", "cheque", "terminal", "redirect"


@dataclass(frozen=True, slots=True)
class PaymentAsk:
    """One attempt to have an order paid. `key` is stored before the call and names it for ever: the same key, the same
    payment. `means_ref` is a saved means of payment (SetupIntent), for a debit without the payer."""

    key: str
    order_id: str
    amount: Money
    means: str
    return_url: str | None
    means_ref: str | None = None
    proof: Mapping[str, str] | None = None  # at a counter: number of a cheque, of a terminal's receipt, cash given


@dataclass(frozen=True, slots=True)
class Seen:
    """A provider's object as it stands: what our payment is moved by. `action` is where the buyer goes on (a URL of the
    provider or a page of ours), `why` the reason of a failure."""

    provider_ref: str
    state: PaymentState
    amount: Money
    live: bool
    order_id: str | None
    key: str | None
    action: str | None = None
    why: Decision | None = None
    refunded: Money = ZERO


@dataclass(frozen=True, slots=True)
class SeenRefund:
    """A refund as it stands at the provider."""

    provider_ref: str
    state: RefundState
    amount: Money
    why: Decision | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A provider's event once its signature is verified: only a hint of which object to read again."""

    provider: str
    event_id: str
    kind: str
    object_ref: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """One line of the provider's own account: what a reconciliation compares with our ledger, to the cent."""

    ref: str
    category: str  # charge, refund, dispute, fee, payout, adjustment
    amount: Money  # signed, gross
    fee: Money
    object_ref: str
    at: datetime
    payout: str | None


class Provider(Protocol):
    """A way of being paid. Every call may raise `Upstream` when the other side does not answer: nothing is known then,
    and the same call with the same key may be made again."""

    name: str
    abilities: Abilities

    def create(self, ask: PaymentAsk) -> Seen: ...

    def read(self, provider_ref: str) -> Seen: ...

    def find(self, key: str) -> Seen | None: ...

    def cancel(self, provider_ref: str) -> Seen: ...

    def refund(self, provider_ref: str, amount: Money, key: str) -> SeenRefund: ...

    def read_refund(self, refund_ref: str) -> SeenRefund: ...

    def notice(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Notice: ...

    def balance(self, since: datetime, until: datetime) -> Sequence[BalanceLine]: ...

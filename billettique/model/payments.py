"""Payments behind one interface: what is asked of a provider, what it answers, what it is able to do.

A provider is never believed on its word: an event is a hint, after which the object is read again. What not every
provider can do (refund, say at once, be asked again) is said by `Abilities`, and nobody assumes it.
"""

from collections.abc import Iterable, Mapping, Sequence
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
    `saves`: keeps a means of payment for later debits. `person`: an agent stands before the payer (cash, terminal).
    `accounts`: shows its own account, line by line."""

    refunds: bool
    answers: bool
    saves: bool
    person: bool
    means: frozenset[str]  # "card", "sepa_debit", "cash", "cheque", "terminal", "redirect"
    accounts: bool = False


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


class DisputeState(StrEnum):
    """Where a dispute stands."""

    OPEN = "OPEN"
    WON = "WON"  # the money is ours again
    LOST = "LOST"


@dataclass(frozen=True, slots=True)
class SeenDispute:
    """A payer's dispute as it stands at the provider; `reason` is the provider's word, `due_at` until when it takes an
    answer."""

    ref: str
    state: DisputeState
    amount: Money
    reason: str
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A provider's object as it stands: what our payment is moved by. `action` is where the buyer goes on (a URL of the
    provider or a page of ours), `why` the reason of a failure. `amount` is in hundredths of `currency`, what was asked
    or, once SUCCEEDED, what was received. `order_id` and `key` are what we wrote on it; both None for an object that is
    not of this installation. `refs` are other names of the same thing, under which events speak of it."""

    provider_ref: str
    state: PaymentState
    amount: Money
    live: bool
    order_id: str | None
    key: str | None
    action: str | None = None
    why: Decision | None = None
    refunded: Money = ZERO
    currency: str = "eur"
    refs: tuple[str, ...] = ()
    disputes: tuple[SeenDispute, ...] = ()


@dataclass(frozen=True, slots=True)
class SeenRefund:
    """A refund as it stands at the provider."""

    provider_ref: str
    state: RefundState
    amount: Money
    why: Decision | None = None


@dataclass(frozen=True, slots=True)
class SaveAsk:
    """Ask a holder to leave a means of payment for later debits. `key` as in `PaymentAsk`; `holder` is a random id."""

    key: str
    holder: str
    means: str
    return_url: str


class SavedState(StrEnum):
    """Where a saved means of payment stands."""

    CREATED = "CREATED"
    REQUIRES_ACTION = "REQUIRES_ACTION"
    ACTIVE = "ACTIVE"
    FAILED = "FAILED"
    GONE = "GONE"  # given up, by the holder or the bank


@dataclass(frozen=True, slots=True)
class SeenMeans:
    """A means of payment as it stands at the provider. `means_ref` is what a later `PaymentAsk` names, `label` what the
    holder knows it by ("visa •••• 4242"), `mandate` the reference of a SEPA mandate."""

    provider_ref: str
    state: SavedState
    live: bool
    key: str | None
    action: str | None = None
    means_ref: str | None = None
    label: str = ""
    mandate: str | None = None
    why: Decision | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A provider's event once its signature is verified: only a hint of which object to read again. `object_ref` names
    a payment where `about` is "payment", a refund, a saved means ("means"), a payout; "" for what does not concern us.
    """

    provider: str
    event_id: str
    kind: str
    object_ref: str
    sent_at: datetime
    about: str = "payment"
    signed: bool = True  # False: anybody may have sent it; only what we asked ourselves is looked at then


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
    payment_ref: str = ""  # the payment it is about, where the line names something of it (a refund, a dispute)


class Provider(Protocol):
    """A way of being paid. Every call may raise `Upstream` when the other side does not answer: nothing is known then,
    and the same call with the same key may be made again. What the abilities do not promise raises
    Refused("payments.not_able")."""

    name: str
    abilities: Abilities
    live: bool  # whether real money moves

    def create(self, ask: PaymentAsk) -> Seen:
        """Ask for a payment. A refusal that is sure is a Seen (FAILED), never an exception."""
        ...

    def read(self, provider_ref: str) -> Seen:
        """Where it stands now, by its own name or any of its `refs`. Raises NotFound("payments.unknown_object")."""
        ...

    def find(self, key: str) -> Seen | None:
        """The payment we wrote this key on, however long ago."""
        ...

    def cancel(self, provider_ref: str) -> Seen:
        """Give it up, unless it is too late: how it stands then."""
        ...

    def refund(self, provider_ref: str, amount: Money, key: str) -> SeenRefund:
        """Give back part or all of it. A refusal that is sure is a SeenRefund (FAILED)."""
        ...

    def read_refund(self, refund_ref: str) -> SeenRefund: ...

    def find_refund(self, provider_ref: str, key: str) -> SeenRefund | None:
        """The refund of this payment we wrote this key on, however long ago."""
        ...

    def notice(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Notice:
        """Verify what claims to come from the provider. Raises Refused("payments.forged_notice", why)."""
        ...

    def balance(self, since: datetime, until: datetime) -> Sequence[BalanceLine]:
        """Its own account: the lines made in this time, and every line of the payouts made in it."""
        ...

    def save(self, ask: SaveAsk) -> SeenMeans: ...

    def read_means(self, provider_ref: str) -> SeenMeans: ...

    def forget(self, means_ref: str) -> None:
        """Have it keep this means no longer; repeating it does no harm."""
        ...

    def notices(self, since: datetime) -> Iterable[Notice]:
        """The events it sent since, oldest first, to fill gaps."""
        ...

    def recent(self, since: datetime) -> Iterable[Seen]:
        """The payments asked since, ours only, to fill gaps."""
        ...

    def answer_dispute(self, dispute_ref: str, proof: str) -> None:
        """Tell the payer's bank what proves the journey."""
        ...

"""What moves between a validated amount and a bank: stages of a payment request, batches, payments, what banks answer.

Pure values. Where money stands is the ledger's affair; these say what a stage is called and what a file holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from mobigo.base.money import ZERO, Money


class Stage(StrEnum):
    """Where an amount stands, from the trip to the bank (carpool rules §5)."""

    ACCRUED = "accrued"  # awarded, its month still open
    VALIDATED = "validated"  # its month is closed: it may be claimed
    CLAIMED = "claimed"  # asked for, in no batch that was ordered
    MANDATED = "mandated"  # ordered by the ordonnateur
    SENT = "sent"  # in a file given to the bank or to the public accountant
    PAID = "paid"
    RETURNED = "returned"  # the bank gave it back
    REISSUED = "reissued"  # another payment request took its place
    REVERSED = "reversed"  # withdrawn before it was paid
    OVERPAID = "overpaid"  # withdrawn after it was paid: owed back, netted against what comes
    NETTED = "netted"  # owed back, and taken from later payments
    PRESCRIBED = "prescribed"  # never claimed in time (law 68-1250)
    WRITTEN_OFF = "written_off"  # owed back, and given up


class Event(StrEnum):
    """What moves an amount from one stage to another."""

    VALIDATE = "validate"
    CLAIM = "claim"
    WITHDRAW = "withdraw"  # the request is refused or taken back; the amount may be claimed again
    MANDATE = "mandate"
    REJECT = "reject"  # by the public accountant
    BLOCK = "block"  # the IBAN changed between approval and sending
    SEND = "send"
    CONFIRM = "confirm"
    RETURN = "return"
    REISSUE = "reissue"
    REVERSE = "reverse"
    NET = "net"
    PRESCRIBE = "prescribe"
    WRITE_OFF = "write_off"


class BatchState(StrEnum):
    """Where a batch stands. Each step forward is the act of another person."""

    PREPARED = "prepared"
    CHECKED = "checked"
    ORDERED = "ordered"
    ACCEPTED = "accepted"
    SENT = "sent"
    SENT_BACK = "sent_back"  # by who checks or orders
    REJECTED = "rejected"  # by the public accountant, with a reason


class Step(StrEnum):
    """An act on a batch, and who may do it."""

    PREPARE = "prepare"
    CHECK = "check"
    ORDER = "order"
    ACCEPT = "accept"  # or reject: the public accountant's one answer


class Way(StrEnum):
    """Who pays: a mandatary (CGCT, L1611-7-1), by a SEPA file; or the public accountant, by papers."""

    MANDATARY = "mandatary"
    ACCOUNTANT = "accountant"


@dataclass(frozen=True, slots=True)
class Act:
    """One person's act on a batch."""

    step: Step
    subject: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Payment:
    """One credit transfer."""

    end_to_end_id: str
    name: str
    iban: str
    amount: Money
    text: str


@dataclass(frozen=True, slots=True)
class Debtor:
    """Whose account pays."""

    name: str
    iban: str
    bic: str


@dataclass(frozen=True, slots=True)
class PaymentFile:
    """All that a file of credit transfers is made of: the same value gives the same bytes."""

    message_id: str
    created_at: datetime
    execution_day: date
    debtor: Debtor
    payments: tuple[Payment, ...]

    @property
    def total(self) -> Money:
        """The sum of its payments."""
        return sum((payment.amount for payment in self.payments), ZERO)


class Answer(StrEnum):
    """What a bank says of one payment."""

    PAID = "paid"
    RETURNED = "returned"
    WAITING = "waiting"  # pending, accepted for later: nothing to do yet


@dataclass(frozen=True, slots=True)
class BankLine:
    """One payment as a bank's file speaks of it. `amount` None: the file does not repeat it."""

    end_to_end_id: str
    answer: Answer
    amount: Money | None = None
    reason: str = ""  # ISO 20022 external code: AC01, AC04, MD07 …


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One line of the papers of a batch, for those who order and those who pay."""

    number: int
    end_to_end_id: str
    name: str
    iban: str
    amount: Money
    first_month: str
    last_month: str
    trips: int
    scale: str
    act: str


@dataclass(frozen=True, slots=True)
class Bordereau:
    """A batch as its papers show it."""

    batch: str
    title: str
    payer: str
    drawn_at: datetime
    lines: tuple[PaperLine, ...]
    signatures: tuple[tuple[str, str, datetime], ...] = ()  # (capacity, name, when)
    codes: Mapping[str, str] = field(default_factory=dict)  # accounting codes in force

    @property
    def total(self) -> Money:
        """The sum of its lines."""
        return sum((line.amount for line in self.lines), ZERO)


# Under this sum no recovery order may be issued (CGCT, article D1611-1: 15 €); it is netted against later payments.
LEAST_RECOVERY_ORDER: Final = Money(1_500)
# Years counted from 1 January after the year in which the right arose (law 68-1250 of 31 December 1968, article 1).
PRESCRIPTION_YEARS: Final = 4

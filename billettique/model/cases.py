"""What follows a check that finds a traveller without a good ticket: the constat, what is owed, how it ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from mobigo.base.errors import InvalidInput
from mobigo.base.instants import PARIS
from mobigo.base.money import ZERO, Money


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"  # owed, within its term
    CONTESTED = "contested"  # waits for our answer
    PAID = "paid"
    REGULARISED = "regularised"  # a pass forgotten, shown since: only its fee was owed, and is paid
    WITHDRAWN = "withdrawn"  # the contest was right, or the constat wrong
    TRANSMITTED = "transmitted"  # to the officier du ministère public: no longer ours


CLOSED: Final = frozenset({CaseState.PAID, CaseState.REGULARISED, CaseState.WITHDRAWN, CaseState.TRANSMITTED})
MOVES: Final[Mapping[CaseState, frozenset[CaseState]]] = {
    CaseState.OPEN: frozenset(
        {CaseState.CONTESTED, CaseState.PAID, CaseState.REGULARISED, CaseState.WITHDRAWN, CaseState.TRANSMITTED}
    ),
    CaseState.CONTESTED: frozenset({CaseState.PAID, CaseState.WITHDRAWN, CaseState.TRANSMITTED}),
    # Wrong after all; the payer's bank took it back, while a contest waits or not.
    CaseState.PAID: frozenset({CaseState.WITHDRAWN, CaseState.OPEN, CaseState.CONTESTED}),
    CaseState.REGULARISED: frozenset({CaseState.WITHDRAWN}),
    CaseState.WITHDRAWN: frozenset(),
    CaseState.TRANSMITTED: frozenset(),
}


class GiveBackState(StrEnum):
    """Where a sum to be given back stands."""

    OWED = "owed"  # nobody has looked at it
    PREPARED = "prepared"  # somebody says how; somebody else has to agree
    AGREED = "agreed"  # on its way: the provider's or the accountant's part
    PAID = "paid"


class GiveBackWay(StrEnum):
    """How a sum goes back."""

    REFUND = "refund"  # to the means it was paid by, by its provider
    MANDATE = "mandate"  # by a transfer of the accountant


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a constat is drawn up: its class of contravention and the indemnity."""

    code: str
    fine_class: int
    indemnity: Money


@dataclass(frozen=True, slots=True)
class Penalties:
    """The amounts and terms of a day. `act` is what decided them; without one they are only to be confirmed."""

    code: str
    first_day: date
    source: str
    act: str | None
    grounds: Mapping[str, Ground]
    file_fee: Money
    term_months: int
    forgotten_grounds: frozenset[str]
    forgotten_days: int
    forgotten_fee: Money
    answer_days: int
    paid_days: int
    withdrawn_days: int
    transmitted_days: int
    most_days: int

    def ground(self, code: str) -> Ground:
        """Raises InvalidInput("billettique.unknown_ground")."""
        found = self.grounds.get(code)
        if found is None:
            raise InvalidInput("billettique.unknown_ground", ground=code[:40])
        return found

    def term_of(self, found_at: datetime) -> date:
        """The last day on which the transaction may be paid, or the constat contested."""
        day = found_at.astimezone(PARIS).date()
        months = day.year * 12 + day.month - 1 + self.term_months
        year, month = divmod(months, 12)
        first_of_next = date(year + month // 11, (month + 1) % 12 + 1, 1)
        return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), first_of_next - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Person:
    """Who is concerned, as the constat has to name them."""

    last_name: str
    first_name: str
    born_on: date | None = None
    born_at: str = ""
    address: str = ""
    postcode: str = ""
    town: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Constat:
    """A constat as the inspector's device made it, without a network. `id` and the digest of its secret were made
    there: the traveller left with both. `paid` is the means when it was paid on the spot, into the round of that id and
    under the receipt of that number; then no person is named.
    """

    id: str
    reference: str
    secret_digest: str
    found_at: datetime
    ground: str
    line: str
    stop: str
    fare: Money
    paid: str | None
    person: Person | None
    note: str
    pass_holder: bool
    round_id: str | None = None
    receipt: int | None = None


def owed_later(ground: Ground, fare: Money, penalties: Penalties) -> Money:
    """What is owed when it is not paid on the spot."""
    return ground.indemnity + fare + penalties.file_fee


def owed_now(ground: Ground, fare: Money) -> Money:
    """What is owed on the spot: the indemnity and the price of the journey."""
    return ground.indemnity + fare


def least(owed: Money, paid: Money) -> Money:
    """What remains to be paid."""
    return max(ZERO, owed - paid)

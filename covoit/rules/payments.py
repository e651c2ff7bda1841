"""The life of an amount as one table, who may act on a batch, what a claw-back takes, when a right is prescribed.

Pure functions. Every door of the services asks `after`: a transition that is not in the table does not exist.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from covoit.model.payments import (
    LEAST_RECOVERY_ORDER,
    PRESCRIPTION_YEARS,
    Act,
    BatchState,
    Event,
    Stage,
    Step,
)
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict
from mobigo.base.money import ZERO, Money

TABLE: Final[Mapping[tuple[Stage, Event], Stage]] = MappingProxyType(
    {
        (Stage.ACCRUED, Event.VALIDATE): Stage.VALIDATED,
        (Stage.ACCRUED, Event.REVERSE): Stage.REVERSED,
        (Stage.VALIDATED, Event.CLAIM): Stage.CLAIMED,
        (Stage.VALIDATED, Event.REVERSE): Stage.REVERSED,
        (Stage.VALIDATED, Event.PRESCRIBE): Stage.PRESCRIBED,
        (Stage.CLAIMED, Event.MANDATE): Stage.MANDATED,
        (Stage.CLAIMED, Event.WITHDRAW): Stage.VALIDATED,
        (Stage.CLAIMED, Event.REVERSE): Stage.REVERSED,
        (Stage.MANDATED, Event.REJECT): Stage.CLAIMED,
        (Stage.MANDATED, Event.BLOCK): Stage.CLAIMED,
        (Stage.MANDATED, Event.SEND): Stage.SENT,
        (Stage.SENT, Event.CONFIRM): Stage.PAID,
        (Stage.SENT, Event.RETURN): Stage.RETURNED,
        # A bank may give back what it had booked (camt.054, returned after settlement).
        (Stage.PAID, Event.RETURN): Stage.RETURNED,
        (Stage.PAID, Event.REVERSE): Stage.OVERPAID,
        (Stage.RETURNED, Event.REISSUE): Stage.REISSUED,
        (Stage.RETURNED, Event.REVERSE): Stage.REVERSED,
        (Stage.RETURNED, Event.PRESCRIBE): Stage.PRESCRIBED,
        (Stage.OVERPAID, Event.NET): Stage.NETTED,
        (Stage.OVERPAID, Event.WRITE_OFF): Stage.WRITTEN_OFF,
    }
)

# Stages nothing leads out of.
ENDS: Final = frozenset(Stage) - {stage for stage, _event in TABLE}


def after(stage: Stage, event: Event) -> Stage:
    """The stage after an event. Raises Conflict("covoit.stage_forbids") for what the table does not know."""
    found = TABLE.get((stage, event))
    if found is None:
        raise Conflict("covoit.stage_forbids", stage=str(stage), event=str(event))
    return found


# ---------------------------------------------------------------- batches

_NEXT: Final[Mapping[Step, tuple[BatchState | None, BatchState]]] = MappingProxyType(
    {
        Step.PREPARE: (None, BatchState.PREPARED),
        Step.CHECK: (BatchState.PREPARED, BatchState.CHECKED),
        Step.ORDER: (BatchState.CHECKED, BatchState.ORDERED),
        Step.ACCEPT: (BatchState.ORDERED, BatchState.ACCEPTED),
    }
)


def refusal_of_act(state: BatchState | None, done: Sequence[Act], step: Step, subject: str) -> Decision | None:
    """Why this person may not do this step now, or None: steps follow one another, and nobody acts twice on a batch."""
    if _NEXT[step][0] != state:
        return Decision("covoit.batch_not_there", step=str(step), state=str(state or "none"))
    if any(act.subject == subject for act in done):
        return Decision("covoit.batch_same_person", step=str(step))
    return None


def state_after(step: Step) -> BatchState:
    """The state a step leads to."""
    return _NEXT[step][1]


# ---------------------------------------------------------------- claw-back, netting, recovery


def netted(owed: Money, payable: Money) -> Money:
    """What is taken from what is due, for what is owed back: never more than either."""
    return max(ZERO, min(owed, payable))


def recovery_by_order(owed: Money) -> bool:
    """Whether a recovery order may be issued: not under 15 € (D1611-1); below, it waits for later payments."""
    return owed >= LEAST_RECOVERY_ORDER


ADVERSARIAL_DAYS: Final = 15  # given to the driver to answer before a recovery is decided (CRPA, L121-1 and L122-1)


def may_decide_recovery(notified_day: date, today: date, *, answered: bool) -> bool:
    """Whether the adversarial step is over: the driver answered, or had his 15 whole days."""
    return answered or today > notified_day + timedelta(days=ADVERSARIAL_DAYS)


# ---------------------------------------------------------------- prescription


def last_payable_day(right_year: int, interrupted_year: int | None = None) -> date:
    """The last day on which an amount may still be claimed: four years from 1 January after the year in which the
    right arose, or after the year of the last request, which interrupts (law 68-1250, articles 1 and 2)."""
    year = right_year if interrupted_year is None else max(right_year, interrupted_year)
    return date(year + PRESCRIPTION_YEARS, 12, 31)


def prescribed(by_year: Mapping[int, Money], paid: Money, interrupted_year: int | None, today: date) -> Money:
    """What of a driver's payable is prescribed on `today`. `by_year` holds what was validated by year of the trips,
    `paid` all that left the account: the oldest amounts are taken to have been paid first."""
    lost, rest = ZERO, paid
    for year in sorted(by_year):
        spent = min(rest, by_year[year]) if by_year[year] > ZERO else by_year[year]
        rest -= spent
        left = by_year[year] - spent
        if today > last_payable_day(year, interrupted_year):
            lost += left
    return max(ZERO, lost)


# ---------------------------------------------------------------- IBAN between approval and sending


def sendable(approved_iban: str, current_iban: str | None) -> bool:
    """Whether a line may leave: to the very account that was approved, still the driver's account now."""
    return current_iban is not None and approved_iban == current_iban


def end_to_end_id(claim: str) -> str:
    """The one name of a payment request at the bank, for ever: 33 characters of the 35 allowed."""
    return f"MOBIGO-{claim}"

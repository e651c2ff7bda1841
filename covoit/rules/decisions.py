"""Individual decisions: what the rule proposes, what a human may do with it, what must stand on the paper. Pure.

The sentences are made from the codes when the letter is written (`covoit.export.letters`).
"""

from datetime import date, datetime

from covoit.model.claims import Individual, Kind, Outcome, Signatory
from covoit.rules.claims import appeal_by
from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput


def proposed_for_claim(refusal: Decision | None) -> Outcome:
    """A payment request is granted unless there is a reason not to."""
    return Outcome.GRANTED if refusal is None else Outcome.REFUSED


def remedies(notified_day: date) -> tuple[Decision, ...]:
    """What the person may do and until when: ask the same authority again (CRPA L411-2), ask the mediator, go to the
    administrative court within two months (CJA R421-1)."""
    last = appeal_by(notified_day)
    return (
        Decision("covoit.remedy_same_authority", day=last),
        Decision("covoit.remedy_court", day=last),
        Decision("covoit.remedy_data_protection"),
    )


def decide(
    *,
    id: str,
    kind: Kind,
    outcome: Outcome,
    proposed: Outcome,
    person: str,
    object_id: str,
    facts: Decision,
    rule: Decision,
    reason: str,
    algorithmic: bool,
    signatory: Signatory,
    now: datetime,
    today: date,
) -> Individual:
    """The decision, complete.

    Raises InvalidInput("covoit.decision_without_reason") for a refusal, or a human who decides otherwise than proposed,
    without a word; InvalidInput("covoit.decision_unsigned") without name or capacity.
    """
    said = " ".join(reason.split())
    if not said and (outcome is not proposed or outcome is not Outcome.GRANTED):
        raise InvalidInput("covoit.decision_without_reason")
    if not signatory.name.strip() or not signatory.capacity.strip():
        raise InvalidInput("covoit.decision_unsigned")
    return Individual(
        id, kind, outcome, person, object_id, facts, rule, said, proposed, algorithmic, signatory, now, remedies(today)
    )

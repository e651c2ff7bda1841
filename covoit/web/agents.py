"""What an agent reads where a passenger or a driver would be told "you": the same reasons, said of the person."""

from collections.abc import Mapping
from typing import Final

from mobigo.base.decisions import Decision

# The reason of the rules → the same, worded for the agent who acts for somebody.
_OF_SOMEBODY: Final[Mapping[str, Decision]] = {
    decision.code.replace("covoit.agent_", "covoit."): decision
    for decision in (
        Decision("covoit.agent_age_unknown"),
        Decision("covoit.agent_minor_needs_consent"),
        Decision("covoit.agent_already_booked"),
        Decision("covoit.agent_banned"),
        Decision("covoit.agent_claim_banned"),
        Decision("covoit.agent_claim_without_iban"),
        Decision("covoit.agent_claim_nothing_due"),
        Decision("covoit.agent_guarantee_boarded"),
        Decision("covoit.agent_guarantee_not_yet"),
        Decision("covoit.agent_guarantee_outside_hours"),
        Decision("covoit.agent_phone_not_verified"),
        Decision("covoit.agent_missing_booking"),
    )
}


def of_somebody(decision: Decision) -> Decision:
    """The decision as an agent reads it; itself when it speaks to nobody."""
    found = _OF_SOMEBODY.get(decision.code)
    return decision if found is None else Decision(found.code, **decision.params)

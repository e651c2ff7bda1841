"""What an agent reads where a passenger or a driver would be told "you": the same reasons, said of the person."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from mobigo.base.decisions import Decision

# The reason of the rules → the same, worded for the agent who acts for somebody.
_OF_SOMEBODY: Final[Mapping[str, Callable[[Mapping[str, Any]], Decision]]] = {
    "covoit.age_unknown": lambda _said: Decision("covoit.agent_age_unknown"),
    "covoit.minor_needs_consent": lambda _said: Decision("covoit.agent_minor_needs_consent"),
    "covoit.already_booked": lambda _said: Decision("covoit.agent_already_booked"),
    "covoit.banned": lambda _said: Decision("covoit.agent_banned"),
    "covoit.claim_banned": lambda _said: Decision("covoit.agent_claim_banned"),
    "covoit.claim_without_iban": lambda _said: Decision("covoit.agent_claim_without_iban"),
    "covoit.claim_nothing_due": lambda _said: Decision("covoit.agent_claim_nothing_due"),
    "covoit.guarantee_boarded": lambda _said: Decision("covoit.agent_guarantee_boarded"),
    "covoit.guarantee_not_yet": lambda said: Decision(
        "covoit.agent_guarantee_not_yet", at=said["at"], minutes=said["minutes"]
    ),
    "covoit.guarantee_outside_hours": lambda _said: Decision("covoit.agent_guarantee_outside_hours"),
    "covoit.phone_not_verified": lambda _said: Decision("covoit.agent_phone_not_verified"),
    "covoit.missing_booking": lambda _said: Decision("covoit.agent_missing_booking"),
}


def of_somebody(decision: Decision) -> Decision:
    """The decision as an agent reads it; itself when it speaks to nobody."""
    found = _OF_SOMEBODY.get(decision.code)
    return decision if found is None else found(decision.params)

"""The means of payment of the simulated provider, under the names Stripe gives its own test means, and what each does.

Plain data: the page of the simulation lists them, the tests name them.
"""

from typing import Final, NamedTuple


class Card(NamedTuple):
    """What a means of payment does. `ask_3ds`: the bank wants its holder to confirm. `decline`: (code, decline code)
    of the refusal. `late`: a debit's end, "succeeded", "failed" or "disputed". `dispute`: contested at once.
    `refund`: what becomes of a refund, "succeeded", "pending" or "failed". `saved`: may be left for later debits, even
    though they will be refused."""

    kind: str
    last4: str
    ask_3ds: bool = False
    decline: tuple[str, str | None] | None = None
    late: str | None = None
    dispute: bool = False
    refund: str = "succeeded"
    saved: bool = False


def _no(decline_code: str, last4: str, code: str = "card_declined") -> Card:
    return Card("card", last4, decline=(code, decline_code if code == "card_declined" else None))


CARDS: Final = {
    "pm_card_visa": Card("card", "4242"),
    "pm_card_authenticationRequired": Card("card", "3155", ask_3ds=True),
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds": Card(
        "card", "1629", ask_3ds=True, decline=("card_declined", "insufficient_funds")
    ),
    "pm_card_visa_chargeDeclined": _no("generic_decline", "0002"),
    "pm_card_visa_chargeDeclinedInsufficientFunds": _no("insufficient_funds", "9995"),
    "pm_card_visa_chargeDeclinedLostCard": _no("lost_card", "9987"),
    "pm_card_visa_chargeDeclinedStolenCard": _no("stolen_card", "9979"),
    "pm_card_visa_chargeDeclinedVelocityLimitExceeded": _no("card_velocity_exceeded", "6975"),
    "pm_card_chargeDeclinedExpiredCard": _no("", "0069", "expired_card"),
    "pm_card_chargeDeclinedIncorrectCvc": _no("", "0127", "incorrect_cvc"),
    "pm_card_chargeDeclinedProcessingError": _no("", "0119", "processing_error"),
    "pm_card_chargeCustomerFail": Card("card", "0341", decline=("card_declined", "generic_decline"), saved=True),
    "pm_card_createDispute": Card("card", "0259", dispute=True),
    "pm_card_pendingRefund": Card("card", "7726", refund="pending"),
    "pm_card_refundFail": Card("card", "5126", refund="failed"),
    "pm_sepa_success": Card("sepa_debit", "3000", late="succeeded"),
    "pm_sepa_failed": Card("sepa_debit", "3002", late="failed"),
    "pm_sepa_disputed": Card("sepa_debit", "3001", late="disputed"),
}

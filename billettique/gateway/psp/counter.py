"""Paying an agent: cash, a cheque, or a card on a terminal that is not ours. The proof is what the agent enters: the
amount given, the number of the cheque, the number of the terminal's receipt.

Nothing is asked of anybody: the agent saw the money. So a payment is received as soon as it is asked, and its refund
is not a call (see `billettique.service.payment_refunds`): cash over a counter, or a request to the accountant.
"""

import re
from collections.abc import Mapping
from typing import Final

from billettique.gateway.psp.lacking import Lacking
from billettique.model.payments import Abilities, PaymentAsk, PaymentState, Seen
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.money import Money

NAME: Final = "counter"
MEANS: Final = frozenset({"cash", "cheque", "terminal"})
# A cheque bears seven digits; a terminal's receipt an authorisation number of up to twelve letters and digits.
_CHEQUE: Final = re.compile(r"[0-9]{7}", re.ASCII)
_RECEIPT: Final = re.compile(r"[0-9A-Z]{3,12}", re.ASCII)


class Counter(Lacking):
    """The counter. `proof` holds `given_cents` (cash), `cheque` (its number), `receipt` (the terminal's)."""

    name = NAME
    abilities = Abilities(refunds=False, answers=False, saves=False, person=True, means=MEANS)

    def __init__(self, *, live: bool) -> None:
        self.live = live

    def create(self, ask: PaymentAsk) -> Seen:
        """Raises InvalidInput("payments.unknown_means", "payments.no_proof", "payments.given_too_little")."""
        if ask.means not in MEANS:
            raise InvalidInput("payments.unknown_means", means=ask.means)
        check_proof(ask.means, ask.amount, ask.proof or {})
        return Seen(
            provider_ref=f"counter:{ask.key}", state=PaymentState.SUCCEEDED, amount=ask.amount, live=self.live,
            order_id=ask.order_id, key=ask.key,
        )  # fmt: skip

    def read(self, provider_ref: str) -> Seen:
        raise NotFound("payments.unknown_object", ref=provider_ref[:80])


def check_proof(means: str, amount: Money, proof: Mapping[str, str]) -> None:
    """Raises InvalidInput unless the proof is of this means: see `Counter.create`."""
    if means == "cash":
        given = proof.get("given_cents", "")
        if not (given.isascii() and given.isdigit() and len(given) <= 9):
            raise InvalidInput("payments.no_proof", means=means)
        if int(given) < amount.cents:
            raise InvalidInput("payments.given_too_little", given=Money(int(given)), due=amount)
        return
    name, form = ("cheque", _CHEQUE) if means == "cheque" else ("receipt", _RECEIPT)
    if not form.fullmatch(proof.get(name, "")):
        raise InvalidInput("payments.no_proof", means=means)

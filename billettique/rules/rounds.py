"""The rules of a round: receipts (quittances) numbered without a gap by a device that has no network, and what is said
of money that was taken all the same. Pure.

What a traveller paid is a fact: at the sync it is booked whatever else is wrong with it, and what is wrong is said.
"""

from collections.abc import Iterable
from typing import Final

from billettique.model.regie import CashKind, Holding, Regie
from billettique.rules.cash import CASH, refusal_of_sale
from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from mobigo.base.money import ZERO, Money

RECEIPTS_MAX: Final = 9_999  # of one round


def missing(came: Iterable[int], last: int) -> tuple[int, ...]:
    """The receipts up to the last one said that did not come.

    Raises InvalidInput("billettique.bad_last_receipt") for a number that is none, or smaller than one that came.
    """
    known = frozenset(came)
    if not max(known, default=0) <= last <= RECEIPTS_MAX:
        raise InvalidInput("billettique.bad_last_receipt", least=max(known, default=0))
    return tuple(number for number in range(1, last + 1) if number not in known)


def left_to_carry(regie: Regie, carried: Money) -> Money:
    """How much more cash a mandataire may take before handing over what is carried."""
    return max(ZERO, regie.round_max - carried)


def flags(regie: Regie, holding: Holding, carried: Money, means: str, amount: Money) -> tuple[Decision, ...]:
    """What is wrong with money that was taken on a round, for the régisseur to see; nothing, when all is as the act
    says. `carried` is what the mandataire carried before."""
    found = []
    why = refusal_of_sale(regie, holding, means, amount, CashKind.PENALTY)
    if why is not None:
        found.append(why)
    if means == CASH and amount > left_to_carry(regie, carried):
        found.append(Decision("billettique.round_too_heavy", carried=carried + amount, most=regie.round_max))
    return tuple(found)

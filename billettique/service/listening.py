"""Who is told, in the transaction itself, that a payment or a refund moved. Named by text and imported at the first
move, since those who listen also ask (an order begins payments, and follows them).
"""

import importlib
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy.orm import Session

from billettique.model.payments import DisputeState, PaymentState

# "module:function" of each listener: (session, payment id, state, now), (session, refund id, now), and
# (session, payment id, dispute, state, now).
ON_PAYMENT: Final = ["billettique.service.fulfilment:on_payment", "billettique.service.case_money:on_payment"]
ON_REFUND: Final = ["billettique.service.fulfilment:on_refund", "billettique.service.give_backs:on_refund"]


ON_DISPUTE: Final = ["billettique.service.case_money:on_dispute", "billettique.service.disputes:on_dispute"]


def payment_moved(session: Session, payment_id: str, state: PaymentState, now: datetime) -> None:
    """A payment is in another state. SUCCEEDED may come after FAILED or CANCELED (late money), and again after DISPUTED
    (a dispute won): a listener serves, or asks for a refund, and does the same thing once."""
    session.flush()
    for name in ON_PAYMENT:
        _function(name)(session, payment_id, state, now)


def refund_moved(session: Session, refund_id: str, now: datetime) -> None:
    """A refund is in another state."""
    session.flush()
    for name in ON_REFUND:
        _function(name)(session, refund_id, now)


def dispute_moved(session: Session, payment_id: str, ref: str, state: DisputeState, now: datetime) -> None:
    """A payer's dispute began or ended, after the payment itself moved. Each is told once."""
    session.flush()
    for name in ON_DISPUTE:
        _function(name)(session, payment_id, ref, state, now)


@cache
def _function(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found

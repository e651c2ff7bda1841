"""What nobody came back for: baskets that are over, payments begun and never made, orders paid and not served.

Each order is looked at in a transaction of its own; a fault of ours on one order never keeps the others waiting.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from billettique.gateway import sales
from billettique.model.orders import ItemKind, ItemState
from billettique.model.payments import PaymentState
from billettique.service import baskets, fulfilment, payments
from billettique.service.seats import Seats, seats_of
from billettique.store import orders as store
from billettique.store.orders import ItemRow
from mobigo.base.errors import Upstream
from mobigo.base.instants import paris_day
from mobigo.infra.db import reading, transaction

if TYPE_CHECKING:
    from mobigo.infra.web import Services

AT_ONCE: Final = 500
# Paid, and still not served after so long: a defect of ours, and the buyer gets the money back.
SERVED_WITHIN: Final = timedelta(hours=1)
_log = logging.getLogger(__name__)


def sweep(services: "Services", now: datetime) -> int:
    """Do what nobody came back for; how many orders were looked at."""
    seats = seats_of(services)
    done = _baskets(services, seats, now)
    for order_id in _waiting(services, now):
        try:
            _look(services, order_id, now)
            done += 1
        except Upstream:
            continue  # the provider does not answer: at the next round
        except Exception:
            _log.exception("an order cannot be looked at", extra={"order": order_id})
            _give_up_in_time(services, order_id, now)
    return done


def _baskets(services: "Services", seats: Mapping[ItemKind, Seats], now: datetime) -> int:
    with transaction(services.engine) as session:
        return baskets.forget_old(session, seats, now)


def _waiting(services: "Services", now: datetime) -> list[str]:
    terms = sales.terms_on(paris_day(now), services.config.home)
    asked = (
        select(ItemRow.order_id)
        .where(
            ItemRow.state.in_([str(ItemState.ON_HOLD), str(ItemState.CONFIRMED)]),
            ItemRow.changed_at <= now - terms.pay,
        )
        .distinct()
        .limit(AT_ONCE)
    )
    with reading(services.engine) as session:
        return list(session.scalars(asked))


def _look(services: "Services", order_id: str, now: datetime) -> None:
    """A payment that was not made in time is given up, where that is possible; then all that is due is done."""
    with reading(services.engine) as session:
        begun = store.payments_of(session, order_id)
    for each in begun:
        if PaymentState(each.state) in (PaymentState.CREATED, PaymentState.REQUIRES_ACTION):
            payments.give_up(services, each.payment, now)
    with transaction(services.engine) as session:
        fulfilment.fulfil(session, services, order_id, now)


def _give_up_in_time(services: "Services", order_id: str, now: datetime) -> None:
    try:
        with transaction(services.engine) as session:
            fulfilment.abandon(session, order_id, now - SERVED_WITHIN, now)
    except Exception:
        _log.exception("an order cannot be given back", extra={"order": order_id})

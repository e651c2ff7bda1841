"""Some orders of the last days, bought through the same services as anybody's, with the simulated provider: two coach
tickets, a family, a card, a receipt, a ticket given back, a basket that nobody paid."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from mobigo.infra.db import reading, transaction

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from billettique.model.orders import Offer
    from mobigo.infra.config import Config
    from mobigo.infra.web import Services

# (hours ago, riders of coach tickets, what else happens)
ORDERS: Final = (
    (70, ("adulte",), ""),
    (46, ("adulte", "adulte", "enfant"), "receipt"),
    (28, ("jeune",), "refund"),
    (20, (), "card"),
    (5, ("adulte",), ""),
    (1, ("adulte",), "left"),
)


def prepare(engine: "Engine", config: "Config", now: datetime) -> int:
    """The orders of the demonstration, unless some are there; how many were made. Nothing without the simulation."""
    from billettique.gateway.psp import Providers
    from billettique.service import reconcile as comparing
    from billettique.store.orders import OrderRow
    from mobigo.app import jobs_registry
    from mobigo.app.joins import services_for

    if "sim" not in config.payments:
        return 0
    with reading(engine) as session:
        if session.scalar(select(func.count()).select_from(OrderRow)):
            return 0
    jobs_registry.install()  # a payment that waits has itself looked at
    services = services_for(config)
    services.__dict__["engine"] = engine
    at = now  # the simulated bank dates what it takes on the day it was bought, as ours do: the two are compared
    services.part(Providers, lambda made: Providers(made.config, lambda: at))
    for hours, riders, what in ORDERS:
        at = now - timedelta(hours=hours)
        _order(services, riders, what, at)
    at = now
    comparing.simulate_payout(services)
    comparing.reconcile(services, now)  # as every morning: what the bank took is what we say it took
    return len(ORDERS)


def _order(services: "Services", riders: Sequence[str], what: str, at: datetime) -> None:
    from billettique.gateway.psp.sim import NAME
    from billettique.model.orders import Channel
    from billettique.service import baskets, fulfilment, orders, payments, refunds
    from billettique.store.orders import items_of

    with transaction(services.engine) as session:
        order = baskets.open_basket(
            session, services.config, channel=Channel.ONLINE, language="fr", subject=None, now=at
        ).id
        baskets.add(session, order, _offers(services, riders, at), services.config, now=at)
        placed = orders.place(
            session, services.config, order, version=None, means="card", provider=NAME,
            return_url=services.config.base_url, seats={}, receipt=what == "receipt", now=at,
        )  # fmt: skip
    if placed.payment is None or what == "left":
        return
    seen = payments.call(services, placed.payment, at)
    sim: Any = payments.providers_of(services).get(NAME)
    sim.bank.pay(seen.provider_ref, "pm_card_visa")
    payments.refresh(services, placed.payment, at)
    with transaction(services.engine) as session:
        fulfilment.fulfil(session, services, order, at)
    if what == "refund":
        with transaction(services.engine) as session:
            item = items_of(session, order)[0].id
            refunds.refund(session, services, order, item, now=at + timedelta(hours=1))


def _offers(services: "Services", riders: Sequence[str], at: datetime) -> "tuple[Offer, ...]":
    from billettique.model.orders import Channel
    from billettique.rules.fares import operating_day
    from billettique.service import shelf

    if riders:
        return shelf.flat_tickets("car-unite", riders, services.config.home, Channel.ONLINE, at)
    return (shelf.cover("carte-ter", "adulte", operating_day(at), services.config.home, Channel.ONLINE, at),)

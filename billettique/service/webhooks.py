"""What providers tell us: verified, stored once with the work it asks, answered; applied later by the worker, which
reads the object again. And the round of that worker: everything that is due at a provider.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from billettique.gateway.psp import Providers
from billettique.model.payments import Notice, Seen
from billettique.rules import payments as rules
from billettique.service import disputes, payment_refunds, payments, quarantine, waking
from billettique.service.intake import Intake
from billettique.store import notices
from billettique.store import payments as store
from billettique.store.notices import Work
from mobigo.base.decisions import Decision
from mobigo.base.errors import MobigoError, NotFound
from mobigo.infra.db import reading, transaction

if TYPE_CHECKING:
    from mobigo.infra.web import Services

LOOKS: Final = 200
# Events stay readable for 30 days; intents are looked at for the three days in which events may still come.
SWEEP_EVENTS: Final = timedelta(days=3)
SWEEP_INTENTS: Final = timedelta(days=3)
_log = logging.getLogger(__name__)


def receive(services: "Services", provider: str, body: bytes, headers: Mapping[str, str], now: datetime) -> bool:
    """Verify an event and store it with the work it asks, in one transaction; False for one that was stored before.

    Raises Refused("payments.forged_notice"), InvalidInput("payments.unknown_provider").
    """
    notice = payments.providers_of(services).get(provider).notice(body, headers, now)
    return store_notice(services, notice, now)


def store_notice(services: "Services", notice: Notice, now: datetime) -> bool:
    """Store a verified event; see `receive`."""
    if not notice.signed:
        with reading(services.engine) as session:
            if store.find_by_ref(session, notice.provider, notice.object_ref) is None:
                return False
    return services.part(Intake, lambda made: Intake(made.engine)).store(notice, now)


# ---------------------------------------------------------------- the worker's round


def drain(services: "Services", clock: Callable[[], datetime], *, limit: int | None = None) -> int:
    """Do all that is due at providers, one thing after the other, each outside any transaction; how many were done.
    Any number may run at once: a thing is leased to one."""
    providers = payments.providers_of(services)
    deliver_simulated(services, clock)
    with reading(services.engine) as session:
        due = store.due_looks(session, clock(), LOOKS)
    for payment_id in due:
        payments.look(services, payment_id, clock())
    done = len(due)
    while limit is None or done < limit:
        with transaction(services.engine) as session:
            work = notices.take(session, clock())
        if work is None:
            break
        _try(services, providers, work, clock)
        done += 1
    with transaction(services.engine) as session:
        upcoming = notices.next_due(session)
        if upcoming is not None:
            waking.wake(session, max(upcoming, clock()), clock())
    return done


def deliver_simulated(services: "Services", clock: Callable[[], datetime]) -> int:
    """Have the simulated provider send what it has to say; nothing where there is none."""
    from billettique.gateway.psp.sim import NAME, Sim

    providers = payments.providers_of(services)
    if NAME not in providers.names and NAME not in providers.opened:
        return 0
    sim = providers.get(NAME)
    if not isinstance(sim, Sim):
        return 0
    sim.pass_time()
    return sim.deliver(lambda body, headers: receive(services, NAME, body, headers, clock()))


def _try(services: "Services", providers: Providers, work: Work, clock: Callable[[], datetime]) -> None:
    try:
        _do(services, providers, work, clock())
    except MobigoError as failure:
        _log.warning("%s of %s failed: %s", work.what, work.provider, failure.decision.code)
        with transaction(services.engine) as session:
            notices.failed(session, work, failure.decision.code, clock())
        return
    with transaction(services.engine) as session:
        notices.done(session, work, clock())


def _do(services: "Services", providers: Providers, work: Work, now: datetime) -> None:
    if work.what == payment_refunds.GIVE_BACK:
        payment_refunds.give_back(services, providers, work.ref, now)
    elif work.what == quarantine.WORK:
        quarantine.give_back(services, providers, work.ref, now)
    elif work.what == "refund":
        payment_refunds.read_again(services, providers, work.provider, work.ref, now)
    elif work.what == "payment":
        follow(services, providers, work.provider, work.ref, now)
    elif work.what == disputes.PROOF:
        disputes.send_proof(services, providers, work.provider, work.ref, now)
    elif work.what == "means":
        from billettique.service import means

        means.follow(services, work.provider, work.ref, now)
    else:
        raise NotFound("payments.unknown_work", what=work.what)


def follow(services: "Services", providers: Providers, provider: str, ref: str, now: datetime) -> None:
    """Read again what an event spoke of, and apply it to its payment."""
    with reading(services.engine) as session:
        payment_id = store.find_by_ref(session, provider, ref)
    if payment_id is not None:
        payments.refresh(services, payment_id, now, cause="event")
        return
    try:
        seen = providers.get(provider).read(ref)
    except NotFound:
        return  # nobody there knows it: an event that speaks of nothing
    take_in(services, provider, seen, now, cause="event")


def take_in(services: "Services", provider: str, seen: Seen, now: datetime, *, cause: str) -> None:
    """Apply an object to the payment whose key it bears. One of ours that no payment knows is set aside; one that is
    not ours (another installation on the same account) is left alone."""
    if seen.key is None:
        return
    with transaction(services.engine) as session:
        row = store.find_by_key(session, seen.key)
        if row is not None and row.provider == provider:
            payments.apply(session, row.id, seen, now, cause=cause)
            return
    if seen.state in rules.RECEIVED or seen.state in rules.OPEN:
        seen = payments.providers_of(services).get(provider).read(seen.refs[0] if seen.refs else seen.provider_ref)
        why = Decision("payments.unknown_payment", order=str(seen.order_id)[:64])
        with transaction(services.engine) as session:
            quarantine.set_aside(
                session, provider, seen, why, payment=None, refund_at=now + rules.UNKNOWN_KEPT, now=now
            )


def sweep(services: "Services", now: datetime) -> int:
    """Fill gaps: the events and the payments of the last days, read at each provider; how many events were new."""
    providers, found = payments.providers_of(services), 0
    for name in providers.names:
        provider = providers.get(name)
        for notice in provider.notices(now - SWEEP_EVENTS):
            found += store_notice(services, notice, now)
        for seen in provider.recent(now - SWEEP_INTENTS):
            take_in(services, name, seen, now, cause="sweep")
    return found

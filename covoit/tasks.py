"""The jobs of carpool's registry: check, receive files, exchange with the national registry."""

from mobigo.base.decisions import Decision
from mobigo.infra import clock
from mobigo.infra.jobs import JobContext, job


@job("covoit.check", tries_max=1, every="every 10 min")
def check(ctx: JobContext) -> Decision:
    """Check the journeys received since, and make final those whose time is up."""
    from covoit.service import communes, registry

    communes.place(ctx.engine, ctx.blobs, clock.now())
    done = registry.check(ctx.engine, clock.now(), lambda count: ctx.progress(count))
    return Decision("covoit.checked", count=done)


@job("covoit.ingest", tries_max=3)
def ingest(ctx: JobContext, *, order: str, operator: str) -> Decision:
    """Receive a file that an operator handed over."""
    from covoit.service import handover

    outcome = handover.receive_order(ctx, operator, order, clock.now())
    if outcome.receipt is None:
        return Decision("covoit.file_refused", refused=outcome.refused)
    return Decision("covoit.file_received", new=outcome.receipt["new"], known=outcome.receipt["known"])


@job("covoit.exchange", tries_max=1, every="every 5 min")
def exchange(ctx: JobContext) -> Decision | None:
    """Tell the national registry what our lines did, and read its statuses; nothing where none is configured."""
    if ctx.config.rpc_url is None:
        return None
    from covoit.service import exchange as service

    done = service.exchange(ctx.engine, service.open_registry(ctx.config), clock.now, lambda count: ctx.progress(count))
    return Decision("covoit.exchanged", sent=done.sent, polled=done.polled, failed=done.failed)


@job("covoit.reconcile", tries_max=5, backoff_s=3_600, every="monthly 7 03:30")
def reconcile(ctx: JobContext) -> Decision | None:
    """Compare the books of last month with the national registry's; the differences are kept as a file."""
    if ctx.config.rpc_url is None:
        return None
    from datetime import timedelta

    from covoit.service import exchange as service
    from mobigo.base.instants import paris_day

    now = clock.now()
    month = paris_day(now).replace(day=1) - timedelta(days=1)
    found = service.reconcile(ctx.engine, service.open_registry(ctx.config), month)
    with ctx.transaction() as session:
        ctx.blobs.put(
            session, service.as_csv(found), owner="covoit", purpose="covoit.reconciliation", keep_days=3_653, now=now,
            name=f"registre-national-{month:%Y-%m}.csv",
        )  # fmt: skip
    return Decision("covoit.reconciled", month=f"{month:%Y-%m}", count=len(found))


@job("covoit.tell_partner", tries_max=12, backoff_s=60)
def tell_partner(ctx: JobContext, *, booking: str, status: str) -> Decision:
    """Tell another operator what became of the seat it booked."""
    from covoit.service import partners

    return partners.tell(ctx.engine, ctx.config.home, booking, status)


@job("covoit.award", tries_max=2, every="daily 02:10")
def award(ctx: JobContext) -> Decision:
    """Price the trips that became final, and those a change concerns."""
    from covoit.service.awards import award_ready

    done = award_ready(ctx.engine, clock.now(), home=ctx.config.home)
    return Decision("covoit.awarded", trips=done.trips, written=done.written)


@job("covoit.close", tries_max=3, backoff_s=3_600, every="monthly 6 03:00")
def close(ctx: JobContext) -> Decision:
    """Close last month: its statements are frozen, its amounts may be asked for."""
    from covoit.service.closing import close_month, month_before
    from mobigo.base.instants import paris_day

    now = clock.now()
    done = close_month(ctx.engine, month_before(paris_day(now)), now, home=ctx.config.home)
    return Decision("covoit.closed", month=done.month, lines=done.lines, total=done.total)


@job("covoit.prescribe", tries_max=3, every="monthly 2 04:00")
def prescribe(ctx: JobContext) -> Decision:
    """Move out of what is payable what may no longer be claimed (law 68-1250)."""
    from covoit.service.claims import prescribe_due

    total = prescribe_due(ctx.engine, clock.now())
    return Decision("covoit.prescribed_done", total=total)


@job("covoit.unfold", tries_max=2, every="daily 01:20")
def unfold(ctx: JobContext) -> Decision:
    """Drivers' usual trips become the single rides of the coming two weeks; waits that nobody ended are closed."""
    from covoit.service import lines, offers
    from covoit.store.lines import expire_waiting

    now = clock.now()
    with ctx.transaction() as session:
        made = offers.unfold_all(session, now)
        expire_waiting(session, now, lines.STILL_WAITING)
    return Decision("covoit.unfolded", count=made)


@job("covoit.end_abandoned", tries_max=3, every="daily 03:50")
def end_abandoned(ctx: JobContext) -> Decision:
    """End the accounts for payment that nobody confirmed, or whose driver was not seen for years: erased in turn."""
    from covoit.store.ibans import end_abandoned as end

    with ctx.transaction() as session:
        ended = end(session, clock.now())
    return Decision("covoit.abandoned_ended", count=ended)


@job("covoit.texts", tries_max=1, every="every 5 min")
def texts(ctx: JobContext) -> Decision | None:
    """Take the text messages that passengers sent; nothing when none waits."""
    from covoit.gateway.texts import FileTexts
    from covoit.service import texts as service
    from mobigo.infra import keys

    root = keys.derived(ctx.config, "covoit.proof")
    taken, refused = service.take(ctx.engine, root, FileTexts(ctx.config.home), clock.now())
    return Decision("covoit.texts_taken", taken=taken, refused=refused) if taken or refused else None


@job("covoit.verify", tries_max=1)
def verify(ctx: JobContext) -> Decision:
    """Read the whole ledger again, compute each award again from its own inputs, compare statements and payments."""
    from covoit.service.verification import verify as look

    found = look(ctx.engine, home=ctx.config.home, progress=lambda count: ctx.progress(count))
    if found.ok:
        return Decision("covoit.verified", awards=found.awards, statements=found.statements, payments=found.payments)
    first = found.findings[0] if found.findings else None
    return Decision(
        "covoit.verify_faults", count=len(found.findings) + (0 if found.ledger.ok else 1),
        kind="ledger" if first is None else first.kind, id="" if first is None else first.id,
    )  # fmt: skip

"""Jobs of every temper, for real workers. Each leaves its effect in the transaction in which it ends, and holds a file
lock while it runs, so that two runs of one job at a time are noticed."""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from sqlalchemy import text

from mobigo.base.decisions import Decision
from mobigo.base.errors import Refused, Upstream
from mobigo.infra import clock
from mobigo.infra.jobs import JobContext, LeaseLost, claims, job

TRIES = 200


@contextmanager
def alone(ctx: JobContext) -> Iterator[None]:
    """Holds the job's lock; writes a file into `overlaps` when somebody else has it."""
    for folder in ("locks", "overlaps", "pids"):
        (ctx.config.home / folder).mkdir(parents=True, exist_ok=True)
    (ctx.config.home / "pids" / f"{ctx.job_id}.{ctx.generation}").write_text(str(os.getpid()))
    with (ctx.config.home / "locks" / ctx.job_id).open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            (ctx.config.home / "overlaps" / f"{ctx.job_id}.{ctx.generation}").touch()
        yield


def end_with_effect(ctx: JobContext) -> Decision:
    result = Decision("sample.done", tries=ctx.tries)
    with ctx.transaction() as session:
        session.execute(
            text("INSERT INTO effect (job_id, generation) VALUES (:id, :generation)"),
            {"id": ctx.job_id, "generation": ctx.generation},
        )
        ctx.finish(session, result)
    return result


@job("sample.short", tries_max=TRIES, backoff_s=0.1)
def short(ctx: JobContext) -> Decision:
    with alone(ctx):
        return end_with_effect(ctx)


@job("sample.long", tries_max=TRIES, backoff_s=0.1)
def long(ctx: JobContext, *, steps: int) -> Decision:
    with alone(ctx):
        for step in range(steps):
            ctx.progress(step, steps, "step")
            time.sleep(0.05)
        ctx.progress(steps, steps, "step")
        return end_with_effect(ctx)


@job("sample.refused", tries_max=TRIES, backoff_s=0.1)
def refused(ctx: JobContext) -> Decision:
    with alone(ctx):
        raise Refused("sample.refused", why="rule")


@job("sample.defect", tries_max=TRIES)
def defect(ctx: JobContext) -> Decision:
    with alone(ctx):
        name = "Jeanne Martin"
        raise ValueError(name)


@job("sample.flaky", tries_max=TRIES, backoff_s=0.1)
def flaky(ctx: JobContext, *, failures: int) -> Decision:
    """Fails until it has been tried more than `failures` times."""
    with alone(ctx):
        if ctx.tries <= failures:
            raise Upstream("sample.down")
        return end_with_effect(ctx)


@job("sample.hopeless", tries_max=2, backoff_s=0.1)
def hopeless(ctx: JobContext) -> Decision:
    with alone(ctx):
        raise Upstream("sample.down")


@job("sample.hung", tries_max=TRIES, backoff_s=0.1)
def hung(ctx: JobContext) -> Decision:
    """Neither looks whether it should stop nor dies of SIGTERM; has a process of its own, too."""
    with alone(ctx):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        ctx.progress(0, None, "hung")
        while True:
            time.sleep(60)


@job("sample.hog", tries_max=TRIES, memory_mb=200, backoff_s=0.1)
def hog(ctx: JobContext) -> Decision:
    """Takes 20 MiB every 50 ms."""
    with alone(ctx):
        taken = []
        while True:
            taken.append(bytearray(os.urandom(1 << 20) * 20))
            time.sleep(0.05)


@job("sample.gulp", tries_max=TRIES, memory_mb=200)
def gulp(ctx: JobContext) -> Decision:
    """Takes 4 GiB at once, faster than anybody watches."""
    with alone(ctx):
        return Decision("sample.swallowed", bytes=len(bytearray(4 << 30)))


@job("sample.greedy", tries_max=2, memory_mb=8192, backoff_s=0.1)
def greedy(ctx: JobContext) -> Decision:
    """In its first try, takes memory until the system has no more; its limit of its own is far away."""
    with alone(ctx):
        taken = []
        while ctx.tries == 1:
            taken.append(bytearray(os.urandom(1 << 20) * 8))
        return end_with_effect(ctx)


@job("sample.dies", tries_max=2, backoff_s=0.1)
def dies(ctx: JobContext, *, until: int) -> Decision:
    """Its process kills itself in its first `until` tries."""
    with alone(ctx):
        if ctx.tries <= until:
            os.kill(os.getpid(), signal.SIGKILL)
        return end_with_effect(ctx)


@job("sample.tick", tries_max=TRIES)
def tick(ctx: JobContext) -> Decision:
    return end_with_effect(ctx)


@job("sample.sleeps_on_its_lease", tries_max=TRIES, backoff_s=0.1)
def sleeps_on_its_lease(ctx: JobContext) -> Decision:
    """Holds a writing transaction for longer than a lease lasts."""
    with alone(ctx):
        with ctx.transaction() as session:
            session.execute(text("INSERT INTO effect (job_id, generation) VALUES (:id, -1)"), {"id": ctx.job_id + "x"})
            until = clock.now() + timedelta(seconds=5)
            while clock.now() < until:
                ctx.progress(0, None, "holding")
                time.sleep(0.1)
        return end_with_effect(ctx)


@job("sample.steals_from_itself", tries_max=TRIES)
def steals_from_itself(ctx: JobContext) -> Decision:
    """Loses its lease to another worker, and writes all the same."""
    later = clock.now() + timedelta(hours=1)
    claims.expire_lost(ctx.engine, later)
    claims.claim(ctx.engine, ctx.job_id, "other", later, timedelta(hours=1))
    with suppress(LeaseLost), ctx.transaction() as session:
        session.execute(text("INSERT INTO effect (job_id, generation) VALUES ('beside', 1)"))
    return end_with_effect(ctx)

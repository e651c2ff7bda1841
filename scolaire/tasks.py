"""The jobs of school transport."""

from typing import Any

from mobigo.base.decisions import Decision
from mobigo.infra.jobs import JobContext, job


@job("scolaire.optimise", tries_max=5, backoff_s=5.0, memory_mb=3_000)
def optimise(ctx: JobContext, **params: Any) -> Decision:
    """Look for a better plan. A try that was killed goes on from the best plan the one before had kept."""
    from scolaire.service.optimising import run

    return run(ctx, params)

"""The jobs of the infrastructure itself."""

from typing import TYPE_CHECKING

from mobigo.base.decisions import Decision
from mobigo.infra import clock, privacy
from mobigo.infra.jobs.registry import job

if TYPE_CHECKING:
    from mobigo.infra.jobs.context import JobContext


@job("privacy.erase", every="daily 04:10")
def erase(context: "JobContext") -> Decision:
    """Erase, every night, what the privacy register says is over."""
    with context.transaction() as session:
        counts = privacy.erase_due(session, clock.now())
        result = Decision("privacy.erased", rows=sum(counts.values()))
        context.finish(session, result)
    return result

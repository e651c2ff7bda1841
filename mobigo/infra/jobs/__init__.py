"""Jobs: long or retried work, each a row of the database, run by workers in processes of their own.

    @job("network.build", tries_max=2, memory_mb=2048)            in a package's tasks.py
    def build(ctx: JobContext, *, feed: str) -> Decision: ...

    enqueue(session, "network.build", {"feed": feed_id}, account_id, now)      in a service

For a page: `list_jobs`, `find_job`, `count_jobs` give values (`Job`); `cancel` and `retry` change one and raise
NotFound or Conflict; `Job.may_cancel` and `Job.may_retry` say which buttons to show; `list_schedules` what runs by
itself. Their docstrings say what each field is for.

desk registry context                             asking for a job, declaring one, what its function is given
states clocks rhythms                             the life of a job, the time it goes by, how often it starts
tables claims schedules                           its rows, who takes them, what starts by itself
wakeups filesystem                                messages that only wake
worker crew supervisor heart child order inline   who runs it, in a process of its own
tasks                                             the jobs of the infrastructure itself
"""

from mobigo.infra.jobs.context import JobContext, JobStopped, LeaseLost, Pace
from mobigo.infra.jobs.desk import JobFilter, cancel, count_jobs, enqueue, find_job, list_jobs, retry
from mobigo.infra.jobs.inline import run_inline
from mobigo.infra.jobs.registry import job
from mobigo.infra.jobs.schedules import Schedule, list_schedules, remove_schedule, set_schedule
from mobigo.infra.jobs.states import Job, State
from mobigo.infra.jobs.wakeups import connect

__all__ = [
    "Job",
    "JobContext",
    "JobFilter",
    "JobStopped",
    "LeaseLost",
    "Pace",
    "Schedule",
    "State",
    "cancel",
    "connect",
    "count_jobs",
    "enqueue",
    "find_job",
    "job",
    "list_jobs",
    "list_schedules",
    "remove_schedule",
    "retry",
    "run_inline",
    "set_schedule",
]

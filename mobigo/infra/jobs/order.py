"""What a supervisor tells the process of a job, and what the process answers by its exit code."""

from dataclasses import dataclass
from typing import Final

from mobigo.infra.config import Config
from mobigo.infra.jobs.context import Pace
from mobigo.infra.jobs.states import Job

SETTLED: Final = 0  # its end is written
UNSETTLED: Final = 70  # it ran, and its end could not be written
STOPPED: Final = 75  # it stopped as it was asked to
LOST: Final = 76  # somebody else holds the job


@dataclass(frozen=True, slots=True)
class Order:
    """Pickled, on a private pipe: it holds secrets of the configuration."""

    config: Config
    job: Job
    modules: tuple[str, ...]
    installers: tuple[str, ...]
    pace: Pace
    silence_s_max: float
    data_bytes_max: int
    supervisor_pid: int
    reports_fd: int

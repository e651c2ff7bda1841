"""A worker beside the site of a test: `python -m tests.e2e.scolaire_plans.desk_worker`. It holds a job for as long as a
busy machine may keep it from saying so."""

import sys

from mobigo.infra import log
from mobigo.infra.config import load_config
from mobigo.infra.jobs import registry
from mobigo.infra.jobs.context import Pace
from mobigo.infra.jobs.worker import run_worker

if __name__ == "__main__":
    config = load_config()
    log.configure(config)
    registry.use_modules(["scolaire.tasks"])
    sys.exit(run_worker(config, Pace(lease_s=120.0, beat_s=0.5, look_s=0.2, finish_s=0.5, grace_s=60.0, tick_s=0.05)))

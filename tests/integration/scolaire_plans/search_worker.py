"""A real worker for searches of plans: `python -m tests.integration.scolaire_plans.search_worker`."""

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
    sys.exit(run_worker(config, Pace(lease_s=3.0, beat_s=0.5, look_s=0.2, finish_s=0.5, grace_s=60.0, tick_s=0.05)))

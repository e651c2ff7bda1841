"""A real worker that knows the sample jobs: `python -m tests.integration.jobs.worker_main [look_s=… lease_s=…]`,
configured as usual; the arguments change its pace."""

import sys
from dataclasses import replace

from mobigo.infra import log
from mobigo.infra.config import load_config
from mobigo.infra.jobs import registry
from mobigo.infra.jobs.context import Pace
from mobigo.infra.jobs.worker import run_worker

FAST = Pace(lease_s=3.0, beat_s=0.5, look_s=0.2, finish_s=0.5, grace_s=1.0, tick_s=0.05)


def main() -> int:
    config = load_config()
    log.configure(config)
    registry.use_modules(["tests.integration.jobs.sample_jobs"])
    changes = {name: float(value) for name, _, value in (given.partition("=") for given in sys.argv[1:])}
    return run_worker(config, replace(FAST, **changes))


if __name__ == "__main__":
    sys.exit(main())

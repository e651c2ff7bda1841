"""The privacy gate: the audit of a table of 50 lines and 100 columns with its margins, and what must be hidden first.

    python -m tests.benchmarks.opendata_privacy [--seed N] [--cap-s N]

Tables are drawn from the seed: one cell in a hundred, in twenty-five, or in five holds fewer than eleven people. The
audit is measured before anything further is hidden, when it names leaks, and on the table as it would leave; the proof
is checked in the same run, outside the time.
"""

import argparse
import sys
import time

import numpy as np

from opendata.engine.audit import audit
from opendata.engine.suppression import suppress
from opendata.model.secrecy import Table
from opendata.rules import witness
from opendata.rules.secrecy import first_hidden, tabulated
from tests.benchmarks.measures import Measure, line

K = 11
ROWS, COLUMNS = 50, 100


def drawn(seed: int, share: float) -> Table:
    """A table in which this share of the cells is small."""
    random = np.random.default_rng(seed)
    values = random.integers(K, 400, (ROWS, COLUMNS))
    small = random.random((ROWS, COLUMNS)) < share
    values[small] = random.integers(0, K, int(small.sum()))
    counts = {(f"{row:02d}", f"{column:02d}"): int(values[row, column]) for row, column in np.ndindex(ROWS, COLUMNS)}
    return first_hidden(tabulated(counts, [(0, 1)], [(0,), (1,), ()]), K, {})


def main() -> int:
    parser = argparse.ArgumentParser(description="The privacy gate on a table of 5,000 cells.")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--cap-s", type=float, help="not used: the case takes seconds")
    parser.add_argument("--data", help="not used: what is measured is drawn from the seed")
    options = parser.parse_args()
    audit(drawn(options.seed + 1, 0.2))  # the solver is loaded, and warm
    for name, share in (("few", 0.01), ("some", 0.04), ("many", 0.2)):
        table = drawn(options.seed, share)
        started = time.perf_counter()
        leaking = audit(table)
        leaking_s = time.perf_counter() - started
        note = f"before anything further is hidden: {len(leaking.leaks)} leaks named"
        print(line(Measure(f"opendata_privacy/audit-first-50x100-{name}", leaking_s, "s", goal=30.0, note=note)))
        started = time.perf_counter()
        made = suppress(table, K)
        hiding_s = time.perf_counter() - started
        assert made.audit.passed
        assert not witness.faults(made.table, made.audit)
        started = time.perf_counter()
        found = audit(made.table)
        audit_s = time.perf_counter() - started
        assert found.passed
        first = sum(cell.hidden for cell in table.cells)
        note = f"{first} cells under {K} people, {found.hidden} hidden, {len(found.witnesses)} tables as proof"
        print(line(Measure(f"opendata_privacy/audit-50x100-{name}", audit_s, "s", goal=10.0, note=note)))
        print(line(Measure(f"opendata_privacy/hide-50x100-{name}", hiding_s, "s", goal=30.0, note="with its audits")))
    return 0


if __name__ == "__main__":
    sys.exit(main())

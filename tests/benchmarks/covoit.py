"""Everything of carpool: reception, the rule, the ledger, the payments; one line of JSON a measure.

    python -m tests.benchmarks.covoit [--cap-s N] [--seed N] [--only ledger,covoit_rules]

Each part runs in a process of its own, one after the other; `python -m tests.benchmarks.PART --help` tells its options.
"""

import argparse
import subprocess
import sys

PARTS = ("covoit_ingest", "covoit_rules", "covoit_form", "ledger", "covoit_money")


def main() -> int:
    parser = argparse.ArgumentParser(description="Every benchmark of carpool.")
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts, of {','.join(PARTS)}")
    parser.add_argument("--cap-s", type=float, help="seconds a case may take, where a part can be shortened")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", help="not used: what is measured is drawn from the seed")
    options = parser.parse_args()
    asked = [part for part in options.only.split(",") if part]
    unknown = set(asked) - set(PARTS)
    if unknown:
        parser.error(f"unknown parts: {', '.join(sorted(unknown))}")
    shared = ["--seed", str(options.seed)] + (["--cap-s", str(options.cap_s)] if options.cap_s is not None else [])
    codes = [subprocess.run([sys.executable, "-m", f"tests.benchmarks.{part}", *shared]).returncode for part in asked]
    return max(codes, default=0)


if __name__ == "__main__":
    sys.exit(main())

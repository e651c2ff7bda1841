"""Every benchmark, one after the other: a table, and `docs/performance.md`.

    python -m tests.benchmarks [--cap-s N] [--out FILE]

Resumable: measures of this machine made in the last day are taken from `var/benchmarks.ndjson`; `--again` makes them
anew.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

BENCHMARKS = (
    "starting",
    "planner",
    "ledger",
    "covoit_ingest",
    "covoit_rules",
    "covoit_form",
    "covoit_money",
    "billettique",
    "billettique_fares",
    "billettique_inspector",
    "billettique_webhooks",
    "billettique_purchase",
    "billettique_tickets",
    "school",
    "school_plans",
    "opendata",
    "opendata_privacy",
    "opendata_diff",
    "opendata_http",
    "streets",
    "tad",
    "realtime",
    "load",
)
KEPT = Path("var/benchmarks.ndjson")
DAY_S = 86_400
QUERIES = 500  # by default (tests.benchmarks.planner)


def main() -> int:
    parser = argparse.ArgumentParser(description="Run every benchmark and write docs/performance.md.")
    parser.add_argument("--cap-s", type=float, default=120.0, help="seconds a case may take; said in the output")
    parser.add_argument("--again", action="store_true", help="measure anew what was measured in the last day")
    parser.add_argument("--out", type=Path, default=Path("docs/performance.md"))
    options = parser.parse_args()
    known = {} if options.again else _recent()
    for name in BENCHMARKS:
        if not any(bench.startswith(f"{name}/") for bench in known):
            known |= _run(name, options.cap_s)
    rows = [measure for _, measure in sorted(known.items())]
    table = _table(rows)
    print(table)
    options.out.write_text(_page(table, rows, options.cap_s), encoding="utf-8")
    return 0 if all(row["ok"] for row in rows) else 3


def _run(name: str, cap_s: float) -> dict[str, dict[str, Any]]:
    out: dict[str, dict[str, Any]] = {}
    KEPT.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", "--cap-s", str(cap_s)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running,
        KEPT.open("a") as kept,
    ):
        assert running.stdout is not None
        for row in running.stdout:
            measure = {**json.loads(row), "at": time.time()}
            kept.write(json.dumps(measure) + "\n")
            out[measure["bench"]] = measure
    return out


def _recent() -> dict[str, dict[str, Any]]:
    if not KEPT.exists():
        return {}
    rows = [json.loads(row) for row in KEPT.read_text(encoding="utf-8").splitlines()]
    return {row["bench"]: row for row in rows if time.time() - row["at"] < DAY_S}


def _table(rows: list[dict[str, Any]]) -> str:
    lines = ["| measure | ours | rival | ratio | goal | met | note |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        peer = "" if row["peer"] is None else f"{row['peer']:.4g} ({row['peer_name']})"
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.3g} ×"
        bound = _bound(row)
        met = "told" if row["goal"] is None else "yes" if row["ok"] else "no"
        cells = (row["bench"], f"{row['ours']:.4g} {row['unit']}", peer, ratio, bound, met, row["note"])
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _bound(row: dict[str, Any]) -> str:
    """The goal as it is read; empty where there is none."""
    if row["goal"] is None:
        return ""
    return ("≥ " if row["higher_is_better"] else "≤ ") + f"{row['goal']:g}" + (" ×" if row["peer"] is not None else "")


def _page(table: str, rows: list[dict[str, Any]], cap_s: float) -> str:
    machine = rows[0]["machine"] if rows else "no machine"
    return f"""# Performance

Written by `make bench` on {machine}; no case ran longer than {cap_s:g} s. Rivals run beside us in the same process
and the same minute, on the same feed under the same rules (`tests/benchmarks/feedwriter.py`), so ratios travel better
than milliseconds. Whole Pareto fronts are compared too. Of the planner, {QUERIES} random pairs are asked of each feed,
in every row; a note that counts fewer met the cap. What starting costs is in no other row: it is told in the rows
`planner/setup`, which have no goal.

{table}
"""


if __name__ == "__main__":
    sys.exit(main())

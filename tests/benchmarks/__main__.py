"""Every benchmark, one after the other: a table, put into `docs/performance.md` where that page keeps it a place.

    python -m tests.benchmarks [--cap-s N] [--only NAME,…] [--out FILE]

Resumable: measures of this machine made in the last day are taken from `var/benchmarks.ndjson`; `--again` makes them
anew. A benchmark that did not end keeps nothing; it is named in the page, as is one that was not asked, and makes the
command fail.
"""

import argparse
import json
import subprocess
import sys
import time
from datetime import UTC, datetime
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
BEGIN, END = "<!-- make bench -->", "<!-- end of make bench -->"
ENDED = (0, 3)  # every goal kept; one or more missed
QUERIES = 500  # by default (tests.benchmarks.planner)


def main() -> int:
    parser = argparse.ArgumentParser(description="Run every benchmark and write its table into docs/performance.md.")
    parser.add_argument("--cap-s", type=float, default=120.0, help="seconds a case may take; said in the output")
    parser.add_argument("--again", action="store_true", help="measure anew what was measured in the last day")
    parser.add_argument("--only", default=",".join(BENCHMARKS), help=f"of {','.join(BENCHMARKS)}")
    parser.add_argument("--out", type=Path, default=Path("docs/performance.md"))
    options = parser.parse_args()
    known = {} if options.again else _recent()
    for name in options.only.split(","):
        if not _has(known, name):
            known |= _run(name, options.cap_s)
    missing = [name for name in BENCHMARKS if not _has(known, name)]
    measured = [measure for _, measure in sorted(known.items())]
    section = _section(measured, missing, options.cap_s)
    print(section)
    options.out.write_text(_with(options.out.read_text(encoding="utf-8"), section), encoding="utf-8")
    return 0 if not missing and all(row["ok"] for row in measured) else 3


def _has(known: dict[str, dict[str, Any]], name: str) -> bool:
    return any(row.get("of") == name for row in known.values())


def _run(name: str, cap_s: float) -> dict[str, dict[str, Any]]:
    """Its measures, kept for a day; none where it did not end."""
    started = time.monotonic()
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", "--cap-s", str(cap_s)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    print(f"{name}: {time.monotonic() - started:.0f} s, exit {ran.returncode}", file=sys.stderr, flush=True)
    if ran.returncode not in ENDED:
        print(ran.stderr[-2_000:], file=sys.stderr)
        return {}
    out = {row["bench"]: {**row, "of": name, "at": time.time()} for row in map(json.loads, ran.stdout.splitlines())}
    KEPT.parent.mkdir(exist_ok=True)
    with KEPT.open("a", encoding="utf-8") as kept:
        kept.writelines(json.dumps(row) + "\n" for row in out.values())
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


def _section(rows: list[dict[str, Any]], missing: list[str], cap_s: float) -> str:
    machine = rows[0]["machine"] if rows else "no machine"
    days = sorted({f"{datetime.fromtimestamp(row['at'], UTC):%d %B %Y}" for row in rows})
    told = f"\n**Not run, or not to its end: {', '.join(missing)}.**\n" if missing else ""
    return f"""Written by `make bench` ({", ".join(days)}) on {machine}; no case ran longer than {cap_s:g} s. Rivals run
beside us in the same process and the same minute, so ratios travel better than milliseconds. A row without a goal is
told. Of the planner, {QUERIES} random pairs are asked of each feed; a note that counts fewer met the cap.
{told}
{_table(rows)}"""


def _with(page: str, section: str) -> str:
    """The page with the section in its place. Raises ValueError for a page that keeps it none."""
    before, mark, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError(f"no {BEGIN} … {END} in the page")
    return f"{before}{BEGIN}\n\n{section}\n\n{END}{after}"


if __name__ == "__main__":
    sys.exit(main())

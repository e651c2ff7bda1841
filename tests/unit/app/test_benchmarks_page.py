"""The table of `make bench`: each benchmark takes what it is handed, each row has its goal, and what did not end is
said."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.__main__ import BEGIN, BENCHMARKS, END, _section, _with

ROOT = Path(__file__).parents[3]
ROW: dict[str, Any] = {
    "bench": "ledger/sqlite/check", "ours": 8.3, "unit": "CPU s", "goal": 20.0, "peer": None, "peer_name": "",
    "higher_is_better": False, "note": "", "ratio": None, "ok": True, "machine": "a machine", "at": 1_795_000_000.0,
}  # fmt: skip


@pytest.mark.parametrize("name", BENCHMARKS)
def test_each_takes_what_the_table_hands_it(name: str) -> None:
    found = importlib.util.find_spec(f"tests.benchmarks.{name}")
    assert found is not None
    assert found.origin is not None
    source = Path(found.origin).read_text(encoding="utf-8")
    assert "argparse" not in source or '"--cap-s"' in source


def test_the_table_stands_where_the_page_keeps_it_a_place() -> None:
    page = f"# Performance\n\n{BEGIN}\n\nold\n\n{END}\n\n## Kept\n"
    assert _with(page, "new") == f"# Performance\n\n{BEGIN}\n\nnew\n\n{END}\n\n## Kept\n"
    assert _with((ROOT / "docs/performance.md").read_text(encoding="utf-8"), "new")
    with pytest.raises(ValueError, match="in the page"):
        _with("# Performance\n", "new")


def test_each_row_has_its_goal_and_what_did_not_end_is_named() -> None:
    beside = {
        **ROW,
        "bench": "planner/query",
        "peer": 2.0,
        "peer_name": "rival",
        "ratio": 4.15,
        "goal": 0.6,
        "ok": False,
    }
    told = {**ROW, "bench": "planner/setup", "goal": None}
    said = _section([ROW, beside, told], ["tad"], 15)
    assert "| ledger/sqlite/check | 8.3 CPU s |  |  | ≤ 20 | yes |  |" in said
    assert "| planner/query | 8.3 CPU s | 2 (rival) | 4.15 × | ≤ 0.6 × | no |  |" in said
    assert "| planner/setup | 8.3 CPU s |  |  |  | told |  |" in said
    assert "**Not run, or not to its end: tad.**" in said

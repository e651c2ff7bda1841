"""What a web process loads at its start: nothing that serves only imports of feeds, searches, papers or payments."""

import subprocess
import sys
from pathlib import Path

LATER = {
    "altair", "gtfs_kit", "lxml", "numba", "openpyxl", "ortools", "osmium", "pandas", "polars", "pyvrp", "scipy",
    "sepaxml", "shapely", "stripe", "typst", "vl_convert",
}  # fmt: skip


def test_a_web_process_starts_without_what_it_may_never_use(tmp_path: Path) -> None:
    script = (
        "import os, sys; os.environ['MOBIGO_HOME'] = sys.argv[1]\n"
        "from mobigo.app.serve import application\n"
        "application()\n"
        "print(*sorted({name.partition('.')[0] for name, module in sys.modules.items() if module is not None}))"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "home")], capture_output=True, text=True, check=True
    )
    assert not LATER & set(told.stdout.split())

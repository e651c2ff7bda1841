"""A demonstration's home for tests, made by the command itself. Compiled kernels are shared between test runs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

KERNELS = Path(__file__).parents[1] / ".pytest_cache" / "kernels"


def make_demo(home: Path, *options: str) -> dict[str, Any]:
    """Run `mobigo demo --no-serve --json` in that home and give what it says. Fails with its words when it fails."""
    share_kernels(home)
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MOBIGO_")}
    made = subprocess.run(
        [sys.executable, "-m", "mobigo.app.cli", "demo", "--no-serve", "--json", *options],
        env={**ours, "MOBIGO_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    document: dict[str, Any] = json.loads(made.stdout)
    return document


def share_kernels(home: Path) -> None:
    """Compiling the kernels takes most of a minute: the homes of tests share one cache, named by the sources anyway."""
    KERNELS.mkdir(parents=True, exist_ok=True)
    link = home / "cache" / "numba"
    if not link.exists():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(KERNELS, target_is_directory=True)

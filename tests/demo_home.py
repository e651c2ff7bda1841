"""A demonstration's home for tests, made by the command itself: once a run, then copied for who needs one of its own.

Compiled kernels are shared between test runs.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KERNELS = Path(__file__).parents[1] / ".pytest_cache" / "kernels"


@dataclass(frozen=True)
class Demo:
    """A home nobody writes in, and what `mobigo demo --json` said when it made it."""

    home: Path
    said: dict[str, Any]

    def copy(self, home: Path) -> Path:
        """The same demonstration in another home: nothing in a home says where it lies."""
        shutil.copytree(self.home, home, symlinks=True)
        return home


def shared_demo(folder: Path) -> Demo:
    """The small demonstration of this folder; the first process to ask makes it, the others wait for it."""
    home, said = folder / "demo-template" / "home", folder / "demo-template.json"
    with (folder / "demo-template.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not said.exists():
            shutil.rmtree(home, ignore_errors=True)  # of one who failed half-way
            said.write_text(json.dumps(make_demo(home, "--size", "s")), encoding="utf-8")
    return Demo(home, json.loads(said.read_text(encoding="utf-8")))


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

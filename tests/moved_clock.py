"""A clock that a drill may set, for processes it starts: see `tests/drills/moved/sitecustomize.py`."""

import os
from dataclasses import dataclass
from pathlib import Path

HOOK = Path(__file__).parent / "drills" / "moved"


@dataclass(frozen=True)
class MovedClock:
    """`set` moves it for every process that was started with `environ`."""

    file: Path

    def environ(self) -> dict[str, str]:
        found = os.environ.get("PYTHONPATH", "")
        return {"MOVED_CLOCK": str(self.file), "PYTHONPATH": f"{HOOK}{os.pathsep}{found}" if found else str(HOOK)}

    def set(self, seconds: float) -> None:
        """So many seconds from the true time, from now on."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(str(seconds), encoding="ascii")
        fresh.replace(self.file)

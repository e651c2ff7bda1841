"""Where communes are: `MOBIGO_HOME/territory/communes.csv` (columns code, lat, lon), which the planner reads too.

It is optional: without it a home is located by its address or by an agent alone.
"""

import csv
from collections.abc import Mapping
from functools import lru_cache
from math import isfinite
from pathlib import Path

from mobigo.base.geo import Point


def centres(home: Path) -> Mapping[str, Point]:
    """A point of each commune by its INSEE code; read again when the file changes. Rows without one are left out."""
    path = home / "territory" / "communes.csv"
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        return {}
    return _load(path, stamp)


@lru_cache(maxsize=2)
def _load(path: Path, _stamp: int) -> Mapping[str, Point]:
    found = {}
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            try:
                lat, lon = float(row.get("lat") or ""), float(row.get("lon") or "")
                if isfinite(lat) and isfinite(lon):
                    found[str(row.get("code"))] = Point(lat, lon)
            except ValueError:
                continue
    return found

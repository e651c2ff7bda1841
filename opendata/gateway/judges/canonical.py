"""The reference's own rules (MobilityData's GTFS Schedule Validator), in a process apart: its Java archive where the
operator gives one, else its Python twin where that is installed. Both take and answer the same.

Slow: minutes for a million stop times by the Python one. A feed too large for it is not judged, and says so.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from mobigo.network.model.notices import Severity
from opendata.gateway.judges.answers import GTFS, answer, example, silent, under_name
from opendata.model.checks import Check, Finding

COUNTRY: Final = "FR"
BYTES_MAX: Final = 1_000_000  # of the archive, for the Python one: about 150,000 stop times, a minute
SECONDS_MAX: Final = 600


class Canonical:
    """`jar`: the Java archive of the validator, run by `java`."""

    name = "gtfs-validator"
    required = False  # shown beside the others: what it needs may be away, and it takes long

    def __init__(self, jar: Path | None = None, *, bytes_max: int = BYTES_MAX, seconds_max: int = SECONDS_MAX) -> None:
        self.jar, self.bytes_max, self.seconds_max = jar, bytes_max, seconds_max

    def reads(self, name: str, media_type: str, standard: str) -> bool:
        """GTFS."""
        return standard == GTFS

    def check(self, path: Path, name: str, today: date) -> Check:
        """What it finds as of that day."""
        command, own = self._command()
        if not command:
            return silent(self.name, own, name, "opendata.judge_absent")
        size = path.stat().st_size
        if self.jar is None and size > self.bytes_max:
            return silent(self.name, own, name, "opendata.judge_file_too_large", size=size, limit=self.bytes_max)
        with under_name(path, "feed.zip") as feed:
            out = feed.with_name("out")
            asked = ["-i", str(feed), "-o", str(out), "-c", COUNTRY, "-d", today.isoformat()]
            try:
                ran = subprocess.run(  # noqa: S603 - a command of ours, on a file under a name of ours
                    [*command, *asked], capture_output=True, timeout=self.seconds_max, check=False, cwd=feed.parent,
                    env=_environment(),
                )  # fmt: skip
                report = json.loads((out / "report.json").read_bytes())
            except subprocess.TimeoutExpired:
                return silent(self.name, own, name, "opendata.judge_too_slow", seconds=self.seconds_max)
            except (OSError, ValueError):
                said = ran.stderr.decode(errors="replace").strip()[-200:]
                return silent(self.name, own, name, "opendata.judge_broke", reason=said)
        told = str(report.get("summary", {}).get("validatorVersion") or own)
        return answer(self.name, told, name, [_finding(each) for each in report["notices"]])

    def _command(self) -> tuple[Sequence[str], str]:
        if self.jar is not None:
            java = shutil.which("java")
            return ([java, "-jar", str(self.jar)] if java and self.jar.is_file() else []), ""
        if find_spec("gtfs_validator") is None:
            return [], ""
        return [sys.executable, "-m", "gtfs_validator.cli"], version("gtfs-validator")


def _environment() -> dict[str, str]:
    """What a program needs of ours: no secret is in it."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}


def _finding(notice: dict[str, Any]) -> Finding:
    sample: dict[str, object] = next(iter(notice.get("sampleNotices", [])), {})
    return Finding(notice["code"], Severity(notice["severity"]), int(notice["totalNotices"]), example(sample))

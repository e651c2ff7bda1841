"""gtfs-guru (Rust): fast, and near the reference: of 94 faults made on purpose it sees 86 as the reference does."""

from collections import Counter
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from mobigo.base.decisions import Decision
from mobigo.network.model.notices import Severity
from opendata.gateway.judges.answers import GTFS, answer, example, refused, silent, under_name
from opendata.model.checks import Check, Finding

COUNTRY = "FR"


class Guru:
    """An independent validator, in this process."""

    name = "gtfs-guru"

    def __init__(self) -> None:
        self.required = find_spec("gtfs_guru") is not None

    def reads(self, name: str, media_type: str, standard: str) -> bool:
        """GTFS."""
        return standard == GTFS

    def check(self, path: Path, name: str, today: date) -> Check:
        """What it finds as of that day."""
        if not self.required:
            return silent(self.name, "", name, "opendata.judge_absent")
        import gtfs_guru

        own = version("gtfs-guru")
        try:
            with under_name(path, "feed.zip") as feed:
                notices = gtfs_guru.validate(str(feed), country_code=COUNTRY, date=today.isoformat()).notices
        except ValueError as error:
            because = Decision("opendata.judge_cannot_read", judge=self.name, file=name, reason=str(error)[:200])
            return refused(self.name, own, name, because)
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # what a defect of a Rust library becomes; no Exception
                raise
            return silent(self.name, own, name, "opendata.judge_broke", reason=str(error)[:200])
        totals: Counter[tuple[str, str]] = Counter()
        first: dict[tuple[str, str], dict[str, object]] = {}
        for notice in notices:
            key = notice.code, notice.severity
            totals[key] += 1
            if key not in first:
                first[key] = example({"file": notice.file, "line": notice.row, "column": notice.field,
                                      "message": notice.message})  # fmt: skip
        found = [Finding(code, Severity(kind), total, first[code, kind]) for (code, kind), total in totals.items()]
        return answer(self.name, own, name, found)

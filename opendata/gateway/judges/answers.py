"""What judges' answers have in common: silence with its reason, findings with their verdict."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mobigo.base.decisions import Decision
from mobigo.network.model.notices import Severity
from opendata.model.checks import Check, Finding, Verdict

GTFS = "GTFS Schedule"
NETEX = "NeTEx FR"
REALTIME = "GTFS Realtime"
GBFS = "GBFS"
SIRI = "SIRI"
TABLE = "Table Schema"
_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_VALUE_CHARS_MAX = 200


def silent(judge: str, version: str, file: str, code: str, **params: object) -> Check:
    """It did not run, for this reason."""
    because = Decision(code, judge=judge, file=file, **params)
    return Check(judge=judge, judge_version=version, verdict=Verdict.NOT_RUN, file=file, because=because)


def answer(judge: str, version: str, file: str, findings: Iterable[Finding]) -> Check:
    """What it found, the gravest first: failed when there is an error."""
    found = tuple(sorted(findings, key=lambda each: (_ORDER[each.severity], each.code)))
    failed = any(each.severity is Severity.ERROR for each in found)
    verdict = Verdict.FAILED if failed else Verdict.PASSED
    return Check(judge=judge, judge_version=version, verdict=verdict, file=file, findings=found)


def refused(judge: str, version: str, file: str, because: Decision) -> Check:
    """It cannot even be read, for this reason."""
    return Check(judge=judge, judge_version=version, verdict=Verdict.FAILED, file=file, because=because)


@contextmanager
def under_name(path: Path, name: str) -> Iterator[Path]:
    """The file by a path that ends with `name`, for judges that go by the name; a link, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="mobigo-judge-") as folder:
        named = Path(folder) / name
        named.symlink_to(path.absolute())
        yield named


def example(values: Mapping[str, object]) -> dict[str, object]:
    """An example in plain values; what is blank is left out, what is long is cut."""
    return {name: _plain(value) for name, value in values.items() if value not in (None, "")}


def _plain(value: object) -> object:
    if isinstance(value, (int, float, bool)):
        return value
    text = str(value)
    return text if len(text) <= _VALUE_CHARS_MAX else text[: _VALUE_CHARS_MAX - 1] + "…"

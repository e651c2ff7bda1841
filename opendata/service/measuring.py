"""Looking whether what is announced can be read, all day long, and scoring each day as the national access point does.

A look goes through HTTP, at the site's public address, as a reuser's does (`opendata.gateway.probe`). The bytes
themselves are hashed from inside once a night; a file found damaged counts as a look that failed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.orm import Session

from mobigo.base.decisions import Decision
from mobigo.base.instants import paris_day
from mobigo.infra.db import reading, transaction
from opendata.gateway.probe import UNREACHABLE, Hear, Look
from opendata.rules import freshness as rules
from opendata.service import notices, showing
from opendata.service.publishing import Tools
from opendata.service.showing import Shown
from opendata.store import files, measures
from opendata.store.measures import Measure

SILENT_MAX = 2  # files without any answer, after which the others are not waited for


def watch(tools: Tools, now: datetime, look: Look, hear: Hear) -> list[str]:
    """Look at every file in force and ask every live address, say what became unavailable or available again, and score
    the day so far; the datasets that a reuser could not have."""
    with reading(tools.engine) as session:
        found = showing.catalogue(session, now)
    bad: list[str] = []
    silent: list[Decision] = []
    for shown in found:
        if shown.version is None:
            continue
        fault = silent[-1] if len(silent) >= SILENT_MAX else _fault(tools, shown, look, now) or _mute(shown, hear)
        if fault is not None:
            bad.append(shown.code)
        if fault is not None and fault.code == UNREACHABLE:
            silent.append(fault)
        _note(tools, shown, now, fault)
    return bad


def _fault(tools: Tools, shown: Shown, look: Look, now: datetime) -> Decision | None:
    """What is wrong with the first bad file of the version in force. One that changed while it was looked at is looked
    at again."""
    for _again in range(2):
        files_ = () if shown.version is None else shown.version.files
        fault = next((wrong for file in files_ if (wrong := look(shown.code, file)) is not None), None)
        with reading(tools.engine) as session:
            latest = showing.dataset(session, shown.code, now)
        if latest.kept.removed_at is not None:
            return None
        if latest.version == shown.version:
            return fault
        shown = latest
    return fault


def _mute(shown: Shown, hear: Hear) -> Decision | None:
    """What is wrong with the first live address that does not answer as declared."""
    with TemporaryDirectory(prefix="mobigo-live-") as folder:
        told = Path(folder) / "told"
        return next((wrong for address in shown.kept.declared.live if (wrong := hear(address, told)) is not None), None)


def damaged(tools: Tools, now: datetime) -> list[str]:
    """Hash every file in force, and note those that are not what was published; the datasets that hold one."""
    contents = files.contents_of(tools.config.home)
    with reading(tools.engine) as session:
        found = showing.catalogue(session, now)
    bad = []
    for shown in found:
        held = () if shown.version is None else shown.version.files
        wrong = next((file for file in held if not files.verify(contents, file)), None)
        if wrong is not None:
            bad.append(shown.code)
            _note(tools, shown, now, Decision("opendata.file_damaged", file=wrong.name))
    return bad


def _note(tools: Tools, shown: Shown, now: datetime, fault: Decision | None) -> None:
    today = paris_day(now)
    with transaction(tools.engine) as session:
        same = measures.note_probe(session, shown.code, today, fault)
        if not same and shown.version is not None:
            kind = "available" if fault is None else "unavailable"
            notices.happened(session, shown.code, kind, now, version_id=shown.version.id)
        _score(session, shown, today)


def _score(session: Session, shown: Shown, today: date) -> None:
    so_far = measures.latest(session, shown.code)
    before = measures.latest(session, shown.code, before=today)
    if so_far is None or shown.version is None:
        return
    version = shown.version
    last_day = None if shown.kept.declared.touches_people else version.last_day  # a month that is over has not expired
    raw = {
        "availability": rules.availability_score(so_far.good, so_far.probes),
        "freshness": rules.freshness_score(last_day, version.first_day, today),
        "compliance": rules.compliance_score(check for check, _required, _at in shown.checks),
    }
    scores = {kind: None if score is None else _smoothed(kind, score, before, today) for kind, score in raw.items()}
    errors = sum(each.total for check, _required, _at in shown.checks for each in check.errors)
    measures.set_scores(session, shown.code, today, errors=errors, **scores)


def _smoothed(kind: str, score: float, before: Measure | None, today: date) -> float:
    kept = None if before is None else getattr(before, kind)
    return rules.smoothed(kind, score, kept, None if before is None else before.day, today)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a dataset has served: share of looks that found it over thirty days (None: none yet), its last scores."""

    shown: Shown
    share: float | None
    probes: int
    last: Measure | None


def standings(session: Session, now: datetime) -> list[Standing]:
    """Every dataset's service over the last thirty days, by code."""
    days: Mapping[str, list[Measure]] = measures.since(session, measures.month_ago(paris_day(now)))
    found = []
    for shown in showing.catalogue(session, now):
        of = days.get(shown.code, [])
        probes = sum(each.probes for each in of)
        share = sum(each.good for each in of) / probes if probes else None
        found.append(Standing(shown, share, probes, of[-1] if of else None))
    return found


def history(session: Session, code: str, now: datetime) -> list[Measure]:
    """The thirty days of a dataset, the newest first; those that were not measured are not there."""
    return measures.since(session, measures.month_ago(paris_day(now)), code).get(code, [])[::-1]


def sweep(tools: Tools, now: datetime, older_than: timedelta = timedelta(days=1)) -> int:
    """Remove the files that no version needs and nobody touched since; how many."""
    from opendata.store import versions

    contents = files.contents_of(tools.config.home)
    with reading(tools.engine) as session:
        limit = (now - older_than).timestamp()
        return contents.sweep_but(lambda: versions.needed_contents(session), untouched_since_s=limit)

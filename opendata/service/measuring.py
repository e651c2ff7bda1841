"""Looking whether what is announced can be read, all day long, and scoring each day as the national access point does.

A look reads the pointer and finds the file of each address, whole by its size; the bytes themselves are hashed once a
night. What lies between this machine and a reuser (name, network, proxy) is not measured here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from mobigo.base.instants import paris_day
from mobigo.infra.contents import ContentStore
from mobigo.infra.db import reading, transaction
from opendata.model.editions import Version
from opendata.rules import freshness as rules
from opendata.service import notices, showing
from opendata.service.publishing import Tools
from opendata.service.showing import Shown
from opendata.store import files, measures
from opendata.store.measures import Measure


def watch(tools: Tools, now: datetime, *, hashed: bool = False) -> list[str]:
    """Look at every dataset once, say what became unavailable or available again, and score the day so far; the
    datasets whose files cannot be read. `hashed`: hash the bytes too."""
    contents = files.contents_of(tools.config.home)
    today = paris_day(now)
    with reading(tools.engine) as session:
        found = showing.catalogue(session, now)
    bad = []
    for shown in found:
        if shown.version is None:
            continue
        good = _readable(contents, shown.version, hashed)
        if not good:
            bad.append(shown.code)
        with transaction(tools.engine) as session:
            same = measures.note_probe(session, shown.code, today, good)
            if not same:
                kind = "available" if good else "unavailable"
                notices.happened(session, shown.code, kind, now, version_id=shown.version.id)
            _score(session, shown, today)
    return bad


def _readable(contents: ContentStore, version: Version, hashed: bool) -> bool:
    for file in version.files:
        path = contents.path(file.sha256)
        if not path.exists() or path.stat().st_size != file.size:
            return False
        if hashed and not files.verify(contents, file):
            return False
    return True


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
    measures.set_scores(session, shown.code, today, **scores)


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


def sweep(tools: Tools, now: datetime, older_than: timedelta = timedelta(days=1)) -> int:
    """Remove the files that no version needs and nobody touched since; how many."""
    from opendata.store import versions

    contents = files.contents_of(tools.config.home)
    with reading(tools.engine) as session:
        limit = (now - older_than).timestamp()
        return contents.sweep_but(lambda: versions.needed_contents(session), untouched_since_s=limit)

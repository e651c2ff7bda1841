"""Tables about people, offered through the gate: reduced, audited, compared with what is public, and written down in
the ledger of releases. What the gate refuses is not made; publication then says which cell, and keeps the version
before.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mobigo.base.datasets import Column, Dataset, Privacy
from mobigo.base.instants import paris_day
from mobigo.infra.db import reading, transaction
from mobigo.network.model.notices import Severity
from opendata.export.tables import CSV, csv_bytes
from opendata.model.checks import Check, Finding, Verdict
from opendata.model.datasets import Declaration, FileSpec, Gate, Period, Theme
from opendata.model.editions import Edition, Produced
from opendata.model.offers import Offer
from opendata.model.secrecy import Policy, View
from opendata.rules.policies import POLICIES, TRIPS_BECAUSE
from opendata.rules.publishing import PRIVACY_JUDGE, content_hash
from opendata.store import releases

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from opendata.engine.release import Reduced

JUDGE_VERSION: Final = "1"  # of the gate: raised when what it lets through changes
MONTH_READY_DAYS: Final = 10  # after a month's end: late proofs are in, and few corrections follow
SECRET: Final = Column("secret", "boolean", "Vrai : chiffres cachés par le secret statistique")

Tables = Callable[[str], Mapping[str, Dataset]]  # a month ("2026-03") → its exact tables, by code


@dataclass(frozen=True, slots=True)
class Wording:
    """What a dataset about people says of itself besides its columns."""

    theme: Theme
    serves: str
    keywords: tuple[str, ...]


def month_shown(now: datetime) -> str:
    """The month that is published at this instant: the last one over for ten days."""
    before = (paris_day(now) - timedelta(days=MONTH_READY_DAYS)).replace(day=1) - timedelta(days=1)
    return f"{before:%Y-%m}"


def offers(
    engine: "Engine",
    shells: Mapping[str, Dataset],
    tables: Tables,
    wordings: Mapping[str, Wording],
    *,
    dense: Collection[str] = (),
) -> list[Offer]:
    """The offers of these datasets. `shells`: each without its rows; `tables`: with them, for a month; `dense`:
    communes of 40 inhabitants per km² or more, whose positions may keep a third decimal."""

    def offer(shell: Dataset, wording: Wording) -> Offer:
        def produce(now: datetime, _folder: Path) -> list[Edition]:
            month = month_shown(now)
            return _edition(engine, tables(month)[shell.code], month, now, dense)

        return Offer(declared(shell, wording), produce)

    return [offer(shells[code], wording) for code, wording in wordings.items()]


def declared(shell: Dataset, wording: Wording) -> Declaration:
    """What a dataset about people says of itself: the columns that are left, and the policy that is applied."""
    policy = POLICIES.get(shell.code)
    privacy = replace(shell.privacy or Privacy(0, ()), because=TRIPS_BECAUSE)
    if policy is not None:
        groups = tuple(view.by for view in policy.views)
        privacy = replace(privacy, k=policy.k, groups=groups, because=policy.because)
    files = (
        [FileSpec(f"{shell.code}.csv", CSV, shell.title, "Table Schema", shell.columns)]
        if policy is None
        else [
            FileSpec(f"{view.name}.csv", CSV, view.means, "Table Schema", columns_of(shell, policy, view))
            for view in policy.views
        ]
    )
    return Declaration(
        code=shell.code,
        title=shell.title,
        description=shell.description,
        serves=wording.serves,
        theme=wording.theme,
        gate=Gate.PEOPLE,
        period=Period.MONTH,
        files=tuple(files),
        privacy=privacy,
        keywords=wording.keywords,
    )


def columns_of(shell: Dataset, policy: Policy, view: View) -> tuple[Column, ...]:
    """The columns of one published view; figures may be empty, since they may be hidden."""
    own = {column.name: column for column in shell.columns}
    by = [own[name] if name in own else Column(name, "string", DERIVED_MEANS[name]) for name in view.by]
    figures = [policy.count]
    if set(view.by) == set(policy.dimensions):
        figures += [name for name, _step in policy.measures]
    return (*by, *(replace(own[name], required=False) for name in figures), SECRET)


DERIVED_MEANS: Final = {
    "mois": "Mois (AAAA-MM), en France",
    "periode": "Partie de la journée : nuit (19 h à 6 h), matin (6 h à 9 h), journée (9 h à 16 h), soir (16 h à 19 h)",
    "famille": "Famille du titre",
}


def _edition(engine: "Engine", dataset: Dataset, month: str, now: datetime, dense: Collection[str]) -> list[Edition]:
    from opendata.engine.release import reduce_counts, reduce_trips

    policy = POLICIES.get(dataset.code)
    with reading(engine) as session:
        before = releases.known(session, dataset.code if policy is None else policy.subject)
    reduced = (
        reduce_trips(dataset, month, before, dense=dense)
        if policy is None
        else reduce_counts(dataset, policy, month, before)
    )
    if not reduced.counts["rows"]:
        return []
    made = tuple(_produced(dataset, policy, reduced))
    digest = content_hash((each.name, sha256(_bytes(each)).hexdigest()) for each in made)
    with transaction(engine) as session:
        releases.add(session, reduced.release, digest, now)
    first = date.fromisoformat(f"{month}-01")
    example = {"k": reduced.release.k, "tables": len(reduced.audit.witnesses)}
    audited = Finding("hidden_cells_proven_safe", Severity.INFO, reduced.audit.hidden, example)
    findings = (audited,) if reduced.audit.hidden else ()
    check = Check(judge=PRIVACY_JUDGE, judge_version=JUDGE_VERSION, verdict=Verdict.PASSED, findings=findings)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return [Edition(files=made, first_day=first, last_day=last, checks=(check,), counts=reduced.counts)]


def _bytes(made: Produced) -> bytes:
    return made.content if isinstance(made.content, bytes) else made.content.read_bytes()


def _produced(dataset: Dataset, policy: Policy | None, reduced: "Reduced") -> list[Produced]:
    return [
        Produced(
            f"{view.name}.csv",
            CSV,
            csv_bytes(dataset.columns if policy is None else columns_of(dataset, policy, view), rows),
            rows=len(rows),
        )
        for view, _names, rows in reduced.files
    ]

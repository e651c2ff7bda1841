"""What a scenario changes for people: what each commune reaches in two timetables, and what that makes together."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mobigo.network.model.places import Commune

COMPARISON: Final = "planner.compare"  # the job
BOUNDS_MIN: Final = (30, 60)
PEOPLE: Final = "people"
KINDS: Final = (PEOPLE, "jobs", "college", "lycee", "care")
PLACES: Final = ("college", "lycee", "care")  # one of them is enough; of people and jobs, the more the better


@dataclass(frozen=True, slots=True)
class Opportunity:
    """Something worth reaching: its kind, where, and how much of it there is (jobs, people; 1 for a school)."""

    kind: str
    name: str
    lat: float
    lon: float
    count: float = 1.0


@dataclass(frozen=True)
class Compared:
    """What each commune reaches: `before[commune, kind, bound]` and `after`, in the order of `communes`, `kinds` and
    `bounds_min`."""

    communes: tuple[Commune, ...]
    kinds: tuple[str, ...]
    bounds_min: tuple[int, ...]
    before: NDArray[np.float64]
    after: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Effect:
    """Of one kind within one bound: the communes that reach more or less of it, those that reach some where they
    reached none or none where they reached some, with their people; and what a person reaches on average."""

    kind: str
    minutes: int
    more: int
    more_people: int
    less: int
    less_people: int
    first: int
    first_people: int
    lost: int
    lost_people: int
    mean_before: float
    mean_after: float

    @property
    def nothing(self) -> bool:
        """Whether all is as it was."""
        return not (self.more or self.less)


def effects(found: Compared) -> list[Effect]:
    """Each kind within each bound, in order. A commune without people counts as a commune, not in the mean; where
    nobody lives anywhere, the mean is that of communes."""
    people = np.array([each.population for each in found.communes], np.float64)
    weight = people if people.sum() > 0 else np.ones(len(people))
    total = max(float(weight.sum()), 1.0)
    out = []
    for k, kind in enumerate(found.kinds):
        for b, minutes in enumerate(found.bounds_min):
            before, after = found.before[:, k, b], found.after[:, k, b]
            more, less = after > before, after < before
            first, lost = more & (before == 0), less & (after == 0)
            counts = [(int(which.sum()), int(people[which].sum())) for which in (more, less, first, lost)]
            (m, m_people), (n, n_people), (f, f_people), (x, x_people) = counts
            means = float((weight * before).sum() / total), float((weight * after).sum() / total)
            out.append(Effect(kind, minutes, m, m_people, n, n_people, f, f_people, x, x_people, means[0], means[1]))
    return out


def headlines(found: list[Effect]) -> list[tuple[str, Effect]]:
    """What to say first: ("first" | "lost" | "more" | "less", effect), the longest bound of each kind, places before
    the rest; the shorter bound where the longer says nothing. Empty when nothing changes."""
    out: list[tuple[str, Effect]] = []
    for kind in (*PLACES, "jobs", PEOPLE):
        of_kind = sorted((each for each in found if each.kind == kind), key=lambda each: -each.minutes)
        for good, bad in (("first", "lost"),) if kind in PLACES else (("more", "less"),):
            for what in (good, bad):
                effect = next((each for each in of_kind if getattr(each, what)), None)
                if effect is not None:
                    out.append((what, effect))
    return out


def reached_counts(
    seconds: NDArray[np.int32], kind_of: NDArray[np.int64], count: NDArray[np.float64], kinds: int,
    bounds_min: tuple[int, ...] = BOUNDS_MIN,
) -> NDArray[np.float64]:  # fmt: skip
    """[kind, bound]: how much of each kind lies within each bound, from the seconds to each opportunity."""
    out = np.zeros((kinds, len(bounds_min)))
    for b, minutes in enumerate(bounds_min):
        within = seconds <= 60 * minutes
        out[:, b] = np.bincount(kind_of[within], weights=count[within], minlength=kinds)
    return out

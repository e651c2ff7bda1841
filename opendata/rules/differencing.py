"""What two publications tell together: a new version of the same table, and tables of the same acts over other days.

A new version that adds one person, or a month less its weeks, gives back a cell that neither shows.
"""

from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise

from opendata.model.secrecy import ALL, Cell, Difference, Key, Release, Shown, Sum, Table, Window


def window_of(text: str) -> Window:
    """The days that "2026-03-14", "2026-W11" or "2026-03" covers. Raises ValueError for anything else."""
    if "W" in text:
        year, week = text.split("-W")
        monday = date.fromisocalendar(int(year), int(week), 1)
        return Window(monday, monday + timedelta(days=6))
    if len(text) == len("2026-03"):
        first = date.fromisoformat(f"{text}-01")
        return Window(first, first.replace(day=monthrange(first.year, first.month)[1]))
    day = date.fromisoformat(text)
    return Window(day, day)


def held(new: Mapping[Key, Shown | None], before: Mapping[Key, Shown | None], k: int) -> dict[Key, Shown | None]:
    """The new figures, where a cell that was published moves by fewer than `k` people left as it was: the difference
    would be those people. Corrections wait until there are enough of them. A cell that is empty now, and was hidden or
    under `k`, stays as it was too: that it goes would tell of those who were there."""
    gone = {
        key: figures for key, figures in before.items() if key not in new and (figures is None or (figures[0] or 0) < k)
    }
    kept = {key: before[key] if _tells(shown, before.get(key), k) else shown for key, shown in new.items()}
    return kept | gone


def version_differences(new: Release, before: Release) -> list[Difference]:
    """What a new version of the same table tells of few people; both have the same columns."""
    found = []
    for key, shown in sorted(new.cells.items()):
        if key not in before.cells:
            continue
        old = before.cells[key]
        if old is None and shown is not None:
            found.append(Difference(key, 0, new.k - 1, f"{before.dataset} {before.period}"))
        elif _tells(shown, old, max(new.k, new.least_change)):
            moved = abs(int((shown or (0,))[0] or 0) - int((old or (0,))[0] or 0))
            found.append(Difference(key, moved, moved, f"{before.dataset} {before.period}"))
    return found


def _tells(shown: Shown | None, old: Shown | None, k: int) -> bool:
    """Whether both are public, not the same, and fewer than `k` people lie between them."""
    if shown is None or old is None or shown == old:
        return False
    return abs((shown[0] or 0) - (old[0] or 0)) < k


def rows_between(new: Release, before: Release) -> int:
    """How many rows one of two versions of a table of acts has and the other has not."""
    one, other = Counter(new.rows), Counter(before.rows)
    return (one - other).total() + (other - one).total()


def windows_tables(releases: Sequence[Release], k: int) -> list[tuple[Table, str]]:
    """For each key that was shown over windows which overlap: the table of the stretches of days that the windows cut
    out, each of which must not be found to hold fewer than `k` people; and the publications it was made from.

    A rounded count is known to within half its base. Raises ValueError for columns that differ, or a window that is
    none.
    """
    shown: dict[Key, dict[Window, tuple[int, int, str]]] = defaultdict(dict)
    for release in releases:
        margin = (release.base - 1) if release.base > 1 else 0
        for key, figures in release.cells.items():
            time = next((at for at in release.time if key[at] != ALL), None)
            if figures is None or figures[0] is None or time is None:
                continue
            named = zip(release.dimensions, key, strict=True)
            rest = tuple(
                f"{name}={value}" for at, (name, value) in enumerate(named) if value != ALL and at not in release.time
            )
            shown[rest][window_of(key[time])] = (int(figures[0]), margin, f"{release.dataset} {release.period}")
    return [
        (_stretches(key, windows, k), ", ".join(sorted({each[2] for each in windows.values()})))
        for key, windows in sorted(shown.items())
        if _overlap(windows)
    ]


def _overlap(windows: Iterable[Window]) -> bool:
    ordered = sorted(windows, key=lambda window: (window.first_day, window.last_day))
    return any(after.first_day <= before.last_day for before, after in pairwise(ordered))


def _stretches(key: Key, windows: Mapping[Window, tuple[int, int, str]], k: int) -> Table:
    edges = sorted({w.first_day for w in windows} | {w.last_day + timedelta(days=1) for w in windows})
    cells = [
        Cell((*key, f"{window.first_day}/{window.last_day}"), None, True, max(0, count - margin), count + margin)
        for window, (count, margin, _said) in windows.items()
    ]
    sums: list[list[int]] = [[] for _ in windows]
    for first, after in pairwise(edges):
        last = after - timedelta(days=1)
        inside = [n for n, w in enumerate(windows) if w.first_day <= first and last <= w.last_day]
        if inside:
            for number in inside:
                sums[number].append(len(cells))
            cells.append(Cell((*key, f"{first}/{last}"), None, True, reach=k))
    return Table(tuple(cells), tuple(Sum(number, tuple(parts)) for number, parts in enumerate(sums)))

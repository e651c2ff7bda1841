"""Statistical secrecy, the rules: which cells are too small, which rows come out, what is rounded, how tables are laid
out with their margins. What must be hidden besides, so that sums do not give it back, is found by the engine.

Sources: Article 29 working party, opinion 05/2014 on anonymisation (singling out, linkability, inference); the k-rule
of the national carpool registry (a journey leaves when the commune of its start or end has fewer than 6 in the month),
here applied again and again until nothing changes, and to the pair too.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace

from mobigo.base.datasets import Row
from opendata.model.secrecy import ALL, Cell, Key, Sum, Table


def removed_under_k(
    rows: Sequence[Row],
    groups: Iterable[Sequence[int]],
    k: int,
    *,
    behind: Sequence[tuple[str, ...]] = (),
    people: int = 0,
) -> set[int]:
    """The rows (by place) to take out so that every value of every group (places of columns taken together) that is
    left is seen `k` times at least, and is about `people` different persons at least in each role of `behind` (the
    persons of each row, in the same order). Removing rows may push others under: repeated to the fixed point, which is
    the same whatever the order."""
    wanted = [tuple(group) for group in groups]
    names = [[tuple(row[column] for column in group) for row in rows] for group in wanted]
    left = set(range(len(rows)))
    while True:
        small: set[int] = set()
        for values in names:
            seen = Counter(values[place] for place in left)
            fewest = _fewest_people(values, left, behind)
            small |= {place for place in left if seen[values[place]] < k or (behind and fewest[values[place]] < people)}
        if not small:
            return set(range(len(rows))) - left
        left -= small


def _fewest_people(
    values: Sequence[Hashable], left: Collection[int], behind: Sequence[tuple[str, ...]]
) -> dict[Hashable, int]:
    """For each value, how many different persons its rows are about, in the role that has the fewest."""
    if not behind:
        return {}
    persons: dict[Hashable, list[set[str]]] = {}
    for place in left:
        roles = persons.setdefault(values[place], [set() for _ in behind[place]])
        for role, person in zip(roles, behind[place], strict=True):
            role.add(person)
    return {value: min((len(role) for role in roles), default=0) for value, roles in persons.items()}


def kept(key: Key, places: Collection[int]) -> Key:
    """The key of the total that keeps the dimensions at these places."""
    return tuple(value if at in places else ALL for at, value in enumerate(key))


def totals(counts: Mapping[Key, int], places: Collection[int]) -> dict[Key, int]:
    """The counts added up over the dimensions that are not at these places; what holds nobody is left out."""
    added: dict[Key, int] = defaultdict(int)
    for key, count in counts.items():
        if count:
            added[kept(key, places)] += count
    return dict(added)


def tabulated(
    counts: Mapping[Key, int],
    views: Iterable[Sequence[int]],
    margins: Iterable[Sequence[int]] = (),
    *,
    zeros: Iterable[Key] = (),
) -> Table:
    """The table that a reader has of these counts, all shown: its views and its margins, and the sums between them.

    A view or margin keeps the dimensions whose places it names; the others read ALL. Views that share margins are
    linked by them; nothing else links them, since what lies under two views that agree on their margins can always be
    filled in. `zeros`: keys of a view that hold nobody and stand in the table all the same, because someone could be
    believed there. Raises ValueError for a count below 0.
    """
    if any(count < 0 for count in counts.values()):
        raise ValueError("a count of people is not below 0")
    shown = [frozenset(view) for view in views]
    levels = {places: totals(counts, places) for places in dict.fromkeys([*shown, *map(frozenset, margins)])}
    for key in zeros:
        filled = {at for at, value in enumerate(key) if value != ALL}
        for places, level in levels.items():
            if places <= filled:
                level.setdefault(kept(key, places), 0)
    cells = [Cell(key, level[key]) for level in levels.values() for key in sorted(level)]
    where = {cell.key: place for place, cell in enumerate(cells)}
    sums: list[Sum] = []
    for view in dict.fromkeys(shown):
        for margin in levels:
            parts: dict[Key, list[int]] = defaultdict(list)
            if margin < view:
                for key in sorted(levels[view]):
                    parts[kept(key, margin)].append(where[key])
            sums += [Sum(where[key], tuple(places)) for key, places in parts.items()]
    return Table(tuple(cells), tuple(sums))


def small(cell: Cell, k: int) -> bool:
    """Whether a cell of people is too small to be shown. Nobody is nobody: 0 is shown."""
    return cell.value is not None and 0 < cell.value < k


def hidden(cell: Cell, k: int, floor: int = 1, *, reach: int = 0) -> Cell:
    """The cell, hidden: `k` values must stay possible for it, one of them `reach` (or `k`) or more. Readers know that a
    hidden cell holds someone, since what holds nobody is shown, unless the table says otherwise (`floor` 0)."""
    return replace(cell, hidden=True, floor=floor, ceiling=None, width=k - 1, reach=max(k, reach))


def first_hidden(table: Table, k: int, also: Mapping[int, int], k_of: Callable[[Key], int] | None = None) -> Table:
    """Primary suppression: every cell under its threshold (`k_of` its key, or `k`), and those of `also` (place →
    floor)."""
    cells = []
    for place, cell in enumerate(table.cells):
        own = k if k_of is None else k_of(cell.key)
        secret = place in also or small(cell, own)
        cells.append(hidden(cell, k, also.get(place, 1), reach=own) if secret else cell)
    return Table(tuple(cells), table.sums)


def not_diverse(counts: Mapping[Key, int], sensitive: int) -> set[Key]:
    """Keys to hide so that no group tells the sensitive attribute of all its people: groups are those of the other
    dimensions; one that takes a single value of the `sensitive` dimension (by its place) is hidden for all values,
    those that hold nobody included. Nothing when the whole table knows one value only: it tells nothing of anyone.
    """
    values = sorted({key[sensitive] for key, count in counts.items() if count})
    if len(values) < 2:
        return set()
    groups: dict[Key, set[str]] = defaultdict(set)
    for key, count in counts.items():
        if count:
            groups[key[:sensitive] + key[sensitive + 1 :]].add(key[sensitive])
    return {
        (*group[:sensitive], value, *group[sensitive:])
        for group, taken in groups.items()
        if len(taken) < 2
        for value in values
    }


def rounded(count: int, base: int, k: int) -> int:
    """A shown count: to the nearest multiple of `base`, half up; never below `k`, so that no figure looks as if it
    should have been hidden. Each count is rounded on its own: totals may differ from the sum of their parts."""
    if count == 0 or base == 1:
        return count
    least = -(-k // base) * base
    return max(least, (count + base // 2) // base * base)


def overlapping(groups: Mapping[str, Collection[str]], k: int) -> Table:
    """Groups of people that are each counted in public, and what a reader can subtract from them.

    The people are cut into the smallest parts that the groups tell apart; each group is the sum of its parts. Groups
    under `k` are hidden. The parts are not shown, but a part of fewer than `k` people must not be found: that of two
    circuits of which one has a pupil more.
    """
    member: dict[str, list[str]] = defaultdict(list)
    for name in sorted(groups):
        for person in groups[name]:
            member[person].append(name)
    parts = Counter(tuple(names) for names in member.values())
    shown = [Cell((name,), len(set(groups[name]))) for name in sorted(groups)]
    cells = [hidden(cell, k) if small(cell, k) else cell for cell in shown]
    meets: dict[str, set[str]] = defaultdict(set)
    for names in parts:
        for name in names:
            meets[name] |= set(names)
    sums: dict[str, list[int]] = defaultdict(list)
    for names, count in sorted(parts.items()):
        for name in names:
            sums[name].append(len(cells))
        around = sorted({other for name in names for other in meets[name]} - set(names))
        said = " et ".join(names) + (f" sans {' ni '.join(around)}" if around else "")
        part = Cell((said,), count, hidden=True)
        cells.append(hidden(part, k, floor=0) if count < k else part)
    return Table(
        tuple(cells),
        tuple(Sum(place, tuple(sums[cell.key[0]])) for place, cell in enumerate(shown) if sums[cell.key[0]]),
    )


def counted(rows: Iterable[Row], by: Sequence[int], count: int) -> dict[Key, int]:
    """The sum of the column `count` for each key. Raises ValueError for a count that is no whole number."""
    counts: dict[Key, int] = defaultdict(int)
    for row in rows:
        value = row[count]
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"{value!r} does not count people")
        counts[tuple("" if row[at] is None else str(row[at]) for at in by)] += value
    return dict(counts)

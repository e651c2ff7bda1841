"""Compiled: a bus of a half-day as one line of visits; pupils of several schools may be on board together.

A visit is a need (its number) or a school (-1 less its number). `hours` says whether a line can be driven, every visit
as late as it can be; `best_line` where one need more costs the least driving; `try_turns` takes needs off buses and
puts them back where that needs fewer buses, or less driving. Deterministic for a seed.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
FAR = 1 << 60
ROUNDS = 12  # looks at the rides of one line, each of which may bring an arrival forward
LONGEST = 60  # visits of one bus
NONE = -1
WHOLE_BUS = 0.6  # how often a bus is given up as a whole
MOST_TAKEN = 12
WARM, COLD = 240_000.0, 5_000.0  # ms of driving


class Facts(NamedTuple):
    """The half-day in numbers. `need`: node, school, pupils, boarding ms, ride cap ms. `school`: node, first and last
    instant. `doors`: base and per pupil, when pupils leave. `most`: seats, longest day of a driver."""

    ms: Ints
    need: Ints
    school: Ints
    doors: Ints
    most: Ints


class Lines(NamedTuple):
    """The buses: visits, how many of them; `bus` by need."""

    visits: Ints
    size: Ints
    bus: Ints


class Room(NamedTuple):
    """Working memory for one line, by visit; `aboard` by school, `line` for one that is tried. `late`, `gone`: the
    latest instant, and the earliest at which the bus drives on; `since`, `done`: from the first visit until the doors
    open and are closed, without waiting; `load`: who is on board when it comes; `on`, `off`: driving more, for a stop
    and for a school before it."""

    at: Ints
    leave: Ints
    until: Ints
    gets_off: Ints
    aboard: Ints
    line: Ints
    late: Ints
    gone: Ints
    since: Ints
    done: Ints
    load: Ints
    on: Ints
    off: Ints


def new_room(schools: int) -> Room:
    """Working memory for a half-day of so many schools."""
    at, leave, until, gets_off, line, late, gone, since, done, load, on, off = np.zeros((12, LONGEST + 2), np.int64)
    return Room(at, leave, until, gets_off, np.zeros(schools, np.int64), line, late, gone, since, done, load, on, off)


@njit(cache=True, nogil=True)
def node_at(facts: Facts, visit: int) -> int:
    """Where a visit takes place."""
    return int(facts.need[visit, 0]) if visit >= 0 else int(facts.school[-visit - 1, 0])


@njit(cache=True, nogil=True)
def _loads(facts: Facts, line: Ints, size: int, room: Room) -> bool:
    """Everybody gets on before they get off, all get off, and has a seat; says when the doors are closed again."""
    room.aboard[:] = 0
    total = 0
    for i in range(size):
        visit = line[i]
        if visit >= 0:
            total += facts.need[visit, 2]
            room.aboard[facts.need[visit, 1]] += facts.need[visit, 2]
            room.leave[i] = facts.need[visit, 3]
            if total > facts.most[0]:
                return False
        else:
            off = room.aboard[-visit - 1]
            if off == 0:
                return False
            total -= off
            room.aboard[-visit - 1] = 0
            room.leave[i] = facts.doors[0] + facts.doors[1] * off
    return total == 0


@njit(cache=True, nogil=True)
def hours(facts: Facts, line: Ints, size: int, room: Room) -> bool:
    """Whether a line can be driven; `room.at` is then the latest instant of every visit."""
    if size == 0:
        return True
    if not _loads(facts, line, size, room):
        return False
    for i in range(size):
        visit = line[i]
        room.until[i] = facts.school[-visit - 1, 2] if visit < 0 else FAR
        if visit >= 0:
            off = i + 1
            while line[off] != -facts.need[visit, 1] - 1:
                off += 1
            room.gets_off[i] = off
    for _ in range(ROUNDS):
        at = room.until[size - 1]
        for i in range(size - 1, -1, -1):
            if i < size - 1:
                drive = facts.ms[node_at(facts, line[i]), node_at(facts, line[i + 1])]
                at = min(room.until[i], at - drive - room.leave[i])
            room.at[i] = at
            if line[i] < 0 and at < facts.school[-line[i] - 1, 1]:
                return False
        again = False
        for i in range(size):
            if line[i] >= 0:
                off = room.gets_off[i]
                latest = room.at[i] + room.leave[i] + facts.need[line[i], 4]
                if room.at[off] > latest:
                    room.until[off] = min(room.until[off], latest)
                    again = True
        latest = room.at[0] + facts.most[1] - room.leave[size - 1]
        if room.at[size - 1] > latest:
            room.until[size - 1] = min(room.until[size - 1], latest)
            again = True
        if not again:
            return bool(room.at[0] >= 0)
    return False


@njit(cache=True, nogil=True)
def _with(line: Ints, size: int, need: int, board: int, school: int, leave: int, made: Ints) -> int:
    """The line with a need before its visit `board`, and its school before `leave` (NONE: the school is there)."""
    n = 0
    for i in range(size + 1):
        if i == board:
            made[n] = need
            n += 1
        if i == leave:
            made[n] = school
            n += 1
        if i < size:
            made[n] = line[i]
            n += 1
    return n


@njit(cache=True, nogil=True)
def _longer(facts: Facts, line: Ints, size: int) -> int:
    total = 0
    for i in range(size - 1):
        total += facts.ms[node_at(facts, line[i]), node_at(facts, line[i + 1])]
    return int(total)


@njit(cache=True, nogil=True)
def _between(facts: Facts, line: Ints, size: int, place: int, first: int, last: int) -> int:
    """The driving that it costs to go by two nodes (or twice the same) before the visit `place` of a line."""
    more = facts.ms[first, last] if first != last else 0
    if place > 0:
        more += facts.ms[node_at(facts, line[place - 1]), first]
    if place < size:
        more += facts.ms[last, node_at(facts, line[place])]
    if 0 < place < size:
        more -= facts.ms[node_at(facts, line[place - 1]), node_at(facts, line[place])]
    return int(more)


@njit(cache=True, nogil=True)
def _bounds(facts: Facts, line: Ints, size: int, room: Room) -> None:
    """Between which instants each visit of a line may be, as it is; no bounds for a line that cannot be driven."""
    good = hours(facts, line, size, room)
    load = 0
    for i in range(size):
        visit = line[i]
        soon, since = 0, 0
        if i > 0:
            drive = facts.ms[node_at(facts, line[i - 1]), node_at(facts, visit)]
            soon, since = room.gone[i - 1] + drive, room.done[i - 1] + drive
        if visit < 0:
            soon = max(soon, facts.school[-visit - 1, 1])
        room.load[i], room.since[i], room.done[i] = load, since, since + room.leave[i]
        room.late[i] = room.at[i] if good else FAR
        room.gone[i] = soon + room.leave[i] if good else -FAR
        if visit >= 0:
            load += facts.need[visit, 2]
        else:
            for j in range(i):
                if line[j] >= 0 and room.gets_off[j] == i:
                    load -= facts.need[line[j], 2]
    room.load[size] = load


@njit(cache=True, nogil=True)
def best_line(facts: Facts, line: Ints, size: int, need: int, less_than: int, room: Room) -> tuple[int, int, int]:
    """The least driving that one need more costs on a bus (FAR: it cannot take it for less than that), and the places
    of its stop and of its school (NONE: where the bus goes already). What would cost more, and what seats, rides or
    windows forbid at once (a detour is never quicker), is not tried."""
    school = -facts.need[need, 1] - 1
    stop, pupils, boarding, ride = facts.need[need, 0], facts.need[need, 2], facts.need[need, 3], facts.need[need, 4]
    there_node, first, last = facts.school[-school - 1, 0], facts.school[-school - 1, 1], facts.school[-school - 1, 2]
    doors = facts.doors[0] + facts.doors[1] * pupils
    least, on, off = less_than, NONE, NONE
    if size + 2 > LONGEST:
        return FAR, NONE, NONE
    least_on, least_off, least_both = FAR, 0, FAR
    for i in range(size + 1):
        room.on[i] = _between(facts, line, size, i, stop, stop)
        room.off[i] = _between(facts, line, size, i, there_node, there_node)
        least_on, least_off = min(least_on, room.on[i]), min(least_off, room.off[i])
        least_both = min(least_both, _between(facts, line, size, i, stop, there_node))
    if min(least_on + least_off, least_both) >= least:
        return FAR, NONE, NONE
    _bounds(facts, line, size, room)
    for board in range(size + 1):
        if room.load[board] + pupils > facts.most[0]:
            continue
        there = NONE  # the school the bus goes to next, if it does
        for i in range(board, size):
            if line[i] == school:
                there = i
                break
        begun = boarding  # when the doors are closed, at the earliest; and how long it is to the next visit
        if board > 0:
            begun += room.gone[board - 1] + facts.ms[node_at(facts, line[board - 1]), stop]
        next_ms = facts.ms[stop, node_at(facts, line[board])] if board < size else 0
        goes_on = board == size or begun + next_ms <= room.late[board]
        for place in range(board - 1, size + 1):
            if place < board:
                if there == NONE or not goes_on or next_ms + room.since[there] - room.since[board] > ride:
                    continue
                full = False
                for i in range(board, there + 1):
                    full = full or room.load[i] + pupils > facts.most[0]
                if full:
                    continue
                leave, more = NONE, room.on[board]
            else:
                if place > there and there != NONE:
                    break
                latest, leave = last, place
                if place < size:
                    latest = min(last, room.late[place] - doors - facts.ms[there_node, node_at(facts, line[place])])
                if place == board:
                    soon = begun + facts.ms[stop, there_node]
                    more = _between(facts, line, size, board, stop, there_node)
                    if facts.ms[stop, there_node] > ride:
                        break
                else:
                    drive = facts.ms[node_at(facts, line[place - 1]), there_node]
                    soon, more = room.gone[place - 1] + drive, room.on[board] + room.off[place]
                    rides = next_ms + room.done[place - 1] - room.since[board] + drive
                    if not goes_on or room.load[place] + pupils > facts.most[0] or rides > ride:
                        break
                if latest < first or soon > latest:
                    continue
            if more >= least:
                continue
            made = _with(line, size, need, board, school, leave, room.line)
            if hours(facts, room.line, made, room):
                least, on, off = more, board, leave
    return (least, on, off) if on != NONE else (FAR, NONE, NONE)


@njit(cache=True, nogil=True)
def _drop(facts: Facts, lines: Lines, need: int) -> None:
    """The need leaves its bus, and so does its school when nobody gets off there any more."""
    bus = lines.bus[need]
    line, size = lines.visits[bus], lines.size[bus]
    school = -facts.need[need, 1] - 1
    n = 0
    waiting = False
    for i in range(size):
        visit = line[i]
        if visit == need:
            continue
        if visit == school and not waiting:
            continue
        if visit >= 0 and facts.need[visit, 1] == facts.need[need, 1]:
            waiting = True
        elif visit == school:
            waiting = False
        line[n] = visit
        n += 1
    lines.size[bus] = n
    lines.bus[need] = NONE


@njit(cache=True, nogil=True)
def _copy(source: Lines, target: Lines) -> None:
    target.visits[:] = source.visits
    target.size[:] = source.size
    target.bus[:] = source.bus


@njit(cache=True, nogil=True)
def cost_of(facts: Facts, lines: Lines) -> tuple[int, int]:
    """Buses, and driving between their first and last visits."""
    buses, total = 0, 0
    for bus in range(lines.size.shape[0]):
        if lines.size[bus]:
            buses += 1
            total += _longer(facts, lines.visits[bus], lines.size[bus])
    return buses, total


@njit(cache=True, nogil=True)
def _taken(facts: Facts, lines: Lines, near: Ints, taken: Ints) -> int:
    """Take some needs off their buses: all of one bus (few of them first), or those around one. How many."""
    needs = lines.bus.shape[0]
    centre = int(np.random.random() * needs)
    count = 0
    if np.random.random() < WHOLE_BUS:
        bus = lines.bus[centre]
        for _ in range(2):  # of three buses the shortest
            other = lines.bus[int(np.random.random() * needs)]
            if lines.size[other] < lines.size[bus]:
                bus = other
        for i in range(lines.size[bus]):
            if lines.visits[bus, i] >= 0:
                taken[count] = lines.visits[bus, i]
                count += 1
        centre = taken[int(np.random.random() * count)]
    wanted = min(needs, count + 1 + int(np.random.random() * MOST_TAKEN))
    for i in range(near.shape[1]):
        if count >= wanted:
            break
        other = near[centre, i]
        if np.random.random() < 0.5:
            continue
        known = False
        for j in range(count):
            known = known or taken[j] == other
        if not known:
            taken[count] = other
            count += 1
    for i in range(count):
        _drop(facts, lines, taken[i])
    return count


@njit(cache=True, nogil=True)
def _put_back(facts: Facts, lines: Lines, taken: Ints, count: int, room: Room) -> bool:
    """Each need where it costs least driving, an empty bus last; whether every one found a place."""
    for i in range(count):  # in an order of chance
        j = i + int(np.random.random() * (count - i))
        taken[i], taken[j] = taken[j], taken[i]
    for i in range(count):
        need = taken[i]
        least, on, off, bus, empty = FAR, NONE, NONE, NONE, NONE
        for each in range(lines.size.shape[0]):
            if lines.size[each] == 0:
                empty = each
                continue
            more, board, leave = best_line(facts, lines.visits[each], lines.size[each], need, least, room)
            if more < least:
                least, on, off, bus = more, board, leave, each
        if bus == NONE and empty != NONE:
            more, on, off = best_line(facts, lines.visits[empty], 0, need, FAR, room)
            bus = empty if more < FAR else NONE
        if bus == NONE:
            return False
        school = -facts.need[need, 1] - 1
        size = _with(lines.visits[bus], lines.size[bus], need, on, school, off, room.line)
        lines.visits[bus, :size] = room.line[:size]
        lines.size[bus] = size
        lines.bus[need] = bus
    return True


@njit(cache=True, nogil=True)
def sow(seed: int) -> None:
    """Begin a sequence of chance."""
    np.random.seed(seed)


@njit(cache=True, nogil=True)
def try_turns(
    facts: Facts, now: Lines, kept: Lines, best: Lines, near: Ints, room: Room, turns: int, heat: float, cooling: float
) -> float:
    """Some turns more from `kept`; better ones go to `best`. The heat after them."""
    taken = np.empty(kept.bus.shape[0], np.int64)
    buses, cost = cost_of(facts, kept)
    least_buses, least = cost_of(facts, best)
    for _ in range(turns):
        heat *= cooling
        _copy(kept, now)
        count = _taken(facts, now, near, taken)
        if not _put_back(facts, now, taken, count, room):
            continue
        found, driven = cost_of(facts, now)
        if found < buses or (found == buses and driven < cost - heat * np.log(1.0 - np.random.random())):
            buses, cost = found, driven
            _copy(now, kept)
            if found < least_buses or (found == least_buses and driven < least):
                least_buses, least = found, driven
                _copy(now, best)
    return heat

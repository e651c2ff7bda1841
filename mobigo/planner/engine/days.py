"""On which days a journey may be possible at all: RAPTOR over sets of days instead of hours.

A pattern carries on, from a node, the days on which one may be there and on which a run of it may be ridden. Nothing
is said of the hours: a day left out has no journey for sure, one that remains must be searched. Days are bits, those
of 64 in a word.
"""

from datetime import date, timedelta

import numba
import numpy as np

from mobigo.base.servicetime import DAY_S
from mobigo.network.model.timetable import NEVER_S, U64, Timetable
from mobigo.planner.engine.views import Ways, days_active

SLACK_S = 2 * 3600  # a day is 23 to 25 hours long
WORD = 64


def ridden_days(timetable: Timetable, ways: Ways, first_day: date, count: int, duration_s_max: int) -> U64:
    """For each pattern the days, of `count` from `first_day` on, such that who leaves that day may ride it: bit d % 64
    of word d // 64 is day d. `ways` are read forward."""
    length = np.repeat(np.diff(ways.pattern_start), np.diff(ways.run_start))
    leaves_s = ways.run_s.astype(np.int64) + ways.depart_s[ways.run_row]
    arrives_s = ways.run_s.astype(np.int64) + ways.arrive_s[ways.run_row + length - 1]
    # a run of the service day `later` days after the one of leaving is under way between leaving and giving up
    first_later = -((arrives_s + SLACK_S) // DAY_S)
    last_later = (duration_s_max + SLACK_S - leaves_s) // DAY_S
    if not len(leaves_s):
        return np.zeros((len(ways.pattern), -(-count // WORD)), np.uint64)
    least, most = int(first_later.min()), int(last_later.max())
    sets = np.stack([_bits(timetable, first_day + timedelta(days=later), count) for later in range(least, most + 1)])
    found: U64 = _of_patterns(ways.run_start, ways.run_days, first_later - least, last_later - least, sets)
    return found


def _bits(timetable: Timetable, first_day: date, count: int) -> U64:
    """The days of each day set, [set, word]."""
    active = days_active(timetable, [first_day + timedelta(days=n) for n in range(count)])
    padded = np.zeros((-(-count // WORD) * WORD, active.shape[1]), np.bool_)
    padded[:count] = active
    return np.ascontiguousarray(np.packbits(padded, axis=0, bitorder="little").T).view("<u8").astype(np.uint64)


@numba.njit(cache=True, nogil=True)
def _of_patterns(run_start, run_days, first, last, sets):  # type: ignore[no-untyped-def]  # kernel
    """Of each pattern the days of its runs, each shifted by as much as it may lie after the day of leaving."""
    out = np.zeros((len(run_start) - 1, sets.shape[2]), np.uint64)
    for pattern in range(len(run_start) - 1):
        for at in range(run_start[pattern], run_start[pattern + 1]):
            for later in range(first[at], last[at] + 1):
                for word in range(sets.shape[2]):
                    out[pattern, word] |= sets[later, run_days[at], word]
    return out


def possible_days(ways: Ways, ridden: U64, origin: np.ndarray, destination: np.ndarray, rounds: int) -> U64:
    """The days, of those of `ridden`, on which one may get from the nodes `origin` to the nodes `destination` with
    `rounds` vehicles; possibly more, surely none less."""
    there = _days_at(
        ways.pattern_start, ways.pattern_node, ways.can_board, ways.can_alight, *ways.boarded, *ways.foot[:2],
        ways.change_s, ridden, origin, rounds,
    )  # fmt: skip
    found: U64 = np.bitwise_or.reduce(there[destination], axis=0)
    return found


@numba.njit(cache=True, nogil=True)
def _days_at(  # type: ignore[no-untyped-def]  # kernel
    pattern_start, pattern_node, can_board, can_alight, node_start, node_pattern, node_position, foot_start, foot_node,
    change_s, ridden, origin, rounds,
):  # fmt: skip
    """For each node the days on which it may be reached by a vehicle."""
    nodes, words = len(change_s), ridden.shape[1]
    arrive, board = np.zeros((nodes, words), np.uint64), np.zeros((nodes, words), np.uint64)
    is_marked, is_improved = np.zeros(nodes, np.bool_), np.zeros(nodes, np.bool_)
    marked, improved = np.empty(nodes, np.int32), np.empty(nodes, np.int32)
    first_position = np.full(len(pattern_start) - 1, NEVER_S, np.int32)
    queue, aboard = np.empty(len(pattern_start) - 1, np.int32), np.empty(words, np.uint64)
    marks = 0
    for node in origin:
        board[node] = ~np.uint64(0)
        if not is_marked[node]:
            is_marked[node] = True
            marked[marks] = node
            marks += 1
    for _ in range(rounds):
        queued = 0
        for m in range(marks):
            is_marked[marked[m]] = False
            for e in range(node_start[marked[m]], node_start[marked[m] + 1]):
                if first_position[node_pattern[e]] == NEVER_S:
                    queue[queued] = node_pattern[e]
                    queued += 1
                first_position[node_pattern[e]] = min(first_position[node_pattern[e]], node_position[e])
        found = 0
        for q in range(queued):
            pattern = queue[q]
            aboard[:] = 0
            for at in range(pattern_start[pattern] + first_position[pattern], pattern_start[pattern + 1]):
                node = pattern_node[at]
                for word in range(words):
                    if can_alight[at] and aboard[word] & ~arrive[node, word]:
                        arrive[node, word] |= aboard[word]
                        if not is_improved[node]:
                            is_improved[node] = True
                            improved[found] = node
                            found += 1
                    if can_board[at]:
                        aboard[word] |= board[node, word] & ridden[pattern, word]
            first_position[pattern] = NEVER_S
        marks = 0
        for i in range(found):
            is_improved[improved[i]] = False
            for e in range(foot_start[improved[i]] - 1, foot_start[improved[i] + 1]):
                here = e < foot_start[improved[i]]
                node = improved[i] if here else foot_node[e]
                if here and change_s[node] >= NEVER_S:
                    continue
                for word in range(words):
                    if arrive[improved[i], word] & ~board[node, word]:
                        board[node, word] |= arrive[improved[i], word]
                        if not is_marked[node]:
                            is_marked[node] = True
                            marked[marks] = node
                            marks += 1
    return arrive

"""A synthetic population of travellers with a known truth: who got on where, and where each got off."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from billettique.rules.usage import StopAt, Tap

STOPS_A_LINE = 14
APART = 0.01  # degrees of latitude: about 1.1 km between two stops


@dataclass(frozen=True)
class World:
    """Lines that cross in towns, taps in order of token and time, and the true stop of getting off of each tap."""

    ways: dict[str, list[list[StopAt]]]
    taps: list[Tap]
    truth: list[str]


def lines(count: int = 12) -> dict[str, list[list[StopAt]]]:
    """Lines side by side, each in two directions; every fourth stop is in a town where the lines meet."""
    found = {}
    for line in range(count):
        way = []
        for at in range(STOPS_A_LINE):
            town = at % 4 == 0
            place = f"town{at}" if town else f"l{line}s{at}"
            way.append(StopAt(place, 47.0 + at * APART * 3, 5.0 + (0 if town else line * 0.05)))
        found[f"line{line}"] = [way, way[::-1]]
    return found


def population(people: int, seed: int, start: datetime) -> World:
    """Most go and come back by the same line; some change to another one; some travel once; some come back from a
    stop nearby, and some by car."""
    random, ways = Random(seed), lines()
    trips: list[tuple[Tap, str]] = []
    for person in range(people):
        token = f"{person:08x}"
        line = f"line{random.randrange(len(ways))}"
        there = ways[line][0]
        a, b = sorted(random.sample(range(STOPS_A_LINE), 2))
        morning = start + timedelta(minutes=random.randrange(6 * 60, 9 * 60))
        evening = start + timedelta(minutes=random.randrange(16 * 60, 19 * 60))
        kind = random.random()
        if kind < 0.70:  # there and back
            trips.append((Tap(token, morning, line, there[a].place, f"{line}-m"), there[b].place))
            trips.append((Tap(token, evening, line, there[b].place, f"{line}-e"), there[a].place))
        elif kind < 0.80:  # with a change in a town, and back alike
            town = 4 * (1 + b // 5)
            other = f"line{random.randrange(len(ways))}"
            end = min(STOPS_A_LINE - 1, town + random.randrange(1, 4))
            first = min(a, town - 1)
            further = ways[other][0]
            trips += [
                (Tap(token, morning, line, there[first].place, f"{line}-m"), there[town].place),
                (Tap(token, morning + timedelta(minutes=40), other, further[town].place, f"{other}-m"),
                 further[end].place),
                (Tap(token, evening, other, further[end].place, f"{other}-e"), further[town].place),
                (Tap(token, evening + timedelta(minutes=40), line, there[town].place, f"{line}-e"),
                 there[first].place),
            ]  # fmt: skip
        elif kind < 0.88:  # back from a stop next to where one got off
            near = b + 1 if b + 1 < STOPS_A_LINE else b - 1
            trips.append((Tap(token, morning, line, there[a].place, f"{line}-m"), there[b].place))
            if near != a:
                trips.append((Tap(token, evening, line, there[near].place, f"{line}-e"), there[a].place))
        elif kind < 0.92:  # on by car in between: the next getting on says nothing of the getting off before it
            elsewhere = random.choice([at for at in range(STOPS_A_LINE) if at != b])
            trips.append((Tap(token, morning, line, there[a].place, f"{line}-m"), there[b].place))
            trips.append((Tap(token, evening, line, there[elsewhere].place, f"{line}-e"), there[0].place))
        else:  # once, and back by other means
            trips.append((Tap(token, morning, line, there[a].place, f"{line}-m"), there[b].place))
    trips.sort(key=lambda trip: (trip[0].token, trip[0].at))
    return World(ways, [tap for tap, _off in trips], [off for _tap, off in trips])

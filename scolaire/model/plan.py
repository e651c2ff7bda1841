"""A plan: circuits of buses between stops and schools, chained into blocks (a bus's morning), and who is left."""

from dataclasses import dataclass
from enum import StrEnum

from mobigo.base.decisions import Decision


@dataclass(frozen=True, slots=True)
class Board:
    """`pupils` of a need get on (`wheelchairs` of them in a wheelchair) where the doors open at `at_ms`."""

    need: str
    pupils: int
    at_ms: int
    wheelchairs: int = 0


@dataclass(frozen=True, slots=True)
class Leave:
    """All pupils of a school get off at it; the doors open at `at_ms`."""

    school: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Circuit:
    """A bus from its first stop to its last school."""

    id: str
    visits: tuple[Board | Leave, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """The circuits of one bus, in order, from a depot and back. `driver`: who drives them ("": nobody said)."""

    id: str
    vehicle_type: str
    depot: str
    circuits: tuple[str, ...]
    driver: str = ""


@dataclass(frozen=True, slots=True)
class Unserved:
    """Pupils whom the plan does not carry, and why."""

    need: str
    pupils: int
    why: Decision


@dataclass(frozen=True)
class Plan:
    circuits: tuple[Circuit, ...]
    blocks: tuple[Block, ...]
    unserved: tuple[Unserved, ...] = ()


class Rule(StrEnum):
    """What a plan may break."""

    KNOWN = "known"  # every name is one of the problem's, every circuit and block is there once
    SERVED = "served"  # each pupil is carried once, or named as left
    ORDER = "order"  # boards before leaving, nobody stays on board, no school for which nobody is on board
    SEATS = "seats"
    WHEELCHAIRS = "wheelchairs"
    RIDE = "ride"
    WINDOW = "window"
    TIMES = "times"  # driving and doors take the time they take
    SINGLE = "single"  # one school a circuit, where pupils are not mixed
    CHAIN = "chain"  # a bus gets from one circuit to the next
    BLOCK = "block"  # each circuit has exactly one bus
    DEPOT = "depot"
    AMPLITUDE = "amplitude"
    STOP_LEAST = "stop_least"  # enough pupils wait at a stop
    SPACING = "spacing"  # two stops are far enough apart
    FORBIDDEN = "forbidden"  # nobody waits at a forbidden stop
    OBLIGATORY = "obligatory"  # somebody waits at an obligatory one
    REACH = "reach"  # a pupil's stop is one within reach
    LOCK = "lock"  # what was fixed by hand stays so
    COACH = "coach"  # a bus is the same vehicle of the same depot all day
    REST = "rest"  # a driver rests between two days
    CALENDAR = "calendar"  # a half-day of the demand has its plan, and no other


@dataclass(frozen=True, slots=True)
class Fault:
    """One broken rule, where, and in words."""

    rule: Rule
    where: str
    said: Decision

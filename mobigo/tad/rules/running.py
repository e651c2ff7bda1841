"""A round as it runs: what took place, and when what is left is expected. The vehicle goes on from the last visit that
took place, and waits for nobody before the hour that was promised."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from mobigo.base.geo import Point
from mobigo.tad.model.rounds import Problem, Round, Visit
from mobigo.tad.model.services import Place

Happened = Mapping[tuple[str, bool], int]  # (request, pick-up or not) → when, in service time


@dataclass(frozen=True, slots=True)
class Call:
    """A vehicle at a stop of its service: when it is expected there, or was."""

    stop: Place
    at_s: int
    passed: bool


@dataclass(frozen=True, slots=True)
class RunningRound:
    """What may be told of a vehicle's day: its calls at stops, in order, and nothing of who travels. `number`: which of
    the service's vehicles, from 1."""

    service: str
    day: date
    number: int
    calls: tuple[Call, ...]

    @property
    def is_under_way(self) -> bool:
        """Whether it has begun, and has somewhere to go yet."""
        return any(each.passed for each in self.calls) and not all(each.passed for each in self.calls)


def expected(visits: Round, problem: Problem, happened: Happened) -> list[tuple[Visit, int, bool]]:
    """(visit, when, whether it took place) in the order of the round. What did not take place before one that did is
    taken for passed at its planned hour: nobody noted it.

    Without a word of the driver, what is planned stands: no delay is made up.
    """
    last = max((n for n, each in enumerate(visits) if (each.request, each.pickup) in happened), default=-1)
    told: list[tuple[Visit, int, bool]] = []
    here: Point | None = None
    free_s = 0
    for number, visit in enumerate(visits):
        asked = problem.requests[visit.request]
        there = asked.origin if visit.pickup else asked.destination
        if number <= last:
            at_s = happened.get((visit.request, visit.pickup), visit.at_s)
        elif here is None:
            at_s = visit.at_s
        else:
            at_s = max(visit.at_s, free_s + problem.travel.time_s(here, there))
        if told:
            at_s = max(at_s, told[-1][1])
        told.append((visit, at_s, number <= last))
        if number >= last and last >= 0:
            here, free_s = there, at_s + problem.board_s
    return told


def calls_of(told: list[tuple[Visit, int, bool]], stops: Mapping[tuple[str, bool], Place]) -> tuple[Call, ...]:
    """The calls at stops of the service. `stops`: where each visit is; a visit at a door is not in it, and is left out.

    Several visits at one stop, one after the other, are one call: how many people get in or out is nobody's business.
    """
    made: list[Call] = []
    before: Place | None = None
    for visit, at_s, passed in told:
        stop = stops.get((visit.request, visit.pickup))
        if stop is not None and stop != before:
            made.append(Call(stop, at_s, passed))
        elif stop is not None:
            made[-1] = Call(stop, made[-1].at_s, passed)
        before = stop
    return tuple(made)

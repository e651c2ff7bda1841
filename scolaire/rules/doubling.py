"""Two coaches on one service: who takes which, and whether everybody has a place. Pure."""

from collections.abc import Collection
from dataclasses import replace

from scolaire.model.plan import Board, Circuit
from scolaire.model.problem import Problem
from scolaire.rules.kpi import peak


def only(circuit: Circuit, stops: Collection[str], problem: Problem) -> Circuit:
    """A circuit as the coach drives it that serves these stops alone (all of them for none): the same hours, the
    schools that its pupils go to."""
    if not stops:
        return circuit
    kept = [each for each in circuit.visits if isinstance(each, Board) and problem.need_of[each.need].stop in stops]
    to = {problem.need_of[each.need].school for each in kept}
    visits = tuple(
        each for each in circuit.visits if each in kept or (not isinstance(each, Board) and each.school in to)
    )  # fmt: skip
    return replace(circuit, visits=visits)


def aboard(circuit: Circuit) -> tuple[int, int]:
    """How many pupils are registered on board at most, and how many of all take a wheelchair place."""
    return peak(circuit), sum(each.wheelchairs for each in circuit.visits if isinstance(each, Board))

"""Readers of the two published benchmarks of school transport, as `scolaire` problems.

Park, Tae and Kim (2012): several schools, fewest buses. Feet, Manhattan, 20 miles an hour; 19 s and 2.6 s a pupil to
board, 154.4 s to leave (as the published single-load figures take it, whatever the load); 66 seats; one depot.
"""

import csv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scolaire.model.plan import Block, Board, Circuit, Leave, Plan
from scolaire.model.problem import Depot, Handling, Need, Problem, School, Travel, VehicleType
from scolaire.model.stops import StopProblem

FEET_A_SECOND = 88 / 3  # 20 miles an hour
METRES_A_FOOT = 0.3048
HANDLING = Handling(board_ms=19_000, board_pupil_ms=2_600, leave_always_ms=154_400)
BUS = VehicleType("bus", seats=66)
DEPOT = (105_600.0, 105_600.0)


@dataclass(frozen=True)
class Park:
    """The files of the benchmark: a folder, or the archive that holds it."""

    path: Path

    def text(self, name: str) -> str:
        if self.path.is_dir():
            return (self.path / name).read_text()
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(f"park/{name}").decode()

    def names(self) -> list[str]:
        """The instances, in order."""
        if self.path.is_dir():
            return sorted(each.name for each in (self.path / "input").iterdir())
        with zipfile.ZipFile(self.path) as archive:
            parts = [each.split("/") for each in archive.namelist() if each.startswith("park/input/")]
        return sorted({each[2] for each in parts if len(each) > 3})

    def problem(self, name: str, cap_s: int, *, windows: bool = False, mixed: bool = False) -> Problem:
        """One instance. Without `windows` every bus reaches a school at the first minute of its window."""
        schools = [line.split() for line in self.text(f"input/{name}/Schools.txt").splitlines()[1:] if line.strip()]
        stops = [line.split() for line in self.text(f"input/{name}/Stops.txt").splitlines()[1:] if line.strip()]
        places = np.array([DEPOT, *((float(row[1]), float(row[2])) for row in (*schools, *stops))])
        feet = np.abs(places[:, None, :] - places[None, :, :]).sum(axis=2)
        travel = Travel(
            np.rint(feet / FEET_A_SECOND * 1000).astype(np.int32), np.rint(feet * METRES_A_FOOT).astype(np.int32)
        )
        return Problem(
            travel,
            tuple(
                School(row[0], 1 + n, clock_ms(row[3]), clock_ms(row[4] if windows else row[3]))
                for n, row in enumerate(schools)
            ),
            tuple(
                Need(row[0], row[0], 1 + len(schools) + n, row[3], int(row[4]), cap_s * 1000)
                for n, row in enumerate(stops)
            ),
            (BUS,),
            (Depot("depot", 0),),
            HANDLING,
            mixed=mixed,
        )

    def published_circuits(self, name: str, cap_s: int) -> list[tuple[str, list[str]]]:
        """The circuits of a published single-load solution: the school, and its stops in order."""
        lines = self.text(f"published-routes/{cap_s}/SBRP_{name}.txt").splitlines()
        rows = [line.split() for line in lines[lines.index("NODE_COORD_SECTION") + 1 :]]
        return [(row[7], row[10:]) for row in rows if len(row) > 10 and row[0] != "0"]

    def published_count(self, name: str, cap_s: int, method: str) -> int:
        """How many buses were published: `combined` is the best single-load figure, `Chen` that of the routes."""
        for row in csv.DictReader(self.text("bird-bus-counts.csv").splitlines()):
            if row["benchmark"] == name and row["exp_name"] == method and float(row["max_riding_time"]) == cap_s:
                return int(row["buses"])
        raise KeyError((name, cap_s, method))


def clock_ms(text: str) -> int:
    """`710` is ten past seven."""
    return (int(text) // 100 * 60 + int(text) % 100) * 60_000


def latest(problem: Problem, school: str, needs: list[str], name: str, arrives_ms: int | None = None) -> Circuit:
    """The circuit through these stops that leaves each as late as it can, reaching its school at `arrives_ms`."""
    at_ms = problem.school_of[school].first_ms if arrives_ms is None else arrives_ms
    visits: list[Board | Leave] = [Leave(school, at_ms)]
    node = problem.school_of[school].node
    for name in reversed(needs):
        need = problem.need_of[name]
        at_ms -= int(problem.travel.ms[need.node, node]) + problem.handling.boarding(need.pupils)
        visits.append(Board(name, need.pupils, at_ms))
        node = need.node
    return Circuit(name, tuple(reversed(visits)))


def one_bus_a_circuit(circuits: list[Circuit]) -> Plan:
    """A plan that nobody would drive, for what is judged circuit by circuit."""
    return Plan(tuple(circuits), tuple(Block(f"b-{each.id}", "bus", "depot", (each.id,)) for each in circuits))


@dataclass(frozen=True)
class Schittekat:
    """The published instances of stop selection: one school, walking limit, seats, length of closed tours."""

    path: Path

    def rows(self) -> list[dict[str, str]]:
        """What was published of each instance: its file, sizes, the cost and seconds of the heuristic of 2013."""
        with zipfile.ZipFile(self.path) as archive:
            name = next(each for each in archive.namelist() if each.endswith("published-costs.csv"))
            return list(csv.DictReader(archive.read(name).decode().splitlines()))

    def problem(self, file: str) -> StopProblem:
        with zipfile.ZipFile(self.path) as archive:
            name = next(each for each in archive.namelist() if each.endswith("/" + file) or each == file)
            lines = [line.split() for line in archive.read(name).decode().splitlines() if line.strip()]
        _, pupils, _, seats, walk = (float(value) for value in lines[0][:5])
        points = np.array([[float(value) for value in line[-2:]] for line in lines[1:]])
        stops, homes = points[: -int(pupils)], points[-int(pupils) :]
        costs = np.sqrt(((stops[:, None] - stops[None]) ** 2).sum(axis=2))
        near = np.sqrt(((homes[:, None] - stops[None]) ** 2).sum(axis=2)) <= walk
        near[:, 0] = False
        return StopProblem(costs, tuple(tuple(np.nonzero(row)[0].tolist()) for row in near), int(seats))

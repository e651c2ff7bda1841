"""A way through a station in words: what one follows, climbs, takes and passes. Decisions; the sentences are in the
catalogues."""

from collections.abc import Sequence
from dataclasses import dataclass

from mobigo.base.decisions import Decision
from mobigo.network.engine.pathways import Hop, pathway_at
from mobigo.network.model.pathways import PathwayMode, Stations
from mobigo.network.rules.pathways import Pathway

CORRIDOR_M = 10  # a walkway without a sign is told from that length on


@dataclass(frozen=True, slots=True)
class StationStep:
    """One instruction, for the next `length_m` metres on foot."""

    what: Decision
    length_m: int


def steps_within(stations: Stations, hops: Sequence[Hop]) -> list[StationStep]:
    """The instructions of a way. A sign is told where it is first to be followed; a few metres without one are no
    instruction: they count with what precedes them, or follows."""
    found: list[StationStep] = []
    sign_now, waiting_m = "", 0
    for hop in hops:
        signs = stations.pathway_back_sign if hop.back else stations.pathway_sign
        sign = signs[hop.pathway]
        said: Decision | None = None
        if sign and sign != sign_now:
            sign_now, said = sign, Decision("pathways.sign", sign=sign)
        what = _what(stations, hop)
        if said is not None and what is not None:
            found.append(StationStep(said, waiting_m))
            waiting_m, said = 0, None
        step = said or what
        if step is None and hop.length_m >= CORRIDOR_M and not (found and found[-1].what.code in _WALKED):
            step = Decision("pathways.corridor")
        if step is not None:
            found.append(StationStep(step, hop.length_m + waiting_m))
            waiting_m = 0
        elif found:
            found[-1] = StationStep(found[-1].what, found[-1].length_m + hop.length_m)
        else:
            waiting_m += hop.length_m
    if waiting_m:
        found.append(StationStep(Decision("pathways.corridor"), waiting_m))
    return found


_WALKED = ("pathways.sign", "pathways.corridor")


def _what(stations: Stations, hop: Hop) -> Decision | None:
    """What one does there; None for a walkway."""
    told = pathway_at(stations, hop.pathway)
    match told.mode:
        case PathwayMode.STAIRS:
            code = f"pathways.stairs{_turn(told, hop.back)}"
            steps = abs(told.steps or 0)
            return Decision(f"{code}_of", steps=steps) if steps > 1 else Decision(code)
        case PathwayMode.ESCALATOR:
            return Decision(f"pathways.escalator{_turn(told, hop.back)}")
        case PathwayMode.MOVING_SIDEWALK:
            return Decision("pathways.moving_sidewalk")
        case PathwayMode.LIFT:
            level = int(stations.inside_level[hop.end])
            name = stations.level_name[level] if level >= 0 else ""
            return Decision("pathways.lift_to", level=name) if name else Decision("pathways.lift")
        case PathwayMode.FARE_GATE:
            return Decision("pathways.gates")
        case PathwayMode.EXIT_GATE:
            return Decision("pathways.exit_gates")
    return None


def _turn(told: Pathway, back: bool) -> str:
    """Up or down: as its steps are counted, else by its levels; not said where nothing tells."""
    rises = told.levels or told.steps or 0
    if not rises:
        return ""
    return "_up" if (rises > 0) is not back else "_down"

"""What is reached from a place, as GeoJSON (RFC 7946), with the communes whose centre is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import shapely

from mobigo.network.model.places import Commune
from mobigo.planner.engine.areas import ReachedAreas
from mobigo.planner.engine.reach import METRES_A_DEGREE

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReachedCommune:
    """A commune, and how many minutes after leaving one is at its centre."""

    commune: Commune
    minutes: int


def communes_reached(found: ReachedAreas, communes: Sequence[Commune], minutes_max: int) -> list[ReachedCommune]:
    """The communes whose centre is reached, the soonest first."""
    timed = ((commune, found.grid.at(commune.lat, commune.lon)) for commune in communes)
    out = [ReachedCommune(commune, -(-seconds // 60)) for commune, seconds in timed if seconds is not None]
    return sorted(
        (each for each in out if each.minutes <= minutes_max), key=lambda each: (each.minutes, each.commune.insee)
    )


def areas_json(found: ReachedAreas, minutes: Sequence[int], communes: Sequence[ReachedCommune]) -> Json:
    """A feature for each bound; beside them the communes, each once."""
    return {
        "type": "FeatureCollection",
        "along_streets": found.along_streets,
        "cell_m": round(found.grid.high * METRES_A_DEGREE),
        "features": [
            {
                "type": "Feature",
                "geometry": orjson.loads(shapely.to_geojson(shapely.transform(shape, lambda at: np.round(at, 5)))),
                "properties": {
                    "minutes": bound,
                    "communes": sum(each.minutes <= bound for each in communes),
                    "population": sum(each.commune.population for each in communes if each.minutes <= bound),
                },
            }
            for bound, shape in zip(minutes, found.areas, strict=True)
        ],
        "communes": [
            {
                "insee": each.commune.insee,
                "name": each.commune.name,
                "minutes": each.minutes,
                "population": each.commune.population,
            }
            for each in communes
        ],
    }

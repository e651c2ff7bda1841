"""A comparison of a scenario with what runs, as a document of plain values that pages read back; and as CSV."""

import csv
import io
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import shapely

from mobigo.base.sheets import guarded
from mobigo.network.model.places import Commune
from mobigo.planner.engine.areas import ReachedAreas
from mobigo.planner.engine.production import Production
from mobigo.planner.export.areas import Frame
from mobigo.planner.rules.compared import Compared

Json = dict[str, Any]
FORMAT = 1


def access_json(found: Compared) -> Json:
    """What each commune reaches; `compared_of` reads it."""
    return {
        "kinds": list(found.kinds),
        "bounds_min": list(found.bounds_min),
        "communes": [
            [each.insee, each.name, each.population, found.before[n].tolist(), found.after[n].tolist()]
            for n, each in enumerate(found.communes)
        ],
    }


def compared_of(told: Json) -> Compared:
    """What `access_json` was given; of the communes their code, name and people."""
    rows, shape = told["communes"], (len(told["communes"]), len(told["kinds"]), len(told["bounds_min"]))
    communes = tuple(Commune(insee, name, 0.0, 0.0, people) for insee, name, people, _before, _after in rows)
    sides = [np.array([row[column] for row in rows], np.float64).reshape(shape) for column in (3, 4)]
    return Compared(communes, tuple(told["kinds"]), tuple(told["bounds_min"]), *sides)


def production_json(found: Production) -> Json:
    """Runs, vehicle-kilometres and drivers' hours."""
    return {
        "runs": found.runs,
        "vehicle_km": round(found.vehicle_m / 1000, 1),
        "driver_h": round(found.driven_s / 3600, 1),
    }


def cost_json(day: Sequence[Production], whole: Sequence[Production], first_day: date, last_day: date) -> Json:
    """What both timetables take, (before, after) of the day and of the whole period."""
    return {
        "day": [production_json(each) for each in day],
        "all": [production_json(each) for each in whole],
        "first_day": first_day.isoformat(),
        "last_day": last_day.isoformat(),
    }


def areas_drawn(before: ReachedAreas, after: ReachedAreas, outlines: Json) -> Json:
    """Both areas and their difference in one frame, as SVG paths; and their sizes in square kilometres."""
    then, now = before.areas[-1], after.areas[-1]
    kept, gained, lost = (
        _solid(shapely.intersection(then, now)),
        _solid(shapely.difference(now, then)),
        _solid(shapely.difference(then, now)),
    )
    frame = Frame(*shapely.union_all([then, now]).bounds)
    shapes = {"before": then, "after": now, "kept": kept, "gained": gained, "lost": lost}
    return {
        "height": frame.height,
        "outlines": frame.outlines(outlines),
        "along_streets": after.along_streets,
        **{name: frame.path(shape) for name, shape in shapes.items()},
        "km2": {name: round(_km2(shape), 1) for name, shape in shapes.items()},
    }


def _solid(shape: shapely.Geometry) -> shapely.Geometry:
    """The polygons of a shape: where two areas only touch, lines are left."""
    return shapely.MultiPolygon([part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"])


def _km2(shape: shapely.Geometry) -> float:
    if shape.is_empty:
        return 0.0
    _west, south, _east, north = shape.bounds
    return float(shape.area * 111.195**2 * np.cos(np.radians((south + north) / 2)))


def access_csv(found: Compared, heads: Sequence[str], kind_names: dict[str, str], words: tuple[str, str]) -> str:
    """A row a commune: its code, name and people, then for each kind and bound what was reached and what is. `heads`
    are the first three headings, `words` those of before and after."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    columns = [
        f"{kind_names[kind]} {minutes} min {word}"
        for kind in found.kinds
        for minutes in found.bounds_min
        for word in words
    ]
    writer.writerow([guarded(each) for each in (*heads, *columns)])
    for n, commune in enumerate(found.communes):
        cells = [
            round(float(side[n, k, b]))
            for k in range(len(found.kinds))
            for b in range(len(found.bounds_min))
            for side in (found.before, found.after)
        ]
        writer.writerow([guarded(commune.insee), guarded(commune.name), commune.population, *cells])
    return out.getvalue()

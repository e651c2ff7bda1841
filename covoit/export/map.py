"""A line as GeoJSON (RFC 7946), in the shape that the planner's map draws: one ride, its stops with their names."""

from typing import Any, Final

from covoit.model.lines import Line

COLOUR: Final = "#8a6a00"  # mustard, dark enough on paper


def map_of_line(line: Line) -> dict[str, Any]:
    """The stops in order, and one stroke through them: no street is drawn, the car takes the usual road."""
    along = [[stop.point.lon, stop.point.lat] for stop in line.stops]
    stroke = {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": along},
        "properties": {"kind": "ride", "journey": 0, "name": line.name, "color": COLOUR},
    }
    stops = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": at},
            "properties": {"kind": "change", "journey": 0, "name": stop.name},
        }
        for stop, at in zip(line.stops, along, strict=True)
    ]
    return {"type": "FeatureCollection", "features": [stroke, *stops]}

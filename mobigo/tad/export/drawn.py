"""Pictures (SVG): a day's rounds, places by name, each vehicle's way in its own dash; the zones of a service, to draw
on. Readable in grey; the tables and the text beside them say the same."""

from collections.abc import Sequence
from html import escape
from math import cos, radians
from typing import Final

from mobigo.base.geo import Point
from mobigo.tad.model.services import Zone

WIDTH, HEIGHT, EDGE = 640, 400, 56
DASHES: Final = ("none", "12 5", "3 4", "14 4 3 4", "7 3", "2 7")
Way = tuple[str, Sequence[Point]]  # the vehicle's name, and where it goes in order


def drawn(ways: Sequence[Way], places: Sequence[tuple[str, Point]], title: str) -> str:
    """The picture. `places` are named once each, where they lie."""
    points = [point for _name, way in ways for point in way] + [point for _name, point in places]
    if not points:
        return ""
    south, north = min(p.lat for p in points), max(p.lat for p in points)
    west, east = min(p.lon for p in points), max(p.lon for p in points)
    wide = cos(radians((south + north) / 2))
    scale = min(
        (WIDTH - 2 * EDGE) / max((east - west) * wide, 1e-6), (HEIGHT - 2 * EDGE) / max(north - south, 1e-6)
    )  # fmt: skip

    def at(point: Point) -> str:
        x = WIDTH / 2 + ((point.lon - (west + east) / 2) * wide) * scale
        y = HEIGHT / 2 - (point.lat - (south + north) / 2) * scale
        return f"{x:.0f},{y:.0f}"

    parts = [
        f'<svg class="tad-map" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title, quote=True)}" '
        'xmlns="http://www.w3.org/2000/svg">'
    ]
    for number, (name, way) in enumerate(ways):
        if len(way) > 1:
            dash = DASHES[number % len(DASHES)]
            parts.append(
                f'<polyline class="way way-{number % len(DASHES)}" points="{" ".join(map(at, way))}" '
                f'stroke-dasharray="{dash}"><title>{escape(name)}</title></polyline>'
            )
    for name, point in places:
        x, y = at(point).split(",")
        parts.append(f'<circle cx="{x}" cy="{y}" r="5"/><text x="{int(x) + 9}" y="{int(y) + 4}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>"])


def drawn_zones(zones: Sequence[Zone], places: Sequence[tuple[str, Point]], title: str) -> str:
    """The zones and the stops of a service. `data-west`, `data-north`, `data-step` say where a point of the picture
    lies, for who draws on it: west + x × step / wide, north - y × step (degrees; `data-wide`: a degree of longitude
    beside one of latitude). Around nothing, the middle of the Region."""
    points = [*(point for zone in zones for point in zone.ring), *(point for _name, point in places)]
    points = points or [Point(47.0, 4.6), Point(47.5, 5.6)]
    south, north = min(p.lat for p in points), max(p.lat for p in points)
    west, east = min(p.lon for p in points), max(p.lon for p in points)
    wide = cos(radians((south + north) / 2))
    room_x, room_y = WIDTH - 4 * EDGE, HEIGHT - 4 * EDGE  # more around than `drawn` leaves: one draws outwards
    step = max((east - west) * wide / room_x, (north - south) / room_y, 0.0001)
    left, top = (west + east) / 2 - WIDTH / 2 * step / wide, (south + north) / 2 + HEIGHT / 2 * step

    def at(point: Point) -> tuple[float, float]:
        return (point.lon - left) * wide / step, (top - point.lat) / step

    parts = [
        f'<svg class="tad-map tad-zones" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(title, quote=True)}" data-west="{left:.6f}" data-north="{top:.6f}" '
        f'data-step="{step:.8f}" data-wide="{wide:.6f}" xmlns="http://www.w3.org/2000/svg">'
    ]
    for number, zone in enumerate(zones):
        ring = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(at, zone.ring))
        parts.append(
            f'<polygon class="zone way-{number % len(DASHES)}" points="{ring}" '
            f'stroke-dasharray="{DASHES[number % len(DASHES)]}"><title>{escape(zone.name)}</title></polygon>'
        )
    for name, point in places:
        x, y = at(point)
        parts.append(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="4"><title>{escape(name)}</title></circle>')
    return "\n".join([*parts, "</svg>"])

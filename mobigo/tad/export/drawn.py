"""The map of a day's rounds as a picture (SVG): places by name, each vehicle's way in its own dash, readable in grey.
The tables beside it say the same."""

from collections.abc import Sequence
from html import escape
from math import cos, radians
from typing import Final

from mobigo.base.geo import Point

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

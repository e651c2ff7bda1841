"""A small drawing of points and of the way between them, as SVG: no tile, no request, readable in grey.

What it shows is also written beside it.
"""

from collections.abc import Sequence
from html import escape
from math import cos, radians
from typing import Final

from mobigo.base.geo import Point

WIDTH, HEIGHT, EDGE = 420, 240, 36
_SIGNS: Final = {"home": "M-8 6V-2L0 -9L8 -2V6Z", "school": "M-8 -7H8V7H-8Z", "stop": "M0 -8A8 8 0 1 1 -.01 -8Z"}


def way_svg(points: Sequence[tuple[str, str, Point]], way: Sequence[Point], title: str) -> str:
    """`points`: (kind, label, where), kind among home, school, stop. `way`: drawn as a line. North is up."""
    everything = [*(point for _kind, _label, point in points), *way]
    if not everything:
        return ""
    middle = radians(sum(point.lat for point in everything) / len(everything))
    xs = [point.lon * cos(middle) for point in everything]
    ys = [point.lat for point in everything]
    span = max(max(xs) - min(xs), (max(ys) - min(ys)) * (WIDTH - 2 * EDGE) / (HEIGHT - 2 * EDGE), 1e-6)
    scale = (WIDTH - 2 * EDGE) / span

    def at(point: Point) -> tuple[float, float]:
        x = WIDTH / 2 + (point.lon * cos(middle) - (max(xs) + min(xs)) / 2) * scale
        return x, HEIGHT / 2 - (point.lat - (max(ys) + min(ys)) / 2) * scale

    drawn = [
        f'<svg class="way-map" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title, quote=True)}" '
        'xmlns="http://www.w3.org/2000/svg">'
    ]
    if len(way) > 1:
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(at, way))
        drawn.append(
            f'<polyline points="{line}" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="7 5"/>'
        )
    for kind, label, point in points:
        x, y = at(point)
        anchor, shift = ("end", -14) if x > WIDTH / 2 else ("start", 14)
        drawn.append(
            f'<g transform="translate({x:.1f} {y:.1f})"><path d="{_SIGNS[kind]}" fill="currentColor"/>'
            f'<text x="{shift}" y="5" text-anchor="{anchor}" font-size="15" fill="currentColor">'
            f"{escape(label[:40])}</text></g>"
        )
    return "".join([*drawn, "</svg>"])

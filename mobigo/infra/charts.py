"""Charts as SVG files: one idea each, labelled directly, readable in grey; the table stands beside, in the page.

Drawn by altair and vl-convert, imported at the first chart: they are heavy, and most processes never draw. A chart is
an image of its own, so that it is cached apart and no style of the page is needed; `dark` gives its twin.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Literal

from mobigo.infra.i18n import current_language

_LIGHT: Final = {"ink": "#1e1a17", "ink2": "#5b5149", "hair": "#e3dace"}
_DARK: Final = {"ink": "#f3ede6", "ink2": "#b9ada1", "hair": "#3a322c"}
_SERIES: Final = {
    False: ("#7b1e3b", "#f2b705", "#0b5d4b", "#8c7f72"),
    True: ("#e58ba6", "#f2b705", "#6fcfb4", "#8d8075"),
}
_LOCALES: Final[Mapping[str, Literal["fr-FR", "en-GB"]]] = {"fr": "fr-FR", "en": "en-GB"}
FONT: Final = "system-ui, sans-serif"


def bars(
    rows: Sequence[tuple[str, str, float]], *, unit: str, stacked: bool = False, dark: bool = False,
    width_px: int = 640, height_px: int = 220,
) -> bytes:  # fmt: skip
    """Bars by group (what stands on the axis, in the order given) and series. `rows`: (group, series, value).

    Returns the bytes of an SVG, its numbers as the reader's language writes them. Same rows, same bytes.
    """
    return _drawn(tuple(rows), unit, stacked, dark, width_px, height_px, current_language())


@lru_cache(maxsize=64)
def _drawn(
    rows: tuple[tuple[str, str, float], ...],
    unit: str,
    stacked: bool,
    dark: bool,
    width_px: int,
    height_px: int,
    language: str,
) -> bytes:
    import altair as alt
    import vl_convert

    ground: Mapping[str, str] = _DARK if dark else _LIGHT
    groups = list(dict.fromkeys(row[0] for row in rows))
    series = list(dict.fromkeys(row[1] for row in rows))
    values = [{"group": group, "series": name, "value": value} for group, name, value in rows]
    axis = alt.Axis(title=unit, grid=True, tickCount=5, titlePadding=20)  # beside wide figures, in any font
    encoding: dict[str, Any] = {
        "x": alt.X("group:N", sort=groups, axis=alt.Axis(title=None, labelAngle=0, labelLimit=140)),
        "y": alt.Y("value:Q", axis=axis, stack="zero" if stacked else None),
        "color": alt.Color(
            "series:N",
            sort=series,
            scale=alt.Scale(domain=series, range=list(_SERIES[dark][: len(series)])),
            legend=None if len(series) < 2 else alt.Legend(title=None, orient="top"),
        ),
    }
    if not stacked and len(series) > 1:
        encoding["xOffset"] = alt.XOffset("series:N", sort=series)
    chart = (
        alt.Chart(alt.InlineData(values=values), width=width_px, height=height_px, background="transparent")
        .mark_bar(stroke=ground["ink"], strokeWidth=0.5)
        .encode(**encoding)
        .configure(font=FONT)
        .configure_axis(
            labelColor=ground["ink2"], titleColor=ground["ink2"], gridColor=ground["hair"], domainColor=ground["ink2"],
            tickColor=ground["ink2"], labelFontSize=13, titleFontSize=13,
        )
        .configure_legend(labelColor=ground["ink"], labelFontSize=14, columnPadding=32)
        .configure_view(stroke=None)
    )  # fmt: skip
    svg: str = vl_convert.vegalite_to_svg(chart.to_dict(), format_locale=_LOCALES[language])
    return svg.encode()

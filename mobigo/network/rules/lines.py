"""Rules on agencies, routes and the trips that use them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from mobigo.network.rules.view import View

SHORT_NAME_CHARS_MAX = 12  # MobilityData: route_short_name_too_long
CONTRAST_LUMA_MIN = 72  # MobilityData: route_color_contrast, in ITU-R BT.601 luma


def check(view: View, zone: str | None) -> None:
    """Every rule of this file. `zone` is the network's time zone: a feed of another is refused; None accepts any."""
    if view.height("agency"):
        _agencies(view, zone)
    if view.height("routes"):
        _names(view)
        _colors(view)
        _use(view)
    if view.height("attributions"):
        roles = [
            view.column("attributions", name).whole == 1 for name in ("is_producer", "is_operator", "is_authority")
        ]
        view.tell(
            "attribution_without_role",
            "attributions",
            np.flatnonzero(~np.stack(roles).any(axis=0)),
            "organization_name",
        )


def _agencies(view: View, zone: str | None) -> None:
    zones = view.column("agency", "agency_timezone")
    given = [value for value in zones.texts if value]
    if len(given) > 1:
        view.tell(
            "inconsistent_agency_timezone",
            "agency",
            zones.rows_where(lambda value: value not in ("", given[0])),
            "agency_timezone",
            expected=given[0],
        )
    for code in given:
        if zone is not None and not same_zone(code, zone):
            row = int(zones.rows_of([zones.code_of[code]])[0])
            line = int(view.tables["agency"]["_line"][row])
            view.found.add(
                "mobigo_wrong_timezone", "agency.txt", line, "agency_timezone", code, expected=zone, blocking=True
            )
    languages = view.column("agency", "agency_lang")
    spoken = [value for value in languages.texts if value]
    if len({value.lower() for value in spoken}) > 1:
        view.tell(
            "inconsistent_agency_lang",
            "agency",
            languages.rows_where(lambda value: value not in ("", spoken[0])),
            "agency_lang",
            expected=spoken[0],
        )
    ids = view.column("agency", "agency_id")
    if view.height("agency") > 1:
        view.tell("missing_required_agency_id", "agency", np.flatnonzero(ids.is_blank), "agency_id")
        if view.height("routes"):
            view.tell(
                "missing_required_agency_id",
                "routes",
                np.flatnonzero(view.column("routes", "agency_id").is_blank),
                "agency_id",
                with_=("route_id",),
            )
        used = set(view.column("routes", "agency_id").texts) if view.height("routes") else set()
        view.tell(
            "unused_agency", "agency", ids.rows_where(lambda value: value != "" and value not in used), "agency_id"
        )


def same_zone(one: str, other: str) -> bool:
    """Whether two names mean one time zone: the same name, or clocks that never differed from 1900 to 2037,
    as US/Pacific and America/Los_Angeles. Zurich's and Paris's have."""
    if one == other:
        return True
    try:
        here, there = ZoneInfo(one), ZoneInfo(other)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    weeks = (datetime(1900, 1, 1) + timedelta(weeks=week) for week in range(7_200))  # noqa: DTZ001 - a clock's reading
    return all(here.utcoffset(week) == there.utcoffset(week) for week in weeks)


def _names(view: View) -> None:
    short, long = view.column("routes", "route_short_name"), view.column("routes", "route_long_name")
    with_ = ("route_id",)
    view.tell(
        "route_both_short_and_long_name_missing",
        "routes",
        np.flatnonzero(short.is_blank & long.is_blank),
        "route_short_name",
        with_=with_,
    )
    view.tell(
        "route_short_name_too_long",
        "routes",
        short.rows_where(lambda value: len(value) > SHORT_NAME_CHARS_MAX),
        "route_short_name",
        with_=with_,
    )
    contains, described, repeated, seen = [], [], [], set()
    agency, kind, desc = (
        view.column("routes", "agency_id"),
        view.column("routes", "route_type"),
        view.column("routes", "route_desc"),
    )
    for row in range(view.height("routes")):
        brief, full = short.texts[short.codes[row]], long.texts[long.codes[row]]
        text = desc.texts[desc.codes[row]]
        if (
            brief
            and full.lower().startswith(brief.lower())
            and full[len(brief) : len(brief) + 1] in ("", " ", "(", "-")
        ):
            contains.append(row)
        if text and text.lower() in (brief.lower(), full.lower()):
            described.append(row)
        name = brief, full, kind.codes[row], agency.codes[row]
        if (brief or full) and name in seen:
            repeated.append(row)
        seen.add(name)
    view.tell(
        "route_long_name_contains_short_name",
        "routes",
        np.array(contains, np.int64),
        "route_long_name",
        with_=("route_id", "route_short_name"),
    )
    view.tell("same_name_and_description_for_route", "routes", np.array(described, np.int64), "route_desc", with_=with_)
    view.tell(
        "duplicate_route_name",
        "routes",
        np.array(repeated, np.int64),
        "route_long_name",
        with_=("route_id", "route_short_name"),
    )
    if view.has("routes", "route_url") and view.has("agency", "agency_url"):
        theirs = set(view.column("agency", "agency_url").texts) - {""}
        view.tell(
            "same_route_and_agency_url",
            "routes",
            view.column("routes", "route_url").rows_where(theirs.__contains__),
            "route_url",
            with_=with_,
        )


def _colors(view: View) -> None:
    if not view.has("routes", "route_color", "route_text_color"):
        return
    ground, text = view.column("routes", "route_color"), view.column("routes", "route_text_color")
    rows = []
    for row in range(view.height("routes")):
        below, above = luma(ground.texts[ground.codes[row]]), luma(text.texts[text.codes[row]])
        if below is not None and above is not None and abs(below - above) < CONTRAST_LUMA_MIN:
            rows.append(row)
    view.tell(
        "route_color_contrast",
        "routes",
        np.array(rows, np.int64),
        "route_text_color",
        with_=("route_id", "route_color"),
    )


def luma(color: str) -> float | None:
    """How light a colour `RRGGBB` is, 0 to 255 (ITU-R BT.601); None when it is not one."""
    if len(color) != 6:
        return None
    try:
        red, green, blue = (int(color[at : at + 2], 16) for at in (0, 2, 4))
    except ValueError:
        return None
    return 0.299 * red + 0.587 * green + 0.114 * blue


def _use(view: View) -> None:
    if view.has("trips", "route_id") and view.has("routes", "route_id"):
        used = set(view.column("trips", "route_id").texts)
        view.tell(
            "unused_route",
            "routes",
            view.column("routes", "route_id").rows_where(lambda value: value not in used),
            "route_id",
        )

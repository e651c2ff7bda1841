"""Lines into trips: minutes of each stop, runs over a part of the line, platforms and poles."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from mobigo.app.demo.facts import Line, Runs, StopFact
from mobigo.app.demo.feed import Feed, Row
from mobigo.app.demo.places import Places
from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point, distance_m
from mobigo.base.servicetime import format_service_time

ROUTE_TYPE = {"train": "2", "coach": "3", "bus": "3", "tram": "0"}
DWELL_S = {"train": 30, "tram": 20, "coach": 0, "bus": 0}


def offsets_s(points: Sequence[Point], minutes: Sequence[float | None], gap_s_min: int = 60) -> list[int]:
    """Seconds of each stop from the first: as written, or spread by distance between the two written around it, to the
    minute and at least `gap_s_min` apart. The first and the last must be written."""
    anchors = [index for index, value in enumerate(minutes) if value is not None]
    if not anchors or anchors[0] != 0 or anchors[-1] != len(points) - 1:
        raise InvalidInput("demo.line_without_ends")
    spread = [0.0] * len(points)
    for begin, end in pairwise(anchors):
        along = [0.0]
        for index in range(begin, end):
            along.append(along[-1] + max(1.0, distance_m(points[index], points[index + 1])))
        low, high = minutes[begin], minutes[end]
        for index in range(begin, end + 1):
            spread[index] = (low or 0.0) + ((high or 0.0) - (low or 0.0)) * along[index - begin] / along[-1]
    rounded = [0]
    for value in spread[1:]:
        rounded.append(max(rounded[-1] + gap_s_min, round(value) * 60))
    return rounded


def add_line(feed: Feed, places: Places, line: Line, number: int, per_station: dict[str, int]) -> None:
    """Add the line's route, stops, trips and times. `per_station`: how many lines call at each place."""
    operator = feed.operator
    stops = [places.find(call.place) for call in line.calls]
    offsets = offsets_s([stop.point for stop in stops], [call.minutes for call in line.calls], 60 + DWELL_S[line.mode])
    light = _luminance(line.color) > 0.4
    feed.routes.append((line.id, operator.agency_id, f"{operator.prefix}{line.number}", line.name,
                        ROUTE_TYPE[line.mode], line.color.upper(), "1E1A17" if light else "FFFFFF"))  # fmt: skip
    for direction, ways in enumerate((line.there, line.back)):
        order = list(range(len(stops)))[:: 1 if direction == 0 else -1]
        for runs in ways:
            kept = _kept(line, order, runs)
            skipped = [sum(other not in kept for other in order[: order.index(index)]) for index in kept]
            ids = [
                _stop_id(feed, stops[index], line, direction, number, per_station.get(line.calls[index].place, 1))
                for index in kept
            ]
            # a stop passed without calling saves a minute
            elapsed = [
                abs(offsets[index] - offsets[order[0]]) - 60 * passed
                for index, passed in zip(kept, skipped, strict=True)
            ]
            elapsed = [at - elapsed[0] for at in elapsed]
            for start_s in runs.departures_s[:1] if runs.headway_s else runs.departures_s:
                _add_trip(feed, line, direction, runs, start_s, kept, ids, elapsed, stops)


def _kept(line: Line, order: list[int], runs: Runs) -> list[int]:
    """The stops served, in order of travel. `from` and `to` name the ends of a run over a part of the line."""
    names = [line.calls[index].place for index in order]
    begin = names.index(runs.first) if runs.first else 0
    end = names.index(runs.last) if runs.last else len(names) - 1
    return [order[at] for at in range(begin, end + 1) if names[at] not in runs.skip]


def _add_trip(
    feed: Feed,
    line: Line,
    direction: int,
    runs: Runs,
    start_s: int,
    kept: Sequence[int],
    ids: Sequence[str],
    elapsed: Sequence[int],
    stops: Sequence[StopFact],
) -> None:
    clock = format_service_time(start_s)[:5].replace(":", "")
    trip_id = f"{line.id}-{'AR'[direction]}-{runs.days}-{clock}-{ids[0]}"
    headsign = stops[kept[-1]].name if line.mode in ("tram", "bus") else stops[kept[-1]].name.split(",")[0]
    accessible = "1" if line.mode in ("train", "tram", "bus") or line.moved_by != "villages" else "0"
    block = f"{line.id[0]}-{runs.block}" if runs.block else ""
    bikes = "1" if line.mode == "train" else "2" if line.mode in ("tram", "bus") else "0"
    feed.services.add(runs.days)
    feed.trips.append((line.id, runs.days, trip_id, headsign, str(direction), block, accessible, bikes))
    if block:
        feed.blocks.setdefault(block, []).append((start_s, trip_id, line.id))
    if runs.headway_s:
        end_s = runs.departures_s[1] + runs.headway_s // 2
        feed.frequencies.append((trip_id, format_service_time(start_s), format_service_time(end_s), runs.headway_s,
                                 "1" if runs.exact else "0"))  # fmt: skip
    last = len(kept) - 1
    for position, index in enumerate(kept):
        arrive_s = start_s + elapsed[position]
        depart_s = arrive_s + (DWELL_S[line.mode] if 0 < position < last else 0)
        call = line.calls[index]
        no_drop_off = call.pickup_only if direction == 0 else call.drop_off_only
        no_pickup = call.drop_off_only if direction == 0 else call.pickup_only
        feed.stop_times.append((
            trip_id, format_service_time(arrive_s), format_service_time(depart_s), ids[position], position + 1,
            "1" if no_pickup or position == last else "0", "1" if no_drop_off or position == 0 else "0",
            "0" if line.mode in ("coach",) and call.minutes is None else "1",
        ))  # fmt: skip


def _stop_id(feed: Feed, stop: StopFact, line: Line, direction: int, number: int, calls: int) -> str:
    """The stop's id, its rows written at its first use: a station and its platforms, or a pole for each direction."""
    trains = feed.operator.feed == "ter"
    station = f"S{stop.id}" if trains else f"{stop.id}"
    wheelchair = (1 if calls >= 3 else 0) if trains else stop.wheelchair
    platforms = 4 if trains and calls >= 3 else 2
    platform = 1 + (2 * number + direction) % platforms
    if line.mode == "coach" and not trains:
        # coaches of both directions meet at one pole
        feed.stops.setdefault(station, _stop_row(station, stop, wheelchair, "0", "", ""))
        return station
    feed.stops.setdefault(station, _stop_row(station, stop, wheelchair, "1", "", ""))
    stop_id = f"{stop.id}-{platform}"
    code = str(platform) if trains else ""
    aside = 0.0001 * (platform - 1)  # degrees: some ten metres, so that platforms do not lie on one another
    moved = replace(stop, point=Point(stop.point.lat + aside, stop.point.lon + aside))
    feed.stops.setdefault(stop_id, _stop_row(stop_id, moved, wheelchair, "0", station, code))
    return stop_id


def _stop_row(stop_id: str, stop: StopFact, wheelchair: int, kind: str, parent: str, code: str) -> Row:
    return (stop_id, stop.name, f"{stop.point.lat:.4f}", f"{stop.point.lon:.4f}", kind, parent, str(wheelchair), code)


def _luminance(color: str) -> float:
    """Relative luminance of `rrggbb` (WCAG 2.2)."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

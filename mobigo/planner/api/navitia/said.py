"""Our answers in Navitia's words: dictionaries of ours (`mobigo.planner.export.journeys`) in, theirs out.

Local times without an offset ("20261124T080500"), numbers of a position as text, every identifier with its kind.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from mobigo.network.model.places import Kind, Place

Json = dict[str, Any]

PHYSICAL: Final[Mapping[str, tuple[str, str]]] = {
    "rail": ("physical_mode:Train", "Train"),
    "urban_rail": ("physical_mode:Tramway", "Tramway"),
    "coach": ("physical_mode:Coach", "Autocar"),
    "bus": ("physical_mode:Bus", "Bus"),
    "on_demand": ("physical_mode:Shuttle", "Transport à la demande"),
    "other": ("physical_mode:Shuttle", "Navette"),
}
METRO_TYPES: Final = (1, *range(400, 405))  # GTFS route types that are no tramway
STREET: Final[Mapping[str, str]] = {
    "walk": "walking", "bike": "bike", "ebike": "bike", "bike_aboard": "bike", "car": "car",
    "dropped": "car_no_park", "fetched": "car_no_park", "shared_bike": "bss",
}  # fmt: skip
KEPT_FOR: Final[Mapping[str, str]] = {
    "planner.why_arrives_first": "best", "planner.why_fastest": "fastest", "planner.why_fewest_changes": "comfort",
    "planner.why_least_walking": "less_fallback_walk",
}  # fmt: skip


def instant(at: datetime) -> str:
    """A local time as Navitia writes it."""
    return f"{at:%Y%m%dT%H%M%S}"


def coord(lat: float | None, lon: float | None) -> Json:
    """A position."""
    return {"lat": str(lat), "lon": str(lon)}


def stop_point(stop: Json) -> Json:
    """A stop where a vehicle stops."""
    label = f"{stop['name']}, {stop['platform']}" if stop.get("platform") else stop["name"]
    return {
        "id": f"stop_point:{stop['id']}",
        "name": stop["name"],
        "label": label,
        "coord": coord(stop["lat"], stop["lon"]),
        "links": [],
    }


def end(stop: Json) -> Json:
    """One end of a section: a stop, or the door at a position."""
    if stop["id"] is not None:
        point = stop_point(stop)
        return _container("stop_point", point["id"], stop["name"], point)
    id_ = f"{stop['lon']};{stop['lat']}"
    address = {"id": id_, "name": stop["name"], "label": stop["name"], "coord": coord(stop["lat"], stop["lon"])}
    return _container("address", id_, stop["name"], address)


def place(found: Place, label: str, quality: int) -> Json:
    """A place found by its name."""
    at = coord(round(found.lat, 6), round(found.lon, 6))
    if found.kind is Kind.COMMUNE:
        insee = found.id.removeprefix("commune:")
        region = {
            "id": f"admin:fr:{insee}",
            "name": found.name,
            "label": label,
            "insee": insee,
            "level": 8,
            "coord": at,
        }
        return _container("administrative_region", region["id"], label, region, quality)
    if found.kind is Kind.ADDRESS:
        id_ = f"{round(found.lon, 6)};{round(found.lat, 6)}"
        address = {"id": id_, "name": found.name, "label": label, "coord": at}
        return _container("address", id_, label, address, quality)
    area = {"id": f"stop_area:{found.id}", "name": found.name, "label": label, "coord": at, "links": []}
    return _container("stop_area", area["id"], label, area, quality)


def _container(kind: str, id_: Any, name: str, embedded: Json, quality: int = 0) -> Json:
    return {"id": id_, "name": name, "quality": quality, "embedded_type": kind, kind: embedded}


def display(line: Json, headsign: str, number: str = "") -> Json:
    """What is written on the vehicle and beside it."""
    _, mode = physical(line)
    return {
        "network": line["agency"],
        "direction": headsign,
        "headsign": number or headsign,
        "trip_short_name": number,
        "commercial_mode": mode,
        "physical_mode": mode,
        "label": line["name"],
        "code": line["name"],
        "name": line["long_name"] or line["name"],
        "color": line["color"].upper(),
        "text_color": line["text_color"].upper(),
        "description": "",
        "equipments": [],
        "links": [],
    }


def physical(line: Json) -> tuple[str, str]:
    """(id, name) of the physical mode of a line."""
    if line["route_type"] in METRO_TYPES:
        return "physical_mode:Metro", "Métro"
    return PHYSICAL[line["mode"]]


def journey(made: Json, asked_at: datetime) -> Json:
    """A journey. Prices and CO2 are not given: ours are not what their fields promise."""
    sections = _sections(made["legs"])
    durations = {"total": made["duration_s"], "walking": 0, "bike": 0, "car": 0, "ridesharing": 0, "taxi": 0}
    distances = {"walking": 0, "bike": 0, "car": 0, "ridesharing": 0, "taxi": 0}
    for leg in made["legs"]:
        if leg["type"] != "ride":
            kind = STREET[leg["type"]].removesuffix("_no_park")
            durations[kind] += int((leg["arrival"] - leg["departure"]).total_seconds())
            distances[kind] += leg["distance_m"]
    return {
        "from": sections[0]["from"],
        "to": sections[-1]["to"],
        "type": _type(made),
        "status": _status(made),
        "tags": [],
        "duration": made["duration_s"],
        "nb_transfers": made["changes"],
        "requested_date_time": instant(asked_at),
        "departure_date_time": instant(made["departure"]),
        "arrival_date_time": instant(made["arrival"]),
        "durations": durations,
        "distances": distances,
        "sections": sections,
        "links": [],
    }


def _type(made: Json) -> str:
    if all(leg["type"] != "ride" for leg in made["legs"]):
        return f"non_pt_{STREET[made['legs'][0]['type']].removesuffix('ing').removesuffix('_no_park')}"
    return next((KEPT_FOR[why["code"]] for why in made["why"] if why["code"] in KEPT_FOR), "rapid")


def _status(made: Json) -> str:
    """The first effect said of it; late vehicles are significant delays; nothing where all is as planned."""
    said = [each["effect"] for each in made["notices"]]
    late = any(
        leg["type"] == "ride" and leg["planned_departure"] not in (None, leg["departure"]) for leg in made["legs"]
    )
    return said[0] if said else "SIGNIFICANT_DELAYS" if late else ""


def _sections(legs: Sequence[Json]) -> list[Json]:
    out: list[Json] = []
    for number, leg in enumerate(legs):
        if out and legs[number - 1]["arrival"] < leg["departure"]:
            out.append(_waiting(legs[number - 1], leg))
        out.append(_ride(leg) if leg["type"] == "ride" else _street(leg, 0 < number < len(legs) - 1))
    return [{"id": f"section_{number}", **section} for number, section in enumerate(out)]


def _timed(kind: str, leg: Json) -> Json:
    return {
        "type": kind,
        "from": end(leg["from"]),
        "to": end(leg["to"]),
        "departure_date_time": instant(leg["departure"]),
        "arrival_date_time": instant(leg["arrival"]),
        "duration": int((leg["arrival"] - leg["departure"]).total_seconds()),
        "links": [],
    }


def _waiting(before: Json, after: Json) -> Json:
    gap = {"from": after["from"], "to": after["from"], "departure": before["arrival"], "arrival": after["departure"]}
    return _timed("waiting", gap)


def _street(leg: Json, between: bool) -> Json:
    mode = STREET[leg["type"]]
    out = {**_timed("transfer" if between else "street_network", leg), "mode": mode}
    if between:
        out["transfer_type"] = "walking"
    # the instructions are whole sentences: `name` is the street's own in Navitia, so it stays empty
    out["path"] = [
        {"instruction": step["text"], "length": step["distance_m"], "name": "", "duration": 0, "direction": 0}
        for step in leg.get("directions", ())
    ]
    return {**out, **_drawn(leg, leg["distance_m"])}


def _ride(leg: Json) -> Json:
    first, last = (
        {**leg["from"], "arrival": leg["departure"], "departure": leg["departure"]},
        {**leg["to"], "arrival": leg["arrival"], "departure": leg["arrival"]},
    )
    out = {
        **_timed("public_transport", leg),
        "display_informations": display(leg["line"], leg["headsign"], leg["number"]),
        "additional_informations": [_pickup(leg["pickup_type"])],
        "data_freshness": "realtime" if leg["realtime"] else "base_schedule",
        "stop_date_times": [
            {
                "stop_point": stop_point(stop),
                "arrival_date_time": instant(stop["arrival"]),
                "departure_date_time": instant(stop["departure"]),
                "additional_informations": [],
                "links": [],
            }
            for stop in (first, *leg.get("stops", ()), last)
        ],
    }
    for ours, theirs in (
        ("planned_departure", "base_departure_date_time"),
        ("planned_arrival", "base_arrival_date_time"),
    ):
        if leg[ours] is not None:
            out[theirs] = instant(leg[ours])
    return {**out, **_drawn(leg, 0)}


def _pickup(pickup: int) -> str:
    return {2: "odt_with_stop_time", 3: "odt_with_stop_time"}.get(pickup, "regular")


def _drawn(leg: Json, length_m: int) -> Json:
    drawn = leg.get("geometry")
    return {} if drawn is None else {"geojson": {**drawn, "properties": [{"length": length_m}]}}

"""OpenStreetMap's tags to who may pass, ahead and back, and what the way is like. Pure: a way's tags in, bits out.

Source: the OpenStreetMap wiki, "Key:access" (hierarchy: the particular word beats the general one), "Key:oneway",
"Key:barrier", "OSM tags for routing/Access restrictions" (France). Where the law allows what nobody should be sent on,
we do not send them: pedestrians along trunk roads without a pavement, cars on tracks.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from mobigo.network.model import streets as bits

Tags = Mapping[str, str]


class Way(NamedTuple):
    """What a kind of way allows when its tags say nothing more. `speed_kmh`: the usual limit in France."""

    walk: bool
    bike: bool
    car: bool
    speed_kmh: int = 0
    calm: bool = False
    busy: bool = False


_FOOT = Way(True, False, False)
HIGHWAYS: dict[str, Way] = {
    "motorway": Way(False, False, True, 130),
    "motorway_link": Way(False, False, True, 70),
    "trunk": Way(False, False, True, 110),
    "trunk_link": Way(False, False, True, 70),
    "primary": Way(True, True, True, 80, busy=True),
    "primary_link": Way(True, True, True, 60, busy=True),
    "secondary": Way(True, True, True, 80, busy=True),
    "secondary_link": Way(True, True, True, 60, busy=True),
    "tertiary": Way(True, True, True, 80),
    "tertiary_link": Way(True, True, True, 50),
    "unclassified": Way(True, True, True, 70),
    "road": Way(True, True, True, 50),
    "residential": Way(True, True, True, 50, calm=True),
    "living_street": Way(True, True, True, 20, calm=True),
    "service": Way(True, True, True, 20),
    "track": Way(True, True, False, calm=True),
    "cycleway": Way(True, True, False, calm=True),
    "path": Way(True, True, False, calm=True),
    "trail": Way(True, True, False, calm=True),
    "pedestrian": _FOOT,
    "footway": _FOOT,
    "steps": _FOOT,
    "corridor": _FOOT,
    "platform": _FOOT,
    "elevator": _FOOT,
    "crossing": _FOOT,
    "bridleway": _FOOT,
}

_YES = {"yes", "designated", "permissive", "destination", "official", "customers", "public", "true", "1"}
_NO = {"no", "private", "use_sidepath", "agricultural", "forestry", "delivery", "military", "permit", "residents"}
_NOT_IN = {"no", "exit", "emergency", "fire_exit", "service", "staff", "garage"}
_ALONG = {"yes", "true", "1", "-1", "reverse"}
_ROUGH = {
    "sand", "mud", "ground", "dirt", "earth", "grass", "gravel", "pebblestone", "rock", "cobblestone",
    "unhewn_cobblestone", "woodchips", "stepping_stones",
}  # fmt: skip
_BAD = {"very_bad", "horrible", "very_horrible", "impassable"}
_WHEELS_INCLINE = 6.0  # %; arrêté of 15 January 2007 (accessibility of roads): 5 %, a little beyond tolerated
_WHEELS_WIDTH_M = 0.9

_WHEELS_BARRIERS = {"kissing_gate", "turnstile", "full-height_turnstile", "stile", "horse_stile", "motorcycle_barrier"}
_CAR_BARRIERS = {"bollard", "block", "chain", "log", "planter", "bus_trap", "jersey_barrier", "cycle_barrier", "debris",
                 "wall", "fence", "ditch", "hedge", "sump_buster", "rope"}  # fmt: skip


def way_pass(tags: Tags) -> tuple[int, int]:
    """(bits of `stretch_pass`, speed for cars in km/h); (0, 0) for a way nobody may use."""
    kind = HIGHWAYS.get(tags.get("highway", ""))
    if kind is None and tags.get("railway") == "platform":
        kind = _FOOT
    if kind is None:
        return 0, 0
    pavement = tags.get("sidewalk", tags.get("sidewalk:both", "")) in ("both", "left", "right", "yes")
    motor_road = tags.get("motorroad") == "yes"
    walk = _allowed(tags, ("foot", "access"), (kind.walk or pavement) and not motor_road)
    bike = _allowed(tags, ("bicycle", "vehicle", "access"), kind.bike and not motor_road)
    car = _allowed(tags, ("motorcar", "motor_vehicle", "vehicle", "access"), kind.car)
    found = (
        _both(bits.WALK_AHEAD, bits.WALK_BACK, walk, _walk_direction(tags))
        | _both(bits.BIKE_AHEAD, bits.BIKE_BACK, bike, _bike_direction(tags))
        | _both(bits.CAR_AHEAD, bits.CAR_BACK, car, _direction(tags))
    )
    if not found:
        return 0, 0
    return found | _nature(tags, kind), _speed_kmh(tags, kind) if car else 0


def node_bars(tags: Tags) -> int:
    """Bits of `junction_bars`: whom something on the street stops, and that it is a lift."""
    return _barred(tags) | (bits.LIFT_HERE if tags.get("highway") == "elevator" else 0)


def entrance_of(tags: Tags) -> tuple[int, int, str] | None:
    """(kind, wheelchair, name) of a way into a station from the street; None for what is none, or not for everybody
    (OpenStreetMap wiki, "Tag:railway=subway_entrance", "Tag:railway=train_station_entrance", "Key:entrance")."""
    kind = {"subway_entrance": bits.OF_SUBWAY, "train_station_entrance": bits.OF_TRAIN}.get(tags.get("railway", ""))
    if kind is None or tags.get("entrance") in _NOT_IN or not _allowed(tags, ("foot", "access"), otherwise=True):
        return None
    wheelchair = {"yes": 1, "designated": 1, "no": 2}.get(tags.get("wheelchair", ""), 0)
    return kind, wheelchair, tags.get("name", "").strip() or tags.get("ref", "").strip()


def _barred(tags: Tags) -> int:
    barrier, kerb = tags.get("barrier", ""), tags.get("kerb", "")
    bars = 0
    if barrier in _WHEELS_BARRIERS:
        bars = bits.BARS_WHEELS | bits.BARS_BIKE | bits.BARS_CAR
    elif barrier in _CAR_BARRIERS:
        bars = bits.BARS_CAR | (bits.BARS_WHEELS if barrier in ("cycle_barrier", "log", "debris") else 0)
    if barrier:
        for mode, keys in (
            (bits.BARS_WALK, ("foot", "access")),
            (bits.BARS_BIKE, ("bicycle", "vehicle", "access")),
            (bits.BARS_CAR, ("motorcar", "motor_vehicle", "vehicle", "access")),
        ):
            bars = bars & ~mode if _allowed(tags, keys, not bars & mode) else bars | mode
        if bars & bits.BARS_WALK:
            bars |= bits.BARS_WHEELS
    if tags.get("wheelchair") in ("yes", "designated"):
        return bars if bars & bits.BARS_WALK else bars & ~bits.BARS_WHEELS
    return bars | (bits.BARS_WHEELS if kerb in ("raised", "yes") or tags.get("wheelchair") == "no" else 0)


def _allowed(tags: Tags, keys: tuple[str, ...], otherwise: bool) -> bool:
    """By the most particular key that says yes or no."""
    for key in keys:
        value = tags.get(key, "")
        if value in _YES:
            # "access=yes" opens no motorway to pedestrians: it lifts nothing that the kind of way forbids
            return otherwise if key == "access" else True
        if value in _NO or (value == "dismount" and key == "bicycle"):
            return False
    return otherwise


def _both(ahead: int, back: int, allowed: bool, direction: int) -> int:
    if not allowed:
        return 0
    return (ahead if direction >= 0 else 0) | (back if direction <= 0 else 0)


def _direction(tags: Tags) -> int:
    """1: as drawn only, -1: against only, 0: both."""
    oneway = tags.get("oneway", "")
    if oneway in _ALONG:
        return -1 if oneway in ("-1", "reverse") else 1
    if oneway == "no":
        return 0
    return 1 if tags.get("junction") in ("roundabout", "circular") or tags.get("highway") == "motorway" else 0


def _bike_direction(tags: Tags) -> int:
    against = (tags.get(key, "") for key in ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both"))
    if tags.get("oneway:bicycle") == "no" or any(value.startswith("opposite") for value in against):
        return 0
    return _direction(tags)


def _walk_direction(tags: Tags) -> int:
    """People walk both ways, except on what carries them, or where it is said."""
    said = tags.get("oneway:foot", tags.get("conveying", ""))
    if said in ("yes", "forward", "1"):
        return 1
    return -1 if said in ("-1", "backward") else 0


def _nature(tags: Tags, kind: Way) -> int:
    found = 0
    steps = tags.get("highway") == "steps"
    rough = tags.get("surface", "") in _ROUGH or tags.get("tracktype") in ("grade3", "grade4", "grade5")
    bad = tags.get("smoothness", "") in _BAD
    found |= bits.STEPS if steps else 0
    found |= bits.ROUGH if rough or bad or tags.get("smoothness") == "bad" else 0
    found |= bits.LIFT if tags.get("highway") == "elevator" else 0
    cycles = any(tags.get(key, "") in ("track", "separate") for key in ("cycleway", "cycleway:right", "cycleway:both"))
    slow = tags.get("maxspeed") in ("20", "30")
    found |= bits.CALM if kind.calm or cycles or slow else 0
    found |= bits.BUSY if kind.busy and not cycles and not slow else 0
    if tags.get("wheelchair") in ("yes", "designated"):
        return found
    ramp = tags.get("ramp:wheelchair") == "yes"
    steep = abs(_number(tags.get("incline", ""), "%") or 0.0) > _WHEELS_INCLINE
    width_m = _number(tags.get("width", ""), "m")
    narrow = width_m is not None and width_m < _WHEELS_WIDTH_M
    mud = tags.get("surface", "") in ("sand", "mud", "stepping_stones") or tags.get("tracktype") in ("grade4", "grade5")
    no = tags.get("wheelchair") == "no" or tags.get("conveying", "no") != "no"
    return found | (bits.NO_WHEELS if (steps and not ramp) or bad or steep or narrow or mud or no else 0)


def _number(text: str, unit: str) -> float | None:
    matched = re.fullmatch(r"\s*([+-]?\d{1,5}(?:[.,]\d{1,4})?)\s*(\D*)", text)
    if matched is None or matched[2].strip() not in ("", unit):
        return None
    return float(matched[1].replace(",", "."))


def _speed_kmh(tags: Tags, kind: Way) -> int:
    """The limit: a number in km/h, one of the words used in France, else the usual one of such a way."""
    said = tags.get("maxspeed", "")
    words = {"fr:urban": 50, "fr:rural": 80, "fr:motorway": 130, "fr:zone30": 30, "fr:walk": 20, "walk": 6, "none": 130}
    value = _number(said, "km/h")
    if value is None:
        value = words.get(said.lower())
    limit = round(value) if value is not None and 5 <= value <= 130 else kind.speed_kmh
    return max(limit, 5)

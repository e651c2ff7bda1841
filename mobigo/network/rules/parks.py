"""What a row of the national file of car parks says, and what the tags of OpenStreetMap say of one. Pure.

Sources: schema "Lieux de stationnement" (etalab/schema-stationnement: id, nom, insee, type_usagers, gratuit, nb_places,
nb_pr, nb_pmr, nb_velo, tarif_24h, Xlong, Ylat); OpenStreetMap wiki, "Tag:amenity=parking", "Key:park_ride",
"Key:access", "Key:fee", "Key:capacity:disabled", "Key:opening_hours", "Key:maxstay".
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from math import isfinite
from typing import Final

from mobigo.base.decisions import Decision
from mobigo.base.geo import Point
from mobigo.network.model.parks import CarPark
from mobigo.network.rules.opening import TEXT_MAX as OPENING_MAX
from mobigo.network.rules.opening import stay_min

REQUIRED: Final = ("id", "nom", "nb_places", "Xlong", "Ylat")
TEXT_MAX: Final = 120
PLACES_MAX: Final = 100_000
NAMELESS: Final = "Parc relais"  # what those who made no name for it would say
_WHOLE = re.compile(r"[0-9]{1,6}(?:\.0+)?", re.ASCII)
_AMOUNT = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4})?", re.ASCII)
_YES: Final = {"true", "1", "oui", "vrai", "yes"}
_NO: Final = {"false", "0", "non", "faux", "no"}
_EVERYBODY: Final = {"", "tous", "tout public", "public", "all"}
_OPEN: Final = {"", "yes", "public", "permissive", "destination", "unknown"}
_RELAY_NO: Final = {"", "no"}
_NOT_FOR_LONG: Final = {"street_side", "lane", "on_kerb", "half_on_kerb", "shoulder", "layby"}


def missing_columns(header: list[str]) -> list[str]:
    """The columns without which nothing can be read."""
    return [name for name in REQUIRED if name not in header]


def park_of(row: Mapping[str, str]) -> CarPark | tuple[str, Decision]:
    """The car park of a row, else (the column at fault, why)."""
    id_, name = _text(row.get("id", "")), _text(row.get("nom", ""))
    if not id_:
        return "id", Decision("parks.blank", column="id")
    point = _point(row.get("Ylat", ""), row.get("Xlong", ""))
    if point is None:
        return "Ylat", Decision("parks.bad_position")
    capacity = _whole(row.get("nb_places", ""))
    if capacity is None and row.get("nb_places", "").strip():
        return "nb_places", Decision("parks.bad_number", column="nb_places")
    users = row.get("type_usagers", "").strip().lower()
    relay = _whole(row.get("nb_pr", ""))
    free = _yes_no(row.get("gratuit", ""))
    return CarPark(
        id_, name or id_, point, users in _EVERYBODY, bool(relay), capacity, _whole(row.get("nb_pmr", "")),
        _whole(row.get("nb_velo", "")), free, None if free else _cents(row.get("tarif_24h", "")),
    )  # fmt: skip


def park_of_tags(id_: str, point: Point, tags: Mapping[str, str]) -> CarPark | None:
    """The car park of an OpenStreetMap object: one made for park and ride, or one with a name off the street; None for
    any other."""
    kind = tags.get("park_ride", "")
    is_relay = kind not in _RELAY_NO
    name = _text(tags.get("name", ""))
    if tags.get("amenity") != "parking" or tags.get("parking", "") in _NOT_FOR_LONG or not (is_relay or name):
        return None
    access = next((tags[key] for key in ("motorcar", "motor_vehicle", "vehicle", "access") if tags.get(key)), "")
    fee = tags.get("fee", "")
    return CarPark(
        id_, name or NAMELESS, point, access in _OPEN, is_relay, _whole(tags.get("capacity", "")),
        _disabled(tags.get("capacity:disabled", "")), _whole(tags.get("bicycle_parking:capacity", "")),
        {"no": True, "yes": False}.get(fee), hours=tags.get("opening_hours", "")[: OPENING_MAX + 1],
        stay_min=stay_min(tags.get("maxstay", "")),
    )  # fmt: skip


def _text(value: str) -> str:
    text = "".join(letter for letter in value if letter.isprintable())
    return " ".join(text.split())[:TEXT_MAX]


def _whole(value: str) -> int | None:
    text = value.strip()
    if not _WHOLE.fullmatch(text):
        return None
    number = int(text.split(".")[0])
    return number if number <= PLACES_MAX else None


def _disabled(value: str) -> int | None:
    """ "yes" says that there are some, not how many (OpenTripPlanner #6228)."""
    return 0 if value.strip() == "no" else _whole(value)


def _yes_no(value: str) -> bool | None:
    text = value.strip().lower()
    return True if text in _YES else False if text in _NO else None


def _cents(value: str) -> int | None:
    text = value.strip().replace(",", ".").removesuffix("€").strip()
    return round(Decimal(text) * 100) if _AMOUNT.fullmatch(text) else None


def _point(lat_text: str, lon_text: str) -> Point | None:
    try:
        lat, lon = (float(each.strip().replace(",", ".")) for each in (lat_text, lon_text))
    except ValueError:
        return None
    known = isfinite(lat) and isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180 and (lat or lon)
    return Point(lat, lon) if known else None

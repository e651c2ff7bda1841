"""GBFS, versions 1 to 3, from documents already fetched to one value. Nothing is guessed: a station without a state
rents nothing, a vehicle that is not said to be a bicycle is none where kinds are told.

Not here: where the documents come from (`mobigo.network.service.shared`).
"""

import json
import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from mobigo.network.model.shared import LooseBike, SharedSystem, Station

Document = dict[str, Any]
DISCOVERY: Final = "gbfs"
SLOW: Final = ("system_information", "station_information", "vehicle_types", "geofencing_zones")
QUICK: Final = ("station_status", "free_bike_status", "vehicle_status")
WANTED: Final = (*SLOW, *QUICK)
BICYCLES: Final = ("bicycle", "cargo_bicycle")
STATIONS_MAX: Final = 20_000
VEHICLES_MAX: Final = 50_000
TTL_S_MAX: Final = 86_400


def parse(data: bytes, name: str) -> Document:
    """The document of these bytes. Raises InvalidInput("shared.unreadable") when they are none."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise InvalidInput("shared.unreadable", document=name) from None
    if not isinstance(found, dict) or not isinstance(found.get("data"), dict):
        raise InvalidInput("shared.unreadable", document=name)
    return found


def addresses(discovery: Document) -> dict[str, str]:
    """The address of each document wanted. In versions 1 and 2 they stand under a language: French, else the first.
    Raises InvalidInput("shared.unreadable")."""
    data = discovery["data"]
    if not isinstance(data.get("feeds"), list):
        languages = [each for each in data.values() if isinstance(each, dict)]
        data = data["fr"] if isinstance(data.get("fr"), dict) else languages[0] if languages else {}
    out = {}
    for feed in _rows(data, "feeds"):
        name, url = feed.get("name"), feed.get("url")
        if name in WANTED and isinstance(url, str):
            out[str(name)] = url
    if "system_information" not in out:
        raise InvalidInput("shared.unreadable", document="gbfs")
    return out


def read(documents: Mapping[str, Document]) -> SharedSystem:
    """The system of its documents, by name. Raises InvalidInput("shared.unreadable") where what must be there is
    not."""
    try:
        told = documents["system_information"]["data"]
        name = _text(told.get("name"))
        quick = [documents[each] for each in QUICK if each in documents]
        at = min(_instant(each.get("last_updated")) for each in quick)
        ttl_s = max(_whole(each.get("ttl")) or 0 for each in quick)
    except (KeyError, ValueError, OverflowError):
        raise InvalidInput("shared.unreadable", document="system_information") from None
    if not name:
        raise InvalidInput("shared.unreadable", document="system_information")
    kinds = _kinds(documents)
    stations = tuple(_stations(documents, kinds))
    loose = tuple(_loose(documents, kinds))
    return SharedSystem(
        name, at, min(ttl_s, TTL_S_MAX), _text(told.get("operator")), _address(told.get("url")),
        _text(told.get("phone_number")), _text(told.get("license_id")), _address(told.get("license_url")),
        stations, loose, left_anywhere=bool(loose) and "geofencing_zones" not in documents,
    )  # fmt: skip


def _kinds(documents: Mapping[str, Document]) -> dict[str, bool] | None:
    """Whether each kind of vehicle is a bicycle; None where kinds are not told."""
    if "vehicle_types" not in documents:
        return None
    return {
        str(each.get("vehicle_type_id")): each.get("form_factor") in BICYCLES
        for each in _rows(documents["vehicle_types"]["data"], "vehicle_types")
    }


def _stations(documents: Mapping[str, Document], kinds: dict[str, bool] | None) -> Iterator[Station]:
    states = {}
    if "station_status" in documents:
        rows = _rows(documents["station_status"]["data"], "stations")
        states = {str(each.get("station_id")): each for each in rows}
    seen = set()
    for each in _rows(documents.get("station_information", {}).get("data", {}), "stations")[:STATIONS_MAX]:
        id_, point = str(each.get("station_id", "")), _point(each)
        if not id_ or point is None or id_ in seen:
            continue
        seen.add(id_)
        state = states.get(id_, {})
        here = _yes(state.get("is_installed"))
        yield Station(
            id_, _text(each.get("name")) or id_, point, _whole(each.get("capacity")), _bikes(state, kinds),
            _whole(state.get("num_docks_available")), here and _yes(state.get("is_renting")),
            here and _yes(state.get("is_returning")),
        )  # fmt: skip


def _bikes(state: Document, kinds: dict[str, bool] | None) -> int | None:
    """How many bicycles are there; scooters at the same station are none."""
    by_kind = state.get("vehicle_types_available")
    if kinds is not None and isinstance(by_kind, list):
        counts = [
            _whole(each.get("count")) or 0
            for each in by_kind
            if isinstance(each, dict) and kinds.get(str(each.get("vehicle_type_id")), False)
        ]
        return sum(counts)
    if kinds is not None and not all(kinds.values()):
        return None
    return _whole(state.get("num_vehicles_available", state.get("num_bikes_available")))


def _loose(documents: Mapping[str, Document], kinds: dict[str, bool] | None) -> Iterator[LooseBike]:
    for name, rows, id_name in (
        ("free_bike_status", "bikes", "bike_id"),
        ("vehicle_status", "vehicles", "vehicle_id"),
    ):
        if name not in documents:
            continue
        for each in _rows(documents[name]["data"], rows)[:VEHICLES_MAX]:
            point = _point(each)
            taken = _yes(each.get("is_reserved")) or _yes(each.get("is_disabled")) or each.get("station_id")
            is_bike = kinds is None or kinds.get(str(each.get("vehicle_type_id")), False)
            if point is not None and is_bike and not taken:
                yield LooseBike(str(each.get(id_name, "")), point)


def _rows(data: Any, name: str) -> list[Document]:
    found = data.get(name) if isinstance(data, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _text(value: Any) -> str:
    """A text, or the French one (else the first) of several languages; at most 200 characters, printable."""
    if isinstance(value, list):
        texts = {str(each.get("language")): each.get("text") for each in value if isinstance(each, dict)}
        value = texts.get("fr", next(iter(texts.values()), ""))
    text = value if isinstance(value, str) else ""
    return "".join(letter for letter in text if letter.isprintable())[:200].strip()


def _address(value: Any) -> str:
    """An address of the web; empty for anything else: it becomes a link."""
    text = _text(value)
    return text if text.startswith(("https://", "http://")) and " " not in text else ""


def _point(row: Document) -> Point | None:
    lat, lon = row.get("lat"), row.get("lon")
    if isinstance(lat, bool) or isinstance(lon, bool):
        return None
    if not isinstance(lat, int | float) or not isinstance(lon, int | float):
        return None
    known = math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180 and (lat or lon)
    return Point(float(lat), float(lon)) if known else None


def _whole(value: Any) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1_000_000
    return int(value) if is_count else None


def _yes(value: Any) -> bool:
    """True, or 1 as version 1 writes it."""
    return value is True or (value == 1 and not isinstance(value, str))


def _instant(value: Any) -> datetime:
    """Seconds since 1970 (versions 1 and 2), or RFC 3339. Raises ValueError, OverflowError."""
    if isinstance(value, bool) or value is None:
        raise ValueError(value)
    if isinstance(value, int | float):
        if not 0 < value < 32_503_680_000:
            raise ValueError(value)
        return datetime.fromtimestamp(int(value), UTC)
    at = datetime.fromisoformat(str(value))
    if at.tzinfo is None:
        raise ValueError(value)
    return at.astimezone(UTC)

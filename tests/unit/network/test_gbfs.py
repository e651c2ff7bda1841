"""Shared bicycles read from GBFS: both versions say the same, and what is not said is not counted on."""

import copy
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from mobigo.network.gateway import gbfs

FOLDER = Path("fixtures/gbfs")
AT = datetime(2026, 3, 26, 7, 0, tzinfo=UTC)


def documents(version: str) -> dict[str, Any]:
    found = {name: FOLDER / version / f"{name}.json" for name in gbfs.WANTED}
    return {name: gbfs.parse(path.read_bytes(), name) for name, path in found.items() if path.exists()}


@pytest.mark.parametrize(("version", "docks"), [("v2", [7, 10, 0, 5, None]), ("v3", [6, 6, 0, 5, None])])
def test_both_versions_say_the_same(version: str, docks: list[int | None]) -> None:
    system = gbfs.read(documents(version))
    assert (system.name, system.operator, system.licence, system.at) == (
        "Vélos d’essai", "Régie d’essai", "etalab-2.0", AT,
    )  # fmt: skip
    told = [(each.name, each.bikes, each.rents, each.takes_back) for each in system.stations]
    assert told == [
        ("Gare", 3, True, True),
        ("Marché", 0, True, True),
        ("Université", 10, True, True),
        ("Fermée", 5, False, False),  # not installed
        ("Sans état", None, False, False),
    ]
    assert [each.docks for each in system.stations] == docks
    assert [(each.id, each.point) for each in system.loose] == [("x1", Point(47.325, 5.03))]
    assert system.left_anywhere


def test_where_zones_are_told_a_bicycle_is_not_left_anywhere() -> None:
    assert not gbfs.read({**documents("v2"), "geofencing_zones": {"data": {}}}).left_anywhere


def test_where_kinds_are_mixed_a_count_without_kinds_is_no_count_of_bicycles() -> None:
    told = documents("v3")
    for station in told["station_status"]["data"]["stations"]:
        del station["vehicle_types_available"]
    assert {each.bikes for each in gbfs.read(told).stations} == {None}


@pytest.mark.parametrize(
    ("age", "stale"),
    [(timedelta(0), False), (timedelta(seconds=600), False), (timedelta(seconds=601), True),
     (timedelta(seconds=-600), False), (timedelta(seconds=-601), True)],
)  # fmt: skip
def test_a_state_grows_too_old(age: timedelta, stale: bool) -> None:
    assert gbfs.read(documents("v2")).is_stale(AT + age, 600) is stale


@pytest.mark.parametrize(
    ("version", "names"),
    [("v2", {"system_information", "station_information", "station_status", "free_bike_status"}),
     ("v3", {"system_information", "vehicle_types", "station_information", "station_status", "vehicle_status"})],
)  # fmt: skip
def test_the_addresses_of_its_documents_are_found(version: str, names: set[str]) -> None:
    found = gbfs.addresses(gbfs.parse((FOLDER / version / "gbfs.json").read_bytes(), "gbfs"))
    assert set(found) == names
    assert found["station_status"] == "https://velos.example/gbfs/station_status.json"


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"data": []}', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_document_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"shared\.unreadable"):
        gbfs.parse(data, "station_status")


@pytest.mark.parametrize(
    ("document", "member", "value"),
    [("system_information", "name", ""), ("station_status", "last_updated", None),
     ("station_status", "last_updated", "yesterday"), ("station_status", "last_updated", 1e300),
     ("station_status", "last_updated", "2026-03-26T08:00:00")],
)  # fmt: skip
def test_what_must_be_said_and_is_not_is_told(document: str, member: str, value: object) -> None:
    told = documents("v2")
    (told[document]["data"] if member == "name" else told[document])[member] = value
    with pytest.raises(InvalidInput, match=r"shared\.unreadable"):
        gbfs.read(told)


def test_an_address_that_is_none_of_the_web_is_no_link() -> None:
    told = documents("v2")
    told["system_information"]["data"]["url"] = "javascript:alert(1)"
    assert gbfs.read(told).url == ""


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
def test_whatever_stands_in_a_document_it_is_read_or_refused(data: st.DataObject) -> None:
    told = copy.deepcopy(documents(data.draw(st.sampled_from(["v2", "v3"]))))
    for _ in range(data.draw(st.integers(1, 4))):
        at: Any = told[data.draw(st.sampled_from(sorted(told)))]
        while isinstance(at, dict | list) and at:
            keys = sorted(at) if isinstance(at, dict) else list(range(len(at)))
            key = data.draw(st.sampled_from(keys))
            if data.draw(st.booleans()) or not isinstance(at[key], dict | list) or at is told:
                at[key] = data.draw(ANYTHING) if key != "data" else {}
                break
            at = at[key]
    try:
        system = gbfs.read(json.loads(json.dumps(told)))
    except InvalidInput:
        return
    assert all(each.bikes is None or each.bikes >= 0 for each in system.stations)


@pytest.mark.realdata
def test_bay_wheels_of_an_evening_of_2022(realdata: Path) -> None:
    """Counted in the documents by another way: 496 stations with 5,248 bicycles, 720 loose bicycles."""
    paths = {path.stem: path for path in (realdata / "gbfs").glob("*.json") if path.stem in gbfs.WANTED}
    told = {name: json.loads(path.read_bytes())["data"] for name, path in paths.items()}
    system = gbfs.read({name: gbfs.parse(path.read_bytes(), name) for name, path in paths.items()})
    states = {each["station_id"]: each for each in told["station_status"]["stations"]}
    assert (system.name, system.at) == ("Bay Wheels", datetime.fromtimestamp(1663292849, UTC))
    assert (len(system.stations), len(system.loose)) == (496, 720)
    assert {each.id: each.bikes for each in system.stations} == {
        name: each["num_bikes_available"] for name, each in states.items()
    }
    assert sum(each.bikes or 0 for each in system.stations) == 5248
    assert sum(each.rents for each in system.stations) == 490

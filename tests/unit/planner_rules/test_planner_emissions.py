"""What a journey emits: factor by factor, unknown where none fits, never zero for it. Stops lie 0.1 degree of latitude
apart: 11.12 km on the sphere."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.errors import InvalidInput
from mobigo.base.instants import PARIS
from mobigo.network.engine.compile import CompileInput, compile_feeds
from mobigo.network.model.live import LiveNetwork
from mobigo.planner import service
from mobigo.planner.gateway.emissions import factor_tables, with_emissions
from mobigo.planner.model import By, Emission, Endpoint, Query
from mobigo.planner.rules.emissions import FactorTable, table_on
from tests.builders import DAY, feed, tables, trip

HOP_M = 11_120
AGENCIES = (
    "agency_id,agency_name,agency_url,agency_timezone\n"
    "cars,Cars Mobigo (essai),https://a.example,Europe/Paris\ncity,Réseau de ville,https://a.example,Europe/Paris\n"
)
ROUTES = [
    {"route_id": "train", "route_type": "2", "agency_id": "cars"},
    {"route_id": "coach", "route_type": "3", "agency_id": "cars"},
    {"route_id": "bus", "route_type": "3", "agency_id": "city"},
    {"route_id": "boat", "route_type": "4", "agency_id": "city"},
]
TRIPS = [
    trip("train", "A 8:00 B 8:10 C 8:20", route="train"),
    trip("coach", "C 9:00 D 9:20", route="coach"),
    trip("bus", "D 10:00 E 10:30", route="bus"),
    trip("boat", "E 11:00 F 11:30", route="boat"),
]


@pytest.fixture(scope="module")
def network() -> LiveNetwork:
    stops = [
        {"stop_id": name, "stop_name": name, "stop_lat": f"{46.9 + 0.1 * n:.4f}", "stop_lon": "5.0000"}
        for n, name in enumerate("ABCDEF")
    ]
    files = feed(TRIPS, stops=stops, routes=ROUTES, services={"daily": [DAY, DAY + timedelta(days=1)]})
    files["agency.txt"] = AGENCIES
    return LiveNetwork(compile_feeds([CompileInput("f", tables(files))], "Europe/Paris", "hash"), "hash")


def emitted(network: LiveNetwork, home: Path, a: str, b: str) -> Emission | None:
    rows = list(network.timetable.stop_id)
    at = datetime(DAY.year, DAY.month, DAY.day, 7, tzinfo=PARIS)
    ends = [Endpoint(each, stops=(rows.index(each),)) for each in (a, b)]
    answer = with_emissions(network, home, service.plan(network, Query(*ends, at)))
    assert len(answer.emissions) == len(answer.journeys) == 1
    return answer.emissions[0]


@pytest.mark.parametrize(
    ("a", "b", "grams", "modes"),
    [
        ("A", "B", 276, ["ter"]),  # 11.12 km × 24.8 g = 275.7
        ("A", "C", 552, ["ter"]),  # 551.5: counted once, rounded once
        ("C", "D", 391, ["coach"]),  # × 35.2 g = 391.4: a bus of GTFS, of whoever runs coaches
        ("D", "E", 1145, ["bus"]),  # × 103 g = 1145.3
        ("A", "D", 943, ["ter", "coach"]),  # 551.5 + 391.4 = 942.9
    ],
)
def test_each_leg_counts_by_its_vehicle(
    network: LiveNetwork, tmp_path: Path, a: str, b: str, grams: int, modes: list[str]
) -> None:
    found = emitted(network, tmp_path, a, b)
    assert found is not None
    assert found.grams == grams
    assert [leg.mode for leg in found.legs] == modes
    assert "ADEME" in found.source


def test_alone_in_a_car_it_would_be_more(network: LiveNetwork, tmp_path: Path) -> None:
    found = emitted(network, tmp_path, "A", "B")
    assert found is not None
    assert found.car_grams == 2146  # 11.12 km × 193 g


@pytest.mark.parametrize(("a", "b"), [("E", "F"), ("A", "F")])
def test_a_vehicle_without_factor_makes_the_whole_unknown(network: LiveNetwork, tmp_path: Path, a: str, b: str) -> None:
    found = emitted(network, tmp_path, a, b)
    assert found is not None
    assert found.grams is None
    assert found.legs[-1].grams is None
    assert found.legs[-1].mode == ""


def test_later_factors_of_the_home_count_from_their_day(network: LiveNetwork, tmp_path: Path) -> None:
    write(tmp_path, DAY, 'mode = "ter"\nmg_per_km = 10000\nroute_types = [2]')
    found = emitted(network, tmp_path, "A", "B")
    assert found is not None
    assert found.grams == 111
    assert found.first_day == DAY


def write(home: Path, first_day: date, factor: str) -> None:
    folder = home / "co2"
    folder.mkdir()
    (folder / "x.toml").write_text(
        f'first_day = {first_day}\nsource = "essai"\n[[factor]]\n{factor}\n', encoding="utf-8"
    )


@pytest.mark.parametrize(
    "factor",
    [
        'mode = "ter"',
        'mode = "ter"\nmg_per_km = -1',
        'mode = "ter"\nmg_per_km = 1.5',
        'mode = "ter"\nmg_per_km = true',
        'mode = "x"\nmg_per_km = 1\nby = ["rocket"]',
        "mode =",
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_its_name(tmp_path: Path, factor: str) -> None:
    write(tmp_path, date(2026, 1, 1), factor)
    with pytest.raises(InvalidInput) as refused:
        factor_tables(tmp_path)
    assert refused.value.decision.code == "planner.bad_factor_file"
    assert refused.value.decision.params["file"] == "x.toml"


def test_what_is_shipped_says_each_way_of_moving_by_oneself() -> None:
    (shipped,) = factor_tables(None)
    own = {by: factor.mg_per_km for factor in shipped.factors for by in factor.by}
    assert own == {
        By.WALK: 0, By.BIKE: 0, By.ABOARD: 0, By.EBIKE: 2_000,
        By.CAR: 193_000, By.DROPPED: 193_000, By.FETCHED: 193_000,
    }  # fmt: skip
    carpool = shipped.of_mode("carpool")
    assert carpool is not None
    assert 2 * carpool.mg_per_km == 193_000  # two share the car


@given(st.lists(st.dates(), unique=True, max_size=6), st.dates())
def test_the_table_of_a_day_is_the_last_that_began(days: list[date], day: date) -> None:
    found = table_on([FactorTable(each, "", ()) for each in days], day)
    begun = [each for each in days if each <= day]
    assert (None if found is None else found.first_day) == max(begun, default=None)

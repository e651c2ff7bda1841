"""What a traveller says of lines and operators in an address: read once, nothing guessed, every fault said."""

import csv
import io

import pytest
from werkzeug.datastructures import MultiDict

from mobigo.network.model.live import LiveNetwork
from mobigo.planner.export.offered import lines_named, operators_named, operators_of
from mobigo.planner.web.narrowed import AVOIDED_MAX, CANDIDATES_MAX, narrow
from tests.builders import feed, trip
from tests.planner_adaptor import compiled_together

K1S = {"south": "Toulouse - Brive", "west": "Rennes - Brest"}


def agency(name: str, agency_id: str) -> str:
    columns = {"agency_id": agency_id, "agency_name": name, "agency_url": "https://example.org"}
    stream = io.StringIO()
    writer = csv.DictWriter(stream, [*columns, "agency_timezone"], lineterminator="\n")
    writer.writeheader()
    writer.writerow({**columns, "agency_timezone": "Europe/Paris"})
    return stream.getvalue()


@pytest.fixture(scope="module")
def live() -> LiveNetwork:
    """Two feeds that list the railway, one the coaches; two lines share the number K1."""
    k1s = [{"route_id": id_, "route_short_name": "K1", "route_long_name": name} for id_, name in K1S.items()]
    many = [trip(f"m{i}", "A 8:00 B 9:00", route=f"M{i}") for i in range(CANDIDATES_MAX + 1)]
    feeds = {
        "ter": feed([trip("a", "A 8:00 B 9:00", route="south"), trip("b", "A 8:00 B 9:00", route="west")], routes=k1s),
        "ic": feed([trip("c", "A 8:00 B 9:00", route="I1")]),
        "cars": feed([trip("d", "A 8:00 B 9:00", route="LR119"), *many]),
    }
    for name, text in (("ter", "Société du rail"), ("ic", "Societe du Rail"), ("cars", "Mobigo")):
        feeds[name]["agency.txt"] = agency(text, "agency")
    timetable = compiled_together(feeds)
    return LiveNetwork(timetable, timetable.hash)


def test_an_operator_of_two_feeds_is_one_for_people(live: LiveNetwork) -> None:
    assert [(each.name, each.ids) for each in operators_of(live)] == [
        ("Mobigo", ("cars:agency",)),
        ("Societe du Rail", ("ic:agency", "ter:agency")),  # as the first feed writes it
    ]
    read = narrow(MultiDict([("only", "ic:agency"), ("only", "ter:agency")]), live, {})
    assert read.only_agencies == {"ter:agency", "ic:agency"}
    assert read.parameters() == {"only": ["ic:agency"]}


@pytest.mark.parametrize(
    ("text", "names"),
    [("ter:agency", ["Societe du Rail"]), ("Société du rail", ["Societe du Rail"]), ("rail", []), ("", [])],
)
def test_an_operator_is_named_by_its_id_or_its_whole_name(live: LiveNetwork, text: str, names: list[str]) -> None:
    assert [each.name for each in operators_named(live, text)] == names


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("cars:LR119", ["cars:LR119"]),
        ("lr119", ["cars:LR119"]),
        ("119", ["cars:LR119"]),
        ("k1", ["ter:west", "ter:south"]),
        ("K1 brest", ["ter:west"]),
        ("ter:nothing", []),
        ("?!", []),
        ("", []),
    ],
)
def test_a_line_is_named_by_its_id_its_number_or_its_words(live: LiveNetwork, text: str, ids: list[str]) -> None:
    assert [line.id for line in lines_named(live, text)] == ids


@pytest.mark.parametrize(
    ("said", "avoided", "candidates", "faulty"),
    [
        ([("avoid", "cars:LR119")], ["cars:LR119"], [], []),
        ([("avoid", "cars:LR119"), ("avoid", "cars:LR119"), ("avoid", "")], ["cars:LR119"], [], []),
        ([("avoid", "cars:gone"), ("avoid", "cars:LR119")], ["cars:LR119"], [], ["avoid"]),
        ([("avoid_text", "119")], ["cars:LR119"], [], []),
        ([("avoid_text", "119"), ("avoid", "cars:LR119")], ["cars:LR119"], [], []),  # it is there already
        ([("avoid_text", "K1")], [], ["ter:west", "ter:south"], ["avoid"]),
        ([("avoid_text", "K1"), ("avoid", "ter:west")], ["ter:west", "ter:south"], [], []),  # the other one
        ([("avoid_text", "Z9")], [], [], ["avoid"]),
        ([("only", "cars:agency")], [], [], []),
        ([("only", "cars:nobody")], [], [], ["only"]),
        ([], [], [], []),
    ],
)
def test_what_names_no_line_or_several_is_said_beside_its_field(
    live: LiveNetwork, said: list[tuple[str, str]], avoided: list[str], candidates: list[str], faulty: list[str]
) -> None:
    errors: dict[str, str] = {}
    read = narrow(MultiDict(said), live, errors)
    assert [line.id for line in read.avoided] == avoided
    assert [line.id for line in read.candidates] == candidates
    assert list(errors) == faulty


def test_of_many_lines_the_first_are_offered_and_their_number_is_said(live: LiveNetwork) -> None:
    errors: dict[str, str] = {}
    read = narrow(MultiDict([("avoid_text", "Mobigo")]), live, errors)
    assert len(read.candidates) == CANDIDATES_MAX
    assert str(CANDIDATES_MAX + 2) in errors["avoid"]  # nine of them, and LR119


@pytest.mark.parametrize(("count", "faulty"), [(AVOIDED_MAX, []), (AVOIDED_MAX + 1, ["avoid"])])
def test_no_more_lines_are_avoided_than_an_address_holds(count: int, faulty: list[str]) -> None:
    trips = [trip(f"t{i}", "A 8:00 B 9:00", route=f"R{i}") for i in range(count)]
    timetable = compiled_together({"f": feed(trips)})
    errors: dict[str, str] = {}
    read = narrow(MultiDict([("avoid", f"f:R{i}") for i in range(count)]), LiveNetwork(timetable, "x"), errors)
    assert len(read.avoided) == AVOIDED_MAX
    assert list(errors) == faulty


def test_one_line_more_or_less_changes_nothing_else_of_the_address(live: LiveNetwork) -> None:
    read = narrow(MultiDict([("avoid", "cars:LR119"), ("only", "cars:agency")]), live, {})
    assert read.avoiding("ic:I1") == {"avoid": ["cars:LR119", "ic:I1"]}
    assert read.taking("cars:LR119") == {"avoid": None}
    assert read.beyond("cars:agency") == {"only": None}
    assert read.without_routes == {"cars:LR119"}

"""A feed in NeTEx, French profile: what it says there is what the feed says, and it is well-formed for all texts."""

import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from mobigo.base.errors import InvalidInput
from mobigo.network.export.netex import Netex, markup, write_netex
from mobigo.network.export.netex.names import add, add_given, add_source, clean, coded
from mobigo.network.gateway.netex import read_netex
from mobigo.network.model.modes import Mode, mode_of, route_type_of
from tests.builders import csv_text, feed, frequency, tables, trip
from tests.netex_world import assert_alike

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
NS = {"n": "http://www.netex.org.uk/netex"}
STATION = [
    {"stop_id": "GARE", "stop_name": "Gare Viotte", "location_type": "1", "wheelchair_boarding": "1"},
    {"stop_id": "A", "stop_name": "Voie 1", "parent_station": "GARE", "platform_code": "1"},
    {"stop_id": "E", "stop_name": "Parvis", "location_type": "2", "parent_station": "GARE"},
    {"stop_id": "B", "stop_name": "Mairie & école", "wheelchair_boarding": "2"},
]
FILES = feed(
    [
        trip("t1", "A 07:55 B 08:05/08:06 C 08:20", trip_headsign="Centre", direction_id="0"),
        trip("t2", "C 23:50 B 24:10 A 49:00", trip_headsign="Gare", direction_id="1", wheelchair_accessible="1"),
        trip("t3", "A 09:00 B - C! 09:20", trip_headsign="Centre", direction_id="0", service="once"),
        trip("f", "A 10:00 C 10:30", route="TAD", direction_id="0"),
    ],
    stops=STATION,
    routes=[
        {"route_id": "R", "route_long_name": "Gare – Centre", "route_color": "7B1E3B", "route_type": "2"},
        {"route_id": "TAD", "route_short_name": "TAD", "route_long_name": "TAD", "route_type": "715"},
        {"route_id": "jamais", "route_type": "3"},
    ],
    services={"once": ["2025-03-18", "2025-03-21"]},
    frequencies=[frequency("f", "10:00", "11:01", 1200), frequency("f", "25:00", "26:00", 900, exact=True)],
)


def written(files: dict[str, str], path: Path) -> Netex:
    return write_netex(tables(files), path, feed="essai", participant="Région", published_at=NOW)


def parsed(path: Path, name: str) -> Any:
    with zipfile.ZipFile(path) as archive:
        return etree.fromstring(archive.read(name))


def test_a_feed_comes_back_as_it_was(tmp_path: Path) -> None:
    found = written(FILES, tmp_path / "netex.zip")
    assert_alike(tables(FILES), read_netex(tmp_path / "netex.zip"))
    assert (found.lines, found.trips, found.passing_times, found.left_out) == (2, 4, 11, {})
    with zipfile.ZipFile(tmp_path / "netex.zip") as archive:
        assert archive.namelist() == ["line_R.xml", "line_TAD.xml", "network.xml", "resource.xml", "stop.xml"]


def test_the_same_facts_are_the_same_bytes(tmp_path: Path) -> None:
    one = written(FILES, tmp_path / "one.zip")
    turned = {}
    for name, text in FILES.items():
        header, *rows = text.splitlines(keepends=True)
        turned[name] = header + "".join(rows[::-1])
    assert written(turned, tmp_path / "two.zip").packed == one.packed


def test_a_known_feed_keeps_its_very_bytes(tmp_path: Path) -> None:
    """What makes a new version for reusers is a change of what is said, never of how the writer goes about it."""
    found = written(FILES, tmp_path / "netex.zip")
    assert found.packed.content_hash == "77c8b2b78d88832642757c683f42daf7538e7e4acac35bc864c598dd316cabca"


def test_past_midnight_is_a_time_of_the_day_and_days_to_add(tmp_path: Path) -> None:
    written(FILES, tmp_path / "netex.zip")
    journey = parsed(tmp_path / "netex.zip", "line_R.xml").xpath("//n:ServiceJourney[.//n:Value='t2']", namespaces=NS)
    times = [
        tuple(visit.findtext(f"n:{name}", namespaces=NS) for name in ("DepartureTime", "DepartureDayOffset"))
        for visit in journey[0].iterfind(".//n:TimetabledPassingTime", NS)
    ]
    assert times == [("23:50:00", "0"), ("00:10:00", "1"), ("01:00:00", "2")]


def test_a_visit_without_a_time_has_none(tmp_path: Path) -> None:
    written(FILES, tmp_path / "netex.zip")
    journey = parsed(tmp_path / "netex.zip", "line_R.xml").xpath("//n:ServiceJourney[.//n:Value='t3']", namespaces=NS)
    assert [len(visit) for visit in journey[0].iterfind(".//n:TimetabledPassingTime", NS)] == [4, 0, 4]


@pytest.mark.parametrize(
    ("pickup", "drop_off", "boarding", "alighting", "asked", "booking"),
    [
        ("", "", "true", "true", None, None),
        ("1", "0", "false", "true", None, None),
        ("0", "1", "true", "false", None, None),
        ("2", "0", "true", "true", None, "callOffice"),
        ("3", "3", "true", "true", "true", None),
        ("2", "3", "true", "true", "true", "callOffice"),
    ],
)
def test_what_must_be_booked_says_so(
    tmp_path: Path,
    pickup: str,
    drop_off: str,
    boarding: str,
    alighting: str,
    asked: str | None,
    booking: str | None,
) -> None:
    files = feed([trip("t", "A 07:55 B 08:05")])
    rows = [line.split(",") for line in files["stop_times.txt"].splitlines()]
    calls: list[dict[str, object]] = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    calls[0] |= {"pickup_type": pickup, "drop_off_type": drop_off}
    written({**files, "stop_times.txt": csv_text(calls)}, tmp_path / "netex.zip")
    point = parsed(tmp_path / "netex.zip", "line_R.xml").find(".//n:StopPointInJourneyPattern", NS)
    names = ("ForBoarding", "ForAlighting", "RequestStop", "BookingArrangements/n:BookingMethods")
    assert [point.findtext(f"n:{name}", namespaces=NS) for name in names] == [boarding, alighting, asked, booking]


def test_what_cannot_be_written_is_counted(tmp_path: Path) -> None:
    files = feed(
        [trip("good", "A 07:55 B 08:05"), trip("alone", "A 07:55"), trip("untimed", "A - B 08:05"),
         trip("lost", "A 07:55 B 08:05", service="never"), trip("nowhere", "A 07:55 X 08:05"),
         trip("station", "A 07:55 S 08:05"),
         trip("astray", "A 07:55 B 08:05", route="none")],
        stops=[{"stop_id": "N", "location_type": "3"}, {"stop_id": "S", "location_type": "1"}],
    )  # fmt: skip
    for name, gone in (("calendar_dates.txt", "never"), ("stops.txt", "X,"), ("routes.txt", "none")):
        files[name] = "".join(row for row in files[name].splitlines(keepends=True) if not row.startswith(gone))
    files["transfers.txt"] = "from_stop_id,to_stop_id,transfer_type\nA,B,0\n"
    found = written(files, tmp_path / "netex.zip")
    assert found.trips == 1
    assert found.left_out == {
        "one_stop": 1, "no_times": 1, "no_service": 1, "no_stop": 2, "no_route": 1, "location_type_3": 1,
        "transfers": 1,
    }  # fmt: skip


def test_a_trip_that_picks_up_in_a_zone_is_left_out(tmp_path: Path) -> None:
    files = feed([trip("t", "A 07:55 B 08:05")])
    header, first, *rest = files["stop_times.txt"].splitlines()
    zoned = [f"{header},location_id", f"{first},zone", *(f"{row}," for row in rest)]
    assert written({**files, "stop_times.txt": "\n".join(zoned)}, tmp_path / "n.zip").left_out == {"zone": 1}


@pytest.mark.parametrize("kind", [*range(8), 11, 12, *range(100, 118), *range(200, 210), *range(700, 718), 900, 1300])
def test_each_mode_comes_back_as_itself_or_as_its_family(kind: int) -> None:
    back = route_type_of(mode_of(kind))
    assert back is not None
    assert mode_of(back) == mode_of(kind)


def test_an_unknown_mode_is_told_as_other() -> None:
    assert mode_of(99_999) == Mode("other")
    assert route_type_of(Mode("other")) is None


@given(st.text(max_size=8), st.text(max_size=8))
def test_two_identifiers_never_share_a_code(one: str, other: str) -> None:
    assert (coded(one) == coded(other)) == (one == other)


@given(st.text())
def test_any_text_can_be_written_and_what_xml_allows_comes_back(text: str) -> None:
    element = etree.Element("Name")
    element.text = clean(text)
    back = etree.fromstring(etree.tostring(element, encoding="utf-8")).text or ""
    assert back == " ".join("".join(letter if allowed(letter) else "\ufffd" for letter in text).split())


@given(st.text())
def test_an_element_written_as_text_is_the_one_written_as_a_tree(text: str) -> None:
    tree = etree.Element("Line")
    add_source(tree, text)
    add(tree, "Name", text)
    add_given(tree, "Description", text)
    add(tree, "LineRef", ref="FR:Line:1:")
    told = markup.source(text) + markup.leaf("Name", text) + markup.given("Description", text)
    assert f"<Line>{told}{markup.reference('LineRef', 'Line', '1')}</Line>" == etree.tostring(tree, encoding="unicode")


def allowed(letter: str) -> bool:
    """XML 1.0, §2.2."""
    code = ord(letter)
    return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


def test_names_with_signs_and_control_characters_come_back(tmp_path: Path) -> None:
    files = {**FILES, "stops.txt": FILES["stops.txt"].replace("Gare Viotte", "A <&> \x01 l’été 🚌")}
    written(files, tmp_path / "netex.zip")
    names = dict(
        zip(*(read_netex(tmp_path / "netex.zip")["stops"][each] for each in ("stop_id", "stop_name")), strict=True)
    )
    assert names["GARE"] == "A <&> \ufffd l’été 🚌"


def test_what_is_no_netex_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK")
    with pytest.raises(InvalidInput, match="not_a_zip"):
        read_netex(tmp_path / "x.zip")
    (tmp_path / "x.xml").write_bytes(b"<PublicationDelivery>")
    with pytest.raises(InvalidInput, match="not_netex"):
        read_netex(tmp_path / "x.xml")

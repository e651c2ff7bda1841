"""Where a ticket is good, on both sides of each edge: lines, zones, stations, the stop on a line, and what cannot be
compared, which is told and refuses nobody."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billettique.model.ticket import Area, Fit, Here, Line, Station, TicketKind, Zone
from billettique.rules.areas import OUR_TABLE, UIC_TABLE, area_promised, fit_of, station_of, uic_station
from billettique.rules.entitlements import area_of
from billettique.rules.tickets import read_ticket, record_of, ticket_octets
from tests.ticket_world import TICKET

BELFORT, BESANCON, DOLE = Station("8718430"), Station("8718423"), Station("8711830")
ZONES = Area(zones=(Zone("3999", 90, 1), Zone("3999", 90, 2)))
LINE = Area(lines=(Line("3999", 204),))
TRIP = Area(stations=(BELFORT, BESANCON))
COACHES = Area(lines=(Line("car", None),), words="Cars Mobigo")
KNOWN = frozenset({"car", "ter"})

A, B, C, D, E, F = (station_of(name) for name in "ABCDEF")
WAY = (A, B, C, D)
ON_LINE = Here(stations=frozenset(WAY), ways=(WAY, WAY[::-1]), known=frozenset({A, B, C, D, E}), carriers=KNOWN)


def at(stop: Station) -> Here:
    return replace(ON_LINE, stop=stop)


@pytest.mark.parametrize(
    ("area", "here", "expected"),
    [
        (Area(), Here(zones=frozenset({Zone("3999", 90, 7)})), Fit.GOOD),  # nothing said is everywhere
        (Area(), Here(vague=True), Fit.GOOD),
        (Area(words="Réseau de Dole"), Here(zones=frozenset({Zone("3999", 90, 7)})), Fit.UNTOLD),
        (ZONES, Here(), Fit.GOOD),  # nobody said where
        (ZONES, Here(vague=True), Fit.UNTOLD),  # somebody did, in words that we do not know
        (ZONES, Here(zones=frozenset({Zone("3999", 90, 2)})), Fit.GOOD),
        (ZONES, Here(zones=frozenset({Zone("3999", 90, 2), Zone("3999", 90, 3)})), Fit.GOOD),  # a border stop
        (ZONES, Here(zones=frozenset({Zone("3999", 90, 3)})), Fit.ELSEWHERE),
        (ZONES, Here(zones=frozenset({Zone("3999", 91, 2)})), Fit.ELSEWHERE),  # the same number in another city
        (ZONES, Here(zones=frozenset({Zone("1187", 90, 2)})), Fit.ELSEWHERE),
        (Area(zones=(Zone("3999", 90, None),)), Here(zones=frozenset({Zone("3999", 90, 3)})), Fit.GOOD),
        (LINE, Here(line=Line("3999", 204)), Fit.GOOD),
        (LINE, Here(line=Line("3999", 205)), Fit.ELSEWHERE),
        (LINE, Here(line=Line("3999", None)), Fit.UNTOLD),  # which of its lines is not known
        (LINE, Here(line=Line("1187", 204)), Fit.ELSEWHERE),
        (Area(lines=(Line("3999", None),)), Here(line=Line("3999", 205)), Fit.GOOD),
        (LINE, Here(zones=frozenset({Zone("3999", 90, 1)})), Fit.UNTOLD),  # a line and a zone cannot be compared
        (COACHES, Here(line=Line("car", None), carriers=KNOWN), Fit.GOOD),
        (COACHES, Here(line=Line("ter", None), carriers=KNOWN), Fit.ELSEWHERE),
        (COACHES, Here(stations=frozenset({A}), carriers=KNOWN), Fit.UNTOLD),  # a line of no network
        (Area(lines=(Line("1187", None),)), Here(line=Line("ter", None), carriers=KNOWN), Fit.UNTOLD),  # another's
        (replace(ZONES, lines=LINE.lines), Here(zones=frozenset({Zone("3999", 90, 9)}), line=Line("3999", 204)),
         Fit.GOOD),
        (replace(ZONES, lines=LINE.lines), Here(zones=frozenset({Zone("3999", 90, 9)}), line=Line("3999", 1)),
         Fit.ELSEWHERE),
        (TRIP, Here(stations=frozenset({BESANCON, DOLE})), Fit.GOOD),
        (TRIP, Here(stations=frozenset({DOLE})), Fit.ELSEWHERE),
        (TRIP, Here(stations=frozenset({Station(BELFORT.code, "stationERA")})), Fit.ELSEWHERE),
        (TRIP, ON_LINE, Fit.UNTOLD),  # stations by the codes of another seller
        (replace(TRIP, opaque=True), Here(stations=frozenset({DOLE})), Fit.UNTOLD),
    ],
)  # fmt: skip
def test_where_a_ticket_is_good(area: Area, here: Here, expected: Fit) -> None:
    assert fit_of(area, here) is expected


@pytest.mark.parametrize(
    ("stations", "here", "expected"),
    [
        ((B, C), ON_LINE, Fit.GOOD),
        ((C, E), ON_LINE, Fit.GOOD),  # changes at C, or goes on to E with another line
        ((E,), ON_LINE, Fit.ELSEWHERE),
        ((E, F), ON_LINE, Fit.UNTOLD),  # F is none of our stations: closed since, or another's
        ((B, C), at(A), Fit.BEYOND),
        ((B, C), at(B), Fit.GOOD),
        ((B, C), at(C), Fit.GOOD),
        ((B, C), at(D), Fit.BEYOND),
        ((C, B), at(D), Fit.BEYOND),
        ((C, B), at(B), Fit.GOOD),
        ((A, D), at(C), Fit.GOOD),
        ((A, E), at(D), Fit.GOOD),  # where it leaves this line is not known
        ((A, B, E), at(C), Fit.BEYOND),
        ((A, C), replace(at(D), ways=()), Fit.GOOD),  # the order is not known
        ((A, C), replace(at(D), ways=((A, D, C),)), Fit.GOOD),  # by a branch
        ((A, C), replace(at(D), ways=((A, C, D), (A, D, C))), Fit.GOOD),  # some trips go that way
        ((A, C), replace(at(D), ways=((A, B, C, D, A),)), Fit.GOOD),  # round and round
        ((A, C), replace(ON_LINE, vague=True), Fit.UNTOLD),  # the stop is none of this line
        ((E,), replace(ON_LINE, vague=True), Fit.ELSEWHERE),
    ],
)
def test_a_journey_is_good_on_lines_that_serve_it_and_between_its_ends(
    stations: tuple[Station, ...], here: Here, expected: Fit
) -> None:
    assert fit_of(Area(stations=stations), here) is expected


def test_a_ticket_of_the_whole_network_is_good_at_every_stop_of_its_lines() -> None:
    both = replace(COACHES, stations=(A, B))
    assert fit_of(both, replace(at(D), line=Line("car", None))) is Fit.GOOD
    assert fit_of(both, replace(at(D), line=Line("ter", None))) is Fit.BEYOND
    assert fit_of(both, replace(at(D), line=None)) is Fit.UNTOLD


@given(st.lists(st.sampled_from("ABCDEFGH"), min_size=2, max_size=8, unique=True), st.data())
def test_nobody_on_a_trip_between_the_ends_of_the_ticket_is_refused(names: list[str], data: st.DataObject) -> None:
    """Whatever ways a line runs: on a trip that serves both ends, every stop between them is good, in both senses."""
    trip = tuple(station_of(name) for name in names)
    others = data.draw(st.lists(st.permutations(trip), max_size=3))
    ways = (trip, *map(tuple, others))
    here = Here(stations=frozenset(trip), ways=ways, known=frozenset(trip))
    first, last = sorted(data.draw(st.lists(st.integers(0, len(trip) - 1), min_size=2, max_size=2, unique=True)))
    for ends in ((trip[first], trip[last]), (trip[last], trip[first])):
        for stop in trip[first : last + 1]:
            assert fit_of(Area(stations=ends), replace(here, stop=stop)) is Fit.GOOD


# ---------------------------------------------------------------- into the code and back


def test_places_are_numbers_of_our_own_table() -> None:
    numbers = [station_of(f"place-{number}") for number in range(2_000)]
    assert {each.table for each in numbers} == {OUR_TABLE}
    assert all(1 <= int(each.code) <= 9_999_999 for each in numbers)
    assert len(set(numbers)) > 1_995
    assert station_of("place-7") == station_of("place-7")


@pytest.mark.parametrize(
    ("stops", "networks", "expected"),
    [
        ((), (), Area()),
        (("a", "b"), (), Area(stations=(station_of("a"), station_of("b")))),
        (("a", "b", "b", "c"), (), Area(stations=(station_of("a"), station_of("b"), station_of("c")))),
        ((), (("car", "Cars Mobigo"),), COACHES),
        ((), (("optymo", "Optymo (Territoire de Belfort)"), ("heriva", "Hériva (Héricourt)")),
         Area(lines=(Line("optymo", None), Line("heriva", None)), words="Optymo, Hériva")),
    ],
)  # fmt: skip
def test_what_is_promised_is_what_is_signed(
    stops: tuple[str, ...], networks: tuple[tuple[str, str], ...], expected: Area
) -> None:
    area = area_of({"area": area_promised(stops, networks)})
    assert area == expected
    for kind in TicketKind:
        ticket = replace(TICKET, area=area, kind=kind)
        assert read_ticket(ticket_octets(ticket)).area == expected


@pytest.mark.parametrize(
    ("stop_id", "stop_code", "rail", "code"),
    [
        ("StopPoint:OCETrain TER-87713040", "", True, "8771304"),  # Dijon; the last figure checks the five before it
        ("StopPoint:OCECar TER-87713040", "", False, "8771304"),  # a coach that leaves from the station
        ("StopArea:OCE87184002", "", True, "8718400"),
        ("StopArea:OCE87184003", "", True, None),  # a figure that does not check
        ("StopArea:OCE8718400", "", True, None),
        ("OCE871840021", "", True, None),
        ("1234", "8771304", True, "8771304"),
        ("1234", "87713040", True, "8771304"),
        ("1234", "87713041", True, None),
        ("1234", "8771304", False, None),  # figures on a coach stop are its own
        ("1234", "1771304", True, None),  # of no country's railway
        ("1234", "877130", True, None),
        ("1234", "877130400", True, None),
        ("1234", "", True, None),
    ],
)
def test_a_station_has_a_uic_code_only_where_its_timetable_surely_says_it(
    stop_id: str, stop_code: str, rail: bool, code: str | None
) -> None:
    assert uic_station(stop_id, stop_code, rail=rail) == (None if code is None else Station(code, UIC_TABLE))


def test_others_devices_read_from_where_to_where_in_uic_codes() -> None:
    area = area_of({"area": area_promised(("A", "B", "C"), (), (BELFORT.code, BESANCON.code))})
    assert area.stations == (BELFORT, A, B, C, BESANCON)
    ticket = replace(TICKET, area=area)
    _kind, found = record_of(ticket)["transportDocument"][0]["ticket"]
    assert (found["fromStationNum"], found["toStationNum"]) == (int(BELFORT.code), int(BESANCON.code))
    assert found["stationCodeTable"] == UIC_TABLE
    (via,) = found["validRegion"]
    assert [each["stationNum"] for each in via[1]["route"]] == [int(each.code) for each in (A, B, C)]
    assert read_ticket(ticket_octets(ticket)).area == area


@pytest.mark.parametrize("ends", [None, ("", ""), (BELFORT.code, ""), ("", BESANCON.code)])
def test_without_both_codes_only_our_numbers_are_said(ends: tuple[str, str] | None) -> None:
    assert area_promised(("A", "B"), (), ends) == area_promised(("A", "B"))


def test_without_a_stop_no_code_is_said() -> None:
    assert "stations" not in area_promised((), (("car", "Cars"),), (BELFORT.code, BESANCON.code))


@pytest.mark.parametrize("here", [ON_LINE, *(at(stop) for stop in WAY), replace(ON_LINE, stations=frozenset({E})),
                                  replace(ON_LINE, stations=frozenset({F, BELFORT})), Here()])  # fmt: skip
@pytest.mark.parametrize("stops", [(B, C), (A, D), (B, E), (E, F)])
def test_what_is_said_for_others_changes_no_verdict_of_ours(here: Here, stops: tuple[Station, Station]) -> None:
    bare = Area(stations=stops)
    assert fit_of(replace(bare, stations=(BELFORT, *stops, BESANCON)), here) is fit_of(bare, here)


def test_a_single_ticket_says_from_where_to_where_as_the_norm_does() -> None:
    _kind, found = record_of(replace(TICKET, area=Area(stations=(A, B, C))))["transportDocument"][0]["ticket"]
    assert (found["fromStationNum"], found["toStationNum"]) == (int(A.code), int(C.code))
    assert found["stationCodeTable"] == OUR_TABLE
    (via,) = found["validRegion"]
    assert [each["stationNum"] for each in via[1]["route"]] == [int(B.code)]


def test_the_area_takes_few_octets() -> None:
    bare = len(ticket_octets(replace(TICKET, area=Area())))
    assert len(ticket_octets(replace(TICKET, area=Area(stations=(A, B))))) - bare <= 8
    assert len(ticket_octets(replace(TICKET, area=Area(stations=(A, B, C))))) - bare <= 18
    assert len(ticket_octets(replace(TICKET, area=Area(stations=(BELFORT, A, B, BESANCON))))) - bare <= 20
    assert len(ticket_octets(replace(TICKET, area=Area(lines=COACHES.lines)))) - bare <= 8

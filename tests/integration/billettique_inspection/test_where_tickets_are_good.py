"""A ticket sold for a journey or a network, checked somewhere: by a validator that says its line and stop, and on the
inspector's page. The train runs A B C D, another one E F; the coach B K; a bus of no network of ours, I J."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count, pairwise
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import Engine

from billettique.model.entitlements import Bare
from billettique.model.fares import Leg
from billettique.model.orders import Channel, ItemKind, Offer
from billettique.model.sales import NamedLeg
from billettique.model.ticket import Area, Fit, Here, Line, Station
from billettique.rules.areas import fit_of, station_of
from billettique.service import inspection, issuing, served_lines, shelf
from billettique.service.served_lines import derive_lines
from billettique.store.tickets import current_code, get
from mobigo.app.factory import create_app
from mobigo.base.instants import paris_day
from mobigo.infra import clock
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Permission
from mobigo.infra.web import Services
from mobigo.network.engine.lines import calls_of
from mobigo.network.model.live import LiveNetwork
from tests.builders import feed, trip
from tests.integration.billettique_inspection.test_validators_and_revenue import BASE, key
from tests.planner_adaptor import compiled

TRIPS = [
    trip("slow", "A 8:00 B 8:10 C 8:20 D 8:30", route="train", direction_id="0"),
    trip("fast", "A 9:00 D 9:20", route="train", direction_id="0"),
    trip("back", "D 10:00 C 10:10 B 10:20 A 10:30", route="train", direction_id="1"),
    trip("other", "E 8:00 F 8:30", route="other-train"),
    trip("coach", "B 9:00 K 10:00", route="coach"),
    trip("bus", "I 8:00 J 9:00", route="bus"),
]
ROUTES = [
    {"route_id": "train", "route_type": "2", "agency_id": "ter"},
    {"route_id": "other-train", "route_type": "2", "agency_id": "ter"},
    {"route_id": "coach", "route_type": "3", "agency_id": "cars"},
    {"route_id": "bus", "route_type": "3", "agency_id": "city"},
]
AGENCIES = (
    "agency_id,agency_name,agency_url,agency_timezone\n"
    "cars,Cars Mobigo,https://a.example,Europe/Paris\nter,TER Mobigo,https://a.example,Europe/Paris\n"
    "city,Réseau de ville,https://a.example,Europe/Paris\n"
)
numbers = count()


class OneNetwork:
    """A holder that always serves the same network."""

    def __init__(self, live: LiveNetwork) -> None:
        self.live = live

    @contextmanager
    def current(self) -> Iterator[LiveNetwork]:
        yield self.live


@pytest.fixture(scope="module")
def network() -> OneNetwork:
    files = feed(TRIPS, routes=ROUTES)
    files["agency.txt"] = AGENCIES
    # The stations A and B have a UIC code, the coach stop K one of its own.
    codes = {"stop_id": "stop_code", "A": "8718400", "B": "8718423", "K": "8711830"}
    stops = [row.split(",") for row in files["stops.txt"].splitlines()]
    files["stops.txt"] = "".join(",".join([*row, codes.get(row[0], "")]) + "\n" for row in stops)
    return OneNetwork(LiveNetwork(compiled(files, "f"), "hash"))


@dataclass
class World:
    """A site that serves that network, and a validator's key."""

    app: APIFlask
    services: Services
    headers: dict[str, str]

    def place(self, name: str) -> str:
        with self.services.networks.current() as live:
            return str(live.timetable.stop_place[list(live.timetable.stop_id).index(name)])

    def uic(self, *stops: str) -> tuple[str, str] | None:
        """The UIC codes of two places, where trains' lines know both."""
        known = {stop.place: stop.uic for stop in served_lines.lines_of(self.services.networks)["f:train"].stops()}
        first, last = (known.get(stop, "") for stop in stops)
        return (first, last) if first and last else None

    def journey(self, network: str, *names: str, rider: str = "adulte") -> Offer:
        """What is sold for a journey by one network, from stop to stop."""
        start, home = clock.now() + timedelta(minutes=1), self.services.config.home
        stops = [(self.place(name), f"Gare de {name}") for name in names]
        legs = [
            NamedLeg(
                Leg(network, a, b, start + timedelta(minutes=n), start + timedelta(minutes=n + 1),
                    20_000 if network == "ter" else None),
                a_name, b_name, self.uic(a, b),
            )
            for n, ((a, a_name), (b, b_name)) in enumerate(pairwise(stops))
        ]  # fmt: skip
        (offer,) = shelf.journey(legs, (rider,), home, Channel.COUNTER, clock.now())
        return replace(offer, first_at=clock.now(), promised={**offer.promised, "activation": False})

    def code(self, offer: Offer) -> tuple[str, str]:
        """It is sold: its reference and its code."""
        item = f"item-{next(numbers)}"
        with transaction(self.services.engine) as session:
            sold = issuing.issue(session, self.services, Bare(item, "order", offer), clock.now())
            code = current_code(session, sold)
            assert code is not None
            return get(session, sold).reference, code.octets.hex()

    def checked(self, code: str, line: str, stop: str = "") -> tuple[str, str]:
        sent = {"device": "validator-1", "nonce": f"nonce-{next(numbers):06}", "code": code, "line": line, "stop": stop}
        answer = self.app.test_client().post(BASE + "/checks", json=sent, headers=self.headers)
        assert answer.status_code == 200, answer.text
        said = answer.get_json()
        return said["answer"], said["reason"]


@pytest.fixture
def world(database_config: Config, engine: Engine, network: OneNetwork) -> Iterator[World]:
    app = create_app(replace(database_config, base_url="http://localhost"))
    services: Services = app.extensions["mobigo"]
    services.__dict__["networks"] = network
    yield World(app, services, key(engine, Permission.TICKETS_VALIDATE))
    services.engine.dispose()


HERE, ELSEWHERE, BEYOND, UNTOLD = "Titre valable.", "sur ce trajet", "à cet arrêt", "n’a pas pu être comparé"


def test_a_ticket_from_b_to_c(world: World) -> None:
    offer = world.journey("ter", "B", "C")
    for line, stop, expected, reason in (
        ("f:train", "", "OK", HERE),
        ("f:train", "B", "OK", HERE),
        ("f:train", "C", "OK", HERE),
        ("f:train", "A", "WRONG_AREA", BEYOND),
        ("f:train", "D", "WRONG_AREA", BEYOND),
        ("f:train", "?", "OK", UNTOLD),  # a stop that this line does not know
        ("f:other-train", "", "WRONG_AREA", ELSEWHERE),
        ("f:other-train", "E", "WRONG_AREA", ELSEWHERE),
        ("f:coach", "", "OK", HERE),  # it serves B: the inspector reads from where to where
        ("f:bus", "", "WRONG_AREA", ELSEWHERE),
        ("f:nowhere", "", "OK", UNTOLD),
        ("", "", "OK", HERE),
    ):
        _reference, code = world.code(offer)
        answer, said = world.checked(code, line, world.place(stop) if stop.isalpha() else stop)
        assert (answer, reason in said) == (expected, True), (line, stop, said)


def test_a_coach_ticket_is_good_on_every_coach(world: World) -> None:
    offer = world.journey("car", "B", "K")
    for line, expected, reason in (
        ("f:coach", "OK", HERE),
        ("f:train", "WRONG_AREA", ELSEWHERE),  # though it serves B too
        ("f:bus", "OK", UNTOLD),  # of no network known: nobody is refused by what we do not know
    ):
        _reference, code = world.code(offer)
        answer, said = world.checked(code, line)
        assert (answer, reason in said) == (expected, True), (line, said)
    assert issuing.ticket_in(bytes.fromhex(code)).area == Area(lines=(Line("car", None),), words="Cars Mobigo")


def test_what_is_sold_on_the_shelf_names_its_networks(world: World) -> None:
    home, at = world.services.config.home, clock.now()
    (flat,) = shelf.flat_tickets("nfc-unique", ("adulte",), home, Channel.COUNTER, at)
    assert flat.promised["area"] == {
        "lines": [["evolity", None], ["heriva", None], ["optymo", None]], "words": "Evolity, Hériva, Optymo"
    }  # fmt: skip
    shown = shelf.on_sale(at.date(), home, Channel.COUNTER)
    for each in shown.covers:
        offer = shelf.cover(each.id, sorted(each.riders or {"adulte"})[0], at.date(), home, Channel.COUNTER, at)
        named = [network for network, _none in offer.promised["area"].get("lines", ())]
        assert named == sorted(each.networks or ()) or each.areas is not None
        if offer.kind is ItemKind.PASS:
            assert world.code(offer)


def test_the_inspector_says_line_and_stop_on_the_page(world: World) -> None:
    reference, _code = world.code(world.journey("ter", "A", "B"))
    config = world.services.config
    for line, stop, expected in (
        ("f:train", "B", "OK"), ("f:train", "C", "WRONG_AREA"), ("f:other-train", "", "WRONG_AREA"),
    ):  # fmt: skip
        here = served_lines.here_of(
            world.services.networks, line, world.place(stop) if stop else "", paris_day(clock.now()), config.home
        )
        with reading(world.services.engine) as session:
            verdict = inspection.check_said(session, world.services, reference, clock.now(), here=here).verdict
        assert str(verdict.answer) == expected, verdict.reason


def test_the_lists_of_a_shift_carry_what_places_are_compared_by(world: World) -> None:
    lists = inspection.lists(world.services, clock.now())
    (train,) = [each for each in lists["lines"] if each["code"] == "f:train"]
    assert (train["network"], {"ter", "car"} <= set(lists["carriers"])) == ("ter", True)
    named = [[train["stops"][row][1] for row in way] for way in train["ways"]]
    assert named == [["A", "B", "C", "D"], ["D", "C", "B", "A"]]
    assert {row[3] for row in train["stops"]} == {station_of(world.place(name)).code for name in "ABCD"}
    assert [row[4] for row in train["stops"]] == ["8718400", "8718423", "", ""]
    assert [each["network"] for each in lists["lines"] if each["code"] == "f:bus"] == [None]


@pytest.mark.parametrize(("ends", "said"), [("AB", True), ("AC", False)])
def test_a_train_ticket_says_uic_codes_when_both_ends_have_one(world: World, ends: str, said: bool) -> None:
    offer = world.journey("ter", *ends)
    area = issuing.ticket_in(bytes.fromhex(world.code(offer)[1])).area
    ours = tuple(station_of(world.place(name)) for name in ends)
    assert area.stations == ((Station("8718400"), *ours, Station("8718423")) if said else ours)
    for line, stop, expected in (
        ("f:train", ends[1], "OK"),
        ("f:train", "D", "WRONG_AREA"),
        ("f:other-train", "", "WRONG_AREA"),
    ):
        assert world.checked(world.code(offer)[1], line, world.place(stop) if stop else "")[0] == expected


@pytest.mark.realdata
@pytest.mark.slow
def test_nearly_every_stop_of_a_real_winter_of_trains_has_its_uic_code(realdata: Any) -> None:
    """Each of them a station of an independent list, whose codes have no check digit."""
    import csv

    from mobigo.network.engine.compile import compile_feeds
    from mobigo.network.engine.feedpart import CompileInput
    from mobigo.network.gateway.gtfs import read_feed

    path = realdata / "gtfs" / "sncf-ter-2025-01.zip"
    lines = derive_lines(compile_feeds([CompileInput("f", read_feed(path))], "Europe/Paris", "hash"))
    codes = [stop.uic for line in lines.values() for stop in line.stops()]
    with (realdata / "stations" / "stations_fr.csv").open(encoding="utf-8") as file:
        known = {row["uic"] for row in csv.DictReader(file) if row["uic"]}
    assert sum(map(bool, codes)) > 0.99 * len(codes)
    french = {code for code in codes if code.startswith("87")}
    assert len(french & known) > 0.8 * len(french)


@pytest.mark.slow
@pytest.mark.realdata
def test_on_the_trains_of_a_real_winter_nobody_is_refused_between_the_ends(realdata: Any) -> None:
    """A ticket for any two stops of any trip is good on its line, at each stop between them, in both senses."""
    from random import Random

    from mobigo.network.engine.compile import compile_feeds
    from mobigo.network.engine.feedpart import CompileInput
    from mobigo.network.gateway.gtfs import read_feed

    path = realdata / "gtfs" / "sncf-ter-2025-01.zip"
    timetable = compile_feeds([CompileInput("f", read_feed(path))], "Europe/Paris", "hash")
    lines, random = derive_lines(timetable), Random(2025)
    known = served_lines.known_stations(lines)
    refused_beyond = 0
    for trip_row in random.sample(range(len(timetable.trip_route)), 1_500):
        line = lines[f"f:{timetable.route_id[int(timetable.trip_route[trip_row])]}"]
        calls = [station_of(timetable.stop_place[row]) for row in calls_of(timetable, trip_row)]
        here = Here(frozenset(station_of(each.place) for each in line.stops()), ways=line.ways(), known=known)
        first, last = sorted(random.sample(range(len(calls)), 2))
        for area in (Area(stations=(calls[first], calls[last])), Area(stations=(calls[last], calls[first]))):
            fits = [fit_of(area, replace(here, stop=stop)) for stop in calls]
            assert set(fits[first : last + 1]) == {Fit.GOOD}
            refused_beyond += fits.count(Fit.BEYOND)
    assert refused_beyond > 1_000

"""docs/planner-features.md names the test that shows each feature, or says why it is missing; here it is held to it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "planner-features.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def rows() -> list[list[str]]:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def test_each_test_that_is_named_exists() -> None:
    named = [found for row in rows() for found in NAMED.findall(row[2])]
    assert named
    missing = [
        f"{path}::{test}"
        for path, test in named
        if not re.search(rf"^def {test}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert missing == []


def test_what_is_done_is_shown_and_what_is_missing_says_why() -> None:
    for feature, mark, shown, missing in rows():
        assert bool(NAMED.search(shown)) == (mark in "●◐"), feature
        assert bool(missing) == (mark in "◐○"), feature


# What people know from other planners, as a table of them lists it, and the row of the page that speaks of it.
KNOWN = {
    "depart-after / arrive-by": "depart after, arrive by",
    "range / profile query": "every useful journey of a window",
    "Pareto of arrival and transfers": "best by arrival and changes",
    "Pareto of price and walking": "best by price and walking",
    "Pareto of CO2": "CO2",
    "GTFS-RT trip updates, alerts, positions": "what runs today: trips, alerts, vehicles",
    "GTFS-Flex": "on-demand trips of a feed (GTFS-Flex): zones, groups, windows, booking rules, deviated trips",
    "booking rules used in search": "booking rules applied at the moment asked",
    "GBFS": "shared bicycles (GBFS)",
    "carpool": "carpool",
    "park and ride": "park and ride: car parks, free places, price",
    "bike park": "bicycle or car to the stop",
    "wheelchair": "wheelchair",
    "fares v2": "fares",
    "pathways and levels": "pathways and levels in stations",
    "frequencies.txt": "frequencies",
    "block, stay-seated": "blocks, staying seated",
    "transfers types 0 to 3": "transfers of all kinds, by line and by trip",
    "past midnight, clock changes": "past midnight, clocks that change",
    "multi-feed merge": "several feeds as one",
    "isochrone, one-to-all": "areas within reach, and what they hold",
    "one-to-many matrix": "matrices",
    "map tiles": "map tiles",
    "geocoding, autocomplete": "places and addresses by name",
    "API": "API with its document",
    "walk turn-by-turn, languages": "the way in words, in French and English",
    "debug page": "page that shows how a search went",
    "stays up while data reloads": "served while the network is replaced",
}


def test_every_feature_of_other_planners_has_its_row_once() -> None:
    named = [row[0] for row in rows()]
    assert [name for name in KNOWN.values() if named.count(name) != 1] == []
    assert len(set(named)) == len(named)

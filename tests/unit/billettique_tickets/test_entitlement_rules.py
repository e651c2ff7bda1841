"""From what was sold to what is signed: windows, travellers, words of the way, checks, names, references."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billettique.model.entitlements import EntitlementState
from billettique.model.orders import ItemKind
from billettique.model.ticket import Area, Checks, Line, Passengers, Station, TicketKind, Zone
from billettique.rules import entitlements as rules
from billettique.rules.tickets import read_ticket, ticket_octets
from mobigo.base.errors import InvalidInput
from mobigo.base.instants import PARIS
from tests.holder_world import DAY, NOW, PASS, SINGLE

MINUTE = timedelta(minutes=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2026-11-26T03:59", "2026-11-26T03:59"),
        ("2026-11-26T04:00", "2026-11-27T03:59"),
        ("2026-11-26T23:59", "2026-11-27T03:59"),
        ("2026-03-28T12:00", "2026-03-29T03:59"),  # the night the clock goes forward
        ("2026-10-24T12:00", "2026-10-25T03:59"),  # and back
        ("2026-12-31T22:00", "2027-01-01T03:59"),
    ],
)
def test_an_operating_day_ends_before_four(instant: str, expected: str) -> None:
    assert rules.end_of_operating_day(at(instant)) == at(expected)


def test_what_an_offer_leaves_open_begins_now_and_ends_with_the_day() -> None:
    assert rules.window_of(SINGLE, NOW) == (NOW.replace(second=0), datetime(2026, 11, 27, 2, 59, tzinfo=UTC))
    assert rules.window_of(PASS, NOW)[1] == (NOW + 30 * DAY).replace(second=0)


@pytest.mark.parametrize(
    ("last", "code"),
    [
        (NOW, None),
        (NOW - MINUTE, "window_backwards"),
        (NOW + rules.LONGEST - MINUTE, None),
        (NOW + rules.LONGEST + MINUTE, "window_too_long"),
    ],
)
def test_a_window_goes_forward_and_not_beyond_what_keys_are_accepted_for(last: datetime, code: str | None) -> None:
    offer = replace(PASS, first_at=NOW, last_at=last)
    if code is None:
        assert rules.window_of(offer, NOW)[0] == NOW.replace(second=0)
        return
    with pytest.raises(InvalidInput, match=code):
        rules.window_of(offer, NOW)


@pytest.mark.parametrize(
    ("promised", "last", "end"),
    [
        ({}, NOW + DAY, datetime(2026, 11, 27, 2, 59, tzinfo=UTC)),
        ({"valid_min": 60}, NOW + DAY, datetime(2026, 11, 26, 9, 29, tzinfo=UTC)),
        ({"valid_min": 60}, NOW + 10 * MINUTE, NOW + 10 * MINUTE),  # never beyond what was sold
        ({"valid_min": 1}, NOW + DAY, NOW.replace(second=0)),
    ],
)
def test_an_activated_ticket_has_its_own_time(promised: dict[str, Any], last: datetime, end: datetime) -> None:
    assert rules.activated_window(promised, last, NOW) == (NOW.replace(second=0), end)


@pytest.mark.parametrize(
    ("promised", "expected"),
    [
        ({}, Area()),
        ({"networks": ["car", "ter"]}, Area(words="car, ter")),
        ({"legs": [{"from_name": "A", "to_name": "B"}, {"from_name": "B", "to_name": "C"}]}, Area(words="A – C")),
        ({"legs": [{"from_name": None, "to_name": "C"}], "networks": ["car"]}, Area(words="car")),
        ({"area": {"words": "Partout"}, "networks": ["car"]}, Area(words="Partout")),
        (
            {"area": {"stations": [["87713040", "stationUIC"]], "zones": [["3999", 90010, None]],
                      "lines": [["3999", 204]]}},
            Area((Station("87713040"),), (Zone("3999", 90010, None),), (Line("3999", 204),)),
        ),
        ({"area": {"words": "x" * 100}}, Area(words="x" * 60)),
    ],
)  # fmt: skip
def test_where_a_ticket_is_good_is_what_was_promised(promised: dict[str, Any], expected: Area) -> None:
    assert rules.area_of(promised) == expected


@pytest.mark.parametrize(
    ("promised", "riders", "holder", "expected"),
    [
        ({}, ("adulte",), None, Checks()),
        ({}, ("adulte", "jeune"), None, Checks(age=True)),
        ({}, ("adulte",), "Zoé ESSAI", Checks(identity=True)),
        ({"proof": "solidarite"}, ("adulte",), None, Checks(words="solidarite")),
        ({"checks": {"identity": False, "card": True, "words": "Vu"}}, ("jeune",), "Zoé ESSAI",
         Checks(age=True, reduction_card=True, words="Vu")),
    ],
)  # fmt: skip
def test_what_an_inspector_asks_for(
    promised: dict[str, Any], riders: tuple[str, ...], holder: str | None, expected: Checks
) -> None:
    assert rules.checks_of(promised, riders, holder) == expected


@pytest.mark.parametrize(
    ("riders", "expected"),
    [
        ((), (Passengers(1, "adult"),)),
        (("adulte", "jeune", "adulte"), (Passengers(2, "adult"), Passengers(1, "youth"))),
        (("bebe", "enfant"), (Passengers(1, "child"), Passengers(1, "child"))),
        (("inconnu",), (Passengers(1, None, "inconnu"),)),
    ],
)
def test_a_party_is_counted_by_category(riders: tuple[str, ...], expected: tuple[Passengers, ...]) -> None:
    assert rules.passengers_of(riders) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Anne Martin", ("Anne", "Martin")),
        ("Anne Marie LE GOFF", ("Anne Marie", "LE GOFF")),
        ("MARTIN", ("", "MARTIN")),
        ("  Zoé   D’ESSAI ", ("Zoé", "D’ESSAI")),
    ],
)
def test_a_name_is_given_and_family(written: str, expected: tuple[str, str]) -> None:
    assert rules.names_of(written) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("7F3K9QPX2M", "7F3K9QPX2M"),
        (" 7f3k 9qpx-2m ", "7F3K9QPX2M"),
        ("7F3K9QPX2O", "7F3K9QPX20"),
        ("IL00000000", "1100000000"),
        ("7F3K9QPX2", None),
        ("7F3K9QPX2MM", None),
        ("7F3K9QPX2U", None),
        ("", None),
    ],
)
def test_a_reference_is_heard_as_it_is_said(typed: str, expected: str | None) -> None:
    assert rules.heard(typed) == expected


@given(st.text(rules.REFERENCE_LETTERS, min_size=10, max_size=10))
def test_every_reference_is_heard_as_it_is_spoken(reference: str) -> None:
    assert rules.heard(rules.spoken(reference)) == reference


@given(
    kind=st.sampled_from(ItemKind),
    name=st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=90),
    holder=st.none() | st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=40),
    riders=st.lists(st.sampled_from(["adulte", "jeune", "velo", "inconnu"]), max_size=9),
    activated=st.booleans(),
)
def test_whatever_is_sold_is_a_ticket_that_reads_back(
    kind: ItemKind, name: str, holder: str | None, riders: list[str], activated: bool
) -> None:
    offer = replace(SINGLE, kind=kind, name=name, riders=tuple(riders))
    first, last = rules.window_of(offer, NOW)
    ticket = rules.ticket_of_sale(
        offer, issuer="mobigo", reference="7F3K9QPX2M", first=first, last=last, now=NOW, specimen=True,
        activated=activated, holder=holder,
    )  # fmt: skip
    assert read_ticket(ticket_octets(ticket)) == ticket
    assert (ticket.kind is TicketKind.PASS) is (kind is ItemKind.PASS)


def test_what_is_over_has_no_way_back() -> None:
    over = {EntitlementState.REVOKED, EntitlementState.REFUNDED}
    assert all(rules.MOVES[each] <= over for each in over)
    assert rules.MOVES[EntitlementState.SUSPENDED] >= {EntitlementState.ACTIVE}

"""A ticket as a record and back: dates, areas, classes, and the laws that any ticket keeps."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given

from billettique.model.ticket import Area, Station, Ticket, TicketKind, TravelClass, Zone
from billettique.rules import fcb3
from billettique.rules.tickets import class_suffices, mark_of, read_ticket, record_of, ticket_octets, ticket_of
from billettique.rules.uper import encode
from mobigo.base.errors import InvalidInput
from tests.ticket_world import PASS, TICKET, tickets

BELFORT, BESANCON, DOLE = Station("8718430"), Station("8718423"), Station("8711830")
# 25 October 2026, 3:00 becomes 2:00; 29 March 2026, 2:00 becomes 3:00
TWICE = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 2:30 in summer time, the first of two


def document(ticket: Ticket) -> dict[str, Any]:
    kind, found = record_of(ticket)["transportDocument"][0]["ticket"]
    assert kind == ticket.kind
    return {name: value for name, value in found.items() if value is not None}


@given(tickets())
@example(PASS)
@example(replace(TICKET, first_minute=TWICE, last_minute=TWICE + timedelta(hours=1)))
@example(replace(TICKET, first_minute=TWICE + timedelta(hours=1), last_minute=TWICE + timedelta(hours=1)))
def test_a_ticket_is_read_as_it_was_written(ticket: Ticket) -> None:
    assert read_ticket(ticket_octets(ticket)) == ticket


def test_a_single_ticket_takes_few_octets() -> None:
    assert len(ticket_octets(TICKET)) == 80


def test_days_are_counted_from_the_sale_and_minutes_are_local() -> None:
    """Sold on 24 November; the pass runs from the 1st, 0:00, to the 30th, 23:59: neither time has to be said."""
    assert {
        name: value for name, value in document(PASS).items() if name.startswith("valid") and "Region" not in name
    } == {
        "validFromDay": -23,
        "validUntilDay": 29,
    }


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (TWICE - timedelta(minutes=31), (119, None)),  # 1:59
        (TWICE, (150, -8)),  # 2:30, two hours ahead of UTC: eight quarters
        (TWICE + timedelta(hours=1), (150, -4)),  # 2:30 again
        (TWICE + timedelta(minutes=90), (180, None)),  # 3:00
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), (180, None)),  # 3:00: 2:00 never was
    ],
)
def test_the_distance_to_utc_is_said_only_where_a_minute_comes_twice(
    first: datetime, expected: tuple[int, int | None]
) -> None:
    found = document(replace(TICKET, issued_at=first, first_minute=first, last_minute=first + timedelta(days=2)))
    assert (found["validFromTime"], found.get("validFromUTCOffset")) == expected


@pytest.mark.parametrize(
    ("day", "minute", "first", "last"),
    [
        (datetime(2026, 10, 25, tzinfo=UTC), 150, "2026-10-25T00:30", "2026-10-25T01:30"),  # 2:30 comes twice
        (datetime(2026, 3, 29, tzinfo=UTC), 150, "2026-03-29T00:30", "2026-03-29T01:30"),  # 2:30 never comes
        (datetime(2026, 3, 29, tzinfo=UTC), 59, "2026-03-28T23:59", "2026-03-28T23:59"),
        (datetime(2026, 3, 29, tzinfo=UTC), 240, "2026-03-29T02:00", "2026-03-29T02:00"),
    ],
)
def test_a_foreign_time_that_may_mean_two_instants_is_read_for_the_traveller(
    day: datetime, minute: int, first: str, last: str
) -> None:
    record = record_of(replace(TICKET, issued_at=day, first_minute=day, last_minute=day))
    _, found = record["transportDocument"][0]["ticket"]
    found |= {"validFromDay": 0, "validFromTime": minute, "validFromUTCOffset": None}
    found |= {"validUntilDay": 0, "validUntilTime": minute, "validUntilUTCOffset": None}
    read = read_ticket(encode(fcb3.TICKET, record))
    assert (f"{read.first_minute:%Y-%m-%dT%H:%M}", f"{read.last_minute:%Y-%m-%dT%H:%M}") == (first, last)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", {"referenceNum": 0}),
        ("9223372036854775807", {"referenceNum": 2**63 - 1}),
        ("9223372036854775808", {"referenceIA5": "9223372036854775808"}),
        ("007", {"referenceIA5": "007"}),  # zeros in front are part of it
        ("A7", {"referenceIA5": "A7"}),
        ("²", None),
    ],
)
def test_a_reference_is_a_number_where_it_is_one(text: str, expected: dict[str, Any] | None) -> None:
    ticket = replace(TICKET, reference=text)
    if expected is None:
        with pytest.raises(InvalidInput, match=r"billettique\.ticket_not_writable"):
            ticket_octets(ticket)
        return
    assert {name: value for name, value in document(ticket).items() if name.startswith("reference")} == expected


@pytest.mark.parametrize(
    "wrong",
    [
        replace(TICKET, issued_at=TICKET.issued_at.replace(second=1)),
        replace(TICKET, first_minute=TICKET.first_minute.replace(tzinfo=None)),
        replace(TICKET, last_minute=TICKET.first_minute - timedelta(minutes=1)),
        replace(TICKET, last_minute=TICKET.first_minute + timedelta(days=501)),
        replace(TICKET, area=Area(opaque=True)),
        replace(TICKET, area=Area(zones=(Zone("3999", 1, None), Zone("3999", 1, 2)))),  # all of them, and one
        replace(TICKET, passengers=(replace(TICKET.passengers[0], count=201),)),
    ],
)
def test_what_the_norm_cannot_say_is_refused(wrong: Ticket) -> None:
    with pytest.raises(InvalidInput, match=r"billettique\.ticket_not_writable"):
        ticket_octets(wrong)


@pytest.mark.parametrize("documents", [0, 2])
def test_one_document_and_no_other_number(documents: int) -> None:
    record = record_of(TICKET)
    record["transportDocument"] = record["transportDocument"] * documents
    with pytest.raises(InvalidInput, match=r"billettique\.not_one_document"):
        ticket_of(record)


def test_a_ticket_written_loosely_is_not_read() -> None:
    octets = ticket_octets(TICKET)
    assert octets[-1] & 1 == 0  # the last bit is filling
    with pytest.raises(InvalidInput, match=r"billettique\.code_malformed"):
        read_ticket(octets[:-1] + bytes([octets[-1] | 1]))


def test_the_mark_names_the_ticket_and_its_seller() -> None:
    assert mark_of(TICKET) == mark_of(replace(TICKET, specimen=False, words="again"))
    others = [replace(TICKET, reference="01KAVG5Y8Z4WQ2R7T9X3M6N0PC"), replace(TICKET, issuer="1187")]
    assert len({mark_of(TICKET), *map(mark_of, others)}) == 3
    assert len(mark_of(TICKET)) == 8


@pytest.mark.parametrize(
    ("bought", "needed", "expected"),
    [
        (TravelClass.SECOND, TravelClass.FIRST, False),
        (TravelClass.SECOND, TravelClass.SECOND, True),
        (TravelClass.SECOND, TravelClass.ANY, True),
        (TravelClass.FIRST, TravelClass.SECOND, True),
        (TravelClass.FIRST, TravelClass.FIRST, True),
        (TravelClass.ANY, TravelClass.FIRST, True),
    ],
)
def test_second_class_does_not_sit_in_first(bought: TravelClass, needed: TravelClass, expected: bool) -> None:
    assert class_suffices(bought, needed) is expected


def test_both_kinds_of_ticket_have_a_document() -> None:
    assert {kind.value for kind in TicketKind} == {"openTicket", "pass"}

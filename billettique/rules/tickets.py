"""A ticket as a record of the norm and back (`fcb3` has the tables): dates relative to the day of sale, codes as
numbers where they are numbers, and where the ticket is good.

What is written reads back as the same ticket. What a foreign seller wrote is read as far as we have a word for it;
where it bounds the place in another way, the area is marked `opaque` and nobody is refused by our ignorance.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import groupby
from typing import Any, Final

from billettique.model.ticket import (
    Area,
    Checks,
    Code,
    Line,
    Passengers,
    Station,
    Ticket,
    TicketKind,
    TravelClass,
    Zone,
)
from billettique.rules import fcb3
from billettique.rules.uper import decode, encode
from mobigo.base.errors import InvalidInput
from mobigo.base.instants import PARIS
from mobigo.base.money import Money

MARK_OCTETS: Final = 8
_LAST_MINUTE: Final = 1439
_QUARTER: Final = timedelta(minutes=15)
_KINDS: Final = {kind.value: kind for kind in TicketKind}
# Where each kind of document keeps the product's name, the area's and the carriers.
_COMPONENTS: Final = {
    TicketKind.PASS.value: ("passDescription", "infoText", "includedCarrierNum"),
    TicketKind.SINGLE.value: ("infoText", "validRegionDesc", "carrierNum"),
}
_CLASSES: Final = {
    **dict.fromkeys(("first", "premiumFirst", "standardFirst", "comfort", "premium", "business"), TravelClass.FIRST),
    **dict.fromkeys(("second", "premiumSecond", "standardSecond", "tourist"), TravelClass.SECOND),
}
_NO_CHECKS: Final = Checks()


def ticket_octets(ticket: Ticket) -> bytes:
    """The ticket as a record of the norm, encoded. Raises InvalidInput("billettique.ticket_not_writable", why=...)."""
    try:
        return encode(fcb3.TICKET, record_of(ticket))
    except ValueError as wrong:
        raise InvalidInput("billettique.ticket_not_writable", why=str(wrong)) from wrong


def read_ticket(octets: bytes) -> Ticket:
    """The ticket in an encoded record, which has to be in its canonical form and hold one document.

    Raises InvalidInput: "billettique.code_malformed", "billettique.not_one_document".
    """
    try:
        record = decode(fcb3.TICKET, octets)
    except ValueError as wrong:
        raise InvalidInput("billettique.code_malformed") from wrong
    return ticket_of(record)


def mark_of(ticket: Ticket) -> bytes:
    """The ticket's eight octets in revocation lists and used-sets: enough that one of a hundred thousand marks is by
    chance that of another ticket once in 10^14 tickets."""
    return mark_of_reference(ticket.issuer, ticket.reference)


def mark_of_reference(issuer: str, reference: str) -> bytes:
    """The mark of the ticket that its issuer calls so."""
    return sha256(f"{issuer}\0{reference}".encode()).digest()[:MARK_OCTETS]


def mark_of_code(code: Code) -> bytes:
    """The mark of one code of a ticket, in revocation lists: that of a code replaced by another one of the same ticket
    (moved to another telephone), which goes on under the ticket's own mark."""
    return sha256(b"code\0" + code.signed_1).digest()[:MARK_OCTETS]


def class_suffices(bought: TravelClass, needed: TravelClass) -> bool:
    """Whether one may sit in a coach of class `needed` with a ticket of class `bought`."""
    return bought is not TravelClass.SECOND or needed is not TravelClass.FIRST


# ---------------------------------------------------------------- writing


def record_of(ticket: Ticket) -> dict[str, Any]:
    """The ticket in the norm's words. Raises InvalidInput("billettique.ticket_not_writable", why=...)."""
    for instant in (ticket.issued_at, ticket.first_minute, ticket.last_minute):
        if instant.tzinfo is None or instant.second or instant.microsecond:
            raise InvalidInput("billettique.ticket_not_writable", why="instants are whole minutes and carry their zone")
    if ticket.last_minute < ticket.first_minute:
        raise InvalidInput("billettique.ticket_not_writable", why="it ends before it begins")
    issued = ticket.issued_at.astimezone(UTC)
    document: dict[str, Any] = {
        **_numbered("reference", ticket.reference, 2**63 - 1, "Num", "IA5"),
        **({} if ticket.product_owner is None else _numbered("productOwner", ticket.product_owner, 32000, low=1)),
        **_numbered("productId", ticket.product, 65535),
        **_window(issued.date(), ticket.first_minute, ticket.last_minute),
        "classCode": "notApplicable" if ticket.travel_class is TravelClass.ANY else str(ticket.travel_class),
        "tariffs": [_tariff(each) for each in ticket.passengers] or None,
        "price": None if ticket.price is None else ticket.price.cents,
    }
    from_to, route = _ends(ticket)
    document |= {**from_to, "validRegion": _regions(ticket.area, route) or None}
    if ticket.kind is TicketKind.PASS:
        document |= {"passDescription": ticket.words or None, "infoText": ticket.area.words or None}
        document |= {"includedCarrierNum": list(ticket.carriers) or None}
    else:
        document |= {"returnIncluded": False, "infoText": ticket.words or None}
        document |= {"validRegionDesc": ticket.area.words or None, "carrierNum": list(ticket.carriers) or None}
    return {
        "issuingDetail": {
            **_numbered("issuer", ticket.issuer, 32000, low=1),
            "issuingYear": issued.year,
            "issuingDay": issued.timetuple().tm_yday,
            "issuingTime": issued.hour * 60 + issued.minute,
            "specimen": ticket.specimen,
            "securePaperTicket": False,
            "activated": ticket.activated,
        },
        "travelerDetail": _holder(ticket.holder),
        "transportDocument": [{"ticket": (str(ticket.kind), document)}],
        "controlDetail": _control(ticket.checks),
    }


def _numbered(
    name: str, text: str, high: int, number: str = "Num", word: str = "IA5", *, low: int = 0
) -> dict[str, int | str]:
    """A code as the number it is, or else as a text: the norm has a component for each."""
    if text.isascii() and text.isdigit() and (text == "0" or text[0] != "0") and low <= int(text) <= high:
        return {name + number: int(text)}
    return {name + word: text}


def _window(issued: date, first: datetime, last: datetime) -> dict[str, int | None]:
    """Days from the day of sale (UTC) and local minutes; the distance to UTC only where a minute comes twice."""
    start, end = first.astimezone(PARIS), last.astimezone(PARIS)
    start_minute, end_minute = start.hour * 60 + start.minute, end.hour * 60 + end.minute
    return {
        "validFromDay": (start.date() - issued).days,
        "validFromTime": start_minute or None,
        "validFromUTCOffset": _offset_if_twice(start),
        "validUntilDay": (end.date() - start.date()).days,
        "validUntilTime": None if end_minute == _LAST_MINUTE else end_minute,
        "validUntilUTCOffset": _offset_if_twice(end),
    }


def _offset_if_twice(local: datetime) -> int | None:
    here, other = local.utcoffset(), local.replace(fold=1 - local.fold).utcoffset()
    return None if here is None or here == other else -(here // _QUARTER)


def _tariff(passengers: Passengers) -> dict[str, Any]:
    return {
        "numberOfPassengers": passengers.count,
        "passengerType": passengers.category,
        "restrictedToCountryOfResidence": False,
        "tariffDesc": passengers.tariff or None,
    }


def _ends(ticket: Ticket) -> tuple[dict[str, Any], tuple[Station, ...]]:
    """From where to where, as a single ticket of the norm says it, and the stations that this leaves out."""
    stations = ticket.area.stations
    if ticket.kind is TicketKind.PASS or len(stations) < 2 or stations[0].table != stations[-1].table:
        return {}, stations
    return {
        **_numbered("fromStation", stations[0].code, 9999999, low=1),
        **_numbered("toStation", stations[-1].code, 9999999, low=1),
        "stationCodeTable": stations[0].table,
    }, stations[1:-1]


def _regions(area: Area, stations: tuple[Station, ...]) -> list[tuple[str, dict[str, Any]]]:
    if area.opaque:
        raise InvalidInput("billettique.ticket_not_writable", why="its area is somebody else's")
    regions: list[tuple[str, dict[str, Any]]] = []
    if stations:
        route = [
            {**_numbered("station", each.code, 9999999, low=1), "stationCodeTable": each.table, "border": False}
            for each in stations
        ]
        regions.append(("viaStations", {"border": False, "route": route}))
    for (carrier, city), zones in groupby(area.zones, lambda zone: (zone.carrier, zone.city)):
        numbers = [zone.number for zone in zones]
        regions.append(("zones", {**_carrier(carrier), "city": city, "zoneId": _numbers(numbers)}))
    for carrier, lines in groupby(area.lines, lambda line: line.carrier):
        regions.append(("lines", {**_carrier(carrier), "lineId": _numbers([line.number for line in lines])}))
    return regions


def _numbers(numbers: list[int | None]) -> list[int | None] | None:
    if numbers == [None]:
        return None
    if None in numbers:
        raise InvalidInput("billettique.ticket_not_writable", why="all and some at once")
    return numbers


def _carrier(carrier: str | None) -> dict[str, int | str]:
    return {} if carrier is None else _numbered("carrier", carrier, 32000, low=1)


def _holder(holder: tuple[str, str] | None) -> dict[str, Any] | None:
    if holder is None:
        return None
    given, family = holder
    return {"traveler": [{"firstName": given or None, "lastName": family or None, "ticketHolder": True}]}


def _control(checks: Checks) -> dict[str, Any] | None:
    if checks == Checks():
        return None
    return {
        "identificationByIdCard": checks.identity,
        "identificationByPassportId": False,
        "passportValidationRequired": False,
        "onlineValidationRequired": False,
        "ageCheckRequired": checks.age,
        "reductionCardCheckRequired": checks.reduction_card,
        "infoText": checks.words or None,
    }


# ---------------------------------------------------------------- reading


def ticket_of(record: Mapping[str, Any]) -> Ticket:
    """The ticket in a record. Raises InvalidInput("billettique.not_one_document") unless it holds exactly one."""
    documents = record.get("transportDocument", ())
    if len(documents) != 1:
        raise InvalidInput("billettique.not_one_document", documents=len(documents))
    kind, document = documents[0]["ticket"]
    issuing = record["issuingDetail"]
    issued = datetime(issuing["issuingYear"], 1, 1, tzinfo=UTC) + timedelta(
        days=issuing["issuingDay"] - 1, minutes=issuing["issuingTime"]
    )
    first, last = _instants(issued, document)
    words, area_words, carriers = _COMPONENTS[kind]
    return Ticket(
        issuer=_text_of(issuing, "issuerNum", "issuerIA5")
        or _text_of(issuing, "securityProviderNum", "securityProviderIA5")
        or "",
        reference=_text_of(document, "referenceNum", "referenceIA5") or "",
        kind=_KINDS[kind],
        product=_text_of(document, "productIdNum", "productIdIA5") or "",
        words=document.get(words, ""),
        issued_at=issued,
        first_minute=first,
        last_minute=last,
        specimen=issuing["specimen"],
        product_owner=_text_of(document, "productOwnerNum", "productOwnerIA5"),
        travel_class=_CLASSES.get(document["classCode"], TravelClass.ANY),
        area=_area_of(document, document.get(area_words, "")),
        passengers=tuple(
            [
                Passengers(each["numberOfPassengers"], each.get("passengerType"), each.get("tariffDesc", ""))
                for each in document.get("tariffs", ())
            ]
        ),
        price=_price_of(document, issuing),
        holder=_holder_of(record.get("travelerDetail")),
        checks=_checks_of(record.get("controlDetail")),
        carriers=tuple(document.get(carriers, ())),
        activated=issuing["activated"],
    )


def _text_of(record: Mapping[str, Any], number: str, word: str) -> str | None:
    """A code, by whichever of its two components is there."""
    return str(record[number]) if number in record else record.get(word)


def _price_of(document: Mapping[str, Any], issuing: Mapping[str, Any]) -> Money | None:
    """In euros and cents, or not at all."""
    if "price" not in document or issuing["currency"] != "EUR" or issuing["currencyFract"] != 2:
        return None
    return Money(document["price"])


def _instants(issued: datetime, document: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """The first and the last minute. Without a time: from 0:00, until 23:59 (the norm). A minute that comes twice, or
    not at all, without a word on which is meant, is taken as the traveller would have it."""
    first_day = issued + timedelta(days=document["validFromDay"])
    last_day = first_day + timedelta(days=document["validUntilDay"])
    start, end = document.get("validFromTime", 0), document.get("validUntilTime", _LAST_MINUTE)
    return (
        min(_candidates(first_day, start, document.get("validFromUTCOffset"))),
        max(_candidates(last_day, end, document.get("validUntilUTCOffset"))),
    )


def _candidates(day: datetime, minute: int, offset: int | None) -> tuple[datetime, ...]:
    hour, minute = divmod(minute, 60)
    if offset is not None:
        return (datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC) + offset * _QUARTER,)
    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=PARIS)
    if not 1 <= hour < 4:  # clocks change between 1 and 4 in the morning
        return (local.astimezone(UTC),)
    return local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)


def _area_of(document: Mapping[str, Any], words: str) -> Area:
    stations: list[Station] = []
    zones: list[Zone] = []
    lines: list[Line] = []
    opaque = False
    origin = _text_of(document, "fromStationNum", "fromStationIA5")
    destination = _text_of(document, "toStationNum", "toStationIA5")
    table = document.get("stationCodeTable", "stationUIC")
    if origin is not None:
        stations.append(Station(origin, table))
    for kind, region in document.get("validRegion", ()):
        carrier = _text_of(region, "carrierNum", "carrierIA5") if kind in ("zones", "lines") else None
        if kind == "viaStations" and "alternativeRoutes" not in region:
            here = [region, *region.get("route", ())]
            opaque = opaque or any("route" in each or "alternativeRoutes" in each for each in here[1:])
            codes = [(_text_of(each, "stationNum", "stationIA5"), each["stationCodeTable"]) for each in here]
            stations += [Station(code, its_table) for code, its_table in codes if code is not None]
        elif kind == "zones" and "binaryZoneId" not in region and "nutsCode" not in region:
            zones += [Zone(carrier, region.get("city"), number) for number in region.get("zoneId", (None,))]
        elif kind == "lines" and "city" not in region:
            lines += [Line(carrier, number) for number in region.get("lineId", (None,))]
        else:
            opaque = True
    if destination is not None:
        stations.append(Station(destination, table))
    return Area(tuple(stations), tuple(zones), tuple(lines), words, opaque)


def _holder_of(travelers: Mapping[str, Any] | None) -> tuple[str, str] | None:
    for each in (travelers or {}).get("traveler", ()):
        if each["ticketHolder"]:
            return each.get("firstName", ""), each.get("lastName", "")
    return None


def _checks_of(control: Mapping[str, Any] | None) -> Checks:
    if control is None:
        return _NO_CHECKS
    return Checks(
        control["identificationByIdCard"] or control["identificationByPassportId"],
        control["ageCheckRequired"],
        control["reductionCardCheckRequired"],
        control.get("infoText", ""),
    )

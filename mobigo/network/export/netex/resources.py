"""resource.xml: who operates, and on which days (French profile, "éléments communs"); network.xml: which lines make a
network."""

from datetime import date, timedelta

import numpy as np
import polars as pl
from lxml import etree

from mobigo.network.engine.columns import texts
from mobigo.network.export.netex.names import (
    Element,
    Naming,
    Writing,
    add,
    add_given,
    add_source,
    add_url,
    composite,
    entity,
    frame,
    ident,
)
from mobigo.network.export.netex.source import Source

NO_AGENCY = "exploitant"  # the code of a lone agency without an id


def write_resources(source: Source, naming: Naming, xml: Writing) -> None:
    """Write the frames NETEX_COMMUN, the operators, and NETEX_CALENDRIER, the days of each service."""
    with composite(xml, "FRANCE", ""):
        with frame(xml, "COMMUN"):
            for row in _agencies(source).iter_rows(named=True):
                xml.write(_operator(row, naming))
        with frame(xml, "CALENDRIER", valid=_validity(source)):
            if source.services is not None:
                for name in sorted(source.services.index):
                    for element in _day_type(source, naming, name):
                        xml.write(element)


def write_network(source: Source, naming: Naming, xml: Writing) -> None:
    """Write the frame NETEX_RESEAU: a network for each operator that has lines."""
    agencies = _agencies(source)
    lines: dict[str, list[str]] = {}
    ids = texts(source.routes, "route_id").to_list()
    operators = operators_of(source)
    for route in source.kept:
        lines.setdefault(operators[route], []).append(ids[route])
    with frame(xml, "RESEAU"):
        for row in agencies.iter_rows(named=True):
            if row["agency_id"] not in lines:
                continue
            element = entity("Network", naming.code(row["agency_id"] or NO_AGENCY))
            add(element, "Name", row["agency_name"] or row["agency_id"] or naming.feed)
            members = add(element, "members")
            for route_id in lines[row["agency_id"]]:
                add(members, "LineRef", ref=ident("Line", naming.code(route_id)))
            add(element, "OperatorRef", ref=ident("Operator", naming.code(row["agency_id"] or NO_AGENCY)))
            xml.write(element)


def operators_of(source: Source) -> list[str]:
    """The agency of each line, by row of routes: the one it names, or the feed's first when it names none it knows."""
    agencies = texts(_agencies(source), "agency_id").to_list()
    first = agencies[0] if agencies else ""
    return [named if named in agencies else first for named in texts(source.routes, "agency_id").to_list()]


def _agencies(source: Source) -> pl.DataFrame:
    """The agencies, each once, in the order of their ids; a feed without any has one without a name."""
    columns = ("agency_id", "agency_name", "agency_url", "agency_phone", "agency_email")
    given = pl.DataFrame({column: texts(source.agency, column) for column in columns})
    given = given.unique("agency_id", keep="first").sort("agency_id")
    return given if given.height else pl.DataFrame({column: [""] for column in columns})


def _operator(row: dict[str, str], naming: Naming) -> Element:
    element = entity("Operator", naming.code(row["agency_id"] or NO_AGENCY))
    if row["agency_id"]:
        add_source(element, row["agency_id"])
    add(element, "Name", row["agency_name"] or row["agency_id"] or naming.feed)
    contact = etree.Element("ContactDetails")
    add_given(contact, "Email", row["agency_email"])
    add_given(contact, "Phone", row["agency_phone"])
    add_url(contact, "Url", row["agency_url"])
    if len(contact):
        element.append(contact)
    add(element, "OrganisationType", "operator")
    return element


def _validity(source: Source) -> Element | None:
    span = None if source.services is None else source.services.span
    if span is None:
        return None
    element = etree.Element("ValidBetween")
    add(element, "FromDate", f"{span[0].isoformat()}T00:00:00")
    add(element, "ToDate", f"{span[1].isoformat()}T23:59:59")
    return element


def _day_type(source: Source, naming: Naming, name: str) -> list[Element]:
    """The service as a DayType and, when it ever runs, its days as one string of bits from its first to its last."""
    services = source.services
    if services is None:
        return []
    code = naming.code(name)
    day_type = entity("DayType", code)
    add_source(day_type, name)
    add(day_type, "Name", name)
    active = services.active[services.index[name]]
    days = np.flatnonzero(active)
    if not len(days):
        return [day_type]
    assignment = entity("DayTypeAssignment", code, order="1")
    add(assignment, "OperatingPeriodRef", ref=ident("UicOperatingPeriod", code))
    add(assignment, "DayTypeRef", ref=ident("DayType", code))
    period = entity("UicOperatingPeriod", code)
    first, last = int(days[0]), int(days[-1])
    add(period, "FromDate", f"{_day(services.first_day, first)}T00:00:00")
    add(period, "ToDate", f"{_day(services.first_day, last)}T00:00:00")
    add(period, "ValidDayBits", "".join("1" if runs else "0" for runs in active[first : last + 1].tolist()))
    return [day_type, assignment, period]


def _day(first: date, offset: int) -> str:
    return (first + timedelta(days=offset)).isoformat()

"""Who answers for a journey we cannot offer: the authorities competent where it begins and ends, and how to reach
them. Decisions only; the table is `mobigo.infra.competence`'s."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from mobigo.base.decisions import Decision
from mobigo.base.errors import NotFound
from mobigo.infra.competence import Authority, Service, Table


@dataclass(frozen=True, slots=True)
class End:
    """An end of a journey: its name, and the INSEE code and name of its commune, blank when it lies in none of the
    territory's."""

    name: str
    insee: str = ""
    commune: str = ""


def who_answers(table: Table, origin: End, destination: End, day: date, *, production: bool) -> tuple[Decision, ...]:
    """Within one authority's town network, that authority. Else who answers for coaches at both ends and for the town
    network at the destination, each told once. What lies outside the territory is said first."""
    told: list[Decision] = []
    for end in (origin, destination):
        if not any(rule.covers(end.insee) for rule in table.rules):
            told.append(Decision("planner.outside_competence", name=end.commune or end.name))
    local = _authority(table, destination, Service.TOWN, day)
    if local is not None and local == _authority(table, origin, Service.TOWN, day):
        return (*told, _contact(local, destination, production))
    seen: set[str] = set()
    for authority, end in _candidates(table, origin, destination, day):
        if authority.code not in seen:
            seen.add(authority.code)
            told.append(_contact(authority, end, production))
    return tuple(told)


def _candidates(table: Table, origin: End, destination: End, day: date) -> Iterator[tuple[Authority, End]]:
    for end, service in (
        (origin, Service.COACH),
        (destination, Service.COACH),
        (destination, Service.TOWN),
    ):
        found = _authority(table, end, service, day)
        if found is not None:
            yield found, end


def _authority(table: Table, end: End, service: Service, day: date) -> Authority | None:
    try:
        return table.competent(end.insee, service, day).authority
    except NotFound:
        return None


def _contact(authority: Authority, end: End, production: bool) -> Decision:
    shown = authority.shown(production=production)
    if not shown.phone and not shown.link:
        return Decision("planner.authority", authority=shown.name, commune=end.commune)
    return Decision(
        "planner.ask_authority", authority=shown.name, commune=end.commune, phone=shown.phone, link=shown.link
    )

"""The services in force, a new version of one, and the road that their vehicles drive."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.geo import Point
from mobigo.base.instants import paris_day
from mobigo.infra import audit
from mobigo.infra.roles import Identity, Permission
from mobigo.tad.gateway.travel import CrowFly, Driven
from mobigo.tad.model.rounds import Travel
from mobigo.tad.model.services import Service
from mobigo.tad.rules import zones
from mobigo.tad.rules.documents import service_of
from mobigo.tad.store import services as store
from mobigo.tad.store.bookings import find_day

if TYPE_CHECKING:
    from mobigo.infra.web import Services


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a service, and the row it was read from."""

    id: str
    organisation: str | None
    service: Service


def services_on(session: Session, day: date) -> list[Version]:
    """The services in force that day, by name."""
    found = [_version(row) for row in store.versions_on(session, day)]
    return sorted(found, key=lambda each: (each.service.name, each.service.code))


def get_service(session: Session, code: str, day: date) -> Version:
    """The version that a day runs under: the one its first booking was made under, else the one in force. Raises
    NotFound("tad.no_such_service")."""
    begun = find_day(session, code, day)
    return get_version(session, begun.version) if begun is not None else _version(store.version_on(session, code, day))


def get_version(session: Session, version_id: str) -> Version:
    """One version. Raises NotFound("tad.no_such_service")."""
    return _version(store.get_version(session, version_id))


def _version(row: store.ServiceRow) -> Version:
    return Version(row.id, row.organisation, service_of(row.document))


def publish(
    session: Session, document: Mapping[str, Any], *, organisation: str | None, by: str | None, now: datetime,
) -> Version:  # fmt: skip
    """A new version of a service, in force from its first day; the same document again is no change.

    Raises InvalidInput("tad.bad_service", what `rules.zones` says of its zones, "tad.past_version": what was promised
    under a version is not edited, a version that is already in force is followed by one that begins today or later),
    Conflict("tad.later_version") when one with a later first day is there already.
    """
    service = service_of(document)
    wrong = zones.refusal_of_all(service.zones)
    if wrong is not None:
        raise InvalidInput(wrong.code, **wrong.params)
    known = store.history(session, service.code)
    if known and known[0].digest == service.digest:
        return _version(known[0])
    if known and service.period.first_day < paris_day(now):
        raise InvalidInput("tad.past_version")
    if known and known[0].first_day > service.period.first_day:
        raise Conflict("tad.later_version", day=known[0].first_day)
    row = store.add_version(
        session, code=service.code, organisation=organisation, first_day=service.period.first_day,
        last_day=service.period.last_day, document=dict(document), digest=service.digest, by=by, now=now,
    )  # fmt: skip
    audit.record(
        session, "tad.published", actor=by or "cli", object_kind="tad_service", object_id=row.id, now=now,
        detail={"code": service.code, "digest": service.digest},
    )  # fmt: skip
    return Version(row.id, organisation, service)


def for_agent(version: Version, identity: Identity, permission: Permission) -> Version:
    """The version, if this person may act on it. Raises NotFound("tad.no_such_service"): whoever may not
    act on a service of another organisation does not learn that it exists."""
    if not identity.may_in(permission, version.organisation):
        raise NotFound("tad.no_such_service")
    return version


def road(services: "Services | None", points: Iterable[Point]) -> Travel:
    """The road between positions: the streets' driving times where streets are in use, else the crow's flight."""
    known = list(points)
    if services is None or services.make_networks is None:
        return CrowFly()
    try:
        with services.networks.current() as live:
            if live.streets is None:
                return CrowFly()
            from mobigo.network.engine.streets.drive import Driving
            from mobigo.network.engine.streets.routes import Streets

            graph = live.streets
            driving = live.derived("tad.driving", lambda _timetable: Driving(Streets(graph)))
            return Driven(known, driving)
    except (NotFound, Refused):  # no network is served yet
        return CrowFly()


def get_version_value(row: store.ServiceRow) -> Service:
    """The service that a row holds."""
    return service_of(row.document)

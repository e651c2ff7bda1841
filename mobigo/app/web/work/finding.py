"""One field that finds: people, pupils, orders, accounts, stops, lines, data; of each what this person may open.

Every package finds its own, by its own rules of who may see whom; here they only stand side by side.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import url_for
from sqlalchemy.orm import Session

from billettique.service import counter as tickets
from covoit.service import counter as carpool
from mobigo.base.errors import NotFound
from mobigo.base.instants import paris_day
from mobigo.infra import accounts
from mobigo.infra.db import reading
from mobigo.infra.i18n import gettext as _
from mobigo.infra.roles import Identity, Permission
from mobigo.infra.web import Services
from mobigo.network.engine.placenames import fold
from mobigo.network.model.places import Kind
from mobigo.planner.export.offered import lines_matching
from mobigo.planner.gateway.territory import places_of
from mobigo.requests.rules import numbers
from mobigo.requests.rules.writing import blurred
from mobigo.requests.service.acting import services_of
from mobigo.requests.store import requests
from mobigo.requests.web import words as request_words
from opendata.store import versions
from scolaire.service import access, desk

LEAST_LETTERS: Final = 3
SHOWN: Final = 8  # of a kind: with more, one writes a longer word
NAMED: Final = 100.0  # a place whose name holds every word asked (`network.model.places.Match`)


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found: its name, what tells it from another, where it opens (nowhere: it only is)."""

    name: str
    detail: str
    href: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind; `more`: there is more than is shown."""

    title: str
    hits: tuple[Hit, ...]
    more: bool


def find(services: Services, identity: Identity, words: str, now: datetime) -> list[Group]:
    """All that bears these words and this person may open, by kind; kinds without any are left out."""
    stops, lines = _stops_and_lines(services, words)
    with reading(services.engine) as session:
        kinds: list[tuple[Permission | None, str, Callable[[], Iterable[Hit]]]] = [
            (Permission.REQUESTS_DESK, _("Demandes des usagers"), lambda: _requests(session, identity, words)),
            (Permission.COVOIT_DESK, _("Conducteurs et passagers"), lambda: _carpool(session, identity, words)),
            (
                Permission.SCHOOL_REGISTER, _("Transport scolaire"),
                lambda: _pupils(services, session, identity, words, now),
            ),
            (Permission.SALES_COUNTER, _("Acheteurs et commandes"), lambda: _orders(session, words)),
            (Permission.ACCOUNTS_READ, _("Comptes"), lambda: _accounts(session, identity, words)),
            (None, _("Arrêts"), lambda: stops),
            (None, _("Lignes"), lambda: lines),
            (None, _("Données ouvertes"), lambda: _datasets(session, words)),
        ]  # fmt: skip
        groups = []
        for permission, title, of_kind in kinds:
            if permission is None or identity.may(permission):
                hits = tuple(of_kind())
                groups.append(Group(title, hits[:SHOWN], len(hits) > SHOWN))
    return [group for group in groups if group.hits]


def _requests(session: Session, identity: Identity, words: str) -> Iterable[Hit]:
    """By number, or by the name of who asked: of the services this person answers for."""
    rows = requests.search(session, services_of(identity), numbers.read(words), words, SHOWN + 1)
    names = requests.names_of(session, [row.id for row in rows])
    for row in rows:
        detail = f"{request_words.short_kind(row.kind)}, {request_words.state_for_agents(row.state)[0]}"
        who = blurred(names.get(row.id, ""))
        yield Hit(
            f"{numbers.said(row.number)} {who}".strip(), detail, url_for("requests.file", number=row.number)
        )  # fmt: skip


def _carpool(session: Session, identity: Identity, words: str) -> Iterable[Hit]:
    for person in carpool.find(session, words, by=identity):
        number = "" if person.phone is None else f"{person.phone[:-2]}••"
        yield Hit(
            carpool.full_name(person) or _("personne sans nom"), number, url_for("covoit.person", person=person.id)
        )


def _pupils(services: Services, session: Session, identity: Identity, words: str, now: datetime) -> Iterable[Hit]:
    scope = access.scope_of(session, identity, Permission.SCHOOL_REGISTER, paris_day(now))
    for line in desk.find(session, scope, services.config, words=words).lines:
        yield Hit(
            f"{line.identity.last_name} {line.identity.first_name}",
            f"{line.row.year}-{line.row.year + 1}, {line.school.name}",
            url_for("scolaire.desk_file", registration=line.row.id),
        )


def _orders(session: Session, words: str) -> Iterable[Hit]:
    for found in tickets.find(session, words):
        if found.order_id is not None:
            yield Hit(found.words, found.detail, url_for("billettique.counter_order", order_id=found.order_id))


def _accounts(session: Session, identity: Identity, words: str) -> Iterable[Hit]:
    within = identity.organisations(Permission.ACCOUNTS_READ)
    for subject in accounts.search(session, words, within=within, limit=SHOWN + 1):
        known = accounts.profile(session, subject)
        yield Hit(known.name or known.email or subject, known.email or "", url_for("admin.account", subject=subject))


def _stops_and_lines(services: Services, words: str) -> tuple[list[Hit], list[Hit]]:
    """None of either while no network is served."""
    try:
        with services.networks.current() as live:
            matches = places_of(live, services.config.home).search(words, SHOWN + 1, [Kind.STATION, Kind.STOP])
            named = [match.place for match in matches if match.score >= NAMED]
            lines = lines_matching(live, words)[: SHOWN + 1]
    except NotFound:
        return [], []
    return (
        [Hit(place.name, place.context, url_for("planner.stop", place_id=place.id)) for place in named],
        [Hit(f"{line.label} {line.long_name}".strip(), line.agency, url_for("planner.line", line_id=line.id))
         for line in lines],
    )  # fmt: skip


def _datasets(session: Session, words: str) -> Iterable[Hit]:
    asked = fold(words).split()
    for kept in versions.list_datasets(session):
        declared = kept.declared
        told = fold(f"{declared.title} {declared.code} {' '.join(declared.keywords)}")
        if all(word in told for word in asked):
            yield Hit(declared.title, declared.code, url_for("opendata.dataset", code=declared.code))

"""What waits for an agent, over all packages: counts and late counts, never a name. Each line leads to the page where
it is dealt with."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import url_for
from sqlalchemy.orm import Session

from billettique.model.cases import GiveBackState
from billettique.service.disputes import open_disputes
from billettique.store import give_backs, inspections, promotions, tariffs
from billettique.store.payments import refunds_to_pay
from covoit.service.inbox import inbox as carpool_inbox
from mobigo.base.instants import paris_day
from mobigo.infra import jobs, outbox
from mobigo.infra.db import reading
from mobigo.infra.i18n import ngettext
from mobigo.infra.roles import Identity, Permission
from mobigo.infra.web import Services, services
from mobigo.network.store.sources import list_alerts
from mobigo.requests.service.acting import services_of
from mobigo.requests.store.requests import count_open
from opendata.model.editions import State
from opendata.store import versions
from scolaire.gateway.running import run_rules_on
from scolaire.service import access, counting, desk, escorting
from scolaire.store import running

MOST = 500  # counted no further: nobody reads "812"


@dataclass(frozen=True, slots=True)
class Waits:
    """One kind of thing that waits: in words with its number, how many are late, where one deals with it."""

    words: str
    count: int
    href: str
    late: int = 0


def waiting(services: Services, identity: Identity, now: datetime) -> list[Waits]:
    """What waits for this person and is theirs to do, late things first."""
    with reading(services.engine) as session:
        found = [each for each in _found(services, session, identity, now) if each.count]
    return sorted(found, key=lambda each: each.late == 0)


def _found(services: Services, session: Session, identity: Identity, now: datetime) -> Iterator[Waits]:
    if identity.may(Permission.REQUESTS_DESK):
        yield _requests(session, identity, now)
    if identity.may(Permission.COVOIT_INBOX):
        yield _carpool(session, identity, now)
    if identity.may(Permission.SCHOOL_REGISTER):
        yield from _school(session, identity, now)
    if identity.may(Permission.SALES_COUNTER):
        yield from _tickets(session, identity, now)
    if identity.may(Permission.FARES_APPROVE):
        yield from _fares(session)
    if identity.may(Permission.OPENDATA_APPROVE):
        yield _open_data(session)
    if identity.may(Permission.FEEDS_READ):
        alerts = len(list_alerts(session))
        yield Waits(
            ngettext("%(num)s alerte sur les horaires reçus", "%(num)s alertes sur les horaires reçus", alerts),
            alerts, url_for("network.feeds"),
        )  # fmt: skip
    if identity.may(Permission.JOBS_READ):
        failed = jobs.count_jobs(session)[jobs.State.FAILED]
        yield Waits(
            ngettext("%(num)s travail en échec", "%(num)s travaux en échec", failed), failed, url_for("admin.jobs")
        )
        aside = outbox.waiting(services.engine, now)["messages_set_aside"]
        yield Waits(
            ngettext("%(num)s message qui n’est pas parti", "%(num)s messages qui ne sont pas partis", aside),
            aside, url_for("admin.home"),
        )  # fmt: skip


def _requests(session: Session, identity: Identity, now: datetime) -> Waits:
    """What people asked of the services this person answers for; what other packages keep is counted by them."""
    count, late = count_open(session, services_of(identity), paris_day(now))
    words = ngettext("%(num)s demande d’usager à répondre", "%(num)s demandes d’usagers à répondre", count)
    return Waits(words, count, url_for("requests.agents"), late)


def _carpool(session: Session, identity: Identity, now: datetime) -> Waits:
    found = carpool_inbox(session, identity, now)
    count, late = sum(each.count for each in found), sum(each.late for each in found)
    words = ngettext("%(num)s affaire de covoiturage", "%(num)s affaires de covoiturage", count)
    return Waits(words, count, url_for("covoit.agents"), late)


def _school(session: Session, identity: Identity, now: datetime) -> Iterator[Waits]:
    today = paris_day(now)
    counted = desk.counts(session, access.scope_of(session, identity, Permission.SCHOOL_REGISTER, today))
    yield Waits(
        ngettext(
            "%(num)s demande de transport scolaire à décider", "%(num)s demandes de transport scolaire à décider",
            counted["received"],
        ), counted["received"], url_for("scolaire.agents", etat="received"),
    )  # fmt: skip
    if identity.may_in(Permission.SCHOOL_DECIDE, None):
        appeals, late = desk.appeals_due(session, today)
        words = ngettext("%(num)s recours de famille", "%(num)s recours de familles", appeals)
        yield Waits(words, appeals, url_for("scolaire.appeals"), late)
        yield from _school_days(session, today)


def _school_days(session: Session, today: date) -> Iterator[Waits]:
    """Pupils without a place and the youngest without anybody are a danger: they are late as soon as they are known."""
    alone = len(escorting.unaccompanied(session, today))
    words = ngettext("%(num)s navette RPI sans accompagnateur", "%(num)s navettes RPI sans accompagnateur", alone)
    yield Waits(words, alone, url_for("scolaire.escorts"), alone)
    known = services().validations
    if known is None and not running.any_count(session, today - timedelta(days=run_rules_on(today).within_days)):
        return  # nothing was counted: nothing is judged
    judged = counting.judged(session, today, known)
    over, absent = len(judged.overloads), len(judged.no_shows)
    words = ngettext(
        "%(num)s service scolaire où des élèves sont sans place",
        "%(num)s services scolaires où des élèves sont sans place", over,
    )  # fmt: skip
    yield Waits(words, over, url_for("scolaire.counts_judged"), over)
    words = ngettext(
        "%(num)s service scolaire que les inscrits ne prennent pas",
        "%(num)s services scolaires que les inscrits ne prennent pas", absent,
    )  # fmt: skip
    yield Waits(words, absent, url_for("scolaire.counts_judged"))


def _tickets(session: Session, identity: Identity, now: datetime) -> Iterator[Waits]:
    today, page = paris_day(now), url_for("billettique.waiting")
    if identity.may(Permission.TICKETS_CASES):
        contests = inspections.unanswered(session, MOST)
        late = sum(row.answer_by is not None and row.answer_by < today for row, _contest in contests)
        words = ngettext("%(num)s constat contesté", "%(num)s constats contestés", len(contests))
        yield Waits(words, len(contests), page, late)
        owed = give_backs.listed(session, (GiveBackState.OWED, GiveBackState.PREPARED), MOST)
        yield Waits(
            ngettext("%(num)s indemnité à rendre", "%(num)s indemnités à rendre", len(owed)), len(owed), page
        )  # fmt: skip
    contested = len(open_disputes(session, now, MOST))
    words = ngettext("%(num)s paiement contesté à la banque", "%(num)s paiements contestés à la banque", contested)
    yield Waits(words, contested, page)
    to_pay = len(refunds_to_pay(session, MOST))
    words = ngettext(
        "%(num)s remboursement attend le comptable", "%(num)s remboursements attendent le comptable", to_pay
    )
    yield Waits(words, to_pay, page)


def _fares(session: Session) -> Iterator[Waits]:
    drafts = len(tariffs.open_drafts(session))
    words = ngettext("%(num)s projet de tarif à relire", "%(num)s projets de tarifs à relire", drafts)
    yield Waits(words, drafts, url_for("billettique.fare_versions"))
    offers = sum(row.approved_at is None and row.stopped_at is None for row in promotions.every(session))
    words = ngettext("%(num)s promotion à approuver", "%(num)s promotions à approuver", offers)
    yield Waits(words, offers, url_for("billettique.fare_offers"))


def _open_data(session: Session) -> Waits:
    kept = {each.code for each in versions.list_datasets(session)}
    stands = (State.CHECKED, State.APPROVED, State.FAULTY)
    count = sum(each.dataset in kept for each in versions.list_in_state(session, stands))
    words = ngettext(
        "%(num)s version de données à approuver ou publier", "%(num)s versions de données à approuver ou publier", count
    )
    return Waits(words, count, url_for("opendata.desk"))

"""The complaints that carpool, ticket inspection and school transport keep, shown beside the requests: their desks
answer them, by their own rules."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from billettique.store import inspections
from covoit.model.claims import Kind
from covoit.service.counter import full_name
from covoit.store import claims
from covoit.store.people import find_person, people
from mobigo.infra.i18n import gettext as _
from mobigo.infra.roles import Identity, Permission
from mobigo.infra.web import Services
from mobigo.requests.model import Claim
from mobigo.requests.rules.writing import blurred
from mobigo.requests.service.elsewhere import Elsewhere
from scolaire.service import deciding
from scolaire.store.pupils import identities
from scolaire.store.registrations import AppealRow, DecisionRow, RegistrationRow

MOST = 200
_ASKED = (Kind.COMPLAINT, Kind.PAPER_CLAIM, Kind.IDENTITY)


def keepers(_services: Services) -> tuple[Elsewhere, ...]:
    """Who keeps complaints, in the order they are shown."""
    return Carpool(), Inspection(), School()


class Carpool:
    """Complaints and claims on paper of drivers and passengers."""

    def of_person(self, session: Session, subject: str, now: datetime) -> Sequence[Claim]:
        """Those of the person whose account it is."""
        person = find_person(session, subject=subject)
        rows = [] if person is None else claims.cases_of(session, person.id)
        asked = [row for row in rows[::-1] if row.kind in _ASKED]
        return [self._claim(row, url_for("covoit.driver"), "") for row in asked[:MOST]]

    def to_answer(self, session: Session, identity: Identity, now: datetime) -> Sequence[Claim]:
        """Those not answered, for who holds the desk."""
        if not identity.may_in(Permission.COVOIT_DESK, None):
            return []
        rows = claims.list_cases(session, kinds=[str(kind) for kind in _ASKED], answered=False, limit=MOST)
        names = people(session, [row.person for row in rows])
        return [
            self._claim(row, url_for("covoit.case", case_id=row.id), blurred(full_name(names.get(row.person))))
            for row in rows
        ]

    def _claim(self, row: claims.CaseRow, href: str, who: str) -> Claim:
        open_ = row.answered_at is None
        state, tone = (_("à décider"), "") if open_ else (_("décidée"), "good")
        about = {
            Kind.COMPLAINT: _("Réclamation de covoiturage"), Kind.PAPER_CLAIM: _("Demande de covoiturage sur papier"),
            Kind.IDENTITY: _("Trajets de covoiturage à retrouver"),
        }[Kind(row.kind)]  # fmt: skip
        return Claim(row.id[-6:], about, state, tone, row.opened_at, row.answer_by if open_ else None, href, who)


class Inspection:
    """Contests of constats. A constat belongs to no account: its person holds a reference and a secret."""

    def of_person(self, session: Session, subject: str, now: datetime) -> Sequence[Claim]:
        """None: they are not linked to accounts."""
        return []

    def to_answer(self, session: Session, identity: Identity, now: datetime) -> Sequence[Claim]:
        """Those not answered."""
        if not identity.may_in(Permission.TICKETS_CASES, None):
            return []
        return [
            Claim(row.reference, _("Constat contesté"), _("à décider"), "", contest.contested_at, row.answer_by,
                  url_for("billettique.case", case_id=row.id))
            for row, contest in inspections.unanswered(session, MOST)
        ]  # fmt: skip


class School:
    """Appeals of families against a decision on school transport."""

    def of_person(self, session: Session, subject: str, now: datetime) -> Sequence[Claim]:
        """Those this account made."""
        asked = (
            select(AppealRow, RegistrationRow)
            .join(DecisionRow, DecisionRow.id == AppealRow.decision)
            .join(RegistrationRow, RegistrationRow.id == DecisionRow.registration)
            .where(AppealRow.made_by == subject)
            .order_by(AppealRow.id.desc())
            .limit(MOST)
        )
        return [self._claim(appeal, row, url_for("scolaire.family_home"), "") for appeal, row in session.execute(asked)]

    def to_answer(self, session: Session, identity: Identity, now: datetime) -> Sequence[Claim]:
        """Those not answered, for who decides."""
        if not identity.may_in(Permission.SCHOOL_DECIDE, None):
            return []
        return list(self._open(session))

    def _open(self, session: Session) -> Iterator[Claim]:
        rows = deciding.open_appeals(session)[:MOST]
        files = {decision.registration: session.get_one(RegistrationRow, decision.registration)
                 for _appeal, decision in rows}  # fmt: skip
        names = identities(session, [row.pupil for row in files.values()])
        for appeal, decision in rows:
            row = files[decision.registration]
            pupil = names.get(row.pupil)
            who = "" if pupil is None else blurred(f"{pupil.first_name} {pupil.last_name}")
            yield self._claim(appeal, row, url_for("scolaire.desk_file", registration=row.id), who)

    def _claim(self, appeal: AppealRow, row: RegistrationRow, href: str, who: str) -> Claim:
        open_ = appeal.closed_at is None
        state, tone = (_("à décider"), "") if open_ else (_("décidée"), "good")
        about = _("Recours au transport scolaire")
        return Claim(row.reference, about, state, tone, appeal.made_at, appeal.answer_by if open_ else None, href, who)

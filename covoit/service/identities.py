"""A person known before they had an account: the journeys an operator or an agent declared under their number and name
become theirs, once the number is verified. What two accounts claim, or what would lose something, goes to an agent.

Only the identity key decides (SHA-256 of number and last name): whoever has not proven the number finds nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import update
from sqlalchemy.orm import Session

from covoit.model.bookings import OPEN
from covoit.model.claims import Individual, Kind, Outcome
from covoit.rules import identity
from covoit.service import cases, joining, telephones
from covoit.store import claims as claim_store
from covoit.store import telephones as phone_store
from covoit.store import traces
from covoit.store.bookings import BookingRow
from covoit.store.offers import OfferRow, RegularRow
from covoit.store.people import Person, PersonRow, find_by_key, find_person, get_person
from covoit.store.proofs import SessionRow
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.infra import audit
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import use_language
from mobigo.infra.outbox import Message, send
from mobigo.infra.roles import Identity

_PERSON: Final = "identity:"
_CHECK: Final = "phone:"


@dataclass(frozen=True, slots=True)
class Found:
    """Journeys known under this person's number and name, and why they cannot be had at once, if so."""

    person: str
    journeys: traces.Earlier
    refusal: Decision | None


def find(session: Session, person: str) -> Found | None:
    """What is known elsewhere under the verified number and the name of a person; None when there is nothing, or when
    the number was not verified."""
    me = get_person(session, person)
    if me.phone is None or me.phone_verified_at is None or me.last_name is None:
        return None
    other = find_by_key(session, identity.identity_key(me.phone, me.last_name))
    if other is None or other.id == person:
        return None
    return Found(other.id, traces.earlier(session, other.id), _refusal(session, me, other))


def _refusal(session: Session, me: Person, other: Person) -> Decision | None:
    """Why these two are not made one without an agent."""
    if other.subject is not None:
        return Decision("covoit.identity_other_account")
    if session.get_one(PersonRow, other.id).erased_at is not None:
        return Decision("covoit.identity_erased")
    if traces.has_account_for_payment(session, other.id):
        return Decision("covoit.identity_has_iban")
    if not traces.bare(session, me.id):
        return Decision("covoit.identity_two_files")
    return None


def take(session: Session, person: str, *, now: datetime, language: str = "fr") -> str:
    """ "These journeys are mine": the account is tied to the person the journeys were declared for; their id.

    Raises NotFound("covoit.nothing_to_find") without anything under the verified number and name, Refused with the
    reason for which an agent must look first.
    """
    found = find(session, person)
    if found is None:
        raise NotFound("covoit.nothing_to_find")
    mine, theirs = _locked(session, person, found.person)
    refusal = _refusal(session, get_person(session, person), get_person(session, found.person))
    if refusal is not None:
        raise Refused(refusal.code, **refusal.params)
    subject = _tie(session, mine, theirs)
    traces.remove_bare(session, person)
    session.expire_all()
    audit.record(
        session, "covoit.account_linked", actor=theirs.id, object_kind="covoit_person", object_id=theirs.id, now=now,
        detail={"journeys": found.journeys.driven + found.journeys.ridden},
    )  # fmt: skip
    with use_language(language):
        words = _("Vos trajets déclarés par un opérateur sont maintenant rattachés à votre compte Mobigo.")
    if theirs.phone is not None:
        message = Message("sms", theirs.phone, "Mobigo", words, subject)
        send(session, message, key=f"covoit:linked:{theirs.id}:{subject}", now=now)
    return theirs.id


def _locked(session: Session, one: str, other: str) -> tuple[PersonRow, PersonRow]:
    """Two people, locked in one order whoever asks."""
    rows = {each: session.get(PersonRow, each, with_for_update=True) for each in sorted((one, other))}
    mine, theirs = rows[one], rows[other]
    if mine is None or theirs is None:
        raise NotFound("covoit.unknown_person", person=one[:40])
    return mine, theirs


def _tie(session: Session, mine: PersonRow, theirs: PersonRow) -> str:
    """Give the account, the number and what was declared of `mine` to `theirs`; the account."""
    if mine.subject is None:
        raise Conflict("covoit.identity_of_another")
    subject, phone, verified_at = mine.subject, mine.phone, mine.phone_verified_at
    mine.subject = mine.phone = mine.phone_verified_at = None
    theirs.subject = None
    session.flush()
    theirs.subject, theirs.phone, theirs.phone_verified_at = subject, phone, verified_at
    theirs.phone_trunc = mine.phone_trunc or theirs.phone_trunc
    theirs.first_name = theirs.first_name or mine.first_name
    theirs.last_name = theirs.last_name or mine.last_name
    theirs.over_18 = mine.over_18 if theirs.over_18 is None else theirs.over_18
    theirs.erased_at = None
    session.flush()
    traces.move_declarations(session, mine.id, theirs.id)
    return subject


# ---------------------------------------------------------------- when an agent must look


def ask_agent(session: Session, person: str, said: str, *, now: datetime) -> str:
    """Open the case of journeys or of a number that another account has; the one that waits already is given again.

    Raises NotFound("covoit.nothing_to_find") for somebody whose number was not proven, or who has no conflict.
    """
    found, check = find(session, person), phone_store.proven(session, person)
    if found is not None:
        about = f"{_PERSON}{found.person}"
    elif check is not None and telephones.holder_of(session, check.phone, person) is not None:
        about = f"{_CHECK}{check.id}"
    else:
        raise NotFound("covoit.nothing_to_find")
    for known in claim_store.cases_of(session, person, Kind.IDENTITY):
        if known.answered_at is None and known.object_id == about:
            return known.id
    row = claim_store.open_case(session, Kind.IDENTITY, person, about, said.strip()[:4_000] or None, now)
    audit.record(session, "covoit.identity_asked", actor=person, object_kind="covoit_case", object_id=row.id, now=now)
    return row.id


@dataclass(frozen=True, slots=True)
class Sides:
    """What an agent compares: who asks, and who has the journeys or the number now."""

    asks: Person
    has: Person | None  # None: nobody any more
    asks_journeys: traces.Earlier
    has_journeys: traces.Earlier | None
    number_only: bool  # the number alone is claimed


def sides(session: Session, row: claim_store.CaseRow) -> Sides:
    """The two people of a case of identity."""
    asks, has = get_person(session, row.person), _other(session, row)
    return Sides(
        asks, has, traces.earlier(session, asks.id), None if has is None else traces.earlier(session, has.id),
        row.object_id.startswith(_CHECK),
    )  # fmt: skip


def _other(session: Session, row: claim_store.CaseRow) -> Person | None:
    if row.object_id.startswith(_CHECK):
        check = session.get(phone_store.PhoneCheckRow, row.object_id.removeprefix(_CHECK))
        return None if check is None else telephones.holder_of(session, check.phone, row.person)
    other = session.get(PersonRow, row.object_id.removeprefix(_PERSON))
    return None if other is None or other.id == row.person else get_person(session, other.id)


def decide(
    session: Session, case_id: str, outcome: Outcome, *, by: Identity, name: str, capacity: str, reason: str,
    now: datetime,
) -> Individual:  # fmt: skip
    """Answer a case of identity, and do what was decided. A reason is owed whatever the answer: two people read it.

    Granted: the account of who asks is tied to the person of the journeys, or has the number; who had them is told.
    What the asker's former file holds follows (`joining`). Raises as `cases.decide_case`, InvalidInput for "partly" or
    without reason, Refused("covoit.own_case") when the agent is the other person,
    Refused("covoit.identity_payment_under_way") while a payment of either is being prepared.
    """
    if outcome is Outcome.PARTLY:
        raise InvalidInput("covoit.decision_without_outcome")
    if not reason.strip():
        raise InvalidInput("covoit.decision_without_reason")
    row = claim_store.get_case(session, case_id, lock=True)
    if row.kind != Kind.IDENTITY:
        raise NotFound("covoit.unknown_case", case=case_id[:40])
    other = _other(session, row)
    agent = find_person(session, subject=by.subject)
    if other is not None and agent is not None and agent.id == other.id:
        raise Refused("covoit.own_case")
    if outcome is Outcome.GRANTED and other is not None and not row.object_id.startswith(_CHECK):
        joining.refuse_under_way(session, row.person, other.id)
    made = cases.decide_case(session, case_id, outcome, by=by, name=name, capacity=capacity, reason=reason, now=now)
    if outcome is Outcome.REFUSED:
        return made
    if row.object_id.startswith(_CHECK):
        _give_number(session, row, other, by, now)
    elif other is not None:
        _give_journeys(session, row, other, by, now)
    else:
        raise Conflict("covoit.identity_of_another")
    return made


def _give_number(session: Session, row: claim_store.CaseRow, other: Person | None, by: Identity, now: datetime) -> None:
    if other is not None:
        with use_language("fr"):
            why = _("une autre personne a prouvé que ce numéro est le sien")
        telephones.release(session, other.id, by=by, reason=why, now=now)
    check = session.get_one(phone_store.PhoneCheckRow, row.object_id.removeprefix(_CHECK))
    given = telephones.Given(check.phone, check.first_name, check.last_name)
    telephones.verify_at_counter(session, row.person, given, by=by, now=now)
    check.state = phone_store.ENDED
    session.flush()


def _give_journeys(session: Session, row: claim_store.CaseRow, other: Person, by: Identity, now: datetime) -> None:
    mine, theirs = _locked(session, row.person, other.id)
    lost = theirs.subject
    _tie(session, mine, theirs)
    _move_what_is_to_come(session, mine.id, theirs.id)
    joining.join_files(
        session, mine.id, theirs.id, of_another=lost is not None, case=row.id, decision=row.decision, by=by.subject,
        now=now,
    )  # fmt: skip
    if row.decision is not None:
        session.execute(
            update(claim_store.DecisionRow).where(claim_store.DecisionRow.id == row.decision).values(person=theirs.id)
        )
    row.person = theirs.id
    session.flush()
    audit.record(
        session, "covoit.account_linked", actor=by.subject, object_kind="covoit_person", object_id=theirs.id, now=now,
        detail={"case": row.id, "from": mine.id, "had_account": lost is not None},
    )  # fmt: skip
    if lost is not None:
        _tell_who_lost(session, lost, row.id, now)


def _move_what_is_to_come(session: Session, before: str, after: str) -> None:
    """Runs and seats that are not over follow the account."""
    open_offers = (OfferRow.driver == before, OfferRow.state.in_([str(each) for each in OPEN]))
    session.execute(update(OfferRow).where(*open_offers).values(driver=after))
    session.execute(
        update(SessionRow).where(SessionRow.driver == before, SessionRow.closed_at.is_(None)).values(driver=after)
    )
    session.execute(
        update(RegularRow).where(RegularRow.driver == before, RegularRow.ended_at.is_(None)).values(driver=after)
    )
    session.execute(
        update(BookingRow).where(BookingRow.passenger == before, BookingRow.journey.is_(None)).values(passenger=after)
    )
    session.expire_all()


def _tell_who_lost(session: Session, subject: str, case: str, now: datetime) -> None:
    from mobigo.infra import accounts

    email = accounts.profile(session, subject).email
    with use_language("fr"):
        words = _(
            "Des trajets qui étaient rattachés à votre compte de covoiturage le sont maintenant à celui d’une autre"
            " personne, qui a prouvé son numéro de téléphone. Dossier %(case)s. Vous pouvez le contester : faites une"
            " réclamation depuis « Mes aides » ou au guichet, dans les deux mois.",
            case=case,
        )
        title = _("Des trajets ne sont plus rattachés à votre compte")
    message = Message("email" if email else "letter", email or subject, title, words, subject)
    send(session, message, key=f"covoit:unlinked:{case}", now=now)

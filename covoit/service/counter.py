"""At the counter: find a person, open their file, do for them what they would do on their own pages.

Whoever opens a file leaves a line in the audit log: which agent, whose file, when, from which page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from covoit.gateway.payer import check_iban
from covoit.model.claims import Kind
from covoit.service import claims
from covoit.store import awards as award_store
from covoit.store import claims as claim_store
from covoit.store import ibans
from covoit.store import people as people_store
from covoit.store.people import Person
from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra import audit
from mobigo.infra.roles import Identity, Permission

__all__ = ["File", "claim_for", "find", "full_name", "give_iban", "open_file", "propose_ban", "receive", "saw"]


@dataclass(frozen=True, slots=True)
class File:
    """What the money side knows of a person, as an agent sees it."""

    person: Person
    account: claims.IbanView | None
    payable: Money
    owed: Money
    refusal: Decision | None  # why a payment cannot be asked for, if so
    statements: Sequence[award_store.MonthSum]  # the latest first
    requests: Sequence[claim_store.ClaimRow]
    cases: Sequence[claim_store.CaseRow]
    decisions: Sequence[claim_store.DecisionRow]
    banned: bool
    bans: Sequence[claim_store.BanRow]  # the latest first


def full_name(person: Person | None) -> str:
    """The first and last name; empty for somebody unknown or erased."""
    return "" if person is None else " ".join(part for part in (person.first_name, person.last_name) if part)


def find(session: Session, words: str, *, by: Identity) -> list[Person]:
    """The people whose name or number this is the beginning of, three characters at least. Raises Refused."""
    _require(by)
    return people_store.search(session, words)


def saw(session: Session, person: str, *, by: Identity, page: str, now: datetime) -> None:
    """Write that an agent looked at a person's file."""
    audit.record(
        session, "covoit.file_seen", actor=by.subject, object_kind="covoit_person", object_id=person, now=now,
        detail={"page": page},
    )  # fmt: skip


def open_file(session: Session, person: str, *, by: Identity, now: datetime) -> File:
    """A person's file; the look is written in the audit log. Raises Refused, NotFound("covoit.unknown_person")."""
    _require(by)
    known = people_store.get_person(session, person)
    saw(session, person, by=by, page="person", now=now)
    return File(
        person=known,
        account=claims.find_iban(session, person),
        payable=claims.payable_of(session, person),
        owed=claims.owed_by(session, person),
        refusal=claims.refusal_of_claim(session, person, now),
        statements=award_store.statements_of(session, person)[::-1],
        requests=claim_store.claims_of(session, person)[::-1],
        cases=claim_store.cases_of(session, person)[::-1],
        decisions=claim_store.decisions_of(session, person)[::-1],
        bans=claim_store.bans_of(session, person),
        banned=bool(claim_store.banned(session, [person], paris_day(now))),
    )


def give_iban(session: Session, person: str, iban: str, holder: str, *, by: Identity, now: datetime) -> bool:
    """The account of somebody who came with an identity paper and a RIB; whether it changed anything.

    Raises InvalidInput("covoit.bad_iban" | "covoit.iban_outside_sepa" | "covoit.iban_holder"), Refused, NotFound.
    """
    _require(by)
    people_store.get_person(session, person)
    compact, name = check_iban(iban), claims.check_holder(holder)
    # The same account again is no change: payments under way to it go on.
    now_active = ibans.active(session, person)
    if now_active is not None and (now_active.iban, now_active.holder) == (compact, name):
        return False
    claims.confirm_iban_at_counter(session, person, compact, name, by=by, now=now)
    return True


def claim_for(session: Session, person: str, *, by: Identity, now: datetime) -> claim_store.ClaimRow:
    """Ask for the payment of all that is payable, for somebody at the counter; a request that waits is given again."""
    _require(by)
    people_store.get_person(session, person)
    return claims.claim(session, person, now=now, by=by.subject)


def receive(
    session: Session, person: str, kind: Kind, object_id: str, said: str, *, by: Identity, now: datetime
) -> claim_store.CaseRow:
    """A complaint or a claim on paper, told or handed over at the counter; the same words about the same thing, while
    they wait, are one case. Raises InvalidInput("covoit.complaint_empty" | "covoit.complaint_long"), Refused."""
    _require(by)
    people_store.get_person(session, person)
    about, words = object_id.strip()[:200] or "-", said.strip()
    if not words:
        raise InvalidInput("covoit.complaint_empty")
    for known in claim_store.cases_of(session, person, kind):
        if known.answered_at is None and (known.object_id, known.said) == (about, words):
            return known
    if kind is Kind.PAPER_CLAIM:
        return claims.receive_paper_claim(session, person, about, words, by=by, now=now)
    return claims.complain(session, person, about, words, now=now)


def propose_ban(session: Session, person: str, about: str, *, by: Identity, now: datetime) -> claim_store.CaseRow:
    """The case of somebody who might be kept out, for these facts; while one waits, the same.

    Raises InvalidInput("covoit.ban_without_facts"), NotFound, Refused."""
    people_store.get_person(session, person)
    if not about.strip():
        raise InvalidInput("covoit.ban_without_facts")
    for known in claim_store.cases_of(session, person, Kind.BAN):
        if known.answered_at is None and claim_store.about_alert(known.object_id) is None:
            return known
    return claims.propose_ban(session, person, about, by=by, now=now)


def _require(by: Identity) -> None:
    if not by.may_in(Permission.COVOIT_DESK, None):
        raise Refused("covoit.not_allowed", permission=str(Permission.COVOIT_DESK))

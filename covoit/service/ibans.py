"""Where a driver is paid. Every change waits for a code sent by another road (`ask_iban`, `confirm_iban`); who has
no such road shows an identity paper at the counter."""

import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy.orm import Session

from covoit.export.sepa import LONGEST_NAME, latin
from covoit.gateway.payer import check_iban
from covoit.service.rights import not_oneself, require
from covoit.store import ibans
from covoit.store.people import get_person
from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, Refused
from mobigo.infra import accounts, audit
from mobigo.infra.clock import new_id
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import use_language
from mobigo.infra.outbox import Channel, Message, send
from mobigo.infra.roles import Identity, Permission

CODE_LIFE: Final = timedelta(minutes=15)
TRIES_MAX: Final = 5
# What a bank says of the account itself: it must be given again (ISO 20022 external return reasons).
ACCOUNT_REASONS: Final = frozenset({"AC01", "AC04", "AC06", "AC13", "AC14", "AG01", "AG02", "BE01", "MD07", "RC01"})


@dataclass(frozen=True, slots=True)
class IbanView:
    """What a person sees of their account: never the whole number."""

    id: str
    shown: str  # "FR14 … 2606"
    holder: str
    state: str
    confirmed_at: datetime | None
    returned: str | None


def ask_iban(
    session: Session, person: str, iban: str, holder: str, *, now: datetime, language: str = "fr"
) -> tuple[str, Channel]:
    """Take an account, and send a code by another road than the page: (the account's id, the channel used).

    Raises InvalidInput("covoit.bad_iban", "covoit.iban_outside_sepa", "covoit.iban_holder"), and
    Refused("covoit.no_second_factor") for a person without address or number (the counter then checks their identity).
    """
    compact, name = check_iban(iban), check_holder(holder)
    channel, address = _second_factor(session, person)
    before = ibans.waiting(session, person)
    if before is not None:
        before.state, before.ended_at, before.code_hash = ibans.ENDED, now, None
        session.flush()
    code = f"{secrets.randbelow(1_000_000):06d}"
    row = ibans.IbanRow(
        id=new_id(now), person=person, iban=compact, holder=name, state=ibans.WAITING, tries=0, asked_at=now,
        expires_at=now + CODE_LIFE,
    )  # fmt: skip
    row.code_hash = _code_hash(row.id, code)
    session.add(row)
    session.flush()
    with use_language(language):
        text = _(
            "Code pour changer votre compte bancaire : %(code)s (valable 15 minutes). Compte : %(iban)s."
            " Si vous n’avez rien demandé, ne le donnez à personne et prévenez-nous.",
            code=code,
            iban=masked(compact),
        )
        subject = _("Votre code de confirmation")
    send(
        session, Message(channel, address, subject, text, _whose(session, person)), key=f"covoit:iban:{row.id}", now=now
    )
    audit.record(session, "covoit.iban_asked", actor=person, object_kind="covoit_iban", object_id=row.id, now=now)
    return row.id, channel


def confirm_iban(session: Session, person: str, code: str, *, now: datetime, language: str = "fr") -> Decision | None:
    """Give the code back: None when the account now counts, else why not. The caller commits both: tries count."""
    row = ibans.waiting(session, person)
    if row is None or row.code_hash is None:
        return Decision("covoit.iban_nothing_waits")
    if now >= row.expires_at or row.tries >= TRIES_MAX:
        row.state, row.ended_at, row.code_hash = ibans.ENDED, now, None
        session.flush()
        return Decision("covoit.iban_code_over")
    row.tries += 1
    if not hmac.compare_digest(row.code_hash, _code_hash(row.id, code.strip())):
        session.flush()
        return Decision("covoit.iban_wrong_code", left=TRIES_MAX - row.tries)
    _activate(session, row, now)
    _tell_change(session, person, row, now, language)
    return None


def confirm_iban_at_counter(
    session: Session, person: str, iban: str, holder: str, *, by: Identity, now: datetime
) -> str:
    """The counter's twin, for who has neither address nor number: an agent saw an identity paper and a RIB."""
    require(by, Permission.COVOIT_DESK)
    not_oneself(session, [person], by)
    compact = check_iban(iban)
    before = ibans.waiting(session, person)
    if before is not None:
        before.state, before.ended_at, before.code_hash = ibans.ENDED, now, None
        session.flush()
    row = ibans.IbanRow(
        id=new_id(now), person=person, iban=compact, holder=" ".join(holder.split())[:70], state=ibans.WAITING, tries=0,
        asked_at=now, expires_at=now + CODE_LIFE,
    )  # fmt: skip
    session.add(row)
    session.flush()
    _activate(session, row, now, by=by.subject)
    with suppress(Refused):  # neither number nor address: the person stands at the counter
        _tell_change(session, person, row, now, "fr")  # an account that changes is told by another road
    return row.id


def check_holder(typed: str) -> str:
    """The name of an account's holder, blanks settled: 2 to 70 characters, of which a bank can read two letters.
    Raises InvalidInput("covoit.iban_holder")."""
    name = " ".join(typed.split())
    if not (2 <= len(name) <= LONGEST_NAME and name.isprintable()):
        raise InvalidInput("covoit.iban_holder")
    if sum(letter.isalpha() for letter in latin(name, LONGEST_NAME)) < 2:  # "X" stands for nothing
        raise InvalidInput("covoit.iban_holder")
    return name


def find_iban(session: Session, person: str) -> IbanView | None:
    """The account that counts, masked; None when there is none."""
    row = ibans.active(session, person)
    return None if row is None else _view(row)


def masked(iban: str) -> str:
    """The country, the key and the last four characters."""
    return f"{iban[:4]} … {iban[-4:]}"


def _view(row: ibans.IbanRow) -> IbanView:
    return IbanView(row.id, masked(row.iban or ""), row.holder or "", row.state, row.confirmed_at, row.returned)


def _activate(session: Session, row: ibans.IbanRow, now: datetime, by: str | None = None) -> None:
    before = ibans.active(session, row.person)
    if before is not None:
        before.state, before.ended_at = ibans.ENDED, now
        session.flush()
    row.state, row.confirmed_at, row.code_hash = ibans.ACTIVE, now, None
    session.flush()
    audit.record(
        session, "covoit.iban_confirmed", actor=by or row.person, object_kind="covoit_iban", object_id=row.id, now=now
    )


def _tell_change(session: Session, person: str, row: ibans.IbanRow, now: datetime, language: str) -> None:
    channel, address = _second_factor(session, person)
    with use_language(language):
        text = _("Votre compte bancaire est maintenant : %(iban)s.", iban=masked(row.iban or ""))
        subject = _("Compte bancaire changé")
    send(
        session,
        Message(channel, address, subject, text, _whose(session, person)),
        key=f"covoit:iban-done:{row.id}",
        now=now,
    )


def _second_factor(session: Session, person: str) -> tuple[Channel, str]:
    """The telephone first: it is the other road of who signs in by e-mail."""
    known = get_person(session, person)
    if known.reach:
        return "sms", known.reach
    if known.subject is not None:
        email = accounts.profile(session, known.subject).email
        if email:
            return "email", email
    raise Refused("covoit.no_second_factor")


def _whose(session: Session, person: str) -> str:
    """Whose message it is: the account's, which shows and erases its messages; else the person's."""
    return get_person(session, person).subject or person


def _code_hash(iban: str, code: str) -> str:
    return sha256(f"{iban}:{code}".encode()).hexdigest()

"""What is owed after a constat, what may be shown of a person, how long a name is kept. Pure: today is an argument."""

import hmac
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Final

from billettique.model.cases import CaseState, Constat, Penalties, Person, owed_later, owed_now
from billettique.rules.rounds import RECEIPTS_MAX
from mobigo.base.errors import Conflict, InvalidInput, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO, Money

ID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
REFERENCE: Final = re.compile(r"[2-9A-HJ-NP-Z]{8}", re.ASCII)  # nothing that is read for something else
SECRET: Final = re.compile(r"[2-9A-HJ-NP-Z]{12}", re.ASCII)
FARE_MAX: Final = Money(10_000)
AGE_MAX: Final = timedelta(days=30)  # of a constat that a telephone sends
PAPER_AGE_MAX: Final = timedelta(days=366)  # of a receipt on paper, whose telephone is lost
CONTESTABLE: Final = frozenset({CaseState.OPEN, CaseState.PAID, CaseState.REGULARISED})
MEANS_ON_THE_SPOT: Final = frozenset({"cash", "cheque", "terminal"})
_LONGEST: Final = {"last_name": 100, "first_name": 100, "born_at": 100, "address": 200, "postcode": 10, "town": 100}


def digest(secret: str) -> str:
    """What is kept of a case's secret. The letters one may write otherwise are those one writes."""
    return sha256(b"billettique case\0" + typed(secret).encode()).hexdigest()


def typed(text: str) -> str:
    """A reference or a secret as it was typed in: spaces, dashes and small letters do not count."""
    return re.sub(r"[\s\-\u2010-\u2015]", "", text).upper()[:40]


def opens(secret: str, kept_digest: str) -> bool:
    """Whether a secret is the one that was given to the traveller."""
    return hmac.compare_digest(digest(secret), kept_digest)


def check(constat: Constat, penalties: Penalties, now: datetime, age_max: timedelta = AGE_MAX) -> Money:
    """What the constat asks for; one older than `age_max` is not taken any more.

    Raises InvalidInput("billettique.bad_constat") with the field that is wrong, and ("billettique.unknown_ground"),
    ("billettique.person_missing"), ("billettique.person_not_needed"), ("billettique.round_missing").
    """
    ground = penalties.ground(constat.ground)
    if not ID.fullmatch(constat.id) or not REFERENCE.fullmatch(constat.reference):
        raise InvalidInput("billettique.bad_constat", field="reference")
    if constat.found_at > now + timedelta(minutes=10) or constat.found_at < now - age_max:
        raise InvalidInput("billettique.bad_constat", field="found_at")
    if not ZERO <= constat.fare <= FARE_MAX:
        raise InvalidInput("billettique.bad_constat", field="fare")
    if constat.paid is not None:
        if constat.paid not in MEANS_ON_THE_SPOT:
            raise InvalidInput("billettique.bad_constat", field="paid")
        if constat.round_id is None or constat.receipt is None:  # money has a till and a number
            raise InvalidInput("billettique.round_missing")
        if not 1 <= constat.receipt <= RECEIPTS_MAX:
            raise InvalidInput("billettique.bad_constat", field="receipt")
        if constat.person is not None:  # paid on the spot, the law asks for no name
            raise InvalidInput("billettique.person_not_needed")
        return owed_now(ground, constat.fare)
    if constat.person is None or not (constat.person.last_name and constat.person.first_name):
        raise InvalidInput("billettique.person_missing")
    _check_person(constat.person, paris_day(constat.found_at))
    return owed_later(ground, constat.fare, penalties)


def _check_person(person: Person, day: date) -> None:
    for name, longest in _LONGEST.items():
        value = getattr(person, name)
        if len(value) > longest or not value.isprintable():
            raise InvalidInput("billettique.bad_constat", field=name)
    if person.born_on is not None and not day - timedelta(days=366 * 120) <= person.born_on <= day:
        raise InvalidInput("billettique.bad_constat", field="born_on")
    if person.email and ("@" not in person.email or len(person.email) > 254 or not person.email.isprintable()):
        raise InvalidInput("billettique.bad_constat", field="email")


def may_regularise(ground: str, found_at: datetime, pass_holder: bool, penalties: Penalties, now: datetime) -> None:
    """A named pass forgotten may be shown for some days. Raises Refused("billettique.not_a_forgotten_pass",
    "billettique.too_late_to_regularise")."""
    if not pass_holder or ground not in penalties.forgotten_grounds:
        raise Refused("billettique.not_a_forgotten_pass")
    last_day = last_day_to_regularise(found_at, penalties)
    if paris_day(now) > last_day:
        raise Refused("billettique.too_late_to_regularise", day=last_day)


def may_contest(state: CaseState, contested: bool, term: date, day: date) -> None:
    """A constat may be contested once, until its term, whether it is paid or not: who pays at once out of fear of more
    does not give up being heard. Raises Conflict("billettique.contested_before", "billettique.case_closed"),
    Refused("billettique.too_late_to_contest")."""
    if contested or state is CaseState.CONTESTED:
        raise Conflict("billettique.contested_before")
    if state not in CONTESTABLE:
        raise Conflict("billettique.case_closed", state=str(state))
    if day > term:
        raise Refused("billettique.too_late_to_contest", day=term)


def last_day_to_regularise(found_at: datetime, penalties: Penalties) -> date:
    """The last day on which a forgotten pass may be shown."""
    return paris_day(found_at) + timedelta(days=penalties.forgotten_days)


def forgets_at(state: CaseState, found_at: datetime, closed_at: datetime | None, penalties: Penalties) -> datetime:
    """When the person of a case is forgotten: a while after its end, and never later than the most."""
    most = found_at + timedelta(days=penalties.most_days)
    days: Mapping[CaseState, int] = {
        CaseState.PAID: penalties.paid_days,
        CaseState.REGULARISED: penalties.paid_days,
        CaseState.WITHDRAWN: penalties.withdrawn_days,
        CaseState.TRANSMITTED: penalties.transmitted_days,
    }
    if closed_at is None or state not in days:
        return most
    return min(most, closed_at + timedelta(days=days[state]))

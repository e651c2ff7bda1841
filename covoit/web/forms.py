"""What the forms of carpool share: fields read by name, faults beside their field, who is asking."""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Final

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from covoit.model.lines import Line
from covoit.service import lines, offers
from covoit.web.agents import of_somebody
from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from mobigo.base.instants import PARIS, paris_day
from mobigo.base.money import ZERO, Money
from mobigo.infra import auth, forms, keys
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import sentence
from mobigo.infra.web import services

# Which field a refusal is about; any other is about the whole form and stands at its head.
FIELDS: Final = {
    "covoit.bad_seats": "seats",
    "covoit.bad_departure": "time",
    "covoit.bad_calendar_day": "date",
    "covoit.bad_hour": "time",
    "covoit.same_stop": "to",
    "covoit.no_such_stop": "from",
    "covoit.no_start": "from",
    "covoit.no_end": "to",
    "covoit.other_line": "to",
    "covoit.not_on_the_way": "to",
    "covoit.no_weekday": "days",
    "covoit.code_wrong": "code",
    "covoit.heard_wrong": "code",
    "covoit.code_tried": "code",
    "covoit.scan_unreadable": "code",
    "covoit.bad_phone": "phone",
    "covoit.phone_without_texts": "phone",
    "covoit.phone_of_another_account": "phone",
    "covoit.no_such_account": "email",
    "covoit.ban_too_long": "last_day",
    "covoit.bad_birth": "born",
    "covoit.age_by_agent": "born",
    "covoit.age_not_sworn": "honour",
    "covoit.paper_not_seen": "seen_phone",
    "covoit.bad_last_name": "last_name",
    "covoit.identity_of_another": "phone",
    "covoit.bad_reference": "reference",
    "covoit.paper_known": "reference",
    "covoit.bad_times": "until",
    "covoit.bad_cost": "cost",
    "covoit.no_reason": "reason",
    "covoit.bad_report": "words",
    "covoit.other_terms": "terms",
    "covoit.bad_iban": "iban",
    "covoit.iban_outside_sepa": "iban",
    "covoit.iban_holder": "holder",
    "covoit.decision_without_reason": "reason",
    "covoit.decision_unsigned": "capacity",
    "covoit.ban_without_end": "last_day",
    "covoit.ban_without_facts": "ban-about",
    "covoit.bad_month": "month",
    "covoit.fraud_month_not_over": "month",
    "covoit.budget_amount": "amount",
    "covoit.complaint_empty": "said",
    "covoit.complaint_long": "said",
    **{
        f"covoit.bank_file_{fault}": "file"
        for fault in (
            "not_xml",
            "too_long",
            "sign",
            "entity",
            "encoding",
            "cut",
            "tag",
            "syntax",
            "large",
            "doctype",
            "other",
            "lacks",
            "currency",
            "amount",
            "missing",
        )
    },
}


# Control signs but tab and ends of line; marks and overrides of direction (Unicode Bidi_Control).
_COMMANDS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


CLOCK_BEHIND_MAX: Final = timedelta(days=366)
_EUROS: Final = re.compile(r"([0-9]{1,12})(?:[.,]([0-9]{1,2}))?")


def text(name: str, longest: int = 200) -> str:
    """One field of the form as typed, blanks trimmed; "" when it was not sent. Signs that command a terminal, a
    spreadsheet or the direction of writing are left out: nobody types them, and a name must read the same everywhere.
    """
    return _COMMANDS.sub("", request.form.get(name, "")).strip()[:longest]


def whole(name: str, default: int) -> int:
    """A whole number of the form; -1 for what is none, which every rule refuses with its own words."""
    given = text(name, 6)
    if not given:
        return default
    return int(given) if given.isascii() and given.isdigit() else -1


def euros_of(name: str, *, most: int) -> Money:
    """An amount of the form as people write it: "150 000", "82,5", "82,50 €". Nothing is rounded: what has more than
    two decimals, a sign or an exponent is refused. Raises InvalidInput("covoit.bad_cost")."""
    found = _EUROS.fullmatch("".join(text(name, 30).removesuffix("€").split()))
    if found is None:
        raise InvalidInput("covoit.bad_cost")
    amount = Money(int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")))
    if not ZERO < amount <= Money(most * 100):
        raise InvalidInput("covoit.bad_cost")
    return amount


def day_of(name: str = "date") -> date:
    """A day of the form. Raises InvalidInput("covoit.bad_calendar_day")."""
    try:
        return date.fromisoformat(text(name))
    except ValueError:
        raise InvalidInput("covoit.bad_calendar_day") from None


def hour_of(name: str = "time") -> time:
    """An hour of the form. Raises InvalidInput("covoit.bad_hour")."""
    try:
        return time.fromisoformat(text(name)).replace(tzinfo=None)
    except ValueError:
        raise InvalidInput("covoit.bad_hour") from None


def moment_of(day: str = "date", clock: str = "time") -> datetime:
    """A day and an hour on the Paris clock. Raises InvalidInput("covoit.bad_calendar_day" | "covoit.bad_hour")."""
    return datetime.combine(day_of(day), hour_of(clock), PARIS)


def told_at(name: str = "at") -> datetime:
    """When the telephone says it happened (milliseconds since 1970, written by the script); now without it. Raises
    InvalidInput("covoit.clock_wrong") for more than a year ago: such a clock was never set."""
    told = forms.told_instant(text(name, 16)) or now()
    if told < now() - CLOCK_BEHIND_MAX:
        raise InvalidInput("covoit.clock_wrong", day=paris_day(told))
    return told


def stops_of(first: str = "from", second: str = "to") -> tuple[Line, str, str]:
    """The two stops chosen in a form, and their line. Raises InvalidInput("covoit.no_start" | "covoit.no_end") where
    none was, ("covoit.same_stop" | "covoit.other_line") for what no car drives, NotFound("covoit.no_such_stop")."""
    a, z = text(first, 60), text(second, 60)
    if not a:
        raise InvalidInput("covoit.no_start")
    if not z:
        raise InvalidInput("covoit.no_end")
    if a == z:
        raise InvalidInput("covoit.same_stop")
    line, _stop = lines.stop_and_line(a, paris_day(now()))
    if line.stop(z) is None:
        raise InvalidInput("covoit.other_line", line=line.name)
    return line, a, z


def point_of() -> Point | None:
    """The position of the telephone, when it was given."""
    try:
        lat, lon = float(text("lat", 20)), float(text("lon", 20))
        return Point(lat, lon) if math.isfinite(lat) and math.isfinite(lon) else None
    except ValueError:
        return None


class Faults(forms.Faults):
    """The sentences of a refused form of carpool."""

    fields = FIELDS

    def __init__(self, *, agent: bool = False) -> None:
        """`agent`: who reads acts for somebody else."""
        super().__init__()
        self.agent = agent

    def said(self, decision: Decision) -> str:
        return sentence(of_somebody(decision) if self.agent else decision)


def root_key() -> bytes:
    """The key from which the keys of device sessions are computed."""
    return keys.derived(services().config, "covoit.proof")


def told_script(address: str, faults: "Faults", **more: object) -> ResponseReturnValue:
    """What it is told: where to see what became of it, or why it is refused."""
    if faults:
        refused = {"ok": False, "code": faults.codes[0], "detail": next(iter(faults.by_field.values()))}
        return jsonify(refused), faults.status
    return jsonify({"ok": True, "address": address, **more})


def me(session: Session) -> str:
    """The random person id of who is signed in; made at the first use."""
    return offers.person_here(session, auth.signed_in().subject, now())


def viewer() -> str | None:
    """The person who looks at a public page, if they are signed in and carpool already."""
    identity = auth.current_account()
    if identity is None:
        return None
    from covoit.store.people import find_person

    with reading(services().engine) as session:
        person = find_person(session, subject=identity.subject)
    return None if person is None else person.id


@contextmanager
def writing() -> Iterator[Session]:
    """One transaction of the application's database."""
    with transaction(services().engine) as session:
        yield session

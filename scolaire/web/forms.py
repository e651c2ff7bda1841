"""What the forms of families and agents share: fields read by name, faults beside their field, a registration."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Final

from flask import request
from sqlalchemy.orm import Session

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from mobigo.infra import auth, competence, forms
from mobigo.infra.db import reading, transaction
from mobigo.infra.web import services
from scolaire.model.asked import Asked, AskedHome, Contact
from scolaire.model.people import SCHOOL_WEEK, HomeKind, Need, Regime, Weeks
from scolaire.model.rights import Waiver
from scolaire.model.schools import Level
from scolaire.store.pupils import IdentityRow

_COMMANDS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Which field a refusal is about; any other is about the whole form and stands at its head.
FIELDS: Final = {
    "scolaire.bad_birth": "born_on",
    "scolaire.bad_day": "born_on",
    "scolaire.level_not_of_school": "level",
    "scolaire.bad_address": "line",
    "scolaire.bad_commune": "commune",
    "scolaire.several_communes": "commune",
    "scolaire.weeks_overlap": "weeks",
    "scolaire.bad_phone": "phone",
    "scolaire.no_way_to_write": "prefers",
    "scolaire.bad_paper": "paper",
    "scolaire.paper_known": "paper",
    "scolaire.bad_position": "position",
    "scolaire.decision_without_reason": "words",
    "scolaire.refusal_without_words": "words",
    "scolaire.appeal_without_words": "words",
    "scolaire.decision_unsigned": "capacity",
    "scolaire.bad_distance": "distance",
    "scolaire.bad_receipt": "receipt",
    "scolaire.receipt_known": "receipt",
    "scolaire.empty_document": "document",
    "scolaire.bad_document": "document",
    "scolaire.bad_photograph": "document",
    "scolaire.broken_picture": "document",
    "scolaire.document_too_large": "document",
    "scolaire.document_not_usable": "known",
    "scolaire.known_without_kind": "known_kind",
    "account.unknown_document": "known",
    "scolaire.bad_code": "code",
    "scolaire.not_sworn": "honour",
    "scolaire.no_words": "words",
    "scolaire.no_minutes": "minutes",
    "scolaire.bad_notice_days": "last_day",
}


class Faults(forms.Faults):
    """The sentences of a refused form of school transport; a name refused says which."""

    fields = FIELDS

    def add(self, decision: Decision, field: str = "", status: int = 422) -> None:
        """One fault more; the first one said of a field stays."""
        if decision.code == "scolaire.bad_name":
            field = str(decision.params["field"])
        super().add(decision, field, status)


def text(name: str, longest: int = 200) -> str:
    """A field as typed, blanks trimmed, signs that command left out; "" when it was not sent."""
    return _COMMANDS.sub("", request.form.get(name, "")).strip()[:longest]


def me() -> str:
    """The account of who is asking."""
    return auth.signed_in().subject


@contextmanager
def writing() -> Iterator[Session]:
    """One transaction of the application's database."""
    with transaction(services().engine) as session:
        yield session


@contextmanager
def looking() -> Iterator[Session]:
    """One look at the application's database."""
    with reading(services().engine) as session:
        yield session


def day_of(name: str) -> date:
    """A day of the form. Raises InvalidInput("scolaire.bad_day")."""
    try:
        return date.fromisoformat(text(name, 10))
    except ValueError:
        raise InvalidInput("scolaire.bad_day") from None


def point_of(name: str = "position") -> Point | None:
    """A position as maps give it, "47.2812, 4.2297"; None when it was left empty. Raises InvalidInput(
    "scolaire.bad_position")."""
    given = text(name, 60)
    if not given:
        return None
    found = re.fullmatch(r"(-?\d{1,2}[.,]\d+)\s*[,;\s]\s*(-?\d{1,3}[.,]\d+)", given, re.ASCII)
    if found is None:
        raise InvalidInput("scolaire.bad_position")
    try:
        return Point(float(found[1].replace(",", ".")), float(found[2].replace(",", ".")))
    except ValueError:
        raise InvalidInput("scolaire.bad_position") from None


def commune_of(name: str) -> str:
    """The INSEE code of a commune as people write it. Raises InvalidInput("scolaire.bad_commune") for none of the
    region, InvalidInput("scolaire.several_communes") naming them."""
    given = text(name, 80)
    found = competence.communes_named(given)
    exact = [each for each in found if competence.plain(each.name) == competence.plain(given) or each.code == given]
    if len(exact) == 1:
        return exact[0].code
    if len(found) == 1:
        return found[0].code
    if not found:
        if re.fullmatch(r"(\d{2}|2[AB])\d{3}", given, re.ASCII):
            return given  # outside the region: its own authority will answer
        raise InvalidInput("scolaire.bad_commune")
    raise InvalidInput("scolaire.several_communes", names=[f"{each.name} ({each.code})" for each in found[:8]])


def asked_of(uai: str, year: int, *, known: IdentityRow | None = None) -> Asked:
    """The registration of the form; of a pupil who is `known`, class and regime alone.

    Raises what its fields raise, and what no field of ours can send as
    InvalidInput("scolaire.unknown_choice")."""
    try:
        level, regime = Level(text("level")), Regime(text("regime"))
        need = Need(text("need") or "none")
        waiver = Waiver(text("waiver")) if text("waiver") else None
    except ValueError:
        raise InvalidInput("scolaire.unknown_choice") from None
    if known is not None:
        return Asked(year, known.first_name, known.last_name, known.born_on, uai, level, regime, (), need, waiver)
    homes = [home_of("", HomeKind.PLACEMENT if text("placed") else HomeKind.MAIN)]
    if text("custody"):
        homes.append(home_of("2", HomeKind.SECOND))
    return Asked(
        year, text("first_name"), text("last_name"), day_of("born_on"), uai, level, regime, tuple(homes), need, waiver
    )


def home_of(tail: str, kind: HomeKind) -> AskedHome:
    """One home of the form; the other one lives in the other weeks."""
    custody = bool(text("custody"))
    weeks = Weeks(text("weeks")) if custody and text("weeks") in set(Weeks) else Weeks.EVEN if custody else Weeks.ALL
    if tail:
        weeks = {Weeks.EVEN: Weeks.ODD, Weeks.ODD: Weeks.EVEN, Weeks.ALL: Weeks.ALL}[weeks]
    return AskedHome(
        kind, text(f"line{tail}"), text(f"postcode{tail}", 10), commune_of(f"commune{tail}"), text(f"extra{tail}"),
        weeks, SCHOOL_WEEK, point_of(f"position{tail}"), text(f"stop{tail}", 26) or None,
    )  # fmt: skip


def contact_of() -> Contact:
    """Who asks, of the form."""
    prefers = text("prefers") if text("prefers") in ("email", "sms", "letter") else "email"
    return Contact(
        text("contact_first_name"), text("contact_last_name"), text("email", 320) or None, text("phone", 30) or None,
        text("postal", 400), prefers,
    )  # fmt: skip

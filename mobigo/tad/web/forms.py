"""What the forms of on-demand transport share: what is asked, read from the address or a form; faults by field."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Final

from flask import request
from sqlalchemy.orm import Session

from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from mobigo.infra import forms
from mobigo.infra.clock import now
from mobigo.infra.db import transaction
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services
from mobigo.tad.model.bookings import Asked, Contact
from mobigo.tad.model.services import Cutoff, CutoffKind, Place, Service
from mobigo.tad.rules.promises import wanted_at

FIELDS: Final = {
    "tad.same_place": "to",
    "tad.not_served": "from",
    "tad.bad_party": "party",
    "tad.no_such_rider": "party",
    "tad.party_too_large": "party",
    "tad.no_service_that_day": "day",
    "tad.too_far_ahead": "day",
    "tad.bad_day": "day",
    "tad.bad_hour": "time",
    "tad.too_late": "time",
    "tad.outside_hours": "time",
    "tad.cutoff_passed": "day",
    "tad.bad_name": "name",
    "tad.bad_phone": "phone",
    "tad.bad_email": "email",
    "tad.bad_last_day": "last_day",
    **dict.fromkeys(
        (
            "tad.zone_unreadable",
            "tad.zone_hole",
            "tad.zone_few_points",
            "tad.zone_many_points",
            "tad.zone_outside",
            "tad.zone_crosses",
            "tad.zone_large",
            "tad.zone_small",
            "tad.zones_many",
            "tad.zone_twice",
        ),
        "zones",
    ),
}


class Faults(forms.Faults):
    """The sentences of a refused form of on-demand transport."""

    fields = FIELDS


def text(name: str, longest: int = 200) -> str:
    """One field, from the form or the address: printable, blanks trimmed; "" when it was not sent."""
    given = "".join(letter for letter in request.values.get(name, "") if letter.isprintable())
    return given.strip()[:longest]


def whole(name: str, default: int = 0) -> int:
    """A whole number; -1 for what is none, which every rule refuses in its own words."""
    given = text(name, 4)
    if not given:
        return default
    return int(given) if given.isascii() and given.isdigit() else -1


def day_of(name: str = "day") -> date:
    """A day. Raises InvalidInput("tad.bad_day")."""
    try:
        return date.fromisoformat(text(name))
    except ValueError:
        raise InvalidInput("tad.bad_day") from None


def told_at(name: str = "at") -> datetime:
    """When a telephone that had no network says it happened (milliseconds since 1970), never later than now; now
    without it."""
    told, moment = forms.told_instant(text(name, 16)), now()
    return moment if told is None else min(told, moment)


def wanted_of(day: date) -> int:
    """The hour asked, as service time of the day. Raises InvalidInput("tad.bad_hour")."""
    try:
        return wanted_at(day, time.fromisoformat(text("time")))
    except ValueError:
        raise InvalidInput("tad.bad_hour") from None


def place_of(service: Service, name: str) -> Place:
    """A stop of the service, chosen by its id; or a door, as `Place.key` writes it. Raises
    InvalidInput("tad.not_served")."""
    given = text(name, 260)
    place = door_of(given) if given.startswith("@") else service.stop(given)
    if place is None:
        raise InvalidInput("tad.not_served", place=given[:60] or "—")
    return place


def door_of(given: str) -> Place | None:
    """The door that `Place.key` wrote; None when it does not read."""
    position, _blank, name = given.removeprefix("@").partition(" ")
    try:
        lat, lon = (float(each) for each in position.split(","))
    except ValueError:
        return None
    if not (-90 <= lat <= 90 and -180 <= lon <= 180 and name.strip()):
        return None
    return Place("", name.strip()[:200], Point(lat, lon))


def asked_of(service: Service) -> Asked:
    """What the form or the address asks for. Raises InvalidInput for what cannot be read."""
    day = day_of()
    riders = [name for at, name in enumerate(service.fares) for _each in range(max(whole(f"n{at}"), 0))]
    if not any(text(f"n{at}") for at in range(len(service.fares))):
        riders = [next(iter(service.fares))]
    return Asked(
        place_of(service, "from"), place_of(service, "to"), day, wanted_of(day), tuple(riders[:20]),
        whole("wheelchairs"),
    )  # fmt: skip


def contact_of() -> Contact:
    """Whom to call, as typed."""
    return Contact(text("name", 100), text("phone", 30), text("email", 254), text("needs", 200))


@contextmanager
def writing() -> Iterator[Session]:
    """One transaction of the application's database."""
    with transaction(services().engine) as session:
        yield session


def cutoff_words(cutoff: Cutoff) -> str:
    """How the last moment to book is said on a service's page."""
    from mobigo.infra.formats import duration, hour
    from mobigo.infra.i18n import current_language

    if cutoff.kind is CutoffKind.NONE or (cutoff.kind is CutoffKind.MINUTES and not cutoff.minutes):
        return _("On réserve jusqu’au dernier moment, s’il reste une place.")
    if cutoff.kind is CutoffKind.MINUTES:
        ahead = duration(60 * cutoff.minutes, current_language())
        return _("On réserve au plus tard %(time)s avant le départ.", time=ahead)
    at = hour(cutoff.at, current_language(), short=True)
    if cutoff.days == 0:
        return _("On réserve le jour même avant %(at)s.", at=at)
    if cutoff.days == 1:
        if len(cutoff.weekdays) < 7:
            return _("On réserve le dernier jour d’ouverture avant le trajet, avant %(at)s.", at=at)
        return _("On réserve la veille avant %(at)s.", at=at)
    return _("On réserve %(days)s jours avant, avant %(at)s.", days=cutoff.days, at=at)


def weekdays_words(days: frozenset[int]) -> str:
    """ "du lundi au vendredi", "tous les jours", "mercredi, samedi"."""
    names = weekday_names()
    if len(days) == 7:
        return _("tous les jours")
    if len(days) > 2 and days == frozenset(range(min(days), max(days) + 1)):
        return _("du %(first)s au %(last)s", first=names[min(days)], last=names[max(days)])
    return ", ".join(names[day] for day in sorted(days))


def weekday_names() -> list[str]:
    """Monday first."""
    return [_("lundi"), _("mardi"), _("mercredi"), _("jeudi"), _("vendredi"), _("samedi"), _("dimanche")]

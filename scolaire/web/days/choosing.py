"""What the pages of a day share: the day asked for, a service in one field of a form, words."""

from collections.abc import Iterable
from datetime import date

from flask import request

from mobigo.base.errors import InvalidInput
from mobigo.base.instants import paris_day
from mobigo.infra.clock import now
from mobigo.infra.i18n import gettext as _
from scolaire.model.running import Run
from scolaire.web.forms import text

PAGE = 50


def day_asked() -> date:
    """`?jour=` of the address, or today. Raises InvalidInput("scolaire.bad_day")."""
    given = request.args.get("jour", "")
    try:
        return date.fromisoformat(given) if given else paris_day(now())
    except ValueError:
        raise InvalidInput("scolaire.bad_day") from None


def page_asked() -> int:
    """`?page=` of the address, from 0."""
    given = request.args.get("page", "1")
    return max(0, int(given) - 1) if given.isascii() and given.isdigit() and len(given) < 6 else 0


def service_chosen() -> tuple[str, str]:
    """(plan, service) of the form's one field. Raises InvalidInput("scolaire.service_chosen")."""
    plan, slash, service = text("service", 110).partition("/")
    if not slash or not plan or not service:
        raise InvalidInput("scolaire.service_chosen")
    return plan, service


def service_options(runs: Iterable[Run]) -> list[tuple[str, str]]:
    """Services as a form offers them."""
    return [("", _("Choisissez"))] + [
        (f"{run.plan}/{run.service}", f"{run.plan_name} — {run.service} ({half_word(run.half)}, {run.first_stop})")
        for run in runs
    ]


def half_word(half: str) -> str:
    """A half-day as people call it; its own id where it has no words."""
    return {
        "matin": _("matin"), "mercredi-matin": _("mercredi matin"), "mercredi": _("mercredi midi"),
        "soir": _("soir"), "soir-2": _("soir, deuxième départ"), "soir-3": _("soir, troisième départ"),
        "soir-4": _("soir, quatrième départ"),
    }.get(half, half)  # fmt: skip

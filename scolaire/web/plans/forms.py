"""What the forms of the planner's desk share: fields read by name, who is asking, a refused form shown again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import flash, request
from sqlalchemy.orm import Session

from mobigo.base.errors import MobigoError
from mobigo.infra import auth
from mobigo.infra.db import transaction
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.web import services


def text(name: str, longest: int = 200) -> str:
    """A field as typed, blanks trimmed, signs that command left out; "" when it was not sent."""
    given = "".join(each for each in request.form.get(name, "") if each.isprintable() or each in "\n\t")
    return given.strip()[:longest]


def me() -> str:
    """The account of who is asking."""
    return auth.signed_in().subject


@contextmanager
def writing() -> Iterator[Session]:
    """One transaction of the application's database."""
    with transaction(services().engine) as session:
        yield session


def refused(act: Callable[[], None]) -> bool:
    """Do it; a refusal becomes a message of the page that follows, and nothing is written. Whether it was refused."""
    try:
        act()
    except MobigoError as error:
        flash(sentence(error.decision), "bad")
        return True
    return False


def half_words() -> dict[str, str]:
    """Half-days as people call them."""
    return {
        "matin": _("Matin"),
        "mercredi-matin": _("Mercredi matin"),
        "mercredi": _("Mercredi midi"),
        "soir": _("Soir"),
        "soir-2": _("Soir, deuxième départ"),
        "soir-3": _("Soir, troisième départ"),
        "soir-4": _("Soir, quatrième départ"),
    }


def half_name(half: str) -> str:
    """A half-day as people call it; its own id where it has no words."""
    return half_words().get(half, half)


def state_words() -> dict[str, tuple[str, str]]:
    """States of a version: words and badge."""
    return {
        "draft": (_("brouillon"), ""),
        "approved": (_("approuvé"), "accent"),
        "published": (_("en vigueur"), "good"),
        "withdrawn": (_("remplacé"), "warn"),
    }


def origin_words() -> dict[str, str]:
    """Where a version comes from."""
    return {
        "computed": _("calculé"),
        "edited": _("modifié à la main"),
        "received": _("reçu d’un fichier"),
        "restored": _("repris d’une version"),
    }


def lock_words() -> dict[str, str]:
    """What a lock fixes."""
    return {
        "pupil_stop": _("arrêt d’un élève"),
        "stop_service": _("service d’un arrêt"),
        "service": _("service entier"),
        "times": _("heure de départ d’un service"),
        "vehicle": _("véhicule d’un service"),
        "bell": _("heure d’un établissement"),
    }

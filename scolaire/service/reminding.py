"""A service that registered pupils do not take: each of its families is asked, once a month at most, whether they still
need the seat. Nothing is withdrawn by it; who answers nothing keeps their right."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mobigo.base.errors import Refused
from mobigo.base.instants import paris_day
from mobigo.infra import audit, outbox
from mobigo.infra.config import Config
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import use_language
from scolaire.model.running import NoShow
from scolaire.rules.asking import current_year
from scolaire.service import telling
from scolaire.service.counting import judged
from scolaire.service.timesheet import registrations_of
from scolaire.store.registrations import RegistrationRow


def remind(session: Session, plan: str, service: str, *, by: str, config: Config, now: datetime) -> tuple[int, int]:
    """Write to the families of a service in the list of no-shows, by the way each prefers: how many letters leave now,
    how many could not (no way to write, or written to this month). Raises Refused("scolaire.remind_not_listed")."""
    today = paris_day(now)
    found = next((each for each in judged(session, today).no_shows if each.key == (plan, service)), None)
    if found is None:
        raise Refused("scolaire.remind_not_listed", service=service[:40])
    sent = kept = 0
    for registration in sorted(registrations_of(session, current_year(today), service, plan)):
        row = session.get(RegistrationRow, registration)
        if row is None or row.state != "decided":
            continue
        for guardian in telling.readers(session, row, now):
            with use_language(telling.language_of(session, guardian)):
                title, body = _letter(session, row, service, found)
                key = f"scolaire:absent:{plan}:{service}:{today:%Y-%m}:{row.id}:{guardian.id}"
                left = not _told(session, key) and telling.send(session, guardian, title, body, key, row, config, now)
            sent, kept = sent + left, kept + (not left)
    audit.record(
        session, "scolaire.reminded", actor=by, object_kind="scolaire_plan", object_id=plan, now=now,
        detail={"service": service, "sent": sent, "not_sent": kept},
    )  # fmt: skip
    return sent, kept


def _told(session: Session, key: str) -> bool:
    return session.scalar(select(outbox.MessageRow.id).where(outbox.MessageRow.key == key)) is not None


def _letter(session: Session, row: RegistrationRow, service: str, found: NoShow) -> tuple[str, list[str]]:
    name = telling.first_name(session, row)
    return _("Transport scolaire : %(name)s prend-il toujours le car ?", name=name), [
        _("Sur le circuit %(service)s, les %(days)s derniers jours comptés, %(aboard)s élèves au plus étaient à bord "
          "sur %(registered)s inscrits.", service=service, days=found.days, aboard=found.best.aboard,
          registered=found.best.registered),
        _("Nous ne savons pas qui était à bord : cette lettre va à toutes les familles du circuit. Si %(name)s ne "
          "prend plus le car, dites-le-nous, sa place servira à un autre élève. Sinon, vous n’avez rien à faire.",
          name=name),
        _("Sans réponse de votre part, rien ne change : son droit et sa carte restent valables."),
    ]  # fmt: skip

"""What families are told, by e-mail, text message or letter, as they prefer: received, something is missing, decided.

A message names the pupil's first name and the file's reference; never an address, never a stop.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from mobigo.base.decisions import Decision
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra import accounts, formats, outbox
from mobigo.infra.config import Config
from mobigo.infra.i18n import current_language, sentence, use_language
from mobigo.infra.i18n import gettext as _
from scolaire.model.rights import Outcome
from scolaire.model.schools import SchoolYear
from scolaire.rules.deciding import remedies
from scolaire.store.pupils import GuardianRow, IdentityRow, bonds_of_pupil
from scolaire.store.reasons import told
from scolaire.store.registrations import DecisionRow, RegistrationRow

FILE: Final = "/scolaire/famille/dossiers/"


def received(session: Session, row: RegistrationRow, config: Config, now: datetime) -> None:
    """The registration is received: its reference, and what comes next."""
    for guardian in readers(session, row, now):
        with use_language(language_of(session, guardian)):
            title = _("Transport scolaire : la demande de %(name)s est reçue", name=first_name(session, row))
            body = [
                _("La demande de transport scolaire de %(name)s pour %(year)s est reçue, sous la référence "
                  "%(reference)s.", name=first_name(session, row), year=str(SchoolYear(row.year)),
                  reference=row.reference),
                _("Nous vous écrirons dès qu’elle sera décidée. S’il manque un document, nous vous le dirons."),
            ]  # fmt: skip
            send(session, guardian, title, body, f"scolaire:received:{row.id}:{guardian.id}", row, config, now)


def missing(session: Session, row: RegistrationRow, words: str, key: str, config: Config, now: datetime) -> None:
    """A document is missing, or was refused: which, and why."""
    for guardian in readers(session, row, now):
        with use_language(language_of(session, guardian)):
            title = _("Transport scolaire : il manque quelque chose pour %(name)s", name=first_name(session, row))
            body = [
                _("Pour décider de la demande %(reference)s, il nous manque ceci :", reference=row.reference), words,
            ]  # fmt: skip
            send(session, guardian, title, body, f"scolaire:missing:{key}:{guardian.id}", row, config, now)


def decided(session: Session, row: RegistrationRow, decision: DecisionRow, config: Config, now: datetime) -> None:
    """A decision: what, why, by whom, what it costs, and how to contest it."""
    for guardian in readers(session, row, now):
        with use_language(language_of(session, guardian)):
            title = _("Transport scolaire : décision pour %(name)s", name=first_name(session, row))
            reasons = reasons_for(session, decision, own_homes(session, row, guardian.id, now))
            body = decision_lines(row, decision, first_name(session, row), reasons)
            send(session, guardian, title, body, f"scolaire:decided:{decision.id}:{guardian.id}", row, config, now)


def reasons_for(session: Session, decision: DecisionRow, own: Collection[str]) -> list[Decision]:
    """Why, as somebody may read it who lives in these homes: a reason tells how far a home is, which is not told to the
    other parent. What closed the case whatever the home is told to all."""
    homes = [(each["home"], told(each["reason"])) for each in decision.homes]
    if not homes or (len({reason for _home, reason in homes}) == 1 and "distance_m" not in homes[0][1].params):
        return [told(decision.reason)]
    found = [reason for home, reason in homes if home in own]
    return list(dict.fromkeys(found)) or [Decision("scolaire.reason_of_other_home")]


def decision_lines(
    row: RegistrationRow, decision: DecisionRow, first_name: str, reasons: Sequence[Decision]
) -> list[str]:
    """The decision in full sentences, in the language being read (CRPA, L211-5, L212-1, L311-3-1)."""
    language, outcome = current_language(), Outcome(decision.outcome)
    said = {
        Outcome.ENTITLED: _("%(name)s a droit au transport scolaire pour l’année %(year)s."),
        Outcome.PAYING: _("%(name)s n’a pas droit au transport scolaire pris en charge pour l’année %(year)s, mais "
                          "peut voyager sur une place libre, contre une participation de la famille."),
        Outcome.REFUSED: _("La demande de transport scolaire de %(name)s pour l’année %(year)s est refusée."),
        Outcome.ELSEWHERE: _("Pour le transport scolaire de %(name)s en %(year)s, une autre autorité répond."),
        Outcome.PENDING: "",
    }[outcome]  # fmt: skip
    lines = [said % {"name": first_name, "year": str(SchoolYear(row.year))}]
    if decision.proposed == decision.outcome:
        lines += [sentence(reason) for reason in reasons]
    if decision.words:
        lines.append(_("Motif de l’agent : %(words)s", words=decision.words))
    if decision.price_cents:
        price = formats.amount(Money(decision.price_cents), language)
        lines.append(_("Participation de la famille : %(price)s, à régler au guichet ; la carte est remise ensuite.",
                       price=price))  # fmt: skip
    if decision.rules:
        lines.append(
            _("Règles appliquées : %(rules)s. Un traitement algorithmique applique ces règles aux faits déclarés et "
              "mesurés et propose une réponse ; un agent décide. Vous pouvez en demander le détail (code des relations "
              "entre le public et l’administration, article L311-3-1).", rules=decision.rules)
        )  # fmt: skip
    lines.append(_("Décidé par %(who)s, le %(day)s.", who=decision.capacity,
                   day=formats.day(paris_day(decision.at), language, year=True)))  # fmt: skip
    if outcome is not Outcome.ENTITLED:
        lines += [sentence(each) for each in remedies(paris_day(decision.at))]
    return lines


def readers(session: Session, row: RegistrationRow, now: datetime) -> list[GuardianRow]:
    """Who may read the file of this pupil, each once."""
    bonds = bonds_of_pupil(session, row.pupil, paris_day(now))
    reading = [bond.guardian for bond in bonds if bond.access != "none"]
    asked = [row.asked_by] if row.asked_by and row.asked_by not in [bond.guardian for bond in bonds] else []
    found = [session.get(GuardianRow, each) for each in dict.fromkeys([*reading, *asked])]
    return [each for each in found if each is not None]


def own_homes(session: Session, row: RegistrationRow, guardian: str, now: datetime) -> set[str]:
    """The homes that are this guardian's, by their bonds."""
    bonds = bonds_of_pupil(session, row.pupil, paris_day(now))
    return {bond.home for bond in bonds if bond.guardian == guardian and bond.home is not None}


def first_name(session: Session, row: RegistrationRow) -> str:
    identity = session.get(IdentityRow, row.pupil)
    return "" if identity is None else identity.first_name


def language_of(session: Session, guardian: GuardianRow) -> str:
    if guardian.subject is None:
        return "fr"
    return accounts.profile(session, guardian.subject).language or "fr"


def send(
    session: Session, guardian: GuardianRow, title: str, lines: list[str], key: str, row: RegistrationRow,
    config: Config, now: datetime,
) -> bool:  # fmt: skip
    """By the way they prefer; a text message says the title and where to read the rest. Whether there was a way."""
    link = f"{config.base_url}{FILE}{row.id}"
    match guardian.prefers:
        case "sms" if guardian.phone:
            message = outbox.Message("sms", guardian.phone, "Mobigo", f"{title}. {link}", guardian.subject)
        case "letter" if guardian.postal:
            message = outbox.Message(
                "letter", guardian.postal[:320], title, "\n\n".join(lines) + "\n", guardian.subject
            )
        case _ if guardian.email:
            words = "\n\n".join([*lines, link] if guardian.subject else lines) + "\n"
            message = outbox.Message("email", guardian.email, title, words, guardian.subject)
        case _:
            return False
    outbox.send(session, message, key=key, now=now)
    return True

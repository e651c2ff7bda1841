"""What whoever asked is told: the number and the day at once, then each question and answer. The answer itself stays
behind the link: a mailbox or a telephone may be read by others."""

from datetime import datetime

from sqlalchemy.orm import Session

from mobigo.infra import outbox
from mobigo.infra.formats import day
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import use_language
from mobigo.requests.model import Act, Contact, Way
from mobigo.requests.rules.numbers import said
from mobigo.requests.store.requests import RequestRow


def received(session: Session, row: RequestRow, contact: Contact, link: str, now: datetime) -> bool:
    """The acknowledgement: number, day, link. Nothing that the person wrote is in it, so that nobody sends their words
    to others by it."""
    with use_language(row.language):
        words = _(
            "Votre demande est enregistrée sous le numéro %(number)s. Réponse promise au plus tard le %(day)s. "
            "La suivre, écrire ou la clore : %(link)s",
            number=said(row.number), day=day(row.promised_on, row.language, year=True), link=link,
        )  # fmt: skip
        return _send(session, row, contact, _("Votre demande %(number)s", number=said(row.number)), words, now)


def moved(session: Session, row: RequestRow, act: Act, contact: Contact, link: str, now: datetime) -> bool:
    """A question waits, an answer is there, or the request is closed: in one sentence, with the link."""
    number = said(row.number)
    with use_language(row.language):
        words = {
            Act.ASK: _("Votre demande %(number)s : nous avons une question. Répondez ici : %(link)s",
                       number=number, link=link),
            Act.ANSWER: _("Votre demande %(number)s a une réponse. La lire : %(link)s", number=number, link=link),
            Act.CLOSE: _("Votre demande %(number)s est close. Pourquoi, et comment y revenir : %(link)s",
                         number=number, link=link),
        }[act]  # fmt: skip
        return _send(session, row, contact, _("Votre demande %(number)s", number=number), words, now)


def _send(session: Session, row: RequestRow, contact: Contact, subject: str, words: str, now: datetime) -> bool:
    if contact.way is Way.EMAIL:
        message = outbox.Message("email", contact.email, subject, words, row.subject)
    elif contact.way is Way.SMS:
        message = outbox.Message("sms", contact.phone, subject, words, row.subject)
    else:
        return False  # by letter an agent prints it; without an address, the page says it
    return outbox.send(session, message, key=f"requests:{row.id}:{row.changes}", now=now)


def again(session: Session, row: RequestRow, contact: Contact, link: str, key: str, now: datetime) -> bool:
    """The link, to the address given when the request was made."""
    with use_language(row.language):
        number = said(row.number)
        words = _("Voici de nouveau le lien de votre demande %(number)s : %(link)s", number=number, link=link)
        title = _("Votre demande %(number)s", number=number)
        if contact.email:
            message = outbox.Message("email", contact.email, title, words, row.subject)
        else:
            message = outbox.Message("sms", contact.phone, title, words, row.subject)
        return outbox.send(session, message, key=f"requests:again:{key}", now=now)

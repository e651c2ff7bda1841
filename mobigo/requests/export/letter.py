"""The letter of an answer, of a question or of an end, for whoever is written to by post: a tagged PDF."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mobigo.infra import pdf
from mobigo.infra.formats import day
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from mobigo.requests.model import Contact
from mobigo.requests.rules.numbers import said


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: the authority, its postal address, its telephone."""

    name: str
    postal: str
    phone: str


def letter_pdf(
    number: str, received: datetime, contact: Contact, paragraphs: Sequence[str], sender: Sender, made_at: datetime
) -> bytes:
    """The letter, in the language being read: who writes to whom, the number, what is said, how to come back to it."""
    language = current_language()
    title = _("Votre demande %(number)s", number=said(number))
    address = [contact.name, *contact.postal.split("\n")]
    parts = [
        "\n\n".join(pdf.escaped(line) for line in (sender.name, sender.postal) if line),
        "#align(right)[" + " \\\n".join(pdf.escaped(line) for line in address if line) + "]",
        pdf.escaped(_("Le %(day)s", day=day(made_at, language, year=True))),
        f"= {pdf.escaped(title)}",
        pdf.escaped(_("Reçue le %(day)s.", day=day(received, language, year=True))),
        *(pdf.escaped(line) for paragraph in paragraphs for line in paragraph.split("\n") if line),
        pdf.escaped(
            _("Pour y revenir, dites ce numéro au %(phone)s, ou écrivez-nous à l’adresse ci-dessus.",
              phone=sender.phone)
        ),
    ]  # fmt: skip
    return pdf.compiled(title, "\n\n".join(parts), made_at, language=language)

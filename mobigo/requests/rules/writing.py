"""What people may write: texts, names, postal addresses; names blurred for whoever need not know them."""

import unicodedata

from mobigo.base.decisions import Decision
from mobigo.requests.model import Contact, Way

WORDS_MIN, WORDS_MAX = 5, 4_000
NAME_MAX = 100
POSTAL_MAX = 300


def clean(text: str) -> str:
    """A text as it is kept: lines and printable letters only, blanks trimmed, no more than one empty line."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = ["".join(letter if letter.isprintable() else " " for letter in line).strip() for line in lines]
    out: list[str] = []
    for line in kept:
        if line or (out and out[-1]):
            out.append(line)
    return "\n".join(out).strip()


def clean_line(text: str) -> str:
    """A text of one line."""
    return " ".join(clean(text).split())


def refusal_of_words(words: str) -> Decision | None:
    """Why a text is not taken; None when it is. `words` is clean."""
    if len(words) < WORDS_MIN:
        return Decision("requests.words_short", least=WORDS_MIN)
    if len(words) > WORDS_MAX:
        return Decision("requests.words_long", most=WORDS_MAX, count=len(words))
    return None


def refusal_of_contact(contact: Contact) -> Decision | None:
    """Why nobody could be answered so; None when it is fine."""
    if len(contact.name) > NAME_MAX:
        return Decision("requests.bad_name", most=NAME_MAX)
    figures = contact.phone.removeprefix("+")
    if contact.phone and not (figures.isascii() and figures.isdigit() and 9 <= len(figures) <= 15):
        return Decision("requests.bad_phone")
    if len(contact.postal) > POSTAL_MAX:
        return Decision("requests.bad_postal", most=POSTAL_MAX)
    if contact.way is Way.EMAIL and not contact.email:
        return Decision("requests.email_missing")
    if contact.way is Way.SMS and not contact.phone:
        return Decision("requests.phone_missing")
    if contact.way is Way.LETTER and not (contact.postal and contact.name):
        return Decision("requests.postal_missing")
    return None


def plain_phone(text: str) -> str:
    """A number without spaces and dots; a French one (0…) as +33…"""
    figures = "".join(letter for letter in text if letter not in " .-/\u00a0\u202f()")
    return f"+33{figures[1:]}" if len(figures) == 10 and figures.startswith("0") else figures


def blurred(name: str) -> str:
    """A name for a list that several people see: the first name, and the initials of what follows."""
    first, *others = name.split()[:4] or [""]
    return " ".join([first, *(f"{each[0].upper()}." for each in others)])

"""What was typed in a form, and a refused form: each sentence beside the field it is about."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

from mobigo.base.decisions import Decision
from mobigo.base.errors import MobigoError
from mobigo.infra.http_errors import status_of
from mobigo.infra.i18n import sentence


def one_line(text: str, longest: int) -> str:
    """The words of what was typed in a field of one line, of which the first `longest` characters are read: one space
    between, and without what no screen shows (control characters, marks that turn the direction of writing)."""
    shown = (letter for letter in text[:longest] if letter.isprintable() or letter.isspace())
    return " ".join("".join(shown).split())


def told_instant(given: str) -> datetime | None:
    """The instant that a telephone's script wrote (milliseconds since 1970); None for anything else."""
    if not (given.isascii() and given.isdigit() and len(given) <= 14):
        return None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(given))


def one_day(given: str) -> date | None:
    """The day that an address or a field names as 2026-11-28; None for anything else, and for a day so far away that
    there is none before it or after."""
    try:
        day = date.fromisoformat(given)
    except ValueError:
        return None
    return day if given == day.isoformat() and 1900 <= day.year < 3000 else None


class Faults:
    """The sentences of a refused form, by field, in the order they were found; their codes, and the answer's status.

    `fields`, of each package: which field a code is about; any other is about the whole form and stands at its head.
    `passing`: the errors that are no fault of a form, and go on.
    """

    fields: ClassVar[Mapping[str, str]] = {}
    passing: ClassVar[tuple[type[MobigoError], ...]] = ()

    def __init__(self) -> None:
        self.by_field: dict[str, str] = {}
        self.codes: list[str] = []
        self.status = 422

    def add(self, decision: Decision, field: str = "", status: int = 422) -> None:
        """One fault more; the first one said of a field stays."""
        self.by_field.setdefault(field or self.fields.get(decision.code, "form"), self.said(decision))
        self.codes.append(decision.code)
        self.status = status

    def said(self, decision: Decision) -> str:
        """The sentence of a fault."""
        return sentence(decision)

    @contextmanager
    def caught(self) -> Iterator[None]:
        """What is raised inside becomes a fault of the form."""
        try:
            yield
        except MobigoError as error:
            if isinstance(error, self.passing):
                raise
            self.add(error.decision, status=status_of(error))

    def __bool__(self) -> bool:
        return bool(self.by_field)

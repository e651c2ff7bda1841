"""The join of school transport and ticketing's counts: how many passes were accepted aboard a school service on a day,
as `scolaire.service.counting.Validations` asks. Counts alone: no pass, no person, no hour."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class SchoolValidations:
    """What ticketing keeps of validations once nobody can be found in them (`billettique.store.usage.LoadRow`)."""

    def boardings(
        self, session: "Session", trips: Collection[str], first: date, last: date
    ) -> Mapping[tuple[str, date], int]:
        """By trip and day, how many got on."""
        from billettique.store.usage import boardings

        return boardings(session, trips, first, last)

"""When a pupil's coach passes, and the letter that tells a family that it changes."""

from collections.abc import Mapping
from dataclasses import dataclass

from scolaire.model.schools import Way


@dataclass(frozen=True, slots=True)
class Ride:
    """A coach on some weekdays (0 is Monday): when it is at the pupil's stop and at school (seconds after midnight)."""

    way: Way
    service: str
    stop: str
    weekdays: tuple[int, ...]
    stop_s: int
    school_s: int
    plan: str = ""  # whose service it is; a ride on a regular line has none
    place: str = ""  # the stop's id


@dataclass(frozen=True)
class Child:
    """A pupil in a letter: the rides until now and from now on, by half-day, of the reader's own home alone. `seated`:
    whether the plan carries the pupil; `some_weeks`: the pupil lives elsewhere in other weeks."""

    registration: str
    first_name: str
    school: str
    seated: bool
    some_weeks: bool
    before: Mapping[str, Ride]
    after: Mapping[str, Ride]


@dataclass(frozen=True)
class Letter:
    """One letter of one page: to whom, where, about which children. `street`: the lines of the address, `as_written`
    by the family with the names on it; empty where none is known. `paper`: it leaves by post, or not at all."""

    names: tuple[str, ...]
    street: tuple[str, ...]
    as_written: bool
    children: tuple[Child, ...]
    language: str
    paper: bool
    guardians: tuple[str, ...]
    account: bool

    @property
    def envelope(self) -> tuple[str, ...]:
        """The lines of the envelope; none where no address is known."""
        if not self.street or self.as_written:
            return self.street
        return (*self.names, *self.street)

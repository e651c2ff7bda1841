"""Which change of a booking is allowed to whom; who must book by telephone."""

from collections.abc import Mapping
from typing import Final

from mobigo.base.decisions import Decision
from mobigo.tad.model.bookings import Contact, Side, State
from mobigo.tad.model.services import NoShows

P, A, D, SYSTEM = Side.PASSENGER, Side.AGENT, Side.DRIVER, Side.SYSTEM
# From → to → who may. What is not here is not allowed: nobody leaves CANCELLED or NO_SHOW (the
# vehicle has gone on); a driver who touched the wrong line undoes ABOARD and DONE.
CHANGES: Final[Mapping[State, Mapping[State, frozenset[Side]]]] = {
    State.HELD: {State.CONFIRMED: frozenset({P, A, SYSTEM}), State.CANCELLED: frozenset({P, A, SYSTEM})},
    State.CONFIRMED: {
        State.CANCELLED: frozenset({P, A, SYSTEM}),
        State.ABOARD: frozenset({D, A}),
        State.NO_SHOW: frozenset({D, A}),
    },
    State.ABOARD: {State.DONE: frozenset({D, A}), State.CONFIRMED: frozenset({D, A})},
    State.DONE: {State.ABOARD: frozenset({D, A})},
    State.NO_SHOW: {},
    State.CANCELLED: {},
}


def refusal_of_change(before: State, after: State, who: Side) -> Decision | None:
    """Why this change may not be made; None when it may. The same state again is no change, and allowed."""
    if before is after:
        return None
    if who not in CHANGES[before].get(after, frozenset()):
        return Decision("tad.change_not_allowed", before=str(before), after=str(after))
    return None


def refusal_of_person(rule: NoShows, missed: int, phone: str) -> Decision | None:
    """Why somebody books by telephone only. `missed`: how often they were not there within the days of the rule."""
    if rule.most and missed >= rule.most:
        return Decision("tad.too_many_no_shows", count=missed, days=rule.within_days, phone=phone)
    return None


def refusal_of_contact(contact: Contact) -> Decision | None:
    """Why somebody cannot be reached: a driver who waits must be able to call."""
    if not 2 <= len(contact.name) <= 100:
        return Decision("tad.bad_name")
    figures = contact.phone.removeprefix("+")
    if not (figures.isascii() and figures.isdigit() and 9 <= len(figures) <= 15):
        return Decision("tad.bad_phone")
    if contact.email and not ("@" in contact.email and "." in contact.email.rpartition("@")[2]):
        return Decision("tad.bad_email")
    return None


def plain_phone(text: str) -> str:
    """A number without spaces and dots; a French one (0…) as +33…"""
    figures = "".join(letter for letter in text if letter.isdigit() or letter == "+")
    return f"+33{figures[1:]}" if len(figures) == 10 and figures.startswith("0") else figures

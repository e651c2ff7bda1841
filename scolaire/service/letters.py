"""Letters to the families whose stop or hours change from one version of a plan to another: who gets one, what it says,
sent once and proved. Who lives in two homes is told of each home apart: each parent reads their own, none the other's.

Whoever calls this may read where pupils live; who draws circuits may not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mobigo.base.errors import InvalidInput, Refused
from mobigo.base.instants import paris_day
from mobigo.infra import audit, competence, outbox
from mobigo.infra.config import Config
from mobigo.infra.i18n import use_language
from scolaire.export.change_letters import paragraphs, title_of
from scolaire.model.rides import Child, Letter, Ride
from scolaire.model.schools import SchoolYear
from scolaire.service import plans, telling
from scolaire.service.announcing import concerned, hours_key
from scolaire.service.timesheet import rides_in
from scolaire.store import plans as store
from scolaire.store import schools
from scolaire.store.pupils import AddressRow, GuardianRow, HomeRow
from scolaire.store.registrations import RegistrationRow, legs

AHEAD_DAYS: Final = 400
Rides = Mapping[str, Mapping[str, Ride]]


@dataclass(frozen=True)
class Letters:
    """What a comparison leads to: the letters, in the order of their envelopes; `first_day`: from when the hours hold;
    `in_force`: whether they may be sent."""

    before: plans.Opened
    after: plans.Opened
    first_day: date
    letters: tuple[Letter, ...]

    @property
    def in_force(self) -> bool:
        """A version that is not in force may change still: its letters are for looking at."""
        return self.after.state == plans.PUBLISHED

    @property
    def on_paper(self) -> tuple[Letter, ...]:
        """Those that leave on paper: asked for by post, or there is no other way."""
        return tuple(each for each in self.letters if each.paper)

    @property
    def nowhere(self) -> tuple[Letter, ...]:
        """Those that reach nobody: neither an e-mail, a telephone nor an address is known."""
        return tuple(each for each in self.letters if each.paper and not each.envelope)


@dataclass(frozen=True, slots=True)
class Proof:
    """Of the messages about a version's hours: how many were written, how many left; kept for 90 days."""

    written: int
    left: int


def letters(session: Session, before: str, after: str, *, first_day: date | None, now: datetime) -> Letters:
    """The letters for whom it changes, from one version to another of the same plan. `first_day`: from when (None: the
    first day of the school year, or today once it began). Nobody whose stop and hours stay gets one.

    Raises NotFound("scolaire.unknown_version"), InvalidInput("scolaire.letters_two_plans" | "scolaire.letters_day")."""
    one, two = plans.open_version(session, before), plans.open_version(session, after)
    if one.row.plan != two.row.plan:
        raise InvalidInput("scolaire.letters_two_plans")
    today = paris_day(now)
    year = _year(session, two)
    day = max(today, year.period.first_day) if first_day is None else first_day
    if not today <= day <= today + timedelta(days=AHEAD_DAYS):
        raise InvalidInput("scolaire.letters_day", first=today)
    moved = concerned(one, two)

    def wanted(pupil: str) -> bool:
        return pupil.partition(".")[0] in moved

    were = rides_in(one.demand, one.plan, wanted, one.row.plan)
    are = rides_in(two.demand, two.plan, wanted, two.row.plan)
    found: list[Letter] = []
    for registration, homes in sorted(moved.items()):
        row = session.get(RegistrationRow, registration)
        if row is not None and row.state == "decided":
            found += _for_pupil(session, row, homes, were, are, now)
    return Letters(one, two, day, tuple(sorted(_by_family(found), key=_envelope_order)))


def _year(session: Session, found: plans.Opened) -> SchoolYear:
    return SchoolYear(store.get_plan(session, found.row.plan).year)


def _for_pupil(
    session: Session, row: RegistrationRow, homes: set[str], were: Rides, are: Rides, now: datetime
) -> Iterable[Letter]:
    """One letter for each guardian who reads the file and lives in a home that changes, or in none (an institution, a
    pupil of age): that one is told no stop and no hour."""
    school = schools.get_school(session, row.uai).name
    for guardian in telling.readers(session, row, now):
        own = telling.own_homes(session, row, guardian.id, now)
        if own and "" not in homes and not own & homes:
            continue
        told = sorted(own & homes)
        seated = any(are.get(f"{row.id}.{home}") for home in (told or homes))
        child = Child(
            row.id, telling.first_name(session, row), school, seated, len(legs(session, [row.id])[row.id]) > 1,
            _merged(were, row.id, told), _merged(are, row.id, told),
        )  # fmt: skip
        street, as_written = _street(session, guardian, told)
        yield Letter(
            (f"{guardian.first_name} {guardian.last_name}".strip(),), street, as_written, (child,),
            telling.language_of(session, guardian), _on_paper(guardian), (guardian.id,), guardian.subject is not None,
        )  # fmt: skip


def _merged(rides: Rides, registration: str, homes: Sequence[str]) -> dict[str, Ride]:
    """The rides from some homes by half-day; by home too where there are several."""
    return {
        half if len(homes) == 1 else f"{half}.{home}": ride
        for home in homes
        for half, ride in rides.get(f"{registration}.{home}", {}).items()
    }


def _street(session: Session, guardian: GuardianRow, homes: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """The address as the family wrote it for letters (then with the names on it), else that of their own home."""
    written = tuple(line.strip() for line in guardian.postal.splitlines() if line.strip())
    if written:
        return written, True
    for home in homes:
        address = session.get(AddressRow, home)
        if address is not None:
            town = competence.communes().get(session.get_one(HomeRow, home).commune)
            lines = (address.extra, address.line, f"{address.postcode} {town.name if town else ''}")
            return tuple(line.strip() for line in lines if line.strip()), False
    return (), False


def _on_paper(guardian: GuardianRow) -> bool:
    """Whether the post is the way to reach them: the same choice as `telling.send` makes."""
    if guardian.prefers == "letter" and guardian.postal:
        return True
    return not guardian.email and not (guardian.prefers == "sms" and guardian.phone)


def _by_family(found: Iterable[Letter]) -> Iterable[Letter]:
    """One letter a family: a guardian's children on one page; two guardians of one address to whom the same is said get
    it together. Without an address, each their own."""
    of_guardian: dict[str, Letter] = {}
    for each in found:
        known = of_guardian.get(each.guardians[0])
        of_guardian[each.guardians[0]] = each if known is None else _with_child(known, each)
    together: dict[object, Letter] = {}
    for guardian, each in of_guardian.items():
        said = tuple((child.registration, *child.before, *child.after) for child in each.children)
        key = (each.street, said, each.language, each.paper) if each.street else guardian
        known = together.get(key)
        together[key] = each if known is None else _with_reader(known, each)
    return together.values()


def _with_child(letter: Letter, other: Letter) -> Letter:
    """A letter to the same guardian, about one child more."""
    kept = letter if letter.street else other
    children = (*letter.children, *other.children)
    return replace(letter, children=children, street=kept.street, as_written=kept.as_written)


def _with_reader(letter: Letter, other: Letter) -> Letter:
    """The same letter, to one guardian more."""
    return replace(
        letter,
        names=tuple(dict.fromkeys((*letter.names, *other.names))),
        guardians=(*letter.guardians, *other.guardians),
        account=letter.account or other.account,
    )


def _envelope_order(letter: Letter) -> tuple[object, ...]:
    return letter.names[-1].casefold(), letter.guardians


def send(session: Session, found: Letters, *, by: str, config: Config, now: datetime) -> int:
    """Write to each guardian, by the way they prefer, once a version: whom putting it in force told is not told again.
    How many messages are new. Raises Refused("scolaire.letters_not_in_force")."""
    if not found.in_force:
        raise Refused("scolaire.letters_not_in_force", number=found.after.row.number)
    begins = hours_key(found.after.row.id)
    before = proof(session, found.after.row.id).written
    for letter in found.letters:
        for child in letter.children:
            row = session.get_one(RegistrationRow, child.registration)
            for guardian_id in letter.guardians:
                guardian = session.get_one(GuardianRow, guardian_id)
                with use_language(letter.language):
                    lines = paragraphs(replace(letter, children=(child,)), found.first_day)
                    telling.send(
                        session, guardian, title_of(child), lines, f"{begins}{row.id}:{guardian.id}", row, config, now
                    )
    session.flush()
    new = proof(session, found.after.row.id).written - before
    audit.record(
        session, "scolaire.letters_sent", actor=by, object_kind="scolaire_plan", object_id=found.after.row.plan,
        now=now, detail={"version": found.after.row.id, "new": new, "letters": len(found.letters)},
    )  # fmt: skip
    return new


def proof(session: Session, version: str) -> Proof:
    """What was written about a version's hours, and what left."""
    counted = (
        select(func.count())
        .select_from(outbox.MessageRow)
        .where(outbox.MessageRow.key.startswith(hours_key(version), autoescape=True))
    )
    left = session.scalar(counted.where(outbox.MessageRow.delivered_at.is_not(None))) or 0
    return Proof(session.scalar(counted) or 0, left)

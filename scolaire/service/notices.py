"""Telling families that a coach is late or does not run: at once, by text message or e-mail, each once; shown on their
page; and ended, with a second message, when it is over."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mobigo.base.errors import InvalidInput
from mobigo.base.instants import paris_day
from mobigo.infra import accounts, audit, formats, outbox
from mobigo.infra.clock import new_id
from mobigo.infra.competence import departement_of
from mobigo.infra.i18n import current_language, use_language
from mobigo.infra.i18n import gettext as _
from scolaire.rules.asking import current_year
from scolaire.service.timesheet import registrations_of, rides_of
from scolaire.store import coaches
from scolaire.store import registrations as store
from scolaire.store.notices import NoticeRow, get_notice
from scolaire.store.pupils import GuardianRow, HomeRow, IdentityRow, bonds_of_pupil
from scolaire.store.registrations import RegistrationRow
from scolaire.store.schools import get_school

DAYS_MAX = 31
KINDS, SCOPES = ("cancelled", "delayed", "replaced", "added", "other"), ("all", "departement", "school", "service")


@dataclass(frozen=True, slots=True)
class Notice:
    """What is announced."""

    kind: str
    scope: str
    about: str
    first_day: date
    last_day: date
    words: str
    minutes: int | None = None
    plan: str | None = None  # whose service it is; None: every service of that name


def announce(session: Session, notice: Notice, by: str, now: datetime, *, key: str | None = None) -> NoticeRow:
    """Keep a notice (under the id `key`, where it is known already) and write to every family it concerns.

    Raises InvalidInput("scolaire.unknown_choice" |
    "scolaire.bad_period" | "scolaire.no_words" | "scolaire.no_minutes"), NotFound("scolaire.unknown_school")."""
    _check(session, notice, paris_day(now))
    row = NoticeRow(
        id=key or new_id(now), kind=notice.kind, scope=notice.scope, about=notice.about, plan=notice.plan,
        first_day=notice.first_day, last_day=notice.last_day,
        minutes=notice.minutes if notice.kind == "delayed" else None,
        words=" ".join(notice.words.split())[:300], made_by=by, made_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    row.told, row.unreached = _tell(session, row, now, over=False)
    audit.record(
        session, "scolaire.notice_made", actor=by, object_kind="scolaire_notice", object_id=row.id, now=now,
        detail={"kind": row.kind, "scope": row.scope, "told": row.told, "unreached": row.unreached},
    )  # fmt: skip
    return row


def end(session: Session, notice: str, by: str, now: datetime) -> None:
    """It is over: families are told so, unless its days are past. Raises NotFound("scolaire.unknown_notice")."""
    row = get_notice(session, notice)
    if row.ended_at is not None:
        return
    row.ended_by, row.ended_at = by, now
    if row.last_day >= paris_day(now):
        _tell(session, row, now, over=True)
    audit.record(session, "scolaire.notice_ended", actor=by, object_kind="scolaire_notice", object_id=row.id, now=now)


def sent_of(session: Session, row: NoticeRow) -> tuple[int, int]:
    """(messages that left, messages that wait or were set aside): the proof of sending, while messages are kept."""
    ours = outbox.MessageRow.key.like(f"scolaire:notice:{row.id}:%")
    counted = select(func.count()).select_from(outbox.MessageRow).where(ours)
    left = session.scalar(counted.where(outbox.MessageRow.delivered_at.is_not(None))) or 0
    return left, (session.scalar(counted) or 0) - left


def sentence_of(row: NoticeRow) -> str:
    """What happens, in the language being read."""
    language = current_language()
    days = formats.day(row.first_day, language)
    if row.last_day != row.first_day:
        days = _("du %(first)s au %(last)s", first=days, last=formats.day(row.last_day, language))
    match row.kind:
        case "cancelled":
            said = _("Pas de car, %(days)s.", days=days)
        case "delayed":
            late = formats.duration(60 * (row.minutes or 0), language)
            said = _("Car en retard de %(time)s environ, %(days)s.", time=late, days=days)
        case "replaced":
            said = _("Un autre car assure le circuit %(service)s, %(days)s.", service=row.about, days=days)
        case "added":
            said = _("Un second car double le circuit %(service)s, %(days)s.", service=row.about, days=days)
        case _:
            said = f"{days[:1].upper()}{days[1:]}."
    return f"{said} {row.words}"


def _check(session: Session, notice: Notice, today: date) -> None:
    if notice.kind not in KINDS or notice.scope not in SCOPES:
        raise InvalidInput("scolaire.unknown_choice")
    if not today <= notice.first_day <= notice.last_day <= notice.first_day + timedelta(days=DAYS_MAX):
        raise InvalidInput("scolaire.bad_notice_days", most=DAYS_MAX)
    if not notice.words.strip() or (notice.scope != "all" and not notice.about.strip()):
        raise InvalidInput("scolaire.no_words")
    if notice.kind == "delayed" and not (notice.minutes is not None and 1 <= notice.minutes <= 600):
        raise InvalidInput("scolaire.no_minutes")
    if notice.scope == "school":
        get_school(session, notice.about)


def _tell(session: Session, row: NoticeRow, now: datetime, *, over: bool) -> tuple[int, int]:
    """Write to each guardian who reads a file that is concerned, once; (told, without any way to be told in time)."""
    names: dict[str, set[str]] = {}
    homes: dict[str, list[tuple[str, RegistrationRow, str | None]]] = {}
    for registration in _concerned(session, row):
        identity = session.get(IdentityRow, registration.pupil)
        for bond in bonds_of_pupil(session, registration.pupil, paris_day(now)):
            if bond.access != "none":
                name = "" if identity is None else identity.first_name
                names.setdefault(bond.guardian, set()).add(name)
                homes.setdefault(bond.guardian, []).append((name, registration, bond.home))
    added = coaches.added_of_notice(session, row.id) if row.kind == "added" and not over else None
    told = unreached = 0
    for guardian_id in sorted(names):
        guardian = session.get_one(GuardianRow, guardian_id)
        whose = sorted(homes[guardian_id], key=lambda each: (each[0], each[1].id))
        message = _message(session, guardian, row, ", ".join(sorted(names[guardian_id])), added, whose, over=over)
        if message is None:
            unreached += 1
            continue
        key = f"scolaire:notice:{row.id}:{guardian.id}" + (":over" if over else "")
        told += outbox.send(session, message, key=key, now=now)
    return told, unreached


def _which(
    session: Session, added: coaches.AddedCoachRow, whose: Sequence[tuple[str, RegistrationRow, str | None]]
) -> list[str]:
    """Of each child, the coach to take from the reader's own home; no stop is named."""
    found = []
    for name, registration, home in whose:
        for where, rides in rides_of(session, registration).items():
            if home not in (None, where):
                continue
            for ride in rides:
                if (ride.plan, ride.service) == (added.plan, added.service):
                    found.append(_("%(name)s : %(coach)s.", name=name, coach=coach_word(added, ride.place)))
    return list(dict.fromkeys(found))


def coach_word(added: coaches.AddedCoachRow, stop: str) -> str:
    """Which of the two coaches whoever waits at a stop takes."""
    if not added.stops:
        return _("l’un ou l’autre car")
    if stop not in added.stops:
        return _("le car habituel")
    return _("le second car, n° %(number)s", number=added.shown) if added.shown else _("le second car")


def _concerned(session: Session, row: NoticeRow) -> Iterator[RegistrationRow]:
    """The registrations that are carried then, and that the notice is about."""
    carried = store.carried(session, current_year(row.first_day))
    if row.scope == "service":
        wanted = registrations_of(session, current_year(row.first_day), row.about, row.plan)
        yield from (each for each in carried if each.id in wanted)
        return
    homes = store.legs(session, [each.id for each in carried]) if row.scope == "departement" else {}
    for each in carried:
        if row.scope == "school" and each.uai != row.about:
            continue
        if row.scope == "departement":
            communes = [session.get_one(HomeRow, leg.home).commune for leg in homes[each.id]]
            if row.about not in {departement_of(commune) for commune in communes}:
                continue
        yield each


def _message(
    session: Session, guardian: GuardianRow, row: NoticeRow, names: str, added: coaches.AddedCoachRow | None,
    whose: Sequence[tuple[str, RegistrationRow, str | None]], *, over: bool,
) -> outbox.Message | None:  # fmt: skip
    """A text message when there is a telephone, else an e-mail: a letter would come too late."""
    language = "fr"
    if guardian.subject is not None:
        language = accounts.profile(session, guardian.subject).language or "fr"
    with use_language(language):
        said = sentence_of(row)
        words = _("C’est terminé : %(said)s", said=said) if over else said
        if added is not None:
            words = " ".join([words, *_which(session, added, whose)])
        title = _("Transport scolaire de %(names)s", names=names)
    if guardian.phone:
        return outbox.Message("sms", guardian.phone, "Mobigo", f"{title}. {words}", guardian.subject)
    if guardian.email:
        return outbox.Message("email", guardian.email, title, f"{words}\n", guardian.subject)
    return None

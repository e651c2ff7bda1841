"""A plan is put in force, or a stop taken out of service, and the families whom it concerns are told, each by the way
they prefer. Who reads on paper reads the hours there; a stop is told to its own home alone.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mobigo.base.instants import paris_day
from mobigo.infra.config import Config
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import use_language
from scolaire.export.change_letters import line
from scolaire.model.lines import RegularLines
from scolaire.model.schools import SchoolYear
from scolaire.rules.compare import compare
from scolaire.service import lines, plans, telling
from scolaire.service.timesheet import rides_of
from scolaire.store import plans as store
from scolaire.store.registrations import LegRow, RegistrationRow


def put_in_force(
    session: Session, version: str, *, by: str, config: Config, now: datetime, known: RegularLines | None = None
) -> tuple[int, int]:
    """Publish an approved version and tell the families it concerns: how many stops were given, how many messages were
    sent. `known`: the regular lines, where pupils ride some. Raises what `plans.publish` raises, and
    Conflict("scolaire.riders_changed"); then nobody is told anything."""
    drawn = plans.open_version(session, version)
    lines.check_riders(session, store.get_plan(session, drawn.row.plan), drawn.demand, known, paris_day(now))
    row = store.published(session, store.get_version(session, version).plan)
    before = None if row is None else plans.open_version(session, row.id)
    given = plans.publish(session, version, by=by, now=now)
    after = plans.open_version(session, version)
    sent = 0
    for registration, homes in sorted(concerned(before, after).items()):
        told = session.get(RegistrationRow, registration)
        if told is not None and told.state == "decided":
            sent += _tell(session, told, homes, after, new=before is None, config=config, now=now)
    return given, sent


def stop_out_of_service(session: Session, stop: str, review: str, *, config: Config, now: datetime) -> int:
    """A stop is suspended or closed: tell the families whose child is expected there, each once a review; how many. No
    message names the stop: whoever reads it over a shoulder would know where a child waits."""
    sent = 0
    asked = (
        select(LegRow, RegistrationRow)
        .join(RegistrationRow, RegistrationRow.id == LegRow.registration)
        .where(LegRow.stop == stop, RegistrationRow.state == "decided", RegistrationRow.last_day >= paris_day(now))
        .order_by(LegRow.registration, LegRow.home)
    )
    for leg, row in session.execute(asked).all():
        name = telling.first_name(session, row)
        for guardian in telling.readers(session, row, now):
            own = telling.own_homes(session, row, guardian.id, now)
            if own and leg.home not in own:
                continue
            with use_language(telling.language_of(session, guardian)):
                title = _("Transport scolaire : l’arrêt de %(name)s n’est plus desservi", name=name)
                body = [
                    _("Le car ne passe plus à l’arrêt de %(name)s. Appelez-nous pour savoir où le prendre en "
                      "attendant ; nous vous écrirons dès qu’un autre arrêt sera donné.", name=name),
                ]  # fmt: skip
                key = f"scolaire:stop-out:{review}:{row.id}:{guardian.id}"
                sent += telling.send(session, guardian, title, body, key, row, config, now)
    return sent


def hours_key(version: str) -> str:
    """How the keys begin of the messages that tell families of the stops and hours of a version: each is told once."""
    return f"scolaire:hours:{version}:"


def concerned(before: plans.Opened | None, after: plans.Opened) -> dict[str, set[str]]:
    """By registration, the homes whose stop or hours are other ones now, and those who have no coach (any more)."""
    on_lines = {each.pupil: each for each in after.demand.riders}
    pupils = {*after.plan.seats, *on_lines}
    left = {each.pupil for each in after.plan.left}
    if before is not None:
        moved = compare(before.plan, before.demand, after.plan, after.demand)
        were = {each.pupil: each for each in before.demand.riders}
        pupils = {*moved.pupils_stop, *moved.pupils_time, *moved.pupils_new}
        pupils |= {name for name, rider in on_lines.items() if were.get(name) != rider}
        left -= {each.pupil for each in before.plan.left}
    found: dict[str, set[str]] = {}
    for pupil in pupils | left:
        registration, _dot, home = pupil.partition(".")
        found.setdefault(registration, set()).add(home)
    return found


def _tell(
    session: Session, row: RegistrationRow, homes: Collection[str], after: plans.Opened, *, new: bool, config: Config,
    now: datetime,
) -> int:  # fmt: skip
    """Tell those who live in one of these homes, or in none (an institution, a pupil of age); how many."""
    rides, name, sent = rides_of(session, row), telling.first_name(session, row), 0
    for guardian in telling.readers(session, row, now):
        own = telling.own_homes(session, row, guardian.id, now)
        if own and "" not in homes and not own & set(homes):
            continue  # "": a registration that says no home
        with use_language(telling.language_of(session, guardian)):
            year = str(SchoolYear(row.year))
            seated = any(rides.get(home) for home in (own & set(homes) or homes))
            if not seated:
                title = _("Transport scolaire : pas de car pour %(name)s", name=name)
                body = [_("Le plan de transport %(year)s ne prévoit pas de car pour %(name)s. Écrivez-nous ou appelez-"
                          "nous avant de compter sur un car.", year=year, name=name)]  # fmt: skip
            elif new:
                title = _("Transport scolaire : l’arrêt et les horaires de %(name)s", name=name)
                body = [_("L’arrêt de car et les horaires de %(name)s pour l’année %(year)s sont connus. Vous les "
                          "lirez dans son dossier, sur la page de votre famille.", name=name, year=year)]  # fmt: skip
            else:
                title = _("Transport scolaire : les horaires de %(name)s changent", name=name)
                body = [_("L’arrêt de car ou les horaires de %(name)s changent. Vous les lirez dans son dossier, sur "
                          "la page de votre famille.", name=name)]  # fmt: skip
            if guardian.subject is None and seated:  # no account to read them with
                body += [line(each) for home in sorted(own & set(homes)) for each in rides.get(home, ())]
            key = f"{hours_key(after.row.id)}{row.id}:{guardian.id}"
            sent += telling.send(session, guardian, title, body, key, row, config, now)
    return sent

"""The demonstration's own pages: its story in a few buttons, and the trial of one's own timetable. Absent elsewhere.

Anyone may try a feed here, because nothing here is real; in production that is behind the doors of `network.web`.
"""

from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from mobigo.base.errors import InvalidInput, MobigoError, NotFound, Refused
from mobigo.infra.auth import Permission, Role, public, requires, sign_in, signed_in
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import sentence
from mobigo.infra.jobs import enqueue, find_job
from mobigo.infra.outbox import MessageRow
from mobigo.infra.web import body_limit, services
from mobigo.network.service import import_feed
from mobigo.network.store import feeds, networks
from mobigo.network.store.feeds import FeedVersion
from mobigo.network.web import name_of, report_parts, uploaded, version_of

bp = Blueprint("home", __name__, url_prefix="/demonstration")

TRIAL: Final = "essai-"  # every feed tried begins so: none can take the name of the territory's
TRIAL_LIMIT_BYTES: Final = 30_000_000
TRIALS_MAX: Final = 20
MESSAGES_SHOWN: Final = 10


@bp.get("")
@public
def story() -> ResponseReturnValue:
    """One story in a few buttons."""
    return render_template("home/story.html", roles=[str(role) for role in ROLES], **story_parts(now()))


@bp.app_context_processor
def parts() -> dict[str, Any]:
    """The story's links, for the first page too."""
    return {"demo_story": lambda: story_parts(now())}


def story_parts(instant: datetime) -> dict[str, Any]:
    """The days the story is told about: the next working day, the next Wednesday, the night after the next Friday."""
    today = instant.astimezone(ZoneInfo(services().config.zone)).date()
    tomorrow = today + timedelta(days=1)
    working = next(day for day in _days(tomorrow) if day.weekday() < 5)
    wednesday = next(day for day in _days(tomorrow) if day.weekday() == 2)
    night = next(day for day in _days(today) if day.weekday() == 5)
    return {"working": working, "is_tomorrow": working == tomorrow, "wednesday": wednesday, "night": night}


def _days(first: date) -> list[date]:
    return [first + timedelta(days=n) for n in range(7)]


# Who one may become by a button of the story, and the page their story begins on. In the demonstration alone: this
# blueprint is not there elsewhere.
ENTRIES: Final = {
    "conducteur": (Role.DRIVER, "covoit.driver"),
    "vice-presidente": (Role.ORDONNATEUR, "covoit.figures"),
}
# Everybody's day, by a button each, on the page it begins on. The administrator signs in: who holds all the keys shows
# that they hold the home.
ROLES: Final = {
    Role.TRAVELLER: "account.home",
    Role.DRIVER: "covoit.driver",
    Role.FAMILY: "scolaire.family_home",
    Role.COUNTER_AGENT: "work.desk",
    Role.INSPECTOR: "billettique.control",
    Role.SCHOOL_MANAGER: "work.desk",
    Role.SCHOOL_PLANNER: "school_plans.plans",
    Role.NETWORK_PLANNER: "planner.studies",
    Role.CARPOOL_MANAGER: "work.desk",
    Role.FINANCE_AGENT: "work.desk",
    Role.ORDONNATEUR: "work.desk",
    Role.COMPTABLE_PUBLIC: "work.desk",
    Role.REGISSEUR: "work.desk",
    Role.OPERATOR: "work.desk",
    Role.AO2: "work.desk",
    Role.SCHOOL: "work.desk",
    Role.PUBLISHER: "work.desk",
}


@bp.post("/entrer/<who>")
@public
def enter(who: str) -> ResponseReturnValue:
    """Sign in as one of the story's people, who are nobody's. Raises NotFound for anyone else."""
    from mobigo.app.demo import people

    role, endpoint = ENTRIES.get(who) or next(((each, page) for each, page in ROLES.items() if each == who), (None, ""))
    access = next((each for each in people.load(services().config.home) if each.role == role), None)
    if access is None:
        raise NotFound("demo.nobody_of_that_name")
    subject = people.subjects(services().engine, [access])[access.role]
    with transaction(services().engine) as session:
        sign_in(session, subject)
    return redirect(url_for(endpoint), 303)


@bp.get("/messages")
@requires(Permission.ACCOUNT_OWN)
def messages() -> ResponseReturnValue:
    """What was written to whoever looks: here no message leaves, so that they would never read their codes."""
    from covoit.store.people import find_person

    subject = signed_in().subject
    with reading(services().engine) as session:
        carpooler = find_person(session, subject=subject)
        people = [subject, *([] if carpooler is None else [carpooler.id])]
        asked = select(MessageRow).where(MessageRow.person.in_(people)).order_by(MessageRow.id.desc())
        found = session.scalars(asked.limit(MESSAGES_SHOWN)).all()
        return render_template("home/messages.html", messages=found)


@bp.get("/essai")
@public
def trial() -> ResponseReturnValue:
    """Bring one's own GTFS."""
    return _trial_page(None)


@bp.post("/essai")
@public
@body_limit(TRIAL_LIMIT_BYTES)
def receive() -> ResponseReturnValue:
    """Read, validate and keep the feed; what cannot be read is said on the same page."""
    try:
        upload = uploaded()
        name = (TRIAL + name_of(upload))[:64]
        with reading(services().engine) as session:
            tried = [feed.name for feed in feeds.list_feeds(session) if feed.name.startswith(TRIAL)]
        if name not in tried and len(tried) >= TRIALS_MAX:
            raise Refused("demo.too_many_trials", most=TRIALS_MAX)
        version = _import(upload, name)
    except (InvalidInput, Refused) as fault:
        return _trial_page(fault), 422
    return redirect(url_for("home.trial_report", feed=version.feed, version_id=version.id), 303)


@bp.get("/essai/<feed>/<version_id>")
@public
def trial_report(feed: str, version_id: str) -> ResponseReturnValue:
    """Its faults line by line; then, once it is in the network, what to search in it."""
    version = _tried(feed, version_id)
    with reading(services().engine) as session:
        pointer = networks.find_pointer(session)
        served = pointer is not None and pointer.inputs.get(feed) == version_id
        job = find_job(session, request.args.get("job", ""))
    return render_template(
        "home/trial_report.html",
        **report_parts(version),
        served=served,
        job=None if served else job,
        failure=sentence(job.outcome) if job is not None and job.ended and not served and job.outcome else "",
        suggestion=_suggestion(feed) if served else None,
    )


@bp.post("/essai/<feed>/<version_id>/chercher")
@public
def put_in_use(feed: str, version_id: str) -> ResponseReturnValue:
    """Have the demonstration's network compiled with this feed in it."""
    version = _tried(feed, version_id)
    if version.refused:
        raise Refused("demo.trial_refused", feed=feed)
    with transaction(services().engine) as session:
        feeds.activate(session, version, now())
        job = enqueue(session, "network.build", {}, None, now())
    return redirect(url_for("home.trial_report", feed=feed, version_id=version_id, job=job), 303)


@bp.post("/essai/<feed>/retirer")
@public
def take_out(feed: str) -> ResponseReturnValue:
    """Take a trial out of the demonstration's network. Raises NotFound."""
    if not feed.startswith(TRIAL):
        raise NotFound("network.unknown_feed", feed=feed)
    with transaction(services().engine) as session:
        feeds.set_active(session, feed, False)
        enqueue(session, "network.build", {}, None, now())
    return redirect(url_for("home.trial"), 303)


def _import(upload: Any, name: str) -> FeedVersion:
    """The version, perhaps refused with its report. Raises InvalidInput or Refused when there is not even a report."""
    folder = services().config.home / "cache" / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder) as kept:
        path = Path(kept) / f"{name.removeprefix(TRIAL)}.zip"
        upload.save(path)
        try:
            return import_feed(services(), path, name, now=now())
        except Refused as refusal:
            with reading(services().engine) as session:
                held = [each for each in feeds.list_versions(session, name) if each.refused]
            if refusal.decision.code != "network.feed_refused" or not held:
                raise
            return held[0]


def _tried(feed: str, version_id: str) -> FeedVersion:
    if not feed.startswith(TRIAL):
        raise NotFound("network.unknown_feed", feed=feed)
    return version_of(feed, version_id)


def _trial_page(fault: MobigoError | None) -> str:
    with reading(services().engine) as session:
        tried = [each for each in feeds.list_feeds(session) if each.name.startswith(TRIAL) and each.version]
    return render_template(
        "home/trial.html",
        tried=tried,
        limit_bytes=TRIAL_LIMIT_BYTES,
        error="" if fault is None else sentence(fault.decision),
    )


def _suggestion(feed: str) -> dict[str, Any] | None:
    """The words and the address of a search worth making in this feed."""
    from mobigo.app.demo.suggestion import suggest

    zone = ZoneInfo(services().config.zone)
    with services().networks.current() as live:
        table = live.timetable
        found = suggest(table, feed, now().astimezone(zone).date())
        if found is None:
            return None
        leave = found.depart_at.astimezone(zone) - timedelta(minutes=5)
        ends = [f"{feed}:{table.stop_id[stop]}" for stop in (found.origin, found.destination)]
        return {
            "origin": table.stop_name[found.origin],
            "destination": table.stop_name[found.destination],
            "at": found.depart_at,
            "past_midnight": found.past_midnight,
            "arguments": {
                "from_id": ends[0], "to_id": ends[1], "when": "leave", "date": leave.date().isoformat(),
                "time": f"{leave:%H:%M}",
            },
        }  # fmt: skip

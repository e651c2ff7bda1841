"""Disruptions: written once, told everywhere; and who asked to be told on a line.

Who follows a line gives an address and answers the link sent there: nothing else is written to it before. Each message
carries the link that stops it; an address that never answers is forgotten in a week, one that stops at once.
"""

import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy.orm import Session

from mobigo.base.errors import InvalidInput, NotFound
from mobigo.infra import audit, keys, outbox
from mobigo.infra.accounts import clean_email
from mobigo.infra.config import Config
from mobigo.infra.i18n import gettext, use_language
from mobigo.network.gateway.gtfs_realtime import write_alerts
from mobigo.network.model.disruptions import CAUSES, EFFECTS, Disruption, alert_of
from mobigo.network.model.realtime import Alert
from mobigo.network.store import disruptions as store
from mobigo.network.store.disruptions import LineFollower

TITLE_MAX: Final = 120
TEXT_MAX: Final = 2_000
CONFIRM_DAYS: Final = 7


def write(
    session: Session, config: Config, disruption: Disruption, *, actor: str, now: datetime, tell: bool
) -> Disruption:
    """Write a disruption, new (id "") or changed, and tell those who follow its lines when `tell` says so.

    Raises InvalidInput for what travellers could not read (no title, too long, an end before its beginning), NotFound
    for one that is not there.
    """
    _check(disruption)
    if disruption.id:
        store.get(session, disruption.id)
    written = store.put(session, disruption)
    action = "disruption.changed" if disruption.id else "disruption.written"
    audit.record(session, action, actor=actor, object_kind="disruption", object_id=written.id, now=now)
    if tell:
        _tell(session, config, written, now)
    return written


def _check(disruption: Disruption) -> None:
    if not disruption.title or len(disruption.title) > TITLE_MAX:
        raise InvalidInput("disruptions.bad_title", most=TITLE_MAX)
    if len(disruption.text) > TEXT_MAX:
        raise InvalidInput("disruptions.bad_text", most=TEXT_MAX)
    if disruption.last_at is not None and disruption.last_at <= disruption.first_at:
        raise InvalidInput("disruptions.bad_end")
    if disruption.effect not in EFFECTS or disruption.cause not in CAUSES:
        raise InvalidInput("disruptions.bad_kind")


def end(session: Session, disruption_id: str, *, actor: str, now: datetime) -> Disruption:
    """Take a disruption back: it is over. Raises NotFound."""
    found = store.get(session, disruption_id)
    if found.ended_at is None:
        found = store.put(session, replace(found, ended_at=now, changed_at=now))
        audit.record(session, "disruption.ended", actor=actor, object_kind="disruption", object_id=found.id, now=now)
    return found


def _itself(place: str) -> Sequence[str]:
    return (place,)


def alerts(session: Session, now: datetime, stops_of: Callable[[str], Sequence[str]] = _itself) -> list[Alert]:
    """What is going on and coming, as it is told live. `stops_of`: the stops of a place, by the ids of the timetable
    that it goes with."""
    return [alert_of(_with_stops(each, stops_of)) for each in store.list_current(session, now)]


def published(
    session: Session, now: datetime, stops_of: Callable[[str], Sequence[str]] = _itself, *, feed_version: str = ""
) -> bytes:
    """The same as GTFS Realtime Alerts; the same disruptions give the same bytes, dated by the last change.
    `feed_version`: that of the timetable whose ids it carries, where it is known."""
    current = store.list_current(session, now)
    at = max((each.changed_at for each in current), default=now.replace(hour=0, minute=0, second=0, microsecond=0))
    told = [alert_of(_with_stops(each, stops_of)) for each in current]
    return write_alerts(told, int(at.timestamp()), feed_version=feed_version)


def _with_stops(each: Disruption, stops_of: Callable[[str], Sequence[str]]) -> Disruption:
    return replace(each, stops=tuple(stop for place in each.stops for stop in stops_of(place)))


# ---------------------------------------------------------------- who follows


def ask(
    session: Session, config: Config, *, line: str, line_name: str, address: str, language: str, now: datetime
) -> LineFollower:
    """Write to an address (e-mail, or a French mobile number) for it to confirm that it wants to be told of a line
    ("" for all). Raises InvalidInput for an address that is none."""
    channel, clean = channel_of(address)
    ends_at = now + timedelta(days=CONFIRM_DAYS)
    found = store.add_follower(session, channel, clean, line, language, now, ends_at)
    with use_language(language):
        what = line_name or gettext("toutes les lignes")
        subject = gettext("Confirmez que vous voulez être prévenu : %(what)s", what=what)
        body = gettext(
            "Vous avez demandé, sur Mobigo, à être prévenu des perturbations (%(what)s). Pour le confirmer : %(link)s "
            "Si ce n’était pas vous, ne faites rien : cette adresse sera oubliée dans %(days)s jours.",
            what=what, link=link(config, found.id), days=CONFIRM_DAYS,
        )  # fmt: skip
    message = outbox.Message("sms" if channel == "sms" else "email", clean, subject, body)
    outbox.send(session, message, key=f"disruption:confirm:{found.id}:{now:%Y%m%d%H}", now=now)
    return found


def channel_of(address: str) -> tuple[str, str]:
    """The channel of an address and how it is written there: e-mail, or a French mobile number. Raises InvalidInput for
    one that is neither."""
    if "@" in address:
        return "email", clean_email(address)
    digits = re.sub(r"[\s.\-()]", "", address)
    mobile = re.fullmatch(r"(?:0|\+33|0033)([67][0-9]{8})", digits, re.ASCII)
    if mobile is None:
        raise InvalidInput("disruptions.bad_address")
    return "sms", f"+33{mobile[1]}"


def token_of(config: Config, follower_id: str) -> str:
    """What proves, in a link, that it was sent to the follower."""
    key = keys.derived(config, "network.disruptions")
    return hmac.new(key, follower_id.encode(), sha256).hexdigest()[:40]


def link(config: Config, follower_id: str) -> str:
    """The page on which a follower confirms, or stops."""
    return f"{config.base_url}/perturbations/suivre/{follower_id}/{token_of(config, follower_id)}"


def known(session: Session, config: Config, follower_id: str, token: str) -> LineFollower:
    """The follower whose link this is. Raises NotFound."""
    if not hmac.compare_digest(token_of(config, follower_id).encode(), token.encode()):
        raise NotFound("disruptions.unknown_follower")
    return store.get_follower(session, follower_id)


def _tell(session: Session, config: Config, disruption: Disruption, now: datetime) -> None:
    for follower in store.followers_of(session, disruption.lines):
        key = f"disruption:{disruption.id}:{int(disruption.changed_at.timestamp())}:{follower.id}"
        outbox.send(session, _message(config, disruption, follower), key=key, now=now)


def _message(config: Config, disruption: Disruption, follower: LineFollower) -> outbox.Message:
    with use_language(follower.language):
        stop = gettext("Ne plus être prévenu : %(link)s", link=link(config, follower.id))
    english = follower.language == "en" and disruption.title_en
    title, text = (
        (disruption.title_en, disruption.text_en or disruption.text) if english else (disruption.title, disruption.text)
    )
    if follower.channel == "sms":
        return outbox.Message("sms", follower.address, "", f"{title} {config.base_url}/perturbations {stop}")
    body = "\n\n".join(part for part in (title, text, f"{config.base_url}/perturbations", stop) if part) + "\n"
    return outbox.Message("email", follower.address, title, body)

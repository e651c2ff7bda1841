"""What leaves to those who follow a journey, by e-mail or text message: a link to confirm, then a word each time it
changes for them, a dozen at most. The journey's own names, which a stranger may have written, are never sent."""

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy.orm import Session

from mobigo.base.errors import Refused
from mobigo.infra import keys, outbox
from mobigo.infra.config import Config
from mobigo.infra.i18n import gettext, sentence, use_language
from mobigo.network.model.live import LiveNetwork
from mobigo.network.service.disruptions import channel_of
from mobigo.planner.engine.following import TripNow
from mobigo.planner.export.following import delays_of, state_of, stop_name, when_of
from mobigo.planner.export.sms import TWO_PARTS, cut
from mobigo.planner.model import Journey
from mobigo.planner.rules.followed import FollowedTrip, encoded
from mobigo.planner.store import followers
from mobigo.planner.store.followers import TripFollower

AFTER: Final = timedelta(hours=2)  # how long after the journey who follows it is forgotten
TOLD_MAX: Final = 12
FOLLOWED_MAX: Final = 10  # journeys an address may follow at once
LATE_STEP_S: Final = 300


def ask(
    session: Session, config: Config, trip: FollowedTrip, *, address: str, language: str, now: datetime
) -> TripFollower:
    """Write to an address for it to confirm that it wants to be told. Raises InvalidInput for an address that is none,
    Refused for a journey that is over, or an address that follows too many."""
    channel, clean = channel_of(address)
    ends_at = datetime.fromtimestamp(trip.arrive_s, UTC) + AFTER
    if ends_at <= now:
        raise Refused("planner.follow_too_late")
    if followers.count_of(session, clean, now) >= FOLLOWED_MAX:
        raise Refused("planner.follow_too_many", most=FOLLOWED_MAX)
    found = followers.add(session, channel, clean, encoded(trip), language, now, ends_at)
    with use_language(language):
        subject = gettext("Confirmez que vous voulez suivre un trajet")
        body = gettext(
            "Pour être prévenu de votre trajet Mobigo : %(link)s Si ce n’était pas vous, ne faites rien.",
            link=link(config, found.id),
        )
    _send(session, found, subject, body, key=f"trip:confirm:{found.id}:{now:%Y%m%d%H}", now=now)
    return found


def token_of(config: Config, follower_id: str) -> str:
    """What proves, in a link, that it was sent to the follower."""
    key = keys.derived(config, "planner.trips")
    return hmac.new(key, follower_id.encode(), sha256).hexdigest()[:32]


def link(config: Config, follower_id: str) -> str:
    """The page on which a follower confirms, sees the journey, or stops."""
    return f"{config.base_url}/suivre/avis/{follower_id}/{token_of(config, follower_id)}"


def state_key(now_is: TripNow, now: datetime) -> str:
    """What a follower must hear of: what breaks the journey, else delays by steps of five minutes and platforms of the
    vehicles still to be boarded; "" when all is as planned."""
    if now_is.broken is not None:
        ride = now_is.rides[now_is.broken]
        return f"{now_is.breach}:{now_is.broken}:{ride.running}"
    parts = []
    for number, ride in enumerate(now_is.rides):
        if ride.board is None or now >= ride.board.at:
            continue
        late, moved = ride.board.late_s // LATE_STEP_S, ride.board.planned_stop is not None
        if late > 0 or moved:
            parts.append(f"{number}:{max(late, 0)}:{ride.board.stop if moved else ''}")
    return ",".join(parts)[:200]


def tell(
    session: Session, config: Config, live: LiveNetwork, follower: TripFollower, now_is: TripNow, other: Journey | None,
    now: datetime,
) -> bool:  # fmt: skip
    """Tell a follower what changed since they were last told; False when nothing did, or they were told often enough.
    `other`: the next possibility, when the journey breaks."""
    key = state_key(now_is, now)
    over = now > datetime.fromtimestamp(now_is.asked.arrive_s, UTC)
    if key == follower.told or over or follower.told_count >= TOLD_MAX:
        return False
    with use_language(follower.language):
        said = [sentence(state_of(live, now_is, now)), *(sentence(each) for each in delays_of(live, now_is))]
        if not key:
            said.insert(0, gettext("Votre trajet est de nouveau comme prévu."))
        if other is not None and other.rides:
            leaves, arrives = (when_of(live, at, now) for at in (other.rides[0].depart_at, other.arrive_at))
            stop = stop_name(live, other.rides[0].visits[0].stop)
            said.append(
                gettext(
                    "Prochaine possibilité : départ %(leaves)s de %(stop)s, arrivée %(arrives)s.",
                    leaves=leaves,
                    stop=stop,
                    arrives=arrives,
                )
            )
        more = gettext("Voir, ou ne plus être prévenu : %(link)s", link=link(config, follower.id))
        subject = said[0][:120]
    if follower.channel == "sms":
        body = f"{cut(' '.join(said), TWO_PARTS - len(more) - 1)} {more}"
    else:
        body = "\n\n".join([*said, more])
    followers.note_told(session, follower.id, key)
    count = follower.told_count + 1
    _send(session, follower, subject, body, key=f"trip:{follower.id}:{count}", now=now)
    return True


def _send(session: Session, to: TripFollower, subject: str, body: str, *, key: str, now: datetime) -> None:
    if to.channel == "sms":
        message = outbox.Message("sms", to.address, "", cut(body, 2 * TWO_PARTS))
    else:
        message = outbox.Message("email", to.address, subject, body + "\n")
    outbox.send(session, message, key=key, now=now)

"""A way along a carpool line, as a page shows it."""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from mobigo.infra import formats
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.i18n import gettext as _
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.model import CarpoolWay, Endpoint, Query
from mobigo.planner.web.shown import Segment, ShownJourney, changes_word, shown_journey, shown_price


@dataclass(frozen=True)
class ShownCarpool:
    """A way along a carpool line: times are about, since nobody can promise them."""

    href: str
    line: str
    leave_at: datetime
    arrive_at: datetime
    duration_s: int
    segments: tuple[Segment, ...]
    facts: tuple[str, ...]
    board: str
    alight: str
    since: datetime
    until: datetime
    walk_to_m: int
    walk_from_m: int
    ride_s: int
    wait: str
    guarantee: str
    later_day: bool  # not on the day asked
    why: tuple[str, ...] = ()  # what it wins over the timetable
    board_at: datetime | None = None  # with a journey before or after it: when one begins to wait
    alight_at: datetime | None = None
    before: ShownJourney | None = None
    after: ShownJourney | None = None
    prices: str = ""  # of the seat, and of the rest
    catches: str = ""  # when to be at the stop, so as to catch what follows


def shown_carpool(live: LiveNetwork, query: Query, way: CarpoolWay, zone: ZoneInfo) -> ShownCarpool:
    """A carpool way in words."""
    language = current_language()
    lasts_s = int((way.arrive_at - way.leave_at).total_seconds())
    here, there = Endpoint(way.board, way.board_point), Endpoint(way.alight, way.alight_point)
    before = None if way.before is None else shown_journey(live, way.before, query.origin, here, zone)
    after = None if way.after is None else shown_journey(live, way.after, there, query.destination, zone)
    on_foot = way.walk_to_m + way.walk_from_m
    facts = [_("prix inconnu") if way.total is None else formats.amount(way.total, language)]
    facts.append(_("sans correspondance") if way.joined is None else changes_word(len(way.joined.rides)))
    facts.append(_("jusqu’à %(time)s d’attente comptée") % {"time": formats.duration(way.wait_s, language)})
    if way.guarantee is not None:
        facts.append(_("départ et retour garantis"))
    if on_foot:
        facts.append(_("%(distance)s à pied") % {"distance": formats.distance(on_foot, language)})
    return ShownCarpool(
        way.href,
        way.line,
        way.leave_at.astimezone(zone),
        way.arrive_at.astimezone(zone),
        lasts_s,
        _carpool_segments(way, before, after, lasts_s),
        tuple(facts),
        way.board,
        way.alight,
        way.since.astimezone(zone),
        way.until.astimezone(zone),
        way.walk_to_m,
        way.walk_from_m,
        way.ride_s,
        sentence(way.wait),
        "" if way.guarantee is None else sentence(way.guarantee),
        way.leave_at.astimezone(zone).date() != query.at.astimezone(zone).date(),
        tuple(sentence(each) for each in way.why),
        None if way.board_at is None else way.board_at.astimezone(zone),
        None if way.alight_at is None else way.alight_at.astimezone(zone),
        before,
        after,
        _carpool_prices(way, language),
        _catches(way, zone, language),
    )


def _catches(way: CarpoolWay, zone: ZoneInfo, language: str) -> str:
    """When to be at the stop, and on what the change rests; empty where nothing must be caught."""
    if way.after is None or way.board_at is None:
        return ""
    left_s = int((way.after.depart_at - way.board_at).total_seconds()) - way.wait_s - way.ride_s
    return _(
        "Soyez à l’arrêt à %(at)s : en comptant %(wait)s d’attente, il reste %(left)s pour la correspondance",
        at=formats.hour(way.board_at.astimezone(zone), language),
        wait=formats.duration(way.wait_s, language),
        left=formats.duration(left_s, language),
    )


def _carpool_prices(way: CarpoolWay, language: str) -> str:
    """What the seat costs and what the rest does; empty where there is no rest."""
    if way.joined is None:
        return ""
    seat, rest = formats.amount(way.price, language), shown_price(way.rest)
    if rest is None:
        return _("%(seat)s pour le covoiturage ; le prix du reste est inconnu", seat=seat)
    return _("%(seat)s pour le covoiturage ; pour le reste : %(rest)s", seat=seat, rest=rest.text)


def _carpool_segments(
    way: CarpoolWay, before: ShownJourney | None, after: ShownJourney | None, lasts_s: int
) -> tuple[Segment, ...]:
    """The bar, in proportion to the whole."""
    whole = max(1, lasts_s)

    def of_journey(shown: ShownJourney | None) -> list[Segment]:
        parts = () if shown is None else shown.segments
        return [replace(part, share=max(1, round(part.share * (shown.duration_s if shown else 0) / whole)))
                for part in parts]  # fmt: skip

    ridden_s = way.wait_s + way.ride_s + sum(each.duration_s for each in (before, after) if each is not None)
    begins = way.leave_at if way.before is None else way.before.arrive_at
    ends = way.arrive_at if way.after is None else way.after.depart_at
    on_foot, left_s = way.walk_to_m + way.walk_from_m, whole - ridden_s
    if way.board_at is not None and way.alight_at is not None:
        first_s, last_s = ((way.board_at - begins).total_seconds(), (ends - way.alight_at).total_seconds())
    else:
        first_s = left_s * way.walk_to_m / on_foot if on_foot else 0
        last_s = left_s - first_s
    parts = [
        ("walk" if way.before is None else "wait", first_s),
        ("wait", way.wait_s),
        ("ride", way.ride_s),
        ("walk" if way.after is None else "wait", last_s),
    ]
    own = [Segment(kind, max(1, round(100 * s / whole)), "") for kind, s in parts if s >= 30]
    return (*of_journey(before), *own, *of_journey(after))

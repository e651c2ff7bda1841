"""Ways by an on-demand service, in words: when one is picked up, until when one books, what comes before or after."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from mobigo.infra import formats
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.i18n import gettext as _
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.export.on_demand import book_by_words
from mobigo.planner.model import Answer, Endpoint, OnDemandWay
from mobigo.planner.web.shown import ShownJourney, shown_journey


@dataclass(frozen=True)
class ShownOnDemand:
    """One way."""

    way: OnDemandWay
    leave_at: datetime
    arrive_at: datetime
    since: datetime
    until: datetime
    set_down_by: datetime
    duration_s: int
    book_by: str  # "à réserver aujourd’hui avant 17 h, …"
    facts: tuple[str, ...]
    before: ShownJourney | None
    after: ShownJourney | None


@dataclass(frozen=True)
class ShownFound:
    """All of them, and what is said of those that can no longer be booked."""

    ways: tuple[ShownOnDemand, ...]
    missed: tuple[str, ...]


def shown_on_demand(live: LiveNetwork, answer: Answer, zone: ZoneInfo) -> ShownFound:
    """What was found, in words."""
    found = answer.on_demand
    return ShownFound(
        tuple(_shown(live, answer, way, zone) for way in found.ways), tuple(sentence(each) for each in found.missed)
    )


def _shown(live: LiveNetwork, answer: Answer, way: OnDemandWay, zone: ZoneInfo) -> ShownOnDemand:
    language = current_language()
    price = _("prix inconnu") if way.price is None else formats.amount(way.price, language)
    facts = [price + (_(" pour le transport à la demande") if way.before or way.after else "")]
    if way.operator:
        facts.append(way.operator)
    on_foot = way.walk_to_m + way.walk_from_m
    if on_foot:
        facts.append(_("%(distance)s à pied") % {"distance": formats.distance(on_foot, language)})
    if way.buffer_s:
        facts.append(
            _("au moins %(time)s pour la correspondance") % {"time": formats.duration(way.buffer_s, language)}
        )  # fmt: skip
    hub = Endpoint(way.alight if way.after else way.board)
    return ShownOnDemand(
        way, way.leave_at.astimezone(zone), way.arrive_at.astimezone(zone), way.since.astimezone(zone),
        way.until.astimezone(zone), way.set_down_by.astimezone(zone),
        int((way.arrive_at - way.leave_at).total_seconds()), book_by_words(way, zone, answer.on_demand.asked_at),
        tuple(facts),
        None if way.before is None else shown_journey(live, way.before, answer.query.origin, hub, zone),
        None if way.after is None else shown_journey(live, way.after, hub, answer.query.destination, zone),
    )  # fmt: skip

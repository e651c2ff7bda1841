"""Ways by an on-demand service, in words: when one is picked up, until when one books, what comes before or after."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from mobigo.base.money import Money
from mobigo.infra import formats
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.i18n import gettext as _
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.export.on_demand import book_by_words
from mobigo.planner.model import Answer, Endpoint, OnDemandWay
from mobigo.planner.rules.ways import journeys_of, services_of
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
    why: tuple[str, ...] = ()  # what it wins over the timetable
    then: "ShownOnDemand | None" = None  # the service that takes one on after it, booked by itself
    prices: str = ""  # of each part, where there are several


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
    parts = services_of(way)
    facts = [_("prix inconnu") if way.total is None else formats.amount(way.total, language)]
    facts += dict.fromkeys(each.operator for each in parts if each.operator)
    on_foot = sum(each.walk_to_m + each.walk_from_m for each in parts)
    if on_foot:
        facts.append(_("%(distance)s à pied") % {"distance": formats.distance(on_foot, language)})
    if way.buffer_s:
        facts.append(
            _("au moins %(time)s pour la correspondance") % {"time": formats.duration(way.buffer_s, language)}
        )  # fmt: skip
    here, there = Endpoint(way.board, way.board_point), Endpoint(way.alight, way.alight_point)
    end = answer.query.destination if way.then is None else Endpoint(way.then.board, way.then.board_point)
    return ShownOnDemand(
        way, way.leave_at.astimezone(zone), way.arrive_at.astimezone(zone), way.since.astimezone(zone),
        way.until.astimezone(zone), way.set_down_by.astimezone(zone),
        int((way.arrive_at - way.leave_at).total_seconds()), book_by_words(way, zone, answer.on_demand.asked_at),
        tuple(facts),
        None if way.before is None else shown_journey(live, way.before, answer.query.origin, here, zone),
        None if way.after is None else shown_journey(live, way.after, there, end, zone),
        tuple(sentence(each) for each in way.why),
        None if way.then is None else _shown(live, answer, way.then, zone),
        _prices(way, language),
    )  # fmt: skip


def _prices(way: OnDemandWay, language: str) -> str:
    """What each part costs; empty where there is one alone."""
    if not journeys_of(way):
        return ""
    parts = [
        _("%(price)s pour %(service)s", price=_priced(each.price, language), service=each.service)
        for each in services_of(way)
    ]
    rest = None if way.rest is None else way.rest.total
    return ", ".join([*parts, _("%(price)s pour le reste", price=_priced(rest, language))])


def _priced(price: Money | None, language: str) -> str:
    return _("prix inconnu") if price is None else formats.amount(price, language)

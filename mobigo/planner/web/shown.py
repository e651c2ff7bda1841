"""Journeys and their prices as pages show them: plain values, words chosen, nothing left for a template to compute.
Their legs are in `legs`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from mobigo.infra import formats
from mobigo.infra.i18n import current_language, ngettext, sentence
from mobigo.infra.i18n import gettext as _
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.today import Notice
from mobigo.planner.export import names, today
from mobigo.planner.export.emissions import emission_fact, emission_words
from mobigo.planner.export.journeys import journey_id
from mobigo.planner.model import Answer, By, Emission, Endpoint, Journey, Price, Walk
from mobigo.planner.web.legs import ShownLeg, legs_of, street_way

WAIT_S_SHOWN = 180  # a shorter wait is part of the change


@dataclass(frozen=True)
class Segment:
    """A piece of the bar: its kind (`ride`, `walk`, `wait`), its share of the whole (1–100), what is written on it."""

    kind: str
    share: int
    text: str
    line: names.Line | None = None


@dataclass(frozen=True)
class ShownNotice:
    """What is said to travellers: a title, and more."""

    title: str
    text: str
    url: str = ""


@dataclass(frozen=True)
class ShownPrice:
    """A price in words: what it is (or that it is unknown), its lines (amount, sentence), what is said beside."""

    text: str
    is_known: bool
    lines: tuple[tuple[str, str], ...]
    said: tuple[str, ...]
    offers: tuple[str, ...]
    buy: str
    compare: str
    own: tuple[str, ...] = ()  # what one's own passes cover, which caps are reached


def shown_price(price: Price | None) -> ShownPrice | None:
    """A price in words; None where there is nothing to pay."""
    if price is None:
        return None
    language = current_language()
    return ShownPrice(
        _headline(price, language),
        price.total is not None,
        tuple((formats.amount(line.amount, language), sentence(line.reason)) for line in price.lines),
        tuple(sentence(each) for each in (*price.why_unknown, *price.notes)),
        tuple(sentence(each) for each in price.offers),
        price.buy,
        price.compare,
        tuple(sentence(each) for each in price.own),
    )


def _headline(price: Price, language: str) -> str:
    if price.total is not None:
        amount = formats.amount(price.total, language)
        return _("%(amount)s de plus", amount=amount) if price.own else amount
    if price.between is None:
        return _("prix inconnu")
    least, most = (formats.amount(each, language) for each in price.between)
    return _("entre %(least)s et %(most)s", least=least, most=most)


@dataclass(frozen=True)
class ShownJourney:
    """One option."""

    id: str
    depart_at: datetime
    arrive_at: datetime
    duration_s: int
    why: tuple[str, ...]
    segments: tuple[Segment, ...]
    facts: tuple[str, ...]
    legs: tuple[ShownLeg, ...]
    days_later: int
    spoken: str
    calls: tuple[str, ...] = field(default=())
    changes: tuple[str, ...] = ()  # what becomes of who misses one
    price: ShownPrice | None = None
    emissions: tuple[str, ...] = ()
    notices: tuple[ShownNotice, ...] = ()


def shown_journey(
    live: LiveNetwork,
    journey: Journey,
    origin: Endpoint,
    destination: Endpoint,
    zone: ZoneInfo,
    price: Price | None = None,
    emission: Emission | None = None,
) -> ShownJourney:
    """A journey as an option of the list."""
    legs = legs_of(live, journey, origin, destination, zone)
    depart_at, arrive_at = journey.depart_at.astimezone(zone), journey.arrive_at.astimezone(zone)
    duration_s = int((journey.arrive_at - journey.depart_at).total_seconds())
    return ShownJourney(
        id=journey_id(live.timetable, journey),
        depart_at=depart_at,
        arrive_at=arrive_at,
        duration_s=duration_s,
        why=tuple(sentence(reason) for reason in journey.why),
        segments=_segments(legs, duration_s),
        facts=(*_facts(live, journey), *(() if emission is None else (emission_fact(emission),))),
        legs=legs,
        days_later=(arrive_at.date() - depart_at.date()).days,
        spoken=_spoken(legs),
        calls=_numbers_to_call(live, journey),
        price=shown_price(price),
        emissions=() if emission is None else tuple(emission_words(emission)),
        notices=shown_notices(today.journey_notices(live, journey)),
    )


def shown_notices(found: Sequence[Notice]) -> tuple[ShownNotice, ...]:
    """Alerts in words, each text once."""
    language = current_language()
    out = {}
    for each in found:
        alert = each.alert
        title = today.text_of(alert.header, language)
        out[title] = ShownNotice(title, today.text_of(alert.description, language), today.text_of(alert.url, language))
    return tuple(out.values())


def age_words(live: LiveNetwork) -> str:
    """How old realtime is, in words; empty where there is none."""
    age = today.age_of(live)
    return "" if age is None else sentence(age)


def cancelled_words(live: LiveNetwork, answer: Answer, zone: ZoneInfo) -> list[str]:
    """What does not run of what the timetable promises, and what comes next."""
    language = current_language()
    out = []
    for journey in answer.cancelled:
        missed = next(ride for ride in journey.rides if today.is_missed(live, ride))
        line = names.lines_of(live)[int(live.timetable.trip_route[names.first_trip(missed)])]
        at, stop = missed.depart_at.astimezone(zone), live.timetable.stop_name[missed.visits[0].stop]
        words = {"hour": formats.hour(at, language), "line": line.label, "stop": stop}
        later = [each for each in answer.journeys if each.rides and each.depart_at >= journey.depart_at]
        if later:
            words["next"] = formats.hour(min(each.depart_at for each in later).astimezone(zone), language)
            out.append(
                _("Le départ de %(hour)s de la ligne %(line)s à %(stop)s est supprimé. Le suivant : %(next)s.") % words
            )
        else:
            out.append(_("Le départ de %(hour)s de la ligne %(line)s à %(stop)s est supprimé.") % words)
    return list(dict.fromkeys(out))


def _short(lasts_s: int) -> str:
    """How long, in a piece of the bar: "12′", from an hour on "1 h 05"."""
    minutes = round(lasts_s / 60)
    return f"{minutes}′" if minutes < 60 else formats.duration(minutes * 60, current_language())


def _segments(legs: Sequence[ShownLeg], duration_s: int) -> tuple[Segment, ...]:
    """The bar, in proportion. What is under a hundredth of the whole is a hundredth, or nothing when it is waiting."""
    whole = max(duration_s, 1)
    out = []
    for leg in legs:
        share = max(1, min(100, round(100 * leg.duration_s / whole)))
        wait = round(100 * leg.wait_s / whole)
        if leg.wait_s >= WAIT_S_SHOWN and wait >= 2:
            out.append(Segment("wait", wait, ""))
        if leg.line is not None:
            out.append(Segment("ride", share, leg.line.label, leg.line))
        elif leg.duration_s >= 60:
            out.append(Segment("walk", share, _short(leg.duration_s)))
    return tuple(out)


def _facts(live: LiveNetwork, journey: Journey) -> tuple[str, ...]:
    language = current_language()
    facts = []
    if journey.rides:
        facts.append(changes_word(journey.change_count))
    walks = [leg for leg in journey.legs if isinstance(leg, Walk) and leg.by is By.WALK]
    owned = [leg for leg in journey.legs if isinstance(leg, Walk) and leg.by is not By.WALK]
    facts += [street_way(leg.by, int((leg.arrive_at - leg.depart_at).total_seconds()), leg.distance_m) for leg in owned]
    walk_s = sum(int((walk.arrive_at - walk.depart_at).total_seconds()) for walk in walks)
    if walk_s >= 60:
        shown = formats.duration(walk_s, language)
        facts.append(
            _("%(time)s à pied (%(distance)s)")
            % {"time": shown, "distance": formats.distance(journey.walk_m, language)}
        )
    else:
        facts.append(_("sans marche"))
    trips = [names.first_trip(ride) for ride in journey.rides]
    if trips and all(int(live.timetable.trip_wheelchair[trip]) == 1 for trip in trips):
        facts.append(_("accessible en fauteuil roulant"))
    return tuple(facts)


def changes_word(count: int) -> str:
    """ "sans changement", "1 changement", "2 changements"."""
    if count == 0:
        return _("sans changement")
    return ngettext("%(num)s changement", "%(num)s changements", count)


def _spoken(legs: Sequence[ShownLeg]) -> str:
    """The legs in one sentence, for who does not see the bar."""
    parts = []
    for leg in legs:
        if leg.line is not None:
            parts.append(
                _("%(mode)s %(line)s de %(start)s à %(end)s")
                % {"mode": leg.mode, "line": leg.line.label, "start": leg.start.name, "end": leg.end.name}
            )
        elif leg.duration_s >= 60:
            parts.append(
                _("%(way)s, jusqu’à %(end)s") % {"way": leg.way, "end": leg.end.name}
                if leg.is_own
                else _("%(time)s à pied jusqu’à %(end)s")
                % {"time": formats.duration(leg.duration_s, current_language()), "end": leg.end.name}
            )
    return _(", puis ").join(parts)


def _numbers_to_call(live: LiveNetwork, journey: Journey) -> tuple[str, ...]:
    """The operators of a journey with their telephone, for who prefers to ask."""
    found = {}
    for ride in journey.rides:
        line = names.lines_of(live)[int(live.timetable.trip_route[names.first_trip(ride)])]
        if line.phone:
            found[line.agency] = line.phone
    return tuple(agency + _(" : ") + phone for agency, phone in found.items())


def line_styles(lines: Sequence[names.Line]) -> str:
    """The style sheet of the colours on a page: one class a colour pair (`lc-rrggbb-rrggbb`)."""
    pairs = sorted({(line.colour, line.text_colour) for line in lines})
    return "".join(f".lc-{a}-{b}{{background:#{a};color:#{b}}}.lb-{a}-{b}{{background:#{a}}}" for a, b in pairs)

"""How a search went, in words and for programs. It says nothing of who asked."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from mobigo.base.decisions import Decision
from mobigo.base.money import Money
from mobigo.infra import formats
from mobigo.infra.i18n import current_language, ngettext, sentence
from mobigo.infra.i18n import gettext as _
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.export import names
from mobigo.planner.export.journeys import decision_json, journey_id
from mobigo.planner.model import CarpoolWay, Leg, Ride
from mobigo.planner.rules.choice import WALK_M_LESS
from mobigo.planner.rules.dropped import Rule
from mobigo.planner.rules.trace import CARPOOL, Around, Candidate, Effort, Found, Gap, Trace, effort_of, worse_by
from mobigo.planner.rules.ways import Way

Json = dict[str, Any]
KINDS = ("window", "one", "price")


def reason(candidate: Found, trace: Trace) -> Decision | None:
    """Why a journey is not shown; None for one that is."""
    if candidate.rule is None:
        return None
    code = f"planner.dropped_{candidate.rule}"
    by = named(candidate.by)
    if candidate.rule is Rule.BEATEN:
        (number,) = candidate.by
        gaps = [
            each for each in worse_by(candidate, _of(trace, number)) if each.what in ("depart", "arrive", "vehicles")
        ]
        return Decision(code, by=by, gaps=_listed([gap_words(each) for each in gaps]))
    if candidate.rule is Rule.TOO_LONG:
        (number,) = candidate.by
        language = current_language()
        lasts, other = (formats.duration(each.lasts_s, language) for each in (candidate, _of(trace, number)))
        return Decision(code, by=by, lasts=lasts, other=other)
    if candidate.rule is Rule.WINS_NOTHING:
        return Decision(f"{code}_by" if trace.query.arrive_by else code, by=by, walk_m=WALK_M_LESS)
    if candidate.rule in (Rule.NO_GAIN, Rule.NOT_WORTH):
        return Decision(code, by=by, walk_m=WALK_M_LESS)
    return Decision(code) if candidate.rule in (Rule.OUTSIDE, Rule.PARK_SHUT) else Decision(code, by=by)


def _of(trace: Trace, number: int) -> Found:
    return trace.all[number - 1]


def named(numbers: Sequence[int]) -> str:
    """ "le trajet 2", "les trajets 2 et 5"."""
    some = _listed([str(each) for each in numbers])
    return ngettext("le trajet %(some)s", "les trajets %(some)s", len(numbers), some=some)


def _listed(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return _("%(first)s et %(last)s", first=", ".join(parts[:-1]), last=parts[-1])


def gap_words(gap: Gap) -> str:
    """In what one is worse, and by how much."""
    language = current_language()
    if gap.what == "vehicles":
        return ngettext("prend %(num)s véhicule de plus", "prend %(num)s véhicules de plus", gap.amount)
    how_much = {
        "walk": lambda: formats.distance(gap.amount, language),
        "price": lambda: formats.amount(Money(gap.amount), language),
    }.get(gap.what, lambda: formats.duration(gap.amount, language))()
    words = {
        "depart": _("part %(much)s plus tôt"),
        "arrive": _("arrive %(much)s plus tard"),
        "lasts": _("dure %(much)s de plus"),
        "walk": _("fait marcher %(much)s de plus"),
        "price": _("coûte %(much)s de plus"),
    }
    return words[gap.what] % {"much": how_much}


def part_word(part: str) -> str:
    """What a part of the work is."""
    return {
        "access": _("Trouver les arrêts autour des deux bouts"),
        "search": _("Chercher dans les horaires"),
        "journeys": _("Choisir les correspondances, comparer, dessiner"),
        "neighbours": _("Regarder plus tôt et plus tard"),
        "beside": _("Chercher moins cher, ou moins de marche"),
        "prices": _("Calculer les prix"),
        "carpool": _("Chercher des lignes de covoiturage"),
        "cancelled": _("Regarder ce qui est supprimé aujourd’hui"),
        "others": _("Transport à la demande, CO₂, accessibilité"),
        "trace": _("Écrire cette page"),
    }[part]


def kind_word(kind: str) -> str:
    """What a search of the timetable is."""
    return {
        "window": _("Tous les départs de la plage"),
        "one": _("Un seul départ"),
        "price": _("Par le prix et la marche"),
    }[kind]


def source_word(source: str) -> str:
    """Which search found a journey."""
    return {
        "window": _("trouvé par les horaires"),
        "foot": _("à pied d’un bout à l’autre"),
        "own": _("avec son véhicule d’un bout à l’autre"),
        "price": _("trouvé par le prix et la marche"),
        "carpool": _("une ligne de covoiturage, sans heure promise"),
        "on_demand": _("un service à la demande, à réserver"),
    }[source]


def rule_word(rule: Rule, count: int) -> str:
    """A rule and how many it left out, as the title of those."""
    return {
        Rule.OUTSIDE: ngettext("%(num)s hors de la plage demandée", "%(num)s hors de la plage demandée", count),
        Rule.BEATEN: ngettext("%(num)s battu par un autre", "%(num)s battus par un autre", count),
        Rule.TWIN: ngettext("%(num)s aux mêmes heures qu’un autre", "%(num)s aux mêmes heures qu’un autre", count),
        Rule.TOO_LONG: ngettext("%(num)s bien trop long", "%(num)s bien trop longs", count),
        Rule.KNOWN: ngettext("%(num)s déjà trouvé", "%(num)s déjà trouvés", count),
        Rule.NO_GAIN: ngettext("%(num)s plus tard pour rien", "%(num)s plus tard pour rien", count),
        Rule.NOT_WORTH: ngettext("%(num)s pas moins cher, une fois le prix calculé",
                                 "%(num)s pas moins chers, une fois le prix calculé", count),
        Rule.SAME_LATER: ngettext("%(num)s égal à un autre qui part plus tard",
                                  "%(num)s égaux à un autre qui part plus tard", count),
        Rule.ENOUGH: ngettext("%(num)s après les meilleurs", "%(num)s après les meilleurs", count),
        Rule.PARK_SHUT: ngettext("%(num)s dont le parking est fermé", "%(num)s dont le parking est fermé", count),
        Rule.AS_GOOD: ngettext("%(num)s sans rien de mieux qu’un autre",
                               "%(num)s sans rien de mieux qu’un autre", count),
        Rule.WINS_NOTHING: ngettext("%(num)s sans horaire, qui ne fait rien gagner",
                                    "%(num)s sans horaire, qui ne font rien gagner", count),
    }[rule]  # fmt: skip


def taken(live: LiveNetwork, each: Found) -> str:
    """What a journey or a way takes, in order."""
    return ways(live, each.journey.legs) if isinstance(each, Candidate) else _along(live, each.way)


def _along(live: LiveNetwork, way: Way) -> str:
    """A way without a timetable, with what comes before and after it."""
    name = _("Covoiturage %(line)s", line=way.line) if isinstance(way, CarpoolWay) else way.service
    then = None if isinstance(way, CarpoolWay) else way.then
    parts = [None if way.before is None else ways(live, way.before.legs), name]
    parts += [None if way.after is None else ways(live, way.after.legs), None if then is None else _along(live, then)]
    return ", ".join(each for each in parts if each is not None)


def ways(live: LiveNetwork, legs: Sequence[Leg]) -> str:
    """What is taken, in order: "LR119, TER 17754"; the way on foot, or by one's vehicle, alone."""
    lines = names.lines_of(live)
    rides = [
        lines[int(live.timetable.trip_route[names.first_trip(leg)])].label for leg in legs if isinstance(leg, Ride)
    ]
    return ", ".join(rides) or ", ".join(
        dict.fromkeys(names.street_word(leg.by) for leg in legs if not isinstance(leg, Ride))
    )


def trace_json(live: LiveNetwork, trace: Trace) -> Json:
    """All of it, for programs."""
    zone, query = ZoneInfo(live.timetable.zone), trace.query
    return {
        "found": trace.found,
        "kept": len(trace.kept),
        "dropped": len(trace.dropped),
        "candidates": [_candidate(live, each, trace, zone) for each in trace.all],
        "total_ms": _ms(trace.took_s),
        "parts": [{"part": each.part, "ms": _ms(each.took_s), "text": part_word(each.part)} for each in trace.laps],
        "searches": [
            {**_effort(total), "times": sum(1 for each in trace.efforts if each.kind == kind)}
            for kind in KINDS
            if (total := effort_of(trace.efforts, kind)) is not None
        ],
        "access": _around(live, trace.access),
        "egress": _around(live, trace.egress),
        "limits": {
            "window_s": query.window_s,
            "vehicles": query.limits.vehicles_max,
            "walk_m": query.limits.walk_m_max,
            "change_s": query.limits.change_s_extra,
            "duration_s": query.limits.duration_s_max,
            "step_free": query.limits.wheelchair,
        },
        "network": {
            "hash": trace.network,
            "first_day": trace.first_day,
            "last_day": trace.last_day,
            "along_streets": trace.along_streets,
            "feeds": [
                {"name": each.name, "trips": each.trips, "first_day": each.first_day, "last_day": each.last_day}
                for each in trace.feeds
            ],
        },
        "realtime": {
            "sources": [
                {
                    "name": each.name,
                    "at": None if each.at is None else each.at.astimezone(zone),
                    "is_stale": each.is_stale,
                    "trips": each.trips,
                    "used": each.used,
                }
                for each in trace.realtime
            ],
            "changed_trips": trace.changed_trips,
            "cancelled_trips": trace.cancelled_trips,
            "unserved_calls": trace.unserved_calls,
        },
    }


def _candidate(live: LiveNetwork, each: Found, trace: Trace, zone: ZoneInfo) -> Json:
    why, timed = reason(each, trace), each if isinstance(each, Candidate) else None
    searched, emission = (None, None) if timed is None else (timed.searched, timed.emission)
    return {
        "number": each.number,
        "id": None if timed is None else journey_id(live.timetable, timed.journey),
        "source": each.source,
        "departure": each.depart_at.astimezone(zone),
        "arrival": each.arrive_at.astimezone(zone),
        "duration_s": each.lasts_s,
        "vehicles": each.vehicles,
        "walk_m": each.walk_m,
        "own_m": 0 if timed is None else timed.journey.own_m,
        "price_cents": each.cents,
        "searched_cents": None if searched is None else list(searched),
        "co2_grams": None if emission is None else emission.grams,
        "ways": taken(live, each),
        "rule": None if each.rule is None else str(each.rule),
        "by": list(each.by),
        "reason": None if why is None else decision_json(why),
    }


def _effort(each: Effort) -> Json:
    return {
        "kind": each.kind,
        "departures": each.departures,
        "rounds": each.rounds,
        "labels": each.labels,
        "journeys": each.journeys,
    }


def _around(live: LiveNetwork, around: Around) -> Json:
    nearest = None
    if around.nearest is not None:
        name = str(live.timetable.stop_name[around.nearest])
        nearest = {"name": name, "seconds": around.nearest_s, "metres": around.nearest_m}
    return {"stops": around.stops, "own": around.own, "nearest": nearest, "farthest_s": around.farthest_s}


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)


def ms_words(seconds: float) -> str:
    """ "42 ms", "0,3 ms"."""
    ms = seconds * 1000
    return f"{formats.number(ms, current_language(), 1 if ms < 10 else 0)}\N{NO-BREAK SPACE}ms"


def candidate_words(live: LiveNetwork, each: Found, zone: ZoneInfo) -> str:
    """A journey or a way in a line: its hours, what it takes, and every figure it was judged by."""
    return " · ".join([hours(each, zone), taken(live, each), *figures(each)])


def hours(each: Found, zone: ZoneInfo) -> str:
    """ "7 h 30 → 8 h 25"; along a carpool line, nobody promises them: "vers 7 h 30 → 8 h 25"."""
    ends = (each.depart_at, each.arrive_at)
    said = " → ".join(formats.hour(at.astimezone(zone), current_language()) for at in ends)
    return f"{_('vers')} {said}" if each.source == CARPOOL else said


def figures(each: Found) -> list[str]:
    """What a journey was judged by, in words: how long, how many vehicles, metres on foot, price, CO₂."""
    language, own_m = current_language(), each.journey.own_m if isinstance(each, Candidate) else 0
    said = [formats.duration(each.lasts_s, language)]
    if each.vehicles:
        said.append(ngettext("%(num)s véhicule", "%(num)s véhicules", each.vehicles))
    said.append(_("%(distance)s à pied", distance=formats.distance(each.walk_m, language)))
    if own_m:
        said.append(_("%(distance)s avec son véhicule", distance=formats.distance(own_m, language)))
    said.append(_("prix inconnu") if each.cents is None else formats.amount(Money(each.cents), language))
    if isinstance(each, Candidate) and each.emission is not None and each.emission.grams is not None:
        from mobigo.planner.export.emissions import emission_fact

        said.append(emission_fact(each.emission))
    return said


def trace_lines(live: LiveNetwork, trace: Trace) -> list[str]:
    """All of it as text, for a terminal."""
    zone = ZoneInfo(live.timetable.zone)
    lines = [headline(trace)]
    for each in trace.all:
        why = reason(each, trace)
        lines.append(f"  {each.number}. {candidate_words(live, each, zone)}")
        lines.append(f"     {_('montré') if why is None else sentence(why)} ({source_word(each.source)})")
    lines += [f"  {part_word(each.part)}" + _(" : ") + ms_words(each.took_s) for each in trace.laps]
    return lines


def headline(trace: Trace) -> str:
    """How many were found, shown and left out, and how long that took."""
    found = ngettext("%(num)s trajet trouvé", "%(num)s trajets trouvés", trace.found)
    kept = ngettext("%(num)s montré", "%(num)s montrés", len(trace.kept))
    dropped = ngettext("%(num)s écarté", "%(num)s écartés", len(trace.dropped))
    return _("%(found)s, %(kept)s, %(dropped)s, en %(time)s.", found=found, kept=kept, dropped=dropped,
             time=ms_words(trace.took_s))  # fmt: skip

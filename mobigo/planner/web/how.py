"""How a search went, for who wants to understand it: what it began with, what was found, and why the rest is not shown.

The search is made again to be looked at: nothing of any search is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.decisions import Decision
from mobigo.infra.auth import public
from mobigo.infra.i18n import sentence
from mobigo.planner.model import Answer
from mobigo.planner.rules.dropped import Rule
from mobigo.planner.web import bp
from mobigo.planner.web.asked import read
from mobigo.planner.web.here import Here, pinned_today
from mobigo.planner.web.journeys import pinned_parameters, told
from mobigo.planner.web.payers import kinds_today, only_theirs, payer_here, payer_words
from mobigo.planner.web.shown import age_words


@dataclass(frozen=True)
class Row:
    """A journey found, in words."""

    number: int
    hours: str
    ways: str
    figures: Sequence[str]
    source: str
    why: str
    by: Sequence[int] = ()


@dataclass(frozen=True)
class Group:
    """Those that one rule left out."""

    title: str
    rows: Sequence[Row]


@bp.get("/trajets/comment")
@public
def how() -> ResponseReturnValue:
    """What the search of the address found, kept and left out, and why. Without a whole question: the form."""
    with pinned_today() as here:
        asked = read(request.args, here.places, here.now, here.zone, here.live)
        query = asked.query
        if query is None:
            return redirect(_journeys(asked.parameters()), 303)
        payer = payer_here()
        answer, trace = here.explained(query, payer)
        page = render_template(
            "planner/how.html",
            asked=asked,
            answer=answer,
            trace=trace,
            at=query.at.astimezone(here.zone),
            priced_for=payer_words(payer, kinds_today()),
            unavailable=[told(each) for each in _unavailable(answer)],
            back=_journeys(pinned_parameters(asked, query.at, here)),
            age=age_words(here.live),
            **_words(here, trace),
        )
        return only_theirs(page, payer)


def _unavailable(answer: Answer) -> list[Decision]:
    """Why no carpool line goes there, where one nearly does, and which services can no longer be booked."""
    why = answer.no_carpool
    return [*(() if why is None or why.code == "carpool.no_line" else (why,)), *answer.on_demand.missed]


def _journeys(fields: dict[str, Any]) -> str:
    return url_for("planner.journeys", **fields)


def _words(here: Here, trace: Any) -> dict[str, Any]:
    from mobigo.planner.export import traced as said
    from mobigo.planner.rules.trace import effort_of

    def row(each: Any) -> Row:
        why = said.reason(each, trace)
        words = "; ".join(sentence(one) for one in each.why) if why is None else sentence(why)
        hours = said.hours(each, here.zone)
        return Row(
            each.number, hours, said.taken(here.live, each), said.figures(each),
            said.source_word(each.source), words, each.by,
        )  # fmt: skip

    order = list(Rule)
    dropped = sorted(trace.dropped, key=lambda each: (order.index(each.rule), each.number))
    groups = []
    for rule, some in groupby(dropped, key=lambda each: each.rule):
        rows = [row(each) for each in some]
        groups.append(Group(said.rule_word(rule, len(rows)), rows))
    longest_s = max((each.took_s for each in trace.laps), default=0) or 1
    efforts = [
        (said.kind_word(kind), sum(1 for each in trace.efforts if each.kind == kind), total)
        for kind in said.KINDS
        if (total := effort_of(trace.efforts, kind)) is not None
    ]
    return {
        "headline": said.headline(trace),
        "shown": [row(each) for each in trace.kept],
        "groups": groups,
        "parts": [
            (said.part_word(each.part), said.ms_words(each.took_s), max(1, round(100 * each.took_s / longest_s)))
            for each in trace.laps
        ],
        "efforts": efforts,
        "ends": [
            (around, "" if around.nearest is None else str(here.live.timetable.stop_name[around.nearest]))
            for around in (trace.access, trace.egress)
        ],
    }

"""The search page and its answers: list, print sheet, calendar file, and the same on a map."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any

from flask import make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from mobigo.base.decisions import Decision
from mobigo.base.errors import NotFound
from mobigo.infra import formats
from mobigo.infra.auth import public
from mobigo.infra.i18n import current_language, ngettext, sentence
from mobigo.infra.i18n import gettext as _
from mobigo.planner.export.following import followed_of
from mobigo.planner.export.ical import journey_calendar
from mobigo.planner.export.journeys import journey_id
from mobigo.planner.export.offered import operators_of
from mobigo.planner.model import Answer, Journey
from mobigo.planner.rules.followed import encoded
from mobigo.planner.rules.own import takes_bicycles
from mobigo.planner.web import bp
from mobigo.planner.web.asked import CHANGES, MODES, STAYS_MIN, WALKS_M, Asked, full_label, label, read
from mobigo.planner.web.carpool import shown_carpool
from mobigo.planner.web.here import Here, pinned_today, shared_systems
from mobigo.planner.web.on_demand import shown_on_demand
from mobigo.planner.web.payers import kinds_today, only_theirs, payer_here, payer_words
from mobigo.planner.web.presets import shown_presets
from mobigo.planner.web.robust import with_changes
from mobigo.planner.web.shown import ShownJourney, age_words, cancelled_words, line_styles, shown_journey

FIELDS = ("from", "to")


@bp.get("/")
@public
def search() -> ResponseReturnValue:
    """The search form, and how to begin."""
    try:
        with pinned_today() as here:
            asked = read(request.args, here.places, here.now, here.zone, here.live)
            days = (here.live.timetable.first_day, here.live.timetable.last_day)
            form = _form(here)
    except NotFound:
        return render_template("planner/no_network.html"), 200
    asked = replace(asked, errors={}, choices={})
    return render_template("planner/search.html", asked=asked, days=days, **form)


@bp.get("/trajets")
@public
def journeys() -> ResponseReturnValue:
    """The answer to a search: the options in words, each open to its legs."""
    with pinned_today() as here:
        asked = read(request.args, here.places, here.now, here.zone, here.live)
        query = asked.query
        if query is None:
            page = render_template("planner/journeys.html", asked=asked, answer=None, **_form(here), **_labels())
            return page, 200 if asked.choices and not asked.errors else 422
        payer, kinds = payer_here(), kinds_today()
        answer = here.plan(query, payer)
        options = [
            shown_journey(here.live, journey, query.origin, query.destination, here.zone, price, emission)
            for journey, price, emission in zip_longest(answer.journeys, answer.prices, answer.emissions)
        ]
        options = with_changes(here, query, answer.journeys, options)
        page = render_template(
            "planner/journeys.html",
            asked=asked,
            answer=answer,
            priced_for=payer_words(payer, kinds),
            options=options,
            follows=_follows(here, answer),
            carpool=[shown_carpool(here.live, query, way, here.zone) for way in answer.carpool],
            rows=answer.order,
            beaten=[sentence(each) for each in answer.beaten],
            on_demand=shown_on_demand(here.live, answer, here.zone),
            headline=headline(asked, answer, here),
            no_carpool=_no_carpool(answer),
            remarks=[told(remark) for remark in answer.remarks],
            cancelled=cancelled_words(here.live, answer, here.zone),
            age=age_words(here.live),
            styles=line_styles(_lines_on(options)),
            earlier=_at(asked, answer.earlier_at, here, answer),
            later=_at(asked, answer.later_at, here, answer),
            following=_at(asked, answer.next_at, here, answer) if answer.next_at is not None else None,
            next_at=answer.next_at.astimezone(here.zone) if answer.next_at is not None else None,
            at=query.at.astimezone(here.zone),
            fixed=pinned_parameters(asked, query.at, here),
            **_form(here),
            **_labels(),
        )
        return only_theirs(page, payer)


def _follows(here: Here, answer: Answer) -> list[str]:
    """For each journey the address that follows it; "" where nothing is ridden."""
    out = []
    for journey in answer.journeys:
        trip = followed_of(
            here.live, journey, answer.query.origin, answer.query.destination,
            wheelchair=answer.query.limits.wheelchair,
        )  # fmt: skip
        out.append("" if trip is None else url_for("planner.trip", trip=encoded(trip)))
    return out


@bp.get("/trajets/fiche")
@public
def sheet() -> ResponseReturnValue:
    """One journey on paper: everything open, nothing to press."""
    with pinned_today() as here:
        asked, answer, journey = _chosen(here)
        shown = shown_journey(here.live, journey, answer.query.origin, answer.query.destination, here.zone)
        (option,) = with_changes(here, answer.query, [journey], [shown])
        return render_template(
            "planner/sheet.html",
            asked=asked,
            option=option,
            origin=answer.query.origin.name,
            destination=answer.query.destination.name,
            styles=line_styles(_lines_on([option])),
            printed_at=here.now.astimezone(here.zone),
        )


@bp.get("/trajets/agenda.ics")
@public
def calendar() -> ResponseReturnValue:
    """One journey for a calendar (RFC 5545)."""
    with pinned_today() as here:
        asked, answer, journey = _chosen(here)
        address = url_for("planner.journeys", _external=True, **pinned_parameters(asked, answer.query.at, here))
        body = journey_calendar(here.live, journey, answer.query.origin, answer.query.destination, here.now, address)
    response = make_response(body)
    response.headers["Content-Type"] = "text/calendar; charset=utf-8"
    response.headers["Content-Disposition"] = 'attachment; filename="mobigo.ics"'
    return response


def chosen_answer(here: Here) -> tuple[Asked, Answer]:
    """The answer to the address's question. Raises NotFound when the address asks none."""
    asked = read(request.args, here.places, here.now, here.zone, here.live)
    query = asked.query
    if query is None:
        raise NotFound("planner.no_such_journey")
    return asked, here.plan(query, payer_here())


def _chosen(here: Here) -> tuple[Asked, Answer, Journey]:
    """The journey named in the address. Raises NotFound when the timetable no longer holds it."""
    asked, answer = chosen_answer(here)
    wanted = request.args.get("journey", "")
    for journey in answer.journeys:
        if journey_id(here.live.timetable, journey) == wanted:
            return asked, answer, journey
    raise NotFound("planner.no_such_journey")


def pinned_parameters(asked: Asked, at: datetime, here: Here, **changed: str) -> dict[str, Any]:
    """The address of the same question with its instant written out: "now" would mean another one tomorrow."""
    local = at.astimezone(here.zone)
    when = "arrive" if asked.when == "arrive" else "leave"
    return asked.parameters(when=when, date=f"{local:%Y-%m-%d}", time=f"{local:%H:%M}", **changed)


def _at(asked: Asked, at: datetime | None, here: Here, answer: Answer) -> str:
    """The address of the same question at another instant; empty when there is none."""
    if at is None:
        return ""
    if asked.when == "arrive" and answer.query.arrive_by:
        return url_for("planner.journeys", **pinned_parameters(asked, at, here))
    return url_for("planner.journeys", **pinned_parameters(replace(asked, when="leave"), at, here))


def headline(asked: Asked, answer: Answer, here: Here) -> str:
    """The answer first, in words."""
    count = len(answer.journeys) + len(answer.carpool) + len(answer.on_demand.ways)
    at = answer.query.at.astimezone(here.zone)
    hour = formats.hour(at, current_language(), short=True)
    if count == 0:
        if answer.query.arrive_by:
            return _("Aucun trajet pour y être avant %(hour)s") % {"hour": hour}
        return _("Aucun trajet au départ après %(hour)s") % {"hour": hour}
    if answer.query.arrive_by:
        return ngettext(
            "%(num)s façon d’y être avant %(hour)s", "%(num)s façons d’y être avant %(hour)s", count, hour=hour
        )
    if asked.when == "now":
        return ngettext("%(num)s façon d’y aller maintenant", "%(num)s façons d’y aller maintenant", count)
    return ngettext(
        "%(num)s façon d’y aller après %(hour)s", "%(num)s façons d’y aller après %(hour)s", count, hour=hour
    )


def _no_carpool(answer: Answer) -> str:
    """Why no carpool line is shown, where one nearly serves: elsewhere nobody expects one."""
    why = answer.no_carpool
    return "" if why is None or why.code == "carpool.no_line" else sentence(why)


def told(remark: Decision) -> Markup:
    """A remark in words, its telephone number and its address pressed to use them."""
    words = escape(sentence(remark))
    phone, link = (str(remark.params.get(name, "")) for name in ("phone", "link"))
    if phone:
        digits = phone.replace(" ", "").replace("\N{NO-BREAK SPACE}", "")
        dialled = "+33" + digits[1:] if digits.startswith("0") else digits
        words = words.replace(escape(phone), Markup('<a class="tel" href="tel:{}">{}</a>').format(dialled, phone))
    if link:
        words = words.replace(escape(link), Markup('<a href="{}">{}</a>').format(link, link.removeprefix("https://")))
    return words


def _form(here: Here) -> dict[str, Any]:
    """What the form's template needs beside the fields."""
    return {
        "operators": operators_of(here.live),
        "modes": {"train": _("Train"), "tram": _("Tram, métro"), "bus": _("Car et bus"), "other": _("Autres")},
        "walks": WALKS_M,
        "changes_choices": CHANGES,
        "stays_min": STAYS_MIN,
        "owns": {
            "": _("À pied"),
            "bike": _("Mon vélo, que j’y laisse"),
            "ebike": _("Mon vélo électrique, que j’y laisse"),
            **({"bike_aboard": _("Mon vélo, que j’emporte à bord")} if takes_bicycles(here.live.timetable) else {}),
            "car": _("Ma voiture, que j’y laisse"),
            "dropped": _("Quelqu’un m’y dépose en voiture"),
            "fetched": _("À pied, et quelqu’un vient me chercher à l’arrivée"),
            **({"shared_bike": _("Un vélo en libre-service")} if shared_systems(here.now) else {}),
        },
        "paces": {
            "usual": _("D’un pas ordinaire"),
            "slow": _("D’un pas lent"),
            "stroller": _("Avec une poussette"),
        },
        "all_modes": frozenset(MODES),
        "presets": shown_presets(),
    }


def _labels() -> dict[str, Any]:
    return {"label": label, "full_label": full_label, "timedelta": timedelta}


def _lines_on(options: list[ShownJourney]) -> list[Any]:
    return [leg.line for option in options for leg in option.legs if leg.line is not None]

"""One trip, or my week: what a journey of the planner costs once and again, by kind of rider."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from billettique.service import comparing, journeys
from billettique.service.comparing import Who
from billettique.web import bp
from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from mobigo.infra.auth import public
from mobigo.infra.i18n import sentence
from mobigo.infra.web import services


@bp.get("/tarifs/comparer/<token>")
@public
def compare_fares(token: str) -> ResponseReturnValue:
    """The four prices of a journey, and the choices that change them."""
    config = services().config
    named = journeys.read_token(config, token)
    legs = tuple(each.leg for each in named)
    names = {each.leg.from_stop: each.from_name for each in named} | {each.leg.to_stop: each.to_name for each in named}
    days = request.args.get("days", "5")
    who = Who(
        request.args.get("rider") or "adulte", request.args.get("have") or None, request.args.get("proof") or None
    )
    wrong = ""
    rows: tuple[comparing.Compared, ...] = ()
    try:
        rows = comparing.compared(legs, who, int(days) if days.isdecimal() else 0, config.home)
    except InvalidInput as error:
        wrong = sentence(error.decision)
    page = render_template(
        "billettique/compare.html", sentence=sentence,
        named=named, rows=rows, line=lambda reason: sentence(_in_names(reason, names)), who=who, days=days,
        wrong=wrong, token=token, choices=comparing.choices(legs, config.home),
    )  # fmt: skip
    return page, 422 if wrong else 200


def _in_names(reason: Decision, names: dict[str, str]) -> Decision:
    """A reason with the names of its stops, for people."""
    params = dict(reason.params)
    for end in ("from_stop", "to_stop"):
        if end in params:
            params[end] = names.get(str(params[end]), params[end])
    return Decision(reason.code, **params)

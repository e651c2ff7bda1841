"""A paper form, entered by an agent under its reference; the same fields, the same rules as online."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.errors import InvalidInput
from mobigo.base.instants import paris_day
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services
from scolaire.gateway import rulefiles
from scolaire.model.asked import Channel
from scolaire.model.schools import SchoolYear
from scolaire.service import registering
from scolaire.store import schools
from scolaire.web import bp
from scolaire.web.families.register import form_facts, school_search, stops_near
from scolaire.web.forms import Faults, asked_of, contact_of, looking, me, text, writing


@bp.get("/scolaire/agents/papier")
@requires(Permission.SCHOOL_REGISTER, everywhere=True)
def paper_form() -> ResponseReturnValue:
    """The school of the paper form."""
    return render_template("scolaire/register_school.html", **school_search(), target="scolaire.paper")


@bp.get("/scolaire/agents/papier/<uai>")
@requires(Permission.SCHOOL_REGISTER, everywhere=True)
def paper(uai: str) -> ResponseReturnValue:
    """The fields of the paper form."""
    return _page(uai, Faults())


@bp.post("/scolaire/agents/papier/<uai>")
@requires(Permission.SCHOOL_REGISTER, everywhere=True)
def paper_now(uai: str) -> ResponseReturnValue:
    """Enters the form, once under its reference."""
    faults, registered = Faults(), ""
    with faults.caught(), writing() as session:
        year = text("year", 4)
        if not (year.isascii() and year.isdigit()):
            raise InvalidInput("scolaire.no_year_open")
        channel = Channel.PAPER if text("paper", 80) else Channel.COUNTER
        registered = registering.register(
            session, asked_of(uai, int(year)), contact_of(), config=services().config, now=now(),
            entered=registering.Entered(me(), channel, text("paper", 80)),
        ).id  # fmt: skip
    if faults:
        return _page(uai, faults)
    flash(_("Le formulaire est saisi ; la famille est prévenue."), "good")
    return redirect(url_for("scolaire.desk_file", registration=registered), 303)


def _page(uai: str, faults: Faults) -> ResponseReturnValue:
    config = services().config
    with looking() as session:
        school = schools.school_value(schools.get_school(session, uai))
    years = [
        SchoolYear(each) for each in rulefiles.years_open(paris_day(now()), config.home, production=config.production)
    ]
    wished = stops_near(text("commune", 80)) if faults and "commune" not in faults.by_field else []
    page = render_template(
        "scolaire/paper.html", school=school, **form_facts(school), errors=faults.by_field, typed=request.form,
        year_choices=[(each.first, str(each)) for each in years], stops=[(row.id, row.name) for row in wished],
    )  # fmt: skip
    return page, faults.status if faults else 200

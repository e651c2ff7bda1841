"""What plans hold to: longest rides, a coach's half-day, a driver's day; seen by who draws, set by who keeps the
reference."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.errors import InvalidInput
from mobigo.base.instants import paris_day
from mobigo.infra.auth import Permission, requires, signed_in
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services
from scolaire.model.demand import MINUTE_MS
from scolaire.service import figures as service
from scolaire.store import figures as store
from scolaire.web.forms import day_of
from scolaire.web.plans import bp
from scolaire.web.plans.forms import me, refused, text, writing


@bp.get("/parametres")
@requires(Permission.SCHOOL_PLAN)
def parameters() -> ResponseReturnValue:
    """The figures of today with their source, those to come, and the form for who may set them."""
    today = paris_day(now())
    with reading(services().engine) as session:
        held = service.held_on(session, today)
        rows = list(reversed(store.rows(session)))
    return render_template(
        "scolaire/plan_parameters.html", held=held, rows=rows, today=today, stages=stage_words(),
        shown=_shown(held), sets=signed_in().may_in(Permission.SCHOOL_REFERENCE, None),
    )  # fmt: skip


@bp.post("/parametres")
@requires(Permission.SCHOOL_REFERENCE, everywhere=True)
def set_parameters() -> ResponseReturnValue:
    """Sets figures from a day on; plans already drawn keep theirs."""

    def act() -> None:
        with writing() as session:
            service.enter(
                session,
                service.Entered(
                    day_of("first_day"), text("source", 400), _minutes("amplitude"), _minutes("rest"),
                    _minutes("half_day"), _minutes("before_bell"), _minutes("after_bell"),
                    {stage: _minutes(f"ride_{stage}") for stage in service.STAGES},
                ),
                by=me(), now=now(),
            )  # fmt: skip
        flash(_("Les chiffres sont enregistrés : les prochaines recherches s’y tiennent."), "good")

    refused(act)
    return redirect(url_for("school_plans.parameters"), 303)


def stage_words() -> dict[str, str]:
    """Stages as people call them."""
    return {
        "maternelle": _("maternelle"), "elementaire": _("élémentaire"), "college": _("collège"), "lycee": _("lycée"),
    }  # fmt: skip


def _minutes(name: str) -> int:
    given = text(name, 5)
    if not (given.isascii() and given.isdigit()):
        raise InvalidInput("scolaire.figures_minutes")
    return int(given)


def _shown(held: service.Held) -> list[tuple[str, str, int]]:
    """The fields of the form, their words, and what holds now, in minutes."""
    planning, driver = held.planning, held.driver
    rides = [
        (f"ride_{stage}", _("Trajet le plus long, %(stage)s", stage=words), planning.ride_max_min.get(stage, 0))
        for stage, words in stage_words().items()
    ]
    return [
        ("amplitude", _("Amplitude de la journée d’un conducteur"), driver.amplitude_max_ms // MINUTE_MS),
        ("rest", _("Repos jusqu’au lendemain"), driver.rest_min_ms // MINUTE_MS),
        ("half_day", _("Amplitude d’un car dans une demi-journée"), planning.amplitude_min),
        ("before_bell", _("Arrivée avant le début des cours, au moins"), planning.before_bell_min),
        ("after_bell", _("Départ après la fin des cours, au moins"), planning.after_bell_min), *rides,
    ]  # fmt: skip

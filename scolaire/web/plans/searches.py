"""Searches: asked for, followed while they run, stopped with the best plan kept."""

from dataclasses import replace

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.instants import paris_day
from mobigo.infra import jobs
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.web import services
from scolaire.model.demand import Demand, StopRules
from scolaire.rules.driving import by_streets
from scolaire.service import demands, lines, optimising
from scolaire.service import plans as service
from scolaire.service.editing import whole
from scolaire.service.stop_rules import rules_written
from scolaire.store import plans as store
from scolaire.web.plans import bp
from scolaire.web.plans.forms import half_name, me, refused, text, writing

PLAN = Permission.SCHOOL_PLAN


@bp.post("/<plan_id>/recherches")
@requires(PLAN)
def search(plan_id: str) -> ResponseReturnValue:
    """Begins a search: for the registrations of today, or for the demand of a version."""
    made: list[str] = []

    def act() -> None:
        base, price = text("base", 26) or None, text("price", 10).replace(",", ".")
        with writing() as session:
            row = store.get_plan(session, plan_id)
            if text("demand", 10) == "same" and base is not None:
                demand = service.open_version(session, base).demand
            else:
                demand = demands.demand_of(session, row, paris_day(now()))
                if services().school_roads is not None:
                    demand = by_streets(demand, services().school_roads)
                if text("lines", 3) == "yes" and services().regular_lines is not None:
                    demand = lines.with_riders(session, row, demand, services().regular_lines, paris_day(now()))
            demand = replace(demand, mixed=text("mixed", 3) == "yes", stop_rules=_stop_rules(demand))
            made.append(
                optimising.ask(
                    session, plan_id, demand, mode=text("mode", 20), effort=text("effort", 10) or "usual", base=base,
                    pupil_cents=_cents(price), reserve=whole(text("reserve", 3) or "0"), bells=_bells(),
                    variants=text("variants", 3) == "yes", by=me(),
                    now=now(),
                )
            )  # fmt: skip

    if refused(act):
        return redirect(url_for("school_plans.plan", plan_id=plan_id), 303)
    return redirect(url_for("school_plans.follow", job_id=made[0]), 303)


def _stop_rules(demand: Demand) -> StopRules:
    return rules_written(
        demand, least=whole(text("stop_least", 3) or "0"), apart_m=whole(text("stop_apart", 5) or "0"),
        forbidden=text("stop_forbidden", 20_000), obligatory=text("stop_obligatory", 20_000),
    )  # fmt: skip


def _bells() -> tuple[int, int] | None:
    """How many schools may move, and by how many minutes; None when none may."""
    schools = whole(text("bell_schools", 3) or "0")
    return (schools, whole(text("bell_minutes", 2) or "0")) if schools else None


def _cents(euros: str) -> int:
    """Euros as typed, in cents. Raises InvalidInput("scolaire.search_price")."""
    if not euros:
        return 0
    whole, _dot, part = euros.partition(".")
    if not (
        whole.isascii() and whole.isdigit() and len(part) <= 2 and (not part or (part.isascii() and part.isdigit()))
    ):
        raise InvalidInput("scolaire.search_price")
    return int(whole) * 100 + int((part or "0").ljust(2, "0"))


@bp.get("/recherches/<job_id>")
@requires(PLAN)
def follow(job_id: str) -> ResponseReturnValue:
    """How far a search is; it goes on when the page is closed."""
    with reading(services().engine) as session:
        job = jobs.find_job(session, job_id)
        candidate = store.find_candidate(session, job_id)
        if job is None or job.name != optimising.JOB or candidate is None:
            raise NotFound("scolaire.unknown_search")
        plan = store.get_plan(session, candidate.plan)
        made = [each for each in store.versions(session, plan.id) if each.job == job_id]
        base = job.params.get("base")
        started = store.get_version(session, str(base)) if base else None
    phase, half, buses, bound = optimising.read_progress(job.progress_text)
    return render_template(
        "scolaire/plan_search.html", job=job, plan=plan, made=made, base=started, candidate=candidate,
        phase=phase_words().get(phase, ""), half=half_name(half) if half else "", buses=buses,
        bound=float(bound) if bound else None, variant_words=variant_words(), constraint_words=constraint_words(),
        numbers={each.id: each.number for each in made},
        running=job.state in (jobs.State.QUEUED, jobs.State.RUNNING, jobs.State.CANCELLING),
        outcome=sentence(job.outcome) if job.outcome is not None else "",
    )  # fmt: skip


def phase_words() -> dict[str, str]:
    """What a search is doing."""
    return {
        "start": _("lecture de la demande"),
        "stops": _("choix des arrêts"),
        "first": _("premières tournées"),
        "half": _("demi-journée suivante"),
        "routes": _("tournées de chaque établissement"),
        "prices": _("tournées qui profitent des cars des autres"),
        "choice": _("enchaînement des cars"),
        "bells": _("heures des établissements"),
        "mixed": _("élèves de plusieurs établissements dans un car"),
        **{f"variant_{name}": words for name, words in variant_words().items()},
        **{f"without_{name}": words for name, words in constraint_words().items()},
        "done": _("fin"),
    }


def constraint_words() -> dict[str, str]:
    """What is loosened to know what it costs."""
    return {
        "ride": _("dix minutes de plus pour le plafond de trajet"),
        "hours": _("une heure de plus pour les cars et les conducteurs"),
        "locks": _("sans aucun verrou"),
        "stops": _("sans règle d’arrêts"),
        "reserve": _("sans place gardée libre"),
    }


def variant_words() -> dict[str, str]:
    """What each of several plans puts first."""
    return {
        "buses": _("le moins de cars"),
        "ride_85": _("trajets à 85 % du plafond au plus"),
        "ride_70": _("trajets à 70 % du plafond au plus"),
        "walk": _("arrêts les plus proches"),
        "safe": _("horaires les plus sûrs"),
    }


@bp.post("/recherches/<job_id>/arreter")
@requires(PLAN)
def stop_search(job_id: str) -> ResponseReturnValue:
    """Stops a search; the best plan that was checked becomes a version."""

    def act() -> None:
        with writing() as session:
            if store.find_candidate(session, job_id) is None:
                raise NotFound("scolaire.unknown_search")
            jobs.cancel(session, job_id, now())
        flash(_("La recherche s’arrête ; le meilleur plan vérifié est gardé."), "good")

    refused(act)
    return redirect(url_for("school_plans.follow", job_id=job_id), 303)

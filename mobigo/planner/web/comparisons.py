"""A scenario compared with what runs: asked for, followed while it is worked out, shown, printed, taken away as CSV."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import orjson
from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.errors import NotFound
from mobigo.base.geo import Point
from mobigo.infra import auth, formats, jobs
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import current_language, ngettext, sentence
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services
from mobigo.network.store import scenarios as store
from mobigo.planner.engine.doors import position_of
from mobigo.planner.rules.compared import COMPARISON, Effect, effects, headlines
from mobigo.planner.web import bp
from mobigo.planner.web.asked import endpoint_of
from mobigo.planner.web.here import pinned
from mobigo.planner.web.scenarios import scenario_page

STUDY = Permission.NETWORK_STUDY
HOUR: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
MINUTES: Final = (30, 60, 90, 120)
STEP_MIN: Final = 10
COMMUNES_SHOWN: Final = 200


@bp.post("/etudes/scenarios/<scenario_id>/comparer")
@requires(STUDY, everywhere=True)
def compare(scenario_id: str) -> ResponseReturnValue:
    """Ask for the comparison. Raises NotFound."""
    form, errors = request.form, {}
    with reading(services().engine) as session:
        store.get(session, scenario_id)
    day, since, until = form.get("date", ""), form.get("since", ""), form.get("until", "")
    try:
        date.fromisoformat(day)
    except ValueError:
        errors["date"] = _("Choisissez un jour.")
    for name, text in (("since", since), ("until", until)):
        if not HOUR.fullmatch(text):
            errors[name] = _("Écrivez une heure, par exemple 8:05.")
    if not errors and _clock(until) < _clock(since):
        errors["until"] = _("La dernière heure est avant la première.")
    if not errors and (_minutes(until) - _minutes(since)) > 8 * 60:
        errors["until"] = _("Comparez 8 h au plus à la fois.")
    with pinned() as here:
        text = " ".join(form.get("place", "").split())
        place, _others = here.places.resolve(text)
        if place is None and _others:
            place = _others[0].place
        endpoint = None if place is None else endpoint_of(place, here.places)
        point: Point | None = None if endpoint is None else position_of(here.live.timetable, endpoint)
    if point is None:
        errors["place"] = _("Aucun arrêt ni commune ne s’appelle « %(text)s ».") % {"text": text}
    if errors or point is None or endpoint is None:
        return scenario_page(scenario_id, errors, 422)
    minutes = form.get("minutes", "")
    params = {
        "scenario": scenario_id, "day": day, "since": _clock(since), "until": _clock(until), "step_min": STEP_MIN,
        "place": endpoint.name, "lat": point.lat, "lon": point.lon,
        "minutes": int(minutes) if minutes in {str(each) for each in MINUTES} else 60,
    }  # fmt: skip
    with transaction(services().engine) as session:
        job = jobs.enqueue(session, COMPARISON, params, auth.signed_in().subject, now())
    return redirect(url_for("planner.comparison", job_id=job), 303)


def _clock(text: str) -> str:
    return text.rjust(5, "0")


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return 60 * int(hours) + int(minutes)


@dataclass(frozen=True, slots=True)
class Told:
    """A comparison that is done."""

    document: dict[str, Any]
    effects: list[Effect]


@bp.get("/etudes/comparaisons/<job_id>")
@requires(STUDY, everywhere=True)
def comparison(job_id: str) -> ResponseReturnValue:
    """How far it is; then what changes, in words, tables and a map. Raises NotFound."""
    job = find(job_id, COMPARISON)
    told = document_of(job)
    parts: dict[str, Any] = {}
    if told is not None:
        from mobigo.planner.export.compared import compared_of

        found = compared_of(told["access"])
        each_effect = effects(found)
        parts = {
            "doc": told,
            "effects": each_effect,
            "sentences": sentences(each_effect, told),
            "communes": _changed(found)[:COMMUNES_SHOWN],
            "changed": len(_changed(found)),
            "found": found,
        }
    page = render_template(
        "planner/comparison.html", job=job, running=not job.ended, kinds=kind_words(), weekday=_weekday,
        sentence=sentence, day_of=date.fromisoformat, **parts,
    )  # fmt: skip
    return page, 200, {"Cache-Control": "private, no-store"}


@bp.get("/etudes/comparaisons/<job_id>/communes.csv")
@requires(STUDY, everywhere=True)
def comparison_csv(job_id: str) -> ResponseReturnValue:
    """What each commune reaches, for a spreadsheet. Raises NotFound."""
    from mobigo.planner.export.compared import access_csv, compared_of

    told = document_of(find(job_id, COMPARISON))
    if told is None:
        raise NotFound("planner.no_such_study")
    heads = (_("Code INSEE"), _("Commune"), _("Habitants"))
    text = access_csv(compared_of(told["access"]), heads, kind_words(), (_("aujourd’hui"), _("scénario")))
    return csv_answer("\ufeff" + text, f"comparaison-{told['day']}.csv")


@bp.post("/etudes/travaux/<job_id>/arreter")
@requires(STUDY, everywhere=True)
def study_stop(job_id: str) -> ResponseReturnValue:
    """Stop a comparison or a matrix. Raises NotFound, Conflict for one that ended."""
    job = find(job_id, None)
    with transaction(services().engine) as session:
        jobs.cancel(session, job_id, now())
    if job.name == COMPARISON:
        return redirect(url_for("planner.comparison", job_id=job_id), 303)
    return redirect(url_for("planner.matrices"), 303)


def find(job_id: str, name: str | None) -> jobs.Job:
    """The study of this id. Raises NotFound for what is none."""
    from mobigo.planner.web.matrices import MATRIX

    with reading(services().engine) as session:
        job = jobs.find_job(session, job_id)
    if job is None or job.name not in ((COMPARISON, MATRIX) if name is None else (name,)):
        raise NotFound("planner.no_such_study")
    return job


def content_of(job: jobs.Job) -> bytes | None:
    """What a study made; None while it made nothing, or when it is no longer kept."""
    digest = None if job.outcome is None or job.state is not jobs.State.DONE else job.outcome.params.get("sha256")
    if not isinstance(digest, str):
        return None
    try:
        return services().blobs.read(digest)
    except NotFound:
        return None


def document_of(job: jobs.Job) -> dict[str, Any] | None:
    """A comparison's document, if it is of this format."""
    from mobigo.planner.export.compared import FORMAT

    content = content_of(job)
    document = None if content is None else orjson.loads(content)
    return document if document is not None and document.get("format") == FORMAT else None


def csv_answer(text: str | bytes, name: str) -> Response:
    """A CSV to keep."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(text, mimetype="text/csv", headers=headers)


# ---------------------------------------------------------------- words


def kind_words() -> dict[str, str]:
    """What is reached."""
    return {
        "people": _("habitants"), "jobs": _("emplois"), "college": _("collèges"), "lycee": _("lycées"),
        "care": _("lieux de soin"),
    }  # fmt: skip


def _one(kind: str) -> str:
    return {"college": _("un collège"), "lycee": _("un lycée"), "care": _("un lieu de soin")}[kind]


def _weekday(day: date) -> str:
    return formats.day(day, current_language(), year=True)


def sentences(found: list[Effect], document: dict[str, Any]) -> list[str]:
    """What changes, in words, the most telling first; one sentence when nothing does."""
    day = _weekday(date.fromisoformat(document["day"]))
    said = []
    for what, effect in headlines(found):
        within = formats.duration(effect.minutes * 60, current_language())
        parts = {"within": within, "day": day}
        if what == "first":
            words = ngettext(
                "%(num)s commune (%(people)s habitants) gagne un accès à %(one)s en %(within)s : %(day)s.",
                "%(num)s communes (%(people)s habitants) gagnent un accès à %(one)s en %(within)s : %(day)s.",
                effect.first, **parts, people=_number(effect.first_people), one=_one(effect.kind),
            )  # fmt: skip
        elif what == "lost":
            words = ngettext(
                "%(num)s commune (%(people)s habitants) n’a plus accès à %(one)s en %(within)s : %(day)s.",
                "%(num)s communes (%(people)s habitants) n’ont plus accès à %(one)s en %(within)s : %(day)s.",
                effect.lost, **parts, people=_number(effect.lost_people), one=_one(effect.kind),
            )  # fmt: skip
        elif what == "more":
            words = ngettext(
                "%(num)s commune (%(people)s habitants) atteint plus d’%(kind)s en %(within)s : %(day)s.",
                "%(num)s communes (%(people)s habitants) atteignent plus d’%(kind)s en %(within)s : %(day)s.",
                effect.more, **parts, people=_number(effect.more_people), kind=kind_words()[effect.kind],
            )  # fmt: skip
        else:
            words = ngettext(
                "%(num)s commune (%(people)s habitants) atteint moins d’%(kind)s en %(within)s : %(day)s.",
                "%(num)s communes (%(people)s habitants) atteignent moins d’%(kind)s en %(within)s : %(day)s.",
                effect.less, **parts, people=_number(effect.less_people), kind=kind_words()[effect.kind],
            )  # fmt: skip
        said.append(words)
    if not said:
        said.append(
            _("Rien ne change pour les communes : %(day)s, à ces heures, on atteint la même chose.") % {"day": day}
        )
    return said


def _number(value: int) -> str:
    return formats.number(value, current_language())


def _changed(found: Any) -> list[tuple[Any, Any, Any]]:
    """(commune, before, after) of the communes that reach something else, those with most people first."""
    rows = [
        (commune, found.before[n], found.after[n])
        for n, commune in enumerate(found.communes)
        if (found.before[n] != found.after[n]).any()
    ]
    return sorted(rows, key=lambda row: (-row[0].population, row[0].insee))

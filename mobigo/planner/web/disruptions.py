"""What disturbs the network: the page for travellers, the desk where agents write, and who asks to be told."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as Answer

from mobigo.base.errors import InvalidInput, MobigoError
from mobigo.infra import auth, ratelimit
from mobigo.infra.auth import Permission, public, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.http_errors import status_of
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services
from mobigo.network.model.disruptions import CAUSES, EFFECTS, Disruption
from mobigo.network.service import disruptions as service
from mobigo.network.store import disruptions as store
from mobigo.planner.export import names, today
from mobigo.planner.export.journeys import notice_json
from mobigo.planner.export.offered import lines_named
from mobigo.planner.web import bp
from mobigo.planner.web.asked import label
from mobigo.planner.web.here import Here, pinned, pinned_today, regional_stops
from mobigo.planner.web.shown import age_words, line_styles, shown_notices

OVER_SHOWN = 20


@dataclass(frozen=True)
class ShownDisruption:
    """A disruption with its lines and stops by name."""

    it: Disruption
    title: str
    text: str
    lines: tuple[names.Line, ...]
    stops: tuple[str, ...]
    is_coming: bool


@bp.get("/perturbations")
@public
def disruptions() -> ResponseReturnValue:
    """What goes on, what is coming, and what operators say; and the form to be told."""
    return _public_page({}, 200)


def _public_page(errors: dict[str, str], status: int) -> tuple[str, int]:
    with pinned_today() as here:
        with reading(services().engine) as session:
            found = store.list_current(session, here.now)
        shown = [_shown(here, each) for each in found]
        own = {each.id for each in found}
        heard = () if here.live.today is None else here.live.today.notices
        said = [each for each in heard if each.alert.id not in own and each.alert.active(int(here.now.timestamp()))]
        page = render_template(
            "planner/disruptions.html",
            shown=shown,
            said=shown_notices(said),
            age=age_words(here.live),
            errors=errors,
            given=request.form,
            line=request.form.get("line", request.args.get("ligne", "")),
            styles=line_styles([line for each in shown for line in each.lines]),
        )
    return page, status


def _shown(here: Here, each: Disruption) -> ShownDisruption:
    lines, rows = names.lines_of(here.live), names.line_rows(here.live)
    stops = [place.name for id_ in each.stops if (place := here.places.by_id(id_)) is not None]
    language = current_language()
    title, text = {"fr": each.title, "en": each.title_en}, {"fr": each.text, "en": each.text_en}
    return ShownDisruption(
        each,
        today.text_of(title, language),
        today.text_of(text, language),
        tuple(lines[rows[id_]] for id_ in each.lines if id_ in rows),
        tuple(stops),
        each.first_at > here.now,
    )


@bp.get("/perturbations.pb")
@public
def disruptions_realtime() -> Response:
    """The same for programs: GTFS Realtime, Alerts. Lines and stops are named as in the regional GTFS, `feed:route_id`
    and `feed:stop_id`: a place is told by each of its stops; without a network, by its own id. The header names the
    version of that GTFS which is published."""
    told = services().timetable_version
    with regional_stops() as stops_of, reading(services().engine) as session:
        version = "" if told is None else told(session)
        data = service.published(session, now(), stops_of, feed_version=version)
    return Response(data, mimetype="application/x-protobuf", headers={"Cache-Control": "public, max-age=30"})


@bp.get("/perturbations.json")
@public
def disruptions_json() -> ResponseReturnValue:
    """The same in JSON: ours, and what operators say."""
    with pinned_today() as here:
        heard = () if here.live.today is None else here.live.today.notices
        active = [each for each in heard if each.alert.active(int(here.now.timestamp()))]
        return jsonify({"notices": [notice_json(each) for each in active]})


# ---------------------------------------------------------------- the desk


@bp.get("/perturbations/gestion")
@requires(Permission.DISRUPTIONS_WRITE, everywhere=True)
def disruptions_desk() -> ResponseReturnValue:
    """All that is going on or coming, what is over, and where to write."""
    with pinned() as here, reading(services().engine) as session:
        current = [_shown(here, each) for each in store.list_current(session, here.now)]
        over = [_shown(here, each) for each in store.list_over(session, here.now, OVER_SHOWN)]
        styles = line_styles([line for each in (*current, *over) for line in each.lines])
        return render_template("planner/disruptions_desk.html", current=current, over=over, styles=styles)


@bp.get("/perturbations/gestion/nouvelle")
@requires(Permission.DISRUPTIONS_WRITE, everywhere=True)
def disruption_new() -> ResponseReturnValue:
    """The form of a new one."""
    given = {"first": _local_text(now()), "effect": EFFECTS[0], "cause": CAUSES[-1], "tell": "1"}
    return _form(given, {}, 200)


@bp.get("/perturbations/gestion/<disruption>")
@requires(Permission.DISRUPTIONS_WRITE, everywhere=True)
def disruption_edit(disruption: str) -> ResponseReturnValue:
    """The form of one that is there. Raises NotFound."""
    with reading(services().engine) as session:
        found = store.get(session, disruption)
    with pinned() as here:
        stops = [label(place) for id_ in found.stops if (place := here.places.by_id(id_)) is not None]
    given = {
        "title": found.title, "text": found.text, "title_en": found.title_en, "text_en": found.text_en,
        "effect": found.effect, "cause": found.cause, "lines": "\n".join(found.lines), "stops": "\n".join(stops),
        "first": _local_text(found.first_at), "last": "" if found.last_at is None else _local_text(found.last_at),
    }  # fmt: skip
    return _form(given, {}, 200, found.id)


@bp.post("/perturbations/gestion/nouvelle", endpoint="disruption_write")
@bp.post("/perturbations/gestion/<disruption>", endpoint="disruption_rewrite")
@requires(Permission.DISRUPTIONS_WRITE, everywhere=True)
def disruption_write(disruption: str = "") -> ResponseReturnValue:
    """Write it: it is on the pages within seconds."""
    errors: dict[str, str] = {}
    with pinned() as here:
        read = _read(here, disruption, errors)
    if not errors and read is not None:
        try:
            with transaction(services().engine) as session:
                if disruption:
                    read = _dated(read, store.get(session, disruption))
                tell = request.form.get("tell") == "1"
                actor = auth.signed_in().subject
                service.write(session, services().config, read, actor=actor, now=now(), tell=tell)
        except InvalidInput as error:
            fields = {"disruptions.bad_title": "title", "disruptions.bad_text": "text", "disruptions.bad_end": "last"}
            errors[fields.get(error.decision.code, "title")] = sentence(error.decision)
    if errors:
        return _form(request.form.to_dict(), errors, 422, disruption)
    flash(_("C’est publié : pages, panneaux et données le disent dès maintenant."), "good")
    return redirect(url_for("planner.disruptions_desk"), 303)


@bp.post("/perturbations/gestion/<disruption>/fin")
@requires(Permission.DISRUPTIONS_WRITE, everywhere=True)
def disruption_end(disruption: str) -> ResponseReturnValue:
    """It is over. Raises NotFound."""
    with transaction(services().engine) as session:
        service.end(session, disruption, actor=auth.signed_in().subject, now=now())
    flash(_("C’est noté : plus rien ne l’annonce."), "good")
    return redirect(url_for("planner.disruptions_desk"), 303)


def _form(given: dict[str, str], errors: dict[str, str], status: int, disruption: str = "") -> tuple[str, int]:
    page = render_template(
        "planner/disruption_form.html",
        given=given,
        errors=errors,
        disruption=disruption,
        effects=[(code, words) for code, words in effect_words().items()],
        causes=[(code, words) for code, words in cause_words().items()],
    )
    return page, status


def _read(here: Here, disruption: str, errors: dict[str, str]) -> Disruption | None:
    """The form as a value; what is wrong with it goes to `errors`."""
    form = {key: " ".join(value.split()) for key, value in request.form.items() if key not in ("text", "text_en")}
    lines = [_line(here, text, errors) for text in _texts("lines")]
    stops = [_stop(here, text, errors) for text in _texts("stops")]
    first, last = _instant(form.get("first", ""), here.zone), _instant(form.get("last", ""), here.zone)
    if first is None:
        errors["first"] = _("Écrivez un jour et une heure, par exemple 24/11/2026 8:05.")
    if last is None and form.get("last"):
        errors["last"] = _("Écrivez un jour et une heure, par exemple 24/11/2026 8:05.")
    if first is None or errors:
        return None
    return Disruption(
        disruption, form.get("title", ""), request.form.get("text", "").strip(), form.get("title_en", ""),
        request.form.get("text_en", "").strip(), form.get("effect", ""), form.get("cause", ""),
        tuple(dict.fromkeys(lines)), tuple(dict.fromkeys(stops)), first, last, here.now, here.now,
    )  # fmt: skip


def _dated(read: Disruption, before: Disruption) -> Disruption:
    return replace(read, written_at=before.written_at, ended_at=before.ended_at)


def _texts(name: str) -> list[str]:
    return [text for each in re.split(r"[\n;]", request.form.get(name, "")) if (text := " ".join(each.split()))]


def _line(here: Here, text: str, errors: dict[str, str]) -> str:
    found = lines_named(here.live, text)
    if len(found) == 1:
        return found[0].id
    if found:
        ids = ", ".join(f"{line.id} ({line.long_name or line.label})" for line in found[:5])
        errors["lines"] = _("Plusieurs lignes s’appellent « %(text)s » : %(ids)s.") % {"text": text, "ids": ids}
    else:
        errors["lines"] = _("Aucune ligne ne s’appelle « %(text)s ».") % {"text": text}
    return ""


def _stop(here: Here, text: str, errors: dict[str, str]) -> str:
    place, others = here.places.resolve(text)
    if place is not None and place.stops:
        return place.id
    known = ", ".join(label(other.place) for other in others[:5] if other.place.stops)
    if known:
        errors["stops"] = _("Quel arrêt est « %(text)s » ? Peut-être : %(known)s.") % {"text": text, "known": known}
    else:
        errors["stops"] = _("Aucun arrêt ne s’appelle « %(text)s ».") % {"text": text}
    return ""


def _instant(text: str, zone: ZoneInfo) -> datetime | None:
    """`2026-11-24T08:05`, or as people write it; None for what is none."""
    match = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::\d\d)?", text)
    parts = [int(part) for part in match.groups()] if match else None
    if parts is None and (match := re.fullmatch(r"(\d\d?)/(\d\d?)/(\d{4}) (\d\d?)[:h](\d\d)", text)):
        day, month, year, hour, minute = (int(part) for part in match.groups())
        parts = [year, month, day, hour, minute]
    try:
        return None if parts is None else datetime(*parts, tzinfo=zone)  # type: ignore[misc,arg-type]  # five numbers
    except ValueError:
        return None


def _local_text(instant: datetime) -> str:
    return f"{instant.astimezone(ZoneInfo(services().config.zone)):%Y-%m-%dT%H:%M}"


# ---------------------------------------------------------------- to be told


@bp.post("/perturbations/suivre")
@public
def disruptions_follow() -> ResponseReturnValue:
    """Send the message that asks the address to confirm. The answer is the same whatever the address."""
    address, text = request.form.get("address", "").strip(), " ".join(request.form.get("line", "").split())
    errors: dict[str, str] = {}
    counters = ratelimit.attempts()
    with pinned() as here:
        line_id = _line(here, text, errors) if text else ""
        name = names.lines_of(here.live)[names.line_rows(here.live)[line_id]].label if line_id else ""
    if errors:
        return _public_page({"line": errors["lines"]}, 422)
    try:
        counters.count("disruptions.follow", ratelimit.MAIL_BY_ADDRESS, ratelimit.address())
        counters.count("disruptions.follow.mail", ratelimit.MAIL_BY_RECIPIENT, address.lower())
        with transaction(services().engine) as session:
            service.ask(
                session, services().config, line=line_id, line_name=name, address=address,
                language=current_language(), now=now(),
            )  # fmt: skip
    except MobigoError as error:
        return _public_page({"address": sentence(error.decision)}, status_of(error))
    flash(_("Un message est parti à cette adresse : ouvrez son lien pour confirmer."), "good")
    return redirect(url_for("planner.disruptions"), 303)


@bp.get("/perturbations/suivre/<follower>/<token>")
@public
def disruptions_followed(follower: str, token: str) -> ResponseReturnValue:
    """The page of a link: confirm, or stop. Reading it changes nothing: mail scanners read it first."""
    with reading(services().engine) as session:
        found = service.known(session, services().config, follower, token)
    return render_template("planner/disruptions_followed.html", found=found)


@bp.post("/perturbations/suivre/<follower>/<token>")
@public
def disruptions_confirm(follower: str, token: str) -> Answer:
    """Confirm, or stop (`fin`)."""
    with transaction(services().engine) as session:
        service.known(session, services().config, follower, token)
        if request.form.get("fin") == "1":
            store.drop_follower(session, follower)
        else:
            store.confirm_follower(session, follower, now())
    if request.form.get("fin") == "1":
        flash(_("Vous ne serez plus prévenu ; votre adresse est oubliée."), "good")
        return redirect(url_for("planner.disruptions"), 303)
    flash(_("C’est confirmé."), "good")
    return redirect(url_for("planner.disruptions_followed", follower=follower, token=token), 303)


def effect_words() -> dict[str, str]:
    """What travellers meet, in words."""
    return {
        "REDUCED_SERVICE": _("Moins de départs"), "SIGNIFICANT_DELAYS": _("Retards importants"),
        "NO_SERVICE": _("Ne circule pas"), "DETOUR": _("Déviation"), "STOP_MOVED": _("Arrêt déplacé"),
        "MODIFIED_SERVICE": _("Horaires modifiés"), "ADDITIONAL_SERVICE": _("Départs supplémentaires"),
        "ACCESSIBILITY_ISSUE": _("Accès difficile en fauteuil ou poussette"), "OTHER_EFFECT": _("Autre"),
    }  # fmt: skip


def cause_words() -> dict[str, str]:
    """Why, in words."""
    return {
        "CONSTRUCTION": _("Travaux"), "STRIKE": _("Grève"), "ACCIDENT": _("Accident"),
        "TECHNICAL_PROBLEM": _("Panne"), "WEATHER": _("Météo"), "DEMONSTRATION": _("Manifestation"),
        "HOLIDAY": _("Jour férié"), "MAINTENANCE": _("Entretien"),
        "POLICE_ACTIVITY": _("Intervention des forces de l’ordre"),
        "MEDICAL_EMERGENCY": _("Secours à une personne"), "OTHER_CAUSE": _("Autre"), "UNKNOWN_CAUSE": _("Inconnue"),
    }  # fmt: skip

"""A new version of a service: what an administrator changes, in force from a day on. What was promised under the former
version stays as it was."""

from copy import deepcopy
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.errors import InvalidInput
from mobigo.base.instants import paris_day
from mobigo.infra import auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services
from mobigo.tad.export.drawn import drawn_zones
from mobigo.tad.rules.zones import BOUNDS, geojson_of, zones_of
from mobigo.tad.service import services as catalogue
from mobigo.tad.store import services as store
from mobigo.tad.web import bp
from mobigo.tad.web.forms import Faults, day_of, text, writing

PLAIN = ("name", "operator", "phone", "phone_hours", "source")


@bp.get("/tad/agents/<code>/modifier")
@requires(Permission.TAD_EDIT)
def edit(code: str) -> ResponseReturnValue:
    """The version in force, and the form of the next one."""
    return _edit_page(code, Faults())


@bp.post("/tad/agents/<code>/modifier")
@requires(Permission.TAD_EDIT)
def edit_now(code: str) -> ResponseReturnValue:
    """The next version."""
    faults, instant = Faults(), now()
    with faults.caught(), writing() as session:
        row = store.version_on(session, code, paris_day(instant))
        document = changed_document(row.document)
        catalogue.publish(
            session, document, organisation=row.organisation, by=auth.signed_in().subject, now=instant
        )  # fmt: skip
    if faults:
        return _edit_page(code, faults)
    flash(_("La nouvelle version est enregistrée. Les jours déjà réservés gardent la leur."), "good")
    return redirect(url_for("tad.edit", code=code), 303)


def changed_document(before: dict[str, Any]) -> dict[str, Any]:
    """The document in force with what the form changes. Raises InvalidInput("tad.bad_service", "tad.bad_day")."""
    made = deepcopy(before)
    for name in PLAIN:
        made[name] = text(name, 300)
    made["first_day"] = day_of("first_day").isoformat()
    made["last_day"] = day_of("last_day").isoformat() if text("last_day") else None
    made["closed_days"] = sorted(set(text("closed_days", 2_000).replace(",", " ").split()))
    zones = zones_of(request.form.get("zones", ""))
    if zones or "zones" in before:
        made["zones"] = zones
    made["stops"] = _lines("stops", ("id", "name", "lat", "lon"))
    made["vehicles"] = _lines("vehicles", ("id", "name", "seats", "wheelchairs", "lat", "lon"))
    made["fares"] = _lines("fares", ("rider", "cents"))
    made["windows"] = [
        {"weekdays": [int(day) for day in each["weekdays"]], "since": each["since"], "until": each["until"]}
        for each in _lines("windows", ("weekdays", "since", "until"))
    ]
    made["booking"] = before["booking"] | {
        "kind": text("kind"), "minutes": text("minutes") or 0, "days": text("days") or 0,
        "at": text("at") or "17:00", "ahead_days": text("ahead_days") or 30,
    }  # fmt: skip
    made["promise"] = before["promise"] | {
        name: text(name) or 0 for name in ("wait_min", "detour_pct", "detour_min")
    }  # fmt: skip
    return made


def _lines(name: str, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """A list typed one thing a line, its parts between semicolons. Raises InvalidInput("tad.bad_line", line)."""
    found = []
    for number, line in enumerate(request.form.get(name, "").splitlines(), 1):
        parts = [each.strip() for each in line.split(";")]
        if parts == [""]:
            continue
        if len(parts) != len(columns):
            raise InvalidInput("tad.bad_line", line=number, expected=" ; ".join(columns))
        found.append(dict(zip(columns, parts, strict=True)))
    return found


def _edit_page(code: str, faults: Faults) -> ResponseReturnValue:
    with reading(services().engine) as session:
        row = store.version_on(session, code, paris_day(now()))
        versions = store.history(session, code)
    given: dict[str, Any] = row.document

    def lines(key: str, *names: str) -> str:
        return "\n".join(" ; ".join(str(each.get(name, "")) for name in names) for each in given.get(key, ()))

    kept = {
        "stops": lines("stops", "id", "name", "lat", "lon"),
        "vehicles": lines("vehicles", "id", "name", "seats", "wheelchairs", "lat", "lon"),
        "fares": lines("fares", "rider", "cents"),
        "windows": "\n".join(
            f"{''.join(map(str, each.get('weekdays') or range(7)))} ; {each['since']} ; {each['until']}"
            for each in given["windows"]
        ),
        "zones": geojson_of(catalogue.get_version_value(row).zones),
        "closed_days": " ".join(map(str, given.get("closed_days", ()))),
        "first_day": paris_day(now()).isoformat(), "last_day": given.get("last_day") or "",
        **{name: given.get(name, "") for name in PLAIN}, **given["booking"], **given["promise"],
    }  # fmt: skip
    typed = {name: request.form.get(name, value) for name, value in kept.items()}
    own = catalogue.get_version_value(row)
    page = render_template(
        "tad/edit.html", service=own, typed=typed, errors=faults.by_field, bounds=BOUNDS,
        picture=drawn_zones(own.zones, [(each.name, each.point) for each in own.stops], _("Les zones et les arrêts")),
        versions=[catalogue.get_version_value(each) for each in versions],
    )  # fmt: skip
    return page, faults.status if faults else 200

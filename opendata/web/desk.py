"""The desk of those who publish: what waits for somebody, and what each may do about it. Nothing here is public."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from mobigo.base.errors import InvalidInput, MobigoError, NotFound
from mobigo.base.instants import paris_day
from mobigo.infra import accounts, auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import gettext, sentence
from mobigo.infra.jobs import enqueue
from mobigo.infra.web import services
from opendata.model.editions import State
from opendata.rules import publishing as rules
from opendata.service import governance, showing
from opendata.store import checks as check_store
from opendata.store import files, versions
from opendata.web import bp, words

WAITING = (State.DRAFT, State.CHECKED, State.APPROVED, State.FAULTY)


@bp.get("/donnees/gestion")
@requires(Permission.OPENDATA_APPROVE)
def desk() -> ResponseReturnValue:
    """What waits: versions to approve or publish, those refused, addresses held, waivers that end."""
    today = paris_day(now())
    with reading(services().engine) as session:
        kept = {each.code: each for each in versions.list_datasets(session)}
        waiting = [each for each in versions.list_in_state(session, WAITING) if each.dataset in kept]
        held = [p for p in versions.list_pointers(session).values() if p.held and p.dataset in kept]
        waivers = check_store.list_waivers(session, on=today)
    return render_template(
        "opendata/desk.html", kept=kept, waiting=_newest(waiting), held=held, waivers=waivers, words=words,
        may_publish=auth.signed_in().may(Permission.OPENDATA_PUBLISH),
    )  # fmt: skip


def _newest(waiting: list[Any]) -> list[Any]:
    """The last version of each dataset in each state: an older draft waits for nobody."""
    last = {(each.dataset, each.state): each for each in waiting}
    return sorted(last.values(), key=lambda each: each.id)


@bp.post("/donnees/gestion")
@requires(Permission.OPENDATA_PUBLISH)
def make() -> ResponseReturnValue:
    """Have everything made and published that may be, or one dataset (`dataset`), by a job."""
    dataset = request.form.get("dataset", "").strip()
    who = auth.signed_in().subject
    params: dict[str, object] = {"by": who, "datasets": [dataset]} if dataset else {}
    with transaction(services().engine) as session:
        enqueue(session, "opendata.publish", params, who, now())
    flash(gettext("La publication a commencé."), "good")
    return redirect(url_for("opendata.desk"), 303)


@bp.get("/donnees/gestion/jeux/<code>")
@requires(Permission.OPENDATA_APPROVE)
def desk_dataset(code: str) -> ResponseReturnValue:
    """One dataset: its versions, public or not, what may be done with what it shows."""
    return _dataset_page(code, {}, 200)


def _dataset_page(code: str, errors: dict[str, str], status: int) -> tuple[str, int]:
    with reading(services().engine) as session:
        shown = showing.dataset(session, code, now())
        found = versions.list_versions(session, code, limit=30)
        waivers = check_store.list_waivers(session, code)
    page = render_template(
        "opendata/desk_dataset.html", shown=shown, found=found, waivers=waivers, words=words, errors=errors,
        today=paris_day(now()), may_publish=auth.signed_in().may(Permission.OPENDATA_PUBLISH), given=request.form,
    )  # fmt: skip
    return page, status


@bp.get("/donnees/gestion/versions/<version_id>")
@requires(Permission.OPENDATA_APPROVE)
def desk_version(version_id: str) -> ResponseReturnValue:
    """One version, public or not: its files to read, what judges and people said of it."""
    return _version_page(version_id, {}, 200)


def _version_page(version_id: str, errors: dict[str, str], status: int) -> tuple[str, int]:
    who = auth.signed_in()
    with reading(services().engine) as session:
        version = versions.get_version(session, version_id)
        shown = showing.dataset(session, version.dataset, now())
        checks = check_store.of_version(session, version_id)
        approvals = versions.list_approvals(session, version_id)
        people = {each.by for each in approvals if each.by is not None}
        names = {subject: _name(session, subject) for subject in people}
    declared = shown.kept.declared
    waivers = [waiver for _id, dataset, waiver in _waivers(version.dataset)]
    heard = [(check, required) for check, required, _at in checks]
    against = rules.blocking(heard, waivers, paris_day(now()))
    against += rules.missing_judges(declared, (check for check, _required in heard))
    may_publish = who.may(Permission.OPENDATA_PUBLISH)
    page = render_template(
        "opendata/desk_version.html",
        shown=shown, version=version, checks=checks, approvals=approvals, words=words, errors=errors, names=names,
        against=[sentence(each) for each in against],
        previews={file.name: showing.preview(services().config.home, shown.kept, file) for file in version.files},
        no_approval=rules.refusal_to_approve(version, declared, who.subject),
        no_publication=rules.refusal_to_publish(version, declared, approvals, who.subject),
        may_publish=may_publish,
    )  # fmt: skip
    return page, status


def _name(session: Session, subject: str) -> str:
    """The name of who said something; their id once the account is closed."""
    try:
        return accounts.profile(session, subject).name or subject
    except NotFound:
        return subject


def _waivers(dataset: str) -> list[Any]:
    with reading(services().engine) as session:
        return check_store.list_waivers(session, dataset, on=paris_day(now()))


@bp.get("/donnees/gestion/versions/<version_id>/fichiers/<name>")
@requires(Permission.OPENDATA_APPROVE)
def desk_file(version_id: str, name: str) -> ResponseReturnValue:
    """A file of a version that is not public yet, to read before saying yes."""
    with reading(services().engine) as session:
        version = versions.get_version(session, version_id)
    file = next((each for each in version.files if each.name == name), None)
    if file is None or version.state is State.WITHDRAWN:
        raise NotFound("opendata.unknown_file", dataset=version.dataset, file=name)
    path = files.contents_of(services().config.home).path(file.sha256)
    response = send_file(path, mimetype=file.media_type, as_attachment=True, download_name=name, etag=file.sha256)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.post("/donnees/gestion/versions/<version_id>/accord")
@requires(Permission.OPENDATA_APPROVE)
def approve(version_id: str) -> ResponseReturnValue:
    """Say yes, or no (`refus`, with a reason)."""
    reason, who = request.form.get("reason", "").strip(), auth.signed_in().subject
    if request.form.get("refus") == "1":
        return _acted(version_id, lambda: governance.reject(services(), version_id, who, now(), reason))
    return _acted(version_id, lambda: governance.approve(services(), version_id, who, now(), reason))


@bp.post("/donnees/gestion/versions/<version_id>/publication")
@requires(Permission.OPENDATA_PUBLISH)
def publish_version(version_id: str) -> ResponseReturnValue:
    """Show this version at its address."""
    reason, who = request.form.get("reason", "").strip(), auth.signed_in().subject
    return _acted(version_id, lambda: governance.publish(services(), version_id, who, now(), reason))


@bp.post("/donnees/gestion/versions/<version_id>/retrait")
@requires(Permission.OPENDATA_PUBLISH)
def withdraw_version(version_id: str) -> ResponseReturnValue:
    """Take this version out of public sight; its label is typed to confirm."""
    reason, who = request.form.get("reason", "").strip(), auth.signed_in().subject

    def act() -> object:
        with reading(services().engine) as session:
            label = versions.get_version(session, version_id).label
        if request.form.get("label", "").strip() != label:
            raise InvalidInput("opendata.type_to_confirm", typed=label)
        return governance.withdraw(services(), version_id, who, now(), reason)

    return _acted(version_id, act)


def _acted(version_id: str, act: Callable[[], object]) -> ResponseReturnValue:
    try:
        act()
    except MobigoError as error:
        return _version_page(version_id, {"reason": sentence(error.decision)}, 422)
    flash(gettext("C’est fait."), "good")
    return redirect(url_for("opendata.desk_version", version_id=version_id), 303)


@bp.post("/donnees/gestion/jeux/<code>")
@requires(Permission.OPENDATA_PUBLISH)
def act_on_dataset(code: str) -> ResponseReturnValue:
    """Roll back, let the address move on again, let a finding stand, or close the dataset (`acte`)."""
    form, who, instant, tools = request.form, auth.signed_in().subject, now(), services()
    reason = form.get("reason", "").strip()
    try:
        match form.get("acte", ""):
            case "retour":
                governance.roll_back(tools, code, who, instant, reason, form.get("label", "").strip() or None)
            case "reprise":
                governance.resume(tools, code, who, instant)
            case "derogation":
                judge, _, rule = form.get("constat", "").partition(":")
                governance.waive(tools, code, judge, rule, _day(form.get("last_day", "")), who, instant, reason)
            case "fermeture":
                if form.get("code", "").strip() != code:
                    raise InvalidInput("opendata.type_to_confirm", typed=code)
                governance.remove(tools, code, who, instant, reason, form.get("replaced_by", "").strip() or None)
            case _:
                raise InvalidInput("opendata.unknown_act")
    except MobigoError as error:
        return _dataset_page(code, {"reason": sentence(error.decision)}, 422)
    flash(gettext("C’est fait."), "good")
    return redirect(url_for("opendata.desk_dataset", code=code), 303)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("opendata.bad_day", given=text[:20]) from None

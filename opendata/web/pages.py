"""The catalogue for people: the list, a dataset, its versions, what its columns mean."""

from typing import Any

from flask import Response, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.errors import NotFound
from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.i18n import current_language, gettext, sentence
from mobigo.infra.web import services
from opendata.export.schema import table_schema
from opendata.model.datasets import Theme
from opendata.model.editions import State, Version
from opendata.rules.publishing import PRIVACY_JUDGE
from opendata.service import changes, showing
from opendata.service.showing import Shown
from opendata.store import checks as check_store
from opendata.store import versions
from opendata.web import bp, catalogues, words
from opendata.web.files import Gone
from opendata.web.rates import freely

VERSIONS_A_PAGE = 50
EVENTS_SHOWN = 8


JUDGES = {
    PRIVACY_JUDGE: words._("audit de confidentialité"),
    "mobigo": words._("règles de Mobigo"),
    "table-schema": words._("schéma de la table"),
    "point-acces-national": words._("règles du point d’accès national"),
    "netex-references": words._("références NeTEx"),
    "netex-xsd": words._("schéma NeTEx"),
    "dcat-shacl": words._("formes DCAT"),
    "mobigo-temps-reel": words._("règles de Mobigo sur le temps réel"),
    "mobigo-gbfs": words._("règles de Mobigo sur le GBFS"),
    "mobigo-siri": words._("règles de Mobigo sur SIRI"),
    "siri-xsd": words._("schéma SIRI"),
}


@bp.context_processor
def _spoken() -> dict[str, Any]:
    return {
        "judge_name": lambda judge: gettext(JUDGES[judge]) if judge in JUDGES else judge,
        "said": lambda declared: declared.said(current_language()),
        "sentence": sentence,
    }


@bp.after_request
def _negotiated(response: Response) -> Response:
    """Two forms at one address: caches are told."""
    if request.endpoint in ("opendata.catalogue", "opendata.dataset"):
        response.vary.add("Accept")
    return response


@bp.get("/donnees")
@public
@freely
def catalogue() -> ResponseReturnValue:
    """Every dataset, or those of a theme (`theme`) or that hold a word (`q`); for who reads RDF, the catalogue."""
    form = catalogues.form_asked()
    if form is not None:
        return catalogues.document(form)
    theme = request.args.get("theme", "")
    asked = request.args.get("q", "").strip()[:80]
    with reading(services().engine) as session:
        found = showing.catalogue(session, now())
    themes = [each for each in Theme if any(shown.kept.declared.theme is each for shown in found)]
    wanted = [each for each in found if theme in ("", each.kept.declared.theme.value) and _holds(each, asked)]
    return render_template(
        "opendata/catalogue.html", found=wanted, total=len(found), themes=themes, theme=theme, asked=asked, words=words
    )


def _holds(shown: Shown, asked: str) -> bool:
    declared = shown.kept.declared
    told = [declared.said(language) for language in ("fr", "en")]
    words_ = (word for each in told for word in (each.title, each.description, *each.keywords))
    text = " ".join((declared.code, *words_)).casefold()
    return all(word in text for word in asked.casefold().split())


@bp.get("/donnees/<code>")
@public
@freely
def dataset(code: str) -> ResponseReturnValue:
    """One dataset: what it is, how fresh, how good, its files, its first rows, how to read it; for who reads RDF, its
    notice. Raises NotFound, Gone."""
    form = catalogues.form_asked()
    with reading(services().engine) as session:
        if form is not None:
            kept = versions.get_dataset(session, code)
            if kept.removed_at is not None:
                return catalogues.tombstone(kept, form)
        shown = _shown(session, code)
        told = showing.events(session, code, limit=EVENTS_SHOWN)
    if form is not None:
        return catalogues.notice(shown, form)
    previews = {}
    if shown.version is not None:
        home = services().config.home
        previews = {file.name: showing.preview(home, shown.kept, file) for file in shown.version.files}
    return render_template(
        "opendata/dataset.html",
        shown=shown,
        declared=shown.kept.declared,
        version=shown.version,
        events=told,
        previews=previews,
        base_url=services().config.base_url,
        answers_at=_answers_at(shown),
        words=words,
    )


@bp.get("/donnees/<code>/versions")
@public
@freely
def history(code: str) -> ResponseReturnValue:
    """Every version that was ever public, the newest first, by pages (`avant`: numbered under)."""
    text = request.args.get("avant", "")
    below = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    with reading(services().engine) as session:
        shown = _shown(session, code)
        found = versions.list_versions(session, code, below=below, limit=VERSIONS_A_PAGE + 1, public_only=True)
    further = ""
    if len(found) > VERSIONS_A_PAGE:
        further = url_for("opendata.history", code=code, avant=found[VERSIONS_A_PAGE - 1].number)
    return render_template(
        "opendata/history.html",
        shown=shown,
        found=found[:VERSIONS_A_PAGE],
        further=further,
        words=words,
    )


@bp.get("/donnees/<code>/versions/<label>")
@public
@freely
def version(code: str, label: str) -> ResponseReturnValue:
    """One version: its files, what judges said of it. Raises NotFound, Gone."""
    with reading(services().engine) as session:
        shown = _shown(session, code)
        found = _version(session, code, label)
        checks = check_store.of_version(session, found.id)
        compared = changes.pair_of(session, found) is not None
    return render_template(
        "opendata/version.html", shown=shown, version=found, checks=checks, compared=compared,
        base_url=services().config.base_url, words=words,
    )  # fmt: skip


@bp.get("/donnees/<code>/schema/<name>.json")
@public
@freely
def schema(code: str, name: str) -> ResponseReturnValue:
    """The Table Schema of a table of the dataset. Raises NotFound for what is no table."""
    with reading(services().engine) as session:
        declared = _shown(session, code).kept.declared
    spec = next((each for each in declared.files if each.name == name and each.columns), None)
    if spec is None:
        raise NotFound("opendata.no_schema", dataset=code, file=name)
    return jsonify(table_schema(declared, spec))


def _shown(session: Any, code: str) -> Shown:
    shown = showing.dataset(session, code, now())
    if shown.kept.removed_at is not None:
        raise Gone(
            "opendata.gone", dataset=code, reason=shown.kept.removed_because, replaced_by=shown.kept.replaced_by or "—"
        )
    return shown


def _version(session: Any, code: str, label: str) -> Version:
    """A version that is or was public. Raises NotFound, Gone."""
    known = 12 <= len(label) <= 64 and set(label) <= set("0123456789abcdef")
    found = versions.find_by_label(session, code, label) if known else None
    if found is None or found.state not in (State.PUBLISHED, State.WITHDRAWN):
        raise NotFound("opendata.unknown_version", version=label[:64])
    if found.state is State.WITHDRAWN:
        reason = versions.withdrawn_because(session, found.id)
        raise Gone("opendata.gone", dataset=code, reason=reason, replaced_by="—")
    return found


def _answers_at(shown: Shown) -> str:
    return shown.kept.declared.contact.email or services().config.opendata_contact

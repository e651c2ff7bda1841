"""Datasets and their history, for programs."""

from typing import Any

from flask import jsonify, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.errors import InvalidInput, NotFound
from mobigo.infra import paging
from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.web import services
from opendata.api import bp
from opendata.model.editions import State, Version
from opendata.service import showing
from opendata.service.showing import Shown
from opendata.store import versions
from opendata.web.rates import freely

Json = dict[str, Any]


@bp.get("/datasets")
@public
@freely
def list_datasets() -> ResponseReturnValue:
    """Every dataset that has something to show, by code, with what is in force."""
    wanted = paging.asked()
    with reading(services().engine) as session:
        found = showing.catalogue(session, now())
    after = None if wanted.after is None else wanted.after[0]
    rest = [each for each in found if after is None or each.code > after]
    page = paging.page(rest, wanted, lambda shown: (shown.code,))
    return paging.answer(paging.Page([_dataset(each) for each in page.items], page.next))


@bp.get("/datasets/<code>")
@public
@freely
def get_dataset(code: str) -> ResponseReturnValue:
    """One dataset."""
    with reading(services().engine) as session:
        return jsonify(_dataset(_shown(session, code)))


@bp.get("/datasets/<code>/versions")
@public
@freely
def list_versions(code: str) -> ResponseReturnValue:
    """Every version that was ever public, the newest first; those withdrawn say so, without files."""
    wanted = paging.asked()
    below = None if wanted.after is None else _number(wanted.after[0])
    with reading(services().engine) as session:
        _shown(session, code)
        found = versions.list_versions(session, code, below=below, limit=wanted.limit + 1, public_only=True)
    page = paging.page(found, wanted, lambda version: (str(version.number),))
    return paging.answer(paging.Page([_version(each) for each in page.items], page.next))


def _shown(session: Any, code: str) -> Shown:
    shown = showing.dataset(session, code, now())
    if shown.kept.removed_at is not None:
        raise NotFound("opendata.unknown_dataset", dataset=code)
    return shown


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidInput("paging.bad_cursor")
    return int(text)


def _dataset(shown: Shown) -> Json:
    declared, pointer = shown.kept.declared, shown.pointer
    return {
        "code": declared.code,
        "title": declared.title,
        "description": declared.description,
        "serves": declared.serves,
        "theme": declared.theme.value,
        "period": declared.period.value,
        "licence": declared.licence.url,
        "quality": shown.quality,
        "late": shown.late,
        "published_at": None if pointer is None else pointer.moved_at.isoformat(),
        "verified_at": None if pointer is None else pointer.seen_at.isoformat(),
        "latest": None if shown.version is None else _version(shown.version),
        "next": None if shown.coming is None else _version(shown.coming),
    }


def _version(version: Version) -> Json:
    withdrawn = version.state is State.WITHDRAWN
    return {
        "version": version.label,
        "number": version.number,
        "content_sha256": version.content_hash,
        "made_at": version.facts_at.isoformat(),
        "first_day": None if version.first_day is None else version.first_day.isoformat(),
        "last_day": None if version.last_day is None else version.last_day.isoformat(),
        "withdrawn": withdrawn,
        "files": []
        if withdrawn
        else [
            {
                "name": file.name,
                "media_type": file.media_type,
                "size": file.size,
                "sha256": file.sha256,
                "rows": file.rows,
                "url": url_for("opendata.fixed", dataset=version.dataset, label=version.label, name=file.name),
            }
            for file in version.files
        ],
    }

"""The feeds, for those who look after them: what is held, what validation says line by line, putting in use or out.

A feed belongs to an organisation, whose people see and import it, and nobody else's; or to the region (no
organisation). Who acts everywhere sees all, and says whose each is.

Import and compilation are jobs: these pages ask for them. The demonstration has pages of its own, made of the same
parts (`mobigo.app.web.home`).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from mobigo.base.errors import Conflict, InvalidInput, NotFound
from mobigo.infra import audit, auth, grants
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import gettext, sentence
from mobigo.infra.jobs import enqueue
from mobigo.infra.web import body_limit, services
from mobigo.network.model.notices import Severity
from mobigo.network.service.importing import feed_name
from mobigo.network.service.reports import explain, report_json
from mobigo.network.store import feeds, networks
from mobigo.network.store.feeds import FeedVersion

bp = Blueprint("network", __name__, url_prefix="/reseaux", template_folder="templates")

UPLOAD_LIMIT_BYTES: Final = 200_000_000
UPLOAD_KEEP_DAYS: Final = 30


@bp.get("", endpoint="feeds")
@requires(Permission.FEEDS_READ)
def feeds_page() -> ResponseReturnValue:
    """The feeds held, the version in use of each, and the form to bring another."""
    identity = auth.signed_in()
    with reading(services().engine) as session:
        held = feeds.feeds_for(session, identity, Permission.FEEDS_READ)
        every = feeds.list_feeds(session)
        names = {each.id: each.name for each in grants.list_organisations(session)}
        pointer = networks.find_pointer(session)
        inputs = dict(pointer.inputs) if pointer is not None else {}
        built_at = pointer.built_at if pointer is not None else None
    own = identity.organisations(Permission.FEEDS_WRITE)
    return render_template(
        "network/feeds.html",
        held=held,
        organisations=names,
        may_give=own is None,
        own=sorted(own or (), key=lambda each: names.get(each, each)),
        built_at=built_at,
        behind=inputs != {feed.name: feed.version.id for feed in every if feed.active and feed.version is not None},
        may_write=identity.may(Permission.FEEDS_WRITE),
        may_build=identity.may(Permission.NETWORK_WRITE),
        may_see_jobs=identity.may(Permission.JOBS_READ),
        Severity=Severity,
        limit_bytes=UPLOAD_LIMIT_BYTES,
    )


@bp.post("")
@requires(Permission.FEEDS_WRITE)
@body_limit(UPLOAD_LIMIT_BYTES)
def receive() -> ResponseReturnValue:
    """Keep the archive and have it imported by a job. A feed of a new name is of the organisation that brings it.

    Raises InvalidInput when no file came, Conflict when the name is that of somebody else's feed.
    """
    upload, name = uploaded(), request.form.get("name", "").strip()
    instant, identity = now(), auth.signed_in()
    feed = feed_name(Path(name)) if name else name_of(upload)
    owner = _owner(identity)
    with transaction(services().engine) as session:
        held = feeds.lock_feed(session, feed, instant, owner)
        if not identity.may_in(Permission.FEEDS_WRITE, held.organisation):
            raise Conflict("network.feed_of_another", feed=feed)
        digest = services().blobs.put(
            session,
            cast(BinaryIO, upload.stream),  # werkzeug's spooled file, declared IO[bytes]
            owner=f"feed:{feed}",
            purpose="gtfs-upload",
            keep_days=UPLOAD_KEEP_DAYS,
            now=instant,
            name=(upload.filename or "")[:255],
        )
        params = {"archive_sha256": digest, "feed": feed}
        enqueue(session, "network.import", params, identity.subject, instant)
        _record(session, "feed.received", feed, {"archive_sha256": digest})
    flash(gettext("L’archive est reçue ; l’import a commencé."), "good")
    return redirect(url_for("network.feeds"), 303)


@bp.get("/<feed>/versions/<version_id>")
@requires(Permission.FEEDS_READ)
def report(feed: str, version_id: str) -> ResponseReturnValue:
    """What validation says of a version, line by line."""
    version = _seen_version(feed, version_id)
    json_href = url_for("network.report_document", feed=feed, version_id=version_id)
    return render_template("network/report.html", **report_parts(version), json_href=json_href)


@bp.get("/<feed>/versions/<version_id>/rapport.json")
@requires(Permission.FEEDS_READ)
def report_document(feed: str, version_id: str) -> ResponseReturnValue:
    """The same as a document."""
    return jsonify(report_json(_seen_version(feed, version_id)))


@bp.post("/<feed>/etat")
@requires(Permission.FEEDS_WRITE)
def set_active(feed: str) -> ResponseReturnValue:
    """Take a feed out of the network to be built next, or back in. Raises NotFound."""
    wanted = request.form.get("active") == "1"
    with transaction(services().engine) as session:
        _seen(session, feed, Permission.FEEDS_WRITE)
        feeds.set_active(session, feed, wanted)
        _record(session, "feed.put_back" if wanted else "feed.taken_out", feed)
    flash(gettext("C’est noté ; le réseau servi changera à sa prochaine compilation."), "good")
    return redirect(url_for("network.feeds"), 303)


@bp.post("/<feed>/organisme")
@requires(Permission.FEEDS_WRITE, everywhere=True)
def give(feed: str) -> ResponseReturnValue:
    """Say whose a feed is; blank: the region's. Raises NotFound."""
    organisation = request.form.get("organisation", "") or None
    with transaction(services().engine) as session:
        feeds.give_feed(session, feed, organisation)
        _record(session, "feed.given", feed, {"organisation": organisation or ""})
    flash(gettext("C’est noté : ses personnes voient cette offre et peuvent l’importer."), "good")
    return redirect(url_for("network.feeds"), 303)


@bp.post("/compiler")
@requires(Permission.NETWORK_WRITE, everywhere=True)
def build() -> ResponseReturnValue:
    """Have the network compiled; what serves goes on serving meanwhile."""
    with transaction(services().engine) as session:
        enqueue(session, "network.build", {}, auth.signed_in().subject, now())
        _record(session, "network.build_asked", "network")
    flash(gettext("La compilation a commencé ; le réseau actuel sert pendant ce temps."), "good")
    return redirect(url_for("network.feeds"), 303)


def _owner(identity: auth.Identity) -> str | None:
    """The organisation for which a feed is brought; None from everywhere. Raises InvalidInput when it must be said."""
    own = identity.organisations(Permission.FEEDS_WRITE)
    if own is None:
        return None
    named = request.form.get("organisation", "")
    if named in own:
        return named
    if len(own) == 1:
        return next(iter(own))
    raise InvalidInput("network.whose_feed")


def _seen(session: Session, feed: str, permission: Permission) -> None:
    """Raises NotFound for a feed on which this person may not use `permission`: it does not exist for them."""
    if feed not in {each.name for each in feeds.feeds_for(session, auth.signed_in(), permission)}:
        raise NotFound("network.unknown_feed", feed=feed)


def _seen_version(feed: str, version_id: str) -> FeedVersion:
    with reading(services().engine) as session:
        _seen(session, feed, Permission.FEEDS_READ)
    return version_of(feed, version_id)


def _record(session: Session, action: str, what: str, detail: Mapping[str, object] | None = None) -> None:
    actor = auth.signed_in().subject
    audit.record(session, action, actor=actor, object_kind="feed", object_id=what, now=now(), detail=detail)


# --- parts


def uploaded() -> FileStorage:
    """The file of the form. Raises InvalidInput("network.no_file") when none was chosen."""
    found = request.files.get("archive")
    if found is None or not found.filename:
        raise InvalidInput("network.no_file")
    return found


def name_of(upload: FileStorage) -> str:
    """The feed's name made of the file's."""
    return feed_name(Path((upload.filename or "").replace("\\", "/").rsplit("/", 1)[-1]))


def version_of(feed: str, version_id: str) -> FeedVersion:
    """Raises NotFound("network.unknown_version")."""
    with reading(services().engine) as session:
        found = next((each for each in feeds.list_versions(session, feed) if each.id == version_id), None)
    if found is None:
        raise NotFound("network.unknown_version", feed=feed)
    return found


def report_parts(version: FeedVersion) -> dict[str, Any]:
    """What `network/_findings.html` shows of a version."""
    return {
        "version": version,
        "counts": {severity: version.report.total(severity) for severity in Severity},
        "Severity": Severity,
        "told": lambda notice: sentence(explain(notice)),
    }

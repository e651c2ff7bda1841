"""What happened to the datasets, to follow: Atom (RFC 4287) and JSON Feed 1.1, of all or of one; in French, as the
datasets are, so that one address is one document."""

from datetime import datetime
from typing import Final
from xml.etree import ElementTree as Xml

from flask import Response, jsonify, url_for
from flask.typing import ResponseReturnValue

from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.i18n import gettext, use_language
from mobigo.infra.web import services
from opendata.service import showing
from opendata.service.showing import Told
from opendata.store import versions
from opendata.web import bp, words
from opendata.web.rates import freely

ENTRIES: Final = 50
ATOM: Final = "http://www.w3.org/2005/Atom"


@bp.get("/donnees/flux.atom", defaults={"code": None})
@bp.get("/donnees/<code>/flux.atom")
@public
@freely
def atom(code: str | None) -> ResponseReturnValue:
    """What happened, as Atom. Raises NotFound for a dataset that is not there."""
    with use_language("fr"):
        return _atom(code)


def _atom(code: str | None) -> Response:
    title, told, titles = _told(code)
    base = services().config.base_url
    here, page = base + url_for("opendata.atom", code=code), base + _page(code)
    Xml.register_namespace("", ATOM)
    feed = Xml.Element(f"{{{ATOM}}}feed")
    _text(feed, "id", here)
    _text(feed, "title", title)
    _text(feed, "updated", stamp(told[0].event.at if told else now()))
    Xml.SubElement(feed, f"{{{ATOM}}}link", {"rel": "self", "href": here, "type": "application/atom+xml"})
    Xml.SubElement(feed, f"{{{ATOM}}}link", {"rel": "alternate", "href": page, "type": "text/html"})
    author = Xml.SubElement(feed, f"{{{ATOM}}}author")
    _text(author, "name", "Région Bourgogne-Franche-Comté")
    for each in told:
        entry = Xml.SubElement(feed, f"{{{ATOM}}}entry")
        _text(entry, "id", f"{base}{_page(each.event.dataset)}#{each.event.id}")
        _text(entry, "title", _title(each, titles))
        _text(entry, "updated", stamp(each.event.at))
        Xml.SubElement(entry, f"{{{ATOM}}}link", {"rel": "alternate", "href": base + _address(each)})
        Xml.SubElement(entry, f"{{{ATOM}}}category", {"term": each.event.kind})
        _text(entry, "summary", _summary(each))
    content = b'<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(feed, encoding="unicode").encode() + b"\n"
    return Response(content, content_type="application/atom+xml; charset=utf-8")


@bp.get("/donnees/flux.json", defaults={"code": None})
@bp.get("/donnees/<code>/flux.json")
@public
@freely
def json_feed(code: str | None) -> ResponseReturnValue:
    """The same as a JSON Feed."""
    with use_language("fr"):
        return _json_feed(code)


def _json_feed(code: str | None) -> Response:
    title, told, titles = _told(code)
    base = services().config.base_url
    response = jsonify(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": title,
            "home_page_url": base + _page(code),
            "feed_url": base + url_for("opendata.json_feed", code=code),
            "language": "fr",
            "items": [
                {
                    "id": f"{base}{_page(each.event.dataset)}#{each.event.id}",
                    "url": base + _address(each),
                    "title": _title(each, titles),
                    "content_text": _summary(each),
                    "date_published": stamp(each.event.at),
                    "tags": [each.event.kind, each.event.dataset],
                    "_mobigo": {
                        "dataset": each.event.dataset,
                        "kind": each.event.kind,
                        "version": None if each.version is None else each.version.label,
                        "before": None if each.before is None else each.before.label,
                    },
                }
                for each in told
            ],
        }
    )
    response.content_type = "application/feed+json; charset=utf-8"
    return response


def _told(code: str | None) -> tuple[str, list[Told], dict[str, str]]:
    with reading(services().engine) as session:
        title = gettext("Données ouvertes de mobilité")
        if code is not None:
            title = versions.get_dataset(session, code).declared.title
        told = showing.events(session, code, limit=ENTRIES)
        titles = {kept.code: kept.declared.title for kept in versions.list_datasets(session, removed=True)}
    return title, told, titles


def _page(code: str | None) -> str:
    return url_for("opendata.catalogue") if code is None else url_for("opendata.dataset", code=code)


def _address(told: Told) -> str:
    if told.seen is None:
        return _page(told.event.dataset)
    return url_for("opendata.version", code=told.event.dataset, label=told.seen.label)


def _title(told: Told, titles: dict[str, str]) -> str:
    said = words.EVENTS.get(told.event.kind, told.event.kind)
    return titles.get(told.event.dataset, told.event.dataset) + gettext(" : ") + gettext(said)


def _summary(told: Told) -> str:
    parts = [] if told.version is None else [gettext("Version %(number)s", number=told.version.number)]
    return " · ".join([*parts, *([told.event.reason] if told.event.reason else [])]) or told.event.dataset


def _text(parent: Xml.Element, name: str, text: str) -> None:
    Xml.SubElement(parent, f"{{{ATOM}}}{name}").text = text


def stamp(instant: datetime) -> str:
    """An instant as machines read it (RFC 3339, UTC, to the second)."""
    return instant.replace(microsecond=0).isoformat().replace("+00:00", "Z")

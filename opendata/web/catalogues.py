"""The catalogue for machines: DCAT by negotiation or by address, page by page, and `data.json`."""

from collections.abc import Sequence
from typing import Any, Final

from flask import Response, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.base.errors import InvalidInput, NotFound
from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.i18n import current_language
from mobigo.infra.web import services
from opendata.service import showing
from opendata.service.showing import Shown
from opendata.store.versions import Kept
from opendata.web import bp
from opendata.web.rates import freely

PAGE: Final = 50
FORMS: Final = {"text/turtle": "ttl", "application/ld+json": "jsonld", "application/rdf+xml": "rdf"}
PUBLISHER: Final = "Région Bourgogne-Franche-Comté"


def form_asked() -> str | None:
    """The form in which the asker reads RDF, None for who reads pages."""
    best = request.accept_mimetypes.best_match(["text/html", *FORMS])
    return FORMS.get(best or "")


@bp.get("/donnees/catalogue.<form>")
@public
@freely
def catalogue_document(form: str) -> ResponseReturnValue:
    """A page of the catalogue (`page`, from 1). Raises NotFound for a form that is none, or a page past the last."""
    if form not in FORMS.values():
        raise NotFound("opendata.unknown_form", form=form[:20], forms=sorted(FORMS.values()))
    return document(form)


def document(form: str) -> Response:
    """A page of the catalogue in this form; the last one also tells of the datasets that were closed."""
    from opendata.export.dcat import PageOf

    with reading(services().engine) as session:
        found = showing.catalogue(session, now())
        closed = showing.closed(session)
    number, last = _page_asked(), max(1, -(-len(found) // PAGE))
    if number > last:
        raise NotFound("opendata.no_page", page=number, last=last)

    def at(page: int) -> str:
        return services().config.base_url + url_for("opendata.catalogue_document", form=form, page=page)

    page = PageOf(
        at(number), at(1), at(last), len(found),
        at(number - 1) if number > 1 else None, at(number + 1) if number < last else None,
    )  # fmt: skip
    response = _written(found[(number - 1) * PAGE : number * PAGE], form, page, closed if number == last else [])
    if page.next is not None:
        response.headers.add("Link", f'<{page.next}>; rel="next"')
    return response


def notice(shown: Shown, form: str) -> Response:
    """One dataset in this form."""
    from opendata.export.dcat import PageOf

    here = services().config.base_url + url_for("opendata.dataset", code=shown.code)
    return _written([shown], form, PageOf(here, here, here, 1))


def tombstone(kept: Kept, form: str) -> Response:
    """What is left of a dataset that was closed, in this form; 410."""
    from opendata.export.dcat import PageOf

    here = services().config.base_url + url_for("opendata.dataset", code=kept.code)
    response = _written([], form, PageOf(here, here, here, 0), [kept])
    response.status_code = 410
    return response


def _written(found: list[Shown], form: Any, page: Any, gone: Sequence[Kept] = ()) -> Response:
    from opendata.export.dcat import MEDIA_TYPES, Closed, Record, graph_of, written

    config = services().config
    records = [
        Record(
            each.kept.declared, each.kept.created_at, each.kept.modified_at, each.version,
            None if each.pointer is None else each.pointer.moved_at,
        )
        for each in found
    ]  # fmt: skip
    closed = [
        Closed(each.declared, each.created_at, each.removed_at, each.removed_because, each.replaced_by)
        for each in gone
        if each.removed_at is not None
    ]
    graph = graph_of(records, config.base_url, config.opendata_contact, PUBLISHER, page, closed)
    response = Response(written(graph, form), content_type=f"{MEDIA_TYPES[_form(form)]}; charset=utf-8")
    response.vary.add("Accept")
    response.headers["Cache-Control"] = "public, no-cache"
    return response


def _form(form: str) -> Any:
    return form


def _page_asked() -> int:
    text = request.args.get("page", "1")
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 7 and int(text) > 0):
        raise InvalidInput("opendata.bad_page", page=text[:20])
    return int(text)


@bp.get("/data.json")
@public
@freely
def data_json() -> ResponseReturnValue:
    """The catalogue as Project Open Data's `data.json` (schema 1.1), whole, in the language asked for."""
    config = services().config
    with reading(services().engine) as session:
        found = showing.catalogue(session, now())
    answer = jsonify(
        {
            "@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",
            "@id": config.base_url + url_for("opendata.data_json"),
            "@type": "dcat:Catalog",
            "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
            "describedBy": "https://project-open-data.cio.gov/v1.1/schema/catalog.json",
            "dataset": [_entry(each, config.base_url, config.opendata_contact) for each in found],
        }
    )
    answer.vary.update(("Accept-Language", "Cookie"))
    return answer


def _entry(shown: Shown, base_url: str, email: str) -> dict[str, Any]:
    declared, version, pointer = shown.kept.declared, shown.version, shown.pointer
    said = declared.said(current_language())
    entry: dict[str, Any] = {
        "@type": "dcat:Dataset",
        "identifier": declared.code,
        "title": said.title,
        "description": said.description,
        "keyword": list(said.keywords) or [declared.theme.value],
        "modified": (shown.kept.modified_at if pointer is None else pointer.moved_at).date().isoformat(),
        "publisher": {"@type": "org:Organization", "name": PUBLISHER},
        "contactPoint": {
            "@type": "vcard:Contact",
            "fn": declared.contact.name,
            "hasEmail": f"mailto:{declared.contact.email or email}",
        },
        "accessLevel": "public",
        "license": declared.licence.url,
        "spatial": "Bourgogne-Franche-Comté",
        "language": ["fr"],
        "landingPage": base_url + url_for("opendata.dataset", code=declared.code),
        "distribution": [] if version is None else [
            {
                "@type": "dcat:Distribution",
                "title": file.name,
                "mediaType": file.media_type,
                "downloadURL": base_url + url_for("opendata.latest", dataset=declared.code, name=file.name),
            }
            for file in version.files
        ] + [
            {
                "@type": "dcat:Distribution",
                "title": each.name,
                "format": each.standard,
                "accessURL": base_url + each.path,
            }
            for each in declared.live
        ],
    }  # fmt: skip
    days = showing.covers(version)
    if days is not None:
        entry["temporal"] = f"{days[0].isoformat()}/{days[1].isoformat()}"
    return entry

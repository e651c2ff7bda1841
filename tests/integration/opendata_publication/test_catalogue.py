"""The catalogue for programs: the same in three syntaxes, valid by the shapes, whole for a harvester; feeds; pages."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from rdflib import Graph, URIRef
from rdflib.compare import to_isomorphic
from rdflib.namespace import DCAT, DCTERMS, RDF

from mobigo.app import open_live
from opendata.export import vocabulary
from opendata.export.dcat import HYDRA
from opendata.model.datasets import Theme
from opendata.service import governance
from opendata.web import catalogues
from tests.integration.opendata_publication.conftest import Published
from tests.opendata_world import NOW, PLACES, ROWS, Facts

ATOM = "{http://www.w3.org/2005/Atom}"
BASE = "http://127.0.0.1:8000"
RDF_TYPES = {"ttl": "text/turtle", "jsonld": "application/ld+json", "rdf": "application/rdf+xml"}
READERS = {"ttl": "turtle", "jsonld": "json-ld", "rdf": "xml"}


@pytest.fixture
def filled(open_site: Published) -> Published:
    open_site.publish(Facts(last_day=date(2027, 6, 30), first_day=date(2026, 7, 1)))
    for number in range(4):
        open_site.publish(Facts(replace(PLACES, code=f"essai-{number}", title=f"Essai n° {number}", keywords=())))
    return open_site


def graph(site: Published, form: str, page: int = 1) -> Graph:
    answer = site.get(f"/donnees/catalogue.{form}?page={page}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == f"{RDF_TYPES[form]}; charset=utf-8"
    return Graph().parse(data=answer.text, format=READERS[form])


def test_three_syntaxes_say_the_same(filled: Published) -> None:
    turtle, json_ld, xml = (graph(filled, form) for form in RDF_TYPES)
    for each in (turtle, json_ld, xml):  # their own addresses are all that differs
        for subject in set(each.subjects(RDF.type, HYDRA.PartialCollectionView)):
            each.remove((subject, None, None))
    assert len(turtle) > 150
    assert to_isomorphic(turtle) == to_isomorphic(json_ld) == to_isomorphic(xml)


def test_the_same_catalogue_is_the_same_bytes_and_is_not_sent_twice(filled: Published) -> None:
    for form in RDF_TYPES:
        first = filled.get(f"/donnees/catalogue.{form}")
        assert filled.get(f"/donnees/catalogue.{form}").data == first.data
        assert filled.get(f"/donnees/catalogue.{form}", If_None_Match=first.headers["ETag"]).status_code == 304


def test_every_dataset_has_what_a_portal_needs(filled: Published) -> None:
    found = graph(filled, "ttl")
    datasets = list(found.subjects(RDF.type, DCAT.Dataset))
    assert len(datasets) == 5
    for subject in datasets:
        for needed in (
            DCTERMS.title, DCTERMS.description, DCTERMS.identifier, DCTERMS.publisher, DCAT.contactPoint, DCAT.theme,
            DCTERMS.spatial, DCTERMS.accrualPeriodicity, DCAT.landingPage, DCAT.distribution, DCTERMS.modified,
        ):  # fmt: skip
            assert (subject, needed, None) in found, needed
        assert {each.language for each in found.objects(subject, DCTERMS.title)} == {"fr", "en"}  # type: ignore[attr-defined]
        assert {each.language for each in found.objects(subject, DCTERMS.description)} == {"fr", "en"}  # type: ignore[attr-defined]
    for node in found.subjects(RDF.type, DCAT.Distribution):
        (download,) = found.objects(node, DCAT.downloadURL)
        got = filled.get(str(download).removeprefix(BASE))
        assert got.status_code == 200
        assert [int(size) for size in found.objects(node, DCAT.byteSize)] == [len(got.data)]  # type: ignore[call-overload]
        (checksum,) = found.objects(node, URIRef("http://spdx.org/rdf/terms#checksum"))
        assert found.value(checksum, URIRef("http://spdx.org/rdf/terms#checksumValue")) is not None
        (licence,) = found.objects(node, DCTERMS.license)
        assert str(licence) == PLACES.licence.url
        (schema,) = found.objects(node, DCTERMS.conformsTo)
        assert filled.get(str(schema).removeprefix(BASE)).json["fields"][0]["name"] == "code"


@pytest.mark.realdata
def test_the_shapes_of_mobility_dcat_ap_find_nothing(filled: Published, realdata: Path) -> None:
    import pyshacl

    shapes = Graph().parse(realdata / "catalogue" / "mobilitydcat-ap_shacl_shapes.ttl")
    conforms, _graph, text = pyshacl.validate(graph(filled, "ttl"), shacl_graph=shapes)
    assert conforms, text
    governance.remove(filled.tools, "essai-0", "anne", NOW, "Ces lieux ne sont plus desservis.", "essai-1")
    conforms, _graph, text = pyshacl.validate(graph(filled, "ttl"), shacl_graph=shapes)  # with what is left of it
    assert conforms, text
    broken = graph(filled, "ttl")
    for theme in list(broken.subject_objects(URIRef("http://w3id.org/mobilitydcat-ap#mobilityTheme"))):
        broken.remove((theme[0], None, theme[1]))
    assert not pyshacl.validate(broken, shacl_graph=shapes)[0]  # and they do look


@pytest.mark.realdata
def test_what_is_told_live_has_its_address_and_no_version(open_site: Published, realdata: Path) -> None:
    import pyshacl

    offer = open_live.offers(open_site.tools)[0]
    open_site.publish(offer)
    assert open_site.publish(offer, NOW + timedelta(days=1)).result == "unchanged"
    code, address = offer.declared.code, f"{BASE}/perturbations.pb"
    found = graph(open_site, "ttl")
    (node,) = found.subjects(DCAT.accessURL, URIRef(address))
    assert str(node) == f"{BASE}/donnees/{code}#perturbations.pb"
    standard = URIRef("https://w3id.org/mobilitydcat-ap#mobilityDataStandard")
    assert [str(each).rpartition("/")[2] for each in found.objects(node, standard)] == ["gtfs-rt"]
    for absent in (DCAT.downloadURL, DCAT.byteSize, DCTERMS.modified):
        assert (node, absent, None) not in found
    assert {str(each).rpartition("/")[2] for each in found.objects(None, DCTERMS.accrualPeriodicity)} == {"UPDATE_CONT"}
    shapes = Graph().parse(realdata / "catalogue" / "mobilitydcat-ap_shacl_shapes.ttl")
    conforms, _graph, text = pyshacl.validate(found, shacl_graph=shapes)
    assert conforms, text
    page = open_site.get(f"/donnees/{code}", Accept="text/html").text
    assert f'<a href="/perturbations.pb">{address}</a>' in page
    assert "Elle n’a pas de versions" in page
    (entry,) = open_site.get("/data.json").json["dataset"]
    assert [each.get("accessURL") for each in entry["distribution"]][:2] == [None, address]
    assert address in open_site.get(f"/d/{code}/latest/adresses.csv").text
    answer = open_site.get("/perturbations.pb")
    assert (answer.status_code, answer.mimetype) == (200, open_live.ALERTS.media_type)


def test_a_page_that_is_none_is_said(filled: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogues, "PAGE", 2)
    for page, status in (("3", 200), ("4", 404), ("0", 422), ("x", 422), ("1" * 30, 422)):
        assert filled.get(f"/donnees/catalogue.ttl?page={page}").status_code == status


def test_the_page_people_read_is_the_catalogue_for_who_reads_rdf(filled: Published) -> None:
    for accepted, kind in (*((each, each) for each in RDF_TYPES.values()), ("*/*", "text/html")):
        for path in ("/donnees", "/donnees/essai-lieux"):
            answer = filled.get(path, Accept=accepted)
            assert answer.mimetype == kind
            assert "Accept" in [each.strip() for each in answer.headers["Vary"].split(",")]
    one = Graph().parse(data=filled.get("/donnees/essai-lieux", Accept="text/turtle").text, format="turtle")
    assert len(list(one.subjects(RDF.type, DCAT.Dataset))) == 1
    assert filled.get("/donnees/catalogue.xlsx").status_code == 404
    english = filled.get("/donnees/essai-lieux", Accept_Language="en").text
    assert "Test places" in english
    assert "Lieux d’essai" not in english


def test_data_json_speaks_the_language_asked_for(open_site: Published) -> None:
    open_site.publish(Facts())
    for path, more, title in (
        ("/data.json", {}, "Lieux d’essai"),
        ("/data.json", {"Accept_Language": "de"}, "Lieux d’essai"),
        ("/data.json", {"Accept_Language": "en"}, "Test places"),
        ("/data.json?lang=en", {"Accept_Language": "fr"}, "Test places"),
    ):
        answer = open_site.get(path, **more)
        (entry,) = answer.json["dataset"]
        assert (entry["title"], entry["language"]) == (title, ["fr"])  # the data themselves are in French
        assert "Accept-Language" in answer.headers["Vary"]


def test_data_json_lists_everything(filled: Published) -> None:
    entries = {entry["identifier"]: entry for entry in filled.get("/data.json").json["dataset"]}
    assert len(entries) == 5
    entry = entries["essai-lieux"]
    assert entry["temporal"] == "2026-07-01/2027-06-30"
    assert entry["distribution"][0]["downloadURL"] == f"{BASE}/d/essai-lieux/latest/lieux.csv"
    assert entry["keyword"]
    assert entries["essai-0"]["keyword"] == ["carpool"]


def test_every_theme_has_its_word_in_the_vocabulary() -> None:
    for theme in Theme:
        for address in vocabulary.themes(theme):
            assert address.startswith("https://w3id.org/mobilitydcat-ap/mobility-theme/")


def test_feeds_tell_what_happened_the_newest_first(open_site: Published) -> None:
    open_site.publish(Facts())
    open_site.publish(Facts(rows=ROWS[:2]), NOW + timedelta(days=1))
    governance.roll_back(open_site.tools, "essai-lieux", "anne", NOW + timedelta(days=2), "Il manquait un arrêt.")
    open_site.publish(Facts(replace(PLACES, code="essai-1")), NOW + timedelta(days=3))
    feed = Xml.fromstring(open_site.get("/donnees/essai-lieux/flux.atom").data)
    terms = [each.get("term") for each in feed.iter(f"{ATOM}category")]
    assert terms == ["rolled_back", "updated", "published"]
    assert feed.findtext(f"{ATOM}updated") == "2026-11-28T02:40:00Z"
    ids = [each.text for each in feed.iter(f"{ATOM}id")]
    assert len(ids) == len(set(ids)) == 4
    links = [each.get("href", "") for each in feed.iter(f"{ATOM}link") if each.get("rel") == "alternate"]
    assert all(open_site.get(link.removeprefix(BASE)).status_code == 200 for link in links)
    document = json.loads(open_site.get("/donnees/flux.json").data)
    assert [item["_mobigo"]["dataset"] for item in document["items"]] == ["essai-1", *["essai-lieux"] * 3]
    assert "Il manquait un arrêt." in document["items"][1]["content_text"]
    assert open_site.get("/donnees/nulle-part/flux.atom").status_code == 404


def test_the_pages_of_a_dataset_say_what_it_is(filled: Published) -> None:
    filled.publish(Facts(rows=ROWS[:2]), NOW + timedelta(days=1))
    page = filled.get("/donnees/essai-lieux").text
    for said in ("Lieux d’essai", "Pour les tests.", "Nombre de places", "dijon", "pandas.read_csv"):
        assert said in page
    assert '<td class="figure">12</td>' in page
    history = filled.get("/donnees/essai-lieux/versions").text
    assert history.count("<tr>") == 3
    assert "juillet" in history
    assert filled.get("/donnees?q=essai+n%C2%B0&theme=carpool").text.count('class="card-title"') == 4
    assert "Aucun jeu de données ne répond" in filled.get("/donnees?q=zzz").text
    for path in ("/donnees/service", "/donnees/non-publiees", "/donnees/suivre"):
        assert filled.get(path).status_code == 200


def test_a_program_reads_the_whole_history_page_by_page(open_site: Published) -> None:
    for count in range(5):
        open_site.publish(Facts(rows=[("x", count)]), NOW + timedelta(days=count))
    base = "/api/v1/opendata/datasets"
    listed = open_site.get(base).json
    assert [(each["code"], each["latest"]["number"]) for each in listed["items"]] == [("essai-lieux", 5)]
    assert open_site.get(f"{base}/essai-lieux").json == listed["items"][0]
    numbers, address = [], f"{base}/essai-lieux/versions?limit=2"
    while address is not None:
        page = open_site.get(address).json
        for version in page["items"]:
            numbers.append(version["number"])
            (file,) = version["files"]
            assert open_site.get(file["url"]).headers["ETag"] == f'"{file["sha256"]}"'
        address = page["next"]
    assert numbers == [5, 4, 3, 2, 1]
    for wrong in ("%C3%A9", "abc", "eHh4"):
        assert open_site.get(f"{base}/essai-lieux/versions?cursor={wrong}").status_code == 422
    assert open_site.get(f"{base}/nulle-part").status_code == 404
    assert open_site.get(f"{base}/nulle-part/versions").status_code == 404

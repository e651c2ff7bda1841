"""The catalogue for machines: DCAT-AP 2 with mobilityDCAT-AP 1.0, as one graph, written in three syntaxes.

Everything has an address of its own, no node is blank, so that the same catalogue gives the same bytes. Pages are told
by Hydra, as harvesters (data.gouv.fr) read them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from rdflib import Graph, Namespace, URIRef
from rdflib import Literal as Text
from rdflib.namespace import DCAT, DCTERMS, FOAF, OWL, RDF, RDFS, XSD

from opendata.export import vocabulary
from opendata.model.datasets import Declaration, FileSpec, LiveAddress, Theme
from opendata.model.editions import KeptFile, Version

Form = Literal["ttl", "jsonld", "rdf"]
MEDIA_TYPES: Final[dict[Form, str]] = {
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml",
}
_WRITERS: Final[dict[Form, str]] = {"ttl": "turtle", "jsonld": "json-ld", "rdf": "pretty-xml"}
# The terms live under https; the shapes of release 1.0.0 look for them under http: both are said.
MOBILITY: Final = (Namespace("https://w3id.org/mobilitydcat-ap#"), Namespace("http://w3id.org/mobilitydcat-ap#"))
HYDRA: Final = Namespace("http://www.w3.org/ns/hydra/core#")
SPDX: Final = Namespace("http://spdx.org/rdf/terms#")
VCARD: Final = Namespace("http://www.w3.org/2006/vcard/ns#")
ADMS: Final = Namespace("http://www.w3.org/ns/adms#")
CNT: Final = Namespace("http://www.w3.org/2011/content#")
LANGUAGES: Final = ("fr", "en")  # of what is said of the data; the data themselves are in French
FRENCH: Final = URIRef(f"{vocabulary.EU}/language/FRA")
PUBLIC: Final = URIRef(f"{vocabulary.EU}/access-right/PUBLIC")
WITHDRAWN: Final = URIRef(f"{vocabulary.EU}/dataset-status/WITHDRAWN")
TRANSPORT: Final = URIRef(f"{vocabulary.EU}/data-theme/TRAN")
WGS84: Final = URIRef("http://www.opengis.net/def/crs/EPSG/0/4326")
FREE: Final = URIRef(f"{vocabulary.MOBILITY}/conditions-for-access-and-usage/licence-provided-free-of-charge")
HTTP: Final = URIRef(f"{vocabulary.MOBILITY}/application-layer-protocol/http-https")
LOCATED: Final = {Theme.TIMETABLES, Theme.STOPS, Theme.POINTS_OF_SALE, Theme.CARPOOL, Theme.ACCESSIBILITY}
SHA256: Final = SPDX.checksumAlgorithm_sha256


@dataclass(frozen=True, slots=True)
class Record:
    """A dataset as the catalogue tells it: what `latest` shows (None: only something to come)."""

    declared: Declaration
    created_at: datetime
    modified_at: datetime
    version: Version | None
    issued_at: datetime | None


@dataclass(frozen=True, slots=True)
class Closed:
    """A dataset that was taken out of the catalogue: what is left of it there. `replaced_by`: the code of another."""

    declared: Declaration
    created_at: datetime
    closed_at: datetime
    because: str  # French
    replaced_by: str | None = None


@dataclass(frozen=True, slots=True)
class PageOf:
    """One page of the catalogue: addresses of the first, the one before, the one after, the last; and how many datasets
    there are in all."""

    here: str
    first: str
    last: str
    total: int
    previous: str | None = None
    next: str | None = None


def written(graph: Graph, form: Form) -> bytes:
    """The graph in one of the three syntaxes, the same bytes for the same graph."""
    text: str = graph.serialize(format=_WRITERS[form], encoding=None)
    return text.encode() if text.endswith("\n") else f"{text}\n".encode()


def graph_of(
    records: Sequence[Record],
    base_url: str,
    email: str,
    publisher: str,
    page: PageOf,
    closed: Sequence[Closed] = (),
) -> Graph:
    """The catalogue as a graph. `base_url`: the site's public address, without a slash at its end; `email`: that of the
    datasets that name none; `closed`: those that were taken out, told by their records alone."""
    graph = Graph()
    for prefix, namespace in (
        ("dcat", DCAT), ("dct", DCTERMS), ("foaf", FOAF), ("vcard", VCARD), ("hydra", HYDRA), ("spdx", SPDX),
        ("mobilitydcatap", MOBILITY[0]), ("adms", ADMS), ("cnt", CNT),
    ):  # fmt: skip
        graph.bind(prefix, namespace)
    catalogue, agent = URIRef(f"{base_url}/donnees#catalogue"), URIRef(f"{base_url}/donnees#editeur")
    graph.add((agent, RDF.type, FOAF.Agent))
    graph.add((agent, FOAF.name, Text(publisher, lang="fr")))
    graph.add((agent, FOAF.homepage, URIRef(base_url)))
    graph.add((catalogue, RDF.type, DCAT.Catalog))
    graph.add((catalogue, DCTERMS.title, Text("Données ouvertes de mobilité en Bourgogne-Franche-Comté", lang="fr")))
    graph.add((catalogue, DCTERMS.title, Text("Open mobility data in Bourgogne-Franche-Comté", lang="en")))
    graph.add((catalogue, DCTERMS.description, Text(
        "Horaires, tarifs, points de vente et usages des mobilités de la Région.", lang="fr")))  # fmt: skip
    graph.add((catalogue, DCTERMS.description, Text(
        "Timetables, fares, points of sale and uses of the Region's mobility services.", lang="en")))  # fmt: skip
    graph.add((catalogue, DCTERMS.publisher, agent))
    graph.add((catalogue, DCTERMS.language, FRENCH))
    graph.add((catalogue, DCTERMS.spatial, URIRef("http://data.europa.eu/nuts/code/FRC1")))
    graph.add((catalogue, DCTERMS.spatial, URIRef("http://data.europa.eu/nuts/code/FRC2")))
    graph.add((catalogue, FOAF.homepage, URIRef(f"{base_url}/donnees")))
    for record in records:
        _dataset(graph, catalogue, agent, record, base_url, email)
    for each in closed:
        _tombstone(graph, catalogue, each, base_url)
    _page(graph, page)
    return graph


def _tombstone(graph: Graph, catalogue: URIRef, closed: Closed, base_url: str) -> None:
    """The record stays, and says that what it speaks of was withdrawn: no harvester finds a dataset here, and each
    knows why."""
    landing = f"{base_url}/donnees/{closed.declared.code}"
    notice = URIRef(f"{landing}#notice")
    graph.add((catalogue, DCAT.record, notice))
    graph.add((notice, RDF.type, DCAT.CatalogRecord))
    graph.add((notice, FOAF.primaryTopic, URIRef(f"{landing}#jeu")))
    graph.add((notice, DCTERMS.identifier, Text(closed.declared.code)))
    for language in LANGUAGES if closed.declared.english is not None else LANGUAGES[:1]:
        graph.add((notice, DCTERMS.title, Text(closed.declared.said(language).title, lang=language)))
    graph.add((notice, DCTERMS.created, _instant(closed.created_at)))
    graph.add((notice, DCTERMS.modified, _instant(closed.closed_at)))
    graph.add((notice, ADMS.status, WITHDRAWN))
    graph.add((notice, ADMS.versionNotes, Text(closed.because, lang="fr")))
    if closed.replaced_by is not None:
        graph.add((notice, DCTERMS.isReplacedBy, URIRef(f"{base_url}/donnees/{closed.replaced_by}#jeu")))


def _dataset(graph: Graph, catalogue: URIRef, agent: URIRef, record: Record, base_url: str, email: str) -> None:
    declared = record.declared
    landing = f"{base_url}/donnees/{declared.code}"
    subject = URIRef(f"{landing}#jeu")
    graph.add((catalogue, DCAT.dataset, subject))
    graph.add((subject, RDF.type, DCAT.Dataset))
    graph.add((subject, DCTERMS.identifier, Text(declared.code)))
    for language in LANGUAGES if declared.english is not None else LANGUAGES[:1]:
        said = declared.said(language)
        graph.add((subject, DCTERMS.title, Text(said.title, lang=language)))
        graph.add((subject, DCTERMS.description, Text(f"{said.description}\n\n{said.serves}", lang=language)))
        for keyword in said.keywords:
            graph.add((subject, DCAT.keyword, Text(keyword, lang=language)))
    graph.add((subject, DCAT.landingPage, URIRef(landing)))
    graph.add((subject, DCAT.theme, TRANSPORT))
    graph.add((subject, DCTERMS.publisher, agent))
    graph.add((subject, DCTERMS.rightsHolder, agent))
    graph.add((subject, DCTERMS.language, FRENCH))
    graph.add((subject, DCTERMS.accessRights, PUBLIC))
    if declared.theme in LOCATED:
        graph.add((subject, DCTERMS.conformsTo, WGS84))
    graph.add((subject, DCTERMS.accrualPeriodicity, URIRef(vocabulary.frequency(declared.period))))
    for theme in vocabulary.themes(declared.theme):
        for words in MOBILITY:
            graph.add((subject, words.mobilityTheme, URIRef(theme)))
    for place in declared.spatial:
        graph.add((subject, DCTERMS.spatial, URIRef(place)))
    _contact(graph, subject, declared, landing, email)
    _record(graph, catalogue, subject, record, landing)
    version = record.version
    if version is None:
        return
    graph.add((subject, OWL.versionInfo, Text(version.label)))
    graph.add((subject, DCTERMS.modified, _instant(record.issued_at or version.facts_at)))
    graph.add((subject, DCTERMS.issued, _instant(record.created_at)))
    if version.first_day is not None and version.last_day is not None:
        period = URIRef(f"{landing}#periode")
        graph.add((subject, DCTERMS.temporal, period))
        graph.add((period, RDF.type, DCTERMS.PeriodOfTime))
        graph.add((period, DCAT.startDate, Text(version.first_day.isoformat(), datatype=XSD.date)))
        graph.add((period, DCAT.endDate, Text(version.last_day.isoformat(), datatype=XSD.date)))
    specs = {spec.name: spec for spec in declared.files}
    for file in version.files:
        if file.name in specs:
            _distribution(graph, subject, record, specs[file.name], file, base_url)
    for address in declared.live:
        _live(graph, subject, declared, address, base_url)


def _contact(graph: Graph, subject: URIRef, declared: Declaration, landing: str, email: str) -> None:
    contact = URIRef(f"{landing}#contact")
    graph.add((subject, DCAT.contactPoint, contact))
    graph.add((contact, RDF.type, VCARD.Organization))
    graph.add((contact, RDF.type, VCARD.Kind))
    graph.add((contact, VCARD.fn, Text(declared.contact.name)))
    address = URIRef(f"mailto:{declared.contact.email or email}")
    graph.add((contact, VCARD.hasEmail, address))
    graph.add((address, RDF.type, OWL.Thing))


def _record(graph: Graph, catalogue: URIRef, subject: URIRef, record: Record, landing: str) -> None:
    notice = URIRef(f"{landing}#notice")
    graph.add((catalogue, DCAT.record, notice))
    graph.add((notice, RDF.type, DCAT.CatalogRecord))
    graph.add((notice, FOAF.primaryTopic, subject))
    graph.add((notice, DCTERMS.created, _instant(record.created_at)))
    graph.add((notice, DCTERMS.modified, _instant(record.modified_at)))
    graph.add((notice, DCTERMS.language, FRENCH))


def _distribution(graph: Graph, subject: URIRef, record: Record, spec: FileSpec, file: KeptFile, base_url: str) -> None:
    declared = record.declared
    landing = f"{base_url}/donnees/{declared.code}"
    node = URIRef(f"{landing}#{file.name}")
    download = URIRef(f"{base_url}/d/{declared.code}/latest/{file.name}")
    graph.add((subject, DCAT.distribution, node))
    graph.add((node, RDF.type, DCAT.Distribution))
    graph.add((node, DCTERMS.title, Text(file.name)))
    graph.add((node, DCTERMS.description, Text(spec.means, lang="fr")))
    graph.add((node, DCAT.accessURL, URIRef(landing)))
    graph.add((node, DCAT.downloadURL, download))
    graph.add((node, DCAT.mediaType, URIRef(f"{vocabulary.MEDIA_TYPES}/{file.media_type}")))
    graph.add((node, DCTERMS["format"], URIRef(vocabulary.file_type(file.media_type, spec.standard))))
    graph.add((node, DCAT.byteSize, Text(str(file.size), datatype=XSD.nonNegativeInteger)))
    graph.add((node, DCTERMS.modified, _instant(record.issued_at or record.modified_at)))
    _licence(graph, node, declared, landing)
    checksum = URIRef(f"{landing}#{file.name}-sha256")
    graph.add((node, SPDX.checksum, checksum))
    graph.add((checksum, RDF.type, SPDX.Checksum))
    graph.add((checksum, SPDX.algorithm, SHA256))
    graph.add((checksum, SPDX.checksumValue, Text(file.sha256, datatype=XSD.hexBinary)))
    for words in MOBILITY:
        graph.add((node, words.mobilityDataStandard, URIRef(vocabulary.standard(spec.standard))))
        graph.add((node, words.applicationLayerProtocol, HTTP))
    if file.media_type.startswith("text/"):
        graph.add((node, CNT.characterEncoding, Text("UTF-8")))
    if spec.columns:
        schema = URIRef(f"{base_url}/donnees/{declared.code}/schema/{file.name}.json")
        graph.add((node, DCTERMS.conformsTo, schema))
        graph.add((schema, RDF.type, DCTERMS.Standard))
        graph.add((schema, DCTERMS.title, Text(f"Table Schema : {spec.means}", lang="fr")))


def _live(graph: Graph, subject: URIRef, declared: Declaration, address: LiveAddress, base_url: str) -> None:
    """What is told live: an address to ask again and again. No size, no checksum, no date: there is no version."""
    landing = f"{base_url}/donnees/{declared.code}"
    node = URIRef(f"{landing}#{address.name}")
    graph.add((subject, DCAT.distribution, node))
    graph.add((node, RDF.type, DCAT.Distribution))
    graph.add((node, DCTERMS.title, Text(f"{address.name} ({address.standard})")))
    graph.add((node, DCTERMS.description, Text(address.means, lang="fr")))
    graph.add((node, DCAT.accessURL, URIRef(f"{base_url}{address.path}")))
    graph.add((node, DCTERMS["format"], URIRef(vocabulary.file_type(address.media_type, address.standard))))
    _licence(graph, node, declared, landing)
    for words in MOBILITY:
        graph.add((node, words.mobilityDataStandard, URIRef(vocabulary.standard(address.standard))))
        graph.add((node, words.applicationLayerProtocol, HTTP))


def _licence(graph: Graph, node: URIRef, declared: Declaration, landing: str) -> None:
    licence = URIRef(declared.licence.url)
    graph.add((node, DCTERMS.license, licence))
    graph.add((licence, RDF.type, DCTERMS.LicenseDocument))
    graph.add((licence, RDFS.label, Text(declared.licence.title)))
    rights = URIRef(f"{landing}#droits")
    graph.add((node, DCTERMS.rights, rights))
    graph.add((rights, RDF.type, DCTERMS.RightsStatement))
    graph.add((rights, DCTERMS.type, FREE))


def _page(graph: Graph, page: PageOf) -> None:
    here = URIRef(page.here)
    graph.add((here, RDF.type, HYDRA.PartialCollectionView))
    graph.add((here, HYDRA.first, URIRef(page.first)))
    graph.add((here, HYDRA.last, URIRef(page.last)))
    for link, address in ((HYDRA.previous, page.previous), (HYDRA.term("next"), page.next)):
        if address is not None:
            graph.add((here, link, URIRef(address)))
    graph.add((here, HYDRA.totalItems, Text(page.total)))


def _instant(instant: datetime) -> Text:
    return Text(instant.replace(microsecond=0).isoformat(), datatype=XSD.dateTime)

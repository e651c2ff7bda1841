"""A harvester as a portal runs one: it knows DCAT, Hydra and HTTP, and nothing of this product.

It begins at one address, follows `hydra:next`, keeps each dataset under its `dct:identifier` (as udata does, which runs
data.gouv.fr), asks again with the tag it was given, and takes out what it no longer finds.
"""

import urllib.error
import urllib.request
from dataclasses import dataclass, field

from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF
from rdflib.term import Node

HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
ADMS = Namespace("http://www.w3.org/ns/adms#")
FORMATS = {"text/turtle": "turtle", "application/ld+json": "json-ld", "application/rdf+xml": "xml"}


@dataclass
class Portal:
    """What was harvested: identifier → (title, modified, download addresses); withdrawn ones with the reason given."""

    accept: str
    held: dict[str, tuple[str, str, tuple[str, ...]]] = field(default_factory=dict)
    withdrawn: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def harvest(self, address: str) -> dict[str, list[str]]:
        """Read every page from `address` on: what is new, changed, the same, gone; "unchanged" pages, not sent again;
        and "twice", what stood on two pages or twice on one."""
        found: dict[str, tuple[str, str, tuple[str, ...]]] = {}
        said: dict[str, list[str]] = {each: [] for each in ("new", "changed", "same", "gone", "twice", "unchanged")}
        pages: set[str] = set()
        here: str | None = address
        total = None
        while here is not None:
            assert here not in pages, "a ring of pages"
            pages.add(here)
            graph = self._page(here, said)
            for subject in graph.subjects(RDF.type, DCAT.Dataset):
                (identifier,) = graph.objects(subject, DCTERMS.identifier)
                if str(identifier) in found:
                    said["twice"].append(str(identifier))
                found[str(identifier)] = self._dataset(graph, subject)
            self._tombstones(graph)
            (total,) = {int(str(each)) for each in graph.objects(None, HYDRA.totalItems)}
            following = set(graph.objects(None, HYDRA["next"]))
            assert len(following) < 2
            here = str(following.pop()) if following else None
        assert total == len(found)
        for code, value in found.items():
            kind = "new" if code not in self.held else "same" if self.held[code] == value else "changed"
            said[kind].append(code)
        said["gone"] = sorted(set(self.held) - set(found))
        self.held = found
        return {kind: sorted(each) for kind, each in said.items()}

    def _page(self, address: str, said: dict[str, list[str]]) -> Graph:
        request = urllib.request.Request(address, headers={"Accept": self.accept})
        if address in self.tags:
            request.add_header("If-None-Match", self.tags[address])
            try:
                urllib.request.urlopen(request)
            except urllib.error.HTTPError as same:
                if same.code != 304:
                    raise
                said["unchanged"].append(address)
                request.remove_header("If-none-match")
        with urllib.request.urlopen(request) as answer:
            self.tags[address] = answer.headers["ETag"]
            kind = answer.headers["Content-Type"].partition(";")[0]
            return Graph().parse(data=answer.read(), format=FORMATS[kind])

    @staticmethod
    def _dataset(graph: Graph, subject: Node) -> tuple[str, str, tuple[str, ...]]:
        titles = {
            each.language: str(each) for each in graph.objects(subject, DCTERMS.title) if isinstance(each, Literal)
        }
        modified = str(graph.value(subject, DCTERMS.modified))
        nodes = list(graph.objects(subject, DCAT.distribution))
        addresses = (graph.value(node, DCAT.downloadURL) or graph.value(node, DCAT.accessURL) for node in nodes)
        return titles["fr"], modified, tuple(sorted(map(str, addresses)))

    def _tombstones(self, graph: Graph) -> None:
        for notice in graph.subjects(RDF.type, DCAT.CatalogRecord):
            topic = graph.value(notice, FOAF.primaryTopic)
            if (topic, RDF.type, DCAT.Dataset) not in graph:
                assert str(graph.value(notice, ADMS.status)).endswith("/dataset-status/WITHDRAWN")
                assert isinstance(topic, URIRef)
                code = str(graph.value(notice, DCTERMS.identifier))
                self.withdrawn[code] = str(graph.value(notice, ADMS.versionNotes))

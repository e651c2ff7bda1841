"""The catalogue against the shapes of mobilityDCAT-AP, by pyshacl. The shapes are not part of this product: the
operator says where they are."""

from collections import Counter
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from mobigo.base.decisions import Decision
from mobigo.network.model.notices import Severity
from opendata.gateway.judges.answers import answer, example, refused, silent
from opendata.model.checks import Check, Finding

_FORMATS: Final = {"text/turtle": "turtle", "application/ld+json": "json-ld", "application/rdf+xml": "xml"}
_SEVERITIES: Final = {"Violation": Severity.ERROR, "Warning": Severity.WARNING, "Info": Severity.INFO}


class CatalogueShapes:
    """`shapes`: a Turtle file of SHACL shapes."""

    name = "dcat-shacl"
    required = False  # it judges the catalogue, which no dataset waits for

    def __init__(self, shapes: Path | None) -> None:
        self.shapes = shapes

    def reads(self, name: str, media_type: str, standard: str) -> bool:
        """A catalogue in Turtle, JSON-LD or RDF/XML."""
        return standard == "DCAT-AP" and media_type in _FORMATS

    def check(self, path: Path, name: str, today: date) -> Check:
        """The shapes that the catalogue in the Turtle file at `path` does not have."""
        return self.check_data(path.read_bytes(), name, "text/turtle")

    def check_data(self, data: bytes, name: str, media_type: str) -> Check:
        """The same of a catalogue in memory, in one of the three writings."""
        if find_spec("pyshacl") is None:
            return silent(self.name, "", name, "opendata.judge_absent")
        own = version("pyshacl")
        if self.shapes is None:
            return silent(self.name, own, name, "opendata.judge_not_set_up", setting="MOBIGO_DCAT_SHAPES")
        if not self.shapes.is_file():
            return silent(self.name, own, name, "opendata.judge_schema_missing", path=str(self.shapes))
        from pyshacl import validate
        from rdflib import Graph

        try:
            graph = Graph().parse(data=data, format=_FORMATS[media_type])
        except Exception as error:  # rdflib's parsers share no base class
            return refused(self.name, own, name, Decision("opendata.no_graph", file=name, reason=str(error)[:200]))
        _, results, _ = validate(graph, shacl_graph=str(self.shapes), advanced=False, meta_shacl=False)
        return answer(self.name, own, name, _findings(results))


def _findings(results: Any) -> list[Finding]:
    from rdflib.namespace import RDF, SH

    totals: Counter[tuple[str, Severity]] = Counter()
    first: dict[tuple[str, Severity], dict[str, object]] = {}
    for result in sorted(results.subjects(RDF.type, SH.ValidationResult), key=str):
        told = {name: results.value(result, SH[name]) for name in ("resultPath", "focusNode", "resultMessage")}
        kind = _SEVERITIES.get(str(results.value(result, SH.resultSeverity)).rpartition("#")[2], Severity.ERROR)
        component = str(results.value(result, SH.sourceConstraintComponent)).rpartition("#")[2]
        path = str(told["resultPath"] or "").replace("#", "/").rpartition("/")[2]
        key = f"{component.removesuffix('ConstraintComponent')}:{path}", kind
        totals[key] += 1
        first.setdefault(key, example({"path": told["resultPath"], "on": told["focusNode"],
                                       "message": told["resultMessage"]}))  # fmt: skip
    return [Finding(code, kind, total, first[code, kind]) for (code, kind), total in totals.items()]

"""Whether every reference of a NeTEx delivery finds its object, no document holds an object twice, and what the French
profile requires is there. Where a glance (`netex_glance`) does not show that all is well, it is read as a stream, file
by file: memory holds identifiers, not documents.

The rules of the profile are the four that transport.data.gouv.fr applies ("pan:french_profile:2"): a Name for each
group of entities, an OrganisationType for each organisation, a SiteRef for each part of a site, a FrontText for each
destination display.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from mobigo.base.decisions import Decision
from mobigo.base.errors import MobigoError
from mobigo.network.model.notices import Severity
from opendata.gateway.judges.answers import NETEX, answer, refused
from opendata.gateway.judges.netex_glance import all_is_well
from opendata.model.checks import Check, Finding

if TYPE_CHECKING:
    from mobigo.network.gateway.limits import Limits

# Elements that must hold a child, and the code of the fault.
_GROUPS = ("Network", "GroupOfLines", "StopPlace", "Quay", "StopPlaceEntrance", "HeadwayJourneyGroup", "TariffZone",
           "RhythmicalJourneyGroup", "GeneralGroupOfEntities", "GroupOfStopPlaces", "GroupOfServices")  # fmt: skip
MUST_HOLD: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    **dict.fromkeys(_GROUPS, (("Name", "netex_name_missing"),)),
    **dict.fromkeys(("Operator", "Authority"), (("OrganisationType", "netex_organisation_type_missing"),)),
    "DestinationDisplay": (("FrontText", "netex_front_text_missing"),),
}  # fmt: skip
for _part in ("Quay", "StopPlaceEntrance"):
    MUST_HOLD[_part] = (*MUST_HOLD[_part], ("SiteRef", "netex_site_ref_missing"))
# Values that the profile defines once and for all: references to them need no object.
DEFINED = ("TypeOf", "ResponsibilitySet", "DataSource")


@dataclass
class Links:
    """What was seen of a delivery. `wanted`: each reference with where it stands first, and whether it says itself
    that its object is elsewhere (`versionRef`)."""

    ids: dict[tuple[str, str], str] = field(default_factory=dict)
    wanted: dict[str, tuple[str, int, bool]] = field(default_factory=dict)
    faults: dict[str, tuple[int, dict[str, object]]] = field(default_factory=dict)

    def tell(self, code: str, **example: object) -> None:
        """One more fault; the first is kept as the example."""
        count, first = self.faults.get(code, (0, example))
        self.faults[code] = count + 1, first


class _Declares(Exception):
    """A document that declares entities: nothing NeTEx needs, and how small files grow large."""


class NetexLinks:
    """Keys and references, over all files of a delivery."""

    name = "netex-references"
    required = True

    def __init__(self, total_bytes_max: int | None = None) -> None:
        self.total_bytes_max = total_bytes_max

    def reads(self, name: str, media_type: str, standard: str) -> bool:
        """NeTEx."""
        return standard == NETEX

    def check(self, path: Path, name: str, today: date) -> Check:
        """The references that find nothing, the objects that are there twice, what the profile misses."""
        from mobigo.network.gateway.netex import xml_files

        own = version("mobigo")
        links, file = Links(), name
        try:
            if all_is_well(xml_files(path, name, self._limits()), MUST_HOLD):
                return answer(self.name, own, name, ())
            count = 0
            for file, data in xml_files(path, name, self._limits()):
                look_at(file, data, links)
                count += 1
        except expat.ExpatError as error:
            reason = expat.errors.messages.get(error.code, str(error))
            return refused(self.name, own, name, Decision("network.not_netex", file=file, reason=reason))
        except (LookupError, ValueError) as error:  # an encoding that there is not, or that expat does not read
            return refused(self.name, own, name, Decision("network.not_netex", file=file, reason=str(error)[:200]))
        except _Declares:
            return refused(self.name, own, name, Decision("opendata.xml_entities", file=file))
        except MobigoError as error:
            return refused(self.name, own, name, error.decision)
        if not count:
            return refused(self.name, own, name, Decision("opendata.no_xml", file=name))
        return answer(self.name, own, name, findings_of(links))

    def _limits(self) -> "Limits":
        from mobigo.network.gateway.limits import LIMITS

        bound = self.total_bytes_max
        return LIMITS if bound is None else replace(LIMITS, total_bytes_max=bound)


def look_at(file: str, data: bytes, links: Links) -> None:
    """Read one document into `links`. Raises expat.ExpatError for what is not well-formed, `_Declares` for
    what declares entities."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    # The elements from one that must hold something down to where we are; empty, and no end is heard, elsewhere.
    open_: list[tuple[str, set[str] | None]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2] if ":" in tag else tag
        if open_ or name in MUST_HOLD:
            if open_ and open_[-1][1] is not None:
                open_[-1][1].add(name)
            open_.append((name, set() if name in MUST_HOLD else None))
            parser.EndElementHandler = end
        if attributes:
            _note(links, file, parser, name, attributes)

    def end(_tag: str) -> None:
        name, held = open_.pop()
        if not open_:
            parser.EndElementHandler = None
        for wanted, code in MUST_HOLD[name] if held is not None else ():
            if wanted not in (held or ()):
                links.tell(code, file=file, line=parser.CurrentLineNumber, element=name)

    def declares(*_: object) -> None:
        raise _Declares

    parser.StartElementHandler = start
    parser.EntityDeclHandler = declares
    parser.Parse(data, True)


def _note(links: Links, file: str, parser: expat.XMLParserType, name: str, attributes: dict[str, str]) -> None:
    """What an element says it is, and what it refers to."""
    if "id" in attributes:
        key = attributes["id"], attributes.get("version", "")
        if key in links.ids:
            code = "netex_duplicate_id" if links.ids[key] == file else "netex_object_in_several_files"
            links.tell(code, file=file, line=parser.CurrentLineNumber, id=key[0], also_in=links.ids[key])
        links.ids[key] = file
    ref = attributes.get("ref")
    if ref is not None and ref not in links.wanted and not name.startswith(DEFINED):
        links.wanted[ref] = file, parser.CurrentLineNumber, "versionRef" in attributes


def findings_of(links: Links) -> Iterable[Finding]:
    known = {identity for identity, _version in links.ids}
    dangling = {ref: where for ref, where in links.wanted.items() if ref not in known}
    for outside, code, severity in (
        (False, "netex_dangling_reference", Severity.ERROR),
        (True, "netex_reference_elsewhere", Severity.WARNING),
    ):
        found = {ref: where for ref, where in dangling.items() if where[2] is outside}
        if found:
            ref, (file, line, _) = next(iter(found.items()))
            yield Finding(code, severity, len(found), {"file": file, "line": line, "ref": ref})
    for code, (count, example) in links.faults.items():
        severity = Severity.INFO if code == "netex_object_in_several_files" else Severity.ERROR
        yield Finding(code, severity, count, example)

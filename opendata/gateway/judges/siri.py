"""SIRI documents (CEN/TS 15531): what one can be told of by itself, and by the schema where the operator supplies it
(`judges.xsd`).
"""

from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from mobigo.base.decisions import Decision
from mobigo.network.model.notices import Severity
from opendata.gateway.judges.answers import SIRI, answer, refused
from opendata.gateway.judges.realtime import Found
from opendata.gateway.judges.xsd import held_against
from opendata.model.checks import Check

ENTRY: Final = "siri.xsd"
SPACE: Final = "http://www.siri.org.uk/siri"
TIMES: Final = ("Timestamp", "Time")  # how the names of instants end
_NOT_INSTANTS: Final = ("HeadwayTime", "MinimumUpdateTime")


class SiriRules:
    """A document that reads, is SIRI, answers something, and says when."""

    name = "mobigo-siri"
    required = True

    def reads(self, name: str, media_type: str, standard: str) -> bool:
        """SIRI."""
        return standard == SIRI

    def check(self, path: Path, name: str, today: date) -> Check:
        """What is wrong with the document."""
        from lxml import etree

        own, found = version("mobigo"), Found()
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            document = etree.parse(str(path), parser)
        except etree.XMLSyntaxError as error:
            because = Decision("opendata.judge_cannot_read", judge=self.name, file=name, reason=str(error)[:200])
            return refused(self.name, own, name, because)
        if document.docinfo.doctype:
            return refused(self.name, own, name, Decision("opendata.xml_entities", file=name))
        _document(found, document.getroot())
        return answer(self.name, own, name, found.findings())


class SiriSchema:
    """The schema of SIRI (`folder` holds its entry point, `siri.xsd`)."""

    name = "siri-xsd"
    required = False  # the schema is the operator's to supply

    def __init__(self, folder: Path | None) -> None:
        self.entry = None if folder is None else folder / ENTRY

    def reads(self, name: str, media_type: str, standard: str) -> bool:
        """SIRI."""
        return standard == SIRI

    def check(self, path: Path, name: str, today: date) -> Check:
        """What of the document the schema does not allow."""
        return held_against(
            self.name, self.entry, "MOBIGO_SIRI_XSD", name, lambda: [(name, path.read_bytes())],
            "opendata.judge_cannot_read",
        )  # fmt: skip


def _document(found: Found, root: Any) -> None:
    if root.tag != f"{{{SPACE}}}Siri":
        found.tell("siri_other_root", element=str(root.tag)[:80])
        return
    parts = [each for each in root if isinstance(each.tag, str)]
    if not parts:
        found.tell("siri_empty", line=root.sourceline)
    for part in parts:
        kind = _local(part)
        stamps = {_local(each) for each in part if isinstance(each.tag, str)}
        wanted = "ResponseTimestamp" if kind.endswith(("Delivery", "Response")) else "RequestTimestamp"
        if wanted not in stamps:
            found.tell("siri_without_timestamp", Severity.WARNING, element=kind, line=part.sourceline)
    for each in root.iter():
        if not isinstance(each.tag, str) or len(each) or not each.text:
            continue
        name = _local(each)
        if name.endswith(TIMES) and name not in _NOT_INSTANTS and not _is_instant(each.text.strip()):
            found.tell("siri_not_an_instant", element=name, line=each.sourceline, value=each.text.strip()[:40])
    for call in root.iter(f"{{{SPACE}}}EstimatedCall", f"{{{SPACE}}}MonitoredCall"):
        _call(found, call)


def _call(found: Found, call: Any) -> None:
    for kind in ("Aimed", "Expected"):
        times = [call.findtext(f"{{{SPACE}}}{kind}{what}Time") for what in ("Arrival", "Departure")]
        if all(times) and all(_is_instant(each) for each in times if each):
            arrives, leaves = (datetime.fromisoformat(str(each)) for each in times)
            if (arrives.tzinfo is None) == (leaves.tzinfo is None) and leaves < arrives:
                found.tell("siri_leaves_before_it_arrives", line=call.sourceline)


def _local(element: Any) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _is_instant(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return ":" in text and text.count(":") == 2 and text.replace(":", "").isdigit()  # an hour of the clock
    return True

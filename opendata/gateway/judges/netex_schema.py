"""The schema of NeTEx (CEN/TS 16614), by libxml2. The schema is not part of this product: the operator unpacks it into
a folder and says where. Compiled once a process: half a minute.

Without its key constraints: checking those is quadratic in libxml2, and `netex_links` does it.
"""

from collections import Counter
from datetime import date
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from mobigo.base.decisions import Decision
from mobigo.base.errors import MobigoError
from mobigo.network.model.notices import Severity
from opendata.gateway.judges.answers import NETEX, answer, example, refused, silent
from opendata.model.checks import Check, Finding

ENTRY: Final = "NeTEx_publication-NoConstraint.xsd"


class NetexSchema:
    """`folder` holds the schema's entry points (`NeTEx_publication-NoConstraint.xsd`)."""

    name = "netex-xsd"

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.required = folder is not None  # whoever gives a schema wants it kept

    def reads(self, name: str, media_type: str, standard: str) -> bool:
        """NeTEx."""
        return standard == NETEX

    def check(self, path: Path, name: str, today: date) -> Check:
        """What of each document the schema does not allow."""
        from lxml import etree

        from mobigo.network.gateway.netex import xml_files

        if self.folder is None:
            return silent(self.name, "", name, "opendata.judge_not_set_up", setting="MOBIGO_NETEX_XSD")
        entry = self.folder / ENTRY
        if not entry.is_file():
            return silent(self.name, "", name, "opendata.judge_schema_missing", path=str(entry))
        try:
            schema, own = _schema(entry, entry.stat().st_mtime_ns)
        except etree.XMLSchemaParseError as error:
            return silent(self.name, "", name, "opendata.judge_broke", reason=str(error)[:200])
        totals: Counter[str] = Counter()
        first: dict[str, dict[str, object]] = {}
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
        try:
            for file, data in xml_files(path, name):
                if schema.validate(etree.parse(BytesIO(data), parser)):
                    continue
                for fault in schema.error_log:
                    code = f"xsd_{fault.type_name.removeprefix('SCHEMAV_').lower()}"
                    totals[code] += 1
                    first.setdefault(code, example({"file": file, "line": fault.line, "message": fault.message}))
        except etree.XMLSyntaxError as error:
            decision = Decision("network.not_netex", file=file, reason=str(error)[:200])
            return refused(self.name, own, name, decision)
        except MobigoError as error:
            return refused(self.name, own, name, error.decision)
        return answer(
            self.name, own, name, [Finding(code, Severity.ERROR, count, first[code]) for code, count in totals.items()]
        )


@lru_cache(maxsize=1)
def _schema(entry: Path, _changed: int) -> tuple[Any, str]:
    """The compiled schema and the version it says it is."""
    from lxml import etree

    document = etree.parse(str(entry))
    return etree.XMLSchema(document), document.getroot().get("version") or ""

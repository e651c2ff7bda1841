"""Documents held against an XML schema that the operator supplies: unpacked into a folder, and told where. Compiled
once a process (that of NeTEx takes half a minute). Nothing is fetched over the network."""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from mobigo.base.decisions import Decision
from mobigo.base.errors import MobigoError
from mobigo.network.model.notices import Severity
from opendata.gateway.judges.answers import answer, example, refused, silent
from opendata.model.checks import Check, Finding

Documents = Iterable[tuple[str, bytes]]  # the name of each, for who reads the report, and its bytes
KEPT: Final = 4  # schemas kept compiled


def held_against(
    judge: str, entry: Path | None, setting: str, name: str, documents: Callable[[], Documents], unreadable: str
) -> Check:
    """What of each document the schema at `entry` does not allow; `setting` says what to set when there is none,
    `unreadable` is the decision for what is no XML."""
    from lxml import etree

    if entry is None:
        return silent(judge, "", name, "opendata.judge_not_set_up", setting=setting)
    if not entry.is_file():
        return silent(judge, "", name, "opendata.judge_schema_missing", path=str(entry))
    try:
        schema, own = _schema(entry, entry.stat().st_mtime_ns)
    except (etree.XMLSchemaParseError, etree.XMLSyntaxError) as error:
        return silent(judge, "", name, "opendata.judge_broke", reason=str(error)[:200])
    totals: Counter[str] = Counter()
    first: dict[str, dict[str, object]] = {}
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    file = name
    try:
        for file, data in documents():
            if schema.validate(etree.parse(BytesIO(data), parser)):
                continue
            for fault in schema.error_log:
                code = f"xsd_{fault.type_name.removeprefix('SCHEMAV_').lower()}"
                totals[code] += 1
                first.setdefault(code, example({"file": file, "line": fault.line, "message": fault.message}))
    except etree.XMLSyntaxError as error:
        return refused(judge, own, name, Decision(unreadable, file=file, reason=str(error)[:200], judge=judge))
    except MobigoError as error:
        return refused(judge, own, name, error.decision)
    return answer(
        judge, own, name, [Finding(code, Severity.ERROR, count, first[code]) for code, count in totals.items()]
    )


@lru_cache(maxsize=KEPT)
def _schema(entry: Path, _changed: int) -> tuple[Any, str]:
    """The compiled schema and the version it says it is."""
    from lxml import etree

    document = etree.parse(str(entry), etree.XMLParser(no_network=True))
    return etree.XMLSchema(document), document.getroot().get("version") or ""

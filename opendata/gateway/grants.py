"""The subsidies that the authority publishes, from the file its finance service keeps in the home:
`opendata/subventions.csv`, in the fourteen columns of the national schema, UTF-8, commas or semicolons.
"""

import csv
from io import StringIO
from pathlib import Path
from typing import Final

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from opendata.rules.grants import FIELDS, fault

FILE: Final = Path("opendata") / "subventions.csv"


def grants(home: Path) -> list[dict[str, str]]:
    """Every subsidy of the file, none without it. All or nothing: raises InvalidInput("opendata.bad_grants") with the
    first line, field and value that are not as the schema wants them, and what is wanted."""
    path = home / FILE
    if not path.exists():
        return []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise InvalidInput(
            "opendata.bad_grants", line=1, field="", value="", wanted=Decision("opendata.wanted.utf8"), file=FILE.name
        ) from wrong
    separator = ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
    reader = csv.DictReader(StringIO(text, newline=""), delimiter=separator)
    lacking = [field for field in FIELDS if field not in (reader.fieldnames or [])]
    if lacking:
        raise _bad(1, lacking[0], "", Decision("opendata.wanted.column"))
    found: list[dict[str, str]] = []
    for number, row in enumerate(reader, start=2):
        filled = {field: (row.get(field) or "").strip() for field in FIELDS}
        if None in row:
            raise _bad(number, "", "", Decision("opendata.wanted.width", count=len(FIELDS)))
        if wrong_field := fault(filled):
            raise _bad(number, wrong_field[0], filled[wrong_field[0]], wrong_field[1])
        found.append(filled)
    return found


def _bad(line: int, field: str, value: str, wanted: Decision) -> InvalidInput:
    return InvalidInput("opendata.bad_grants", line=line, field=field, value=value[:80], wanted=wanted, file=FILE.name)

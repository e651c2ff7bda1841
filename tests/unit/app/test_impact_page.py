"""docs/aipd.md gives the retention that the privacy register holds, of tables that are there."""

import re
from pathlib import Path

from mobigo.app import tables
from mobigo.infra import privacy
from mobigo.infra.privacy import Days, With

PAGE = Path(__file__).parents[3] / "docs" / "aipd.md"
ROW = re.compile(r"^\| `(\w+)` \| (?:(\d+) jours|comme `(\w+)`) \|$", re.MULTILINE)


def test_each_retention_is_that_of_the_register() -> None:
    assert tables.metadata.tables
    kept = {entry.table.name: entry.keep for entry in privacy.entries()}
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert len(rows) > 20
    wrong = []
    for table, days, other in rows:
        keep = kept.get(table)
        said = Days(int(days), keep.after, keep.then, keep.or_after) if days and isinstance(keep, Days) else With(other)
        if keep != said:
            wrong.append((table, days or other, str(keep)))
    assert wrong == []


def test_every_line_of_retention_can_be_read() -> None:
    page = PAGE.read_text(encoding="utf-8")
    tables_of_it = re.findall(r"^\| `\w+` \|.*$", page, re.MULTILINE)
    assert len(tables_of_it) == len(ROW.findall(page))


def test_each_risk_has_its_likelihood_its_severity_and_what_holds_it() -> None:
    page = PAGE.read_text(encoding="utf-8")
    parts = re.findall(r"### Risques et mesures\n(.*?)(?=\n#|\Z)", page, re.DOTALL)
    assert len(parts) == 4
    for line in "\n".join(parts).splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[0] not in {"ce qui est craint", "---"}:
            assert {cells[1], cells[2]} <= set("1234"), line
            assert "tests/" in cells[4], line

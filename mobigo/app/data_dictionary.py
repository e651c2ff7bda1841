"""Writes docs/data-dictionary.md from what declares the data: `python -m mobigo.app.data_dictionary`.

Two halves: the files offered to the public, column by column as their Table Schemas say; the tables of the database,
with what the privacy register says of them. Nothing is written here by hand, and no row of any table is read.
"""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import ForeignKeyConstraint, Table

from mobigo.app import tables
from mobigo.infra import privacy

if TYPE_CHECKING:
    from mobigo.base.datasets import Column
    from opendata.model.datasets import Declaration

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "data-dictionary.md"
# What is offered may depend on the day (a tariff in force): the page is that of this one.
DAY: Final = datetime(2026, 11, 26, 12, tzinfo=UTC)
_HEAD: Final = """# Data dictionary

Written from the declarations in the code by `python -m mobigo.app.data_dictionary`; do not edit. A test fails when it
is not up to date.

- [Published files](#published-files): what leaves, column by column, as its Table Schema says it
  (`/donnees/<dataset>/schema/<file>.json`). What a timetable holds is GTFS and NeTEx, and not told again here.
- [Tables of the database](#tables-of-the-database): what is kept. Who may read what is in
  [the table of rights](authorisation.md), what is personal in [the privacy register](privacy.md). Instants are UTC,
  amounts whole cents, units the end of a name.
"""


def page(declared: "list[Declaration]") -> str:
    """The page, of these datasets and of every table of the product."""
    parts = [_HEAD, "## Published files", *_published(declared), "", "## Tables of the database", *_tables()]
    return "\n".join(parts) + "\n"


def _published(declared: "list[Declaration]") -> Iterator[str]:
    for each in declared:
        tables_of_it = [spec for spec in each.files if spec.columns]
        if not tables_of_it:
            continue
        yield from ("", f"### {each.code}", "", _line(each.description))
        for spec in tables_of_it:
            yield from (
                "",
                f"`{spec.name}`: {_line(spec.means)}",
                "",
                "| column | type | | meaning |",
                "|---|---|---|---|",
            )
            yield from (_column(column) for column in spec.columns)


def _column(column: "Column") -> str:
    held = "required" if column.required else ""
    bounds = ", ".join(f"`{value}`" for value in column.allowed)
    means = _line(column.means) + (f" ({bounds})" if bounds else "")
    return f"| `{column.name}` | {column.kind} | {held} | {means} |"


def _tables() -> Iterator[str]:
    kept = {entry.table.name: entry for entry in privacy.entries()}
    for table in sorted(tables.metadata.tables.values(), key=lambda each: each.name):
        entry = kept[table.name]
        yield from ("", f"### {table.name}", "", f"{_line(entry.purpose)}. Kept {entry.keep}.", "")
        yield from ("| column | type | | |", "|---|---|---|---|")
        refers = _references(table)
        for column in table.columns:
            marks = [
                "key" if column.primary_key else "",
                "may be empty" if column.nullable else "",
                f"→ `{refers[column.name]}`" if column.name in refers else "",
            ]
            why = _line(entry.personal.get(column.name, ""))
            kind = str(column.type).split("(", maxsplit=1)[0].lower()
            said = f"personal: {why}" if why else ""
            yield f"| `{column.name}` | {kind} | {', '.join(filter(None, marks))} | {said} |"


def _references(table: Table) -> dict[str, str]:
    """Column → `table.column` it must exist in."""
    keys = sorted(
        (each for each in table.constraints if isinstance(each, ForeignKeyConstraint)),
        key=lambda each: sorted(each.column_keys),
    )
    return {element.parent.name: element.target_fullname for each in keys for element in each.elements}


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "/").rstrip(".")


def declarations(home: Path) -> "list[Declaration]":
    """The datasets of a product just installed there, its database up to date: no network, no plan; by code."""
    from mobigo.app.factory import create_app
    from mobigo.app.open_data import offers
    from mobigo.infra.config import load_config
    from mobigo.infra.web import services

    app = create_app(load_config({"MOBIGO_HOME": str(home)}))
    with app.app_context():
        found = [offer.declared for offer in offers(services(), DAY)]
        services().engine.dispose()
    return sorted(found, key=lambda each: each.code)


def main() -> None:
    from mobigo.app import schema
    from mobigo.infra.db import open_engine

    with tempfile.TemporaryDirectory() as home:
        engine = open_engine(f"sqlite:///{Path(home) / 'mobigo.sqlite'}")
        schema.migrate(engine)
        engine.dispose()
        PAGE.write_text(page(declarations(Path(home))), encoding="utf-8")


if __name__ == "__main__":
    main()

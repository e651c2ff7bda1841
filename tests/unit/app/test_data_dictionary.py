"""docs/data-dictionary.md is what the declarations say, and every table and published column is in it."""

import shutil
from pathlib import Path

from mobigo.app import data_dictionary, tables


def test_the_page_is_what_is_declared(sqlite_template: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copyfile(sqlite_template, home / "mobigo.sqlite")
    declared = data_dictionary.declarations(home)
    written = data_dictionary.PAGE.read_text(encoding="utf-8")
    assert written == data_dictionary.page(declared), "run python -m mobigo.app.data_dictionary"
    assert [name for name in tables.metadata.tables if f"\n### {name}\n" not in written] == []
    columns = [column.name for each in declared for spec in each.files for column in spec.columns]
    assert len(columns) > 100
    assert [name for name in columns if f"| `{name}` |" not in written] == []

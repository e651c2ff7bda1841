"""Compiled templates are kept between processes, and never longer than what they were compiled from."""

import shutil
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from mobigo.infra import compiled, compiled_pages


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(compiled, "_shared", None)
    return tmp_path


def read(home: Path, source: str, **filters: object) -> str:
    """The page `p`, as a process that starts would show it."""
    environment = Environment(loader=DictLoader({"p": source}))
    environment.filters.update(filters)  # type: ignore[arg-type]  # any function
    compiled_pages.keep(home, environment)
    return environment.get_template("p").render(name="Luz")


def kept(home: Path) -> list[Path]:
    return sorted(each for each in (home / "cache" / "pages").rglob("*") if each.is_file())


def test_a_page_is_compiled_by_the_first_process_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(home, "Gare de {{ name }}") == "Gare de Luz"
    assert len(kept(home)) == 1
    monkeypatch.setattr(Environment, "_generate", lambda *_, **__: pytest.fail("compiled again"))
    assert read(home, "Gare de {{ name }}") == "Gare de Luz"


def test_another_source_is_another_page(home: Path) -> None:
    read(home, "Gare de {{ name }}")
    assert read(home, "Halte de {{ name }}") == "Halte de Luz"


def test_another_state_of_the_code_begins_anew(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = "{{ 'luz' | said }}"
    assert read(home, page, said=str.upper) == "LUZ"
    assert read(home, page, said=str.title) == "LUZ"  # a constant: computed when compiled, hence the state
    monkeypatch.setattr(compiled_pages, "_state", lambda: "after an update")
    assert read(home, page, said=str.title) == "Luz"
    assert len(kept(home)) == 1


def test_the_state_is_that_of_every_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (module := tmp_path / "mobigo" / "base" / "x.py").parent.mkdir(parents=True)
    module.write_text("A = 1\n")
    monkeypatch.setattr(compiled_pages, "_ROOT", tmp_path)
    first = compiled_pages._state.__wrapped__()
    assert compiled_pages._state.__wrapped__() == first
    module.write_text("A = 2\n")
    assert compiled_pages._state.__wrapped__() != first


@pytest.mark.parametrize("left", [b"", b"j2", b"\0" * 400, None])
def test_what_a_power_cut_left_is_compiled_again(home: Path, left: bytes | None) -> None:
    read(home, "Gare de {{ name }}")
    file = kept(home)[0]
    file.write_bytes(file.read_bytes()[:-7] if left is None else left)
    assert read(home, "Gare de {{ name }}") == "Gare de Luz"


def test_without_room_pages_are_shown_all_the_same(home: Path) -> None:
    environment = Environment(loader=DictLoader({"p": "Gare de {{ name }}"}))
    compiled_pages.keep(home, environment)
    shutil.rmtree(home / "cache")
    assert environment.get_template("p").render(name="Luz") == "Gare de Luz"
    (home / "cache").write_text("a file where the folder would be")
    assert read(home, "Gare de {{ name }}") == "Gare de Luz"

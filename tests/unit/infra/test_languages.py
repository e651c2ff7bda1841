"""Languages outside a request: what is said, what is kept, what happens when words are missing."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mobigo.base.decisions import Decision
from mobigo.base.money import Money
from mobigo.infra import i18n


@pytest.fixture
def own_catalogues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two small catalogues instead of the product's."""
    words = {
        "fr": (
            'msgid "t.late"\nmsgstr "En retard de %(by)s, le %(on)s."\n\nmsgid "t.list"\nmsgstr "Parmi %(names)s."\n\n'
            'msgid "t.wait"\nmsgstr "%(minutes)s, au plus %(most_minutes)s, sur %(minutes_kept)s."\n'
        ),
        "en": (
            'msgid "t.wait"\nmsgstr "%(minutes)s, at most %(most_minutes)s, of %(minutes_kept)s."\n\n'
            'msgid "t.late"\nmsgstr "Late by %(by)s, on %(on)s."\n\nmsgid "t.list"\nmsgstr "Among %(names)s."\n\n'
            'msgid "Chercher"\nmsgstr "Search"\n\nmsgid "%(num)s arrêt"\nmsgid_plural "%(num)s arrêts"\n'
            'msgstr[0] "%(num)s stop"\nmsgstr[1] "%(num)s stops"\n'
        ),
    }
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    for language, text in words.items():
        (tmp_path / f"{language}.po").write_text(head + text, encoding="utf-8")
    monkeypatch.setattr(i18n, "catalogue_files", lambda language: [tmp_path / f"{language}.po"])
    i18n._load.cache_clear()
    yield tmp_path
    i18n._load.cache_clear()


@pytest.mark.usefixtures("own_catalogues")
def test_a_decision_is_said_with_its_values_written_as_people_write_them() -> None:
    late = Decision("t.late", by=Money(150), on=date(2026, 11, 24))
    assert i18n.sentence(late) == "En retard de 1,50\u00a0€, le mardi 24\u00a0novembre 2026."
    assert i18n.sentence(late, "en") == "Late by €1.50, on Tuesday 24\u00a0November 2026."
    assert i18n.sentence(Decision("t.list", names=["a", "b"])) == "Parmi a, b."
    instant = Decision("t.late", by=1.5, on=datetime(2026, 11, 24, 7, 5, tzinfo=UTC))
    assert i18n.sentence(instant) == "En retard de 1,5, le mardi 24\u00a0novembre 2026, 8\u00a0h\u00a005."


@pytest.mark.usefixtures("own_catalogues")
@pytest.mark.parametrize(
    ("minutes", "french", "english"),
    [
        (0, "moins d’une minute", "less than a minute"),
        (59, "59\u00a0min", "59\u00a0min"),
        (60, "1\u00a0h", "1\u00a0h"),
        (237, "3\u00a0h\u00a057", "3\u00a0h\u00a057\u00a0min"),
    ],
)
def test_minutes_are_said_as_a_duration(minutes: int, french: str, english: str) -> None:
    wait = Decision("t.wait", minutes=minutes, most_minutes=minutes, minutes_kept=minutes)
    assert i18n.sentence(wait) == f"{french}, au plus {french}, sur {minutes}."
    assert i18n.sentence(wait, "en") == f"{english}, at most {english}, of {minutes}."
    assert i18n.sentence(Decision("t.wait", minutes="?", most_minutes="?", minutes_kept=1)) == "?, au plus ?, sur 1."


@pytest.mark.usefixtures("own_catalogues")
def test_a_decision_without_words_or_with_a_parameter_missing_still_says_something() -> None:
    assert i18n.sentence(Decision("t.unknown", line=3)) == "t.unknown line=3"
    assert i18n.sentence(Decision("t.late", by=Money(1))) == "t.late by=0,01\u00a0€"


@pytest.mark.usefixtures("own_catalogues")
def test_a_message_is_french_until_another_language_is_spoken() -> None:
    assert i18n.gettext("Chercher") == "Chercher"
    with i18n.use_language("en"):
        assert i18n.gettext("Chercher") == "Search"
        with i18n.use_language("fr"):
            assert i18n.gettext("Chercher") == "Chercher"
        assert i18n.current_language() == "en"
    with pytest.raises(ValueError, match="de"), i18n.use_language("de"):
        pass


@pytest.mark.parametrize(
    ("number", "french", "english"),
    [(0, "0 arrêt", "0 stops"), (1, "1 arrêt", "1 stop"), (2, "2 arrêts", "2 stops")],
)
@pytest.mark.usefixtures("own_catalogues")
def test_zero_is_singular_in_french_and_plural_in_english(number: int, french: str, english: str) -> None:
    assert i18n.ngettext("%(num)s arrêt", "%(num)s arrêts", number) == french
    with i18n.use_language("en"):
        assert i18n.ngettext("%(num)s arrêt", "%(num)s arrêts", number) == english


def test_a_compiled_catalogue_is_kept_until_its_source_changes(own_catalogues: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"

    def as_a_new_process() -> i18n.Catalogue:
        i18n._load.cache_clear()
        return i18n.catalogue("en")

    try:
        i18n.keep_compiled_in(cache)
        as_a_new_process()
        first = list((cache / "translations").iterdir())
        assert [file.suffix for file in first] == [".mo"]
        as_a_new_process()
        assert list((cache / "translations").iterdir()) == first
        source = own_catalogues / "en.po"
        source.write_text(source.read_text(encoding="utf-8").replace("Search", "Find"), encoding="utf-8")
        assert as_a_new_process().gettext("Chercher") == "Find"
        assert len(list((cache / "translations").iterdir())) == 2
    finally:
        i18n._cache_folder = None


@pytest.mark.usefixtures("own_catalogues")
def test_without_room_to_keep_it_a_catalogue_speaks_all_the_same(tmp_path: Path) -> None:
    (cache := tmp_path / "cache").write_text("a file where the folder would be")
    try:
        i18n.keep_compiled_in(cache)
        with i18n.use_language("en"):
            assert i18n.gettext("Chercher") == "Search"
    finally:
        i18n._cache_folder = None
        i18n._load.cache_clear()


def test_the_products_own_catalogues_compile() -> None:
    i18n._load.cache_clear()
    assert i18n.sentence(Decision("http.title_404")) == "Cette page n’existe pas"
    assert i18n.sentence(Decision("http.title_404"), "en") == "This page does not exist"

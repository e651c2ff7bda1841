"""What the public search compares: words without their ends, the sentence shown, names of places in a sentence."""

import pytest

from mobigo.app.web.searching import sources
from mobigo.app.web.searching.index import Entry, Index, Sort, excerpt, terms_of
from mobigo.app.web.searching.words import stem, terms
from mobigo.infra.i18n import use_language


@pytest.mark.parametrize(
    "alike",
    [
        ("annule", "annulee", "annules", "annuler", "annulation"),
        ("reservation", "reserver", "reservez"[:-1]),
        ("cheval", "chevaux"),
        ("billet", "billets", "ticket"),
        ("velo", "velos", "bike"),
        ("rembourser", "remboursement", "rembourse", "refund"),
    ],
)
def test_words_of_one_root_are_one(alike: tuple[str, ...]) -> None:
    assert len({stem(word) for word in alike}) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("gare", "gares"[:-2]), ("station", "statut"), ("depart", "departement"), ("carte", "car")]
)
def test_short_words_and_other_roots_stay_apart(one: str, other: str) -> None:
    assert stem(one) != stem(other)


def test_hours_and_small_words_say_nothing() -> None:
    assert terms("mon car de 7h15 ou 18h") == ["car"]
    assert terms("ligne 127") == ["lign", "127"]


def index(*entries: Entry) -> Index:
    return Index(entries)


TEXT = "On écrit beaucoup ici. Une poussette se range près de la porte. Rien de plus."


def test_a_text_is_found_by_its_own_words_and_shows_the_sentence_that_answers() -> None:
    found = index(
        Entry(Sort.GUIDE, "À bord", "Guide", "/g#a", text=TEXT), Entry(Sort.PROCEDURE, "Acheter", "", "/achats")
    ).find("où mettre ma poussette")
    assert [(hit.entry.href, hit.excerpt) for hit in found] == [("/g#a", "Une poussette se range près de la porte.")]


def test_one_word_of_a_text_is_not_enough_for_a_question_of_four_and_two_are() -> None:
    here = index(Entry(Sort.GUIDE, "À bord", "Guide", "/g#a", text=TEXT), Entry(Sort.LINE, "zinc cuivre fer", "", "/l"))
    assert [hit.entry.href for hit in here.find("poussette zinc cuivre fer")] == ["/l"]
    assert {hit.entry.href for hit in here.find("poussette porte zinc cuivre")} == {"/g#a", "/l"}


def test_a_title_says_more_than_a_text() -> None:
    found = index(
        Entry(Sort.GUIDE, "À bord", "Guide", "/g#a", text=TEXT),
        Entry(Sort.GUIDE, "Poussette", "Guide", "/g#b", text="x"),
    ).find("poussette")
    assert [hit.entry.href for hit in found] == ["/g#b", "/g#a"]


def test_a_long_sentence_is_cut_between_words_around_what_was_asked() -> None:
    text = (
        " ".join(f"mot{number}" for number in range(60))
        + " poussette "
        + " ".join(f"fin{number}" for number in range(60))
    )
    shown = excerpt(text, dict.fromkeys(terms_of("poussette"), 1.0))
    assert len(shown) < 200
    assert "poussette" in shown
    assert shown.startswith("… mot52 ")
    assert shown.endswith(" …")


@pytest.mark.parametrize(
    ("name", "to", "of"),
    [
        ("Dijon", "à Dijon", "de Dijon"),
        ("Autun", "à Autun", "d’Autun"),
        ("Époisses", "à Époisses", "d’Époisses"),
        ("Le Creusot", "au Creusot", "du Creusot"),
        ("Les Rousses", "aux Rousses", "des Rousses"),
        ("La Clayette", "à La Clayette", "de La Clayette"),
        ("Lezay", "à Lezay", "de Lezay"),
    ],
)
def test_a_place_is_said_as_in_french(name: str, to: str, of: str) -> None:
    with use_language("fr"):
        assert (sources._to(name), sources._from(name)) == (to, of)
    with use_language("en"):
        assert (sources._to(name), sources._from(name)) == (name, name)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("nuits st georges", "Nuits-Saint-Georges"),
        ("chateau chinon", "Château-Chinon (Ville)"),
        ("château-chinon (campagne)", "Château-Chinon (Campagne)"),
        ("LE CREUSOT", "Le Creusot"),
        ("nulle part", None),
        ("21", None),
    ],
)
def test_a_commune_is_known_by_what_people_call_it(asked: str, found: str | None) -> None:
    commune = sources._commune(asked)
    assert (None if commune is None else commune.name) == found

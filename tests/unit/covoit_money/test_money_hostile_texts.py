"""What strangers type, in papers, months and bank files: nothing of it breaks a document or a page."""

from datetime import UTC, datetime

import pytest

from covoit.gateway.bank import read_bank_file
from covoit.service.claims import check_holder
from covoit.service.closing import first_day_of
from mobigo.base.errors import InvalidInput
from mobigo.infra import pdf
from mobigo.infra.i18n import sentence, use_language
from tests.covoit_money_world import camt054

NAMES = (
    "Zoé 😀",
    "محمد علي",
    "李小龙",
    '#read("/etc/passwd")',
    "$x^2$ *_`<a>@b",
    "a\x01\x1b\u202eb",
    "]) #panic()",
    "Œ ǿ Ω Ж ạ",
)


@pytest.mark.parametrize("name", NAMES)
def test_any_name_makes_a_document(name: str) -> None:
    source = pdf.escaped(name) + "\n" + pdf.table(["nom"], [[name]])
    assert pdf.compiled("essai", source, datetime(2026, 1, 1, tzinfo=UTC)).startswith(b"%PDF")


def test_a_letter_without_a_font_is_shown_as_a_question_mark() -> None:
    assert pdf.escaped("Zoé 😀 Ж") == "Zoé ? Ж"


@pytest.mark.parametrize("month", ["0001-01", "9999-12", "1999-12", "2026-13", "２０２６-09"])
def test_a_month_outside_the_century_is_none(month: str) -> None:
    with pytest.raises(InvalidInput, match="bad_month"):
        first_day_of(month)


@pytest.mark.parametrize("name", ["", "x", "😀😀", "محمد علي", "1234", "a\u202eb"])
def test_a_holder_whom_no_bank_can_read_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="iban_holder"):
        check_holder(name)


def test_a_holder_is_kept_as_on_the_paper() -> None:
    assert check_holder("  Zoé   Łukasz-Œuvrard ") == "Zoé Łukasz-Œuvrard"


def test_a_bank_file_in_another_currency_is_refused() -> None:
    with pytest.raises(InvalidInput, match="bank_file_"):
        read_bank_file(camt054(("MOBIGO-X", "4.30", "")).replace(b"'EUR'", b"'USD'"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Ligne 1 : ce n’est pas un fichier XML"),
        (b"<a>\n<b>\n</a>", "Ligne 3, colonne 5 : une balise est fermée par une autre"),
        (b"<a>\n<b>", "Ligne 2 : le fichier est coupé avant la fin"),
        (b"<a>\n\x01</a>", "Ligne 2, colonne 1 : un signe interdit"),
        (b"<a/>\nencore", "Ligne 2 : du texte suit la fin du document"),
        (b"<a>\n< b</a>", "Ligne 2, colonne 2 : une balise ou un signe n’est pas à sa place"),
        (b"<a xmlns='urn:x'/>", "ni un pain.002 ni un camt.054 (« urn:x »)"),
        (camt054(("X", "4.305", "")).replace(b"<Ntry>", b"\n<Ntry>"), "Ligne 2 : « 4.305 » n’est pas un montant"),
        (camt054(("X", "4.30", "")).replace(b"'EUR'", b"'USD'"), "Ligne 1 : un montant est en USD"),
    ],
)
def test_a_broken_bank_file_is_told_in_french_with_its_line(content: bytes, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_bank_file(content)
    with use_language("fr"):
        words = sentence(refused.value.decision).replace("\u202f", " ").replace("\xa0", " ")
    assert said in words

"""Texts for telephones hold the letters that cost least, and no more of them than is paid for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.planner.export.sms import _GSM, cut, plain


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("Départ à 7\u00a0h\u00a030\u202f: quai 2", "Départ à 7 h 30 : quai 2"),
        ("L’arrêt « Châtillon » → Œuilly…", 'L\'arret "Chatillon" > OEuilly...'),
        ("café, été, où, Ç, ç, ê, î, ô, û", "café, été, où, Ç, c, e, i, o, u"),
        ("1,50 €", "1,50 EUR"),
        ("🚌 ligne", "? ligne"),
        ("  a \n  b  ", "a\nb"),
    ],
)
def test_letters_that_cost_more_are_written_otherwise(text: str, sent: str) -> None:
    assert plain(text) == sent


@given(st.text(max_size=400), st.integers(10, 306))
def test_no_text_is_longer_or_dearer(text: str, most: int) -> None:
    sent = cut(text, most)
    assert len(sent) <= most
    assert set(sent) <= _GSM


def test_a_text_is_cut_between_words() -> None:
    assert cut("un deux trois quatre", 14) == "un deux..."
    assert cut("un deux trois", 13) == "un deux trois"

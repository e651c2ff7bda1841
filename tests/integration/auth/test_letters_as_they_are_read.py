"""The letters of accounts, compared with text files that a colleague can proof-read."""

from pathlib import Path
from typing import Any

import pytest
from flask import render_template

LETTERS = Path(__file__).parent / "letters"
FACTS = {
    "link": "https://mobigo.exemple.fr/inscription/un-lien-qui-fonctionne-une-fois",
    "minutes": 60,
    "base_url": "https://mobigo.exemple.fr",
}
NAMES = ["register", "already", "reset", "nobody", "email", "email_changed", "password_changed", "invitation"]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_a_letter_reads_as_it_was_proof_read(world: Any, name: str, language: str) -> None:
    with world.app.test_request_context():
        written = render_template(f"account/mail/{name}.{language}.txt", **FACTS)
    assert written.strip() == (LETTERS / f"{name}.{language}.txt").read_text(encoding="utf-8").strip()
    subject, blank, *body = written.split("\n")
    assert 10 <= len(subject) <= 78
    assert blank == ""
    assert body[0].startswith(("Bonjour", "Hello"))

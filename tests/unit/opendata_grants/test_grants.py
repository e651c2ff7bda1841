"""Subsidies in the national schema: what each field may hold, and a file that is taken whole or not at all."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from mobigo.app.open_grants import offers
from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from opendata.gateway.grants import FILE, grants
from opendata.rules.grants import FIELDS, fault

GOOD = {
    "nomAttribuant": "Région Bourgogne-Franche-Comté", "idAttribuant": "20005372600010",
    "dateConvention": "2026-03-31", "referenceDecision": "26AP-12", "nomBeneficiaire": "SNCF Voyageurs",
    "idBeneficiaire": "51903758408747", "objet": "Lignes de covoiturage", "montant": "23000.50",
    "nature": "aide en numéraire", "conditionsVersement": "échelonné", "datesPeriodeVersement": "2026-04-01/2026-12-31",
    "idRAE": "", "notificationUE": "non", "pourcentageSubvention": "0.5",
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("idBeneficiaire", "51903758408747", "51903758408748"),
        ("idBeneficiaire", "51903758408747", "519 037 584 08747"),
        ("dateConvention", "2024-02-29", "2026-02-29"),
        ("dateConvention", "2026-01-01", "01/01/2026"),
        ("montant", "0.01", "0"),
        ("montant", "1000", "1 000,00"),
        ("nature", "aide en nature;aide en numéraire", "prêt"),
        ("datesPeriodeVersement", "2026-04-01", "2026-12-31/2026-04-01"),
        ("notificationUE", "oui", "OUI"),
        ("pourcentageSubvention", "0.01", "0.009"),
        ("pourcentageSubvention", "1", "1.01"),
        ("objet", "x" * 256, "x" * 257),
        ("objet", "x", ""),
    ],
)
def test_each_field_holds_what_the_schema_wants(field: str, good: str, bad: str) -> None:
    assert fault({**GOOD, field: good}) is None
    found = fault({**GOOD, field: bad})
    assert found is not None
    assert found[0] == field


def test_what_may_be_empty_may_be_empty() -> None:
    assert fault({**GOOD, "referenceDecision": "", "idRAE": ""}) is None


@dataclass
class Home:
    path: Path

    def keep(self, *rows: Mapping[str, str], separator: str = ",", encoding: str = "utf-8-sig") -> None:
        (self.path / FILE).parent.mkdir(exist_ok=True)
        with (self.path / FILE).open("w", encoding=encoding, newline="") as file:
            out = csv.DictWriter(file, FIELDS, delimiter=separator)
            out.writeheader()
            out.writerows(rows)


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_good_file_is_published_in_one_order(tmp_path: Path, separator: str, monkeypatch: pytest.MonkeyPatch) -> None:
    later = {**GOOD, "dateConvention": "2026-05-01"}
    contents = []
    for rows in ((GOOD, later), (later, GOOD)):
        Home(tmp_path).keep(*rows, separator=separator)
        home = SimpleNamespace(config=SimpleNamespace(home=tmp_path))
        monkeypatch.setattr("mobigo.app.open_grants._paid", lambda services: [])  # nothing of ours was paid
        (offer,) = offers(home)  # type: ignore[arg-type]  # its home
        (edition,) = offer.produce(datetime(2026, 6, 1, tzinfo=UTC), tmp_path)
        contents.append(edition.files[0].content)
    assert contents[0] == contents[1]
    assert b"2026-05-01" in contents[0]


def test_no_file_is_nothing_to_publish(tmp_path: Path) -> None:
    assert grants(tmp_path) == []


def test_a_bad_line_is_said_with_its_field_and_nothing_is_taken(tmp_path: Path) -> None:
    Home(tmp_path).keep(GOOD, {**GOOD, "montant": "douze"})
    with pytest.raises(InvalidInput) as refused:
        grants(tmp_path)
    assert dict(refused.value.decision.params) == {
        "line": 3, "field": "montant", "value": "douze", "wanted": Decision("opendata.wanted.amount"),
        "file": "subventions.csv",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "", ",".join(FIELDS) + "\n" + "x," * 20 + "\n"])
def test_another_file_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput):
        grants(tmp_path)


def test_another_encoding_is_said(tmp_path: Path) -> None:
    Home(tmp_path).keep(GOOD, encoding="latin-1")
    with pytest.raises(InvalidInput, match="bad_grants"):
        grants(tmp_path)

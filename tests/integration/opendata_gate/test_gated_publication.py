"""Tables about people on their way to publication: through the gate, two persons, and the ledger of releases."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import StringIO

import pytest
from sqlalchemy import Engine

from mobigo.base.datasets import Column, Dataset, Privacy, Row
from mobigo.infra.config import Config
from mobigo.infra.db import reading
from opendata.model.datasets import Slot, Theme
from opendata.model.editions import State
from opendata.model.offers import Offer
from opendata.service import gated, governance
from opendata.service.publishing import Outcome, publish_all
from opendata.store import files, releases

NOW = datetime(2026, 4, 15, 3, tzinfo=UTC)
COLUMNS = (
    Column("mois", "string", "Mois"),
    Column("produit", "string", "Produit"),
    Column("canal", "string", "Canal"),
    Column("titres", "integer", "Titres"),
    Column("montant_eur", "number", "Montant"),
)
SALES: Sequence[Row] = [
    ("2026-03", "billet", "guichet", 3, 18.0), ("2026-03", "billet", "web", 400, 2400.0),
    ("2026-03", "pass", "guichet", 60, 3000.0), ("2026-03", "pass", "web", 90, 4500.0),
    ("2026-03", "carte", "guichet", 55, 1650.0), ("2026-03", "carte", "web", 120, 3600.0),
]  # fmt: skip


@dataclass
class World:
    """What publication needs, and the sales as they stand."""

    config: Config
    engine: Engine
    rows: Sequence[Row] = field(default_factory=lambda: SALES)

    def offers(self) -> list[Offer]:
        def made(rows: Callable[[], Sequence[Row]]) -> dict[str, Dataset]:
            privacy = Privacy(10, (("mois", "produit", "canal"),), because="few buyers")
            return {"billettique-ventes": Dataset("billettique-ventes", "V", "V", COLUMNS, rows, privacy, "month")}

        wording = gated.Wording(Theme.SALES, "Pour suivre les ventes.", ("ventes",))
        return gated.offers(
            self.engine, made(list), lambda _month: made(lambda: self.rows), {"billettique-ventes": wording}
        )

    def publish(self, by: str | None = None) -> Outcome:
        (outcome,) = publish_all(self, self.offers(), NOW, by=by)
        return outcome

    def approved(self) -> Outcome:
        """The version made now, approved by one person and published by another."""
        outcome = self.publish()
        assert outcome.version is not None
        governance.approve(self, outcome.version.id, "first", NOW)
        governance.publish(self, outcome.version.id, "second", NOW)
        return outcome

    def table(self, outcome: Outcome) -> list[dict[str, str]]:
        assert outcome.version is not None
        (file,) = outcome.version.files
        text = files.contents_of(self.config.home).path(file.sha256).read_text(encoding="utf-8")
        return list(csv.DictReader(StringIO(text)))


@pytest.fixture
def world(database_config: Config, engine: Engine) -> World:
    return World(database_config, engine)


def test_the_month_that_is_shown_is_the_last_one_over_for_ten_days() -> None:
    assert gated.month_shown(datetime(2026, 4, 10, 12, tzinfo=UTC)) == "2026-02"
    assert gated.month_shown(datetime(2026, 4, 11, 12, tzinfo=UTC)) == "2026-03"
    assert gated.month_shown(datetime(2026, 1, 11, 12, tzinfo=UTC)) == "2025-12"


def test_a_table_about_people_waits_for_two_persons_and_leaves_reduced(world: World) -> None:
    outcome = world.publish()
    assert (outcome.result, outcome.slot) == ("waiting", Slot.LATEST)
    assert outcome.version is not None
    assert outcome.version.state is State.CHECKED
    assert outcome.version.counts == {"rows": 6, "cells": 12, "hidden": 4, "shown": 8}
    rows = {(row["produit"], row["canal"]): row for row in world.table(outcome)}
    assert rows["billet", "guichet"] == {
        "mois": "2026-03", "produit": "billet", "canal": "guichet", "titres": "", "montant_eur": "", "secret": "true",
    }  # fmt: skip
    assert rows["carte", "web"]["titres"] == "120"
    assert [row["titres"] for row in rows.values()].count("") == 4
    assert world.approved().version == outcome.version  # the same content is the same version


def test_the_ledger_holds_what_is_public_and_nothing_that_is_hidden(world: World) -> None:
    world.approved()
    with reading(world.engine) as session:
        (kept,) = releases.known(session, "billettique.ventes")
    assert kept.cells["2026-03", "billet", "guichet"] is None
    assert kept.cells["2026-03", "carte", "web"] == (120, 3600)
    assert kept.period == "2026-03"


def test_what_was_rejected_is_not_known_to_readers(world: World) -> None:
    outcome = world.publish()
    assert outcome.version is not None
    governance.reject(world, outcome.version.id, "first", NOW, "Le mois n’est pas complet.")
    with reading(world.engine) as session:
        assert releases.known(session, "billettique.ventes") == []


def test_a_few_late_sales_leave_the_published_figures_as_they_are(world: World) -> None:
    first = world.approved()
    world.rows = [("2026-03", "carte", "web", 128, 3840.0) if row[1:3] == ("carte", "web") else row for row in SALES]
    again = world.publish()
    assert (again.result, again.version and again.version.id) == ("unchanged", first.version and first.version.id)


def test_many_late_sales_make_a_new_version_that_hides_the_same_cells(world: World) -> None:
    first = world.approved()
    world.rows = [("2026-03", "carte", "web", 150, 4500.0) if row[1:3] == ("carte", "web") else row for row in SALES]
    again = world.publish()
    assert again.result == "waiting"
    old, new = ({tuple(row.values())[:3]: row for row in world.table(each)} for each in (first, again))
    assert new["2026-03", "carte", "web"]["titres"] == "150"
    assert {key for key, row in old.items() if row["secret"] == "true"} == {
        key for key, row in new.items() if row["secret"] == "true"
    }


def test_a_month_without_sales_makes_nothing(world: World) -> None:
    world.rows = []
    assert world.publish().result == "empty"

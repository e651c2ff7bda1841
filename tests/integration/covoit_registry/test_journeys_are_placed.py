"""Operators' journeys get the commune of both ends before they are priced, from outlines that were imported."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from covoit.gateway.communes import as_geojson
from covoit.model.communes import Outline
from covoit.service import communes
from covoit.store import journeys
from covoit.store.journey_rows import JourneyRow, facts_digest, row_of
from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from mobigo.infra.blobs import BlobRow, Blobs
from mobigo.infra.db import reading, transaction
from tests.covoit_world import ONE, journey
from tests.unit.covoit_registry.test_communes_by_outline import EAST, WEST

NOW = ONE.received_at + timedelta(minutes=5)
HERE, THERE, ABROAD = Point(47.05, 4.05), Point(47.05, 4.12), Point(46.0, 7.0)


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


def declared(engine: Engine, name: str, start: Point, end: Point) -> str:
    """A journey off the lines, as an operator declares it."""
    made = replace(journey(None, 20_000), id=name, operator="partner", operator_journey_id=name)
    with transaction(engine) as session:
        journeys.insert_many(
            session, [row_of(made, digest=facts_digest(made))],
            [journeys.position_of(replace(made, id=name), (start, end))],
        )  # fmt: skip
    return name


def places(engine: Engine) -> dict[str, tuple[str | None, str | None]]:
    with reading(engine) as session:
        return {row.id: (row.start_insee, row.end_insee) for row in session.scalars(select(JourneyRow))}


def test_without_outlines_nothing_is_placed_and_it_is_said(engine: Engine, blobs: Blobs) -> None:
    declared(engine, "J1", HERE, THERE)
    assert communes.place(engine, blobs, NOW) == 0
    with reading(engine) as session:
        state = communes.state(session, blobs)
    assert (state.imported_at, state.communes, state.missing) == (None, 0, ())


def test_both_ends_are_placed_and_what_lies_elsewhere_is_left(engine: Engine, blobs: Blobs) -> None:
    declared(engine, "J1", HERE, THERE)
    declared(engine, "J2", HERE, ABROAD)
    declared(engine, "J3", ABROAD, ABROAD)
    communes.import_files(engine, blobs, {"a.geojson": as_geojson([WEST, EAST])}, by="system", now=NOW)
    assert communes.place(engine, blobs, NOW) == 2
    assert places(engine) == {"J1": ("21001", "21002"), "J2": ("21001", None), "J3": (None, None)}
    communes.place(engine, blobs, NOW)  # again: nothing moves
    assert places(engine)["J1"] == ("21001", "21002")
    with reading(engine) as session:
        state = communes.state(session, blobs)
    assert (state.communes, state.journeys, state.unplaced) == (2, 3, 2)
    assert "21231" in state.missing
    assert "21001" not in state.missing


def test_what_is_priced_or_old_is_never_touched_and_a_table_places_it_by_itself(engine: Engine, blobs: Blobs) -> None:
    declared(engine, "J1", HERE, THERE)
    declared(engine, "J2", HERE, THERE)
    with transaction(engine) as session:
        session.execute(update(JourneyRow).where(JourneyRow.id == "J1").values(priced_at=NOW))
    communes.import_files(engine, blobs, {"a.geojson": as_geojson([WEST, EAST])}, by="system", now=NOW)
    assert communes.place(engine, blobs, NOW + communes.LOOK_BACK + timedelta(days=1)) == 0
    communes.place(engine, blobs, NOW)
    assert places(engine) == {"J1": (None, None), "J2": ("21001", "21002")}
    with reading(engine) as session:
        assert communes.ends_of(session, blobs, [(HERE, THERE)]) == [("21001", "21002")]
        assert communes.ends_of(session, None, [(HERE, THERE)]) == [(None, None)]


def test_a_later_file_takes_the_place_of_the_first_and_a_bad_one_changes_nothing(engine: Engine, blobs: Blobs) -> None:
    later = NOW + timedelta(hours=1)
    communes.import_files(engine, blobs, {"a.geojson": as_geojson([WEST])}, by="system", now=NOW)
    with pytest.raises(InvalidInput, match="communes_twice"):
        communes.import_files(engine, blobs, {"b": as_geojson([EAST]), "c": as_geojson([EAST])}, by="system", now=later)
    renamed = Outline("21009", "Ouest", WEST.parts)
    with reading(engine) as session:
        assert communes.ends_of(session, blobs, [(HERE, HERE)]) == [("21001", "21001")]
    communes.import_files(engine, blobs, {"d": as_geojson([renamed])}, by="system", now=later)
    with reading(engine) as session:
        assert communes.ends_of(session, blobs, [(HERE, HERE)]) == [("21009", "21009")]
        assert len(session.scalars(select(BlobRow).where(BlobRow.purpose == communes.PURPOSE)).all()) == 2

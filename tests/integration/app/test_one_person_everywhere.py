"""One person across all packages, on the demonstration: given all that is held, then forgotten wherever no law says to
keep; judged by reading the raw bytes of everything that is stored. And what is left of everybody a generation later."""

import os
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, String, func, select

import mobigo.app.tables  # noqa: F401 - each package registers what it knows of a person
from covoit.store.ibans import end_abandoned
from mobigo.infra import clock, privacy
from mobigo.infra.accounts import Person
from mobigo.infra.config import load_config
from mobigo.infra.db import reading, transaction
from mobigo.infra.web import Services
from mobigo.requests.model import OPEN
from mobigo.requests.store.requests import ContactRow, EntryRow, RequestRow
from scolaire.store.pupils import IdentityRow
from tests.demo_home import Demo

MARKS = {"email", "to", "phone", "iban", "name", "alias", "said"}
# Whose account, and what must be among the marks nobody else shares.
PEOPLE = {"conduite": "Conrad", "voyage": "+33639980034", "famille": "famille0@demo.example.org"}


@pytest.fixture
def services(demo_template: Demo, tmp_path: Path) -> Iterator[Services]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MOBIGO_")}
    home = demo_template.copy(tmp_path / "home")
    (home / "secrets" / "demo-accounts.json").unlink()  # how one signs in to the demonstration: no data of a person
    services = Services(load_config({**ours, "MOBIGO_HOME": str(home), "MOBIGO_ENV": "demo"}))
    yield services
    services.engine.dispose()


def marks(held: Any, name: str = "") -> Iterator[str]:
    """The texts by which one would recognise the person."""
    if isinstance(held, Mapping):
        for key, value in held.items():
            yield from marks(value, str(key))
    elif isinstance(held, list | tuple):
        for value in held:
            yield from marks(value, name)
    elif name in MARKS and isinstance(held, str) and len(held) > 3:
        yield held


def stored(services: Services, text: str) -> list[str]:
    """The files of the home in whose bytes the text stands."""
    services.engine.dispose()  # what is only in the journal of writes goes into the file
    return sorted(
        str(file.relative_to(services.config.home))
        for file in services.config.home.rglob("*")
        if file.is_file() and not file.is_symlink() and text.encode() in file.read_bytes()
    )


@pytest.mark.parametrize("who", PEOPLE)
def test_given_everything_then_forgotten_in_every_byte(services: Services, who: str) -> None:
    with reading(services.engine) as session:
        subject = session.scalars(select(Person.subject).where(Person.email == f"{who}@demo.example.org")).one()
        given: dict[str, Any] = dict(privacy.export_subject(session, subject))
        found = set(marks(given))
        others: set[str] = set()
        for other in session.scalars(select(Person.subject).where(Person.subject != subject)):
            others |= set(marks(privacy.export_subject(session, other)))
    own = {mark for mark in found - others if stored(services, mark)}
    assert PEOPLE[who] in own
    with transaction(services.engine) as session:
        privacy.erase_subject(session, subject, clock.now())
    left = {file for mark in own for file in stored(services, mark)}
    # A payment file sent to the bank is an accounting paper: it stays, whole, as long as the law says.
    assert {file for file in left if b"pain.001" not in (services.config.home / file).read_bytes()} == set()
    children = [child["pupil"] for child in given["scolaire"].get("children", ())]
    with reading(services.engine) as session:
        assert set(marks(privacy.export_subject(session, subject))) == set()
        assert session.scalar(select(func.count()).where(IdentityRow.pupil.in_(children))) == 0


def test_a_generation_later_nobody_is_named(services: Services) -> None:
    """Everything that has an end is over: no text of a person is left but in what still waits for somebody's answer."""
    for years in (1, 6, 11, 31):
        with transaction(services.engine) as session:
            end_abandoned(session, clock.now() + timedelta(days=365 * years))
            privacy.erase_due(session, clock.now() + timedelta(days=365 * years))
    left = {}
    with reading(services.engine) as session:
        for entry in privacy.entries():
            for name in entry.personal:
                column = entry.table.c[name]
                if isinstance(column.type, String) and not isinstance(column.type, JSON):
                    texts = session.scalar(select(func.count()).select_from(entry.table).where(column != ""))
                    if texts and not isinstance(entry.keep, privacy.Always):
                        left[f"{entry.table.name}.{name}"] = texts
        assert {row.state for row in session.scalars(select(RequestRow))} <= {state.value for state in OPEN}
        waiting = set(session.scalars(select(RequestRow.id)))
        for table in (ContactRow, EntryRow):
            assert set(session.scalars(select(table.request))) <= waiting
    assert {key for key in left if not re.match(r"covoit_case\.said|requests_|blob\.|job\.", key)} == set()

"""The privacy register: complete, honest about its columns, erasing on time, and the page that people read."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Date, Engine, MetaData, String, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from mobigo.app import privacy_page, tables
from mobigo.infra import privacy
from mobigo.infra.db import Base, UtcDateTime, open_engine, transaction
from mobigo.infra.privacy import BLANK, Always, Days, With, describe

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def test_every_column_of_every_table_is_described() -> None:
    assert tables.metadata.tables
    assert privacy.undescribed() == []


def test_the_page_is_what_the_register_says() -> None:
    assert privacy_page.PAGE.read_text(encoding="utf-8") == privacy.page(), "run python -m mobigo.app.privacy_page"


def test_whatever_is_kept_for_ever_says_why() -> None:
    silent = [e.table.name for e in privacy.entries() if isinstance(e.keep, Always) and len(e.keep.because) < 15]
    assert silent == []


def test_a_table_kept_with_another_names_one_that_exists() -> None:
    names = set(tables.metadata.tables)
    wrong = [e.table.name for e in privacy.entries() if isinstance(e.keep, With) and e.keep.table not in names]
    assert wrong == []


# ---------------------------------------------------------------- on tables of this test's own


class Own(DeclarativeBase):
    metadata = MetaData()


class Person(Own):
    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    phone: Mapped[str | None] = mapped_column(String(50))
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_day: Mapped[date | None] = mapped_column(Date)


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """The register and the tables of this test alone."""
    monkeypatch.setattr(privacy, "_register", {})
    monkeypatch.setattr(privacy, "_subjects", {})
    monkeypatch.setattr(Base, "metadata", Own.metadata)


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'people.sqlite'}")
    Own.metadata.create_all(engine)
    yield engine
    engine.dispose()


def enter(keep: privacy.Keep, plain: str = "id seen_at last_day") -> None:
    describe(Person, purpose="test", keep=keep, personal={"name": "why", "phone": "why"}, plain=plain)  # type: ignore[arg-type]  # a base of its own


def add(session: Session, number: int, seen_at: datetime | None, last_day: date | None = None) -> None:
    session.add(Person(id=number, name="Zoé", phone="06", seen_at=seen_at, last_day=last_day))


def names(engine: Engine) -> dict[int, tuple[str, str | None]]:
    with transaction(engine) as session:
        return {person.id: (person.name, person.phone) for person in session.scalars(select(Person))}


@pytest.mark.usefixtures("register")
def test_a_column_nobody_described_is_found() -> None:
    assert privacy.undescribed() == ["person.id", "person.last_day", "person.name", "person.phone", "person.seen_at"]
    enter(Always("test"), plain="id seen_at")
    assert privacy.undescribed() == ["person.last_day"]


@pytest.mark.usefixtures("register")
@pytest.mark.parametrize(
    ("keep", "plain"),
    [
        (Always("test"), "id seen_at last_day unknown"),
        (Always("test"), "id seen_at last_day name"),
        (Days(3, after="unknown"), "id seen_at last_day"),
    ],
)
def test_a_description_that_does_not_fit_its_table_is_refused(keep: privacy.Keep, plain: str) -> None:
    with pytest.raises(ValueError, match="person"):
        enter(keep, plain)


@pytest.mark.usefixtures("register")
def test_rows_go_when_their_time_is_over_and_not_a_moment_before(people: Engine) -> None:
    enter(Days(30, after="seen_at"))
    with transaction(people) as session:
        add(session, 1, NOW - timedelta(days=30))
        add(session, 2, NOW - timedelta(days=30) + timedelta(microseconds=1))
        add(session, 3, None)
    with transaction(people) as session:
        assert privacy.erase_due(session, NOW) == {"person": 1}
        assert privacy.erase_due(session, NOW) == {"person": 0}
    assert set(names(people)) == {2, 3}


@pytest.mark.usefixtures("register")
def test_days_are_counted_in_france(people: Engine) -> None:
    enter(Days(1, after="last_day"))
    midnight = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)  # the 25th begins in France
    with transaction(people) as session:
        add(session, 1, None, date(2026, 11, 24))
    with transaction(people) as session:
        assert privacy.erase_due(session, midnight - timedelta(seconds=1)) == {"person": 0}
        assert privacy.erase_due(session, midnight) == {"person": 1}


@pytest.mark.usefixtures("register")
def test_personal_columns_may_be_emptied_and_the_row_kept(people: Engine) -> None:
    enter(Days(30, after="seen_at", then=BLANK))
    with transaction(people) as session:
        add(session, 1, NOW - timedelta(days=31))
        add(session, 2, NOW)
    with transaction(people) as session:
        assert privacy.erase_due(session, NOW) == {"person": 1}
        assert privacy.erase_due(session, NOW) == {"person": 0}
    assert names(people) == {1: ("", None), 2: ("Zoé", "06")}


@pytest.mark.usefixtures("register")
def test_a_person_is_told_and_forgotten_by_every_package(people: Engine) -> None:
    forgotten: list[str] = []

    def erase(_session: Session, subject: str, _now: datetime) -> int:
        forgotten.append(subject)
        return 2

    privacy.register_subject("tickets", export=lambda _s, subject: {"subject": subject}, erase=erase)
    privacy.register_subject("accounts", export=lambda _s, _subject: {"name": "Zoé"}, erase=lambda _s, _p, _n: 1)
    with transaction(people) as session:
        assert privacy.export_subject(session, "s1") == {"accounts": {"name": "Zoé"}, "tickets": {"subject": "s1"}}
        assert privacy.erase_subject(session, "s1", NOW) == {"accounts": 1, "tickets": 2}
    assert forgotten == ["s1"]

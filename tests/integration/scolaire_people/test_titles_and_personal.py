"""A pass becomes a title of ticketing and ends with it; a person's data is given to them, and forgotten."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select

from billettique.store.tickets import EntitlementRow
from mobigo.app import deliveries
from mobigo.infra import privacy
from mobigo.infra.blobs import BlobRow
from mobigo.infra.config import Config
from mobigo.infra.db import Base, transaction
from mobigo.infra.outbox import EffectRow, deliver_effects
from mobigo.infra.web import Services
from scolaire.model.rights import Outcome
from scolaire.service import deciding, documents, joining, passes, personal
from scolaire.service.registering import cancel, register
from scolaire.store import pupils as store
from scolaire.store.pupils import AddressRow, BondRow, GuardianRow, IdentityRow, PupilRow
from scolaire.store.registrations import DocumentRow, LegRow, PassRow, RegistrationRow
from tests.school_people_world import AGENT, ASKED, CONTACT, NOW, account, place, two_homes

ROWS = (PupilRow, IdentityRow, AddressRow, BondRow, GuardianRow, RegistrationRow, LegRow, DocumentRow, PassRow, BlobRow)


def _deliver(engine: Engine, config: Config, at: datetime) -> None:
    services = Services(config)
    done = deliver_effects(engine, deliveries.handlers(services), lambda: at)
    services.engine.dispose()
    assert done.failed == 0


def _entitled(engine: Engine, config: Config, now: datetime = NOW) -> tuple[str, str]:
    """(registration, account) of a pupil who is decided."""
    with transaction(engine) as session:
        place(session)
        anne = account(session, "anne")
        row = register(session, ASKED, CONTACT, config=config, subject=anne, now=now)
        deciding.decide(session, row.id, Outcome.ENTITLED, by=AGENT, words="", config=config, now=now)
        return row.id, anne


def test_a_pass_becomes_a_title_once_and_a_replaced_one_is_void(engine: Engine, database_config: Config) -> None:
    registration, anne = _entitled(engine, database_config)
    _deliver(engine, database_config, NOW)
    _deliver(engine, database_config, NOW)
    with transaction(engine) as session:
        title = session.scalars(select(EntitlementRow)).one()
        card = passes.current_pass(session, registration)
        assert card is not None
        assert (card.title, title.product, title.holder) == (title.id, "abonnement-scolaire", "Léa MARTIN")
        assert (title.subject, title.gross_cents, title.state) == (anne, 0, "active")
        # from 4 h on 1 September to 3 h 59 after 5 July, in France
        assert (title.first_at.isoformat(), title.last_at.isoformat()) == (
            "2026-09-01T02:00:00+00:00", "2027-07-06T01:59:00+00:00",
        )  # fmt: skip
        passes.replace(session, registration, "faulty", receipt="", by="agent", config=database_config, now=NOW)
    _deliver(engine, database_config, NOW)
    with transaction(engine) as session:
        states = session.scalars(select(EntitlementRow.state).order_by(EntitlementRow.id)).all()
        assert states == ["revoked", "active"]
        cancel(session, registration, anne, NOW)
    _deliver(engine, database_config, NOW)
    with transaction(engine) as session:
        assert set(session.scalars(select(EntitlementRow.state))) == {"revoked"}


def test_a_pass_that_ended_before_its_title_was_made_has_none(engine: Engine, database_config: Config) -> None:
    registration, anne = _entitled(engine, database_config)
    with transaction(engine) as session:
        cancel(session, registration, anne, NOW)
    _deliver(engine, database_config, NOW)
    with transaction(engine) as session:
        assert session.scalars(select(EntitlementRow)).all() == []
        assert session.scalar(select(func.count()).select_from(EffectRow).where(EffectRow.delivered_at.is_(None))) == 0


@pytest.mark.parametrize(
    ("on", "first_day", "last_day"),
    [
        (date(2026, 6, 2), date(2026, 9, 1), date(2027, 7, 5)),  # the first day of the campaign
        (date(2027, 3, 1), date(2027, 3, 1), date(2027, 7, 5)),
        (date(2027, 7, 5), date(2027, 7, 5), date(2027, 7, 5)),
        (date(2027, 7, 6), date(2027, 7, 6), date(2027, 8, 31)),
    ],
)
def test_a_pass_is_good_from_its_day_to_the_end_of_lessons(
    engine: Engine, database_config: Config, on: date, first_day: date, last_day: date
) -> None:
    at = NOW + (on - NOW.date())
    registration, _anne = _entitled(engine, database_config, at)
    _deliver(engine, database_config, at)
    with transaction(engine) as session:
        card = passes.current_pass(session, registration)
        assert card is not None
        assert (card.first_day, card.last_day, card.title is not None) == (first_day, last_day, True)


def _with_two_parents(engine: Engine, config: Config) -> tuple[str, str, str]:
    with transaction(engine) as session:
        place(session)
        anne, bruno = account(session, "anne"), account(session, "bruno")
        row = register(session, two_homes(), CONTACT, config=config, subject=anne, now=NOW)
        documents.give(session, Services(config).blobs, row.id, "custody", b"%PDF-1.4", row.asked_by, NOW)
        made = joining.invite_other(session, row.pupil, "Bruno", "Martin", by=anne, now=NOW)
        joining.join(session, bruno, made.code, NOW)
        return row.pupil, anne, bruno


def test_each_parent_is_given_their_own_and_nothing_of_the_other(engine: Engine, config: Config) -> None:
    _pupil, anne, bruno = _with_two_parents(engine, config)
    with transaction(engine) as session:
        hers, his = str(personal.export_subject(session, anne)), str(personal.export_subject(session, bruno))
        assert ("rue du Four" in hers, "place Monge" in hers, "anne@example.org" in hers) == (True, False, True)
        assert ("rue du Four" in his, "place Monge" in his, "anne@example.org" in his) == (False, True, False)
        assert ("custody" in hers, "custody" in his) == (True, False)
        assert personal.export_subject(session, account(session, "stranger")) == {}


def test_a_child_stays_with_the_parent_who_stays_and_goes_with_the_last(engine: Engine, config: Config) -> None:
    pupil, anne, bruno = _with_two_parents(engine, config)
    with transaction(engine) as session:
        assert personal.erase_subject(session, anne, NOW) > 0
        assert session.get(PupilRow, pupil) is not None
        assert [store.bond_value(bond).guardian for bond in store.bonds_of_pupil(session, pupil, NOW.date())]
        (left,) = session.scalars(select(AddressRow))
        assert left.line == "1 place Monge"
        assert personal.erase_subject(session, anne, NOW) == 0
    with transaction(engine) as session:
        personal.erase_subject(session, bruno, NOW)
    with transaction(engine) as session:
        assert _left(session) == {}


def test_a_forgotten_pupil_leaves_no_good_title(engine: Engine, database_config: Config) -> None:
    _registration, anne = _entitled(engine, database_config)
    _deliver(engine, database_config, NOW)
    with transaction(engine) as session:
        personal.erase_subject(session, anne, NOW)
    _deliver(engine, database_config, NOW)
    with transaction(engine) as session:
        assert session.scalars(select(EntitlementRow.state)).all() == ["revoked"]
        assert _left(session) == {}


def test_time_erases_a_pupil_two_years_after_the_last_school_year(engine: Engine, config: Config) -> None:
    """The last day is 31 August 2027; 730 days later is 30 August 2029 (2028 has 366)."""
    _pupil, _anne, _bruno = _with_two_parents(engine, config)
    with transaction(engine) as session:
        privacy.erase_due(session, datetime(2029, 8, 29, 12, tzinfo=NOW.tzinfo))
        assert _left(session, but=(DocumentRow, BlobRow)) != {}
        privacy.erase_due(session, datetime(2029, 8, 30, 12, tzinfo=NOW.tzinfo) + timedelta(days=1))
        assert _left(session) == {}


def _left(session: object, but: tuple[type[Base], ...] = ()) -> dict[str, int]:
    counted = {
        table.__tablename__: session.scalar(select(func.count()).select_from(table))  # type: ignore[attr-defined]
        for table in ROWS if table not in but
    }  # fmt: skip
    return {name: count for name, count in counted.items() if count}


def test_a_namesake_of_another_family_is_not_erased_with_mine(engine: Engine, config: Config) -> None:
    with transaction(engine) as session:
        place(session)
        anne, other = account(session, "anne"), account(session, "other")
        register(session, ASKED, CONTACT, config=config, subject=anne, now=NOW)
        kept = register(
            session, ASKED, replace(CONTACT, email="o@example.org"), config=config, subject=other, now=NOW
        ).pupil  # fmt: skip
        personal.erase_subject(session, anne, NOW)
        assert session.scalars(select(PupilRow.id)).all() == [kept]

"""Corners of the lines: four figures guessed, somebody kept out who published before, fields that command."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from covoit.model.bookings import Booking, BookingState, Offer, OfferState
from covoit.model.claims import Outcome
from covoit.rules.bookings import TERMS
from covoit.rules.proofs import boarding_code, session_key, step_of, token_text, typed_code
from covoit.service import bookings, claims, offers, proofs
from covoit.store import bookings as booking_store
from covoit.store import offers as offer_store
from covoit.store.claims import BanRow
from covoit.web import ride
from covoit.web.forms import euros_of, root_key, text
from mobigo.app import create_app
from mobigo.base.errors import InvalidInput, Refused
from mobigo.infra.clock import now
from mobigo.infra.config import Config
from mobigo.infra.db import transaction
from mobigo.infra.outbox import MessageRow
from tests.covoit_driver_world import Known, known
from tests.covoit_lines_world import NOW as TUESDAY
from tests.covoit_lines_world import A, Z, people, published
from tests.covoit_money_world import DESK, IBANS, MANAGER, driver

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)


@pytest.fixture
def app(engine: Engine, database_config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    monkeypatch.setattr(ride, "now", lambda: NOW)
    made = create_app(replace(database_config, home=tmp_path, environment="development", base_url="http://localhost"))
    yield made
    made.extensions["mobigo"].engine.dispose()


def client_of(app: Flask, who: Known) -> tuple[FlaskClient, str]:
    """(client, token of its forms)."""
    client = app.test_client()
    client.set_cookie("mobigo", who.token)
    page = client.get("/covoiturage/inscription").get_data(as_text=True)
    return client, page.split('name="csrf_token" value="')[1].split('"')[0]


def may_drive(engine: Engine, who: Known) -> None:
    with transaction(engine) as session:
        offers.declare(
            session, who.person, adult=True, licence=True, insurance=True, terms=TERMS, alias=None, car=None, now=NOW
        )


def a_car_on_its_way(engine: Engine, at: datetime) -> tuple[Known, Known, Offer]:
    """Anna drives from A to Z; Boris may ride."""
    anna, boris = known(engine, "anna", "+33639980001", at), known(engine, "boris", "+33639980002", at)
    may_drive(engine, anna)
    with transaction(engine) as session:
        offers.declare_rider(session, boris.person, adult=True, consent=False, now=at)
        return anna, boris, offers.drive_now(session, anna.person, from_stop=A, to_stop=Z, seats=3, now=at)


def a_seat(engine: Engine, run: Offer, who: Known, at: datetime) -> Booking:
    with transaction(engine) as session:
        return bookings.book(session, offer_id=run.id, passenger=who.person, from_stop=A, to_stop=Z, seats=1, now=at)


def test_four_figures_are_not_found_by_trying_them_all(engine: Engine, app: Flask) -> None:
    anna, boris, run = a_car_on_its_way(engine, NOW)
    seat = a_seat(engine, run, boris, NOW)
    with app.app_context():
        code = boarding_code(root_key(), seat.id)
    client, token = client_of(app, anna)
    answers = []
    for tried in [f"{(int(code) + each) % 10_000:04d}" for each in range(1, 13)] + [code]:
        path = f"/covoiturage/trajets/{run.id}/passagers/{seat.id}/code"
        answers.append(client.post(path, data={"csrf_token": token, "code": tried}))
    assert [each.status_code for each in answers] == [403] * 13
    assert "essayé trop de fois" in answers[-1].get_data(as_text=True)
    with transaction(engine) as session:
        assert booking_store.get_booking(session, seat.id).state == BookingState.CONFIRMED


def test_four_figures_that_were_not_typed_are_no_try_and_the_fault_stands_at_their_field(
    engine: Engine, app: Flask
) -> None:
    anna, boris, run = a_car_on_its_way(engine, NOW)
    seat = a_seat(engine, run, boris, NOW)
    with app.app_context():
        code = boarding_code(root_key(), seat.id)
    client, token = client_of(app, anna)
    path = f"/covoiturage/trajets/{run.id}/passagers/{seat.id}/code"
    for typed in (" ", "", "1", "123", "12345", "abcd", "²²²²", "-", "é", "\u200b", "1 2 3", "?"):
        page = client.post(path, data={"csrf_token": token, "code": typed}).get_data(as_text=True)
        assert "pas le code de ce passager" in page
        assert f'href="#f-code-{seat.id}"' in page
        assert f'id="f-code-{seat.id}"' in page
    assert client.post(path, data={"csrf_token": token, "code": code}).status_code == 303


def test_a_ride_is_cancelled_at_once_or_asked_about_or_not_at_all(engine: Engine, app: Flask) -> None:
    anna, boris, run = a_car_on_its_way(engine, NOW)
    client, token = client_of(app, anna)

    def offered() -> tuple[bool, bool]:
        page = client.get(f"/covoiturage/trajets/{run.id}").get_data(as_text=True)
        return "Annuler ce trajet" in page, "Oui, annuler ce trajet" in page

    assert offered() == (True, False)
    seat = a_seat(engine, run, boris, NOW)
    assert offered() == (True, True)
    with app.app_context():
        code = boarding_code(root_key(), seat.id)
    # From a page shown before the booking:
    stale = client.post(f"/covoiturage/trajets/{run.id}/annuler", data={"csrf_token": token})
    assert (stale.status_code, "Quelqu’un a réservé depuis" in stale.get_data(as_text=True)) == (409, True)
    with transaction(engine) as session:
        assert booking_store.get_booking(session, seat.id).state == BookingState.CONFIRMED
    client.post(f"/covoiturage/trajets/{run.id}/passagers/{seat.id}/code", data={"csrf_token": token, "code": code})
    assert offered() == (False, False)


def test_a_form_without_its_stops_costs_no_try_at_the_six_figures(engine: Engine, app: Flask) -> None:
    anna, boris, run = a_car_on_its_way(engine, now())
    with transaction(engine) as session:
        opened = proofs.session_for(session, run.id, anna.person, now())
    with app.app_context():
        code = typed_code(session_key(root_key(), opened.id), opened.id, step_of(now()))
    client, token = client_of(app, boris)
    whole = {"csrf_token": token, "from": A, "to": Z, "seats": "1", "code": code}
    for wrong, said in (
        ({"from": ""}, "Choisissez l’arrêt où l’on monte."),
        ({"to": ""}, "Choisissez l’arrêt où l’on descend."),
        ({"seats": "deux"}, "places"),
        ({"to": "sens-gare"}, "de la même ligne"),
        ({"to": A}, "choisissez deux arrêts"),
    ) * 3:
        answer = client.post("/covoiturage/monter", data=whole | wrong)
        assert (answer.status_code, said in answer.get_data(as_text=True)) == (422, True)
    for typed in ("", "12", "abcdef", "1234567", "²²²²²²", "\u200b", "https://exemple.fr") * 2:
        answer = client.post("/covoiturage/monter", data=whole | {"code": typed})
        assert (answer.status_code, "à l’écran d’aucun conducteur" in answer.get_data(as_text=True)) == (403, True)
    assert client.post("/covoiturage/monter", data=whole).status_code == 303


@pytest.mark.parametrize("said", [{"to": "sens-gare"}, {"to": "", "from": ""}, {"seats": "0"}])
def test_a_scan_of_somebody_who_has_booked_needs_nothing_else(engine: Engine, app: Flask, said: dict[str, str]) -> None:
    anna, boris, run = a_car_on_its_way(engine, now())
    with transaction(engine) as session:
        opened = proofs.session_for(session, run.id, anna.person, now())
    a_seat(engine, run, boris, now())
    with app.app_context():
        scanned = token_text(session_key(root_key(), opened.id), opened.id, step_of(now()))
    client, token = client_of(app, boris)
    typed = {"csrf_token": token, "from": A, "to": Z, "code": scanned} | said
    answer = client.post("/covoiturage/monter", data=typed, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.get_json()["ok"]) == (200, True)


def test_a_clock_chooses_no_day_of_a_ride(engine: Engine, app: Flask) -> None:
    _anna, boris, run = a_car_on_its_way(engine, now())
    seat = a_seat(engine, run, boris, now())
    left = run.leaves_at
    client, token = client_of(app, boris)
    here = {"csrf_token": token, "lat": "47.2806", "lon": "4.2297"}  # the stop
    for ago, status in ((timedelta(days=300), 422), (timedelta(days=20), 422), (timedelta(minutes=62), 422),
                        (timedelta(minutes=58), 303)):  # fmt: skip
        told = int((left - ago).timestamp() * 1000)
        answer = client.post(f"/covoiturage/places/{seat.id}/monte", data=here | {"at": str(told)})
        assert answer.status_code == status
        assert ("Ce téléphone disait être le" in answer.get_data(as_text=True)) is (status == 422)


def test_the_run_being_driven_stands_first_those_over_last(engine: Engine, app: Flask) -> None:
    anna = known(engine, "anna", "+33639980001", NOW)
    may_drive(engine, anna)
    with transaction(engine) as session:
        over = []
        for minutes in (90, 60, 30):
            ended = offers.drive_now(
                session, anna.person, from_stop=A, to_stop=Z, seats=3, now=NOW - timedelta(minutes=minutes)
            )
            proofs.open_session(session, ended.id, anna.person, NOW)
            proofs.end_run(session, ended.id, anna.person, NOW - timedelta(minutes=minutes - 20))
            over.append(ended.id)
        ahead = offers.publish(
            session, anna.person, from_stop=A, to_stop=Z, leaves_at=NOW + timedelta(hours=5), seats=3, now=NOW
        ).id
        driving = offers.drive_now(session, anna.person, from_stop=A, to_stop=Z, seats=3, now=NOW).id
    client, _token = client_of(app, anna)
    page = client.get("/covoiturage/conduire").get_data(as_text=True)
    assert re.findall(r'href="/covoiturage/trajets/(\w+)"', page) == [driving, ahead, *over]


def test_the_faults_of_driving_now_lead_to_its_own_fields(engine: Engine, app: Flask) -> None:
    anna = known(engine, "anna", "+33639980001", NOW)
    may_drive(engine, anna)
    client, token = client_of(app, anna)
    for typed, field in (({}, "now_from"), ({"now_from": A}, "now_to")):
        page = client.post("/covoiturage/conduire/maintenant", data={"csrf_token": token, **typed}).get_data(
            as_text=True
        )
        assert f'href="#f-{field}"' in page
        assert f'id="f-{field}-error"' in page


def test_a_telephone_whose_clock_was_never_set_is_told_so_and_its_ride_ends_all_the_same(
    engine: Engine, app: Flask
) -> None:
    anna, boris, run = a_car_on_its_way(engine, NOW)
    seat = a_seat(engine, run, boris, NOW)
    client, token = client_of(app, boris)
    answer = client.post(f"/covoiturage/places/{seat.id}/monte", data={"csrf_token": token, "at": "0"})
    assert answer.status_code == 422
    assert "Ce téléphone disait être le" in answer.get_data(as_text=True)
    client, token = client_of(app, anna)
    assert (
        client.post(f"/covoiturage/trajets/{run.id}/arrive", data={"csrf_token": token, "at": "0"}).status_code == 303
    )
    with transaction(engine) as session:
        assert offer_store.get_offer(session, run.id).state == OfferState.ENDED


@pytest.mark.parametrize("days", ["²", "9" * 5000, "7", "-1"])
def test_a_day_of_the_week_that_is_none_is_no_day(engine: Engine, app: Flask, days: str) -> None:
    anna = known(engine, "anna", "+33639980001", NOW)
    may_drive(engine, anna)
    client, token = client_of(app, anna)
    typed = {"csrf_token": token, "from": A, "to": Z, "date": "2026-11-25", "time": "08:00", "days": days}
    assert client.post("/covoiturage/conduire/publier", data=typed).status_code == 303


def test_a_driver_of_a_usual_trip_receives_their_own_data(engine: Engine, app: Flask) -> None:
    anna = known(engine, "anna", "+33639980001", NOW)
    may_drive(engine, anna)
    client, token = client_of(app, anna)
    typed = {"csrf_token": token, "from": A, "to": Z, "time": "07:05", "days": ["0", "2"]}
    assert client.post("/covoiturage/conduire/publier", data=typed).status_code == 303
    answer = client.get("/compte/donnees")
    assert (answer.status_code, "07:05:00" in answer.get_data(as_text=True)) == (200, True)


def test_whoever_a_decision_keeps_out_no_longer_drives(engine: Engine) -> None:
    with transaction(engine) as session:
        who = people(session)
        run = published(session, who.driver)
        seat = bookings.book(
            session, offer_id=run.id, passenger=who.karim, from_stop=A, to_stop=Z, seats=1, now=TUESDAY
        )
        case = claims.propose_ban(session, who.driver, "-", by=MANAGER, now=TUESDAY)
        claims.notify_case(session, case.id, by=MANAGER, now=TUESDAY)
        claims.hear(session, case.id, who.driver, "non", now=TUESDAY)
        claims.decide_case(
            session, case.id, Outcome.GRANTED, by=MANAGER, name="Claire Gestion", capacity="gestionnaire",
            reason="Fausses preuves répétées.", last_day=TUESDAY.date() + timedelta(days=30), now=TUESDAY,
        )  # fmt: skip
        assert offer_store.get_offer(session, run.id).state == OfferState.CANCELLED
        assert booking_store.get_booking(session, seat.id).state == BookingState.CANCELLED
        for act in (published, lambda session, who: offers.drive_now(
            session, who, from_stop=A, to_stop=Z, seats=1, now=TUESDAY
        )):  # fmt: skip
            with pytest.raises(Refused, match="banned"):
                act(session, who.driver)
        later = TUESDAY + timedelta(days=31)
        offers.publish(session, who.driver, from_stop=A, to_stop=Z, leaves_at=later, seats=1, now=later)


def test_whoever_is_kept_out_reads_it_where_they_drive(engine: Engine, app: Flask) -> None:
    anna = known(engine, "anna", "+33639980001", NOW)
    may_drive(engine, anna)
    until = NOW.date() + timedelta(days=1)
    with transaction(engine) as session:
        session.add(BanRow(id="b", person=anna.person, first_day=NOW.date(), last_day=until, decision="d"))
    client, token = client_of(app, anna)
    assert "accès au covoiturage est suspendu" in client.get("/covoiturage/conduire").get_data(as_text=True)
    typed = {"csrf_token": token, "now_from": A, "now_to": Z, "now_seats": "2"}
    assert client.post("/covoiturage/conduire/maintenant", data=typed).status_code == 403


def test_an_account_changed_at_the_counter_is_told_by_another_road(engine: Engine) -> None:
    person = driver(engine, "anna", None)  # with a telephone
    with transaction(engine) as session:
        claims.confirm_iban_at_counter(session, person, IBANS[0], "Anna Essai", by=DESK, now=NOW)
        (told,) = session.scalars(select(MessageRow).where(MessageRow.key.like("covoit:iban-done:%"))).all()
    assert (told.channel, "FR14 … 2606" in told.body) == ("sms", True)


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("150 000", 15_000_000), ("1\u202f000,5", 100_050), ("82,50 €", 8_250), ("0.01", 1),
        ("100000000", 10_000_000_000),
        ("100000000,01", None), ("82,505", None), ("0,00", None), ("-5", None), ("1e8", None), ("1_000", None),
        ("١٢", None), ("NaN", None), ("", None), ("€", None), ("1.2.3", None), ("9" * 5_000, None), (",5", None),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_written_or_refused(typed: str, cents: int | None) -> None:
    with Flask("forms").test_request_context(method="POST", data={"amount": typed}):
        if cents is None:
            with pytest.raises(InvalidInput, match="bad_cost"):
                euros_of("amount", most=100_000_000)
        else:
            assert euros_of("amount", most=100_000_000).cents == cents


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Anna", "Anna"),
        ("A\x00\x01\x1bB", "AB"),
        ("\u202enilknarF", "nilknarF"),
        ("é\n\tà 😀", "é\n\tà 😀"),
        ("\x85", ""),
    ],
)
def test_a_field_carries_no_sign_that_commands(typed: str, kept: str) -> None:
    with Flask("forms").test_request_context(method="POST", data={"name": typed}):
        assert text("name") == kept

"""From a scan, a code, positions or a sheet of paper to a journey of the registry, on both databases."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from covoit.gateway.texts import FileTexts
from covoit.model.bookings import Booking, BookingState, Offer
from covoit.model.journeys import LineLeg, ProofClass
from covoit.model.lines import Help
from covoit.rules import proofs as rules
from covoit.service import bookings, guarantee, lines, offers, proofs, texts
from covoit.store import journeys
from covoit.store import lines as line_store
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.geo import Point
from mobigo.base.money import Money
from mobigo.infra.audit import history
from mobigo.infra.db import transaction
from mobigo.ledger import service as ledger
from tests.covoit_lines_world import (
    MINUTE,
    MONTBARD,
    NOW,
    ROOT,
    SEMUR,
    A,
    People,
    Z,
    driver,
    line,
    people,
    person,
    published,
)

S = BookingState


def setting_off(session: Session, who: People, *, seats: int = 3, at: datetime = NOW) -> Offer:
    return offers.drive_now(session, who.driver, from_stop=A, to_stop=Z, seats=seats, now=at)


def shown(session: Session, offer: Offer, at: datetime) -> str:
    """What the driver's screen shows at this instant."""
    opened = proofs.session_for(session, offer.id, offer.driver, at)
    return rules.token_text(rules.session_key(ROOT, opened.id), opened.id, rules.step_of(at))


def scan(session: Session, text: str, passenger: str, at: datetime, **more: object) -> proofs.Proven:
    asked = {"from_stop": SEMUR, "to_stop": MONTBARD, "scanned_at": at, "now": at, "device": f"phone{passenger[-8:]}"}
    return proofs.scan(session, ROOT, passenger=passenger, text=text, **{**asked, **more})


def journeys_of(session: Session, person: str) -> list:
    return list(session.scalars(select(journeys.JourneyRow).where(journeys.JourneyRow.passenger == person)))


def test_boarding_on_demand_by_scan_then_the_run_ends_and_the_ride_is_proven(engine: Engine):
    with transaction(engine) as session:
        who = people(session)
        offer = setting_off(session, who)
        at = NOW + 26 * MINUTE
        boarded = scan(session, shown(session, offer, at), who.karim, at)
        assert (boarded.booking.state, boarded.proof_class, boarded.journey) == (S.CONFIRMED, ProofClass.A, None)
        end = NOW + 75 * MINUTE
        (proven,) = proofs.end_run(session, offer.id, who.driver, end)
        assert (proven.booking.state, proven.proof_class) == (S.VALIDATED, ProofClass.B)
        assert proofs.end_run(session, offer.id, who.driver, end) == []  # ending twice is ending once
        (row,) = journeys_of(session, who.karim)
        kept = journeys.journey_value(row)
        assert (kept.operator, kept.operator_trip_id, kept.operator_journey_id) == (
            "mobigo",
            offer.id,
            proven.booking.id,
        )
        assert (kept.driver, kept.passenger, kept.seats, kept.distance_m) == (who.driver, who.karim, 1, 16_000)
        assert kept.leg == LineLeg("saulieu-chatillon", 0, 28_000, 44_000)
        assert (kept.start_insee, kept.end_insee) == ("21603", "21425")
        assert kept.started_at == at
        assert kept.ended_at == at + 15 * MINUTE  # 16 km of 80 in 75 min: got off on the way
        driven = session.get(journeys.DrivenRow, ("mobigo", offer.id))
        assert driven is not None
        assert (driven.from_m, driven.to_m) == (0, 80_000)


def test_both_telephones_at_both_ends_earn_class_c(engine: Engine):
    semur, montbard = line().stop(SEMUR), line().stop(MONTBARD)
    assert semur is not None
    assert montbard is not None
    with transaction(engine) as session:
        who = people(session)
        offer = setting_off(session, who)
        at, end = NOW + 26 * MINUTE, NOW + 42 * MINUTE
        scan(session, shown(session, offer, at), who.karim, at, point=semur.point)
        off = scan(session, shown(session, offer, end), who.karim, end, point=montbard.point, getting_off=True)
        assert (off.proof_class, off.booking.state) == (ProofClass.C, S.VALIDATED)
        (row,) = journeys_of(session, who.karim)
        assert (row.proof_class, row.started_at, row.ended_at) == ("C", at, end)


def test_the_same_scan_again_is_the_same_answer_and_another_time_is_refused(engine: Engine):
    with transaction(engine) as session:
        who = people(session)
        offer = setting_off(session, who)
        text = shown(session, offer, NOW)
        first = scan(session, text, who.karim, NOW, from_stop=A)
        again = scan(session, text, who.karim, NOW, from_stop=A, now=NOW + timedelta(hours=1))
        assert (again.booking.id, again.repeated, first.repeated) == (first.booking.id, True, False)
        with pytest.raises(Refused) as refused:
            scan(session, text, who.karim, NOW + timedelta(seconds=7), from_stop=A)
        assert refused.value.decision.code == "covoit.scan_used"
        # Another passenger of the same car may read the same screen.
        assert scan(session, text, who.steph, NOW, from_stop=A).booking.id != first.booking.id


def test_a_telephone_that_syncs_two_days_later_is_still_taken(engine: Engine):
    with transaction(engine) as session:
        who = people(session)
        offer = setting_off(session, who)
        text = shown(session, offer, NOW + 26 * MINUTE)
        proofs.end_run(session, offer.id, who.driver, NOW + 75 * MINUTE)
        late = scan(session, text, who.karim, NOW + 26 * MINUTE, now=NOW + timedelta(days=2))
        assert late.booking.state is S.CONFIRMED
        off = proofs.got_off(
            session, late.booking.id, who.karim, device="phonekarim", point=None, at=NOW + 41 * MINUTE,
            now=NOW + timedelta(days=2),
        )  # fmt: skip
        assert (off.proof_class, off.booking.state) == (ProofClass.B, S.VALIDATED)
        (row,) = journeys_of(session, who.karim)
        assert row.received_at == NOW + timedelta(days=2)


def test_a_scan_after_the_deadline_or_of_a_strange_code_is_refused_with_its_reason(engine: Engine):
    with transaction(engine) as session:
        who = people(session)
        offer = setting_off(session, who)
        text = shown(session, offer, NOW)
        opened = proofs.session_for(session, offer.id, who.driver, NOW)
        foreign = rules.token_text(b"foreign", opened.id, rules.step_of(NOW))
        unknown = rules.token_text(ROOT, "0" * 26, rules.step_of(NOW))
        for said, code, more in (
            (text, "covoit.proof_too_late", {"now": NOW + timedelta(days=31)}),
            (foreign, "covoit.scan_foreign", {}),
            (unknown, "covoit.scan_unknown", {}),
            (text, "covoit.scan_too_old", {"scanned_at": NOW + 5 * MINUTE, "now": NOW + 5 * MINUTE}),
        ):
            with pytest.raises(Refused) as refused:
                scan(session, said, who.karim, NOW, **{"from_stop": A, **more})
            assert refused.value.decision.code == code
        with pytest.raises(InvalidInput):
            scan(session, "https://example.org/menu", who.karim, NOW)
        assert session.scalar(select(func.count()).select_from(journeys.JourneyRow)) == 0


def test_a_full_car_takes_nobody_by_scan(engine: Engine):
    with transaction(engine) as session:
        who = people(session)
        offer = setting_off(session, who, seats=1)
        scan(session, shown(session, offer, NOW), who.karim, NOW, from_stop=A, to_stop=Z)
        with pytest.raises(Conflict) as refused:
            scan(session, shown(session, offer, NOW), who.steph, NOW, from_stop=A, to_stop=Z)
        assert refused.value.decision.code == "covoit.no_seat_left"


def test_blocked_people_are_not_joined_by_a_scan(engine: Engine):
    with transaction(engine) as session:
        who = people(session)
        offers.block(session, who.driver, who.karim, NOW)
        offer = setting_off(session, who)
        with pytest.raises(Conflict) as refused:
            scan(session, shown(session, offer, NOW), who.karim, NOW, from_stop=A)
        assert refused.value.decision.code == "covoit.offer_gone"


def test_six_figures_typed_do_what_a_scan_does(engine: Engine):
    with transaction(engine) as session:
        who = people(session)
        offer = setting_off(session, who)
        opened = proofs.session_for(session, offer.id, who.driver, NOW)
        code = rules.typed_code(rules.session_key(ROOT, opened.id), opened.id, rules.step_of(NOW))
        asked = {"passenger": who.karim, "line": line(), "from_stop": A, "to_stop": Z, "now": NOW + 2 * MINUTE}
        met = proofs.typed(session, ROOT, code=f"{code[:3]} {code[3:]}", **asked)
        assert met.booking.offer == offer.id
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        with pytest.raises(Refused) as refused:
            proofs.typed(session, ROOT, code=wrong, **{**asked, "passenger": who.steph})
        assert refused.value.decision.code == "covoit.code_wrong"
        proofs.end_run(session, offer.id, who.driver, NOW + 75 * MINUTE)
        (row,) = journeys_of(session, who.karim)
        assert row.proof_class == "B"
        with pytest.raises(Refused):  # the run is over: its codes are too
            proofs.typed(session, ROOT, code=code, **{**asked, "passenger": who.steph})


def test_a_passenger_without_a_smartphone_says_four_figures(engine: Engine):
    with transaction(engine) as session:
        who = people(session)
        offer = published(session, who.driver, at=NOW)
        made = bookings.book(session, offer_id=offer.id, passenger=who.karim, from_stop=A, to_stop=Z, seats=1, now=NOW)
        offers.start(session, offer.id, who.driver, NOW)
        code = rules.boarding_code(ROOT, made.id)
        wrong = f"{(int(code) + 1) % 10_000:04d}"
        with pytest.raises(Refused):
            proofs.driver_hears(session, ROOT, driver=who.driver, booking_id=made.id, code=wrong, now=NOW)
        with pytest.raises(NotFound):
            proofs.driver_hears(session, ROOT, driver=who.steph, booking_id=made.id, code=code, now=NOW)
        heard = proofs.driver_hears(session, ROOT, driver=who.driver, booking_id=made.id, code=code, now=NOW)
        assert not heard.repeated
        with pytest.raises(Conflict) as aboard:
            offers.withdraw(session, offer.id, who.driver, NOW)
        assert aboard.value.decision.code == "covoit.offer_aboard"
        proofs.end_run(session, offer.id, who.driver, NOW + 75 * MINUTE)
        (row,) = journeys_of(session, who.karim)
        assert (row.proof_class, row.distance_m) == ("B", 80_000)


def test_a_text_message_with_the_six_figures_boards_whoever_booked(engine: Engine):
    with transaction(engine) as session:
        anne, phoned = driver(session), person(session, "f", phone="+33600000001")
        offer = published(session, anne, at=NOW)
        bookings.book(session, offer_id=offer.id, passenger=phoned, from_stop=A, to_stop=Z, seats=1, now=NOW)
        offers.start(session, offer.id, anne, NOW)
        opened = proofs.session_for(session, offer.id, anne, NOW)
        code = rules.typed_code(rules.session_key(ROOT, opened.id), opened.id, rules.step_of(NOW))
        with pytest.raises(Refused) as refused:
            proofs.texted(session, ROOT, phone="+33600000002", words=code, now=NOW)
        assert refused.value.decision.code == "covoit.phone_unknown"
        met = proofs.texted(session, ROOT, phone="+33600000001", words=f"MOBIGO {code}", now=NOW)
        assert met.booking.offer == offer.id


def booked_and_driving(session: Session) -> tuple[People, Booking]:
    """Karim has a seat from end to end of a run that has just set off."""
    who = people(session)
    offer = published(session, who.driver, at=NOW)
    made = bookings.book(session, offer_id=offer.id, passenger=who.karim, from_stop=A, to_stop=Z, seats=1, now=NOW)
    offers.start(session, offer.id, who.driver, NOW)
    return who, made


def test_positions_of_both_prove_a_ride_without_any_code(engine: Engine):
    start, end = line().stops[0], line().stops[-1]
    with transaction(engine) as session:
        _, made = booked_and_driving(session)
        later = NOW + 75 * MINUTE
        for side, device, at, stop, phase in (
            (proofs.Side.DRIVER, "d", NOW, start, "start"),
            (proofs.Side.PASSENGER, "p", NOW + MINUTE, start, "start"),
            (proofs.Side.DRIVER, "d", later, end, "end"),
            (proofs.Side.PASSENGER, "p", later + MINUTE, end, "end"),
        ):
            last = proofs.sighting(
                session, made.id, side, phase=phase, device=device, at=at, point=stop.point, now=later + MINUTE
            )
        assert (last.proof_class, last.booking.state) == (ProofClass.C, S.VALIDATED)
        with pytest.raises(Refused) as refused:
            proofs.sighting(
                session,
                made.id,
                proofs.Side.DRIVER,
                phase="end",
                device="x",
                at=later,
                point=Point(48.0, 4.0),
                now=later,
            )
        assert refused.value.decision.code == "covoit.not_at_the_stop"


def test_better_evidence_that_comes_later_amends_the_journey(engine: Engine):
    semur, montbard = line().stop(SEMUR), line().stop(MONTBARD)
    assert semur is not None
    assert montbard is not None
    with transaction(engine) as session:
        who = people(session)
        offer = setting_off(session, who)
        at, end = NOW + 26 * MINUTE, NOW + 42 * MINUTE
        met = scan(session, shown(session, offer, at), who.karim, at, point=semur.point)
        last = shown(session, offer, end)
        proofs.set_down(session, met.booking.id, who.driver, end)
        (row,) = journeys_of(session, who.karim)
        assert row.proof_class == "B"
        synced = end + timedelta(hours=3)
        scan(session, last, who.karim, end, point=montbard.point, getting_off=True, now=synced)
        session.refresh(row)
        assert (row.proof_class, row.revision) == ("C", 1)


def test_whoever_booked_and_was_never_seen_is_not_proven_by_the_end_of_the_run(engine: Engine):
    with transaction(engine) as session:
        who = people(session)
        offer = published(session, who.driver, at=NOW)
        made = bookings.book(session, offer_id=offer.id, passenger=who.karim, from_stop=A, to_stop=Z, seats=1, now=NOW)
        offers.start(session, offer.id, who.driver, NOW)
        assert proofs.end_run(session, offer.id, who.driver, NOW + 75 * MINUTE) == []
        assert journeys_of(session, who.karim) == []
        word = proofs.validate(session, made.id, who.karim, NOW + 80 * MINUTE)  # the passenger's word alone
        assert word.proof_class is ProofClass.A
        (row,) = journeys_of(session, who.karim)
        assert row.proof_class == "A"


def test_the_driver_does_not_prove_alone(engine: Engine):
    with transaction(engine) as session:
        who = people(session)
        offer = published(session, who.driver, at=NOW)
        made = bookings.book(session, offer_id=offer.id, passenger=who.karim, from_stop=A, to_stop=Z, seats=1, now=NOW)
        offers.start(session, offer.id, who.driver, NOW)
        said = proofs.set_down(session, made.id, who.driver, NOW + 75 * MINUTE)
        assert (said.proof_class, said.journey, said.booking.state) == (ProofClass.A, None, S.COMPLETED)


PAPER = {"line_code": "saulieu-chatillon", "from_stop": A, "to_stop": Z, "seats": 1, "agent": "agent"}


def test_a_signed_sheet_entered_by_an_agent_is_a_journey_of_class_b(engine: Engine):
    with transaction(engine) as session:
        who = people(session)
        start, end, now = NOW, NOW + 75 * MINUTE, NOW + timedelta(days=12)
        entered = proofs.paper(
            session, reference="F-2026-118", driver=who.driver, passenger=who.karim, started_at=start, ended_at=end,
            now=now, **PAPER,
        )  # fmt: skip
        assert (entered.proof_class, entered.booking.state) == (ProofClass.B, S.VALIDATED)
        (row,) = journeys_of(session, who.karim)
        assert (row.started_at, row.ended_at, row.proof_class) == (start, end, "B")
        (logged,) = history(session, "covoit_booking", entered.booking.id)
        assert (logged.action, logged.actor, logged.detail) == (
            "covoit.paper_entered",
            "agent",
            {"reference": "F-2026-118"},
        )
        second = proofs.paper(
            session, reference="F-2026-119", driver=who.driver, passenger=who.steph, started_at=start, ended_at=end,
            now=now, **PAPER,
        )  # fmt: skip
        assert second.booking.offer == entered.booking.offer  # the same car
        with pytest.raises(Conflict) as refused:
            proofs.paper(
                session, reference="F-2026-118", driver=who.driver, passenger=who.steph, started_at=start, ended_at=end,
                now=now, **PAPER,
            )  # fmt: skip
        assert refused.value.decision.code == "covoit.paper_known"


@pytest.mark.parametrize(("days", "taken"), [(30, True), (31, False)])
def test_a_sheet_is_taken_until_the_deadline_of_the_scale(engine: Engine, days: int, taken: bool):
    with transaction(engine) as session:
        who = people(session)
        asked = {
            **PAPER, "reference": "F-1", "driver": who.driver, "passenger": who.karim, "started_at": NOW,
            "ended_at": NOW + 75 * MINUTE, "now": NOW + timedelta(days=days),
        }  # fmt: skip
        if taken:
            proofs.paper(session, **asked)
        else:
            with pytest.raises(Refused) as refused:
                proofs.paper(session, **asked)
            assert refused.value.decision.params == {"days": 30}


@pytest.mark.parametrize(
    "change",
    [
        {"reference": ""},
        {"reference": "x" * 61},
        {"ended_at": NOW},
        {"to_stop": A},
        {"ended_at": NOW + timedelta(days=9)},
    ],
)
def test_a_sheet_that_cannot_be_is_refused(engine: Engine, change: dict):
    with transaction(engine) as session:
        who = people(session)
        asked = {
            **PAPER, "reference": "F-1", "driver": who.driver, "passenger": who.karim, "started_at": NOW,
            "ended_at": NOW + 75 * MINUTE, "now": NOW + timedelta(days=2),
        }  # fmt: skip
        with pytest.raises(InvalidInput):
            proofs.paper(session, **{**asked, **change})


# ---------------------------------------------------------------- the guaranteed way home


def test_a_taxi_after_twenty_minutes_and_its_cost_in_the_books(engine: Engine):
    with transaction(engine) as session:
        who = people(session)
        wait = lines.start_waiting(session, from_stop=A, to_stop=Z, passenger=who.karim, seats=1, now=NOW)
        with pytest.raises(Refused) as refused:
            guarantee.ask(session, wait.id, who.karim, Help.TAXI, NOW + 19 * MINUTE)
        assert refused.value.decision.code == "covoit.guarantee_not_yet"
        with pytest.raises(NotFound):
            guarantee.ask(session, wait.id, who.steph, Help.TAXI, NOW + 20 * MINUTE)
        case = guarantee.ask(session, wait.id, who.karim, Help.TAXI, NOW + 20 * MINUTE)
        assert guarantee.ask(session, wait.id, who.karim, Help.TAXI, NOW + 21 * MINUTE).id == case.id
        assert [each.id for each in line_store.cases(session, open_only=True)] == [case.id]
        with pytest.raises(Conflict):
            guarantee.settle(session, case.id, agent="a", cost=Money(8_000), now=NOW + 22 * MINUTE)
        guarantee.order(session, case.id, agent="a", reference="Taxi Auxois 77", now=NOW + 22 * MINUTE)
        assert wait.outcome == "left"  # the wait is over, without a car
        guarantee.settle(session, case.id, agent="a", cost=Money(8_000), now=NOW + timedelta(days=3))
        balance = ledger.balance(session, "covoit:guarantee:saulieu-chatillon")
        assert abs(balance.net.cents) == 8_000
        with pytest.raises(Conflict):
            guarantee.settle(session, case.id, agent="a", cost=Money(1), now=NOW + timedelta(days=3))
        acts = [each.action for each in history(session, "covoit_guarantee", case.id)]
        assert sorted(acts) == ["covoit.guarantee_asked", "covoit.guarantee_ordered", "covoit.guarantee_paid"]


def test_whoever_boarded_is_not_taken_home_by_taxi(engine: Engine):
    with transaction(engine) as session:
        who = people(session)
        wait = lines.start_waiting(session, from_stop=A, to_stop=Z, passenger=who.karim, seats=1, now=NOW)
        lines.boarded(session, who.karim, NOW + 5 * MINUTE)
        with pytest.raises(Refused) as refused:
            guarantee.ask(session, wait.id, who.karim, Help.TAXI, NOW + 30 * MINUTE)
        assert refused.value.decision.code == "covoit.guarantee_boarded"


def test_a_case_is_closed_with_words_only_and_not_after_the_order(engine: Engine):
    with transaction(engine) as session:
        who = people(session)
        wait = lines.start_waiting(session, from_stop=A, to_stop=Z, passenger=who.karim, seats=1, now=NOW)
        case = guarantee.ask(session, wait.id, who.karim, Help.VOUCHER, NOW + 20 * MINUTE)
        with pytest.raises(InvalidInput):
            guarantee.refuse_case(session, case.id, agent="a", reason=" ", needed=True, now=NOW)
        guarantee.refuse_case(session, case.id, agent="a", reason="Une voiture est venue", needed=False, now=NOW)
        assert (case.outcome, line_store.cases(session, open_only=True)) == ("not_needed", [])
        with pytest.raises(Conflict):
            guarantee.order(session, case.id, agent="a", reference="x", now=NOW)


def test_text_messages_are_taken_from_files_and_each_is_answered(engine: Engine, tmp_path: Path):
    with transaction(engine) as session:
        anne, phoned = driver(session), person(session, "f", phone="+33600000001")
        offer = published(session, anne, at=NOW)
        made = bookings.book(session, offer_id=offer.id, passenger=phoned, from_stop=A, to_stop=Z, seats=1, now=NOW)
        offers.start(session, offer.id, anne, NOW)
        opened = proofs.session_for(session, offer.id, anne, NOW)
    code = rules.typed_code(rules.session_key(ROOT, opened.id), opened.id, rules.step_of(NOW))
    folder = tmp_path / "inbox" / "sms"
    folder.mkdir(parents=True)
    (folder / "1.txt").write_text(f"06 00 00 00 01\n{code}\n", encoding="utf-8")
    (folder / "2.txt").write_text("+33699999999\n123456\n", encoding="utf-8")
    (folder / "3.txt").write_bytes(b"\xff" * 3_000)
    os.utime(folder / "1.txt", (NOW.timestamp(), NOW.timestamp()))  # sent then, taken ten minutes later
    assert texts.take(engine, ROOT, FileTexts(tmp_path), NOW + 10 * MINUTE) == (1, 1)
    assert texts.take(engine, ROOT, FileTexts(tmp_path), NOW) == (0, 0)  # nothing twice
    assert "à bord" in (folder / "taken" / "1.txt.answer").read_text(encoding="utf-8")
    assert "personne inscrite" in (folder / "refused" / "2.txt.answer").read_text(encoding="utf-8")
    assert (folder / "refused" / "3.txt").exists()
    with transaction(engine) as session:
        assert [each.meeting for each in proofs.store.evidence_of(session, made.id)] == ["code", "code"]


def test_getting_in_by_position_is_told_by_both_or_proves_nothing(engine: Engine):
    start, end = line().stops[0], line().stops[-1]
    with transaction(engine) as session:
        who, made = booked_and_driving(session)

        def got_in(of: str, at: datetime, point: Point | None) -> proofs.Proven:
            return proofs.got_in(session, made.id, of, device="p", point=point, at=at, now=at)

        with pytest.raises(Refused, match="position_needed"):
            got_in(who.karim, NOW, None)
        with pytest.raises(Refused, match="not_at_the_stop"):
            got_in(who.karim, NOW, end.point)
        with pytest.raises(NotFound):
            got_in("nobody", NOW, start.point)
        got_in(who.karim, NOW + MINUTE, start.point)
        later = NOW + 75 * MINUTE
        alone = proofs.got_off(session, made.id, who.karim, device="p", point=end.point, at=later, now=later)
        assert (alone.proof_class, alone.journey) == (ProofClass.A, None)
        assert got_in(who.driver, NOW + 2 * MINUTE, start.point).proof_class is ProofClass.A
        assert got_in(who.driver, NOW + 2 * MINUTE, start.point).repeated
        both = proofs.set_down(session, made.id, who.driver, later + MINUTE, end.point)
        assert (both.proof_class, both.booking.state) == (ProofClass.C, S.VALIDATED)


def test_a_driver_whose_position_is_not_given_at_the_end_is_not_paid_by_positions(engine: Engine):
    start, end = line().stops[0], line().stops[-1]
    with transaction(engine) as session:
        who, made = booked_and_driving(session)
        later = NOW + 75 * MINUTE
        for person_ in (who.driver, who.karim):
            proofs.got_in(session, made.id, person_, device="p", point=start.point, at=NOW + MINUTE, now=NOW + MINUTE)
        proofs.got_off(session, made.id, who.karim, device="p", point=end.point, at=later, now=later)
        last = proofs.set_down(session, made.id, who.driver, later, None)
        assert (last.proof_class, last.journey) == (ProofClass.A, None)

"""From a sale to a ticket in hand, on both databases: once, signed, activated, moved, suspended, taken away."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from billettique.model.entitlements import Bare
from billettique.model.orders import Offer
from billettique.rules.issuing import show_code
from billettique.service import issuing, personal, tickets
from billettique.store import tickets as store
from billettique.store.tickets import CodeRow
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, MobigoError, NotFound, Refused
from mobigo.infra import audit
from mobigo.infra.db import reading, transaction
from mobigo.infra.privacy import erase_due, subject_packages
from mobigo.infra.web import Services
from tests.holder_world import (
    CARD,
    CARNET,
    DAY,
    NOW,
    PASS,
    SINGLE,
    TO_ACTIVATE,
    Device,
    bound,
    shown,
    sold,
)
from tests.ticket_world import TELEPHONE, signer

OTHER = signer("other telephone")
OK = ("OK", "ticket_good")
MINUTE = timedelta(minutes=1)


def refused(code: str) -> Any:
    return pytest.raises(MobigoError, match=rf"^billettique\.{code}\b")


# ---------------------------------------------------------------- issuing


def test_an_item_becomes_one_ticket_that_an_inspector_accepts(services: Services) -> None:
    first = sold(services)
    assert sold(services, now=NOW + DAY) == first  # asked again, a day later: the same
    ticket = shown(services, first)
    assert Device(services).answer(ticket.code) == OK
    said = ticket.ticket
    assert (said.words, said.area.words, said.specimen) == ("Billet de car à l’unité", "Dijon – Beaune", True)
    assert said.price is not None
    assert said.price.cents == 150
    # until the end of the operating day: 27 November, 3:59 in France
    assert said.last_minute.isoformat() == "2026-11-27T02:59:00+00:00"


def test_two_askers_at_once_get_the_same_ticket(services: Services) -> None:
    sold(services, item="before")  # its key is there
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: sold(services, item="at once"), range(4)))
    assert len(set(found)) == 1
    with reading(services.engine) as session:
        assert len(session.scalars(select(CodeRow).where(CodeRow.entitlement == found[0])).all()) == 1


def test_a_group_is_one_code(services: Services) -> None:
    group = replace(SINGLE, riders=("adulte", "adulte", "enfant", "poney"))
    ticket = shown(services, sold(services, group)).ticket
    assert [(each.count, each.category, each.tariff) for each in ticket.passengers] == [
        (2, "adult", ""), (1, "child", ""), (1, None, "poney"),
    ]  # fmt: skip
    assert ticket.checks.age  # a child's price rests on an age


def test_a_personal_pass_bears_its_name_and_asks_for_an_identity(services: Services) -> None:
    ticket = shown(services, sold(services, PASS, holder="Anne Marie LE GOFF")).ticket
    assert ticket.holder == ("Anne Marie", "LE GOFF")
    assert ticket.checks.identity


def test_in_production_a_ticket_is_real_and_elsewhere_a_specimen(services: Services) -> None:
    real = Services(replace(services.config, environment="production"))
    entitlement = sold(real)
    assert shown(real, entitlement).ticket.specimen is False
    assert Device(real).answer(shown(real, entitlement).code) == OK
    trial = sold(services, item="trial")
    assert Device(real).answer(shown(services, trial).code) == ("REVOKED", "specimen")


def test_what_is_no_ticket_has_no_code(services: Services) -> None:
    for number, offer in enumerate((CARD, CARNET)):
        assert shown(services, sold(services, offer, item=str(number))).code is None


@pytest.mark.parametrize(
    ("offer", "code"),
    [
        (replace(SINGLE, first_at=NOW, last_at=NOW - MINUTE), "window_backwards"),
        (replace(PASS, last_at=NOW + timedelta(days=401)), "window_too_long"),
        (replace(SINGLE, seller="Région"), "bad_seller"),
        (replace(CARNET, promised={"units": 0}), "bad_units_of_carnet"),
        (replace(CARNET, promised={"units": 101}), "bad_units_of_carnet"),
        (replace(CARNET, promised={}), "bad_units_of_carnet"),
    ],
)
def test_what_cannot_be_a_ticket_is_refused_and_leaves_nothing(services: Services, offer: Offer, code: str) -> None:
    with refused(code):
        sold(services, offer)
    with reading(services.engine) as session:
        assert store.find_of_item(session, "item") is None


def test_a_sale_that_is_undone_leaves_no_ticket(services: Services) -> None:
    def undone() -> None:
        with transaction(services.engine) as session:
            issuing.issue(session, services, Bare("item", "order", SINGLE), NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        undone()
    with reading(services.engine) as session:
        assert store.find_of_item(session, "item") is None
    entitlement = sold(services)
    assert Device(services).answer(shown(services, entitlement).code) == OK


# ---------------------------------------------------------------- activating, carnets


def test_a_ticket_to_activate_is_good_from_its_activation_for_its_time(services: Services) -> None:
    entitlement, device = sold(services, TO_ACTIVATE), Device(services)
    before = shown(services, entitlement).code
    assert device.answer(before) == ("NOT_YET", "not_activated")
    at = NOW + DAY
    with transaction(services.engine) as session:
        tickets.activate(session, services, entitlement, at)
        tickets.activate(session, services, entitlement, at + MINUTE)  # again: nothing changes
    device.sync(at)
    code = shown(services, entitlement).code
    end = at.replace(second=0) + timedelta(minutes=120)
    assert device.answer(code, at) == OK
    assert device.answer(code, end - timedelta(seconds=1)) == OK
    assert device.answer(code, end) == ("EXPIRED", "good_until")
    assert device.answer(before, at) == ("NOT_YET", "not_activated")  # the first code never becomes good


def test_nothing_is_activated_after_its_last_day_nor_before_its_first(services: Services) -> None:
    later = replace(TO_ACTIVATE, first_at=NOW + DAY)
    entitlement = sold(services, later)
    for at, code in ((NOW, "good_from"), (NOW + 31 * DAY, "activation_over")):
        with refused(code), transaction(services.engine) as session:
            tickets.activate(session, services, entitlement, at)


def test_a_carnet_gives_its_tickets_one_by_one_and_no_more(services: Services) -> None:
    carnet = sold(services, CARNET)
    taken = []
    for number in range(3):
        with transaction(services.engine) as session:
            taken.append(tickets.take_unit(session, services, carnet, NOW + number * MINUTE))
    with refused("carnet_empty"), transaction(services.engine) as session:
        tickets.take_unit(session, services, carnet, NOW)
    assert shown(services, carnet).units_left == 0
    device = Device(services)
    assert {device.answer(shown(services, each).code, NOW + 3 * MINUTE) for each in taken} == {OK}
    assert len({shown(services, each).reference for each in taken}) == 3
    assert all(shown(services, each).ticket.price is None for each in taken)  # the carnet has one


def test_a_carnet_is_never_overdrawn_by_takers_at_once(services: Services) -> None:
    carnet = sold(services, CARNET)

    def take(_: int) -> str | None:
        try:
            with transaction(services.engine) as session:
                return tickets.take_unit(session, services, carnet, NOW)
        except Refused:
            return None

    with ThreadPoolExecutor(5) as threads:
        taken = [each for each in threads.map(take, range(5)) if each is not None]
    assert len(taken) == len(set(taken)) == 3


def test_a_refunded_carnet_takes_its_tickets_with_it(services: Services) -> None:
    carnet = sold(services, CARNET)
    with transaction(services.engine) as session:
        unit = tickets.take_unit(session, services, carnet, NOW)
        tickets.refunded(session, carnet, NOW)
    device = Device(services)
    assert device.answer(shown(services, unit).code) == ("REVOKED", "ticket_revoked")
    with refused("not_usable"), transaction(services.engine) as session:
        tickets.take_unit(session, services, carnet, NOW)


# ---------------------------------------------------------------- telephones


def test_a_ticket_on_a_telephone_is_shown_there_alone(services: Services) -> None:
    entitlement, device = sold(services), Device(services)
    paper = shown(services, entitlement).code
    on_phone = bound(services, entitlement, TELEPHONE.public_key)
    device.sync(NOW)
    assert on_phone.bound
    assert device.answer(show_code(on_phone.code, TELEPHONE, NOW)) == OK
    assert device.answer(on_phone.code) == ("BAD_SIGNATURE", "signature_2_missing")
    assert device.answer(paper) == ("REVOKED", "code_replaced")


def test_the_same_telephone_again_changes_nothing(services: Services) -> None:
    entitlement = sold(services)
    first = bound(services, entitlement, TELEPHONE.public_key)
    assert bound(services, entitlement, TELEPHONE.public_key, NOW + MINUTE).code == first.code


def test_another_telephone_has_to_ask_and_the_first_one_is_refused(services: Services) -> None:
    entitlement, device = sold(services), Device(services)
    first = bound(services, entitlement, TELEPHONE.public_key)
    with pytest.raises(Conflict, match=r"^billettique\.bound_elsewhere"):
        bound(services, entitlement, OTHER.public_key)
    second = bound(services, entitlement, OTHER.public_key, move=True)
    device.sync(NOW)
    assert device.answer(show_code(second.code, OTHER, NOW)) == OK
    assert device.answer(show_code(first.code, TELEPHONE, NOW)) == ("REVOKED", "code_replaced")
    assert second.moves == 1
    back = bound(services, entitlement, TELEPHONE.public_key, move=True)  # in the same minute
    device.sync(NOW)
    assert device.answer(show_code(back.code, TELEPHONE, NOW)) == OK
    assert device.answer(show_code(second.code, OTHER, NOW)) == ("REVOKED", "code_replaced")


def test_a_used_ticket_stays_used_wherever_it_moves(services: Services) -> None:
    entitlement, device = sold(services), Device(services)
    with reading(services.engine) as session:
        mark = tickets.mark_of(store.get(session, entitlement))
    device.used = {mark: NOW}
    moved = bound(services, entitlement, TELEPHONE.public_key)
    device.sync(NOW)
    assert device.answer(show_code(moved.code, TELEPHONE, NOW)) == ("USED", "ticket_used")


def test_a_holder_moves_a_ticket_three_times_and_then_an_agent_does(services: Services) -> None:
    entitlement = sold(services)
    bound(services, entitlement, TELEPHONE.public_key)
    for number in range(3):
        bound(services, entitlement, signer(f"telephone {number}").public_key, move=True)
    with refused("too_many_moves"):
        bound(services, entitlement, TELEPHONE.public_key, move=True)
    token = tickets.token_of(services.config, entitlement, 0)
    with refused("too_many_moves"), transaction(services.engine) as session:
        row = tickets.opened(session, services.config, entitlement, token, change_at=NOW)
        tickets.back_to_paper(session, services, row, NOW)
    with transaction(services.engine) as session:
        row = tickets.opened(session, services.config, entitlement, token, change_at=NOW)
        tickets.back_to_paper(session, services, row, NOW, agent="an agent")
    assert Device(services).answer(shown(services, entitlement).code) == OK


def test_paper_again_is_good_and_the_telephone_is_refused(services: Services) -> None:
    entitlement, device = sold(services), Device(services)
    on_phone = bound(services, entitlement, TELEPHONE.public_key)
    token = tickets.token_of(services.config, entitlement, 0)
    with transaction(services.engine) as session:
        row = tickets.opened(session, services.config, entitlement, token, change_at=NOW)
        tickets.back_to_paper(session, services, row, NOW)
    device.sync(NOW)
    assert device.answer(shown(services, entitlement).code) == OK
    assert device.answer(show_code(on_phone.code, TELEPHONE, NOW)) == ("REVOKED", "code_replaced")


@pytest.mark.parametrize("point", [b"", b"\x02" + b"\xff" * 32, b"\x04" + bytes(64), bytes(33)])
def test_what_is_no_key_binds_nothing(services: Services, point: bytes) -> None:
    entitlement = sold(services)
    with pytest.raises(InvalidInput, match=r"key_not_p256"):
        bound(services, entitlement, point)
    assert not shown(services, entitlement).bound


def test_a_card_is_not_put_on_a_telephone(services: Services) -> None:
    with refused("no_code"):
        bound(services, sold(services, CARD), TELEPHONE.public_key)


def test_a_wrong_address_opens_nothing_and_a_new_one_closes_the_old(services: Services) -> None:
    entitlement, other = sold(services), sold(services, item="other")
    config = services.config
    token = tickets.token_of(config, entitlement, 0)
    for wrong in ("", token[:-1], token.lower(), tickets.token_of(config, other, 0)):
        with pytest.raises(NotFound), reading(services.engine) as session:
            tickets.opened(session, config, entitlement, wrong)
    with transaction(services.engine) as session:
        row = tickets.opened(session, config, entitlement, token)
        tickets.new_link(session, row, agent="an agent", now=NOW)
    with pytest.raises(NotFound), reading(services.engine) as session:
        tickets.opened(session, config, entitlement, token)
    assert token not in tickets.path_of(config, shown(services, entitlement))


# ---------------------------------------------------------------- suspended, taken away


def test_a_suspended_ticket_comes_back_on_paper_too(services: Services) -> None:
    entitlement, device = sold(services, PASS), Device(services)
    paper = shown(services, entitlement).code
    for number in (1, 2):  # twice: a debit may fail again
        with transaction(services.engine) as session:
            tickets.suspend(session, entitlement, Decision("billettique.told_suspended"), NOW)
            tickets.suspend(session, entitlement, Decision("billettique.told_suspended"), NOW)  # told twice
        device.sync(NOW + number * MINUTE)
        assert device.answer(paper) == ("REVOKED", "ticket_revoked")
        with transaction(services.engine) as session:
            tickets.resume(session, entitlement, NOW)
            tickets.resume(session, entitlement, NOW)
        device.sync(NOW + number * MINUTE)
        assert device.answer(paper) == OK


@pytest.mark.parametrize("way", ["revoked", "refunded", "suspended then refunded"])
def test_what_is_taken_away_never_comes_back(services: Services, way: str) -> None:
    entitlement, device = sold(services, PASS), Device(services)
    why, later = Decision("billettique.told_revoked"), NOW + MINUTE
    with transaction(services.engine) as session:
        if way.startswith("suspended"):
            tickets.suspend(session, entitlement, why, later)
        if way == "revoked":
            tickets.revoke(session, entitlement, why, later)
        else:
            tickets.refunded(session, entitlement, later)
    with pytest.raises(Conflict, match="entitlement_over"), transaction(services.engine) as session:
        tickets.resume(session, entitlement, NOW)
    with refused("not_usable"):
        bound(services, entitlement, TELEPHONE.public_key)
    device.sync(NOW)
    assert device.answer(shown(services, entitlement).code) == ("REVOKED", "ticket_revoked")
    with reading(services.engine) as session:
        actions = [each.action for each in audit.history(session, "entitlement", entitlement)]
    assert actions[0] == "billettique.issued"
    assert ("billettique.revoked" if way == "revoked" else "billettique.refunded") in actions


def test_a_ticket_is_found_by_what_somebody_says(services: Services) -> None:
    entitlement = sold(services)
    reference = shown(services, entitlement).reference
    said = f" {reference[:4].lower()}-{reference[4:]} ".replace("0", "o").replace("1", "l")
    with reading(services.engine) as session:
        assert tickets.named(session, said).id == entitlement
        for wrong in ("", "ABC", reference[:-1] + "U", "?" * 10, reference + "0"):
            with pytest.raises(NotFound):
                tickets.named(session, wrong)


# ---------------------------------------------------------------- people


def test_a_person_receives_their_tickets_and_is_forgotten(services: Services) -> None:
    running = sold(services, PASS, item="pass", holder="Joëlle ESSAI", subject="01SUBJECT")
    over = sold(services, SINGLE, item="single", subject="01SUBJECT")
    with reading(services.engine) as session:
        told: Any = personal.export_subject(session, "01SUBJECT")
    assert {each["reference"] for each in told["tickets"]} == {
        shown(services, each).reference for each in (running, over)
    }
    assert "Joëlle ESSAI" in str(told)
    with transaction(services.engine) as session:
        personal.erase_subject(session, "01SUBJECT", NOW + 2 * DAY)
    with reading(services.engine) as session:
        assert personal.export_subject(session, "01SUBJECT") == {"tickets": []}
    assert "billettique_tickets" in subject_packages()
    assert shown(services, running).code is not None  # still to be used: its holder has it in hand
    assert shown(services, over).code is None
    with transaction(services.engine) as session:
        erase_due(session, NOW + timedelta(days=30 + 2 * 366 + 1))
    with pytest.raises(NotFound):
        shown(services, running)

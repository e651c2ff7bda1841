"""Sellers' keys on a host: made at the first sale, kept out of backups, renewed with overlap, stolen; and the lists."""

import os
import shutil
import stat
import tarfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from billettique.gateway.keyfiles import Signers, signers_of
from billettique.model.entitlements import KeyPurpose
from billettique.rules.issuing import show_code, sign_ticket
from billettique.rules.keys import ROTATION
from billettique.service import issuing, keys, reissuing, tickets
from billettique.store import keys as key_store
from billettique.store.orders import OrderRow
from mobigo.app import backup, jobs_registry
from mobigo.base.decisions import Decision
from mobigo.base.errors import MobigoError, Refused
from mobigo.infra import clock
from mobigo.infra.db import reading, transaction
from mobigo.infra.jobs import State, enqueue, run_inline
from mobigo.infra.outbox import MessageRow
from mobigo.infra.web import Services
from tests.holder_world import DAY, NOW, PASS, SELLER, SINGLE, Device, bound, shown, sold
from tests.ticket_world import TELEPHONE

OK = ("OK", "ticket_good")
YEAR_PASS = replace(PASS, last_at=NOW + 366 * DAY)


def rotated(services: Services, now: Any) -> list[int]:
    with transaction(services.engine) as session:
        return [key.key_id for key in keys.rotate(session, services, now) if key.provider == SELLER]


def revoked(services: Services, key_id: int, now: Any = NOW) -> None:
    with transaction(services.engine) as session:
        keys.revoke(session, services, SELLER, key_id, reason="a laptop was stolen", by="an agent", now=now)


def files(services: Services) -> list[Path]:
    return sorted((services.config.home / "secrets" / "tickets").glob("*.pem"))


# ---------------------------------------------------------------- private keys


def test_a_private_key_is_readable_by_its_owner_alone_and_in_no_backup(services: Services, tmp_path: Path) -> None:
    sold(services)
    (file,) = files(services)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    secret = file.read_bytes().splitlines()[1]
    target = tmp_path / "saved"
    backup.save(services.config, services.engine, target, NOW)
    with tarfile.open(target, "r:*") as saved:
        members = saved.getmembers()
        assert len(members) > 10
        assert not [each.name for each in members if "secret" in each.name or each.name.endswith(".pem")]
        contents = b"".join(saved.extractfile(each).read() for each in members if each.isfile())
    assert secret not in contents
    os.chmod(file, 0o644)  # noqa: PTH101 - the very thing that is refused
    with pytest.raises(Refused, match="secret_readable"):
        Signers(services.config.home).find(key_of(services, 1).public_key)


def key_of(services: Services, key_id: int) -> Any:
    with reading(services.engine) as session:
        return next(row for row in key_store.keys_of(session, KeyPurpose.TICKETS, SELLER) if row.key_id == key_id)


def public(services: Services, seller: str) -> bytes:
    with reading(services.engine) as session:
        return key_store.keys_of(session, KeyPurpose.TICKETS, seller)[0].public_key


def test_another_process_finds_the_key_in_its_file(services: Services) -> None:
    first = sold(services)
    again = Services(services.config)
    second = sold(again, item="other")
    assert len(files(services)) == 1
    device = Device(services)
    assert {device.answer(shown(services, each).code) for each in (first, second)} == {OK}


def test_without_its_file_a_key_signs_no_more_and_what_it_signed_stays_good(services: Services) -> None:
    """A backup brought back on a new machine: the database is there, the secrets are not."""
    before = sold(services)
    shutil.rmtree(services.config.home / "secrets" / "tickets")
    restored = Services(services.config)
    after = sold(restored, item="after")
    device = Device(restored)
    assert {device.answer(shown(restored, each).code) for each in (before, after)} == {OK}
    assert key_of(restored, 2).public_key != key_of(restored, 1).public_key


def test_a_file_with_another_key_is_refused(services: Services) -> None:
    sold(services)
    sold(services, replace(SINGLE, seller="other"), item="other")
    first, second = files(services)
    second.write_bytes(first.read_bytes())
    swapped = next(
        seller
        for seller in (SELLER, "other")
        if Signers(services.config.home).path_of(public(services, seller)) == second
    )
    with pytest.raises(Refused, match="key_file_wrong"):
        sold(Services(services.config), replace(SINGLE, seller=swapped), item="new")


# ---------------------------------------------------------------- rotation


def test_keys_follow_one_another_with_overlap_and_without_a_gap(services: Services) -> None:
    """Over a year, the job running every third day: somebody can always sign, devices know a key eleven days before it
    signs, and a ticket of the first day is good until its end."""
    bought = sold(services, YEAR_PASS, item="of the first day")
    used = set()
    for day in range(1, 364, 3):
        now = NOW + day * DAY
        rotated(services, now)
        with transaction(services.engine) as session:
            key, _signer = keys.for_signing(session, services, SELLER, now)
        assert key.key_id == 1 or key.first_at <= now - timedelta(days=11)
        used.add(key.key_id)
    assert len(used) >= 5  # 90 days each, less the overlap
    last = NOW + 365 * DAY
    assert Device(services, last).answer(shown(services, bought).code, last) == OK
    assert len(files(services)) <= 6  # those that still sign, of tickets and of lists


def test_the_job_run_twice_makes_no_key_more(services: Services) -> None:
    sold(services)
    assert rotated(services, NOW) == [2]  # the one at hand
    assert rotated(services, NOW) == []
    late = NOW + ROTATION - keys.OVERLAP
    assert rotated(services, late - DAY) == []
    assert rotated(services, late) == [3, 4]
    assert rotated(services, late) == []


def test_a_rotation_that_does_not_run_is_seen_a_fortnight_before_nobody_can_sign(services: Services) -> None:
    sold(services)
    last = key_of(services, 1).last_at
    with reading(services.engine) as session:
        assert keys.gaps(session, services, last - keys.OVERLAP - DAY) == {}
        assert keys.gaps(session, services, last - keys.OVERLAP + DAY) == {SELLER: last + timedelta(microseconds=1)}
    rotated(services, last - keys.OVERLAP)
    with reading(services.engine) as session:
        assert keys.gaps(session, services, last - keys.OVERLAP + DAY) == {}


def test_an_agent_makes_the_next_key_before_its_time(services: Services) -> None:
    sold(services)
    with transaction(services.engine) as session:
        assert keys.renew(session, services, SELLER, by="an agent", now=NOW).key_id == 2
        assert keys.for_signing(session, services, SELLER, NOW)[0].key_id == 1
        rows = keys.all_keys(session)
        assert [row.key_id for row in rows if row.id in keys.signing(rows, services, NOW)] == [1]
    with pytest.raises(MobigoError, match="no_seller"), transaction(services.engine) as session:
        keys.renew(session, services, "nobody", by="an agent", now=NOW)


# ---------------------------------------------------------------- lists


def test_lists_are_the_same_for_ten_minutes_and_numbered_by_their_changes(services: Services) -> None:
    sold(services)
    first = keys.published_keys(services, NOW)
    again = keys.published_keys(services, NOW + timedelta(minutes=1))
    later = keys.published_keys(services, NOW + timedelta(minutes=15))
    assert first == again
    assert later.tag != first.tag
    device = Device(services)
    assert device.keys.sequence == 1
    with transaction(services.engine) as session:
        keys.renew(session, services, SELLER, by="an agent", now=NOW)
    device.sync(NOW)
    assert (device.keys.sequence, len(device.keys.keys)) == (2, 2)


def test_devices_read_what_was_added_and_the_whole_when_something_came_off(services: Services) -> None:
    several = [sold(services, PASS, item=str(number)) for number in range(4)]
    why = Decision("billettique.told_revoked")
    with reading(services.engine) as session:
        assert keys.revocation_list(session, NOW).sequence == 0
    with transaction(services.engine) as session:
        for each in several[:2]:
            tickets.suspend(session, each, why, NOW)
    with reading(services.engine) as session:
        known = keys.revocation_list(session, NOW)
    assert (known.since, len(known.marks)) == (0, 2)
    with transaction(services.engine) as session:
        tickets.revoke(session, several[2], why, NOW)
    with reading(services.engine) as session:
        more = keys.revocation_list(session, NOW, known.sequence)
        unknown = keys.revocation_list(session, NOW, known.sequence + 1_000)
    assert (more.since, len(more.marks)) == (known.sequence, 1)
    assert (unknown.since, len(unknown.marks)) == (0, 3)
    with transaction(services.engine) as session:
        tickets.resume(session, several[0], NOW)
    with reading(services.engine) as session:
        whole = keys.revocation_list(session, NOW, more.sequence)
    assert (whole.since, len(whole.marks)) == (0, 2)


def test_what_came_and_went_between_two_contacts_is_a_small_list(services: Services) -> None:
    kept, gone = sold(services, PASS, item="kept"), sold(services, PASS, item="gone")
    why = Decision("billettique.told_suspended")
    with transaction(services.engine) as session:
        tickets.suspend(session, kept, why, NOW)
    with reading(services.engine) as session:
        known = keys.revocation_list(session, NOW)
    with transaction(services.engine) as session:
        tickets.suspend(session, gone, why, NOW)
        tickets.resume(session, gone, NOW)
    with reading(services.engine) as session:
        after = keys.revocation_list(session, NOW, known.sequence)
    assert (after.since, after.marks) == (known.sequence, frozenset())


def test_tickets_that_are_over_leave_the_list(services: Services) -> None:
    entitlement = sold(services)
    with transaction(services.engine) as session:
        tickets.revoke(session, entitlement, Decision("billettique.told_revoked"), NOW)
    with reading(services.engine) as session:
        assert len(keys.revocation_list(session, NOW).marks) == 1
        assert len(keys.revocation_list(session, NOW + 2 * DAY).marks) == 0


# ---------------------------------------------------------------- the drill of a stolen key


def order_with_address(services: Services, order: str, email: str | None) -> None:
    with transaction(services.engine) as session:
        session.add(
            OrderRow(
                id=order, reference=order[:12], channel="online", email=email, language="fr", created_at=NOW,
                expires_at=NOW, changed_at=NOW,
            )
        )  # fmt: skip


def test_a_stolen_key_is_revoked_real_buyers_travel_on_and_the_thief_does_not(services: Services) -> None:
    bought = {name: sold(services, PASS, item=name) for name in ("paper", "phone", "suspended", "refunded")}
    over = sold(services, SINGLE, item="over")
    order_with_address(services, "order-paper", "buyer@example.org")
    order_with_address(services, "order-phone", None)
    on_phone = bound(services, bought["phone"], TELEPHONE.public_key)
    with transaction(services.engine) as session:
        tickets.suspend(session, bought["suspended"], Decision("billettique.told_suspended"), NOW)
        tickets.refunded(session, bought["refunded"], NOW)
        key, thief = keys.for_signing(session, services, SELLER, NOW)
    before = {name: shown(services, each).code for name, each in bought.items()}
    forged = sign_ticket(
        replace(issuing.ticket_in(before["paper"]), reference="F0RGED0000"), key, thief, production=False
    )
    device = Device(services)
    assert device.answer(forged) == OK  # nothing tells it from a real one: hence the drill
    at = NOW + DAY
    revoked(services, key.key_id, at)
    assert reissuing.waiting(services.engine, SELLER, key.key_id, at) == 3
    done = reissuing.reissue(services, SELLER, key.key_id, at)
    assert (done.codes, done.messages) == (3, 1)
    assert reissuing.reissue(services, SELLER, key.key_id, at) == reissuing.Reissued(0, 0)
    device.sync(at)
    gone = ("UNKNOWN_KEY", "key_revoked")
    assert device.answer(forged, at) == gone
    assert {device.answer(each, at) for name, each in before.items() if name != "phone"} == {gone}
    assert device.answer(show_code(on_phone.code, TELEPHONE, at), at) == gone
    assert device.answer(shown(services, bought["paper"]).code, at) == OK
    after = shown(services, bought["phone"])
    assert device.answer(show_code(after.code, TELEPHONE, at), at) == OK  # the same telephone, the same key
    assert device.answer(shown(services, bought["suspended"]).code, at) == ("REVOKED", "ticket_revoked")
    assert device.answer(shown(services, bought["refunded"]).code, at) == gone
    assert device.answer(shown(services, over).code, at) == gone
    with reading(services.engine) as session:
        (message,) = session.scalars(select(MessageRow)).all()
    assert message.recipient == "buyer@example.org"
    assert tickets.path_of(services.config, shown(services, bought["paper"])) in message.body
    assert not signers_of(services).path_of(key.public_key).exists()  # destroyed here too


def test_a_device_out_of_contact_accepts_the_new_codes(services: Services) -> None:
    """It knows the key at hand since long; what the thief made passes there too, until its next contact."""
    bought = sold(services, PASS)
    rotated(services, NOW)
    device = Device(services)
    before = shown(services, bought).code
    revoked(services, 1)
    reissuing.reissue(services, SELLER, 1, NOW)
    assert device.answer(shown(services, bought).code) == OK
    assert device.answer(before) == OK
    device.sync(NOW)
    assert device.answer(shown(services, bought).code) == OK
    assert device.answer(before) == ("UNKNOWN_KEY", "key_revoked")
    assert {key_of(services, each).revoked_at is None for each in (2, 3)} == {True}  # one signs, one is at hand


def test_a_drill_that_is_broken_off_goes_on_where_it_stopped(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reissuing, "BATCH", 2)
    bought = [sold(services, PASS, item=str(number)) for number in range(5)]
    revoked(services, 1)

    class Killed(Exception):
        pass

    def stop(done: int, _total: int) -> None:
        if done == 2:
            raise Killed

    with pytest.raises(Killed):
        reissuing.reissue(services, SELLER, 1, NOW, progress=stop)
    assert reissuing.reissue(services, SELLER, 1, NOW).codes == 3
    device = Device(services)
    assert {device.answer(shown(services, each).code) for each in bought} == {OK}


def test_the_drill_and_the_rotation_run_as_jobs(services: Services) -> None:
    jobs_registry.install()
    bought = sold(services, month_from_now(), now=clock.now())
    with transaction(services.engine) as session:
        ids = [
            enqueue(session, "billettique.rotate_keys", {}, None, clock.now()),
            enqueue(session, "billettique.reissue", {"seller": SELLER, "key_id": 1}, None, clock.now()),
        ]
    revoked(services, 1, clock.now())
    ended = [run_inline(services.engine, services.config, each) for each in ids]
    assert [each.state for each in ended] == [State.DONE, State.DONE]
    assert ended[1].outcome == Decision("billettique.reissued", codes=1, messages=0)
    at = clock.now()
    assert Device(services, at).answer(shown(services, bought).code, at) == OK


def month_from_now() -> Any:
    at = clock.now()
    return replace(PASS, first_at=at, last_at=at + 30 * DAY)


def test_a_key_is_revoked_once_with_a_reason(services: Services) -> None:
    sold(services)
    for reason in ("", "  ", "x", "x" * 201):
        with pytest.raises(MobigoError, match="reason_needed"), transaction(services.engine) as session:
            keys.revoke(session, services, SELLER, 1, reason=reason, by="an agent", now=NOW)
    revoked(services, 1)
    with pytest.raises(MobigoError, match="key_revoked_already"):
        revoked(services, 1)
    with pytest.raises(MobigoError, match="key_unknown"):
        revoked(services, 9)


def test_nothing_is_signed_anew_while_the_key_still_signs(services: Services) -> None:
    sold(services, PASS)
    with pytest.raises(MobigoError, match="key_not_revoked"):
        reissuing.reissue(services, SELLER, 1, NOW)

"""What devices tell, on real databases: each record once, one first use in any order, one winner online, nothing of
where and when after 48 hours, and never in a backup."""

import tarfile
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine, func, select

from billettique.model.ticket import Answer
from billettique.model.use import DeviceKind, Place, Record
from billettique.service import sync
from billettique.store import usage
from billettique.store import validations as store
from billettique.store.validations import DayKeyRow, FirstUseRow, UsedRow, ValidationRow
from mobigo.base.errors import Conflict, InvalidInput, Refused
from mobigo.infra.config import Config
from mobigo.infra.db import open_engine, reading, transaction
from mobigo.infra.privacy import erase_due

NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
HERE = Place("127", "semur", "127-0710")


def device(name: str = "device-a", kind: DeviceKind = DeviceKind.ONBOARD) -> sync.Device:
    return sync.Device(name, kind, "by", "operator")


def record(nonce: str, ticket: int = 1, at: datetime = NOW, *, uses: bool = True, place: Place = HERE) -> Record:
    return Record(f"nonce-no-{nonce}", at, Answer.OK, ticket.to_bytes(8), "car-unite", uses, TODAY, place)


def uses_of(engine: Engine) -> dict[tuple[str, str], str | None]:
    with reading(engine) as session:
        rows = session.execute(select(ValidationRow.device, ValidationRow.nonce, ValidationRow.use)).all()
    return {(row.device, row.nonce): row.use for row in rows}


def send(engine: Engine, name: str, records: Sequence[Record], now: datetime = NOW) -> None:
    with transaction(engine) as session:
        sync.receive(session, device(name), records, now)


def test_the_same_batch_again_changes_nothing(engine: Engine) -> None:
    with transaction(engine) as session:
        first = sync.receive(session, device(), [record("1"), record("2", 2)], NOW)
    with transaction(engine) as session:
        again = sync.receive(session, device(), [record("2", 2), record("1")], NOW)
    assert (first.new, first.known, again.new, again.known) == (2, 0, 0, 2)
    with reading(engine) as session:
        assert sum(usage.uses_by(session, TODAY, TODAY, "line").values()) == 2
        assert [row.boardings for row in usage.loads(session, TODAY, TODAY)] == [2]
        assert session.scalars(select(UsedRow.uses)).all() == [1, 1]


def test_two_devices_that_were_apart_both_accept_and_one_is_first_whatever_the_order(engine: Engine) -> None:
    early, late = record("1", at=NOW - timedelta(minutes=9)), record("2", at=NOW - timedelta(minutes=3))
    for first_sent, other in ((("device-a", early), ("device-b", late)), (("device-b", late), ("device-a", early))):
        send(engine, first_sent[0], [first_sent[1]])
        with reading(engine) as session:
            assert store.alerts(session) == []
        send(engine, other[0], [other[1]])
        assert uses_of(engine) == {("device-a", "nonce-no-1"): "first", ("device-b", "nonce-no-2"): "repeat"}
        with transaction(engine) as session:
            (alert,) = store.alerts(session)
            assert (alert.uses, alert.mark) == (2, (1).to_bytes(8))
            assert store.see_alert(session, alert.mark, NOW)
            assert not store.see_alert(session, alert.mark, NOW)
            sync.forget(session, NOW + timedelta(days=30))
            session.query(store.ScanRow).delete()


@pytest.mark.parametrize("seed", [1, 2])
def test_many_devices_in_any_order_end_with_the_same_verdicts(engine: Engine, seed: int) -> None:
    count = 2_000 if engine.dialect.name == "sqlite" else 1_000
    random = Random(5)
    scans: dict[str, list[Record]] = {f"device-{at:02}": [] for at in range(50)}
    for at in range(count):
        when = NOW - timedelta(seconds=random.randrange(10 * 3600))
        scans[f"device-{at % 50:02}"].append(record(f"{at:06}", random.randrange(count * 4 // 5), when))
    batches = [(name, some[start : start + 20]) for name, some in scans.items() for start in range(0, len(some), 20)]
    shuffler = Random(seed)
    batches += shuffler.sample(batches, 10)
    shuffler.shuffle(batches)
    for name, some in batches:
        send(engine, name, some)
    expected: dict[bytes, tuple[datetime, str, str]] = {}
    for name, some in scans.items():
        for each in some:
            assert each.mark is not None
            use = (each.at, name, each.nonce)
            expected[each.mark] = min(expected.get(each.mark, use), use)
    firsts = {(name, nonce) for _at, name, nonce in expected.values()}
    found = uses_of(engine)
    assert {name for name, use in found.items() if use == "first"} == firsts
    assert Counter(found.values())["repeat"] == count - len(firsts)
    with reading(engine) as session:
        assert session.scalar(select(func.sum(UsedRow.uses))) == count


@pytest.mark.parametrize("dialect", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_online_exactly_one_of_several_at_once_wins(engine: Engine, dialect: str) -> None:
    if engine.dialect.name != ("postgresql" if dialect == "postgres" else "sqlite"):
        return
    tickets, threads = 12, 6
    won: list[tuple[int, int]] = []
    barrier = threading.Barrier(threads)

    def check(which: int) -> None:
        barrier.wait()
        for ticket in range(tickets):
            with transaction(engine) as session:
                mine, _since = sync.claim(
                    session, device(f"device-{which}"), record(f"{which}-{ticket:03}", ticket), NOW
                )
            if mine:
                won.append((ticket, which))

    running = [threading.Thread(target=check, args=(which,)) for which in range(threads)]
    for each in running:
        each.start()
    for each in running:
        each.join()
    assert sorted(ticket for ticket, _which in won) == list(range(tickets))
    for ticket, which in won:  # asked again, for its answer was lost: the same answer
        with transaction(engine) as session:
            again = sync.claim(session, device(f"device-{which}"), record(f"{which}-{ticket:03}", ticket), NOW)
            other = sync.claim(session, device("device-x"), record(f"x-{ticket:05}", ticket), NOW)
        assert again == (True, None)
        assert other == (False, NOW)


def test_a_device_that_names_two_checks_alike_uses_one_ticket_up_and_is_told(engine: Engine) -> None:
    with transaction(engine) as session:
        assert sync.claim(session, device(), record("1", 1), NOW) == (True, None)
    with pytest.raises(Conflict) as taken, transaction(engine) as session:
        sync.claim(session, device(), record("1", 2), NOW)
    assert taken.value.decision.code == "billettique.nonce_taken"
    with transaction(engine) as session:  # under a name of its own it is good, once
        assert sync.claim(session, device(), record("2", 2), NOW) == (True, None)
        assert sync.claim(session, device(), record("3", 2), NOW) == (False, NOW)


def test_a_record_that_comes_after_two_days_is_counted_and_says_neither_where_nor_when(engine: Engine) -> None:
    old = NOW - timedelta(hours=47, minutes=30)
    send(engine, "device-a", [record("at-the-edge", 1, old), record("a-minute-less", 2, old + timedelta(minutes=1))])
    assert set(uses_of(engine)) == {("device-a", "nonce-no-a-minute-less")}
    with reading(engine) as session:
        assert sum(usage.uses_by(session, TODAY - timedelta(days=9), TODAY, "line").values()) == 2
        assert set(store.used_among(session, [(1).to_bytes(8), (2).to_bytes(8)]).values()) == {
            None, old + timedelta(minutes=1)
        }  # fmt: skip
    send(engine, "device-b", [record("too-late", 1)])  # used before, nobody knows when: never a second first
    assert uses_of(engine)["device-b", "nonce-no-too-late"] == "repeat"


def test_an_old_first_use_leaves_no_way_to_a_second_one(engine: Engine) -> None:
    recent = record("recent", at=NOW - timedelta(hours=10))
    oldest = record("oldest", at=NOW - timedelta(hours=60))
    between = record("between", at=NOW - timedelta(hours=30))
    for name, each in (("device-a", recent), ("device-b", oldest), ("device-c", between)):
        send(engine, name, [each])
    assert set(uses_of(engine).values()) == {"repeat"}  # the first is the oldest, of which nothing is kept


def test_after_two_days_nothing_links_a_ticket_to_a_place_or_an_hour(engine: Engine) -> None:
    send(engine, "device-a", [record("1"), record("2", 2, uses=False)])
    with reading(engine) as session:
        tokens = session.scalars(select(ValidationRow.token)).all()
        key = session.scalars(select(DayKeyRow.key)).one()
    assert sync.token(bytes(key), (1).to_bytes(8)) in tokens
    with transaction(engine) as session:
        assert sync.forget(session, NOW + timedelta(hours=47, minutes=29)) == 1  # the key of the day goes first
    assert len(uses_of(engine)) == 2
    with transaction(engine) as session:
        sync.forget(session, NOW + timedelta(hours=47, minutes=30))
        assert {name: count for name, count in store.held(session).items() if count} == {
            "billettique_used": 1, "billettique_scan": 2
        }  # fmt: skip
        assert sync.forget(session, NOW + timedelta(hours=47, minutes=30)) == 0
    with reading(engine) as session:  # still used, still counted
        assert store.used_among(session, [(1).to_bytes(8)]) == {(1).to_bytes(8): None}
        assert sum(usage.uses_by(session, TODAY, TODAY, "line").values()) == 2


def test_the_register_erases_too_where_the_job_did_not_run(engine: Engine) -> None:
    send(engine, "device-a", [record("1")])
    with transaction(engine) as session:
        erase_due(session, NOW + timedelta(days=2))
        held = store.held(session)
    assert (held["billettique_validation"], held["billettique_first_use"], held["billettique_day_key"]) == (0, 0, 0)


def test_the_key_of_a_day_that_is_over_is_not_made_again(engine: Engine) -> None:
    day = date(2026, 11, 24)
    at = sync.begins(day) + timedelta(hours=20)
    later = sync.begins(day) + sync.FORGET_AFTER
    send(engine, "device-a", [record("1", at=at)], later)
    with reading(engine) as session:
        assert session.scalars(select(ValidationRow.token)).all() == [None]
        assert session.scalar(select(func.count()).select_from(DayKeyRow)) == 0


def test_a_restored_backup_knows_no_place_and_no_hour(database_config: Config, engine: Engine, tmp_path: Path) -> None:
    from mobigo.app import backup

    config = replace(database_config, home=tmp_path / "home")
    send(engine, "device-a", [record("1"), record("2", 2)])
    backup.save(config, engine, tmp_path / "b.tar", NOW)
    raw = (tmp_path / "b.tar").read_bytes()
    for table in ("billettique_validation", "billettique_first_use", "billettique_day_key"):
        assert f"database/{table}.ndjson".encode() not in raw
    with tarfile.open(tmp_path / "b.tar") as saved:
        used = saved.extractfile("database/billettique_used.ndjson")
        assert used is not None
        assert b"T17:00" not in used.read()  # that it is used, and not when
    # into a database of its own: the one of the tests is shared
    elsewhere = replace(config, home=tmp_path / "other", database_url=f"sqlite:///{tmp_path / 'other' / 'r.sqlite'}")
    backup.bring_back(elsewhere, tmp_path / "b.tar")
    restored = open_engine(elsewhere.database_url)
    with reading(restored) as session:
        held = store.held(session)
        assert (held["billettique_validation"], held["billettique_first_use"], held["billettique_day_key"]) == (0, 0, 0)
        assert store.used_among(session, [(1).to_bytes(8)]) == {(1).to_bytes(8): None}  # still refused
    restored.dispose()


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"nonce": "short"}, "billettique.record_without_name"),
        ({"nonce": "with space and more"}, "billettique.record_without_name"),
        ({"at": NOW + timedelta(minutes=10, seconds=1)}, "billettique.record_from_the_future"),
        ({"at": NOW - timedelta(days=45, seconds=1)}, "billettique.record_too_old"),
        ({"mark": None}, "billettique.record_without_ticket"),
        ({"until": None}, "billettique.record_without_ticket"),
    ],
)
def test_a_record_that_cannot_be_is_told_apart_and_the_rest_is_kept(
    engine: Engine, changed: dict[str, object], why: str
) -> None:
    with transaction(engine) as session:
        outcome = sync.receive(session, device(), [replace(record("1"), **changed), record("2", 2)], NOW)
    assert outcome.new == 1
    assert [reason for _nonce, reason in outcome.refused] == [why]


def test_a_clock_that_is_ahead_is_set_right(engine: Engine) -> None:
    ahead = timedelta(minutes=25)
    with transaction(engine) as session:
        outcome = sync.receive(session, device(), [record("1", at=NOW + ahead)], NOW, sent_at=NOW + ahead)
        assert outcome.refused == ()
        assert session.scalars(select(FirstUseRow.at)).one() == NOW
        assert session.get_one(store.DeviceRow, "device-a").ahead_s == 1500


def test_a_device_is_of_one_organisation_and_one_kind(engine: Engine) -> None:
    with transaction(engine) as session:
        sync.receive(session, device(), [], NOW)
    for other in (replace(device(), organisation="another"), device(kind=DeviceKind.INSPECTOR)):
        with pytest.raises(Refused), transaction(engine) as session:
            sync.receive(session, other, [], NOW)
    with pytest.raises(InvalidInput), transaction(engine) as session:
        sync.receive(session, replace(device(), id="x"), [], NOW)
    with pytest.raises(InvalidInput), transaction(engine) as session:
        sync.receive(session, device(), [record(str(at)) for at in range(2_001)], NOW)


def test_a_night_journey_is_of_the_day_before(engine: Engine) -> None:
    assert sync.service_day(datetime(2026, 11, 25, 2, 59, tzinfo=UTC)) == date(2026, 11, 24)  # 3:59 in France
    assert sync.service_day(datetime(2026, 11, 25, 3, 0, tzinfo=UTC)) == date(2026, 11, 25)


def test_checks_of_inspectors_are_counted_apart_by_answer(engine: Engine) -> None:
    checks = [record("1"), replace(record("2", 2), answer=Answer.EXPIRED, uses=False)]
    with transaction(engine) as session:
        sync.receive(session, device("telephone", DeviceKind.INSPECTOR), checks, NOW)
        assert usage.uses_by(session, TODAY, TODAY, "line") == {}
        assert usage.checks_by_line(session, TODAY, TODAY) == {("127", "EXPIRED"): 1, ("127", "OK"): 1}

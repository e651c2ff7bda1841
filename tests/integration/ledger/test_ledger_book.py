"""The ledger on both databases: what is written, what is refused and by whom, what was held at any past moment."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.money import ZERO, Money
from mobigo.infra.config import Config
from mobigo.infra.db import reading, transaction
from mobigo.ledger import service
from mobigo.ledger.model import Balance, Hold, Phase, Settle
from mobigo.ledger.rules.chain import ERA, from_us
from tests.integration.ledger.books import BANK, BUDGET, DRIVER, MINUTE, NOW, long_book, move, net, open_book


def test_a_transfer_is_read_again_as_it_was_posted(engine: Engine) -> None:
    open_book(engine, 1_000)
    with transaction(engine) as session:
        [posted] = service.post(session, [move("a", 400)], now=NOW)
    with reading(engine) as session:
        assert service.find(session, "a") == posted
        assert service.find(session, "b") is None
        assert [line.key for line in service.entries(session, BUDGET)] == ["vote", "a"]
        assert [line.key for line in service.entries(session, BUDGET, after=1)] == ["a"]
        assert service.balance(session, BUDGET) == Balance(Money(400), Money(1_000), ZERO, ZERO)
    assert service.verify(engine).ok


def test_nothing_of_a_refused_call_remains(engine: Engine) -> None:
    open_book(engine, 1_000)
    with pytest.raises(Refused, match="insufficient"), transaction(engine) as session:
        service.post(session, [move("a", 400), move("b", 601)], now=NOW)
    with reading(engine) as session:
        assert service.find(session, "a") is None
    verdict = service.verify(engine)
    assert (verdict.ok, verdict.lines) == (True, 1)


def test_a_refused_call_leaves_the_transaction_of_the_caller_usable(engine: Engine) -> None:
    open_book(engine, 1_000)
    with transaction(engine) as session:
        with pytest.raises(Refused):
            service.post(session, [move("a", 400), move("b", 601)], now=NOW)
        left = service.available(session, BUDGET)
        assert left == Money(1_000)
        service.post(session, [move("b", left.cents)], now=NOW)
    assert net(engine, BUDGET) == 0
    assert service.verify(engine).ok


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_account SET debits_cents = debits_cents + 1001 WHERE code = :account",
        "UPDATE ledger_account SET held_debits_cents = 1001 WHERE code = :account",
        "UPDATE ledger_account SET floor_cents = 1001 WHERE code = :account",
        "UPDATE ledger_account SET held_credits_cents = -1 WHERE code = :account",
    ],
)
def test_the_database_itself_refuses_a_sum_below_the_floor(engine: Engine, statement: str) -> None:
    open_book(engine, 1_000)
    with pytest.raises(IntegrityError), transaction(engine) as session:
        session.execute(text(statement), {"account": BUDGET})
    with transaction(engine) as session:
        session.execute(text(statement.replace("1001", "1000").replace("-1", "0")), {"account": BUDGET})


@pytest.mark.parametrize("table", ["ledger_line", "ledger_mark", "ledger_signed_head"])
@pytest.mark.parametrize("statement", ["DELETE FROM {table}", "UPDATE {table} SET n = n"])
def test_what_is_written_stays_written(engine: Engine, table: str, statement: str, database_config: Config) -> None:
    open_book(engine, 1_000)
    with transaction(engine) as session:
        service.sign_head(session, database_config, now=NOW)
        session.execute(text(f"INSERT INTO ledger_mark VALUES ('{BANK}', 0, 64, 0, 1, 0, 0, 0, 0)"))
    with pytest.raises(DBAPIError, match="only grows"), transaction(engine) as session:
        session.execute(text(statement.format(table=table)))


def test_the_database_itself_refuses_a_second_end_of_a_line(engine: Engine) -> None:
    open_book(engine, 1_000)
    with transaction(engine) as session:
        service.post(session, [move("a", 1)], now=NOW)
        service.reverse(session, key="r", of_key="a", now=NOW)
    copied = (
        "INSERT INTO ledger_line SELECT n + 1, recorded_us, phase, 'r2', debit, credit, moved_cents, held_cents, kind, "
        "ref, memo, group_name, group_position, group_size, of_n, expires_us, happened_us, request_hash, "
        "previous_hash, hash, era FROM ledger_line WHERE key = 'r'"
    )
    with pytest.raises(IntegrityError), transaction(engine) as session:
        session.execute(text(copied))


# ---------------------------------------------------------------- accounts


def test_an_account_is_opened_once_with_one_floor(engine: Engine) -> None:
    with transaction(engine) as session:
        for _ in range(2):
            service.open_account(session, "a", floor=Money(-500), now=NOW)
        with pytest.raises(Conflict, match="other_floor"):
            service.open_account(session, "a", floor=None, now=NOW)
        for code, floor in (("", None), ("x" * 121, None), ("b", Money(1))):
            with pytest.raises(InvalidInput):
                service.open_account(session, code, floor=floor, now=NOW)


def test_an_account_that_is_not_open_is_not_found(engine: Engine) -> None:
    open_book(engine)
    with transaction(engine) as session:
        for ask in (service.balance, service.available):
            with pytest.raises(NotFound, match="no_account"):
                ask(session, "nobody")
        with pytest.raises(NotFound, match="no_account"):
            service.post(session, [move("a", 1, debit=BANK, credit="nobody")], now=NOW)
        assert list(service.entries(session, "nobody")) == []


def test_what_no_key_looks_like_is_not_found(engine: Engine) -> None:
    """PostgreSQL takes no NUL, JSON no lone surrogate: such texts never reach the database."""
    open_book(engine)
    with transaction(engine) as session:
        for text_ in ("\x00", "\ud800"):
            assert service.find(session, text_) is None
            with pytest.raises(NotFound):
                service.balance(session, text_)
            with pytest.raises(InvalidInput):
                service.post(session, [move(text_, 1)], now=NOW)
            with pytest.raises(InvalidInput):
                service.open_account(session, text_, floor=None, now=NOW)
            with pytest.raises(InvalidInput):
                service.void(session, key="v", hold_key=text_, now=NOW)
            assert list(service.entries(session, text_)) == []


def test_what_is_available_is_what_may_leave(engine: Engine) -> None:
    open_book(engine, 1_000)
    with transaction(engine) as session:
        service.open_account(session, "credit", floor=Money(-50), now=NOW)
        assert service.available(session, BANK) is None
        assert service.available(session, BUDGET) == Money(1_000)
        assert service.available(session, "credit") == Money(50)
        service.hold(session, [move("h", 300)], now=NOW)
        assert service.available(session, BUDGET) == Money(700)


# ---------------------------------------------------------------- holds


def test_a_hold_lives_and_ends(engine: Engine) -> None:
    open_book(engine, 1_000)
    with transaction(engine) as session:
        service.hold(session, [move("h1", 300), move("h2", 200), move("h3", 100)], now=NOW, expires_at=NOW + MINUTE)
        settled = service.settle(session, key="s1", hold_key="h1", amount=Money(120), now=NOW)
        voided = service.void(session, key="v2", hold_key="h2", now=NOW)
        assert (settled.amount, settled.freed, settled.of_number) == (Money(120), Money(300), 2)
        assert (voided.amount, voided.freed, voided.phase) == (Money(200), Money(200), Phase.VOID)
        assert service.expire_due(session, now=NOW + MINUTE - timedelta(microseconds=1)) == []
        [expired] = service.expire_due(session, now=NOW + MINUTE)
        assert (expired.phase, expired.of_number) == (Phase.EXPIRE, 4)
        assert service.expire_due(session, now=NOW + MINUTE) == []
        assert service.balance(session, BUDGET) == Balance(Money(120), Money(1_000), ZERO, ZERO)
        assert (
            service.find(session, "h1") == service.hold(session, [move("h1", 300)], now=NOW, expires_at=NOW + MINUTE)[0]
        )
    assert service.verify(engine).ok


def test_holding_and_settling_in_one_call(engine: Engine) -> None:
    open_book(engine, 1_000)
    with transaction(engine) as session:
        service.give(session, [Hold(move("h", 300)), Settle("s", "h")], now=NOW)
    assert net(engine, DRIVER) == 300


# ---------------------------------------------------------------- groups


def test_a_group_is_whole_or_not_at_all(engine: Engine) -> None:
    open_book(engine, 1_000)
    pair = [move("a", 1, group="g"), move("b", 1, group="g")]
    with transaction(engine) as session:
        first = service.post(session, pair, now=NOW)
        assert service.post(session, pair, now=NOW + MINUTE) == first
    for others in ([pair[0]], [*pair, move("c", 1, group="g")]):
        with pytest.raises(Conflict), transaction(engine) as session:
            service.post(session, others, now=NOW)
    assert net(engine, DRIVER) == 2


def test_a_group_cannot_be_added_to_later(engine: Engine) -> None:
    open_book(engine, 1_000)
    with transaction(engine) as session:
        service.post(session, [move("a", 1, group="g")], now=NOW)
    with pytest.raises(Conflict, match="group_closed"), transaction(engine) as session:
        service.post(session, [move("b", 1, group="g")], now=NOW)
    assert net(engine, DRIVER) == 1


# ---------------------------------------------------------------- the past


def test_a_past_balance_is_that_of_the_lines_before_both_moments(engine: Engine) -> None:
    """Three lines: recorded at 8:00, 8:10, 8:20, of events at 7:00, 6:00 and 7:00."""
    open_book(engine)
    for key, cents, record, event in (("a", 1, 0, -60), ("b", 10, 10, -120), ("c", 100, 20, -60)):
        with transaction(engine) as session:
            moved = move(key, cents, debit=BANK, credit=BUDGET, at=NOW + event * MINUTE)
            service.post(session, [moved], now=NOW + record * MINUTE)
    tick = timedelta(microseconds=1)
    seven = NOW - 60 * MINUTE
    for event_before, recorded_before, expected in [
        (seven, None, 10),  # before: not at
        (seven + tick, None, 111),
        (seven - 60 * MINUTE, None, 0),
        (None, NOW, 0),
        (None, NOW + tick, 1),
        (None, NOW + 20 * MINUTE, 11),
        (None, NOW + 20 * MINUTE + tick, 111),
        (seven, NOW + 10 * MINUTE, 0),
        (seven, NOW + 10 * MINUTE + tick, 10),
        (seven + tick, NOW + 10 * MINUTE, 1),
    ]:
        with reading(engine) as session:
            found = service.balance(session, BUDGET, event_before=event_before, recorded_before=recorded_before)
        assert found.net == Money(expected), (event_before, recorded_before)


def test_a_long_past_is_the_sum_of_its_lines(engine: Engine) -> None:
    """More lines than an era, late events, many at one instant: each answer beside a sum over all lines."""
    long_book(engine, ERA + 1_500)
    chance = random.Random(3)
    with reading(engine) as session:
        events, records = (
            [row[0] for row in session.execute(text(f"SELECT {name} FROM ledger_line ORDER BY n"))]
            for name in ("happened_us", "recorded_us")
        )
        for turn in range(60):
            event = chance.choice(events) + chance.choice([0, 1, 10**15, -(10**15)])
            record = chance.choice(records) + chance.choice([0, 1, 10**15, -(10**15)])
            account = BUDGET if turn % 2 else f"d{chance.choice([0, 1, 4, 100])}"
            moments = [(event, record), (event, None), (None, record)][turn % 3]
            found = service.balance(
                session,
                account,
                event_before=None if moments[0] is None else from_us(moments[0]),
                recorded_before=None if moments[1] is None else from_us(moments[1]),
            )
            assert found.net == Money(naive_net(session, account, *moments)), (account, moments)
        last = ERA + 1_500
        assert [line.number for line in service.entries(session, BUDGET)] == list(range(1, last + 1))
        for after in (0, 50, ERA - 2, ERA - 1, ERA, last - 1, last):
            some = [line.number for line in service.entries(session, "d1", after=after)]
            assert some == [n for n in range(after + 1, last + 1) if (n - 1) ** 2 % 200 == 1]
    assert service.verify(engine).ok


def naive_net(session: object, account: str, event_us: int | None, record_us: int | None) -> int:
    asked = text(
        "SELECT coalesce(sum(CASE WHEN credit = :a THEN moved_cents ELSE -moved_cents END), 0) FROM ledger_line "
        "WHERE (debit = :a OR credit = :a) AND happened_us < :e AND recorded_us < :r"
    )
    limits = {"e": 1 << 62 if event_us is None else event_us, "r": 1 << 62 if record_us is None else record_us}
    return int(session.scalar(asked, {"a": account, **limits}))  # type: ignore[attr-defined]  # a session


# ---------------------------------------------------------------- signed heads


def test_a_head_is_signed_once_and_published_as_a_file(engine: Engine, database_config: Config) -> None:
    config = database_config
    assert service.publish_head(engine, config, now=NOW) is None
    with pytest.raises(Refused, match="empty"), transaction(engine) as session:
        service.sign_head(session, config, now=NOW)
    open_book(engine, 1_000)
    first = service.publish_head(engine, config, now=NOW)
    assert service.publish_head(engine, config, now=NOW + MINUTE) == first
    with transaction(engine) as session:
        service.post(session, [move("a", 1)], now=NOW)
    second = service.publish_head(engine, config, now=NOW + MINUTE)
    assert service.published_heads(config) == [first, second]
    key = service.signing_key(config).public_key().public_bytes_raw()
    verdict = service.verify(engine, published=service.published_heads(config), trusted={key})
    assert (verdict.ok, verdict.heads) == (True, 4)
    other = service.verify(engine, trusted={bytes(32)})
    assert other.fault is not None
    assert other.fault.reason.code == "ledger.fault_signer"


def test_a_missing_file_of_a_signed_head_is_written_again(engine: Engine, database_config: Config) -> None:
    config = database_config
    open_book(engine, 1_000)
    service.publish_head(engine, config, now=NOW)
    [path] = (config.home / "publications" / "ledger").iterdir()
    content = path.read_bytes()
    path.unlink()
    service.publish_head(engine, config, now=NOW)
    assert path.read_bytes() == content
    path.write_text("{}")
    with pytest.raises(InvalidInput, match="bad_head_file"):
        service.published_heads(config)

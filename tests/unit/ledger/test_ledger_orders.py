"""What one may ask of the book, and what it answers: both sides of each edge, on books that hold a few cents."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, MobigoError, NotFound, Refused
from mobigo.base.money import Money
from mobigo.ledger.model import Expire, Head, Hold, Line, Order, Phase, Reverse, Settle, Transfer, Void
from mobigo.ledger.rules.chain import GENESIS, from_us, to_us, whole_eras
from mobigo.ledger.rules.orders import Book, Known, extend, fault_of, memo_text, posted

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
BUDGET = "covoit:budget:2026"  # holds 1,000 cents in these tests, and may not be overdrawn
DRIVER = "covoit:accrued:d1"
MOVE = Transfer("k", BUDGET, DRIVER, Money(400), NOW - timedelta(days=2), "award", "trip-1")
HELD = Hold(replace(MOVE, key="h"), expires_at=LATER)


class World:
    """A book in memory that goes on from one call to the next, as the store does it."""

    def __init__(self, budget: int = 1_000, floor: int | None = 0) -> None:
        self.books = {BUDGET: Book(floor, credits=budget), DRIVER: Book(0), "bank": Book(None)}
        self.head = GENESIS
        self.lines: list[Line] = []

    def give(self, *orders: Order, now: datetime = NOW) -> list[Line]:
        for order in orders:
            reason = fault_of(order)
            if reason is not None:
                raise InvalidInput(reason.code, **reason.params)
        by_key = {line.key: line for line in self.lines}
        ended = {line.of_n: line.key for line in self.lines if line.of_n is not None}
        books = {code: replace(book) for code, book in self.books.items()}
        answered, fresh, self.head = extend(self.head, orders, Known(by_key, ended), books, now=now)
        self.books = books
        self.lines += fresh
        return answered

    def refusal(self, *orders: Order, now: datetime = NOW) -> Decision:
        before = (self.books, self.head, list(self.lines))
        with pytest.raises(MobigoError) as refused:
            self.give(*orders, now=now)
        assert (self.books, self.head, self.lines) == before
        return refused.value.decision


def sums(book: Book) -> tuple[int, int, int, int]:
    return (book.debits, book.credits, book.held_debits, book.held_credits)


def test_a_transfer_moves_its_amount_and_nothing_else() -> None:
    world = World()
    [line] = world.give(MOVE)
    assert sums(world.books[BUDGET]) == (400, 1_000, 0, 0)
    assert sums(world.books[DRIVER]) == (0, 400, 0, 0)
    assert sums(world.books["bank"]) == (0, 0, 0, 0)
    assert posted(line).transfer == MOVE
    assert (line.n, line.phase, posted(line).recorded_at) == (1, "post", NOW)


@pytest.mark.parametrize(
    ("floor", "cents", "left"),
    [
        (0, 1_000, 0),  # the last cent may leave
        (0, 1_001, None),  # and not one more
        (-50, 1_050, 0),
        (-50, 1_051, None),
        (None, 10**15, None),  # nothing limits it
    ],
)
def test_an_account_is_spent_to_its_floor_and_never_below(floor: int | None, cents: int, left: int | None) -> None:
    world = World(floor=floor)
    move = replace(MOVE, amount=Money(cents))
    if floor is not None and left is None:
        reason = world.refusal(move)
        assert reason == Decision(
            "ledger.insufficient", key="k", account=BUDGET, asked=Money(cents), available=Money(1_000 - floor)
        )
    else:
        world.give(move)
        assert world.books[BUDGET].spendable == 1_000 - cents


def test_orders_are_taken_one_after_the_other() -> None:
    back = Transfer("back", DRIVER, BUDGET, Money(400), NOW, "award", "trip-1")
    world = World(budget=400)
    assert world.refusal(back, MOVE).code == "ledger.insufficient"  # nothing to give back yet
    world.give(MOVE, back, replace(MOVE, key="again"))
    assert world.books[DRIVER].spendable == 400


def test_one_order_that_cannot_be_taken_stops_all() -> None:
    world = World()
    reason = world.refusal(MOVE, replace(MOVE, key="much", amount=Money(601)))
    assert (reason.code, reason.params["key"]) == ("ledger.insufficient", "much")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": Money(0)}, "ledger.bad_amount"),
        ({"amount": Money(-1)}, "ledger.bad_amount"),
        ({"amount": Money(10**15 + 1)}, "ledger.bad_amount"),
        ({"credit": BUDGET}, "ledger.same_account"),
        ({"happened_at": datetime(2026, 11, 24)}, "ledger.no_zone"),  # noqa: DTZ001 - what is refused
        ({"key": ""}, "ledger.bad_text"),
        ({"key": "k" * 201}, "ledger.bad_text"),
        ({"key": "two\nlines"}, "ledger.bad_text"),
        ({"key": "\x00"}, "ledger.bad_text"),
        ({"kind": ""}, "ledger.bad_text"),
        ({"kind": "k" * 61}, "ledger.bad_text"),
        ({"ref": "r" * 201}, "ledger.bad_text"),
        ({"debit": "d" * 121}, "ledger.bad_text"),
        ({"group": ""}, "ledger.bad_text"),
        ({"memo": {"share": 0.1}}, "ledger.bad_memo"),
        ({"memo": {"deep": {"a": 1}}}, "ledger.bad_memo"),
        ({"memo": {"text": "t" * 2_000}}, "ledger.bad_memo"),
        ({"memo": {"large": 2**64}}, "ledger.bad_memo"),
        ({"memo": {"": 1, "tab\t": 2}}, "ledger.bad_memo"),
        ({"debit": "covoit:unknown"}, "ledger.no_account"),
        ({"credit": "covoit:unknown"}, "ledger.no_account"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_reason(change: dict[str, object], code: str) -> None:
    move = replace(MOVE, **change)  # type: ignore[arg-type]  # any field
    assert World().refusal(move).code == code
    assert World().refusal(Hold(move)).code == code


def test_the_end_of_a_hold_has_a_zone() -> None:
    naive = datetime(2026, 11, 25)  # noqa: DTZ001 - what is refused
    assert World().refusal(Hold(MOVE, naive)) == Decision("ledger.no_zone", key="k")


@pytest.mark.parametrize(
    "change",
    [
        {"key": "k" * 200},
        {"key": "operateur/Ménétrier n° 3"},
        {"kind": "k" * 60, "ref": "r" * 200},
        {"memo": {"rate": "0.10", "m": 33_000, "first": True, "none": None}},
    ],
)
def test_what_is_on_the_right_side_of_the_edge_is_taken(change: dict[str, object]) -> None:
    move = replace(MOVE, **change)  # type: ignore[arg-type]  # any field
    [line] = World().give(move)
    assert posted(line).transfer == move


def test_a_memo_is_written_in_one_way() -> None:
    assert memo_text("k", {"b": 1, "a": "é"}) == memo_text("k", {"a": "é", "b": 1}) == '{"a":"é","b":1}'
    assert memo_text("k", {}) == "{}"


# ---------------------------------------------------------------- the same order again


def test_the_same_order_again_has_the_same_answer_and_no_effect() -> None:
    world = World()
    first = world.give(MOVE, HELD)
    again = world.give(MOVE, HELD, now=LATER)
    assert again == first
    assert len(world.lines) == 2
    assert world.give(MOVE, MOVE, now=LATER) == [first[0], first[0]]


def test_twice_in_one_call_is_once() -> None:
    world = World()
    one, two = world.give(MOVE, MOVE)
    assert one == two
    assert world.books[BUDGET].spendable == 600


@pytest.mark.parametrize(
    "change",
    [
        {"amount": Money(401)},
        {"credit": "bank"},
        {"happened_at": MOVE.happened_at + timedelta(microseconds=1)},
        {"kind": "other"},
        {"ref": "trip-2"},
        {"memo": {"a": 1}},
        {"group": "g"},
    ],
)
def test_another_content_under_the_same_key_is_a_conflict(change: dict[str, object]) -> None:
    world = World()
    world.give(MOVE)
    other = replace(MOVE, **change)  # type: ignore[arg-type]  # any field
    assert world.refusal(other) == Decision("ledger.other_content", key="k")
    assert World().refusal(MOVE, other) == Decision("ledger.other_content", key="k")


def test_another_phase_under_the_same_key_is_a_conflict() -> None:
    world = World()
    world.give(MOVE)
    assert world.refusal(Hold(MOVE)).code == "ledger.other_content"
    world.give(HELD)
    assert world.refusal(replace(HELD, expires_at=None)).code == "ledger.other_content"


def test_settling_again_is_the_same_whenever_it_is_asked() -> None:
    world = World()
    world.give(HELD)
    first = world.give(Settle("s", "h"))
    assert world.give(Settle("s", "h"), now=LATER + timedelta(days=1)) == first
    assert world.give(Settle("s", "h", Money(400)), now=LATER) == first  # "all of it" is these 400 cents
    assert world.refusal(Settle("s", "h", Money(399))).code == "ledger.other_content"


# ---------------------------------------------------------------- holds


def test_what_is_held_cannot_be_spent_and_has_not_moved() -> None:
    world = World()
    world.give(HELD)
    assert sums(world.books[BUDGET]) == (0, 1_000, 400, 0)
    assert sums(world.books[DRIVER]) == (0, 0, 0, 400)
    assert world.refusal(replace(MOVE, amount=Money(601))).params["available"] == Money(600)
    world.give(replace(MOVE, amount=Money(600)))


def test_what_is_held_to_come_cannot_be_spent() -> None:
    world = World()
    world.give(HELD)
    spend = Transfer("spend", DRIVER, "bank", Money(1), NOW, "payment", "p")
    assert world.refusal(spend).params["available"] == Money(0)


@pytest.mark.parametrize(
    ("end", "budget", "driver"),
    [
        (Settle("e", "h"), (400, 1_000, 0, 0), (0, 400, 0, 0)),
        (Settle("e", "h", Money(1)), (1, 1_000, 0, 0), (0, 1, 0, 0)),  # the rest is freed
        (Void("e", "h"), (0, 1_000, 0, 0), (0, 0, 0, 0)),
    ],
)
def test_a_hold_ends_once(end: Order, budget: tuple[int, int, int, int], driver: tuple[int, int, int, int]) -> None:
    world = World()
    world.give(HELD, end)
    assert (sums(world.books[BUDGET]), sums(world.books[DRIVER])) == (budget, driver)
    for another in (Settle("x", "h"), Void("x", "h"), Expire("x", "h")):
        assert world.refusal(another, now=LATER) == Decision("ledger.already_ended", key="x", by="e")


@pytest.mark.parametrize(
    ("order", "error", "code"),
    [
        (Settle("s", "h", Money(401)), Refused, "ledger.more_than_held"),
        (Settle("s", "h", Money(0)), InvalidInput, "ledger.bad_amount"),
        (Settle("s", "h", Money(-1)), InvalidInput, "ledger.bad_amount"),
        (Settle("s", "k"), Refused, "ledger.not_a_hold"),
        (Void("s", "k"), Refused, "ledger.not_a_hold"),
        (Settle("s", "none"), NotFound, "ledger.no_line"),
        (Void("s", "none"), NotFound, "ledger.no_line"),
        (Reverse("s", "none"), NotFound, "ledger.no_line"),
        (Reverse("s", "h"), Refused, "ledger.not_reversible"),
        (Settle("", "h"), InvalidInput, "ledger.bad_text"),
        (Void("v", "\x00"), InvalidInput, "ledger.bad_text"),
        (Reverse("r", ""), InvalidInput, "ledger.bad_text"),
        (Reverse("r", "k", group=""), InvalidInput, "ledger.bad_text"),
        (Settle("k", "h"), Conflict, "ledger.other_content"),
    ],
)
def test_what_does_not_fit_the_line_it_names(order: Order, error: type[MobigoError], code: str) -> None:
    world = World()
    world.give(MOVE, HELD)
    with pytest.raises(error) as refused:
        world.give(order)
    assert refused.value.decision.code == code


@pytest.mark.parametrize(
    ("order", "at", "code"),
    [
        (Settle("e", "h"), LATER - timedelta(microseconds=1), None),
        (Settle("e", "h"), LATER, "ledger.hold_expired"),
        (Expire("e", "h"), LATER - timedelta(microseconds=1), "ledger.hold_not_expired"),
        (Expire("e", "h"), LATER, None),
        (Void("e", "h"), LATER, None),
    ],
)
def test_a_hold_is_settled_before_its_end_and_expires_from_then_on(
    order: Order, at: datetime, code: str | None
) -> None:
    world = World()
    world.give(HELD)
    if code is None:
        world.give(order, now=at)
        assert world.books[BUDGET].held_debits == 0
    else:
        assert world.refusal(order, now=at).code == code


def test_a_hold_given_after_a_clock_was_ahead_is_settled_in_its_time() -> None:
    world = World()
    world.give(MOVE, now=LATER + timedelta(days=1))
    world.give(HELD, now=NOW)  # its line is of a day later: lines never go back
    world.give(Settle("e", "h"), now=LATER - timedelta(microseconds=1))
    assert world.books[BUDGET].held_debits == 0


def test_a_hold_without_end_never_expires() -> None:
    world = World()
    world.give(replace(HELD, expires_at=None))
    assert world.refusal(Expire("e", "h"), now=NOW + timedelta(days=9_999)).code == "ledger.hold_not_expired"


# ---------------------------------------------------------------- reversals


def test_a_reversal_moves_back_what_moved() -> None:
    world = World()
    [moved, back] = world.give(MOVE, Reverse("r", "k", {"reason": "cancelled"}))
    assert sums(world.books[BUDGET]) == (400, 1_400, 0, 0)
    assert world.books[DRIVER].spendable == 0
    told = posted(back)
    assert (told.phase, told.of_number, told.transfer.debit, told.amount) == (
        Phase.REVERSE,
        moved.n,
        DRIVER,
        Money(400),
    )
    assert (told.transfer.kind, told.transfer.ref) == ("award", "trip-1")


def test_a_settlement_is_reversed_by_what_it_moved() -> None:
    world = World()
    world.give(HELD, Settle("s", "h", Money(150)), Reverse("r", "s"))
    assert world.books[BUDGET].spendable == 1_000


def test_a_line_is_reversed_once_and_a_reversal_never() -> None:
    world = World()
    world.give(MOVE, Reverse("r", "k"))
    assert world.refusal(Reverse("r2", "k")) == Decision("ledger.already_ended", key="r2", by="r")
    assert world.refusal(Reverse("r2", "r")).code == "ledger.not_reversible"
    assert World().refusal(MOVE, Reverse("r", "k"), Reverse("r2", "k")).code == "ledger.already_ended"


def test_what_was_spent_cannot_be_reversed() -> None:
    world = World()
    world.give(MOVE, Transfer("spend", DRIVER, "bank", Money(1), NOW, "payment", "p"))
    assert world.refusal(Reverse("r", "k")).params["available"] == Money(399)


# ---------------------------------------------------------------- groups, time


def test_lines_of_a_group_know_how_many_they_are() -> None:
    two = [replace(MOVE, key=key, group="g", amount=Money(1)) for key in ("a", "b")]
    lines = World().give(two[0], MOVE, two[1])
    assert [line[11:14] for line in lines] == [("g", 1, 2), (None, None, None), ("g", 2, 2)]


def test_a_part_of_a_group_is_another_request() -> None:
    two = [replace(MOVE, key=key, group="g", amount=Money(1)) for key in ("a", "b")]
    world = World()
    world.give(*two)
    assert world.give(*two) == world.lines
    assert world.refusal(two[0]).code == "ledger.other_content"


def test_the_time_of_record_never_goes_back() -> None:
    world = World()
    world.give(MOVE, now=LATER)
    [line] = world.give(replace(MOVE, key="k2"), now=NOW)  # another host's clock is an hour late
    assert posted(line).recorded_at == LATER


@pytest.mark.parametrize(
    "instant",
    [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, 0, 1, tzinfo=UTC),
    ],
)
def test_instants_are_whole_microseconds(instant: datetime) -> None:
    assert from_us(to_us(instant)) == instant


@pytest.mark.parametrize(("n", "eras"), [(0, 0), (8_190, 0), (8_191, 1), (8_192, 1), (16_383, 2)])
def test_an_era_is_whole_with_its_last_line(n: int, eras: int) -> None:
    assert whole_eras(n) == eras


def test_nothing_asked_leaves_the_head_where_it_is() -> None:
    head = Head(3, b"h" * 32, 5)
    no_orders: Sequence[Order] = []
    assert extend(head, no_orders, Known({}, {}), {}, now=NOW) == ([], [], head)

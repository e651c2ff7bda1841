"""The first of several uses, whatever the order in which devices tell of them; terms and amounts of a constat."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billettique.gateway.penalties import penalties_on, read_penalties
from billettique.model.cases import CaseState, Constat, Person, owed_later, owed_now
from billettique.rules import cases as rules
from billettique.rules.uses import FORGOTTEN, Known, Use, settle
from mobigo.base.errors import InvalidInput, Refused
from mobigo.base.money import ZERO, Money

START = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
Told = tuple[bytes, Use]


def told(batches: Sequence[Sequence[Told]]) -> tuple[dict[bytes, Use], set[Told]]:
    """What is known after batches came in this order: the first use of each ticket, and all the repeats."""
    firsts: dict[bytes, Known] = {}
    repeats: set[Told] = set()
    for batch in batches:
        settled = settle({mark: firsts[mark] for mark, _use in batch if mark in firsts}, batch)
        firsts |= settled.firsts
        repeats |= set(settled.repeats)
    return {mark: use for mark, use in firsts.items() if isinstance(use, Use)}, repeats


def test_fifty_validators_and_a_hundred_thousand_scans_end_alike_in_any_order() -> None:
    random = Random(50)
    scans: list[Told] = []
    for at in range(100_000):
        ticket = random.randrange(80_000)  # so that about one in two of those scanned is scanned again elsewhere
        use = Use(START + timedelta(seconds=random.randrange(12 * 3600)), f"device{at % 50:02}", f"nonce{at:06}")
        scans.append((ticket.to_bytes(8), use))
    by_device = [[each for each in scans if each[1].device == f"device{device:02}"] for device in range(50)]
    ends = []
    for seed in range(2):
        batches = [device[start : start + 500] for device in by_device for start in range(0, len(device), 500)]
        shuffler = Random(seed)
        batches += shuffler.sample(batches, len(batches) // 4)  # some are sent twice
        shuffler.shuffle(batches)
        ends.append(told(batches))
    assert ends[0] == ends[1]
    firsts, repeats = ends[0]
    counts = Counter(mark for mark, _use in scans)
    assert len(firsts) == len(counts)  # exactly one first use of each
    assert len(repeats) == len(scans) - len(counts)  # and every other one is a repeat
    assert all(use == min(use for mark, use in scans if mark == each) for each, use in list(firsts.items())[:20])


uses = st.builds(
    Use,
    st.integers(0, 3).map(lambda minute: START + timedelta(minutes=minute)),
    st.sampled_from(["a", "b"]),
    st.sampled_from(["1", "2", "3"]),
)


@given(st.lists(st.tuples(st.sampled_from([b"x" * 8, b"y" * 8]), uses), max_size=12), st.randoms())
def test_order_and_repetition_change_nothing(scans: list[Told], random: Random) -> None:
    # a device's record says one thing: the same (device, nonce) has one instant and one ticket
    scans = list({(use.device, use.nonce): (mark, use) for mark, use in scans}.values())
    at_once = told([scans])
    again = [[each] for each in [*scans, *random.sample(scans, len(scans) // 2)]]
    random.shuffle(again)
    assert told(again) == at_once


def test_of_a_ticket_used_too_long_ago_every_use_is_a_repeat() -> None:
    use = Use(START, "a", "1")
    assert settle({b"x" * 8: FORGOTTEN}, [(b"x" * 8, use)]).repeats == ((b"x" * 8, use),)


# ---------------------------------------------------------------- constats

P = penalties_on(date(2026, 11, 24))
CONSTAT = Constat(
    id="0" * 32, reference="ABCDEFGH", secret_digest=rules.digest("ABCDEFGHJKLM"), found_at=START, ground="no_ticket",
    line="127", stop="semur", fare=Money(150), paid=None,
    person=Person("Martin", "Camille", date(1990, 5, 1), "Dijon", "1 rue de la Gare", "21000", "Dijon"), note="",
    pass_holder=False,
)  # fmt: skip


@pytest.mark.parametrize(
    ("found", "last"),
    [
        (date(2026, 11, 24), date(2027, 2, 24)),
        (date(2026, 11, 30), date(2027, 2, 28)),  # February has no 30th
        (date(2027, 11, 30), date(2028, 2, 29)),  # of a leap year
        (date(2026, 9, 30), date(2026, 12, 30)),
        (date(2026, 12, 31), date(2027, 3, 31)),
    ],
)
def test_the_term_is_three_months_to_the_day(found: date, last: date) -> None:
    assert P.term_of(datetime(found.year, found.month, found.day, 12, tzinfo=UTC)) == last


def test_what_is_owed_on_the_spot_and_later() -> None:
    ground = P.ground("no_ticket")
    assert owed_now(ground, Money(150)) == Money(5150)  # 50 + 1,50
    assert owed_later(ground, Money(150), P) == Money(8950)  # and 38 for the file
    assert rules.check(CONSTAT, P, START) == Money(8950)
    assert rules.check(replace(CONSTAT, paid="cash", person=None, round_id="r", receipt=1), P, START) == Money(5150)


@pytest.mark.parametrize(
    ("constat", "code"),
    [
        (replace(CONSTAT, person=None), "billettique.person_missing"),
        (replace(CONSTAT, paid="cash", round_id="r", receipt=1), "billettique.person_not_needed"),
        (replace(CONSTAT, paid="cash", person=None), "billettique.round_missing"),
        (replace(CONSTAT, paid="cash", person=None, round_id="r", receipt=0), "billettique.bad_constat"),
        (replace(CONSTAT, paid="gold", person=None), "billettique.bad_constat"),
        (replace(CONSTAT, ground="smoking"), "billettique.unknown_ground"),
        (replace(CONSTAT, fare=Money(-1)), "billettique.bad_constat"),
        (replace(CONSTAT, fare=Money(10_001)), "billettique.bad_constat"),
        (replace(CONSTAT, reference="ABCDEFGI"), "billettique.bad_constat"),
        (replace(CONSTAT, found_at=START + timedelta(minutes=11)), "billettique.bad_constat"),
        (replace(CONSTAT, found_at=START - timedelta(days=31)), "billettique.bad_constat"),
        (replace(CONSTAT, person=replace(CONSTAT.person, last_name="")), "billettique.person_missing"),
        (replace(CONSTAT, person=replace(CONSTAT.person, born_on=date(2027, 1, 1))), "billettique.bad_constat"),
        (replace(CONSTAT, person=replace(CONSTAT.person, email="nowhere")), "billettique.bad_constat"),
    ],
)
def test_a_constat_that_cannot_be_is_refused(constat: Constat, code: str) -> None:
    with pytest.raises(InvalidInput) as wrong:
        rules.check(constat, P, START)
    assert wrong.value.decision.code == code


def test_a_free_journey_and_the_edges_are_taken() -> None:
    rules.check(replace(CONSTAT, fare=ZERO, found_at=START + timedelta(minutes=10)), P, START)
    rules.check(replace(CONSTAT, fare=Money(10_000), found_at=START - timedelta(days=30)), P, START)


def test_a_forgotten_pass_may_be_shown_for_eight_days() -> None:
    rules.may_regularise("no_ticket", START, True, P, START + timedelta(days=8))
    with pytest.raises(Refused) as late:
        rules.may_regularise("no_ticket", START, True, P, START + timedelta(days=9))
    assert late.value.decision.code == "billettique.too_late_to_regularise"
    for ground, holder in (("no_ticket", False), ("not_good", True)):
        with pytest.raises(Refused):
            rules.may_regularise(ground, START, holder, P, START)


def test_names_go_a_while_after_the_end_and_two_years_at_most() -> None:
    closed = START + timedelta(days=20)
    assert rules.forgets_at(CaseState.OPEN, START, None, P) == START + timedelta(days=730)
    assert rules.forgets_at(CaseState.PAID, START, closed, P) == closed + timedelta(days=60)
    assert rules.forgets_at(CaseState.WITHDRAWN, START, closed, P) == closed + timedelta(days=30)
    late = START + timedelta(days=600)
    assert rules.forgets_at(CaseState.TRANSMITTED, START, late, P) == START + timedelta(days=730)


def test_a_secret_is_known_however_it_is_typed() -> None:
    kept = rules.digest("ABCDEFGHJKLM")
    assert rules.opens("abcd efgh-jklm", kept)
    assert not rules.opens("ABCDEFGHJKLN", kept)


def test_amounts_outside_the_bounds_of_the_law_are_not_read() -> None:
    import tomllib

    from billettique.gateway.penalties import DATA

    document = tomllib.loads((DATA / "2016-05-06-indemnites.toml").read_text(encoding="utf-8"))
    for cents, good in ((4499, False), (4500, True), (7200, True), (7201, False)):
        document["ground"][0]["cents"] = cents
        if good:
            assert read_penalties(document).ground("no_ticket").indemnity == Money(cents)
        else:
            with pytest.raises(ValueError, match="bounds of the law"):
                read_penalties(document)

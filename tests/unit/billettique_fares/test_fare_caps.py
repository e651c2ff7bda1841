"""Caps on the operating day, and what holds for any stream of taps: late, out of order, across changes of clock."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from billettique.engine.cheapest import Compiled, cheapest, cheapest_price, compile_tariff
from billettique.model.fares import FareProduct, FareTables, Leg, LegRule, TransferKind, TransferRule
from billettique.model.tariffs import Ask, Cover, CoverKind, Paid, Rider, Span, Tariff
from billettique.rules.fares import operating_day, span_from
from mobigo.base.money import Money
from mobigo.base.periods import Period
from tests.counts import count

FREE_TRANSFER = TransferRule(TransferKind.FROM_AND_TRANSFER, "bus", "bus", 1)
TABLES = FareTables(
    products=(FareProduct("bus", 160), FareProduct("tram", 210)),
    leg_rules=(LegRule("bus", "bus", "bus"), LegRule("tram", "tram", "tram")),
    has_priority=True,
    transfer_rules=(FREE_TRANSFER,),
)
DAY = Cover("day", "Plafond du jour", CoverKind.CAP, 500, Span.DAY)
WEEK = Cover("week", "Plafond de la semaine", CoverKind.CAP, 1_600, Span.WEEK)
BUS_DAY = Cover("bus-day", "Plafond du bus", CoverKind.CAP, 400, Span.DAY, networks=frozenset({"bus"}))
UNCAPPED, CAPPED = compile_tariff(Tariff(TABLES)), compile_tariff(Tariff(TABLES, covers=(DAY, WEEK, BUS_DAY)))


def tap(at: datetime, network: str = "bus") -> tuple[Leg, ...]:
    return (Leg(network, "a", "b", at, at + timedelta(minutes=15)),)


def total(journeys: list[tuple[Leg, ...]], compiled: Compiled = CAPPED) -> int:
    found = cheapest_price(compiled, Ask(tuple(journeys), (Rider(),)))
    assert found is not None
    return found.cents


def naive(taps: list[tuple[Leg, ...]]) -> int:
    """Day by day, then week by week, as one would by hand."""
    days: dict[date, dict[str, int]] = {}
    for (leg,) in taps:
        of_day = days.setdefault(operating_day(leg.departs_at), {"bus": 0, "tram": 0})
        of_day[leg.network or ""] += 160 if leg.network == "bus" else 210
    weeks: dict[tuple[int, int], int] = {}
    for day, sums in days.items():
        week = day.isocalendar()[:2]
        weeks[week] = weeks.get(week, 0) + min(500, min(400, sums["bus"]) + sums["tram"])
    return sum(min(1_600, each) for each in weeks.values())


# ---- the operating day


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2026-11-26T04:00:00+01:00", date(2026, 11, 26)),
        ("2026-11-26T03:59:59+01:00", date(2026, 11, 25)),
        ("2026-11-27T00:30:00+01:00", date(2026, 11, 26)),
        ("2026-03-29T01:59:00+01:00", date(2026, 3, 28)),  # summer time begins: 02:00 becomes 03:00
        ("2026-03-29T03:59:00+02:00", date(2026, 3, 28)),
        ("2026-03-29T04:00:00+02:00", date(2026, 3, 29)),
        ("2026-10-25T02:30:00+02:00", date(2026, 10, 24)),  # winter time begins: 02:30 comes twice
        ("2026-10-25T02:30:00+01:00", date(2026, 10, 24)),
        ("2026-10-25T03:59:59+01:00", date(2026, 10, 24)),
        ("2026-10-25T04:00:00+01:00", date(2026, 10, 25)),
        ("2028-02-29T04:00:00+01:00", date(2028, 2, 29)),
    ],
)
def test_an_operating_day_goes_from_four_to_four_by_the_clocks_of_france(at: str, day: date) -> None:
    assert operating_day(datetime.fromisoformat(at)) == day


@pytest.mark.parametrize(
    ("hours", "cents"),
    [
        ([8, 9], 320),
        ([8, 9, 10], 400),  # 480 by the ticket, 400 at most on the bus
        ([8, 9, 10, 11, 12], 400),
        ([8, 9, 10, 27], 400),  # 03:00 is still the same day
        ([8, 9, 10, 28], 560),  # 04:00 is the next one
    ],
)
def test_the_cap_of_a_day(hours: list[int], cents: int) -> None:
    midnight = datetime(2026, 11, 24, 23, tzinfo=UTC)  # 00:00 in France
    assert total([tap(midnight + timedelta(hours=hour)) for hour in hours]) == cents


def test_a_capped_trip_keeps_its_transfer() -> None:
    # Tram 210, then a bus with a free transfer to another bus: 210 + 160, under the caps.
    at = datetime(2026, 11, 25, 8, tzinfo=UTC)
    bus = replace(tap(at + timedelta(hours=1))[0])
    journey = (bus, replace(bus, departs_at=at + timedelta(hours=2), arrives_at=at + timedelta(hours=3)))
    assert total([tap(at, "tram"), journey]) == 370


def test_the_lines_say_when_a_cap_is_reached() -> None:
    at = datetime(2026, 11, 25, 8, tzinfo=UTC)
    found = cheapest(CAPPED, Ask(tuple(tap(at + timedelta(hours=n)) for n in range(4)), (Rider(),)))
    assert [step.kind for step in found.steps] == ["cap", "capped", "capped", "capped", "capped"]
    assert found.steps[0].reason.params["cover"] == "Plafond du bus"
    assert not [item for item in found.items if item.kind == "cap"]  # nobody buys a cap


# ---- laws

BEGIN = datetime(2026, 3, 27, 12, tzinfo=UTC)  # summer time begins on the 29th
AUTUMN = datetime(2026, 10, 23, 12, tzinfo=UTC)  # and ends on 25 October
taps = st.lists(
    st.builds(
        lambda begin, minutes, network: tap(begin + timedelta(minutes=minutes), network),
        st.sampled_from((BEGIN, AUTUMN)),
        st.integers(0, 4 * 1440),
        st.sampled_from(("bus", "tram")),
    ),
    max_size=9,
)
LAWS = settings(max_examples=60, deadline=None)


@LAWS
@given(taps)
@example([tap(datetime(2026, 10, 25, 0, 30, tzinfo=UTC)), tap(datetime(2026, 10, 25, 1, 30, tzinfo=UTC))])
def test_caps_are_what_one_finds_by_hand(stream: list[tuple[Leg, ...]]) -> None:
    assert total(stream) == naive(stream)


@LAWS
@given(taps)
def test_a_cap_never_raises_a_price_and_no_total_exceeds_the_singles(stream: list[tuple[Leg, ...]]) -> None:
    assert total(stream) <= total(stream, UNCAPPED) == sum(160 if leg.network == "bus" else 210 for (leg,) in stream)


@LAWS
@given(taps, taps)
def test_a_further_trip_never_lowers_what_is_billed(stream: list[tuple[Leg, ...]], more: list[tuple[Leg, ...]]) -> None:
    assert total(stream) <= total(stream + more)


@LAWS
@given(taps, st.randoms(use_true_random=False))
def test_taps_that_arrive_late_or_in_disorder_change_nothing(stream: list[tuple[Leg, ...]], rng: object) -> None:
    late = list(stream)
    rng.shuffle(late)  # type: ignore[attr-defined]
    assert total(late) == total(stream)


# ---- the same laws on many streams: around both changes of clock, the end of a week, an ordinary day


NIGHTS = tuple(
    int(datetime.fromisoformat(text).timestamp())
    for text in ("2026-03-28T12:00+01:00", "2026-10-24T12:00+02:00", "2026-11-29T12:00+01:00", "2026-06-10T12:00+02:00")
)
STREAMS = count(100_000, 5_000)
BLOCKS = 4


def check_stream(rng: random.Random) -> int:
    """Taps of two days in the order in which they are received, any of them late: every law. What is billed."""
    night = rng.choice(NIGHTS)
    stream = [
        tap(datetime.fromtimestamp(night + rng.randrange(0, 48 * 60, 5) * 60, UTC), rng.choice(("bus", "bus", "tram")))
        for _ in range(rng.randint(2, 7))
    ]
    singles = sum(160 if leg.network == "bus" else 210 for (leg,) in stream)
    before, billed = total(stream[:-1]), total(stream)
    assert before <= billed, "a further trip lowers what is billed"
    assert billed == naive(stream), "not what one finds by hand"
    assert billed <= singles, "a cap raises a price"
    stream.sort(key=lambda journey: journey[0].departs_at)
    assert total(stream) == billed, "late taps change the result"
    return billed < singles


@pytest.mark.parametrize("block", range(BLOCKS))
def test_the_laws_of_caps_on_many_streams_with_late_taps_and_both_changes_of_clock(block: int) -> None:
    rng = random.Random(block)
    capped = sum(check_stream(rng) for _ in range(STREAMS // BLOCKS))
    assert capped > STREAMS // BLOCKS // 3, "most streams reach a cap, or this shows nothing"


@pytest.mark.slow
def test_the_laws_of_caps_on_a_million_streams() -> None:
    rng = random.Random(10**6)
    assert sum(check_stream(rng) for _ in range(1_000_000)) > 300_000


# ---- what was paid before


def spans(cap: Cover, day: date) -> Period:
    return span_from(cap, day)


def one_by_one(taps: list[tuple[Leg, ...]]) -> list[int]:
    """What each costs when it is bought alone, those before being paid."""
    bought: list[tuple[Leg, int]] = []
    for (leg,) in taps:
        day = operating_day(leg.departs_at)
        paid = []
        for cap in (DAY, WEEK, BUS_DAY):
            span = spans(cap, day)
            mine = [cents for each, cents in bought if operating_day(each.departs_at) in span
                    and (cap.networks is None or each.network in cap.networks)]  # fmt: skip
            paid.append(Paid(cap.id, span, sum(mine)))
        found = cheapest(CAPPED, Ask(((leg,),), (Rider(paid=tuple(paid)),)))
        assert found.total is not None
        assert sum(step.amount.cents for step in found.steps) == found.total.cents
        bought.append((leg, found.total.cents))
    return [cents for _, cents in bought]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9 * 24 * 60), st.sampled_from(["bus", "tram"])), max_size=25))
def test_journeys_bought_one_by_one_cost_together_what_the_caps_say(taps: list[tuple[int, str]]) -> None:
    start = datetime(2026, 11, 22, 23, tzinfo=UTC)
    asked = [tap(start + timedelta(minutes=at), network) for at, network in sorted(taps)]
    assert sum(one_by_one(asked)) == naive(asked)


@pytest.mark.parametrize(
    ("paid", "cents", "said"),
    [
        (0, 160, None),  # nothing paid: the ticket
        (340, 160, None),  # 340 + 160 = 500: the ticket, and no cap is said
        (341, 159, "billettique.step_cap_left"),
        (499, 1, "billettique.step_cap_left"),
        (500, 0, "billettique.step_cap_reached"),
        (700, 0, "billettique.step_cap_reached"),  # paid beyond it before it existed: nothing is given back
    ],
)
def test_a_cap_that_is_reached_says_so(paid: int, cents: int, said: str | None) -> None:
    compiled = compile_tariff(Tariff(TABLES, covers=(DAY,)))
    noon = datetime(2026, 11, 26, 11, tzinfo=UTC)
    rider = Rider(paid=(Paid("day", spans(DAY, date(2026, 11, 26)), paid),))
    found = cheapest(compiled, Ask((tap(noon),), (rider,)))
    assert found.total == Money(cents)
    assert [each.reason.code for each in found.steps if each.kind == "cap"] == ([] if said is None else [said])
    yesterday = replace(rider, paid=(Paid("day", spans(DAY, date(2026, 11, 25)), paid),))
    assert cheapest_price(compiled, Ask((tap(noon),), (yesterday,))) == Money(160)

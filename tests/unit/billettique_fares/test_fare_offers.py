"""What is bought, and why, on small journeys that one can price by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest

from billettique.engine.cheapest import cheapest, compile_tariff
from billettique.model.fares import FareProduct, FareTables, JoinRule, Leg, LegRule, TransferKind, TransferRule
from billettique.model.tariffs import (
    Ask,
    Carnet,
    Cover,
    CoverKind,
    Discount,
    Held,
    Quote,
    Rider,
    Span,
    Tariff,
)
from mobigo.base.errors import InvalidInput, Refused
from mobigo.base.periods import Period

MONDAY = datetime(2026, 11, 2, 7, tzinfo=UTC)
TABLES = FareTables(
    products=(FareProduct("single", 150), FareProduct("rail", 500)),
    leg_rules=(LegRule("single", "bus", "bus"), LegRule("rail", "rail", "rail")),
    has_priority=True,
)
TARIFF = Tariff(
    TABLES,
    covers=(
        Cover("day", "Jour", CoverKind.PASS, 400, Span.DAY, networks=frozenset({"bus"})),
        Cover("week", "Semaine", CoverKind.PASS, 1_300, Span.WEEK, networks=frozenset({"bus"})),
        Cover("month", "Mois", CoverKind.PASS, 4_000, Span.MONTH, networks=frozenset({"bus"})),
        Cover("family", "Famille", CoverKind.PASS, 900, Span.DAY, seats=4, riders=frozenset({"adult"})),
        Cover(
            "card", "Carte", CoverKind.CARD, 1_000, Span.YEAR, networks=frozenset({"rail"}), riders=frozenset({"adult"})
        ),
    ),
    carnets=(Carnet("ten", "Carnet de 10", "single", 10, 1_200),),
    discounts=(
        Discount("half", "Demi-tarif", 50, networks=frozenset({"rail"}), card="card"),
        Discount("group", "Groupe", 30, networks=frozenset({"rail"}), party_min=5),
    ),
)


def rides(*days: int, a_day: int = 2, network: str = "bus") -> tuple[tuple[Leg, ...], ...]:
    """So many journeys of one leg on those days, counted from Monday."""
    return tuple(
        (Leg(network, "a", "b", at, at + timedelta(minutes=20)),)
        for day in days
        for n in range(a_day)
        for at in [MONDAY + timedelta(days=day, hours=2 * n)]
    )


def quote(journeys: tuple[tuple[Leg, ...], ...], *riders: Rider, tariff: Tariff = TARIFF) -> Quote:
    return cheapest(compile_tariff(tariff), Ask(journeys, riders or (Rider("adult"),)))


def bought(found: Quote) -> tuple[int | None, list[str]]:
    return None if found.total is None else found.total.cents, sorted(item.id for item in found.items)


@pytest.mark.parametrize(
    ("journeys", "cents", "items"),
    [
        (rides(0, a_day=1), 150, ["single"]),
        (rides(0), 300, ["single"] * 2),
        (rides(0, a_day=3), 400, ["day"]),
        (rides(0, 1, 2), 900, ["single"] * 6),
        (rides(0, 1, 2, 3), 1_200, ["ten"]),  # eight singles cost the same: fewer things to buy
        (rides(0, 1, 2, 3, 4), 1_200, ["ten"]),
        (rides(0, 1, 2, 3, 4, 5), 1_300, ["week"]),
        (rides(0, 1, 2, 3, 4, 7), 1_500, ["single", "single", "ten"]),
        (rides(*range(26)), 4_000, ["month"]),
        ((), 0, []),
    ],
)
def test_one_trip_or_my_week(journeys: tuple[tuple[Leg, ...], ...], cents: int, items: list[str]) -> None:
    assert bought(quote(journeys)) == (cents, items)


@pytest.mark.parametrize(
    ("rider", "cents", "items"),
    [
        (Rider("adult", units=(("ten", 2),)), 0, []),
        (Rider("adult", units=(("ten", 1),)), 150, ["single"]),
        (Rider("adult", held=(Held("week", Period(date(2026, 11, 2), date(2026, 11, 8))),)), 0, []),
        (Rider("adult", held=(Held("week", Period(date(2026, 11, 9), date(2026, 11, 15))),)), 300, ["single"] * 2),
        (Rider("adult", held=(Held("month", Period(date(2026, 10, 1), date(2026, 11, 2))),)), 0, []),
        (Rider("adult", held=(Held("month", Period(date(2026, 10, 1), date(2026, 11, 1))),)), 300, ["single"] * 2),
    ],
)
def test_what_one_has_already_is_used(rider: Rider, cents: int, items: list[str]) -> None:
    assert bought(quote(rides(0), rider)) == (cents, items)


@pytest.mark.parametrize(
    ("trips", "cents", "items"),
    [
        (3, 1_500, ["rail"] * 3),  # 1,000 + 750 with the card
        (4, 2_000, ["rail"] * 4),  # 1,000 + 1,000: as dear, and one thing more
        (5, 2_250, ["card"] + ["rail"] * 5),
    ],
)
def test_a_card_is_bought_when_it_pays_for_itself(trips: int, cents: int, items: list[str]) -> None:
    days = rides(*range(trips), a_day=1, network="rail")
    tariff = Tariff(TABLES, covers=TARIFF.covers[4:], discounts=TARIFF.discounts)
    assert bought(quote(days, tariff=tariff)) == (cents, items)


@pytest.mark.parametrize(
    ("riders", "cents", "items"),
    [
        ((Rider("adult"), Rider("child")), 900, ["family"]),  # rail there and back: 4 × 500
        ((Rider("child"), Rider("child")), 2_000, ["rail"] * 4),  # no adult to hold it
        ((Rider("adult"),) + (Rider("child"),) * 3, 900, ["family"]),
        # Five: four on the family ticket; the fifth as in a party of five, 350 a train.
        ((Rider("adult"),) + (Rider("child"),) * 4, 900 + 700, ["family", "rail", "rail"]),
        ((Rider("adult"),) * 2 + (Rider("child"),) * 4, 1_800, ["family", "family"]),
    ],
)
def test_a_family_shares_a_ticket_held_by_one_of_them(riders: tuple[Rider, ...], cents: int, items: list[str]) -> None:
    assert bought(quote(rides(0, network="rail"), *riders)) == (cents, items)


@pytest.mark.parametrize(("party", "cents"), [(4, 2_000), (5, 1_750), (6, 2_100)])
def test_a_group_has_its_price_from_its_size_on(party: int, cents: int) -> None:
    tariff = Tariff(TABLES, discounts=TARIFF.discounts[1:])
    assert quote(rides(0, a_day=1, network="rail"), *[Rider("child")] * party, tariff=tariff).total.cents == cents  # type: ignore[union-attr]


def test_two_tickets_on_one_train_only_when_the_policy_allows_it() -> None:
    at = MONDAY
    legs = tuple(
        Leg("rail", a, b, at + timedelta(hours=n), at + timedelta(hours=n, minutes=30))
        for n, (a, b) in enumerate(("ab", "bc"))
    )
    tables = FareTables(
        products=(FareProduct("long", 900), FareProduct("short", 400)),
        leg_rules=(LegRule("short", "s", from_area="A", to_area="B"), LegRule("short", "s", from_area="B", to_area="C"),
                   LegRule("long", "l", from_area="A", to_area="C")),
        has_priority=True,
        join_rules=(JoinRule("rail", "rail"),),
        stop_areas=(("A", "a"), ("B", "b"), ("C", "c")),
    )  # fmt: skip
    compiled = compile_tariff(Tariff(tables))
    assert cheapest(compiled, Ask((legs,))).total.cents == 900  # type: ignore[union-attr]
    assert cheapest(compiled, Ask((legs,), split=True)).total.cents == 800  # type: ignore[union-attr]


def test_equal_price_so_far_is_not_equal_when_one_has_a_transfer_left() -> None:
    # Either ticket of the first leg costs 200; only the second one, of group q, opens a free transfer to the tram.
    tables = FareTables(
        products=(FareProduct("a", 200), FareProduct("b", 200), FareProduct("tram", 300)),
        leg_rules=(LegRule("a", "p", "bus"), LegRule("b", "q", "bus"), LegRule("tram", "t", "tram")),
        has_priority=True,
        transfer_rules=(TransferRule(TransferKind.FROM_AND_TRANSFER, "q", "t"),),
    )
    (first,), (second,) = rides(0)
    journey = (first, Leg("tram", "b", "c", second.departs_at, second.arrives_at))
    found = cheapest(compile_tariff(Tariff(tables)), Ask((journey,)))
    assert bought(found) == (200, ["b"])
    assert [step.reason.code for step in found.steps] == ["billettique.step_ticket", "billettique.step_free_transfer"]


def test_the_price_is_explained_line_by_line() -> None:
    found = quote(rides(0, 1, 2, 3, 4, a_day=1, network="rail"))
    assert [(step.kind, step.amount.cents) for step in found.steps][:3] == [
        ("card", 1000),
        ("ticket", 500),
        ("discount", -250),
    ]
    assert sum(step.amount.cents for step in found.steps) == found.steps[-1].after.cents == 2_250


def test_what_the_tariff_does_not_have_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"billettique\.unknown_cover"):
        quote(rides(0), Rider("adult", held=(Held("gold", Period(date(2026, 1, 1))),)))
    with pytest.raises(InvalidInput, match=r"billettique\.unknown_carnet"):
        quote(rides(0), Rider("adult", units=(("gold", 1),)))


def test_too_many_shared_tickets_are_refused_rather_than_guessed() -> None:
    with pytest.raises(Refused, match=r"billettique\.too_many_shared"):
        quote(rides(*range(11), network="rail"), Rider("adult"), Rider("child"))

"""The dated tariffs shipped with the product: what they say, and how one becomes the tariff of a day."""

import tomllib
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from billettique.engine.cheapest import cheapest, compile_tariff
from billettique.gateway import fares as gateway
from billettique.model.fares import Leg
from billettique.model.tariffs import Ask, Held, Rider
from billettique.rules import tariffs
from mobigo.base.errors import Conflict, InvalidInput
from mobigo.base.instants import PARIS
from mobigo.base.periods import Period

ROOT = Path(__file__).parents[3]
THURSDAY, SATURDAY, HOLIDAY, SCHOOL_HOLIDAY = (
    date(2026, 11, 26), date(2026, 11, 28), date(2026, 11, 11), date(2026, 12, 22),
)  # fmt: skip


def leg(network: str, distance_m: int | None = None, day: date = THURSDAY, ends: tuple[str, str] = ("a", "b")) -> Leg:
    at = datetime(day.year, day.month, day.day, 8, tzinfo=PARIS)
    return Leg(network, *ends, at, at + timedelta(minutes=30), distance_m)


def cents(*legs: Leg, riders: tuple[Rider, ...] = (Rider("adulte"),), unconfirmed: bool = False) -> int | None:
    tariff = gateway.tariff_on(legs[0].departs_at.date(), unconfirmed=unconfirmed)
    total = cheapest(compile_tariff(tariff), Ask((legs,), riders)).total
    return None if total is None else total.cents


@pytest.mark.parametrize(
    ("km", "in_2017", "in_2026"),
    [
        (1, 500, 600), (35, 500, 600), (36, 1000, 1300), (70, 1000, 1300), (71, 1500, 1900), (100, 1500, 1900),
        (101, 2000, 2400), (135, 2000, 2400), (136, 2500, 3100), (165, 2500, 3100), (166, 3000, 3600),
        (200, 3000, 3600), (201, 3500, 4100), (400, 3500, 4100),
    ],
)  # fmt: skip
def test_the_bands_of_the_train_on_both_sides_of_each_edge(km: int, in_2017: int, in_2026: int) -> None:
    assert cents(leg("ter", km * 1000)) == in_2017
    assert cents(leg("ter", km * 1000), unconfirmed=True) == in_2026


@pytest.mark.parametrize(("distance_m", "expected"), [(35_999, 500), (36_000, 1000), (200_999, 3000), (201_000, 3500)])
def test_bands_are_half_open(distance_m: int, expected: int) -> None:
    assert cents(leg("ter", distance_m)) == expected


def test_a_train_of_unknown_distance_has_an_unknown_price() -> None:
    found = cheapest(compile_tariff(gateway.tariff_on(THURSDAY)), Ask(((leg("ter"),),), (Rider("adulte"),)))
    assert found.total is None
    assert [each.code for each in found.unknown] == ["billettique.unknown_fare_distance"]


def test_two_trains_with_a_change_in_one_station_are_one_leg() -> None:
    # 20 + 15 km: one ticket of 35 km, 5 €; with a change elsewhere, two of them.
    there = leg("ter", 20_000, ends=("dijon", "beaune"))
    at = there.arrives_at + timedelta(minutes=5)
    then = Leg("ter", "beaune", "chagny", at, at + timedelta(minutes=20), 15_000)
    assert cents(there, then) == 500
    assert cents(there, replace(then, from_stop="nuits")) == 1000


@pytest.mark.parametrize(
    ("category", "expected"),
    [("adulte", 2000), ("jeune", 1000), ("enfant", 200), ("bebe", 0)],
)
def test_reductions_by_age_on_the_train(category: str, expected: int) -> None:
    assert cents(leg("ter", 120_000), riders=(Rider(category),)) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [(THURSDAY, 1400), (SATURDAY, 800), (HOLIDAY, 800), (SCHOOL_HOLIDAY, 800)],
)
def test_the_card_by_the_calendar(day: date, expected: int) -> None:
    # 120 km, 20 €: - 30 % on an ordinary day, - 60 % on days off.
    holder = Rider("adulte", held=(Held("carte-ter", Period(date(2026, 1, 1), date(2026, 12, 31))),))
    assert cents(leg("ter", 120_000, day), riders=(holder,)) == expected


def test_beyond_the_calendars_known_no_discount_that_depends_on_them_is_promised() -> None:
    holder = Rider("adulte", held=(Held("carte-ter", Period(date(2029, 1, 1), date(2029, 12, 31))),))
    assert cents(leg("ter", 120_000, date(2029, 3, 1)), riders=(holder,)) == 2000  # a Thursday: school holiday or not?
    assert cents(leg("ter", 120_000, date(2029, 3, 3)), riders=(holder,)) == 800  # a Saturday


def test_the_card_takes_one_companion_along_not_two() -> None:
    holder = Rider("adulte", held=(Held("carte-ter", Period(date(2026, 1, 1), date(2026, 12, 31))),))
    friend = Rider("adulte")
    assert cents(leg("ter", 120_000), riders=(holder, friend)) == 1400 * 2
    assert cents(leg("ter", 120_000), riders=(holder, friend, friend)) == 1400 * 2 + 2000


@pytest.mark.parametrize(("party", "expected"), [(9, 9 * 2000), (10, 10 * 500)])
def test_a_group_begins_at_ten(party: int, expected: int) -> None:
    riders = (Rider("adulte"),) * party
    # Nine: cards of 20 € for two do not pay for themselves on one trip (6 € spared each).
    assert cents(leg("ter", 120_000), riders=riders) == expected


def test_solidarity_is_to_be_confirmed() -> None:
    rider = Rider("adulte", proofs=frozenset({"solidarite"}))
    assert cents(leg("ter", 120_000), riders=(rider,)) == 2000
    assert cents(leg("ter", 120_000), riders=(rider,), unconfirmed=True) == 600  # 24 € less three quarters


def test_the_coach_single_and_its_price_to_confirm() -> None:
    assert cents(leg("car")) == 150
    assert cents(leg("car"), unconfirmed=True) == 200
    assert cents(leg("car", day=date(2020, 8, 31))) is None  # before the first version known


def test_carpool_and_ticketing_say_the_same_coach_single() -> None:
    ours = tomllib.loads((gateway.DATA / "fares" / "2020-09-01-car-a-l-unite.toml").read_text(encoding="utf-8"))
    file = ROOT / "covoit" / "data" / "fares" / "2020-09-01-car-a-l-unite.toml"
    theirs = tomllib.loads(file.read_text(encoding="utf-8"))
    assert [each["cents"] for each in ours["product"]] == [theirs["single_cents"]]
    assert all(ours[name] == theirs[name] for name in ("code", "first_day", "source"))


@pytest.mark.parametrize("networks", ["optymo", "optymo evolity", "heriva optymo evolity"])
def test_one_ticket_for_the_three_networks_of_the_north(networks: str) -> None:
    legs, at = [], datetime(2026, 11, 26, 8, tzinfo=PARIS)
    for network in networks.split():
        legs.append(Leg(network, "x", "y", at, at + timedelta(minutes=20)))
        at += timedelta(minutes=30)
    assert cents(*legs) == 200


def test_a_month_in_the_triangle_with_the_pass_to_confirm() -> None:
    # 30 days of two trains of 20 km: 60 × 6 € one by one, 48 € with the pass, once it is confirmed.
    tariff = gateway.tariff_on(date(2026, 11, 1), unconfirmed=True)
    days = [date(2026, 11, 1) + timedelta(days=n) for n in range(30)]
    journeys = tuple((leg("ter", 20_000, day, ends),) for day in days for ends in (("belfort", "montbeliard"),))
    found = cheapest(compile_tariff(tariff), Ask(journeys, (Rider("adulte"),)))
    assert found.total is not None
    assert (found.total.cents, [item.id for item in found.items]) == (4800, ["pass-ok"])


def test_an_entitled_pupil_rides_the_coach_without_paying() -> None:
    pupil = Rider("jeune", proofs=frozenset({"ayant_droit_scolaire"}))
    found = cheapest(compile_tariff(gateway.tariff_on(THURSDAY)), Ask(((leg("car"),),), (pupil,)))
    assert found.total is not None
    assert found.total.cents == 0
    assert [step.reason.code for step in found.steps] == ["billettique.step_pass", "billettique.step_covered"]
    assert found.steps[0].reason.params["last_day"] == date(2027, 8, 31)


@pytest.mark.parametrize("ends", [("saint-amour", "lyon-part-dieu"), ("lyon-part-dieu", "macon")])
def test_beyond_a_border_station_our_tariff_says_nothing(ends: tuple[str, str]) -> None:
    found = cheapest(compile_tariff(gateway.tariff_on(THURSDAY)), Ask(((leg("ter", 60_000, ends=ends),),)))
    assert found.total is None
    assert [each.code for each in found.unknown] == ["billettique.border_other_tariff"]


def test_to_a_border_station_ours_applies() -> None:
    assert cents(leg("ter", 60_000, ends=("lons-le-saunier", "saint-amour"))) == 1000


def test_every_price_shipped_has_a_source() -> None:
    for version in gateway.versions():
        assert version.source
        assert version.content is not None
        content = version.content
        assert all(each.source for each in (*content.terms, *content.covers, *content.discounts, *content.carnets))


def test_what_waits_to_be_confirmed_is_said_for_the_networks_asked() -> None:
    tariff = gateway.tariff_on(THURSDAY)
    codes = [each.params["title"] for each in tariffs.said_of(tariff, {"car"})]
    assert codes == ["Car Mobigo à l’unité, 2026"]


def test_school_holidays_are_those_of_the_demonstration() -> None:
    import csv

    document = tomllib.loads((gateway.DATA / "calendar" / "zone-a.toml").read_text(encoding="utf-8"))
    rows = csv.DictReader((ROOT / "fixtures" / "calendar" / "school-holidays.csv").read_text("utf-8").splitlines())
    ours = [(each["first_day"].isoformat(), each["last_day"].isoformat()) for each in document["school_holiday"]]
    assert ours == [(row["first_day"], row["last_day"]) for row in rows]


# ---- versions and acts in a folder of one's own


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "fares").mkdir()
    return tmp_path


def _act(home: Path, hash_: str) -> None:
    text = f'[act]\nversion = "ter-2026"\nhash = "{hash_}"\nnumber = "26CP.204"\ndate = 2026-06-26\n'
    (home / "fares" / "act.toml").write_text(text, encoding="utf-8")


def test_an_act_puts_a_version_to_confirm_in_force(home: Path) -> None:
    hash_ = next(each.hash for each in gateway.versions() if each.code == "ter-2026")
    assert "ter-2017" in [each.code for each in gateway.tariff_on(THURSDAY, home).versions]
    _act(home, hash_)
    assert "ter-2026" in [each.code for each in gateway.tariff_on(THURSDAY, home).versions]
    assert "ter-2017" in [each.code for each in gateway.tariff_on(date(2026, 3, 31), home).versions]


def test_an_act_of_another_text_is_refused(home: Path) -> None:
    _act(home, "0" * 64)
    with pytest.raises(Conflict, match=r"billettique\.act_of_another_fare"):
        gateway.tariff_on(THURSDAY, home)


def test_one_code_with_two_contents_is_refused(home: Path) -> None:
    text = (gateway.DATA / "fares" / "2020-09-01-car-a-l-unite.toml").read_text(encoding="utf-8")
    (home / "fares" / "a.toml").write_text(text.replace("cents = 150", "cents = 160"), encoding="utf-8")
    with pytest.raises(Conflict, match=r"billettique\.version_twice"):
        gateway.tariff_on(THURSDAY, home)


@pytest.mark.parametrize(
    ("change", "by"),
    [
        ("cents = 150", 'cents = "150"'),
        ("cents = 150", ""),
        ('network = "car"', 'netwrok = "car"'),
        ("[[leg]]", "[[leg"),
        ("cents = 150", f"cents = {'9' * 5_000}"),
        ("cents = 150", f"cents = {'[' * 20_000}{']' * 20_000}"),
    ],
)
def test_a_faulty_file_is_named(home: Path, change: str, by: str) -> None:
    text = (gateway.DATA / "fares" / "2020-09-01-car-a-l-unite.toml").read_text(encoding="utf-8")
    assert change in text
    text = text.replace(change, by).replace("car-unite-2020", "mine")
    (home / "fares" / "mine.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"billettique\.bad_fare_file.*mine\.toml"):
        gateway.tariff_on(THURSDAY, home)

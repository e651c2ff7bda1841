"""Scales as data: their contents are pinned, their days and acts read from files, what is wrong in a file is named."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from covoit.gateway.scales import (
    ceilings,
    coach_fares,
    load_scale,
    load_scale_by_hash,
    record_act,
    scale_from,
    scale_in_force,
    scales,
)
from covoit.model.scale import Act, Cap, CapMeasure, CapOf, CapPer, DistanceBasis, ceiling_on, fare_on, ordered_caps
from mobigo.base.errors import Conflict, InvalidInput, NotFound
from mobigo.base.money import Money
from tests import typography

# A line here is never edited, only added: an amount once computed under a content must be computable again.
PINNED = {
    "BFC-2020-from-second": "ea0e65fe5e57808c19072de54d648f0d075adbda314f4886ca16ebaf6043d689",
    "BFC-from-first": "8fc278049e142818047dd3a201067b83f5a61d043e0ac8abe55b94d7b0cf4b3c",
    "plafond-2020": "18c8d942f5afdc4760a257333745b06487fec34212084968b3f09f96e10292bb",
    "car-unite-2020": "c1777dc1a5d69d697657b13d0682a6a7bf36c11319020d512a677dceca873219",
}


def test_no_content_ever_used_was_edited() -> None:
    shipped = {each.code: each.hash for each in (*scales(), *ceilings(), *coach_fares())}
    assert {code: shipped.get(code) for code in PINNED} == PINNED


def test_the_first_passenger_counts_by_default_and_no_shipped_scale_has_caps() -> None:
    for day in (date(2020, 9, 1), date(2026, 11, 23), date(2035, 1, 1)):
        assert scale_in_force(day).code == "BFC-from-first"
    for scale in scales():
        assert scale.caps == ()
        assert scale.act is None
        assert scale.distance_basis is DistanceBasis.WITH_PASSENGER
        assert typography.faults(scale.title["fr"]) == []
    with pytest.raises(NotFound) as caught:
        scale_in_force(date(2020, 8, 31))
    assert caught.value.decision.code == "covoit.no_scale"
    with pytest.raises(NotFound):
        load_scale("nobody")
    with pytest.raises(NotFound):
        load_scale_by_hash("0" * 64)


def test_what_the_law_and_the_fare_say() -> None:
    ceiling = ceiling_on(ceilings(), date(2026, 1, 1))
    assert (ceiling.rate_mills_per_km, ceiling.short_below_m, ceiling.short_trips_per_day) == (529, 15_000, 2)
    assert all(article in ceiling.source for article in ("R3132-3", "D3132-5"))
    assert fare_on(coach_fares(), date(2020, 9, 1)).single == Money(150)
    with pytest.raises(NotFound):
        ceiling_on(ceilings(), date(2020, 8, 31))
    with pytest.raises(NotFound):
        fare_on(coach_fares(), date(2020, 8, 31))


def act_file(folder: Path, hash_: str, code: str = "BFC-from-first") -> None:
    (folder / "scales").mkdir(exist_ok=True)
    (folder / "scales" / "act.toml").write_text(
        f'[act]\nscale = "{code}"\nhash = "{hash_}"\nnumber = "26AP.117"\n'
        'date = 2026-06-25\ndocument = "délibération"\n'
    )


def test_an_act_in_the_home_decides_a_content_not_a_name(tmp_path: Path) -> None:
    scale = load_scale("BFC-from-first")
    act_file(tmp_path, scale.hash)
    decided = scale_in_force(date(2026, 11, 23), tmp_path)
    assert decided.act == Act("26AP.117", date(2026, 6, 25), "délibération")
    assert decided.hash == scale.hash  # the same amounts, byte for byte
    assert scale_in_force(date(2026, 11, 23)).act is None
    act_file(tmp_path, "f" * 64)
    with pytest.raises(Conflict) as caught:
        scales(tmp_path)
    assert caught.value.decision.code == "covoit.act_of_another_text"
    act_file(tmp_path, scale.hash, code="nobody")
    with pytest.raises(Conflict):
        scales(tmp_path)


def test_an_act_is_recorded_once(tmp_path: Path) -> None:
    scale = load_scale("BFC-from-first")
    act = Act('26AP."117"', date(2026, 6, 25), "délibération\\1")
    for _again in range(2):
        record_act(tmp_path, scale, act)
        assert load_scale(scale.code, tmp_path).act == act
    with pytest.raises(Conflict) as caught:
        record_act(tmp_path, scale, replace(act, number="2"))
    assert caught.value.decision.code == "covoit.decided_by_another_act"


def shipped_text(code: str) -> str:
    folder = Path(__file__).parents[3] / "covoit" / "data" / "scales"
    return next(folder.glob(f"*-{code}.toml")).read_text(encoding="utf-8")


def test_a_scale_of_the_home_takes_over_on_its_first_day(tmp_path: Path) -> None:
    folder = tmp_path / "scales"
    folder.mkdir()
    text = shipped_text("BFC-from-first").replace("BFC-from-first", "BFC-2027").replace("2020-09-01", "2027-01-01")
    text = text.replace("rate_cents = 10", "rate_cents = 12")
    text += '\n[act]\nnumber = "1"\ndate = 2026-12-01\ndocument = "d"\n[[caps]]\n'
    text += 'of = "driver"\nper = "month"\nmeasure = "amount"\nlimit = 15000\n'
    (folder / "2027.toml").write_text(text, encoding="utf-8")
    assert scale_in_force(date(2026, 12, 31), tmp_path).code == "BFC-from-first"
    new = scale_in_force(date(2027, 1, 1), tmp_path)
    assert (new.code, new.rate_cents, new.act and new.act.number) == ("BFC-2027", 12, "1")
    assert new.cap(CapOf.DRIVER, CapPer.MONTH, CapMeasure.AMOUNT) == 15_000
    assert new.cap(CapOf.DRIVER, CapPer.DAY, CapMeasure.AMOUNT) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("rate_cents = 10", "rate_cents = 0.1"),
        ("rate_cents = 10", "rate_cents = -10"),
        ("rate_cents = 10", ""),
        ("rate_cents = 10", "rate_cents = 10\nsurprise = 1"),
        ('proof_class_min = "B"', 'proof_class_min = "D"'),
        ('distance_basis = "with_passenger"', 'distance_basis = "by_air"'),
        ("rate_unit_m = 1_000", "rate_unit_m = 0"),
        ("first_day = 2020-09-01", "first_day = 2020-09-01\nlast_day = 2020-08-31"),
        ("bonus_cents = 100", "bonus_cents = "),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_it(tmp_path: Path, before: str, after: str) -> None:
    folder = tmp_path / "scales"
    folder.mkdir()
    text = shipped_text("BFC-from-first")
    assert before in text
    (folder / "mine.toml").write_text(text.replace("BFC-from-first", "mine").replace(before, after), encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        scales(tmp_path)
    assert caught.value.decision.params["file"] == "mine.toml"


def test_a_scale_under_the_same_code_with_another_content_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "scales"
    folder.mkdir()
    text = shipped_text("BFC-from-first")
    (folder / "same.toml").write_text(text, encoding="utf-8")
    assert len(scales(tmp_path)) == len(scales())
    (folder / "same.toml").write_text(text.replace("rate_cents = 10", "rate_cents = 11"), encoding="utf-8")
    with pytest.raises(Conflict) as caught:
        scales(tmp_path)
    assert caught.value.decision.code == "covoit.scale_twice"


def test_the_hash_is_of_the_content_and_not_of_its_layout() -> None:
    scale = load_scale("BFC-from-first")
    shuffled = dict(reversed(list(scale.document.items())))
    assert scale_from(shuffled).hash == scale.hash
    assert scale_from({**shuffled, "bonus_cents": 101}).hash != scale.hash
    assert (
        scale_from({**shuffled, "act": {"number": "1", "date": date(2026, 1, 1), "document": "d"}}).hash == scale.hash
    )


def test_caps_apply_narrow_before_wide_whatever_the_order_of_the_file() -> None:
    budget = Cap(CapOf.CAMPAIGN, CapPer.CAMPAIGN, CapMeasure.AMOUNT, 1)
    month = Cap(CapOf.DRIVER, CapPer.MONTH, CapMeasure.AMOUNT, 1)
    day = Cap(CapOf.DRIVER, CapPer.DAY, CapMeasure.AMOUNT, 1)
    trips = Cap(CapOf.DRIVER, CapPer.DAY, CapMeasure.TRIPS, 1)
    assert ordered_caps([budget, month, day, trips]) == (trips, day, month, budget)
    with pytest.raises(ValueError, match="same thing"):
        replace(load_scale("BFC-from-first"), caps=(day, replace(day, limit=2)))

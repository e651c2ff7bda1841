"""Campaigns pay beside the scale: their own budget, caps of passengers too, statements, closing, the batch, and what
becomes known late; sixty-four writers at once and not a cent over."""

import json
import random
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine, select

from covoit.model.journeys import JourneyState, VehicleTrip
from covoit.service import awards, closing, statements, verification
from covoit.service import driver as driver_service
from covoit.store import award_uses
from covoit.store import awards as store
from covoit.store import figures as figure_store
from covoit.store import journeys as journey_store
from mobigo.base.errors import Conflict, NotFound, Refused
from mobigo.base.geo import Point
from mobigo.base.money import Money
from mobigo.infra.db import open_engine, reading, transaction
from mobigo.ledger import service as ledger
from tests import campaign_documents
from tests.covoit_campaign_world import campaign_home
from tests.covoit_money_world import (
    CLOSING,
    NOW,
    accepted,
    cancel,
    claim,
    driver,
    fund,
    home_with,
    net,
    payer,
    record,
)
from tests.covoit_world import journey, trip
from tests.oracles import naive_campaign
from tests.unit.covoit_rules.test_campaign_oracle import CEILING, world

AT = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
PASSENGER_DAY = '{ of = "passenger", per = "day", measure = "trips", limit = 1 }'
PASSENGER_MONTH = '{ of = "passenger", per = "month", measure = "amount", limit = 400 }'
DRIVER_DAY = '{ of = "driver", per = "day", measure = "amount", limit = 500 }'


def both(engine: Engine, home: Path, cents: int = 100_000, plus: int = 100_000) -> None:
    fund(engine, cents, home)
    fund(engine, plus, home, campaign="plus", key="vote-2")


def run(passenger: str, at: datetime, name: str, who: str = "driver", metres: int = 30_000) -> VehicleTrip:
    """One passenger over 30 km: 3.00 + 1.00 € under the scale, and 1.50 € by the campaign."""
    return trip(journey(0, metres, passenger=passenger, started_at=at, received_at=at), trip_id=name, driver=who)


def wholes(engine: Engine, campaign: str = "plus") -> dict[str, int]:
    with reading(engine) as session:
        return {head.key[1]: head.whole.cents for head in store.open_heads(session, supplement=campaign)}


def test_a_campaign_pays_beside_the_scale_from_its_own_budget(engine: Engine, tmp_path: Path) -> None:
    home = payer(campaign_home(tmp_path / "home"))
    both(engine, home)
    anne = driver(engine, "anne")
    record(engine, [run("karim", AT, "t1", anne)])
    done = awards.award_ready(engine, NOW, home=home)
    assert (done.written, done.cents) == (2, 400 + 150)
    assert (net(engine, "covoit:budget:essai"), net(engine, "covoit:budget:plus")) == (99_600, 99_850)
    assert net(engine, f"covoit:accrued:{anne}") == 550
    assert awards.award_ready(engine, NOW, home=home).written == 0  # looked at again: nothing moves
    # One fare, once: what the passenger owes does not depend on campaigns.
    assert net(engine, "covoit:fare_income") == 150

    closed = closing.close_month(engine, "2026-11", CLOSING, home=home)
    assert (closed.lines, closed.people, closed.total) == (2, 1, Money(550))
    assert net(engine, f"covoit:payable:{anne}") == 550
    assert verification.verify(engine, home=home).findings == ()
    with reading(engine) as session:
        shown = statements.statement(session, anne, "2026-11")
        assert (shown.trips, shown.total) == (1, Money(550))
        assert [(line.scale_code, line.amount.cents) for line in shown.lines] == [("essai", 400), ("plus", 150)]
        said = [reason.code for reason in shown.lines[1].reasons]
        assert said == ["covoit.step_campaign", "covoit.step_flat"]
        explained = driver_service.explain(session, anne, shown.lines[1].award, home=home)
        assert explained.scale is not None
        assert explained.scale.act is not None
        again = driver_service.compute_again(session, anne, shown.lines[1].award, home=home)
        assert (again.equal, again.amount) == (True, Money(150))
        latest = driver_service.latest(session, anne, home=home)
        assert latest is not None
        assert latest.whole == Money(400)  # the trip's own award, not what a campaign adds
        # One payment call for the scale, one for the campaign: each its own sum.
        assert store.operators_of_month(session, "2026-11") == [("mobigo", ""), ("mobigo", "plus")]
        for campaign, cents in (("", 400), ("plus", 150)):
            content = statements.payment_call(session, "mobigo", "2026-11", campaign)
            sheet = load_workbook(_saved(tmp_path, content))["Trajets"]
            assert sum(round(row[17].value * 100) for row in sheet.iter_rows(min_row=2)) == cents
        sums = figure_store.line_sums(session, date(2026, 11, 1), date(2026, 11, 30))
        assert [(each.trips, each.passengers, each.subsidy.cents, each.fares.cents) for each in sums] == [
            (1, 1, 550, 150)
        ]
    claim(engine, anne)
    batch = accepted(engine, home)
    with reading(engine) as session:
        assert net(engine, f"covoit:in_payment:{batch}") == 550


def _saved(folder: Path, content: bytes) -> Path:
    path = folder / "call.xlsx"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("caps", "cents", "expected"),
    [
        # karim rides twice on Monday, once on Tuesday; lea once on Monday, in the car of his second ride.
        ((), 150, {"t1": 150, "t2": 300, "t3": 150}),
        ((PASSENGER_DAY,), 150, {"t1": 150, "t2": 150, "t3": 150}),  # hers is paid, his second is not
        ((PASSENGER_MONTH,), 150, {"t1": 150, "t2": 300, "t3": 100}),  # 4.00 € a month: what is left, then nothing
        ((DRIVER_DAY,), 200, {"t1": 200, "t2": 300, "t3": 200}),  # 5.00 € a day: 2.00, then 2.00 and 1.00
    ],
)
def test_caps_of_passengers_and_drivers_are_held(
    engine: Engine, tmp_path: Path, caps: tuple[str, ...], cents: int, expected: dict[str, int]
) -> None:
    home = campaign_home(tmp_path / "home", *caps, cents=cents)
    both(engine, home)
    late = AT + timedelta(hours=10)
    second = trip(
        journey(0, 30_000, passenger="karim", started_at=late, received_at=late),
        journey(0, 30_000, passenger="lea", started_at=late, received_at=late),
        trip_id="t2",
    )
    trips = [run("karim", AT, "t1"), second, run("karim", AT + timedelta(days=1), "t3")]
    random.Random(len(caps)).shuffle(trips)
    for each in trips:  # whatever the order in which they become known
        record(engine, [each])
        awards.award_ready(engine, NOW, home=home)
    assert wholes(engine) == expected
    assert net(engine, "covoit:budget:plus") == 100_000 - sum(expected.values())
    # Month closed, one ride known late: what is closed stays, the late one has what is left.
    closing.close_month(engine, "2026-11", CLOSING, home=home)
    record(engine, [run("karim", AT - timedelta(hours=1), "late", who="other")])
    awards.award_ready(engine, CLOSING, home=home)
    left = {(): 150, (PASSENGER_DAY,): 0, (PASSENGER_MONTH,): 0, (DRIVER_DAY,): 200}.get(caps, 0)
    assert wholes(engine) == {"late": left}
    assert verification.verify(engine, home=home).findings == ()
    with reading(engine) as session:
        month = date(2026, 11, 1), date(2026, 11, 30)
        used = award_uses.stated_use(session, "plus", month, "passenger")
        assert sum(sums[0] for sums in used.values()) == sum(expected.values())


def test_a_ride_cancelled_after_closing_gives_its_room_back(engine: Engine, tmp_path: Path) -> None:
    home = campaign_home(tmp_path / "home", PASSENGER_MONTH, cents=400)
    both(engine, home)
    first, second = run("karim", AT, "t1"), run("karim", AT + timedelta(days=1), "t2")
    record(engine, [first, second])
    awards.award_ready(engine, NOW, home=home)
    assert wholes(engine) == {"t1": 400, "t2": 0}
    closing.close_month(engine, "2026-11", CLOSING, home=home)
    cancel(engine, first.journeys[0], CLOSING)
    record(engine, [run("karim", AT + timedelta(days=2), "t3")])
    awards.award_ready(engine, CLOSING, home=home)
    # The room of what was taken back returns: the late ride has it. What is closed and did not change stays.
    assert wholes(engine) == {"t1": 0, "t3": 400}
    assert net(engine, "covoit:budget:plus") == 100_000 - 400
    closing.close_month(engine, "2026-12", datetime(2027, 1, 6, 8, tzinfo=UTC), home=home)
    assert verification.verify(engine, home=home).findings == ()


def test_without_act_nothing_is_paid_and_without_budget_no_month_closes(engine: Engine, tmp_path: Path) -> None:
    home = campaign_home(tmp_path / "home", act=False)
    fund(engine, 100_000, home)
    record(engine, [run("karim", AT, "t1")])
    assert awards.award_ready(engine, NOW, home=home).without_budget == ()
    assert wholes(engine) == {}
    campaign_home(tmp_path / "home")  # the assembly decides it, and grants nothing yet
    assert awards.award_ready(engine, NOW, home=home).without_budget == ("plus",)
    with pytest.raises(Refused) as refused:
        closing.close_month(engine, "2026-11", CLOSING, home=home)
    assert refused.value.decision.params["campaign"] == "plus"
    fund(engine, 100, home, campaign="plus", key="vote-2")  # 1.00 € of the 1.50 €
    closing.close_month(engine, "2026-11", CLOSING, home=home)
    with reading(engine) as session:
        assert statements.statement(session, "driver", "2026-11").total == Money(500)
    assert net(engine, "covoit:budget:plus") == 0
    with pytest.raises(NotFound):
        fund(engine, 100, home, campaign="inconnue", key="vote-3")


def test_a_campaign_whose_act_went_away_blocks_the_month_it_opened(engine: Engine, tmp_path: Path) -> None:
    home = campaign_home(tmp_path / "home")
    both(engine, home)
    record(engine, [run("karim", AT, "t1")])
    awards.award_ready(engine, NOW, home=home)
    campaign_home(tmp_path / "home", act=False)
    with pytest.raises(Refused) as refused:
        closing.close_month(engine, "2026-11", CLOSING, home=home)
    assert refused.value.decision.params["campaign"] == "plus"


def test_a_campaign_may_not_have_the_name_of_a_scale(engine: Engine, tmp_path: Path) -> None:
    home = campaign_home(tmp_path / "home", code="essai")
    fund(engine, 100_000, home)
    record(engine, [run("karim", AT, "t1")])
    with pytest.raises(Conflict):
        awards.award_ready(engine, NOW, home=home)


def test_the_legal_ceiling_is_that_of_all_aids_together(engine: Engine, tmp_path: Path) -> None:
    # 30 km × 0.529 € = 15.87 €: 4.00 € by the scale, 9.00 € by the first campaign, 2.87 € left for the second.
    home = campaign_home(tmp_path / "home", cents=900)
    campaign_home(tmp_path / "home", cents=900, code="plus-tard")
    both(engine, home)
    fund(engine, 100_000, home, campaign="plus-tard", key="vote-3")
    record(engine, [run("karim", AT, "t1")])
    awards.award_ready(engine, NOW, home=home)
    assert (wholes(engine), wholes(engine, "plus-tard")) == ({"t1": 900}, {"t1": 287})
    assert net(engine, "covoit:accrued:driver") == 1_587
    closing.close_month(engine, "2026-11", CLOSING, home=home)
    assert verification.verify(engine, home=home).findings == ()


ZONE = """
[zones.dijon]
circles = [{ lat = 47.32, lon = 5.04, radius_m = 2_000 }]
[[where]]
zone = "dijon"
ends = "start"
"""


def test_what_was_decided_by_a_position_stands_once_the_position_is_erased(engine: Engine, tmp_path: Path) -> None:
    home = campaign_home(tmp_path / "home", more=ZONE)
    both(engine, home)
    inside, outside = run("karim", AT, "t1"), run("lea", AT, "t2", who="other")
    second = replace(inside.journeys[0], id="t1-b", operator_journey_id="t1-b", passenger="lea")
    with transaction(engine) as session:
        for each, lat in ((inside.journeys[0], 47.321), (outside.journeys[0], 47.40)):
            journey_store.record(session, each, positions=(Point(lat, 5.04), Point(47.0, 4.8)))
    awards.award_ready(engine, NOW, home=home)
    assert wholes(engine) == {"t1": 150}  # no award at all for a trip that the campaign is not about
    closing.close_month(engine, "2026-11", CLOSING, home=home)
    with transaction(engine) as session:
        session.execute(journey_store.PositionRow.__table__.delete())
        journey_store.record(session, second)  # a second passenger becomes known: the trip is looked at again
    awards.award_ready(engine, CLOSING, home=home)
    assert wholes(engine) == {"t1": 150}
    with reading(engine) as session:
        head = store.find_head(session, ("mobigo", "t1"), "plus")
        assert head is not None
        text = store.documents(session, [head.award])[head.award]
    assert "lat" not in json.loads(text)["inputs"]["trip"]["journeys"][0]
    assert verification.verify(engine, home=home).findings == ()


def test_an_altered_use_of_a_cap_is_found(engine: Engine, tmp_path: Path) -> None:
    home = campaign_home(tmp_path / "home", PASSENGER_MONTH)
    both(engine, home)
    record(engine, [run("karim", AT, "t1")])
    awards.award_ready(engine, NOW, home=home)
    closing.close_month(engine, "2026-11", CLOSING, home=home)
    with reading(engine) as session:
        (one,) = session.scalars(store.UseRow.__table__.select().with_only_columns(store.UseRow.award)).all()
    with engine.begin() as connection:
        row = {"award": one, "passenger": "x", "cents": 1, "trips": 0, "persons": 0}
        connection.execute(store.UseRow.__table__.insert().values(row))
    assert [each.reason.code for each in verification.verify(engine, home=home).findings] == ["covoit.fault_use"]


def test_sixty_four_writers_and_not_a_cent_over_a_campaign(engine: Engine, tmp_path: Path) -> None:
    """64 × 2.00 € asked for four passengers, 19.99 € each at most (79.96 €), of a budget of 70.00 €: all of it."""
    cap = '{ of = "passenger", per = "month", measure = "amount", limit = 1999 }'
    home = campaign_home(tmp_path / "home", cap, cents=200)
    both(engine, home, 10_000_000, 7_000)
    moments = [AT - timedelta(days=number % 2, minutes=number) for number in range(64)]
    trips = [run(f"p{at % 4}", when, f"t{at:02d}", who=f"d{at}") for at, when in enumerate(moments)]

    def write(at: int) -> None:
        mine = open_engine(engine.url.render_as_string(hide_password=False))
        record(mine, [trips[at]])
        awards.award_ready(mine, NOW, home=home)
        mine.dispose()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(64)))
    # The very amounts of one look at all of them in order: what is left to the passenger, then of the budget.
    left, given, expected = 7_000, dict.fromkeys(range(4), 0), {}
    for at in sorted(range(64), key=lambda each: (moments[each], each)):
        cents = min(200, 1_999 - given[at % 4], left)
        expected[f"t{at:02d}"] = cents
        left, given[at % 4] = left - cents, given[at % 4] + cents
    assert wholes(engine) == expected
    assert (net(engine, "covoit:budget:plus"), left) == (0, 0)
    assert max(given.values()) <= 1_999
    assert ledger.verify(engine).ok


# ---------------------------------------------------------------- judged by code that shares nothing


@pytest.mark.parametrize("n", [200, pytest.param(8_000, marks=pytest.mark.slow)])
def test_what_the_ledger_holds_is_what_the_oracle_says(engine: Engine, tmp_path: Path, n: int) -> None:
    """A scale and three campaigns over a month of trips that arrive in three parts, in no order: every cent of every
    passenger, the balances, and the same once the month is closed."""
    home = home_with(tmp_path / "home")
    (home / "campaigns").mkdir()
    for document in campaign_documents.ALL:
        (home / "campaigns" / f"{document['code']}.toml").write_text(
            campaign_documents.as_toml(document), encoding="utf-8"
        )
        fund(
            engine, campaign_documents.BUDGETS[document["code"]], home, campaign=document["code"], key=document["code"]
        )
    fund(engine, 100_000_000, home)
    trips = [
        each
        for each in world(n, 77, days=6 if n < 1_000 else 30)
        if all(j.state is not JourneyState.PENDING for j in each.journeys)
    ]
    random.Random(1).shuffle(trips)
    for part in (trips[: n // 3], trips[n // 3 : n // 2], trips[n // 2 :]):
        record(engine, part)
        with engine.begin() as connection:
            table = journey_store.JourneyRow.__table__
            for each in (journey for one in part for journey in one.journeys):
                revenue = None if each.driver_revenue is None else each.driver_revenue.cents
                sums = {"incentives": [{"index": 0, "siret": "0" * 14, "amount": each.incentives.cents}]}
                connection.execute(table.update().where(table.c.id == each.id).values(revenue_cents=revenue, sums=sums))
            for one in part:
                if one.driven is not None:
                    leg = one.driven
                    row = {"operator": one.operator, "operator_trip_id": one.operator_trip_id, "recorded_at": NOW}
                    values = {"line": leg.line, "direction": leg.direction, "from_m": leg.from_m, "to_m": leg.to_m}
                    connection.execute(journey_store.DrivenRow.__table__.insert().values({**row, **values}))
        awards.award_ready(engine, CLOSING, home=home)
    scale = tomllib.loads((home / "scales" / "essai.toml").read_text(encoding="utf-8"))
    expected = naive_campaign.campaigns_of_world(
        trips, campaign_documents.ALL, campaign_documents.BUDGETS, CEILING, scale=scale
    )
    for code, by_trip in expected.items():
        with reading(engine) as session:
            heads = {head.key: head for head in store.open_heads(session, supplement=code)}
            uses: dict[str, dict[str, int]] = {}
            for row in session.scalars(select(store.UseRow)):
                uses.setdefault(row.award, {})[row.passenger] = row.cents
        assert {key: head.whole.cents for key, head in heads.items()} == {
            key: sum(each.values()) for key, each in by_trip.items()
        }
        assert {key: uses.get(head.award, {}) for key, head in heads.items()} == {
            key: {who: cents for who, cents in each.items() if cents} for key, each in by_trip.items()
        }
        whole = sum(sum(each.values()) for each in by_trip.values())
        assert whole > 0
        assert net(engine, f"covoit:budget:{code}") == campaign_documents.BUDGETS[code] - whole
    closing.close_month(engine, "2026-11", CLOSING, home=home)
    assert awards.award_ready(engine, CLOSING, home=home, last_day=date(2026, 11, 30)).written == 0
    assert verification.verify(engine, home=home).findings == ()

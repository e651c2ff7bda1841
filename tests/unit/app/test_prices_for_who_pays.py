"""What a journey costs who has something already: a pass of their account, a card they say they hold, a cap begun. Each
price is what buying charges, and what the tables of the search say; nobody is given the price of another.

Coach legs are 1.50 € in 2025, trains 5 € up to 36 km; the trial tariff adds a coach pass, and caps of a day.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from billettique.model.orders import Channel, ItemState
from billettique.service import baskets, journeys, shelf
from billettique.service.travellers import Traveller, rights_of
from billettique.store.orders import ItemRow
from billettique.store.tickets import EntitlementRow
from mobigo.app.journey_prices import JourneyPrices
from mobigo.base.instants import PARIS
from mobigo.base.money import Money
from mobigo.infra.db import transaction
from mobigo.infra.web import Services
from mobigo.network.model.live import LiveNetwork
from mobigo.planner import service
from mobigo.planner.engine.criteria import Slack
from mobigo.planner.engine.journeys import journey_of
from mobigo.planner.engine.weighed import weighed
from mobigo.planner.model import ANYBODY, Endpoint, Payer, Price, Query
from mobigo.planner.service.moving import searcher_of
from mobigo.planner.web.shown import shown_price
from tests.builders import DAY
from tests.unit.app.test_journey_prices import network, services

__all__ = ["network", "services"]  # their fixtures
SUBJECT, OTHER = "subject-one", "subject-two"
NOW = datetime(2025, 3, 17, 12, tzinfo=PARIS)
TARIFF = """
tariff = "essai"
code = "essai-1"
title = "Essai"
first_day = 2025-01-01
source = "essai"

[[cover]]
id = "pass-car"
name = "Car illimité"
kind = "pass"
cents = 4000
span = "month"
networks = ["car"]

[[cover]]
id = "cap-car"
name = "du jour en car"
kind = "cap"
cents = 250
span = "day"
networks = ["car"]
"""


@pytest.fixture
def prices(services: Services) -> JourneyPrices:
    folder: Path = services.config.home / "fares"
    folder.mkdir(parents=True)
    (folder / "essai.toml").write_text(TARIFF, "utf-8")
    return JourneyPrices(services)


def price(network: LiveNetwork, prices: JourneyPrices, a: str, b: str, hour: int, payer: Payer) -> Price:
    rows = list(network.timetable.stop_id)
    at = datetime(DAY.year, DAY.month, DAY.day, hour, tzinfo=PARIS)
    ends = [Endpoint(each, stops=(rows.index(each),)) for each in (a, b)]
    answer = service.plan(network, Query(ends[0], ends[1], at), fares=prices, tables=prices, payer=payer)
    [found] = answer.prices
    assert found is not None
    return found


def own_pass(session: Session, subject: str, **more: object) -> None:
    """A coach pass of March, in an account."""
    row = {
        "id": f"e-{subject}-{len(more)}", "item": f"i-{subject}-{len(more)}", "place": 0, "order_id": "o",
        "subject": subject, "provider": "region", "reference": f"R-{subject}-{len(more)}"[:20], "kind": "pass",
        "product": "pass-car", "name": "Car illimité", "holder": None, "riders": ["adulte"], "promised": {},
        "gross_cents": 4000, "state": "active", "first_at": datetime(2025, 3, 1, 4, tzinfo=PARIS),
        "last_at": datetime(2025, 4, 1, 3, 59, 59, tzinfo=PARIS), "created_at": NOW, "changed_at": NOW,
    }  # fmt: skip
    session.add(EntitlementRow(**(row | more)))


def token_of(found: Price) -> str:
    return found.buy.partition("?")[0].rpartition("/")[2]


def bought(services: Services, found: Price, payer: Payer) -> Money:
    """What buying the journey charges, and the tickets kept in the account."""
    legs = tuple(each.leg for each in journeys.read_token(services.config, token_of(found)))
    who = Traveller(payer.category or "adulte", payer.holds, payer.proofs, payer.subject)
    mine = rights_of(services.engine, services.config.home, who, legs)
    category = (payer.category or "adulte",)
    offers = journeys.offers_of(services.config, token_of(found), category, Channel.ONLINE, NOW, mine.rider)
    with transaction(services.engine) as session:
        order = baskets.open_basket(
            session, services.config, channel=Channel.ONLINE, language="fr", subject=payer.subject, now=NOW
        )
        for item in baskets.add(session, order.id, offers, services.config, now=NOW):
            item.state = str(ItemState.FULFILLED)
    return shelf.total(offers)


def codes(found: Price) -> list[str]:
    return [each.code for each in found.own]


def test_a_pass_of_the_account_covers_all_of_a_journey_or_a_part(
    network: LiveNetwork, services: Services, prices: JourneyPrices
) -> None:
    with transaction(services.engine) as session:
        own_pass(session, SUBJECT)
    mine, other = Payer(subject=SUBJECT), Payer(subject=OTHER)
    whole = price(network, prices, "A", "B", 8, mine)
    assert (whole.total, codes(whole), whole.buy) == (Money(0), ["billettique.covered_all"], "")
    shown = shown_price(whole)
    assert shown is not None
    assert (shown.text, shown.own) == ("0,00\xa0€ de plus", ("votre abonnement Car illimité couvre ce trajet",))
    part = price(network, prices, "A", "K", 9, mine)  # a train, then a coach
    assert (part.total, codes(part)) == (Money(500), ["billettique.covered_part"])
    assert bought(services, part, mine) == Money(500)
    for somebody in (other, ANYBODY):
        assert price(network, prices, "A", "B", 8, somebody).total == Money(150)
        assert price(network, prices, "A", "K", 9, somebody).total == Money(650)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"last_at": datetime(2025, 3, 18, 3, 59, 59, tzinfo=PARIS)}, []),  # over on the eve
        ({"last_at": datetime(2025, 3, 19, 3, 59, 59, tzinfo=PARIS)}, None),  # its last day
        ({"first_at": datetime(2025, 3, 18, 4, tzinfo=PARIS)}, None),  # its first day
        ({"first_at": datetime(2025, 3, 19, 4, tzinfo=PARIS)}, []),
        ({"state": "suspended"}, ["billettique.mine_suspended"]),
        ({"state": "refunded"}, []),
        ({"riders": ["jeune"]}, ["billettique.mine_of_other_rider"]),
        ({"product": "pass-of-another-year"}, ["billettique.mine_not_in_tariff"]),
        ({"kind": "ticket"}, []),
    ],
)
def test_only_what_is_good_that_day_for_that_rider_counts_and_the_rest_is_said(
    network: LiveNetwork, services: Services, prices: JourneyPrices, changed: dict[str, object], said: list[str] | None
) -> None:
    with transaction(services.engine) as session:
        own_pass(session, SUBJECT, **changed)
    found = price(network, prices, "A", "B", 8, Payer(subject=SUBJECT))
    assert found.total == (Money(0) if said is None else Money(150))
    assert [each.code for each in found.notes if ".mine_" in each.code] == (said or [])


def test_what_one_says_one_holds_counts_and_what_nobody_knows_is_said(
    network: LiveNetwork, services: Services, prices: JourneyPrices
) -> None:
    held = Payer(holds=("pass-car", "no-such-card"))
    found = price(network, prices, "A", "B", 8, held)
    assert found.total == Money(0)
    assert [each.params["name"] for each in found.notes] == ["no-such-card"]
    young = Payer("jeune", ("carte-ter",))
    train = price(network, prices, "A", "C", 9, young)
    assert train.total == Money(250)  # 26 years at most: half of 5 €, better than the card's 30 % of a Tuesday
    assert "rider=jeune&hold=carte-ter" in train.buy
    assert bought(services, train, young) == Money(250)
    card = Payer(holds=("carte-ter",))
    train = price(network, prices, "A", "C", 9, card)
    assert train.total == Money(500), "no calendar says of this Tuesday whether it is off: nothing rests on that"
    assert bought(services, train, card) == Money(500)
    nobody = price(network, prices, "A", "B", 8, Payer("no-such-rider"))
    assert (nobody.total, [each.code for each in nobody.why_unknown]) == (None, ["billettique.bad_choice"])


def test_what_was_paid_that_day_counts_towards_the_cap_of_the_day(
    network: LiveNetwork, services: Services, prices: JourneyPrices
) -> None:
    mine = Payer(subject=SUBJECT)
    first = price(network, prices, "A", "B", 8, mine)
    assert bought(services, first, mine) == first.total == Money(150)
    second = price(network, prices, "C", "K", 9, mine)  # 150 + 150, 250 at most
    assert (second.total, codes(second)) == (Money(100), ["billettique.cap_reached_now"])
    assert bought(services, second, mine) == Money(100)
    third = price(network, prices, "A", "B", 8, mine)
    assert (third.total, codes(third)) == (Money(0), ["billettique.cap_reached"])
    assert bought(services, third, mine) == Money(0), "a ticket all the same, for nothing"
    train_too = price(network, prices, "A", "K", 9, mine)
    assert train_too.total == Money(500)
    for somebody in (Payer(subject=OTHER), ANYBODY):
        assert price(network, prices, "A", "B", 8, somebody).total == Money(150)
    tomorrow = [
        replace(leg, departs_at=leg.departs_at + timedelta(days=1), arrives_at=leg.arrives_at + timedelta(days=1))
        for leg in (each.leg for each in journeys.read_token(services.config, token_of(first)))
    ]
    who = Traveller(subject=SUBJECT)
    assert rights_of(services.engine, services.config.home, who, tomorrow).rider.paid == ()


def test_tickets_given_back_or_bought_for_several_count_towards_no_cap(
    network: LiveNetwork, services: Services, prices: JourneyPrices
) -> None:
    mine = Payer(subject=SUBJECT)
    first = price(network, prices, "A", "B", 8, mine)
    bought(services, first, mine)
    with transaction(services.engine) as session:
        for item in session.query(ItemRow):
            item.state = str(ItemState.REFUNDED)
    assert price(network, prices, "A", "B", 8, mine).total == Money(150)
    with transaction(services.engine) as session:
        offers = journeys.offers_of(services.config, token_of(first), ("adulte", "adulte"), Channel.ONLINE, NOW)
        order = baskets.open_basket(
            session, services.config, channel=Channel.ONLINE, language="fr", subject=SUBJECT, now=NOW
        )
        for item in baskets.add(session, order.id, offers, services.config, now=NOW):
            item.state = str(ItemState.FULFILLED)
    found = price(network, prices, "A", "B", 8, mine)
    assert found.total == Money(150)
    assert [each.params["count"] for each in found.notes if each.code == "billettique.paid_not_counted"] == [2]


@pytest.mark.parametrize(
    "payer",
    [
        Payer(), Payer("jeune"), Payer("enfant"), Payer(holds=("carte-ter",)), Payer(holds=("pass-car",)),
        Payer("jeune", ("pass-car", "carte-ter")), Payer(subject=SUBJECT),
    ],
    ids=str,
)  # fmt: skip
def test_the_search_prices_every_journey_as_it_is_shown(
    network: LiveNetwork, services: Services, prices: JourneyPrices, payer: Payer
) -> None:
    if payer.subject:
        bought(services, price(network, prices, "A", "B", 8, payer), payer)
    table = prices.table(network, DAY, payer)
    assert table is not None
    searcher, rows = searcher_of(network), list(network.timetable.stop_id)
    since = int(datetime(DAY.year, DAY.month, DAY.day, 7, tzinfo=PARIS).timestamp())
    compared = 0
    for a, b in (("A", "B"), ("A", "C"), ("A", "K"), ("C", "K"), ("B", "C"), ("D", "G")):
        ends = searcher.linked([rows.index(a)], True), searcher.linked([rows.index(b)], False)
        found = weighed(searcher, table, *ends, since, slack=Slack(86_400, 8, 86_400))
        made = [journey_of(network.timetable, each.itinerary, *ends) for each in found]
        for each, shown in zip(found, prices.prices(network, made, payer), strict=True):
            assert shown is not None
            if each.least_cents == each.most_cents:
                assert (None if shown.total is None else shown.total.cents) == each.most_cents
            else:
                assert shown.total is None
            compared += 1
    assert compared >= 6


def test_tables_of_other_riders_are_few_and_the_same_for_equal_prices(
    network: LiveNetwork, prices: JourneyPrices
) -> None:
    one = prices.table(network, DAY, Payer(holds=("pass-car",)))
    assert one is prices.table(network, date(2025, 3, 19), Payer(holds=("pass-car",)))
    plain = prices.table(network, DAY)
    assert plain is prices.table(network, DAY, Payer(subject=OTHER))
    assert plain is not one

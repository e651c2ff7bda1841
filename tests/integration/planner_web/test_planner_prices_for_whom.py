"""Whose prices a page shows: chosen in the address, kept on the device, or of the account; and never another's."""

import re
from collections.abc import Sequence
from datetime import date
from types import SimpleNamespace

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from mobigo.base.decisions import Decision
from mobigo.base.money import Money
from mobigo.infra import auth
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.model import ANYBODY, FareKinds, Journey, Payer, Price
from mobigo.planner.rules.payers import fields_of
from mobigo.planner.web.payers import COOKIE

SEARCH = "/trajets?from=Saulieu&to=Semur&when=leave&date=2025-03-18&time=07:00"
KINDS = FareKinds((("adulte", "26 ans et plus"), ("jeune", "De 12 à 25 ans")), (("pass-car", "Car illimité"),))


class Fares:
    """Each payer has a price of their own, so that one seen by another is noticed."""

    asked: Payer = ANYBODY

    def prices(
        self, network: LiveNetwork, journeys: Sequence[Journey], payer: Payer = ANYBODY
    ) -> Sequence[Price | None]:
        self.asked = payer
        cents = {"": 150, "account-one": 0, "account-two": 111}[payer.subject or ""]
        if payer.category == "jeune":
            cents = 75
        own = (Decision("billettique.covered_all", covers="Car illimité"),) if not cents else ()
        return [Price(Money(cents), own=own) for _ in journeys]

    def kinds(self, day: date) -> FareKinds:
        return KINDS

    def table(self, network: LiveNetwork, day: date, payer: Payer = ANYBODY) -> None:
        return None


@pytest.fixture
def fares(known_site: APIFlask, monkeypatch: pytest.MonkeyPatch) -> Fares:
    made = Fares()
    monkeypatch.setitem(known_site.config, "WTF_CSRF_ENABLED", False)
    monkeypatch.setitem(vars(known_site.extensions["mobigo"]), "fares", made)
    return made


def text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", page).split())


def test_one_says_who_one_is_in_the_address_and_nothing_is_kept(client: FlaskClient, fares: Fares) -> None:
    plain = client.get(SEARCH)
    assert "Prix pour : 26 ans et plus, sans carte." in text(plain.text)
    assert plain.headers["Cache-Control"] == "private, no-cache"
    assert "Cookie" in plain.headers["Vary"]
    chosen = client.post("/trajets/tarif", data={"back": SEARCH[9:], "rider": "jeune", "hold": "pass-car"})
    assert chosen.status_code == 303
    assert not [each for each in chosen.headers.getlist("Set-Cookie") if "jeune" in each]
    assert chosen.location.endswith("&rider=jeune&hold=pass-car")
    page = client.get(chosen.location)
    assert "Prix pour : De 12 à 25 ans, Car illimité." in text(page.text)
    assert "0,75 €" in text(page.text)
    assert "private, no-store" in page.headers["Cache-Control"]
    assert "rider=jeune" in re.findall(r'href="([^"]*agenda[^"]*)"', page.text)[0], "the same question, kept whole"
    assert "26 ans et plus" in client.get(SEARCH).text


def test_it_is_kept_on_the_device_when_asked_and_forgotten(client: FlaskClient, fares: Fares) -> None:
    kept = client.post("/trajets/tarif", data={"back": SEARCH[9:], "rider": "jeune", "keep": "1"})
    [cookie] = kept.headers.getlist("Set-Cookie")
    assert cookie.startswith(f"{COOKIE}=rider=jeune")
    assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "rider" not in kept.location
    page = client.get(kept.location)
    assert "0,75 €" in text(page.text)
    assert "private, no-store" in page.headers["Cache-Control"]
    assert "1,50 €" in text(client.get(f"{SEARCH}&rider=adulte").text), "the address says more than the device"
    form = client.get("/trajets/tarif?back=" + "from%3DSaulieu%26to%3DSemur")
    assert re.search(r'value="jeune" checked', form.text)
    client.post("/trajets/tarif", data={"back": SEARCH[9:], "forget": "1", "rider": "jeune"})
    assert "1,50 €" in text(client.get(SEARCH).text)


def test_two_people_are_each_given_their_own_price(
    known_site: APIFlask, client: FlaskClient, fares: Fares, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, str] = {}
    for who in ("account-one", "account-two", "account-one", "", "account-two"):
        identity = SimpleNamespace(subject=who) if who else None
        monkeypatch.setattr(auth, "current_account", lambda identity=identity: identity)
        answer = client.get(SEARCH, headers={"If-None-Match": seen.get("etag", '"none"')})
        assert answer.status_code == 200, "what one was given is never said to be what another has"
        seen["etag"] = answer.headers.get("ETag", '"none"')
        assert {"account-one": "0,00 € de plus", "account-two": "1,11 €", "": "1,50 €"}[who] in text(answer.text)
        assert ("couvre ce trajet" in answer.text) is (who == "account-one")
        if who:
            assert answer.headers["Cache-Control"] == "private, no-store"
            assert "Cookie" in answer.headers["Vary"]
            assert who not in answer.text, "whose account it is stands nowhere on the page"
    monkeypatch.setattr(auth, "current_account", lambda: SimpleNamespace(subject="account-one"))
    answer = client.get(f"/api/v1/journeys?{SEARCH[9:].partition('&when')[0]}&at=2025-03-18T07:00&rider=adulte")
    assert fares.asked == Payer("adulte"), "a program is given what it says, never an account's prices"
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "back",
    ["https://elsewhere.example/", "//elsewhere.example", "", "from=a", "\x00", "&" * 300, "from=a&to=b&from=c" * 900],
)
def test_the_way_back_is_always_a_page_of_ours(client: FlaskClient, fares: Fares, back: str) -> None:
    answer = client.post("/trajets/tarif", data={"back": back, "rider": "x" * 5_000, "hold": ["y"] * 500})
    assert answer.status_code in (303, 413)
    if answer.status_code == 303:
        assert answer.location.startswith("/")
        assert not answer.location.startswith("//")
        assert client.get(answer.location).status_code in (200, 422)


@pytest.mark.parametrize("kept", ["", "rider=", "%", "rider=jeune&" * 2_000, "hold=" + "z" * 4_000, "\u00e9"])
def test_whatever_a_device_sends_is_read(client: FlaskClient, fares: Fares, kept: str) -> None:
    answer = client.get(SEARCH, headers={"Cookie": f"{COOKIE}={kept}".encode().decode("latin-1")})
    assert answer.status_code == 200


def test_what_a_payer_says_of_an_account_is_in_no_address() -> None:
    assert fields_of(Payer("jeune", ("a",), ("b",), "subject")) == {"rider": "jeune", "hold": ["a"], "proof": ["b"]}

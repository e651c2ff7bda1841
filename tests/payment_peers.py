"""The peers of the contract of payments: each a provider of ours, what its other side is able to do, and how a test
plays the payer there. What a peer does not support is not asked of it; the tables say so in one place.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import parse_qsl, urlsplit
from urllib.request import urlopen

import stripe

from billettique.gateway.psp.intents import Intents
from billettique.gateway.psp.sim import Sim
from billettique.gateway.psp.simbank import Bank
from billettique.gateway.psp.simulated import SimulatedStripe
from billettique.gateway.psp.stripe import StripeApi
from billettique.model.payments import PaymentAsk, Provider, SaveAsk, SavedState
from mobigo.base.errors import Upstream
from mobigo.base.money import Money
from tests.live import free_port

SITE = "http://127.0.0.1:8000"
BACK = f"{SITE}/achats/retour"
SECRET = "whsec_tests"
STRIPE_KEY = "MOBIGO_TEST_STRIPE_KEY"


@dataclass
class Peer:
    """A provider and its other side. `save` leaves a means (by its name in `simcards`) and gives its reference."""

    name: str
    provider: Provider
    features: frozenset[str]
    save: Callable[[str], str] | None = None
    bank: Bank | None = None
    numbers: list[int] = field(default_factory=lambda: [0])

    def ask(self, cents: int = 300, **differs: Any) -> PaymentAsk:
        """A payment never asked before; what every peer takes unless told otherwise."""
        self.numbers[0] += 1
        key = f"{os.getpid():x}{time.time_ns():x}{self.numbers[0]:x}".ljust(64, "0")
        given: dict[str, Any] = {
            "key": key, "order_id": f"o{self.numbers[0]}", "amount": Money(cents), "means": "card", "return_url": BACK,
        }  # fmt: skip
        return PaymentAsk(**(given | differs))


ALL = frozenset(
    {
        "form", "debit", "refund", "over_refund", "idempotent", "find", "decline", "reason", "late", "3ds", "dispute",
        "cancel", "balance", "notice", "sweep", "cut", "saves",
    }
)  # fmt: skip
# ticketing.md §4.3: what localstripe lacks or does otherwise than Stripe.
LOCALSTRIPE = frozenset({"debit", "refund", "decline", "sweep_events"})
# A hosted form cannot be filled by a program at Stripe itself, nor time be passed.
TEST_MODE = frozenset({"debit", "refund", "over_refund", "idempotent", "decline", "reason", "cancel"})


# ---------------------------------------------------------------- ours


def sim_peer(sim: Sim) -> Peer:
    """The simulated provider, asked directly."""
    return Peer("sim", sim, ALL, _saving(sim, sim.bank), sim.bank)


def stripe_on_sim(path: Path, clock: Callable[[], datetime]) -> Peer:
    """Our Stripe provider, with Stripe's own library, over the simulated provider: all but the network is real."""
    simulated = SimulatedStripe(path, clock, SITE)
    api = StripeApi("sk_test_simulated", client=SimHttp(simulated), retries=0)
    provider = Intents("stripe", api, site=SITE, live=False, secrets=["whsec_old", SECRET], language="fr")
    bank = Bank(simulated)
    return Peer("stripe on sim", provider, ALL, _saving(provider, bank), bank)


def _saving(provider: Provider, bank: Bank) -> Callable[[str], str]:
    def save(card: str) -> str:
        kind = "sepa_debit" if card.startswith("pm_sepa") else "card"
        seen = provider.save(SaveAsk(f"save-{time.time_ns()}", "holder", kind, BACK))
        bank.pay(seen.provider_ref, card)
        made = provider.read_means(seen.provider_ref)
        assert made.state is SavedState.ACTIVE
        assert made.means_ref is not None
        return made.means_ref

    return save


class SimHttp(stripe.HTTPClient):
    """The transport of Stripe's library, leading to the simulated provider instead of the network."""

    name = "simulated"

    def __init__(self, simulated: SimulatedStripe) -> None:
        super().__init__()
        self._simulated = simulated

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        parts = urlsplit(url)
        sent = parse_qsl(parts.query, keep_blank_values=True) + parse_qsl(post_data or "", keep_blank_values=True)
        head = headers or {}
        assert head["Stripe-Version"] == "2026-10-28.endive"
        key = head.get("Idempotency-Key") if method.lower() == "post" else None
        try:
            status, answer = self._simulated.request(
                method.upper(), parts.path.removeprefix("/v1/"), _nested(sent), key
            )
        except Upstream as cut:
            raise stripe.APIConnectionError("cut", should_retry=False) from cut
        return json.dumps(answer), status, {}

    def close(self) -> None:
        """Nothing is open."""


def _nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """The parameters of a form: a[b][0]=c."""
    made: dict[str, Any] = {}
    for name, value in pairs:
        steps = name.replace("]", "").split("[")
        at = made
        for step in steps[:-1]:
            at = at.setdefault(step, {})
        at[steps[-1]] = value
    return {name: _as_lists(value) for name, value in made.items()}


def _as_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _as_lists(each) for name, each in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


# ---------------------------------------------------------------- others

NUMBERS = {
    "pm_card_visa": "4242424242424242",
    "pm_card_chargeCustomerFail": "4000000000000341",
}


class OlderApi(StripeApi):
    """localstripe speaks an older version, in which one parameter had another name."""

    def post(self, path: str, params: Mapping[str, Any], key: str | None = None) -> dict[str, Any]:
        named = {
            "payment_method_types" if name == "allowed_payment_method_types" else name: value
            for name, value in params.items()
        }
        return super().post(path, named, key)


@contextmanager
def localstripe() -> Iterator[Peer]:
    """localstripe, as a process of its own on a free port."""
    port = free_port()
    program = Path(sys.executable).with_name("localstripe")
    with subprocess.Popen(
        [program, "--port", str(port), "--from-scratch"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, process)
            api = OlderApi("sk_test_localstripe", base_url=url)
            provider = Intents("stripe", api, site=SITE, live=False, secrets=[SECRET], language="fr")
            yield Peer("localstripe", provider, LOCALSTRIPE, lambda card: _attached(api, card))
        finally:
            process.terminate()


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        try:
            urlopen(url, timeout=1).close()
            return
        except URLError as failure:
            if getattr(failure, "code", None) is not None:
                return  # it answers
            assert process.poll() is None, "localstripe ended"
            time.sleep(0.1)
    raise AssertionError("localstripe does not answer")


def _attached(api: StripeApi, card: str) -> str:
    customer = api.post("customers", {})["id"]
    given = {"number": NUMBERS[card], "exp_month": 12, "exp_year": 2032, "cvc": "123"}
    means = api.post("payment_methods", {"type": "card", "card": given})["id"]
    api.post(f"payment_methods/{means}/attach", {"customer": customer})
    return f"{customer}/card/{means}"


def test_mode() -> Peer:
    """Stripe's own test mode, with the key of the environment."""
    api = StripeApi(os.environ[STRIPE_KEY])
    provider = Intents("stripe", api, site=SITE, live=False, secrets=[SECRET], language="fr")

    def save(card: str) -> str:
        customer = api.post("customers", {})["id"]
        made = api.post(f"payment_methods/{card}/attach", {"customer": customer})["id"]
        return f"{customer}/card/{made}"

    return Peer("stripe test mode", provider, TEST_MODE, save)


test_mode.__test__ = False  # type: ignore[attr-defined]  # not a test, in spite of its name

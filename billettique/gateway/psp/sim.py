"""The simulated provider as one of ours: the same requests as to Stripe, and the way its events reach us.

Never in production: opening it there is Refused, and the configuration refuses to start with it.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from billettique.gateway.psp import signing
from billettique.gateway.psp.intents import Intents
from billettique.gateway.psp.refusals import refusal
from billettique.gateway.psp.simbank import Bank
from billettique.gateway.psp.simulated import SimulatedStripe
from mobigo.base.errors import MobigoError, Refused
from mobigo.infra import keys
from mobigo.infra.config import Config

NAME: Final = "sim"
# When nobody takes an event, it comes again, as Stripe's do, for three days.
AGAIN: Final = timedelta(minutes=1)
DELIVERIES: Final = 200
BANK_TIME: Final = timedelta(minutes=2)


class SimApi:
    """The transport: no network, one file."""

    def __init__(self, stripe: SimulatedStripe) -> None:
        self._stripe = stripe

    def post(self, path: str, params: Mapping[str, Any], key: str | None = None) -> dict[str, Any]:
        return self._asked("POST", path, params, key)

    def get(self, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
        return self._asked("GET", path, params, None)

    def _asked(self, method: str, path: str, params: Mapping[str, Any], key: str | None) -> dict[str, Any]:
        status, answer = self._stripe.request(method, path, params, key)
        if status == 200:
            return answer
        raise refusal(method, status, answer.get("error") or {}, NAME)


class Sim(Intents):
    """The provider `sim`; `stripe` and `bank` are its other side."""

    def __init__(self, config: Config, clock: Callable[[], datetime]) -> None:
        if config.production:
            raise Refused("config.sim_payments", setting="MOBIGO_PAYMENTS")
        self._secret = "whsec_" + keys.derived(config, "billettique.sim").hex()
        self.stripe = SimulatedStripe(config.home / "sim" / "provider.sqlite", clock, config.base_url)
        self.bank = Bank(self.stripe)
        super().__init__(
            NAME, SimApi(self.stripe), site=config.base_url, live=False, secrets=[self._secret],
            language=config.language,
        )  # fmt: skip

    def deliver(self, take: Callable[[bytes, Mapping[str, str]], object], *, limit: int = DELIVERIES) -> int:
        """Send the events that are due to `take(body, headers)`, signed; one it raises on comes again later, and so
        does one whose sender dies. Two senders at once do not send the same."""
        at = self.stripe.clock()
        with self.stripe.shelf.open() as book:
            due = book.due(at.timestamp(), limit)
            for n, _event in due:
                book.later(n, (at + AGAIN).timestamp())
        taken = []
        for n, event in due:
            body = json.dumps(event).encode()
            with suppress(MobigoError):
                take(body, self.signed(body))
                taken.append(n)
        if taken:
            with self.stripe.shelf.open() as book:
                for n in taken:
                    book.sent(n, at.timestamp())
        return len(due)

    def pass_time(self) -> None:
        """What takes days at a bank takes two minutes here: debits end, refunds arrive or come back."""
        before = (self.stripe.clock() - BANK_TIME).timestamp()
        for intent in self.bank.waiting_debits(before):
            self.bank.settle(intent)
        self.bank.end_refunds(before)

    def signed(self, body: bytes) -> dict[str, str]:
        """The headers under which this body is believed."""
        return {signing.HEADER: signing.sign(body, self._secret, self.stripe.clock())}

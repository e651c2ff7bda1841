"""A provider that speaks Stripe's API: what `stripe` and `sim` share, over one small transport.

A buyer pays on a hosted form (Checkout Session), so that no card number ever reaches us; a saved means is debited by a
PaymentIntent. One call makes one object, under the key of the payment; what we wrote on it (`metadata`) is how it is
known again. Nothing here believes an event: it says which object to read.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, Protocol

from billettique.gateway.psp import shapes, signing
from billettique.gateway.psp.shapes import Document
from billettique.model.payments import (
    Abilities,
    BalanceLine,
    Notice,
    PaymentAsk,
    PaymentState,
    RefundState,
    SaveAsk,
    Seen,
    SeenDispute,
    SeenMeans,
    SeenRefund,
)
from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput, NotFound, Refused
from mobigo.base.money import Money

MEANS: Final = frozenset({"card", "sepa_debit"})
# "10,000 € per debit" (Stripe, SEPA Direct Debit).
SEPA_MOST: Final = Money(1_000_000)
PAGE: Final = 100
PAGES_MAX: Final = 200
_SESSION: Final = ("payment_intent", "payment_intent.latest_charge")


class Declined(Exception):
    """The transport was told no, surely: `error` is the document that says why."""

    def __init__(self, error: Document) -> None:
        super().__init__(str(error.get("code")))
        self.error = error


class Api(Protocol):
    """The transport. Raises Declined for an error that is an answer (402, or 400 on what exists), NotFound, Refused for
    a request that is wrong, Upstream when nothing is known."""

    def post(self, path: str, params: Mapping[str, Any], key: str | None = None) -> dict[str, Any]: ...

    def get(self, path: str, params: Mapping[str, Any]) -> dict[str, Any]: ...


class Intents:
    """See `billettique.model.payments.Provider` for what each method promises."""

    abilities = Abilities(refunds=True, answers=True, saves=True, person=False, means=MEANS, accounts=True)

    def __init__(self, name: str, api: Api, *, site: str, live: bool, secrets: Sequence[str], language: str) -> None:
        self.name, self.live = name, live
        self._api, self._site, self._secrets, self._language = api, site, tuple(secrets), language

    # ------------------------------------------------------------ payments

    def create(self, ask: PaymentAsk) -> Seen:
        if ask.means not in MEANS:
            raise InvalidInput("payments.unknown_means", means=ask.means)
        if ask.means == "sepa_debit" and ask.amount > SEPA_MOST:
            raise Refused("payments.debit_too_large", most=SEPA_MOST)
        return self._debit(ask) if ask.means_ref is not None else self._form(ask)

    def _form(self, ask: PaymentAsk) -> Seen:
        if ask.return_url is None:
            raise InvalidInput("payments.no_return_url")
        written = self._written(ask.order_id, ask.key, "form")
        try:
            return self._session(self._api.post("checkout/sessions", self._form_of(ask, written), ask.key))
        except Declined as refused:
            return self._refused(ask, refused)

    def _form_of(self, ask: PaymentAsk, written: Mapping[str, str]) -> dict[str, Any]:
        return {
            "mode": "payment",
            "allowed_payment_method_types": [ask.means],
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": "eur",
                        "unit_amount": ask.amount.cents,
                        "product_data": {"name": f"Mobigo {ask.order_id}"},
                    },
                }
            ],
            "success_url": ask.return_url,
            "cancel_url": ask.return_url,
            "client_reference_id": ask.order_id,
            "locale": self._language,
            "adaptive_pricing": {"enabled": False},  # in euros, whatever the card
            "metadata": written,
            "payment_intent_data": {"metadata": written},
            "expand": list(_SESSION),
        }

    def _refused(self, ask: PaymentAsk, refused: Declined) -> Seen:
        """Nothing was made, surely."""
        return Seen(
            provider_ref=f"declined:{ask.key}", state=PaymentState.FAILED, amount=ask.amount, live=self.live,
            order_id=ask.order_id, key=ask.key, why=shapes.why(refused.error) or Decision("payments.declined"),
        )  # fmt: skip

    def _debit(self, ask: PaymentAsk) -> Seen:
        customer, kind, means = _parts(ask.means_ref or "")
        try:
            made = self._api.post(
                "payment_intents",
                {
                    "amount": ask.amount.cents,
                    "currency": "eur",
                    "customer": customer,
                    "payment_method": means,
                    "allowed_payment_method_types": [kind],
                    "confirm": True,
                    "off_session": True,
                    "metadata": self._written(ask.order_id, ask.key, "debit"),
                    "expand": ["latest_charge"],
                },
                ask.key,
            )
        except Declined as refused:
            intent = refused.error.get("payment_intent")
            if isinstance(intent, Mapping):
                return self._intent(self._api.get(f"payment_intents/{intent['id']}", {"expand": ["latest_charge"]}))
            return self._refused(ask, refused)
        return self._intent(made)

    def _written(self, order_id: str, key: str, way: str) -> dict[str, str]:
        return {"mobigo_site": self._site, "mobigo_order": order_id, "mobigo_key": key, "mobigo_way": way}

    def read(self, provider_ref: str) -> Seen:
        if provider_ref.startswith("cs_"):
            return self._session(self._api.get(f"checkout/sessions/{provider_ref}", {"expand": list(_SESSION)}))
        if provider_ref.startswith("ch_") or provider_ref.startswith("py_"):
            charge = self._api.get(f"charges/{provider_ref}", {})
            provider_ref = shapes.ref_of(charge.get("payment_intent")) or ""
        if not provider_ref.startswith("pi_"):
            raise NotFound("payments.unknown_object", ref=provider_ref[:80])
        return self._of_intent(self._api.get(f"payment_intents/{provider_ref}", {"expand": ["latest_charge"]}))

    def _of_intent(self, intent: Document) -> Seen:
        """An intent that a form made is read through its form: refused once, it may still be paid there."""
        if (intent.get("metadata") or {}).get("mobigo_way") == "form":
            listed = self._api.get(
                "checkout/sessions",
                {"payment_intent": intent["id"], "limit": 1, "expand": [f"data.{name}" for name in _SESSION]},
            )
            if listed["data"]:
                return self._session(listed["data"][0])
        return self._intent(intent)

    def _intent(self, intent: Document) -> Seen:
        return shapes.seen_intent(intent, self._site, self._disputes(intent))

    def _session(self, session: Document) -> Seen:
        intent = shapes.expanded(session.get("payment_intent"))
        return shapes.seen_session(session, self._site, () if intent is None else self._disputes(intent))

    def _disputes(self, intent: Document) -> tuple[SeenDispute, ...]:
        charge = shapes.expanded(intent.get("latest_charge"))
        if charge is None or not charge.get("disputed"):
            return ()
        listed = self._api.get("disputes", {"payment_intent": intent["id"], "limit": PAGE})
        return tuple(map(shapes.seen_dispute, listed["data"]))

    def find(self, key: str) -> Seen | None:
        if not key.isalnum():
            raise InvalidInput("payments.bad_key")
        query = f"metadata['mobigo_key']:'{key}'"
        found = self._api.get("payment_intents/search", {"query": query, "limit": 10, "expand": ["data.latest_charge"]})
        seen = [self._of_intent(each) for each in found["data"]]
        # Two would mean that a key was forgotten and used again: the one that was paid counts.
        return min(seen, key=lambda each: each.state is not PaymentState.SUCCEEDED, default=None)

    def cancel(self, provider_ref: str) -> Seen:
        if provider_ref.startswith("cs_"):
            path = f"checkout/sessions/{provider_ref}/expire"
        elif provider_ref.startswith("pi_"):
            path = f"payment_intents/{provider_ref}/cancel"
        else:
            raise NotFound("payments.unknown_object", ref=provider_ref[:80])
        with suppress(Declined, Refused):  # too late, or done before: how it stands tells which
            self._api.post(path, {})
        return self.read(provider_ref)

    # ------------------------------------------------------------ refunds, disputes

    def refund(self, provider_ref: str, amount: Money, key: str) -> SeenRefund:
        intent = provider_ref
        if provider_ref.startswith("cs_"):
            session = self._api.get(f"checkout/sessions/{provider_ref}", {})
            intent = shapes.ref_of(session.get("payment_intent")) or ""
        given = {
            "payment_intent": intent,
            "amount": amount.cents,
            "metadata": {"mobigo_site": self._site, "mobigo_refund": key},
        }
        try:
            return shapes.seen_refund(self._api.post("refunds", given, key))
        except Declined as refused:
            known = self._refund_made(intent, key)
            return known or SeenRefund(
                f"declined:{key}", RefundState.FAILED, amount,
                Decision("payments.refund_refused", reason=str(refused.error.get("code"))[:60]),
            )  # fmt: skip

    def find_refund(self, provider_ref: str, key: str) -> SeenRefund | None:
        """The refund we wrote this key on, however long ago."""
        intent = provider_ref
        if provider_ref.startswith("cs_"):
            session = self._api.get(f"checkout/sessions/{provider_ref}", {})
            intent = shapes.ref_of(session.get("payment_intent")) or ""
        return self._refund_made(intent, key)

    def _refund_made(self, intent: str, key: str) -> SeenRefund | None:
        for each in self._pages("refunds", {"payment_intent": intent}):
            if (each.get("metadata") or {}).get("mobigo_refund") == key:
                return shapes.seen_refund(each)
        return None

    def read_refund(self, refund_ref: str) -> SeenRefund:
        return shapes.seen_refund(self._api.get(f"refunds/{refund_ref}", {}))

    def answer_dispute(self, dispute_ref: str, proof: str) -> None:
        self._api.post(f"disputes/{dispute_ref}", {"evidence": {"uncategorized_text": proof[:20_000]}, "submit": True})

    # ------------------------------------------------------------ saved means

    def save(self, ask: SaveAsk) -> SeenMeans:
        if ask.means not in MEANS:
            raise InvalidInput("payments.unknown_means", means=ask.means)
        written = {"mobigo_site": self._site, "mobigo_holder": ask.holder, "mobigo_key": ask.key}
        customer = self._api.post("customers", {"metadata": written}, f"{ask.key}-customer")
        made = self._api.post(
            "checkout/sessions",
            {
                "mode": "setup",
                "customer": customer["id"],
                "allowed_payment_method_types": [ask.means],
                "success_url": ask.return_url,
                "cancel_url": ask.return_url,
                "locale": self._language,
                "metadata": written,
                "setup_intent_data": {"metadata": written},
                "expand": ["setup_intent", "setup_intent.payment_method"],
            },
            ask.key,
        )
        return shapes.seen_setup(made, self._site)

    def read_means(self, provider_ref: str) -> SeenMeans:
        expand = ["setup_intent", "setup_intent.payment_method"]
        return shapes.seen_setup(self._api.get(f"checkout/sessions/{provider_ref}", {"expand": expand}), self._site)

    def forget(self, means_ref: str) -> None:
        _, _, means = _parts(means_ref)
        try:
            self._api.post(f"payment_methods/{means}/detach", {})
        except (Declined, Refused, NotFound):
            return  # it kept it no longer

    # ------------------------------------------------------------ what it says by itself

    def notice(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Notice:
        signing.verify(body, headers.get(signing.HEADER), self._secrets, now)
        try:
            event = json.loads(body)
            if bool(event["livemode"]) != self.live:
                raise Refused("payments.forged_notice", why="livemode")
            return shapes.notice(event, self.name)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            raise Refused("payments.forged_notice", why="body") from None

    def notices(self, since: datetime) -> Iterable[Notice]:
        found = list(self._pages("events", {"created": {"gte": int(since.timestamp())}}))
        for event in reversed(found):
            yield shapes.notice(event, self.name)

    def recent(self, since: datetime) -> Iterable[Seen]:
        given = {"created": {"gte": int(since.timestamp())}, "expand": ["data.latest_charge"]}
        for intent in self._pages("payment_intents", given):
            if (intent.get("metadata") or {}).get("mobigo_site") != self._site:
                continue
            # One that was paid is read already: thousands are, and a question for each would take the night.
            yield self._intent(intent) if intent["status"] == "succeeded" else self._of_intent(intent)

    def balance(self, since: datetime, until: datetime) -> Sequence[BalanceLine]:
        span = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
        found = {
            each["id"]: shapes.balance_line(each, None)
            for each in self._pages("balance_transactions", {"created": span, "expand": ["data.source"]})
        }
        for payout in self._pages("payouts", {"created": span}):
            lines = self._pages("balance_transactions", {"payout": payout["id"], "expand": ["data.source"]})
            found |= {each["id"]: shapes.balance_line(each, payout["id"]) for each in lines}
        return sorted(found.values(), key=lambda line: (line.at, line.ref))

    def _pages(self, path: str, given: Mapping[str, Any]) -> Iterator[Document]:
        after: dict[str, str] = {}
        for _ in range(PAGES_MAX):
            page = self._api.get(path, {**given, "limit": PAGE, **after})
            yield from page["data"]
            if not page.get("has_more") or not page["data"]:
                return
            after = {"starting_after": page["data"][-1]["id"]}
        raise Refused("payments.too_many_pages", path=path)


def _parts(means_ref: str) -> tuple[str, str, str]:
    parts = means_ref.split("/")
    if len(parts) != 3 or not all(parts):
        raise InvalidInput("payments.bad_means_ref")
    return parts[0], parts[1], parts[2]

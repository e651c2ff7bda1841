"""The simulated provider itself, as if it stood elsewhere: Stripe's paths, parameters, documents and faults, over one
file. What a payer or a bank does with it is in `simbank`; what we ask of it goes through `sim` or through `stripe`.

Every answer is a document with keys of Stripe's own; parameters Stripe does not know are refused, a key used again
replays its answer, even a 500, for a day. It never exists in production.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from billettique.gateway.psp.simcards import CARDS
from billettique.gateway.psp.simstore import Book, Document, Shelf
from billettique.gateway.psp.simwire import (
    PARAMETERS,
    Answer,
    chargeable,
    contested,
    existing,
    expanded,
    items,
    more,
    route_of,
    span,
    true,
    whole,
)
from mobigo.base.errors import Upstream

KEY_LIFE_S: Final = 24 * 3600
FORM_LIFE_S: Final = 24 * 3600
# 1.5 % and 25 cents a card, 35 cents a debit, 20 € a dispute lost: figures of the simulation.
FEE_PER_MILLE: Final = 15
FEE_CARD_CENTS: Final = 25
FEE_DEBIT_CENTS: Final = 35


class SimulatedStripe:
    """The provider. `clock` tells its time; `site_url` is where its hosted pages are (ours, in a demonstration)."""

    def __init__(self, path: Path, clock: Callable[[], datetime], site_url: str = "", *, live: bool = False) -> None:
        self.shelf = Shelf(path)
        self.clock = clock
        self.site_url = site_url
        self.live = live

    def now_s(self) -> float:
        return self.clock().timestamp()

    def request(
        self, method: str, path: str, params: Mapping[str, Any], key: str | None = None
    ) -> tuple[int, Document]:
        """(status, document) of one call. Raises Upstream where the script has the line cut, before or after."""
        path_of, ref = route_of(method, path)
        with self.shelf.open() as book:
            fault = book.next_fault(path)
            if fault == "before":
                book.log(self.now_s(), method, path, key, None, fault)
                status, answer = 0, dict[str, Any]()
            else:
                status, answer = self._answer(book, path_of, ref, method, path, params, key, fault)
                book.log(self.now_s(), method, path, key, status, fault)
        if fault in ("before", "after"):
            raise Upstream("payments.provider_silent", provider="sim")
        return status, answer

    def _answer(
        self, book: Book, route: str, ref: str, method: str, path: str, params: Mapping[str, Any], key: str | None,
        fault: str | None,
    ) -> tuple[int, Document]:  # fmt: skip
        asked = json.dumps(params, sort_keys=True, default=str)
        if key is not None and method == "POST":
            known = book.answered(key, self.now_s() - KEY_LIFE_S)
            if known is not None:
                if known[:2] != (path, asked):
                    return 400, Answer(400, "idempotency_key_in_use", "other request", "idempotency_error").document
                return known[2], known[3]
        if fault == "500":
            status, answer = 500, Answer(500, "api_error", "An error occurred", "api_error").document
        else:
            try:
                status, answer = 200, self._handled(book, route, ref, params)
            except Answer as refused:
                status, answer = refused.status, refused.document
            if fault == "500_after":
                status, answer = 500, Answer(500, "api_error", "An error occurred", "api_error").document
        # Only what began to be done is kept: a request with a wrong parameter is not.
        if key is not None and method == "POST" and status not in (400, 404):
            book.keep(key, path, asked, status, answer, self.now_s())
        return status, answer

    def _handled(self, book: Book, route: str, ref: str, params: Mapping[str, Any]) -> Document:
        if route not in PARAMETERS:
            raise Answer(404, "resource_missing", f"Unrecognized request URL ({route})")
        unknown = sorted(set(params) - PARAMETERS[route])
        if unknown:
            raise Answer(400, "parameter_unknown", f"Received unknown parameter: {unknown[0]}")
        method, _, rest = route.partition(" ")
        handler = getattr(self, f"_{method.lower()}_{rest.replace('/*', '_one').replace('/', '_')}")
        answer: Document = handler(book, ref, params)
        return expanded(book, answer, params.get("expand") or ())

    # ------------------------------------------------------------ customers, forms

    def _post_customers(self, book: Book, ref: str, params: Mapping[str, Any]) -> Document:
        return book.put({**self._new(book, "cus", "customer"), "metadata": dict(params.get("metadata") or {})})

    def _post_checkout_sessions(self, book: Book, ref: str, params: Mapping[str, Any]) -> Document:
        mode = params.get("mode")
        if mode not in ("payment", "setup"):
            raise Answer(400, "parameter_invalid", "mode")
        total = None
        if mode == "payment":
            lines = items(params.get("line_items"))
            total = sum(whole(line["price_data"], "unit_amount") * whole(line, "quantity") for line in lines)
            chargeable(total)
        made = self._new(book, "cs_sim", "checkout.session")
        return book.put(
            {
                **made, "mode": mode, "status": "open", "payment_status": "unpaid", "amount_total": total,
                "amount_subtotal": total, "currency": "eur", "customer": params.get("customer"),
                "payment_intent": None, "setup_intent": None, "metadata": dict(params.get("metadata") or {}),
                "payment_method_types": list(items(params.get("allowed_payment_method_types")) or ["card"]),
                "success_url": params.get("success_url"), "cancel_url": params.get("cancel_url"),
                "client_reference_id": params.get("client_reference_id"), "locale": params.get("locale"),
                "expires_at": made["created"] + FORM_LIFE_S, "url": f"{self.site_url}/simulation/paiement/{made['id']}",
            }
        )  # fmt: skip

    def _get_checkout_sessions(self, book: Book, ref: str, params: Mapping[str, Any]) -> Document:
        return self._page(book, "checkout.session", params, note=params.get("payment_intent"))

    def _get_checkout_sessions_one(self, book: Book, ref: str, params: Mapping[str, Any]) -> Document:
        return self.session(book, ref)

    def session(self, book: Book, ref: str) -> Document:
        """A form as it stands: one whose time is over is expired."""
        found = existing(book.get("checkout.session", ref), ref)
        if found["status"] == "open" and self.now_s() >= found["expires_at"]:
            return self._expire(book, found)
        return found

    def _post_checkout_sessions_one_expire(self, book: Book, ref: str, params: Mapping[str, Any]) -> Document:
        found = self.session(book, ref)
        if found["status"] != "open":
            raise Answer(400, "resource_not_open", "Only Checkout Sessions with a status in [open] can be expired")
        return self._expire(book, found)

    def _expire(self, book: Book, session: Document) -> Document:
        session |= {"status": "expired", "url": None}
        if session["payment_intent"] is not None:
            intent = existing(book.get("payment_intent", session["payment_intent"]), session["payment_intent"])
            self.cancel_intent(book, intent, "expired")
        book.put(session)
        self.say(book, "checkout.session.expired", session)
        return session

    # ------------------------------------------------------------ intents

    def _post_payment_intents(self, book: Book, ref: str, params: Mapping[str, Any]) -> Document:
        amount = whole(params, "amount")
        chargeable(amount)
        means = existing(
            book.get("payment_method", str(params.get("payment_method"))), str(params.get("payment_method"))
        )
        if params.get("customer") != means["customer"]:
            raise Answer(400, "payment_method_unexpected_state", "The payment method is not of this customer")
        intent = self.new_intent(
            book, amount, str(params.get("currency")), dict(params.get("metadata") or {}), means["type"]
        )
        intent |= {"customer": means["customer"], "payment_method": means["id"]}
        refusal = self.confirm(book, intent, off_session=true(params.get("off_session")))
        if refusal is not None:
            raise Answer(402, refusal["code"], refusal["message"], "card_error", **more(refusal), payment_intent=intent)
        return intent

    def new_intent(self, book: Book, amount: int, currency: str, metadata: Document, kind: str) -> Document:
        """An intent of which nothing was tried."""
        intent = {
            **self._new(book, "pi_sim", "payment_intent"), "amount": amount, "amount_received": 0, "currency": currency,
            "metadata": metadata, "status": "requires_payment_method", "payment_method_types": [kind],
            "payment_method": None, "customer": None, "latest_charge": None, "last_payment_error": None,
            "next_action": None, "canceled_at": None, "cancellation_reason": None,
        }  # fmt: skip
        book.put(intent, note=metadata.get("mobigo_key"))
        self.say(book, "payment_intent.created", intent)
        return intent

    def confirm(
        self, book: Book, intent: Document, *, off_session: bool, authenticated: bool = False
    ) -> Document | None:
        """Try the intent's means; the refusal, if it is refused."""
        means = existing(book.get("payment_method", intent["payment_method"]), str(intent["payment_method"]))
        card = CARDS[means["metadata"]["simulated"]]
        intent |= {"next_action": None, "last_payment_error": None}
        if card.ask_3ds and not authenticated:
            if off_session:
                return self.refuse(book, intent, "authentication_required", "authentication_required")
            url = f"{self.site_url}/simulation/3ds/{intent['id']}"
            intent |= {
                "status": "requires_action",
                "next_action": {"type": "redirect_to_url", "redirect_to_url": {"url": url, "return_url": None}},
            }
            book.put(intent)
            self.say(book, "payment_intent.requires_action", intent)
            return None
        if card.decline is not None:
            return self.refuse(book, intent, *card.decline)
        if card.late is not None:
            intent |= {"status": "processing"}
            book.put(intent, parent="processing")
            self.say(book, "payment_intent.processing", intent)
            return None
        self.receive(book, intent, card.kind)
        if card.dispute:
            self.contest(book, intent, "fraudulent", "needs_response")
        return None

    def refuse(self, book: Book, intent: Document, code: str, decline_code: str | None) -> Document:
        """The bank says no; the intent waits for another means."""
        error = {"type": "card_error", "code": code, "message": "Your card was declined."}
        if decline_code:
            error["decline_code"] = decline_code
        intent |= {"status": "requires_payment_method", "last_payment_error": error, "next_action": None}
        book.put(intent)
        self.say(book, "payment_intent.payment_failed", intent)
        return error

    def receive(self, book: Book, intent: Document, kind: str) -> None:
        """The money arrives: a charge, its line, the events."""
        amount = intent["amount"]
        fee = FEE_DEBIT_CENTS if kind == "sepa_debit" else (amount * FEE_PER_MILLE + 500) // 1000 + FEE_CARD_CENTS
        charge = {
            **self._new(book, "ch_sim", "charge"), "amount": amount, "amount_captured": amount, "amount_refunded": 0,
            "captured": True, "paid": True, "refunded": False, "disputed": False, "status": "succeeded",
            "currency": intent["currency"], "payment_intent": intent["id"], "metadata": dict(intent["metadata"]),
        }  # fmt: skip
        category = "payment" if kind == "sepa_debit" else "charge"
        charge["balance_transaction"] = self.line(book, amount, fee, category, "charge", charge["id"])
        book.put(charge, parent=intent["id"])
        intent |= {"status": "succeeded", "amount_received": amount, "latest_charge": charge["id"]}
        book.put(intent)
        self.say(book, "charge.succeeded", charge)
        self.say(book, "payment_intent.succeeded", intent)

    def contest(self, book: Book, intent: Document, reason: str, status: str) -> Document:
        """The payer contests: the money leaves at once."""
        charge = existing(book.get("charge", intent["latest_charge"]), str(intent["latest_charge"]))
        charge["disputed"] = True
        book.put(charge)
        dispute = self._new(book, "du_sim", "dispute") | contested(charge, reason, status, int(self.now_s()))
        self.line(book, -charge["amount"], 0, "adjustment", "dispute", dispute["id"])
        book.put(dispute, parent=intent["id"])
        self.say(book, "charge.dispute.created", dispute)
        return dispute

    def cancel_intent(self, book: Book, intent: Document, reason: str) -> Document:
        """Nothing more will come of it."""
        intent |= {"status": "canceled", "canceled_at": int(self.now_s()), "cancellation_reason": reason}
        book.put(intent)
        self.say(book, "payment_intent.canceled", intent)
        return intent

    def _get_payment_intents(self, book: Book, ref: str, params: Mapping[str, Any]) -> Document:
        return self._page(book, "payment_intent", params)

    def _get_payment_intents_search(self, book: Book, ref: str, params: Mapping[str, Any]) -> Document:
        head, _, tail = str(params.get("query")).partition("metadata['mobigo_key']:'")
        if head or not tail.endswith("'"):
            raise Answer(400, "parameter_invalid", "query")
        page = self._page(book, "payment_intent", {"limit": params.get("limit", 10)}, note=tail[:-1])
        return {**page, "object": "search_result", "next_page": None}

    def _get_payment_intents_one(self, book: Book, ref: str, params: Mapping[str, Any]) -> Document:
        return existing(book.get("payment_intent", ref), ref)

    def _post_payment_intents_one_cancel(self, book: Book, ref: str, params: Mapping[str, Any]) -> Document:
        intent = existing(book.get("payment_intent", ref), ref)
        if intent["status"] in ("succeeded", "canceled", "processing"):
            raise Answer(400, "payment_intent_unexpected_state", f"status of {intent['status']}")
        return self.cancel_intent(book, intent, str(params.get("cancellation_reason") or "abandoned"))

    # ------------------------------------------------------------ refunds, disputes, accounts

    def _post_refunds(self, book: Book, ref: str, params: Mapping[str, Any]) -> Document:
        intent = existing(
            book.get("payment_intent", str(params.get("payment_intent"))), str(params.get("payment_intent"))
        )
        charge = book.get("charge", str(intent["latest_charge"]))
        if charge is None:
            raise Answer(400, "payment_intent_unexpected_state", "This PaymentIntent has no successful charge")
        left = charge["amount"] - charge["amount_refunded"]
        amount = whole(params, "amount") if params.get("amount") is not None else left
        if charge["disputed"] and any(
            each["status"] not in ("won", "warning_closed") for each in book.listed("dispute", parent=intent["id"])
        ):
            raise Answer(400, "charge_disputed", "Charge has been charged back; cannot issue a refund")
        if left == 0:
            raise Answer(400, "charge_already_refunded", "Charge has already been refunded")
        if not 0 < amount <= left:
            raise Answer(400, "amount_too_large", f"Refund amount is greater than unrefunded amount ({left})")
        means = book.get("payment_method", str(intent["payment_method"]))
        ends = "succeeded" if means is None else CARDS[means["metadata"]["simulated"]].refund
        refund = {
            **self._new(book, "re_sim", "refund"), "amount": amount, "currency": charge["currency"],
            "payment_intent": intent["id"], "charge": charge["id"], "metadata": dict(params.get("metadata") or {}),
            "reason": params.get("reason"), "status": "succeeded" if ends == "failed" else ends,
        }  # fmt: skip
        del refund["livemode"]
        refund["balance_transaction"] = self.line(book, -amount, 0, "refund", "refund", refund["id"])
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        book.put(charge)
        book.put(refund, parent=intent["id"], note="waiting" if ends != "succeeded" else None)
        self.say(book, "refund.created", refund)
        self.say(book, "charge.refunded", charge)
        return refund

    def _get_refunds(self, book: Book, ref: str, params: Mapping[str, Any]) -> Document:
        return self._page(book, "refund", params, parent=params.get("payment_intent"))

    def _get_refunds_one(self, book: Book, ref: str, params: Mapping[str, Any]) -> Document:
        return existing(book.get("refund", ref), ref)

    def _get_charges_one(self, book: Book, ref: str, params: Mapping[str, Any]) -> Document:
        return existing(book.get("charge", ref), ref)

    def _get_disputes(self, book: Book, ref: str, params: Mapping[str, Any]) -> Document:
        return self._page(book, "dispute", params, parent=params.get("payment_intent"))

    def _post_disputes_one(self, book: Book, ref: str, params: Mapping[str, Any]) -> Document:
        dispute = existing(book.get("dispute", ref), ref)
        dispute["evidence"] |= dict(params.get("evidence") or {})
        if true(params.get("submit")) and dispute["status"] == "needs_response":
            dispute["status"] = "under_review"
        return book.put(dispute)

    def _post_payment_methods_one_detach(self, book: Book, ref: str, params: Mapping[str, Any]) -> Document:
        means = existing(book.get("payment_method", ref), ref)
        if means["customer"] is None:
            raise Answer(400, "payment_method_unexpected_state", "The payment method is not attached to a customer")
        return book.put({**means, "customer": None})

    def _get_events(self, book: Book, ref: str, params: Mapping[str, Any]) -> Document:
        low, _ = span(params)
        return self._cut(book.events(low), params)

    def _get_balance_transactions(self, book: Book, ref: str, params: Mapping[str, Any]) -> Document:
        return self._page(book, "balance_transaction", params, note=params.get("payout"))

    def _get_payouts(self, book: Book, ref: str, params: Mapping[str, Any]) -> Document:
        return self._page(book, "payout", params)

    def line(self, book: Book, amount: int, fee: int, kind: str, category: str, source: str) -> str:
        """A line of the account; its id."""
        made = self._new(book, "txn_sim", "balance_transaction")
        del made["livemode"]
        book.put(
            {
                **made, "amount": amount, "fee": fee, "net": amount - fee, "currency": "eur", "type": kind,
                "reporting_category": category, "source": source, "status": "available",
                "available_on": made["created"], "description": None, "exchange_rate": None, "fee_details": [],
            },
        )  # fmt: skip
        return str(made["id"])

    # ------------------------------------------------------------ events, pages

    def say(self, book: Book, kind: str, about: Document) -> None:
        """An event, delivered as soon as somebody delivers."""
        event = {
            **self._new(book, "evt_sim", "event"), "type": kind, "api_version": None, "data": {"object": dict(about)},
            "pending_webhooks": 1, "request": {"id": None, "idempotency_key": None},
        }  # fmt: skip
        book.say(event, self.now_s())

    def _new(self, book: Book, prefix: str, kind: str) -> Document:
        number = book.number(prefix)
        return {"id": f"{prefix}_{number:08d}", "object": kind, "created": int(self.now_s()), "livemode": self.live}

    def _page(self, book: Book, kind: str, params: Mapping[str, Any], **by: str | None) -> Document:
        low, high = span(params)
        return self._cut(book.listed(kind, created_min=low, created_max=high, **by), params)

    def _cut(self, found: list[Document], params: Mapping[str, Any]) -> Document:
        after = params.get("starting_after")
        if after is not None:
            at = next((n for n, each in enumerate(found) if each["id"] == after), None)
            if at is None:
                raise Answer(400, "resource_missing", f"No such object: {after}")
            found = found[at + 1 :]
        limit = int(params.get("limit", 10))
        if not 1 <= limit <= 100:
            raise Answer(400, "parameter_invalid_integer", "limit")
        return {"object": "list", "url": "/v1", "has_more": len(found) > limit, "data": found[:limit]}

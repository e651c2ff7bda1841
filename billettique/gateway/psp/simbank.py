"""What payers and banks do with the simulated provider: pay a form, confirm with 3-D Secure, leave, contest; what a
debit becomes after days; the payout of a day. The page of the simulation and the tests call this; our code never does.
"""

from typing import Any, Final

from billettique.gateway.psp.simcards import CARDS
from billettique.gateway.psp.simstore import Book, Document
from billettique.gateway.psp.simulated import SimulatedStripe
from billettique.gateway.psp.simwire import Answer
from mobigo.base.errors import Conflict, NotFound

DISPUTE_FEE_CENTS: Final = 2_000


class Bank:
    """The world around the simulated provider."""

    def __init__(self, stripe: SimulatedStripe) -> None:
        self._stripe = stripe

    # ------------------------------------------------------------ the payer

    def look(self, session_id: str) -> Document:
        """A form, and what became of it. Raises NotFound("payments.unknown_object")."""
        with self._stripe.shelf.open() as book:
            return self._session(book, session_id)

    def pay(self, session_id: str, card_name: str) -> Document:
        """Fill the form with this means and send it; the form afterwards, with `next` where 3-D Secure is asked.

        Raises NotFound("payments.unknown_object"), Conflict("payments.form_closed").
        """
        with self._stripe.shelf.open() as book:
            session = self._session(book, session_id)
            if session["status"] != "open":
                raise Conflict("payments.form_closed")
            card = CARDS[card_name]
            means = book.put(
                {
                    **self._stripe._new(book, "pm_sim", "payment_method"), "type": card.kind,
                    "customer": session["customer"], "metadata": {"simulated": card_name},
                    **({"card": {"brand": "visa", "last4": card.last4}} if card.kind == "card" else {}),
                }
            )  # fmt: skip
            if session["mode"] == "setup":
                return self._set_up(book, session, means)
            intent = self._intent_of(book, session, card.kind)
            intent |= {"payment_method": means["id"], "payment_method_types": [card.kind]}
            book.put(intent)
            self._stripe.confirm(book, intent, off_session=False)
            return self._follow(book, session, intent)

    def authenticate(self, intent_id: str, yes: bool) -> Document:
        """Answer the bank's question (3-D Secure); the form afterwards."""
        with self._stripe.shelf.open() as book:
            intent = book.get("payment_intent", intent_id)
            sessions = book.listed("checkout.session", note=intent_id)
            if intent is None or not sessions:
                raise NotFound("payments.unknown_object", ref=intent_id[:80])
            if intent["status"] != "requires_action":
                raise Conflict("payments.form_closed")
            if yes:
                self._stripe.confirm(book, intent, off_session=False, authenticated=True)
            else:
                self._stripe.refuse(book, intent, "payment_intent_authentication_failure", None)
            return self._follow(book, sessions[0], intent)

    def _session(self, book: Book, session_id: str) -> Document:
        try:
            return self._stripe.session(book, session_id)
        except Answer:
            raise NotFound("payments.unknown_object", ref=session_id[:80]) from None

    def _intent_of(self, book: Book, session: Document, kind: str) -> Document:
        """The form's intent, made when it is first sent, with what the form was to write on it."""
        if session["payment_intent"] is not None:
            known = book.get("payment_intent", session["payment_intent"])
            assert known is not None  # noqa: S101 - written with the session
            return known
        intent = self._stripe.new_intent(
            book, session["amount_total"], session["currency"], dict(session["metadata"]), kind
        )
        session["payment_intent"] = intent["id"]
        book.put(session, note=intent["id"])
        return intent

    def _follow(self, book: Book, session: Document, intent: Document) -> Document:
        """Have the form follow its intent."""
        if intent["status"] in ("succeeded", "processing"):
            paid = intent["status"] == "succeeded"
            session |= {"status": "complete", "payment_status": "paid" if paid else "unpaid", "url": None}
            book.put(session)
            self._stripe.say(book, "checkout.session.completed", session)
        return {**session, "next": intent["next_action"], "error": intent["last_payment_error"]}

    def _set_up(self, book: Book, session: Document, means: Document) -> Document:
        card = CARDS[means["metadata"]["simulated"]]
        good = card.decline is None or card.saved
        mandate = None
        if good and card.kind == "sepa_debit":
            made = self._stripe._new(book, "mandate_sim", "mandate")
            del made["created"]
            mandate = book.put({**made, "status": "active", "type": "multi_use", "payment_method": means["id"]})
        error = (
            None
            if good or card.decline is None
            else {"type": "card_error", "code": card.decline[0], "message": "declined"}
        )
        setup = book.put(
            {
                **self._stripe._new(book, "seti_sim", "setup_intent"), "customer": session["customer"],
                "status": "succeeded" if good else "requires_payment_method", "payment_method": means["id"],
                "mandate": None if mandate is None else mandate["id"], "last_setup_error": error,
                "metadata": dict(session["metadata"]), "usage": "off_session",
            }
        )  # fmt: skip
        session |= {"setup_intent": setup["id"]}
        if good:
            session |= {"status": "complete", "url": None}
        book.put(session)
        self._stripe.say(book, "setup_intent.succeeded" if good else "setup_intent.setup_failed", setup)
        if good:
            self._stripe.say(book, "checkout.session.completed", session)
        return {**session, "next": None, "error": error}

    # ------------------------------------------------------------ the banks, days later

    def waiting_debits(self, asked_before: float = float("inf")) -> list[str]:
        """The debits whose end is not known yet, asked before then, oldest first."""
        with self._stripe.shelf.open() as book:
            found = book.listed("payment_intent", parent="processing")
        return [
            str(each["id"]) for each in found[::-1]
            if each["status"] == "processing" and each["created"] <= asked_before
        ]  # fmt: skip

    def settle(self, intent_id: str) -> None:
        """A debit ends as its means says: paid, refused, or paid and then called back by the payer's bank."""
        with self._stripe.shelf.open() as book:
            intent = book.get("payment_intent", intent_id)
            if intent is None or intent["status"] != "processing":
                raise NotFound("payments.unknown_object", ref=intent_id[:80])
            means = book.get("payment_method", intent["payment_method"])
            late = None if means is None else CARDS[means["metadata"]["simulated"]].late
            sessions = book.listed("checkout.session", note=intent_id)
            if late == "failed":
                self._stripe.refuse(book, intent, "insufficient_funds", None)
            else:
                self._stripe.receive(book, intent, "sepa_debit")
            for session in sessions[:1]:
                session["payment_status"] = "unpaid" if late == "failed" else "paid"
                book.put(session)
                end = "failed" if late == "failed" else "succeeded"
                self._stripe.say(book, f"checkout.session.async_payment_{end}", session)
            if late == "disputed":
                self._stripe.contest(book, intent, "debit_not_authorized", "lost")

    def contest(self, intent_id: str, reason: str = "fraudulent") -> str:
        """The payer contests; the id of the dispute."""
        with self._stripe.shelf.open() as book:
            intent = book.get("payment_intent", intent_id)
            if intent is None or intent["status"] != "succeeded":
                raise NotFound("payments.unknown_object", ref=intent_id[:80])
            return str(self._stripe.contest(book, intent, reason, "needs_response")["id"])

    def judge(self, dispute_id: str, won: bool) -> None:
        """The payer's bank decides; won, the money comes back."""
        with self._stripe.shelf.open() as book:
            dispute = book.get("dispute", dispute_id)
            if dispute is None or dispute["status"] in ("won", "lost"):
                raise NotFound("payments.unknown_object", ref=dispute_id[:80])
            dispute["status"] = "won" if won else "lost"
            if won:
                self._stripe.line(book, dispute["amount"], 0, "adjustment", "dispute_reversal", dispute_id)
            else:
                self._stripe.line(book, 0, DISPUTE_FEE_CENTS, "adjustment", "fee", dispute_id)
            book.put(dispute)
            self._stripe.say(book, "charge.dispute.closed", dispute)

    def end_refunds(self, asked_before: float = float("inf")) -> None:
        """Refunds that wait, asked before then, succeed; those whose card is closed come back."""
        with self._stripe.shelf.open() as book:
            for refund in book.listed("refund", note="waiting"):
                if refund["created"] > asked_before or refund["status"] == "failed":
                    continue
                if refund["status"] == "pending":
                    ended = book.put({**refund, "status": "succeeded"}, note="ended")
                    self._stripe.say(book, "refund.updated", ended)
                    continue
                ended = book.put({**refund, "status": "failed"}, note="ended")
                charge = book.get("charge", refund["charge"])
                assert charge is not None  # noqa: S101 - written with the refund
                book.put({**charge, "amount_refunded": charge["amount_refunded"] - refund["amount"], "refunded": False})
                self._stripe.line(book, refund["amount"], 0, "refund_failure", "refund_failure", refund["id"])
                self._stripe.say(book, "refund.failed", ended)

    def pay_out(self, *, planted_cents: int = 0) -> str | None:
        """Send to the bank what no payout holds yet; its id, None when there is nothing. `planted_cents` is an error
        made on purpose, that a reconciliation has to find."""
        with self._stripe.shelf.open() as book:
            lines = [each for each in book.listed("balance_transaction") if not self._paid_out(book, each["id"])]
            net = sum(each["net"] for each in lines)
            if net <= 0:
                return None
            made = self._stripe._new(book, "po_sim", "payout")
            total = net + planted_cents
            own = self._stripe.line(book, -total, 0, "payout", "payout", made["id"])
            book.put(
                {
                    **made, "amount": total, "currency": "eur", "automatic": True, "status": "paid",
                    "arrival_date": made["created"], "balance_transaction": own, "metadata": {}, "type": "bank_account",
                    "method": "standard", "reconciliation_status": "completed",
                }
            )  # fmt: skip
            for name in (*(each["id"] for each in lines), own):
                line = book.get("balance_transaction", name)
                assert line is not None  # noqa: S101 - listed above
                book.put(line, note=made["id"])
            payout = book.get("payout", made["id"])
            self._stripe.say(book, "payout.paid", payout or {})
            return str(made["id"])

    def _paid_out(self, book: Book, name: str) -> bool:
        return bool(book._run("SELECT 1 FROM object WHERE id = ? AND note IS NOT NULL", (name,)).fetchone())

    # ------------------------------------------------------------ faults

    def script(self, path: str, *faults: str) -> None:
        """Prepare faults for the next calls whose path begins so: "before" (the line is cut, nothing was done),
        "after" (done, the answer is lost), "500" (nothing done), "500_after" (done); a 500 is replayed by its key."""
        with self._stripe.shelf.open() as book:
            for fault in faults:
                book.script(path, fault)

    def log(self) -> list[tuple[Any, ...]]:
        """Every request: (number, at, method, path, key, status, fault)."""
        with self._stripe.shelf.open() as book:
            return list(book._run("SELECT n, at, method, path, key, status, fault FROM log ORDER BY n"))

"""From the objects of Stripe's API to our values. What `stripe` and `sim` answer is read here, by the same functions.

Pure: documents in, values out. Names and states of documents are those of the pinned version of the API.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from billettique.model.payments import (
    BalanceLine,
    DisputeState,
    Notice,
    PaymentState,
    RefundState,
    SavedState,
    Seen,
    SeenDispute,
    SeenMeans,
    SeenRefund,
)
from mobigo.base.decisions import Decision
from mobigo.base.money import ZERO, Money

Document = Mapping[str, Any]

# What a payer may be told of a refusal. What a thief would like to know (lost, stolen, suspected) is said generally.
_REASONS: Final = {
    "insufficient_funds": Decision("payments.insufficient_funds"),
    "expired_card": Decision("payments.expired_card"),
    "incorrect_cvc": Decision("payments.incorrect_cvc"),
    "incorrect_number": Decision("payments.incorrect_number"),
    "authentication_required": Decision("payments.authentication_required"),
    "payment_intent_authentication_failure": Decision("payments.authentication_failed"),
    "setup_intent_authentication_failure": Decision("payments.authentication_failed"),
    "card_velocity_exceeded": Decision("payments.limit_reached"),
    "withdrawal_count_limit_exceeded": Decision("payments.limit_reached"),
    "processing_error": Decision("payments.try_again"),
    "try_again_later": Decision("payments.try_again"),
    "debit_not_authorized": Decision("payments.debit_not_authorized"),
    "bank_account_restricted": Decision("payments.account_closed"),
    "account_closed": Decision("payments.account_closed"),
    "payment_intent_payment_attempt_expired": Decision("payments.expired"),
}


def why(error: Document | None) -> Decision | None:
    """The reason of a refusal, in our words."""
    if not error or not (error.get("code") or error.get("decline_code") or error.get("message")):
        return None
    for name in (error.get("decline_code"), error.get("code")):
        if name in _REASONS:
            return _REASONS[name]
    return Decision("payments.declined")


def ref_of(value: Any) -> str | None:
    """The id of something, expanded or not."""
    if value is None:
        return None
    return value if isinstance(value, str) else str(value["id"])


def expanded(value: Any) -> Document | None:
    """The document of something that was asked to be expanded; None when it is not there."""
    return value if isinstance(value, Mapping) else None


def _ours(metadata: Document, site: str) -> tuple[str | None, str | None]:
    """(order, key) as we wrote them, for an object of this installation: several may share one account."""
    if metadata.get("mobigo_site") != site:
        return None, None
    return metadata.get("mobigo_order"), metadata.get("mobigo_key")


_INTENT_STATES: Final = {
    "requires_payment_method": PaymentState.FAILED,  # asked with a means at once: it was refused
    "requires_confirmation": PaymentState.REQUIRES_ACTION,
    "requires_action": PaymentState.REQUIRES_ACTION,
    "requires_capture": PaymentState.PROCESSING,
    "processing": PaymentState.PROCESSING,
    "canceled": PaymentState.CANCELED,
    "succeeded": PaymentState.SUCCEEDED,
}


def seen_intent(intent: Document, site: str, disputes: tuple[SeenDispute, ...] = ()) -> Seen:
    """A PaymentIntent, asked with a saved means or found on its own."""
    state = _INTENT_STATES.get(intent["status"], PaymentState.PROCESSING)
    order_id, key = _ours(intent.get("metadata") or {}, site)
    charge = expanded(intent.get("latest_charge"))
    received = intent["amount"]
    if state is PaymentState.SUCCEEDED:
        # Peers of an older version say it on the charge alone.
        received = intent["amount_received"] if "amount_received" in intent else (charge or {})["amount"]
    return Seen(
        provider_ref=intent["id"],
        state=state,
        amount=Money(int(received)),
        live=bool(intent["livemode"]),
        order_id=order_id,
        key=key,
        action=_action(intent.get("next_action")),
        why=why(intent.get("last_payment_error")),
        refunded=ZERO if charge is None else Money(int(charge.get("amount_refunded") or 0)),
        currency=intent["currency"],
        refs=tuple(ref for ref in (ref_of(intent.get("latest_charge")),) if ref),
        disputes=disputes,
    )


def _action(step: Document | None) -> str | None:
    to = (step or {}).get("redirect_to_url")
    return None if not to else str(to["url"])


def seen_session(session: Document, site: str, disputes: tuple[SeenDispute, ...] = ()) -> Seen:
    """A Checkout Session of mode "payment", its PaymentIntent expanded where there is one."""
    intent = expanded(session.get("payment_intent"))
    order_id, key = _ours(session.get("metadata") or {}, site)
    if intent is None or session["status"] == "open":
        state = {
            "open": PaymentState.REQUIRES_ACTION, "expired": PaymentState.CANCELED, "complete": PaymentState.PROCESSING,
        }[session["status"]]  # fmt: skip
        return Seen(
            provider_ref=session["id"],
            state=state,
            amount=Money(int(session["amount_total"])),
            live=bool(session["livemode"]),
            order_id=order_id,
            key=key,
            action=session.get("url"),
            why=None if intent is None else why(intent.get("last_payment_error")),
            currency=session["currency"],
            refs=tuple(ref for ref in (ref_of(session.get("payment_intent")),) if ref),
        )
    inner = seen_intent(intent, site, disputes)
    state = inner.state
    if session["status"] == "expired" and state is not PaymentState.SUCCEEDED:
        state = PaymentState.CANCELED
    return Seen(
        provider_ref=session["id"],
        state=state,
        amount=inner.amount,
        live=inner.live and bool(session["livemode"]),
        order_id=order_id,
        key=key,
        action=inner.action if state is PaymentState.REQUIRES_ACTION else None,
        why=inner.why,
        refunded=inner.refunded,
        currency=inner.currency,
        refs=(inner.provider_ref, *inner.refs),
        disputes=disputes,
    )


_REFUND_STATES: Final = {
    "succeeded": RefundState.SUCCEEDED,
    "pending": RefundState.PROCESSING,
    "requires_action": RefundState.PROCESSING,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}


def seen_refund(refund: Document) -> SeenRefund:
    """A Refund."""
    state = _REFUND_STATES[refund["status"] or "pending"]
    reason = Decision("payments.refund_failed") if state is RefundState.FAILED else None
    return SeenRefund(refund["id"], state, Money(int(refund["amount"])), reason)


_DISPUTE_STATES: Final = {
    "won": DisputeState.WON, "warning_closed": DisputeState.WON, "prevented": DisputeState.WON,
    "lost": DisputeState.LOST,
}  # fmt: skip


def seen_dispute(dispute: Document) -> SeenDispute:
    """A Dispute; every state in which it is not decided is open."""
    state = _DISPUTE_STATES.get(dispute["status"], DisputeState.OPEN)
    due_s = (dispute.get("evidence_details") or {}).get("due_by")
    due_at = None if due_s is None else datetime.fromtimestamp(int(due_s), UTC)
    return SeenDispute(dispute["id"], state, Money(int(dispute["amount"])), str(dispute["reason"])[:60], due_at)


def seen_setup(session: Document, site: str) -> SeenMeans:
    """A Checkout Session of mode "setup", its SetupIntent and the means expanded."""
    _, key = _ours(session.get("metadata") or {}, site)
    setup = expanded(session.get("setup_intent"))
    means = expanded(None if setup is None else setup.get("payment_method"))
    state, ref = SavedState.REQUIRES_ACTION, None
    if setup is not None and setup["status"] == "succeeded" and means is not None:
        state, ref = SavedState.ACTIVE, f"{ref_of(session.get('customer'))}/{means['type']}/{means['id']}"
    elif session["status"] == "expired":
        state = SavedState.GONE
    return SeenMeans(
        provider_ref=session["id"],
        state=state,
        live=bool(session["livemode"]),
        key=key,
        action=session.get("url") if state is SavedState.REQUIRES_ACTION else None,
        means_ref=ref,
        label=_label(means),
        mandate=None if setup is None else ref_of(setup.get("mandate")),
        why=None if setup is None else why(setup.get("last_setup_error")),
    )


def _label(means: Document | None) -> str:
    if means is None:
        return ""
    inner = means.get(means["type"]) or {}
    last = inner.get("last4")
    return str(inner.get("brand") or "SEPA") + (f" •••• {last}" if last else "")


_LINES: Final = {
    "charge": "charge", "payment": "charge", "refund": "refund", "refund_failure": "refund", "dispute": "dispute",
    "dispute_reversal": "dispute", "fee": "fee", "stripe_fee": "fee", "payout": "payout", "payout_reversal": "payout",
}  # fmt: skip


def balance_line(line: Document, payout: str | None) -> BalanceLine:
    """A BalanceTransaction, its source expanded. A charge is named by its PaymentIntent."""
    source = expanded(line.get("source"))
    named = ref_of(line.get("source")) or ""
    if source is not None and source.get("object") == "charge":
        named = ref_of(source.get("payment_intent")) or named
    return BalanceLine(
        ref=line["id"],
        category=_LINES.get(line.get("reporting_category") or line["type"], "adjustment"),
        amount=Money(int(line["amount"])),
        fee=Money(int(line["fee"])),
        object_ref=named,
        at=instant(line["created"]),
        payout=payout,
        payment_ref=named if source is None else (ref_of(source.get("payment_intent")) or ""),
    )


def notice(event: Document, provider: str) -> Notice:
    """An Event: which object of ours it is about."""
    kind, thing = str(event["type"]), event["data"]["object"]
    about, ref = "payment", ""
    if kind.startswith("checkout.session."):
        about, ref = ("means" if thing.get("mode") == "setup" else "payment"), thing["id"]
    elif kind.startswith("payment_intent."):
        ref = thing["id"]
    elif kind.startswith(("charge.dispute.", "charge.refund.", "refund.")):
        about = "refund" if thing.get("object") == "refund" else "payment"
        ref = thing["id"] if about == "refund" else (ref_of(thing.get("payment_intent")) or "")
    elif kind.startswith("charge."):
        ref = ref_of(thing.get("payment_intent")) or ""
    elif kind.startswith("payout."):
        about, ref = "payout", thing["id"]
    return Notice(provider, str(event["id"]), kind, str(ref), instant(event["created"]), about)


def instant(seconds: float) -> datetime:
    """An instant of their API: whole seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)

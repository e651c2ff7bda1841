"""What the simulated provider reads and how it refuses: paths, their parameters, whole numbers, lists, spans of time,
ids replaced by what they name. All names are Stripe's own.
"""

from collections.abc import Mapping
from typing import Any, Final

from billettique.gateway.psp.simstore import Book, Document

ANSWER_S: Final = 9 * 24 * 3600  # for a dispute: a figure of the simulation
_LIST: Final = frozenset({"limit", "starting_after", "ending_before", "expand", "created"})
# The parameters of each path, all of them names of Stripe's own.
PARAMETERS: Final[Mapping[str, frozenset[str]]] = {
    "POST customers": frozenset({"metadata", "email", "name", "expand"}),
    "POST checkout/sessions": frozenset(
        {
            "mode", "allowed_payment_method_types", "line_items", "success_url", "cancel_url", "client_reference_id",
            "metadata", "payment_intent_data", "setup_intent_data", "customer", "expand", "customer_email",
            "adaptive_pricing", "locale",
        }
    ),
    "GET checkout/sessions": _LIST | {"payment_intent"},
    "GET checkout/sessions/*": frozenset({"expand"}),
    "POST checkout/sessions/*/expire": frozenset({"expand"}),
    "POST payment_intents": frozenset(
        {
            "amount", "currency", "customer", "payment_method", "allowed_payment_method_types", "confirm",
            "off_session", "metadata", "expand", "description",
        }
    ),
    "GET payment_intents": _LIST | {"customer"},
    "GET payment_intents/search": frozenset({"query", "limit", "page", "expand"}),
    "GET payment_intents/*": frozenset({"expand"}),
    "POST payment_intents/*/cancel": frozenset({"cancellation_reason", "expand"}),
    "POST refunds": frozenset({"payment_intent", "charge", "amount", "metadata", "reason", "expand"}),
    "GET refunds": _LIST | {"payment_intent", "charge"},
    "GET refunds/*": frozenset({"expand"}),
    "GET charges/*": frozenset({"expand"}),
    "GET disputes": _LIST | {"payment_intent", "charge"},
    "POST disputes/*": frozenset({"evidence", "submit", "metadata", "expand"}),
    "POST payment_methods/*/detach": frozenset({"expand"}),
    "GET events": _LIST | {"type", "types"},
    "GET balance_transactions": _LIST | {"payout", "type", "source"},
    "GET payouts": _LIST | {"status", "arrival_date"},
}  # fmt: skip


class Answer(Exception):
    """An error document with its HTTP status."""

    def __init__(self, status: int, code: str, message: str, kind: str = "invalid_request_error", **more: Any) -> None:
        super().__init__(code)
        self.status = status
        self.document = {"error": {"type": kind, "code": code, "message": message, **more}}


def route_of(method: str, path: str) -> tuple[str, str]:
    """("POST refunds/*", id): a path with its id taken out."""
    parts = path.split("/")
    fixed = 2 if parts[0] == "checkout" else 1
    if len(parts) == fixed or (len(parts) == fixed + 1 and parts[-1] == "search"):
        return f"{method} {path}", ""
    ref = parts[fixed]
    return f"{method} {'/'.join([*parts[:fixed], '*', *parts[fixed + 1 :]])}", ref


def existing(found: Document | None, ref: str) -> Document:
    if found is None:
        raise Answer(404, "resource_missing", f"No such object: {ref}")
    return found


def whole(params: Mapping[str, Any], name: str) -> int:
    text = str(params.get(name))
    if not (text.isascii() and text.isdigit()):
        raise Answer(400, "parameter_invalid_integer", f"Invalid integer: {name}")
    return int(text)


def chargeable(cents: int) -> None:
    if cents < 50:
        raise Answer(400, "amount_too_small", "Amount must be at least €0.50 eur")
    if cents > 99_999_999:
        raise Answer(400, "amount_too_large", "Amount must be no more than €999,999.99")


def true(value: Any) -> bool:
    return value is True or value == "true"


def items(value: Any) -> list[Any]:
    """A list, given as one or as a form gives it (numbers for names)."""
    if isinstance(value, Mapping):
        return [value[name] for name in sorted(value, key=int)]
    return list(value or ())


def more(refusal: Document) -> Document:
    return {name: refusal[name] for name in ("decline_code",) if name in refusal}


def span(params: Mapping[str, Any]) -> tuple[int, int]:
    created = params.get("created") or {}
    low, high = 0, 1 << 62
    for name, value in created.items():
        at = int(value)
        if name in ("gte", "gt"):
            low = at + (name == "gt")
        elif name in ("lt", "lte"):
            high = at - (name == "lt")
    return low, high


def expanded(book: Book, document: Document, wanted: Any) -> Document:
    """The document with the ids that were asked to be expanded replaced by what they name."""
    for path in items(wanted):
        _expand(book, document, str(path).split("."))
    return document


def contested(charge: Document, reason: str, status: str, opened_s: int) -> Document:
    """A fresh dispute of a charge, and until when it may be answered."""
    return {
        "amount": charge["amount"], "currency": charge["currency"], "charge": charge["id"],
        "payment_intent": charge["payment_intent"], "reason": reason, "status": status, "evidence": {},
        "evidence_details": {
            "due_by": opened_s + ANSWER_S, "has_evidence": False, "past_due": False, "submission_count": 0,
        },
        "is_charge_refundable": False, "metadata": {}, "balance_transactions": [],
    }  # fmt: skip


_KINDS: Final = {
    "pi_sim": "payment_intent", "ch_sim": "charge", "re_sim": "refund", "du_sim": "dispute", "seti_sim": "setup_intent",
    "pm_sim": "payment_method", "po_sim": "payout", "txn_sim": "balance_transaction",
}  # fmt: skip


def _expand(book: Book, document: Document, path: list[str]) -> None:
    name, rest = path[0], path[1:]
    if name == "data" and isinstance(document.get("data"), list):
        for each in document["data"]:
            _expand(book, each, rest)
        return
    value = document.get(name)
    if isinstance(value, str):
        kind = _KINDS.get(value.rpartition("_")[0])
        value = document[name] = (book.get(kind, value) if kind else None) or value
    if rest and isinstance(value, dict):
        _expand(book, value, rest)

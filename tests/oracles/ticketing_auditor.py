"""Who bought what, told by two witnesses that know nothing of our orders: the provider's own file, and the codes of the
tickets that were signed, less those on the revocation list. It shares no code with what sells.

For every order: what the provider holds for it is the price of the tickets that are good. More is money without a
ticket, less is a ticket without money.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Finding:
    """An order for which the two witnesses disagree, in cents."""

    order: str
    held: int
    good: int

    @property
    def what(self) -> str:
        return "paid without ticket or refund" if self.held > self.good else "ticket without money"


def held_by_order(provider_file: Path) -> dict[str, int]:
    """What the provider received for each order, less what it gave back and what was contested and not won."""
    held: dict[str, int] = defaultdict(int)
    with sqlite3.connect(provider_file) as book:
        rows = [(kind, json.loads(text)) for kind, text in book.execute("SELECT kind, document FROM object")]
    book.close()
    of_charge = {}
    for kind, each in rows:
        if kind == "payment_intent" and each["status"] == "succeeded":
            held[each["metadata"]["mobigo_order"]] += each["amount_received"]
    intents = {each["id"]: each["metadata"]["mobigo_order"] for kind, each in rows if kind == "payment_intent"}
    for kind, each in rows:
        if kind == "charge":
            of_charge[each["id"]] = intents[each["payment_intent"]]
    for kind, each in rows:
        if kind == "refund" and each["status"] in ("succeeded", "pending"):
            held[intents[each["payment_intent"]]] -= each["amount"]
        if kind == "dispute" and each["status"] != "won":
            held[of_charge[each["charge"]]] -= each["amount"]
    return dict(held)


def findings(
    held: Mapping[str, int], tickets: Iterable[tuple[str, int, bool]], owed_by_mandate: Mapping[str, int]
) -> list[Finding]:
    """Orders for which money and tickets disagree. `tickets`: (order, price on the code, whether it is good);
    `owed_by_mandate`: what a bank sent back and the accountant pays out."""
    good: dict[str, int] = defaultdict(int)
    for order, cents, is_good in tickets:
        good[order] += cents if is_good else 0
    orders = set(held) | set(good)
    return [
        Finding(order, held.get(order, 0) - owed_by_mandate.get(order, 0), good[order])
        for order in sorted(orders)
        if held.get(order, 0) - owed_by_mandate.get(order, 0) != good[order]
    ]

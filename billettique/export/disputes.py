"""What we answer when a payer contests a payment at the bank: what was sold, when it was issued,
and that it was used, as far as we may know it. In French: the bank of a French payer reads it.

Where a ticket was used is never said, and when only within the 48 hours in which we may know it (CNIL, AU-015,
deliberation 2011-107); after that, how often it was accepted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mobigo.base.money import Money
from mobigo.infra.formats import amount, instant


@dataclass(frozen=True, slots=True)
class Proof:
    """One ticket that a contested payment bought. `used_at` only while it may be known; `uses`: how often accepted."""

    name: str
    reference: str
    price: Money
    issued_at: datetime
    activated_at: datetime | None
    used_at: datetime | None
    uses: int

    @property
    def was_used(self) -> bool:
        return self.uses > 0 or self.activated_at is not None


def text(order: str, paid_at: datetime, proofs: Sequence[Proof]) -> str:
    """The answer; "" when nothing shows that anything was used: there is nothing to oppose, and a person decides."""
    if not any(each.was_used for each in proofs):
        return ""
    lines = [f"Commande {order}, payée le {instant(paid_at, 'fr')}. Titres de transport dématérialisés, délivrés :"]
    for each in proofs:
        said = [f"{each.name}, référence {each.reference}, {amount(each.price, 'fr')}"]
        said.append(f"délivré le {instant(each.issued_at, 'fr')}")
        if each.activated_at is not None:
            said.append(f"activé par son porteur le {instant(each.activated_at, 'fr')}")
        if each.used_at is not None:
            said.append(f"présenté et accepté à bord le {instant(each.used_at, 'fr')}")
        elif each.uses:
            said.append(
                f"présenté et accepté à bord ({each.uses} fois) ; la date et le lieu d’une validation ne sont pas"
                " conservés au-delà de 48 heures"
            )
        if not each.was_used:
            said.append("pas encore présenté")
        lines.append("- " + ", ".join(said) + ".")
    return "\n".join(lines)


def penalty_text(reference: str, found_at: datetime, owed: Money) -> str:
    """The answer about a penalty paid online; it names nobody."""
    return (
        f"Indemnité forfaitaire du {instant(found_at, 'fr')}, constat {reference} ({amount(owed, 'fr')}), réglée en"
        " ligne sur une page ouverte par la référence et le code secret remis à la personne contrôlée. Code de"
        " procédure pénale, articles 529-3 à 529-6."
    )

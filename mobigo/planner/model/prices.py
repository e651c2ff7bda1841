"""Who pays and what they still pay for a journey, and the fares as the planner asks them of who knows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from mobigo.base.decisions import Decision
from mobigo.base.money import Money
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.model.journeys import Journey


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays, as they say it: a kind of rider, what they hold and what they may prove, by the ids of `Fares.kinds`.
    `subject`: whose account it is when they signed in; its passes and purchases count too. Never kept with an answer
    that another person may be given."""

    category: str = ""  # empty: an adult
    holds: tuple[str, ...] = ()
    proofs: tuple[str, ...] = ()
    subject: str | None = None

    @property
    def is_anybody(self) -> bool:
        """Whether nothing is known of them: one adult without a card."""
        return self == ANYBODY


ANYBODY: Final = Payer()


@dataclass(frozen=True, slots=True)
class FareKinds:
    """What one may say of oneself on a day: kinds of riders (the first is who is priced by default), passes and cards
    one may hold, as (id, name), and proofs."""

    riders: tuple[tuple[str, str], ...] = ()
    holds: tuple[tuple[str, str], ...] = ()
    proofs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One line of a price: an amount, and what it is."""

    amount: Money
    reason: Decision


@dataclass(frozen=True, slots=True)
class Price:
    """What the payer (`Payer`) still pays for a journey. `total` is None where that is unknown, never zero;
    `why_unknown` says why, and `between` the least and the most it may be, where both are known. `own`: what of it
    their passes cover, that a cap is reached; then `total` is what is paid beside. `notes`: what must be said. `buy`,
    `compare`: addresses of pages; empty where there is none."""

    total: Money | None
    lines: tuple[PriceLine, ...] = ()
    why_unknown: tuple[Decision, ...] = ()
    notes: tuple[Decision, ...] = ()
    offers: tuple[Decision, ...] = ()  # promotions that may apply
    buy: str = ""
    compare: str = ""
    between: tuple[Money, Money] | None = None
    own: tuple[Decision, ...] = ()


class Fares(Protocol):
    """The prices of journeys, as the planner asks them; filled by `billettique`, handed over by `mobigo.app`."""

    def prices(
        self, network: LiveNetwork, journeys: Sequence[Journey], payer: Payer = ANYBODY
    ) -> Sequence[Price | None]:
        """The price of each journey, in the same order; None where there is nothing to pay (on foot all the way)."""

    def bought(self, network: LiveNetwork, journey: Journey, payer: Payer) -> str:
        """The page of the order with which the payer's account bought a journey; "" for none."""

    def kinds(self, day: date) -> FareKinds:
        """What one may say of oneself under the tariff of a day; nothing where it cannot be read."""

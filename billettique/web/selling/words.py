"""Items and their states in words: what a buyer reads of what was promised and of what is happening."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from billettique.model.orders import ItemKind, ItemState
from billettique.store.orders import ItemRow
from billettique.store.reasons import told
from mobigo.infra.formats import day, hour
from mobigo.infra.formats import instant as instant_words
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.i18n import gettext as _


@dataclass(frozen=True, slots=True)
class Shown:
    """An item as pages show it."""

    item: ItemRow
    facts: tuple[str, ...]
    steps: tuple[str, ...]  # why this price, line by line
    said: tuple[str, ...]  # what must be said beside it


def item_lines(item: ItemRow) -> Shown:
    """What was promised, in words."""
    promised, language = item.promised, current_language()
    facts = []
    for leg in promised.get("legs", ()):
        departs, arrives = datetime.fromisoformat(leg["departs_at"]), datetime.fromisoformat(leg["arrives_at"])
        facts.append(
            _(
                "%(a)s, %(at)s → %(z)s, %(until)s", a=leg["from_name"], z=leg["to_name"], at=hour(departs, language),
                until=hour(arrives, language),
            )
        )  # fmt: skip
    if item.first_at is not None and item.last_at is not None:
        facts.append(_validity(item, language))
    if promised.get("units"):
        facts.append(_("%(count)s tickets", count=promised["units"]))
    if item.holder:
        facts.append(_("Au nom de %(name)s", name=item.holder))
    steps = _sentences(promised.get("steps", ()))
    said = _sentences(promised.get("said", ()))
    return Shown(item, tuple(facts), steps, said)


def _sentences(stored: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(sentence(reason) for each in stored if (reason := told(each)) is not None)


def _validity(item: ItemRow, language: str) -> str:
    assert item.first_at is not None  # noqa: S101 - asked by the caller
    assert item.last_at is not None  # noqa: S101
    if item.promised.get("legs"):
        return _("Valable le %(day)s", day=day(item.first_at, language, year=True))
    if ItemKind(item.kind) in (ItemKind.PASS, ItemKind.CARD):
        return _(
            "Du %(first)s au %(last)s", first=day(item.first_at, language, weekday=False, year=True),
            last=day(item.last_at, language, weekday=False, year=True),
        )  # fmt: skip
    return _("À utiliser avant le %(at)s", at=instant_words(item.last_at, language))


STATE_KINDS: Final = {
    ItemState.FULFILLED: "good",
    ItemState.CONFIRMED: "accent",
    ItemState.ON_HOLD: "accent",
    ItemState.ERROR: "bad",
}


def state_words(state: ItemState) -> str:
    """The state of an item, in a word or two."""
    return {
        ItemState.DRAFT: _("dans le panier"),
        ItemState.PREBOOKED: _("place gardée"),
        ItemState.ON_HOLD: _("paiement en cours"),
        ItemState.CONFIRMED: _("payé, en préparation"),
        ItemState.FULFILLED: _("prêt"),
        ItemState.CANCELLED: _("annulé"),
        ItemState.REFUNDED: _("remboursé"),
        ItemState.EXCHANGED: _("échangé"),
        ItemState.ERROR: _("non fourni, remboursement demandé"),
    }[state]


def means_words(means: str) -> str:
    """A way of paying, in words."""
    known = {
        "card": _("Carte bancaire"),
        "sepa_debit": _("Prélèvement sur un compte (SEPA)"),
        "redirect": _("Paiement sur le site des finances publiques"),
        "cash": _("Espèces"),
        "cheque": _("Chèque"),
        "terminal": _("Terminal de paiement"),
    }
    return known.get(means, means)

"""A small tariff of prices alone, to write and to read back."""

from datetime import date

from billettique.model.fares import FareMedium, FareProduct, FareTables, LegRule, MediumKind, RiderCategory
from billettique.model.tariffs import Tariff, Version
from mobigo.base.periods import Period

# Four prices of two products, for anyone and for the young, with and without a card.
PRICES = Tariff(
    tables=FareTables(
        products=(
            FareProduct("u", 150, name="Unité <1 h>"),
            FareProduct("u", 75, name="Unité <1 h>", rider="j"),
            FareProduct("u", 140, name="Unité <1 h>", rider="j", medium="carte"),
            FareProduct("jour", 500),
        ),
        leg_rules=(LegRule("u"), LegRule("jour")),
        riders=(RiderCategory("j", "Moins de 26 ans"),),
        media=(FareMedium("carte", MediumKind.CARD, "Carte"), FareMedium("cb", MediumKind.BANK_CARD)),
    ),
    versions=(Version("t", "t-2026", "0" * 64, Period(date(2026, 1, 1)), "essai", "Essai"),),
)

"""The annex of a contract on a day: its prices, the formula, every step of the revision, the prices that follow."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from mobigo.base.money import Money
from mobigo.infra.formats import amount, day
from mobigo.infra.pdf import compiled, escaped, table
from scolaire.model.indexing import Every, Revision, Rounding
from scolaire.model.problem import VehicleType


def annex(
    title: str, source: str, on: date, written: Sequence[VehicleType], revised: Sequence[VehicleType],
    found: Revision | None, made_at: datetime,
) -> bytes:  # fmt: skip
    """A tagged PDF, in French: it goes with the contract."""
    parts = [
        f"= {escaped('Annexe : révision des prix')}",
        escaped(f"{title}. {source}. Prix hors taxe au {day(on, year=True)}."),
        f"== {escaped('Prix du contrat')}",
        _prices(written),
        *(_steps(found) if found is not None else [escaped("Ce contrat n’a pas de formule de révision.")]),
        f"== {escaped(f'Prix au {day(on, year=True)}')}",
        _prices(revised),
    ]
    return compiled(f"Annexe de prix {title}", "\n\n".join(parts), made_at)


def _steps(found: Revision) -> list[str]:
    formula = found.formula
    told = " + ".join(
        [plain(formula.fixed), *(f"{plain(each.weight)} × {each.code} / {plain(each.base)}" for each in formula.terms)]
    )
    yearly = f"chaque année le {day(date(2001, formula.month, 1), weekday=False)}"
    when = "le premier de chaque mois" if formula.every is Every.MONTH else yearly
    how = "au plus près" if formula.rounding is Rounding.HALF_UP else "par défaut"
    parts = [
        f"== {escaped('Formule')}",
        escaped(
            f"P = P0 × K, avec K = {told} ; révision {when} ; K arrondi {how} à {formula.decimals} décimales ; "
            f"chaque prix arrondi au centime. {formula.article}."
        ),
    ]  # fmt: skip
    if found.revised_on is None:
        return [*parts, escaped("Aucune révision n’est encore intervenue : K = 1.")]
    rows = [["part fixe", "", "", "", plain(formula.fixed)]]
    rows += [
        [step.term.code, plain(step.term.base), f"{plain(step.value.value)} ({step.value.source})",
         day(step.value.published_on, year=True), plain(step.part)]
        for step in found.steps
    ]  # fmt: skip
    return [
        *parts,
        f"== {escaped(f'Révision du {day(found.revised_on, year=True)}')}",
        table(
            ("Indice", "Valeur d’origine", "Dernière valeur connue", "Publiée le", "Part de K"),
            rows,
            right=(1, 4),
            wide=2,
        ),
        escaped(f"K exact : {plain(found.exact)} ; K appliqué : {plain(found.coefficient)}."),
    ]


def _prices(types: Sequence[VehicleType]) -> str:
    rows = [
        [each.id, _euros(each.day_cents), _euros(each.km_cents), _euros(each.hour_cents)] for each in types
    ]  # fmt: skip
    return table(("Véhicule", "Journée", "Kilomètre", "Heure"), rows, right=(1, 2, 3), wide=0)


def _euros(cents: int) -> str:
    return amount(Money(cents), "fr")


def plain(value: Decimal) -> str:
    """A decimal number in French, at most ten figures after the comma (said by "…" where there are more)."""
    text = f"{value:f}"
    whole, _dot, part = text.partition(".")
    part = part.rstrip("0")
    return f"{whole},{part[:10]}{'…' if len(part) > 10 else ''}" if part else whole

"""What changes from one version of a tariff to another, in sentences: prices, bands, discounts, passes, dates,
rules."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from billettique.model.tariffs import Band, Carnet, Cover, Discount, Place, Tariff, Version
from mobigo.base.decisions import Decision
from mobigo.base.money import Money

Row = TypeVar("Row")


def changes(before: Version, after: Version) -> tuple[Decision, ...]:
    """The differences, each as a sentence; none when both say the same."""
    return tuple(_changes(before, after))


def _changes(before: Version, after: Version) -> Iterator[Decision]:
    if before.title != after.title:
        yield Decision("billettique.change_title", before=before.title, after=after.title)
    if before.period.first_day != after.period.first_day:
        yield Decision("billettique.change_first_day", before=before.period.first_day, after=after.period.first_day)
    if before.period.last_day != after.period.last_day:
        if after.period.last_day is None:
            yield Decision("billettique.change_no_last_day")
        else:
            yield Decision("billettique.change_last_day", after=after.period.last_day)
    if before.source != after.source:
        yield Decision("billettique.change_source", after=after.source)
    old, new = before.content or Tariff(), after.content or Tariff()
    yield from _products(old, new)
    yield from _bands(old.bands, new.bands, {each.id: each.name or each.id for each in new.tables.products})
    yield from _discounts(_by_id(old.discounts), _by_id(new.discounts))
    yield from _covers(_by_id(old.covers), _by_id(new.covers))
    yield from _carnets(_by_id(old.carnets), _by_id(new.carnets))
    yield from _places({each.id: each for each in old.places}, {each.id: each for each in new.places})
    yield from _tables(old, new)
    yield from _rules(old, new)


def _by_id(rows: Sequence[Row]) -> dict[str, Row]:
    return {row.id: row for row in rows}  # type: ignore[attr-defined]  # each kind of row has one


def _products(old: Tariff, new: Tariff) -> Iterator[Decision]:
    before = {(each.id, each.rider): each for each in old.tables.products}
    after = {(each.id, each.rider): each for each in new.tables.products}
    for key, row in after.items():
        name = row.name or row.id
        known = before.get(key)
        if known is None:
            yield Decision("billettique.change_product_new", name=name, amount=Money(row.amount))
        elif known.amount != row.amount:
            code = "billettique.change_dearer" if row.amount > known.amount else "billettique.change_cheaper"
            yield Decision(code, name=name, before=Money(known.amount), after=Money(row.amount))
        elif known.name != row.name:
            yield Decision("billettique.change_name", before=known.name or known.id, after=name)
    for key, row in before.items():
        if key not in after:
            yield Decision("billettique.change_gone", name=row.name or row.id)


def _bands(old: Sequence[Band], new: Sequence[Band], names: Mapping[str, str]) -> Iterator[Decision]:
    before = {(each.network, each.product): each for each in old}
    for band in new:
        known = before.pop((band.network, band.product), None)
        if known is None or (known.from_m, known.until_m) != (band.from_m, band.until_m):
            name = names.get(band.product, band.product)
            if band.until_m is None:
                yield Decision("billettique.change_band_open", name=name, from_km=band.from_m // 1000)
            else:
                yield Decision(
                    "billettique.change_band", name=name, from_km=band.from_m // 1000, until_km=band.until_m // 1000
                )
    for band in before.values():
        yield Decision("billettique.change_band_gone", name=names.get(band.product, band.product))


def _discounts(old: Mapping[str, Discount], new: Mapping[str, Discount]) -> Iterator[Decision]:
    for name, row in new.items():
        known = old.get(name)
        if known is None or (known.pct, known.flat_cents) != (row.pct, row.flat_cents):
            if row.pct is not None:
                yield Decision("billettique.change_discount_pct", name=row.name, pct=row.pct)
            else:
                yield Decision("billettique.change_discount_flat", name=row.name, amount=Money(row.flat_cents or 0))
        elif _but(known, "source") != _but(row, "source"):
            yield Decision("billettique.change_terms", name=row.name)
    yield from (Decision("billettique.change_gone", name=row.name) for name, row in old.items() if name not in new)


def _covers(old: Mapping[str, Cover], new: Mapping[str, Cover]) -> Iterator[Decision]:
    for name, row in new.items():
        yield from _sold(row.name, old.get(name), row)
    yield from (Decision("billettique.change_gone", name=row.name) for name, row in old.items() if name not in new)


def _carnets(old: Mapping[str, Carnet], new: Mapping[str, Carnet]) -> Iterator[Decision]:
    for name, row in new.items():
        yield from _sold(row.name, old.get(name), row)
    yield from (Decision("billettique.change_gone", name=row.name) for name, row in old.items() if name not in new)


def _sold(name: str, known: Cover | Carnet | None, row: Cover | Carnet) -> Iterator[Decision]:
    if known is None:
        yield Decision("billettique.change_product_new", name=name, amount=Money(row.cents))
        return
    if known.cents != row.cents:
        code = "billettique.change_dearer" if row.cents > known.cents else "billettique.change_cheaper"
        yield Decision(code, name=name, before=Money(known.cents), after=Money(row.cents))
    if _but(known, "cents", "source") != _but(row, "cents", "source"):
        yield Decision("billettique.change_terms", name=name)


def _places(old: Mapping[str, Place], new: Mapping[str, Place]) -> Iterator[Decision]:
    """The stops of each place, by name: who approves them must see which."""
    for place in {**old, **new}:
        before, after = (dict(each[place].stops) if place in each else {} for each in (old, new))
        name = (new.get(place) or old[place]).name
        for code, more, fewer in (
            ("billettique.change_place_more", after, before),
            ("billettique.change_place_fewer", before, after),
        ):
            names = sorted(called or stop for stop, called in more.items() if stop not in fewer)
            if names:
                yield Decision(code, name=name, count=len(names), stops=", ".join(names))


def _tables(old: Tariff, new: Tariff) -> Iterator[Decision]:
    """How many pairs of stations a table has, and how many of them say something else."""
    before, after = (_pairs(each) for each in (old, new))
    if before != after:
        same = sum(before.get(pair) == said for pair, said in after.items())
        yield Decision("billettique.change_pairs", before=len(before), after=len(after), differing=len(after) - same)


def _pairs(tariff: Tariff) -> dict[tuple[str, str, str], int | str]:
    found: dict[tuple[str, str, str], int | str] = {}
    for table in tariff.pairs:
        found |= {(table.network, *pair): metres for pair, metres in table.metres.items()}
        found |= {(table.network, *pair): product for pair, product in table.products.items()}
    return found


def _but(row: Any, *names: str) -> dict[str, Any]:
    """The values of a row, some left out."""
    return {name: getattr(row, name) for name in row.__slots__ if name not in names}


def _rules(old: Tariff, new: Tariff) -> Iterator[Decision]:
    """Whether rules of matching, joining or transferring change: said in one line each, to be read in the file."""
    pairs = (
        ("billettique.change_leg_rules", old.tables.leg_rules, new.tables.leg_rules),
        ("billettique.change_join_rules", old.tables.join_rules, new.tables.join_rules),
        ("billettique.change_transfer_rules", old.tables.transfer_rules, new.tables.transfer_rules),
        ("billettique.change_areas", old.tables.stop_areas, new.tables.stop_areas),
        ("billettique.change_borders", old.borders, new.borders),
        ("billettique.change_sale_terms", old.terms, new.terms),
    )
    for code, before, after in pairs:
        plain = [_but(each, "source") if hasattr(each, "__slots__") else each for each in (*before, *after)]
        at = len(before)
        if plain[:at] != plain[at:]:
            yield Decision(code, before=len(before), after=len(after))

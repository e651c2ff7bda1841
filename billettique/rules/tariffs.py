"""Which dated versions make the tariff of a day, and how they become one."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date

from billettique.model.fares import FareProduct, FareTables
from billettique.model.tariffs import DayKinds, Tariff, Version
from billettique.rules.places import placed
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict


def in_force(
    versions: Sequence[Version], day: date, approved: Collection[str] = (), *, unconfirmed: bool = False
) -> tuple[Version, ...]:
    """The version of each tariff on a day: of those that began, the last. One to confirm counts only when its content
    is approved (by hash), or when `unconfirmed` asks to see."""
    last: dict[str, Version] = {}
    for version in sorted(versions, key=lambda each: (each.period.first_day, each.code)):
        if day in version.period and (unconfirmed or _counts(version, approved)):
            last[version.tariff] = version
    return tuple(last[name] for name in sorted(last))


def waiting(versions: Sequence[Version], day: date, approved: Collection[str] = ()) -> tuple[Version, ...]:
    """The versions that would apply on a day if somebody confirmed them: newer than what is in force, or alone."""
    now = {version.tariff: version for version in in_force(versions, day, approved)}
    return tuple(
        version
        for version in in_force(versions, day, unconfirmed=True)
        if now.get(version.tariff) != version and not _counts(version, approved)
    )


def _counts(version: Version, approved: Collection[str]) -> bool:
    return not version.to_confirm or version.hash in approved


def merged(versions: Iterable[Version], day_kinds: DayKinds, pending: Sequence[Version] = ()) -> Tariff:
    """Several versions as one tariff. An empty field of a rule does not matter: each file speaks for its own networks.

    Raises Conflict("billettique.twice_in_tariff") when two of them price one product differently, or name one cover;
    Conflict("billettique.pairs_lose_transfers") for prices by pair on a network whose bands have transfers: a pair has
    none.
    """
    parts = [(version, version.content) for version in versions if version.content is not None]
    tables = [part.tables for _, part in parts]
    tariff = Tariff(
        FareTables(
            products=_once(row for each in tables for row in each.products),
            leg_rules=tuple(rule for each in tables for rule in each.leg_rules),
            has_priority=True,
            join_rules=tuple(rule for each in tables for rule in each.join_rules),
            transfer_rules=tuple(rule for each in tables for rule in each.transfer_rules),
            areas=tuple(dict.fromkeys(area for each in tables for area in each.areas)),
            stop_areas=tuple(dict.fromkeys(pair for each in tables for pair in each.stop_areas)),
            networks=tuple(dict.fromkeys(network for each in tables for network in each.networks)),
            riders=tuple(dict.fromkeys(rider for each in tables for rider in each.riders)),
            stops={stop: known for each in tables for stop, known in each.stops.items()},
        ),
        bands=tuple(band for _, part in parts for band in part.bands),
        discounts=tuple(discount for _, part in parts for discount in part.discounts),
        covers=tuple(cover for _, part in parts for cover in part.covers),
        carnets=tuple(carnet for _, part in parts for carnet in part.carnets),
        borders=tuple(border for _, part in parts for border in part.borders),
        terms=tuple(terms for _, part in parts for terms in part.terms),
        places=tuple(place for _, part in parts for place in part.places),
        pairs=tuple(table for _, part in parts for table in part.pairs),
        day_kinds=day_kinds,
        versions=tuple(version for version, _ in parts),
        waiting=tuple(pending),
    )
    for names in ([each.id for each in tariff.covers], [each.id for each in tariff.carnets]):
        for name in names:
            if names.count(name) > 1:
                raise Conflict("billettique.twice_in_tariff", name=name)
    transferring = {band.network for band in tariff.bands if band.group is not None}
    for table in tariff.pairs:
        if table.products and table.network in transferring:
            raise Conflict("billettique.pairs_lose_transfers", network=table.network)
    return placed(tariff)


def _once(rows: Iterable[FareProduct]) -> tuple[FareProduct, ...]:
    """Equal rows once; Conflict for one product, rider and medium at two prices."""
    found: dict[tuple[str, str | None, str | None], FareProduct] = {}
    for row in rows:
        key = (row.id, row.rider, row.medium)
        if found.setdefault(key, row) != row:
            raise Conflict("billettique.twice_in_tariff", name=row.id)
    return tuple(found.values())


def networks_of(version: Version) -> frozenset[str]:
    """The networks a version speaks of."""
    content = version.content
    if content is None:
        return frozenset()
    found = {rule.network for rule in content.tables.leg_rules} | {band.network for band in content.bands}
    found |= {table.network for table in content.pairs}
    for scope in (*(each.networks for each in content.discounts), *(each.networks for each in content.covers)):
        found |= scope or frozenset()
    return frozenset(network for network in found if network is not None)


def said_of(tariff: Tariff, networks: Collection[str]) -> Iterator[Decision]:
    """What must be said beside a price on these networks: what it rests on that is to be confirmed, and what waits."""
    for version in tariff.versions:
        if version.to_confirm and not networks_of(version).isdisjoint(networks):
            yield Decision("billettique.price_to_confirm", title=version.title, source=version.source)
    for version in tariff.waiting:
        if not networks_of(version).isdisjoint(networks):
            yield Decision(
                "billettique.newer_price_to_confirm",
                title=version.title,
                first_day=version.period.first_day,
                source=version.source,
            )

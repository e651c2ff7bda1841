"""The rules of fares, one function a rule: what matches a leg, what joins legs, what a transfer or a discount changes.

GTFS-Fares v2 as its reference says (gtfs.org: fare_leg_rules, fare_leg_join_rules, fare_transfer_rules, timeframes);
ours (bands, discounts by calendar, spans) as `billettique.model.tariffs` names them. A leg that nothing matches has an
unknown fare: an empty answer here, never a zero.
"""

from calendar import monthrange
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

from billettique.model.fares import (
    UNLIMITED,
    DurationKind,
    FareLeg,
    FareProduct,
    FareTables,
    JoinRule,
    Leg,
    LegRule,
    TransferRule,
)
from billettique.model.tariffs import Band, Border, Cover, DayKinds, Days, Discount, Span
from mobigo.base.instants import PARIS
from mobigo.base.money import from_exact_cents
from mobigo.base.periods import Period

DAY_BEGINS = timedelta(hours=4)  # the operating day: 04:00 to 03:59, local time


# ---- where


def station_of(stop: str, tables: FareTables) -> str:
    """The station of a stop; itself where it has none."""
    known = tables.stops.get(stop)
    return stop if known is None or known.parent is None else known.parent


def areas_of(stop: str, tables: FareTables) -> frozenset[str]:
    """The areas of a stop: its own, else those of its station (platforms listed by themselves override it)."""
    own = frozenset(area for area, each in tables.stop_areas if each == stop)
    station = station_of(stop, tables)
    return own if own or station == stop else frozenset(area for area, each in tables.stop_areas if each == station)


def zone_of(stop: str, tables: FareTables) -> str:
    """The time zone of a stop: its own, that of its station, that of the agency."""
    for each in (stop, station_of(stop, tables)):
        known = tables.stops.get(each)
        if known is not None and known.zone is not None:
            return known.zone
    return tables.zone


# ---- when


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def is_in_timeframe(group: str, at: datetime, stop: str, tables: FareTables) -> bool:
    """Whether an instant at a stop is in one of the timeframes of a group: its local day among the days of the service,
    its local time `start <= t < end`."""
    local = at.astimezone(zone(zone_of(stop, tables)))
    time_s = local.hour * 3600 + local.minute * 60 + local.second
    return any(
        each.group == group
        and each.start_s <= time_s < each.end_s
        and local.date() in tables.services.get(each.service, ())
        for each in tables.timeframes
    )


def operating_day(at: datetime) -> date:
    """The operating day of an instant, from 04:00 to 03:59 by the clocks of France: 03:59 is still the day before."""
    return (at.astimezone(PARIS).replace(tzinfo=None) - DAY_BEGINS).date()


def span_from(cover: Cover, day: date) -> Period:
    """The operating days a cover is good for when it is first used on `day`."""
    match cover.span:
        case Span.DAY:
            return Period(day, day)
        case Span.WEEK:
            monday = day - timedelta(days=day.weekday())
            return Period(monday, monday + timedelta(days=6))
        case Span.MONTH:
            return Period(day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))
        case Span.SCHOOL_YEAR:
            year = day.year if day.month >= 9 else day.year - 1
            return Period(date(year, 9, 1), date(year + 1, 8, 31))
        case Span.DAYS:
            return Period(day, day + timedelta(days=cover.span_days - 1))
        case Span.YEAR:
            # 29 February: the anniversary is 1 March, so its eve is 28 February.
            leap = (day.month, day.day) == (2, 29)
            anniversary = date(day.year + 1, 3, 1) if leap else day.replace(year=day.year + 1)
            return Period(day, anniversary - timedelta(days=1))


# ---- legs


def leg_rules_between(
    leg: FareLeg, from_areas: frozenset[str], to_areas: frozenset[str], tables: FareTables
) -> tuple[LegRule, ...]:
    """The rules of fare_leg_rules that match a leg, the areas of its ends being known, in the order of the file; none:
    its fare is unknown.

    With the rule_priority column an empty field does not matter, and only the highest priority stays. Without it, an
    empty network or area stands for those that the column lists nowhere. An empty timeframe never matters.
    """
    listed: tuple[Collection[str | None], ...] = ((), (), ())
    if not tables.has_priority:
        listed = (
            {rule.network for rule in tables.leg_rules},
            {rule.from_area for rule in tables.leg_rules},
            {rule.to_area for rule in tables.leg_rules},
        )
    matching = [
        rule
        for rule in tables.leg_rules
        if _network_matches(rule.network, leg.networks, listed[0])
        and _area_matches(rule.from_area, from_areas, listed[1])
        and _area_matches(rule.to_area, to_areas, listed[2])
        and _time_matches(rule.from_timeframe, leg.departs_at, leg.from_stop, tables)
        and _time_matches(rule.to_timeframe, leg.arrives_at, leg.to_stop, tables)
    ]
    if tables.has_priority and matching:
        highest = max(rule.priority for rule in matching)
        matching = [rule for rule in matching if rule.priority == highest]
    return tuple(matching)


def _network_matches(wanted: str | None, networks: frozenset[str], listed: Collection[str | None]) -> bool:
    """Every leg of an effective leg must be of the network; a leg of several networks is of none in particular."""
    if wanted is not None:
        return networks == {wanted}
    return not any(network in listed for network in networks)


def _area_matches(wanted: str | None, areas: frozenset[str], listed: Collection[str | None]) -> bool:
    if wanted is not None:
        return wanted in areas
    return not any(area in listed for area in areas)


def _time_matches(group: str | None, at: datetime, stop: str, tables: FareTables) -> bool:
    return group is None or is_in_timeframe(group, at, stop, tables)


def matching_bands(leg: FareLeg, bands: Iterable[Band]) -> tuple[Band, ...]:
    """The prices by distance of a leg; none where its distance is unknown."""
    distance = leg.distance_m
    if distance is None:
        return ()
    return tuple(
        band
        for band in bands
        if leg.networks == {band.network}
        and band.from_m <= distance
        and (band.until_m is None or distance < band.until_m)
    )


def border_of(leg: FareLeg, borders: Iterable[Border], tables: FareTables) -> Border | None:
    """The border station from which (or to which) a leg leaves our tariff, if it does."""
    ends = (station_of(leg.from_stop, tables), station_of(leg.to_stop, tables))
    areas = (areas_of(leg.from_stop, tables), areas_of(leg.to_stop, tables))
    for border in borders:
        for here, there in ((0, 1), (1, 0)):
            if ends[here] == border.stop and border.beyond in areas[there]:
                return border
    return None


# ---- joins


def joining_rule(before: Leg, after: Leg, tables: FareTables) -> JoinRule | None:
    """The first join rule that makes two consecutive legs one."""
    for rule in tables.join_rules:
        if before.network != rule.from_network or after.network != rule.to_network:
            continue
        if rule.from_stop is not None and rule.to_stop is not None:
            if _is_at(before.to_stop, rule.from_stop, tables) and _is_at(after.from_stop, rule.to_stop, tables):
                return rule
        elif station_of(before.to_stop, tables) == station_of(after.from_stop, tables):
            return rule
    return None


def _is_at(stop: str, wanted: str, tables: FareTables) -> bool:
    return wanted in (stop, station_of(stop, tables))


def joined(legs: Sequence[Leg], first: int, last: int) -> FareLeg:
    """Legs `first` to `last` of a journey, both included, as one effective leg."""
    part = legs[first : last + 1]
    distances = [leg.distance_m for leg in part]
    return FareLeg(
        networks=frozenset(leg.network for leg in part if leg.network is not None),
        from_stop=part[0].from_stop,
        to_stop=part[-1].to_stop,
        departs_at=part[0].departs_at,
        arrives_at=part[-1].arrives_at,
        distance_m=None if None in distances else sum(each for each in distances if each is not None),
        first=first,
        last=last,
    )


def fare_legs(legs: Sequence[Leg], tables: FareTables) -> tuple[FareLeg, ...]:
    """The effective legs of a journey: each longest chain of legs that join rules hold together is one."""
    found, first = [], 0
    for at in range(1, len(legs) + 1):
        if at == len(legs) or joining_rule(legs[at - 1], legs[at], tables) is None:
            found.append(joined(legs, first, at - 1))
            first = at
    return tuple(found)


# ---- transfers


def transfer_rules_between(
    from_group: str | None, to_group: str | None, tables: FareTables
) -> tuple[TransferRule, ...]:
    """The transfer rules from a leg group to another, in that direction, counts and limits of time aside.

    An empty group stands for the groups that the column lists nowhere. A leg of no group has no transfer.
    """
    if from_group is None or to_group is None:
        return ()
    from_listed = any(rule.from_group == from_group for rule in tables.transfer_rules)
    to_listed = any(rule.to_group == to_group for rule in tables.transfer_rules)
    return tuple(
        rule
        for rule in tables.transfer_rules
        if (rule.from_group == from_group if from_listed else rule.from_group is None)
        and (rule.to_group == to_group if to_listed else rule.to_group is None)
    )


def is_in_time(rule: TransferRule, first: tuple[float, float], last: tuple[float, float]) -> bool:
    """Whether a transfer is within its limit, from the first matched leg to this one: (departure, arrival) of each, in
    seconds. The limit itself is within."""
    if rule.duration_s is None:
        return True
    kind = rule.duration_kind
    from_s = first[0] if kind in (DurationKind.DEPARTURE_TO_ARRIVAL, DurationKind.DEPARTURE_TO_DEPARTURE) else first[1]
    to_s = last[1] if kind in (DurationKind.DEPARTURE_TO_ARRIVAL, DurationKind.ARRIVAL_TO_ARRIVAL) else last[0]
    return to_s - from_s <= rule.duration_s


# ---- prices


def prices_of(products: Iterable[FareProduct], rider: str | None, media: Collection[str] | None) -> Mapping[str, int]:
    """The cheapest price of each product for a category of riders, on one of the media (None: any of them)."""
    best: dict[str, int] = {}
    for row in products:
        if row.rider is not None and row.rider != rider:
            continue
        if row.medium is not None and media is not None and row.medium not in media:
            continue
        best[row.id] = min(row.amount, best.get(row.id, row.amount))
    return best


def is_day_off(day: date, kinds: DayKinds) -> bool | None:
    """Whether a day is a weekend, a public or a school holiday; None where the calendars do not go that far."""
    if day.weekday() >= 5 or day in kinds.off:
        return True
    return False if any(day in period for period in kinds.known) else None


def discount_holds(
    discount: Discount, *, networks: frozenset[str], rider: str | None, proofs: frozenset[str], day_off: bool | None,
    party: int,
) -> bool:  # fmt: skip
    """Whether a discount may be had on a leg; the card it may need aside. A day of unknown kind opens no discount that
    depends on it: nothing is promised that cannot be shown."""
    if discount.networks is not None and not (networks and networks <= discount.networks):
        return False
    if discount.riders is not None and rider not in discount.riders:
        return False
    if discount.proof is not None and discount.proof not in proofs:
        return False
    if discount.days is Days.OFF and day_off is not True:
        return False
    if discount.days is Days.ORDINARY and day_off is not False:
        return False
    return party >= discount.party_min


def discounted_cents(cents: int, discount: Discount) -> int:
    """The price under a discount, rounded once, half up; never more than without it."""
    if discount.flat_cents is not None:
        return min(cents, discount.flat_cents)
    return from_exact_cents(Fraction(cents * (100 - (discount.pct or 0)), 100)).cents


def cover_reaches(cover: Cover, leg: FareLeg, tables: FareTables) -> bool:
    """Whether a leg is in the scope of a cover: its networks, and both its ends in its areas."""
    if cover.networks is not None and not (leg.networks and leg.networks <= cover.networks):
        return False
    if cover.areas is None:
        return True
    return bool(cover.areas & areas_of(leg.from_stop, tables)) and bool(cover.areas & areas_of(leg.to_stop, tables))


def may_hold(cover: Cover, rider: str | None, proofs: frozenset[str], channel: str | None) -> bool:
    """Whether somebody may buy a cover: their category, what they must show, where it is sold."""
    return (
        (cover.riders is None or rider in cover.riders)
        and (cover.proof is None or cover.proof in proofs)
        and (channel is None or cover.channels is None or channel in cover.channels)
    )


def faults(tables: FareTables) -> Iterator[tuple[str, str]]:
    """What contradicts the reference in the tables: (file, what), so that a tariff is refused before it prices."""
    products = {row.id for row in tables.products}
    for rule in tables.leg_rules:
        if rule.product not in products:
            yield "fare_leg_rules", f"fare_product_id {rule.product}"
    for transfer in tables.transfer_rules:
        if transfer.product is not None and transfer.product not in products:
            yield "fare_transfer_rules", f"fare_product_id {transfer.product}"
        same = transfer.from_group is not None and transfer.from_group == transfer.to_group
        if same and transfer.count is None:
            yield "fare_transfer_rules", f"transfer_count ? ({transfer.from_group})"
        if transfer.from_group != transfer.to_group and transfer.count is not None:
            yield (
                "fare_transfer_rules",
                f"transfer_count {transfer.count} ({transfer.from_group} → {transfer.to_group})",
            )
        if transfer.count is not None and (transfer.count == 0 or transfer.count < UNLIMITED):
            yield "fare_transfer_rules", f"transfer_count {transfer.count}"
        if (transfer.duration_s is None) != (transfer.duration_kind is None):
            yield "fare_transfer_rules", "duration_limit, duration_limit_type"
    for join in tables.join_rules:
        if (join.from_stop is None) != (join.to_stop is None):
            yield "fare_leg_join_rules", "from_stop_id, to_stop_id"

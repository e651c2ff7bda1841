"""What campaigns add, once more, slowly, with fractions, from the text of the rule: no code of the product is here.

A closed world: every trip is known, nothing is on a statement. It reads the same TOML documents as the product and the
attributes of trips, and answers cents. What the scale gives is asked of the other second implementation.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import floor
from types import SimpleNamespace
from typing import Any

from tests.oracles.naive_subsidy import counted, day_of, deal, first_start, half_up, long, parts, price_everything

Answer = dict[str, dict[tuple[str, str], dict[str, int]]]  # campaign → trip → passenger ("": the trip) → cents


def campaigns_of_world(
    trips: Sequence[Any],
    campaigns: Sequence[Mapping[str, Any]],
    budgets: Mapping[str, int],
    ceiling: Mapping[str, Any],
    *,
    scale: Mapping[str, Any] | None,
) -> Answer:
    """What each campaign gives each passenger of each trip that it is about. `scale` None: there is none."""
    ordered = sorted(trips, key=lambda t: (first_start(t), t.operator, t.operator_trip_id))
    under = {} if scale is None else price_everything(ordered, scale, ceiling, 150)
    ranked = {} if scale is None else {key_of(t): under[key_of(t)].rank for t in ordered if counted(t, scale)}
    received = {key_of(t): under[key_of(t)].amount if scale is not None else 0 for t in ordered}
    answer: Answer = {}
    for campaign in sorted(campaigns, key=lambda c: (c["first_day"], c["code"])):
        answer[campaign["code"]] = {}
        left, used = budgets[campaign["code"]], {}
        last: dict[Any, int] = {}
        for t in ordered:
            mine = (t.driver, day_of(t))
            if key_of(t) in ranked:
                last[mine] = max(last.get(mine, 0), ranked[key_of(t)])
        for t in ordered:
            units = units_of(t, campaign)
            if not units:
                continue
            mine = (t.driver, day_of(t))
            rank = ranked.get(key_of(t))
            if rank is None:
                rank = last[mine] = last.get(mine, 0) + 1
            cents = [before_ceiling(t, unit, campaign) for unit in units]
            if campaign.get("legal_ceiling", True):
                whole = length_of(t, [j for unit in units for j in unit], campaign)
                if not (whole < ceiling["short_below_m"] and rank <= ceiling["short_trips_per_day"]):
                    costs = floor(Fraction(ceiling["rate_mills_per_km"], 10) * Fraction(whole, 1000))
                    room = max(0, costs - received[key_of(t)])
                    if sum(cents) > room:
                        dealt = deal(room, {f"{at:03d}": Fraction(each) for at, each in enumerate(cents)})
                        cents = [dealt[f"{at:03d}"] for at in range(len(cents))]
            found: dict[str, int] = {}
            for unit, amount in zip(units, cents, strict=True):
                paid = min(under_caps(t, unit, amount, campaign, used), left)
                left -= paid
                who = "" if campaign["unit"] == "vehicle_trip" else unit[0].passenger
                found[who] = found.get(who, 0) + paid
                received[key_of(t)] += paid
            answer[campaign["code"]][key_of(t)] = found
    return answer


def key_of(trip: Any) -> tuple[str, str]:
    return (trip.operator, trip.operator_trip_id)


def units_of(trip: Any, campaign: Mapping[str, Any]) -> list[list[Any]]:
    """The journeys that the campaign counts: each alone, or all of them as one."""
    lengths = campaign["lengths"]
    asked = {
        "proof_class_min": campaign["proof_class_min"], "leg_m_min": 0, "overlap_pct": campaign.get("overlap_pct", 70),
        "first_day": campaign["first_day"],
    }  # fmt: skip
    if "last_day" in campaign:
        asked["last_day"] = campaign["last_day"]

    chosen = [j for j in trip.journeys if in_range(long(j), lengths) and meant(j, trip, campaign)]
    kept = SimpleNamespace(driver=trip.driver, journeys=chosen)
    if not chosen:
        return []
    # The day is that of the whole trip, whichever of its journeys are kept.
    day = day_of(trip)
    if day < asked["first_day"] or ("last_day" in asked and day > asked["last_day"]):
        return []
    asked = {name: value for name, value in asked.items() if name != "last_day"} | {"first_day": day_of(kept)}
    good = counted(kept, asked)
    if campaign["unit"] == "vehicle_trip":
        return [good] if good else []
    return [[j] for j in good]


def in_range(metres: int, lengths: Mapping[str, Any]) -> bool:
    least = lengths.get("from_m", 0)
    if metres < least or (metres == least and not lengths.get("from_included", True)):
        return False
    most = lengths.get("to_m")
    return most is None or metres < most or (metres == most and lengths.get("to_included", False))


def meant(j: Any, trip: Any, campaign: Mapping[str, Any]) -> bool:
    """Operators, days, zones by commune and département, adults, a revenue that is known."""
    day = day_of(trip)
    named = campaign.get("operators", [])
    if named and not any(
        o["code"] == j.operator and o["first_day"] <= day and day <= o.get("last_day", day) for o in named
    ):
        return False
    if day.isoweekday() not in campaign.get("weekdays", range(1, 8)) or day in campaign.get("except_days", []):
        return False
    for rule in campaign.get("where", []):
        zone = campaign["zones"][rule["zone"]]
        start, end = (
            code is not None and (code in zone.get("communes", []) or code[:2] in zone.get("departements", []))
            for code in (j.start_insee, j.end_insee)
        )
        holds = {"start": start, "end": end, "both": start and end, "either": start or end}[rule["ends"]]
        if holds != rule.get("inside", True):
            return False
    if campaign.get("adults_only") and j.passenger_over_18 is not True:
        return False
    return not (any(p["kind"] == "free_ride" for p in campaign["parts"]) and j.driver_revenue is None)


def length_of(trip: Any, journeys: Sequence[Any], campaign: Mapping[str, Any]) -> int:
    asked = {
        "distance_basis": campaign.get("distance_basis", "with_passenger"), "rate_unit_m": 1, "rate_cents": 0,
        "passengers_max": 0, "first_counted_passenger": 1, "bonus_cents": 0,
    }  # fmt: skip
    return parts(trip, list(journeys), asked)[2]


def before_ceiling(trip: Any, unit: Sequence[Any], campaign: Mapping[str, Any]) -> int:
    """Parts, booster, most: one rounding."""
    metres = length_of(trip, unit, campaign)
    seats = sum(j.seats for j in unit)
    people = min(seats, campaign.get("passengers_max", 8))
    exact = Fraction(0)
    for part in campaign["parts"]:
        if not in_range(metres, part.get("lengths", {})):
            continue
        times = 1 if not part.get("per_seat") else seats if len(unit) == 1 else people
        if part["kind"] == "flat":
            exact += part["cents"] * times
        elif part["kind"] == "per_km":
            paid = min(metres, part.get("limit_m", metres)) - part.get("offset_m", 0)
            exact += Fraction(max(0, paid), part.get("unit_m", 1000)) * part["cents"] * times
        elif part["kind"] == "per_passenger":
            rewarded = range(part.get("first", 1), min(people, part.get("most", people)) + 1)
            exact += len(rewarded) * part["cents"]
        else:
            exact += max(0, unit[0].driver_revenue.cents - unit[0].incentives.cents)
    day = day_of(trip)
    for booster in campaign.get("boosters", []):
        first, final = booster.get("first_day", campaign["first_day"]), booster.get("last_day", day)
        if first <= day <= final and day.isoweekday() in booster.get("weekdays", range(1, 8)):
            if booster.get("days") and day not in booster["days"]:
                continue
            exact *= Fraction(booster["factor"])
            break
    if "amount_cents_max" in campaign:
        exact = min(exact, Fraction(campaign["amount_cents_max"]))
    return half_up(exact)


def under_caps(
    trip: Any, unit: Sequence[Any], cents: int, campaign: Mapping[str, Any], used: dict[tuple[Any, ...], int]
) -> int:
    """What is left through every cap, narrow before wide; what it takes is noted."""
    whose = ["vehicle_trip", "driver", "passenger", "campaign"]
    width = ["trip", "day", "month", "year", "campaign"]
    what = ["passengers", "trips", "amount"]
    ordered = sorted(
        campaign.get("caps", []),
        key=lambda c: (whose.index(c["of"]), width.index(c["per"]), what.index(c["measure"])),
    )
    day, people = day_of(trip), min(sum(j.seats for j in unit), campaign.get("passengers_max", 8))
    names = []
    for cap in ordered:
        who = {
            "vehicle_trip": key_of(trip), "driver": trip.driver, "passenger": unit[0].passenger, "campaign": None,
        }[cap["of"]]  # fmt: skip
        period = {
            "trip": key_of(trip), "day": day, "month": (day.year, day.month), "year": day.year, "campaign": 0,
        }[cap["per"]]  # fmt: skip
        names.append((cap["of"], cap["per"], cap["measure"], who, period))
        room = max(0, cap["limit"] - used.get(names[-1], 0))
        if cap["measure"] == "amount":
            cents = min(cents, room)
        elif cap["measure"] == "trips":
            cents = cents if room else 0
        elif people > room:
            cents = floor(Fraction(cents * room, people))
    if cents:
        for cap, name in zip(ordered, names, strict=True):
            adds = {"amount": cents, "trips": 1, "passengers": people}[cap["measure"]]
            used[name] = used.get(name, 0) + adds
    return cents

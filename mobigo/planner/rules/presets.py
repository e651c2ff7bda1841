"""What a traveller puts first: the journeys of an answer in another order, none hidden. Step-free journeys are a limit
of the search itself (`Limits.wheelchair`); the other presets only say which journey comes first."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import inf
from typing import Final

from mobigo.base.decisions import Decision
from mobigo.planner.model import Answer, Emission, Journey, Preset, Price

Key = Callable[[Journey, Price | None, Emission | None], float]


def _lasts_s(journey: Journey, price: Price | None, emission: Emission | None) -> float:
    return (journey.arrive_at - journey.depart_at).total_seconds()


def _changes(journey: Journey, price: Price | None, emission: Emission | None) -> float:
    return journey.change_count


def _walk_m(journey: Journey, price: Price | None, emission: Emission | None) -> float:
    return journey.walk_m


def _cents(journey: Journey, price: Price | None, emission: Emission | None) -> float:
    """Nothing to pay on foot and by one's own vehicle alone; unknown comes last."""
    if price is None:
        return inf if journey.rides else 0
    return inf if price.total is None else price.total.cents


def _grams(journey: Journey, price: Price | None, emission: Emission | None) -> float:
    return inf if emission is None or emission.grams is None else emission.grams


KEYS: Final[Mapping[Preset, Key]] = {
    Preset.FASTEST: _lasts_s,
    Preset.CHEAPEST: _cents,
    Preset.FEWEST_CHANGES: _changes,
    Preset.LEAST_WALKING: _walk_m,
    Preset.LOWEST_CO2: _grams,
}


def arranged(answer: Answer) -> Answer:
    """The answer with what its query puts first first; of equals, the order they had. When nothing is known of what is
    put first, or not of every journey, that is remarked."""
    key = KEYS.get(answer.query.preset)
    if key is None or not answer.journeys:
        return answer
    count = len(answer.journeys)
    prices = answer.prices or (None,) * count
    emissions = answer.emissions or (None,) * count
    values = [key(*each) for each in zip(answer.journeys, prices, emissions, strict=True)]
    order = sorted(range(count), key=values.__getitem__)
    unknown = sum(value == inf for value in values)
    remarks = answer.remarks
    if unknown:
        code = "planner.preset_all_unknown" if unknown == count else "planner.preset_some_unknown"
        what = "price" if answer.query.preset is Preset.CHEAPEST else "co2"
        remarks = (*remarks, Decision(f"{code}_{what}"))
    return replace(
        answer,
        journeys=tuple(answer.journeys[at] for at in order),
        prices=tuple(prices[at] for at in order) if answer.prices else (),
        emissions=tuple(emissions[at] for at in order) if answer.emissions else (),
        remarks=remarks,
    )

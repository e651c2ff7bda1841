"""What a plan changes, on the map: a morning's service cut in two and back again."""

from dataclasses import replace

import pytest

from scolaire.export.change_map import COLOURS, change_map
from scolaire.model.day import DayPlan
from scolaire.model.plan import Block, Board, Circuit, Leave, Plan
from scolaire.rules.compare import compare
from tests.unit.scolaire_plans.test_the_day_checker import DEMAND, GOOD, MINUTE, morning

# Stop b gets a service of its own; m goes by a alone.
CUT = morning(
    Plan(
        (
            Circuit("m", (Board("a>S", 2, 470 * MINUTE), Leave("S", 480 * MINUTE))),
            Circuit("n", (Board("b>S", 1, 460 * MINUTE), Leave("S", 480 * MINUTE))),
        ),
        (Block("car-1", "car", "d", ("m",)), Block("petit-1", "petit", "d", ("n",))),
    )
)
NO_MORNING = replace(GOOD, halves={"soir": GOOD.halves["soir"]}, seats=GOOD.seats)


@pytest.mark.parametrize(
    ("before", "after", "half", "told"),
    [
        (GOOD, CUT, "matin", {"m": "changed", "n": "new"}),
        (CUT, GOOD, "matin", {"m": "changed", "n": "gone"}),
        (GOOD, GOOD, "matin", {"m": "same"}),
        (GOOD, CUT, "soir", {"s": "same"}),
        (NO_MORNING, GOOD, "matin", {"m": "new"}),
        (GOOD, NO_MORNING, "matin", {"m": "gone"}),
    ],
)
def test_each_service_is_drawn_once_by_what_became_of_it(
    before: DayPlan, after: DayPlan, half: str, told: dict[str, str]
) -> None:
    drawn = change_map(before, DEMAND, after, DEMAND, compare(before, DEMAND, after, DEMAND), half)
    rides = [each["properties"] for each in drawn["features"] if each["properties"]["kind"] == "ride"]
    assert sorted((each["service"], each["change"]) for each in rides) == sorted(told.items())
    assert all(each["color"] == COLOURS[each["change"]] for each in rides)
    assert all((each["journey"] == 1) == (each["change"] == "same") for each in rides)  # pale, of another journey


def test_the_places_are_those_of_the_plan_that_comes() -> None:
    drawn = change_map(CUT, DEMAND, GOOD, DEMAND, compare(CUT, DEMAND, GOOD, DEMAND), "matin")
    places = sorted(each["properties"]["name"] for each in drawn["features"] if each["properties"]["kind"] != "ride")
    assert places == ["Croix", "Place", "École"]

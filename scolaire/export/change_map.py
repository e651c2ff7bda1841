"""What one plan changes of another, as GeoJSON: services that are new, changed or gone in a colour each, others pale.

Colours are told apart by words too: `change` of each stroke, and the legend of the page.
"""

from typing import Any, Final

from scolaire.export.plan_map import plan_map
from scolaire.model.day import DayPlan, Difference
from scolaire.model.demand import Demand

NEW, CHANGED, GONE, SAME = "new", "changed", "gone", "same"
COLOURS: Final = {NEW: "#0b5d4b", CHANGED: "#8a4b00", GONE: "#7b1e3b", SAME: "#5b5149"}


def change_map(
    before: DayPlan, old: Demand, after: DayPlan, new: Demand, moved: Difference, half: str
) -> dict[str, Any]:
    """A half-day of `after`, and the services of `before` that it has no more. A half-day that one of the plans does
    not have has nothing there."""
    kinds = changes(moved)
    features = []
    for plan, demand, gone in ((before, old, True), (after, new, False)):
        drawn = plan_map(plan, demand, half)["features"] if half in plan.halves else []
        for each in drawn:
            told = each["properties"]
            if told["kind"] != "ride":
                features += [] if gone else [each]
                continue
            change = kinds.get(told["service"], SAME)
            if (change == GONE) == gone:
                told |= {"change": change, "color": COLOURS[change], "journey": int(change == SAME)}
                features.append(each)
    return {"type": "FeatureCollection", "features": features}


def changes(moved: Difference) -> dict[str, str]:
    """What became of each service that is not the same."""
    return {
        **dict.fromkeys(moved.services_new, NEW), **dict.fromkeys(moved.services_changed, CHANGED),
        **dict.fromkeys(moved.services_gone, GONE),
    }  # fmt: skip

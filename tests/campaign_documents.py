"""Campaigns as documents for tests: between them, every kind of part, condition and cap of the language."""

import json
from datetime import date
from typing import Any, Final

_PLAIN: Final[dict[str, Any]] = {
    "first_day": date(2026, 1, 1), "title": {"fr": "x", "en": "x"}, "text": {"fr": "", "en": ""}, "source": "essai",
    "examples": [], "proof_class_min": "B", "lengths": {"from_m": 2_000},
    "act": {"number": "26-3", "date": date(2026, 1, 1), "document": "essai"},
}  # fmt: skip

SLICES: Final[dict[str, Any]] = _PLAIN | {
    "code": "tranches", "unit": "journey", "proof_class_min": "C", "weekdays": [1, 2, 3, 4, 5],
    "lengths": {"from_m": 2_000, "to_m": 80_000, "to_included": True},
    "operators": [
        {"code": "mobigo", "first_day": date(2026, 1, 1)},
        {"code": "blue", "first_day": date(2026, 11, 10), "last_day": date(2026, 11, 25)},
    ],
    "parts": [
        {"id": "base", "kind": "flat", "cents": 53, "per_seat": True},
        {"id": "km", "kind": "per_km", "cents": 7, "offset_m": 15_000, "limit_m": 30_000, "per_seat": True},
        {"id": "far", "kind": "flat", "cents": 33, "lengths": {"from_m": 40_000, "from_included": False}},
    ],
    "boosters": [
        {"id": "week", "factor": "3/2", "first_day": date(2026, 11, 9), "last_day": date(2026, 11, 15)},
        {"id": "day", "factor": "2", "days": [date(2026, 11, 12), date(2026, 11, 18)]},
    ],
    "amount_cents_max": 190,
    "caps": [
        {"of": "passenger", "per": "day", "measure": "trips", "limit": 1},
        {"of": "passenger", "per": "month", "measure": "amount", "limit": 700},
        {"of": "driver", "per": "day", "measure": "passengers", "limit": 3},
        {"of": "driver", "per": "month", "measure": "amount", "limit": 1_500},
    ],
}  # fmt: skip

FREE: Final[dict[str, Any]] = _PLAIN | {
    "code": "offert", "unit": "journey", "adults_only": True, "except_days": [date(2026, 11, 11)],
    "zones": {"est": {"departements": ["21", "22"]}, "bourg": {"communes": ["23003"]}},
    "where": [{"zone": "est", "ends": "either"}, {"zone": "bourg", "ends": "both", "inside": False}],
    "parts": [{"id": "revenue", "kind": "free_ride"}],
    "caps": [
        {"of": "passenger", "per": "campaign", "measure": "trips", "limit": 3},
        {"of": "vehicle_trip", "per": "trip", "measure": "amount", "limit": 350},
        {"of": "campaign", "per": "day", "measure": "amount", "limit": 900},
    ],
}  # fmt: skip

CAR: Final[dict[str, Any]] = _PLAIN | {
    "code": "voiture", "first_day": date(2026, 11, 5), "unit": "vehicle_trip", "passengers_max": 3,
    "parts": [
        {"id": "km", "kind": "per_km", "cents": 25, "unit_m": 2_000},
        {"id": "people", "kind": "per_passenger", "cents": 80, "first": 2, "most": 3},
    ],
    "caps": [
        {"of": "driver", "per": "day", "measure": "trips", "limit": 2},
        {"of": "campaign", "per": "month", "measure": "amount", "limit": 90_000},
    ],
}  # fmt: skip

ALL: Final = (SLICES, FREE, CAR)
BUDGETS: Final = {"tranches": 10_000_000, "offert": 23_456, "voiture": 10_000_000}


def as_toml(document: dict[str, Any]) -> str:
    """A document as the text of its file; every value is one that JSON and TOML write alike, or a day."""
    return "".join(f"{name} = {_value(value)}\n" for name, value in document.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_value(each)}" for name, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return value.isoformat() if isinstance(value, date) else json.dumps(value)

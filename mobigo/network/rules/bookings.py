"""Rules on booking_rules: how long before a trip one must book (GTFS Schedule reference, booking_rules.txt)."""

import numpy as np

from mobigo.network.rules.view import NO_NUMBER, View

REAL_TIME, SAME_DAY, PRIOR_DAYS = 0, 1, 2
TABLE = "booking_rules"
_NOTICES = (
    "prior_notice_duration_min", "prior_notice_duration_max", "prior_notice_last_day", "prior_notice_last_time",
    "prior_notice_start_day", "prior_notice_start_time", "prior_notice_service_id",
)  # fmt: skip
_FORBIDDEN = {
    "forbidden_real_time_booking_field_value": (REAL_TIME, _NOTICES),
    "forbidden_same_day_booking_field_value": (
        SAME_DAY,
        ("prior_notice_last_day", "prior_notice_last_time", "prior_notice_service_id"),
    ),
    "forbidden_prior_day_booking_field_value": (
        PRIOR_DAYS,
        ("prior_notice_duration_min", "prior_notice_duration_max"),
    ),
}
_MISSING = {
    "missing_prior_notice_duration_min": (SAME_DAY, "prior_notice_duration_min"),
    "missing_prior_notice_last_day": (PRIOR_DAYS, "prior_notice_last_day"),
    "missing_prior_notice_last_time": (PRIOR_DAYS, "prior_notice_last_time"),
}


def check(view: View) -> None:
    """Every rule of this file."""
    if not view.height(TABLE):
        return
    kind = view.column(TABLE, "booking_type").whole
    given = {name: ~view.column(TABLE, name).is_blank for name in _NOTICES}

    def tell(code: str, wrong: np.ndarray, column: str) -> None:
        view.tell(code, TABLE, np.flatnonzero(wrong), column, with_=("booking_rule_id",))

    for code, (of_kind, columns) in _FORBIDDEN.items():
        for column in columns:
            tell(code, (kind == of_kind) & given[column], column)
    for code, (of_kind, column) in _MISSING.items():
        tell(code, (kind == of_kind) & ~given[column], column)
    start_day, start_time = given["prior_notice_start_day"], given["prior_notice_start_time"]
    column = "prior_notice_start_day"
    tell(
        "forbidden_prior_notice_start_day", start_day & given["prior_notice_duration_max"] & (kind == SAME_DAY), column
    )
    tell("forbidden_prior_notice_start_time", start_time & ~start_day, "prior_notice_start_time")
    tell("missing_prior_notice_start_time", start_day & ~start_time, "prior_notice_start_time")
    least, most = (view.column(TABLE, f"prior_notice_duration_{end}").whole for end in ("min", "max"))
    both = (least != NO_NUMBER) & (most != NO_NUMBER)
    tell("invalid_prior_notice_duration_min", both & (most < least), "prior_notice_duration_min")
    last, first = (view.column(TABLE, f"prior_notice_{end}_day").whole for end in ("last", "start"))
    both = (last != NO_NUMBER) & (first != NO_NUMBER)
    tell("prior_notice_last_day_after_start_day", both & (last > first), "prior_notice_last_day")

"""Rules on translations: a translation is of one record, or of every record with one value, and the record is there."""

from typing import Final

import numpy as np

from mobigo.network.rules.view import View

# The column that names a record of each table whose texts may be translated.
_KEYS: Final = {
    "agency": "agency_id", "stops": "stop_id", "routes": "route_id", "trips": "trip_id", "stop_times": "trip_id",
    "pathways": "pathway_id", "levels": "level_id", "attributions": "attribution_id",
}  # fmt: skip
_NOBODY: Final = ("feed_info",)  # of one record, that needs no name


def check(view: View) -> None:
    """Every rule of this file."""
    if not view.height("translations"):
        return
    tables = view.column("translations", "table_name")
    record = view.column("translations", "record_id")
    value = view.column("translations", "field_value")
    one = np.isin(tables.codes, [tables.code_of[name] for name in _NOBODY if name in tables.code_of])
    wrong = (~record.is_blank & ~value.is_blank) | (one & ~(record.is_blank & value.is_blank))
    view.tell("translation_unexpected_value", "translations", np.flatnonzero(wrong), "field_value")
    for table, key in _KEYS.items():
        code = tables.code_of.get(table)
        if code is None:
            continue
        known = set(view.column(table, key).texts) if view.has(table, key) else set()
        here = np.flatnonzero((tables.codes == code) & ~record.is_blank)
        lost = [row for row in here.tolist() if record.texts[record.codes[row]] not in known]
        view.tell(
            "translation_foreign_key_violation", "translations", np.array(lost, np.int64), "record_id",
            with_=("table_name",),
        )  # fmt: skip

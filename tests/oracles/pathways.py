"""What pathways take, straight from the rows of pathways.txt: no code of the product. Every row is relaxed again and
again until nothing gets nearer (Bellman and Ford)."""

import math
from collections.abc import Mapping, Sequence

Row = Mapping[str, object]

# who: metres a second, what stairs multiply, seconds a lift is waited for
WHO = {"walk": (1.2, 1.6, 45), "walk_slow": (0.8, 2.0, 45), "stroller": (1.0, 4.0, 45), "wheelchair": (0.9, 1.0, 60)}


def seconds_of(row: Row, who: str, straight_m: float | None, levels: float | None) -> int | None:
    """Seconds along a row; None where that walker cannot pass."""
    speed, climb, wait = WHO[who]
    mode = int(str(row["pathway_mode"]))
    time, length = _number(row, "traversal_time"), _number(row, "length")
    steps, slope, width = _number(row, "stair_count"), _number(row, "max_slope"), _number(row, "min_width")
    if who == "wheelchair":
        most = 0.10 if length is not None and length <= 2 else 0.06
        if mode in (2, 4) or (width is not None and width < 0.8) or abs(slope or 0) > most:
            return None
    if mode in (3, 4, 5) and time is not None:
        return int(time)
    if mode == 5:
        return math.ceil(round(wait + 10 * max(1, abs(levels or 0)), 6))
    if mode in (2, 4) and length is None:
        length = abs(steps) * 0.33 if steps else max(straight_m or 0, 8 * max(1, abs(levels or 0)))
    if mode in (6, 7) and length is None and time is None:
        time = 3
    if mode == 4:
        return math.ceil(round(length / 0.5, 6)) if length is not None else None
    if time is not None:
        return math.ceil(round(time * 1.2 / speed * (climb / 1.6 if mode == 2 else 1), 6))
    if length is None:
        length = 10 if straight_m is None else straight_m
    return math.ceil(round(length / speed * (climb if mode == 2 else 1), 6))


def least_seconds(
    rows: Sequence[Row], starts: Sequence[str], who: str, barred: frozenset[str] = frozenset(),
    levels: Mapping[str, float] | None = None,
) -> dict[str, int]:  # fmt: skip
    """The least seconds from any of `starts` to every place, by id. Places have no position here."""
    best = {place: 0 for place in starts if place not in barred}
    level = levels or {}
    for _ in range(len(rows) * 2 + 1):
        for row in rows:
            a, b = str(row["from_stop_id"]), str(row["to_stop_id"])
            apart = level[b] - level[a] if a in level and b in level else None
            seconds = seconds_of(row, who, None, apart)
            both = str(row["is_bidirectional"]) == "1" and str(row["pathway_mode"]) != "7"
            if seconds is None or a in barred or b in barred:
                continue
            for x, y in ((a, b), (b, a)) if both else ((a, b),):
                if x in best and best[x] + seconds < best.get(y, 10**9):
                    best[y] = best[x] + seconds
    return best


def _number(row: Row, column: str) -> float | None:
    text = str(row.get(column, ""))
    return float(text) if text else None

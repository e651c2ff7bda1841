"""Changes of who walks slowly."""

from mobigo.planner.engine.paced import paced
from tests.builders import feed, trip
from tests.planner_adaptor import compiled


def test_a_walk_between_stops_lasts_longer_and_keeps_its_waiting() -> None:
    stops = [
        {"stop_id": "A", "stop_lat": "47.0000", "stop_lon": "4.0000"},
        {"stop_id": "B", "stop_lat": "47.0020", "stop_lon": "4.0000"},  # 223 m away: 290 m on foot
        {"stop_id": "C", "stop_lat": "47.0500", "stop_lon": "4.0000"},
    ]
    timetable = compiled(feed([trip("t", "A 8:00 B 8:05 C 8:10")], stops=stops))
    slow = paced(timetable, 0.8)
    assert len(timetable.foot_m)
    longer = (slow.foot_s - timetable.foot_s).tolist()
    assert longer == [-(-metres * 10 // 8) - -(-metres * 10 // 12) for metres in timetable.foot_m.tolist()]
    assert (slow.node_change_s == timetable.node_change_s).all()


def test_the_shortest_walk_still_comes_first() -> None:
    stops = [
        {"stop_id": name, "stop_lat": f"{47 + k / 2000:.4f}", "stop_lon": "4.0000"} for k, name in enumerate("ABCDE")
    ]
    slow = paced(compiled(feed([trip("t", "A 8:00 B 8:05 C 8:10 D 8:15 E 8:20")], stops=stops)), 0.8)
    for node in range(len(slow.foot_start) - 1):
        seconds = slow.foot_s[slow.foot_start[node] : slow.foot_start[node + 1]].tolist()
        assert seconds == sorted(seconds)

"""Tags of OpenStreetMap to who may pass: one row a rule, and its other side."""

import pytest

from mobigo.network.model import streets as bits
from mobigo.network.rules.osm import entrance_of, node_bars, way_pass

WALK, BIKE, CAR = (bits.WALK_AHEAD | bits.WALK_BACK, bits.BIKE_AHEAD | bits.BIKE_BACK, bits.CAR_AHEAD | bits.CAR_BACK)
PASS = WALK | BIKE | CAR


def tags(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split("; ") if pair)


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("highway=residential", WALK | BIKE | CAR),
        ("highway=motorway", bits.CAR_AHEAD),  # one way by its nature
        ("highway=motorway; oneway=no", CAR),
        ("highway=trunk", CAR),
        ("highway=trunk; sidewalk=right", CAR | WALK),
        ("highway=trunk; foot=yes", CAR | WALK),
        ("highway=primary; motorroad=yes", CAR),
        ("highway=footway", WALK),
        ("highway=footway; bicycle=yes", WALK | BIKE),
        ("highway=footway; bicycle=dismount", WALK),
        ("highway=cycleway; foot=no", BIKE),
        ("highway=path", WALK | BIKE),
        ("highway=track", WALK | BIKE),
        ("highway=track; motor_vehicle=yes", WALK | BIKE | CAR),
        ("highway=steps", WALK),
        ("highway=elevator", WALK),
        ("railway=platform", WALK),
        ("highway=construction", 0),
        ("highway=proposed", 0),
        ("highway=raceway", 0),
        ("waterway=river", 0),
        ("highway=service; access=private", 0),
        ("highway=service; access=private; foot=yes", WALK),
        ("highway=service; access=destination", WALK | BIKE | CAR),
        ("highway=residential; access=no; bicycle=designated", BIKE),
        ("highway=motorway; access=yes", bits.CAR_AHEAD),  # opens it to nobody on foot
        ("highway=residential; vehicle=no", WALK),
        ("highway=residential; motor_vehicle=no", WALK | BIKE),
        ("highway=residential; motor_vehicle=no; motorcar=yes", WALK | BIKE | CAR),
        ("highway=residential; foot=use_sidepath", BIKE | CAR),
    ],
)
def test_who_may_pass(text: str, passes: int) -> None:
    assert way_pass(tags(text))[0] & PASS == passes


@pytest.mark.parametrize(
    ("text", "walk", "bike", "car"),
    [
        ("oneway=yes", 0, 1, 1),
        ("oneway=1", 0, 1, 1),
        ("oneway=-1", 0, -1, -1),
        ("oneway=reverse", 0, -1, -1),
        ("oneway=no", 0, 0, 0),
        ("oneway=alternating", 0, 0, 0),
        ("junction=roundabout", 0, 1, 1),
        ("junction=roundabout; oneway=no", 0, 0, 0),
        ("oneway=yes; oneway:bicycle=no", 0, 0, 1),
        ("oneway=yes; cycleway=opposite_lane", 0, 0, 1),
        ("oneway=yes; cycleway:left=opposite_track", 0, 0, 1),
        ("oneway=yes; cycleway=lane", 0, 1, 1),
        ("oneway=yes; oneway:foot=yes", 1, 1, 1),
    ],
)
def test_which_way(text: str, walk: int, bike: int, car: int) -> None:
    """1 as drawn only, -1 against only, 0 both."""
    found = way_pass(tags("highway=residential; " + text))[0]
    for mode, said in zip(bits.Mode, (walk, bike, car), strict=True):
        assert (bool(found & mode.ahead), bool(found & mode.back)) == (said >= 0, said <= 0), mode.name


def test_an_escalator_carries_one_way() -> None:
    assert way_pass(tags("highway=steps; conveying=forward"))[0] & WALK == bits.WALK_AHEAD
    assert way_pass(tags("highway=steps; conveying=backward"))[0] & WALK == bits.WALK_BACK
    assert way_pass(tags("highway=steps; conveying=yes; wheelchair=no"))[0] & bits.NO_WHEELS


@pytest.mark.parametrize(
    ("text", "stopped"),
    [
        ("highway=footway", False),
        ("highway=steps", True),
        ("highway=steps; ramp:wheelchair=yes", False),
        ("highway=steps; wheelchair=yes", False),
        ("highway=footway; wheelchair=no", True),
        ("highway=footway; incline=6%", False),
        ("highway=footway; incline=6.5%", True),
        ("highway=footway; incline=-7 %", True),
        ("highway=footway; incline=up", False),  # how steep is not said
        ("highway=footway; incline=12°", False),
        ("highway=footway; width=0.9", False),
        ("highway=footway; width=0,8 m", True),
        ("highway=footway; width=narrow", False),
        ("highway=path; surface=sand", True),
        ("highway=path; surface=gravel", False),
        ("highway=path; smoothness=bad", False),
        ("highway=path; smoothness=very_bad", True),
        ("highway=track; tracktype=grade3", False),
        ("highway=track; tracktype=grade4", True),
    ],
)
def test_what_stops_wheels(text: str, stopped: bool) -> None:
    assert bool(way_pass(tags(text))[0] & bits.NO_WHEELS) is stopped


@pytest.mark.parametrize(
    ("text", "bit", "there"),
    [
        ("highway=path; surface=gravel", bits.ROUGH, True),
        ("highway=path; surface=asphalt", bits.ROUGH, False),
        ("highway=track; tracktype=grade2", bits.ROUGH, False),
        ("highway=track; tracktype=grade3", bits.ROUGH, True),
        ("highway=primary", bits.BUSY, True),
        ("highway=primary; cycleway=track", bits.BUSY, False),
        ("highway=primary; cycleway=lane", bits.BUSY, True),
        ("highway=primary; maxspeed=30", bits.BUSY, False),
        ("highway=tertiary", bits.CALM, False),
        ("highway=tertiary; maxspeed=30", bits.CALM, True),
        ("highway=living_street", bits.CALM, True),
    ],
)
def test_what_it_is_like(text: str, bit: int, there: bool) -> None:
    assert bool(way_pass(tags(text))[0] & bit) is there


@pytest.mark.parametrize(
    ("text", "kmh"),
    [
        ("highway=residential", 50),
        ("highway=primary", 80),
        ("highway=primary; maxspeed=50", 50),
        ("highway=primary; maxspeed=FR:urban", 50),
        ("highway=primary; maxspeed=70 km/h", 70),
        ("highway=primary; maxspeed=walk", 6),
        ("highway=primary; maxspeed=3", 80),  # not believed
        ("highway=primary; maxspeed=900", 80),
        ("highway=primary; maxspeed=30 mph", 80),
        ("highway=primary; maxspeed=fast", 80),
        ("highway=footway", 0),
    ],
)
def test_the_speed_of_cars(text: str, kmh: int) -> None:
    assert way_pass(tags(text))[1] == kmh


B = bits


@pytest.mark.parametrize(
    ("text", "bars"),
    [
        ("barrier=bollard", B.BARS_CAR),
        ("barrier=bollard; motor_vehicle=yes", 0),
        ("barrier=gate", 0),
        ("barrier=gate; access=private", B.BARS_WALK | B.BARS_WHEELS | B.BARS_BIKE | B.BARS_CAR),
        ("barrier=gate; access=private; foot=yes", B.BARS_BIKE | B.BARS_CAR),
        ("barrier=lift_gate; motor_vehicle=no", B.BARS_CAR),
        ("barrier=turnstile", B.BARS_WHEELS | B.BARS_BIKE | B.BARS_CAR),
        ("barrier=cycle_barrier", B.BARS_WHEELS | B.BARS_CAR),
        ("barrier=cycle_barrier; wheelchair=yes", B.BARS_CAR),
        ("kerb=raised", B.BARS_WHEELS),
        ("kerb=lowered", 0),
        ("kerb=raised; wheelchair=yes", 0),
        ("highway=crossing; wheelchair=no", B.BARS_WHEELS),
        ("highway=crossing", 0),
        ("barrier=toll_booth", 0),
        ("highway=elevator", B.LIFT_HERE),
        ("highway=elevator; wheelchair=no", B.LIFT_HERE | B.BARS_WHEELS),
    ],
)
def test_what_bars_a_point(text: str, bars: int) -> None:
    assert node_bars(tags(text)) == bars


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("railway=subway_entrance", (B.OF_SUBWAY, 0, "")),
        ("railway=subway_entrance; ref=C; wheelchair=no", (B.OF_SUBWAY, 2, "C")),
        ("railway=subway_entrance; ref=C; name=Place Darcy", (B.OF_SUBWAY, 0, "Place Darcy")),
        ("railway=train_station_entrance; entrance=main; wheelchair=yes", (B.OF_TRAIN, 1, "")),
        ("railway=train_station_entrance; wheelchair=limited", (B.OF_TRAIN, 0, "")),
        ("railway=train_station_entrance; access=permissive", (B.OF_TRAIN, 0, "")),
        ("railway=train_station_entrance; access=private", None),
        ("railway=subway_entrance; entrance=emergency", None),
        ("railway=subway_entrance; entrance=exit", None),
        ("entrance=main", None),
        ("railway=station", None),
    ],
)
def test_where_one_enters_a_station(text: str, found: tuple[int, int, str] | None) -> None:
    assert entrance_of(tags(text)) == found

"""School sectors drawn from a seed, in the likeness of the region: towns with schools, villages with stops, pupils who
go to the nearest school of their age, two bells an evening, buses of three sizes. Nothing in it is real."""

import math
import random
from dataclasses import replace

from scolaire.model.demand import (
    EVENING,
    LATE,
    MORNING,
    WEDNESDAY,
    Demand,
    DepotSite,
    DriverDay,
    Place,
    Pupil,
    SchoolSite,
    StopSite,
)
from scolaire.model.problem import Handling, VehicleType

MINUTE = 60_000
CENTRE = Place(47.2, 4.6)
KM_LAT = 1 / 111.2
KM_LON = 1 / (111.2 * math.cos(math.radians(CENTRE.lat)))
TYPES = (
    VehicleType("car-63", 63, 0, 21_000, 95, 2_800, 1_000),
    VehicleType("car-35", 35, 0, 17_500, 80, 2_800, 800),
    VehicleType("minibus-16", 16, 2, 12_000, 60, 2_600, 400),
)
HANDLING = Handling(15_000, 3_000, 30_000, 1_500)
FIRST_BELL_MIN = (7 * 60 + 50, 8 * 60, 8 * 60 + 15, 8 * 60 + 30, 8 * 60 + 45)


def sector(
    seed: int = 1, *, schools: int = 4, stops: int = 24, pupils: int = 120, side_km: float | None = None,
    wheelchair_pct: int = 1, evenings: bool = True,
) -> Demand:  # fmt: skip
    """A demand. Pupils live within a walk of a village's stops; a school takes those of around it."""
    draw = random.Random(seed)
    side = side_km if side_km is not None else 6.0 * math.sqrt(schools)
    towns = [(draw.uniform(0, side), draw.uniform(0, side)) for _ in range(max(1, round(schools / 2)))]
    sites = tuple(_school(draw, n, towns[n % len(towns)], evenings=evenings) for n in range(schools))
    villages = [(draw.uniform(-2, side + 2), draw.uniform(-2, side + 2)) for _ in range(max(1, stops // 2))]
    points = [villages[n % len(villages)] for n in range(stops)]
    at = [(x + draw.uniform(-0.6, 0.6), y + draw.uniform(-0.6, 0.6)) for x, y in points]
    names = tuple(StopSite(f"a{n:04}", f"Arrêt {n + 1}", _place(*at[n])) for n in range(stops))
    kids = tuple(
        _pupil(draw, n, sites, at, villages, wheelchair=draw.randint(1, 100) <= wheelchair_pct, evenings=evenings)
        for n in range(pupils)
    )
    depots = tuple(
        DepotSite(f"d{n}", f"Dépôt {n + 1}", _place(draw.uniform(0, side), draw.uniform(0, side)))
        for n in range(1 + schools // 15)
    )
    return Demand(
        f"secteur-{seed}", sites, names, kids, TYPES, depots, handling=HANDLING, amplitude_max_ms=4 * 60 * MINUTE,
        driver_day=DriverDay(13 * 60 * MINUTE, 11 * 60 * MINUTE),
    )  # fmt: skip


def _place(x_km: float, y_km: float) -> Place:
    return Place(round(CENTRE.lat + y_km * KM_LAT, 5), round(CENTRE.lon + x_km * KM_LON, 5))


def _school(draw: random.Random, number: int, town: tuple[float, float], *, evenings: bool) -> SchoolSite:
    bell = FIRST_BELL_MIN[number % len(FIRST_BELL_MIN)]
    windows = {MORNING.id: ((bell - 20) * MINUTE, (bell - 5) * MINUTE)}
    if evenings:
        windows[WEDNESDAY.id] = ((bell + 245) * MINUTE, (bell + 265) * MINUTE)
        windows[EVENING.id] = ((bell + 485) * MINUTE, (bell + 505) * MINUTE)
        windows[LATE.id] = ((bell + 545) * MINUTE, (bell + 565) * MINUTE)
    place = _place(town[0] + draw.uniform(-0.8, 0.8), town[1] + draw.uniform(-0.8, 0.8))
    return SchoolSite(f"e{number:03}", f"École {number + 1}", place, windows)


def _pupil(
    draw: random.Random, number: int, schools: tuple[SchoolSite, ...], stops: list[tuple[float, float]],
    villages: list[tuple[float, float]], *, wheelchair: bool, evenings: bool,
) -> Pupil:  # fmt: skip
    village = villages[draw.randrange(len(villages))]
    home = (village[0] + draw.gauss(0, 0.5), village[1] + draw.gauss(0, 0.5))
    ways = sorted((math.dist(home, stop) * 1_300, n) for n, stop in enumerate(stops))
    reach = [(f"a{n:04}", round(metres)) for metres, n in ways[:4] if metres <= 1_800] or [(f"a{ways[0][1]:04}", 1_800)]
    here = _place(*home)
    near = sorted(schools, key=lambda each: (each.at.lat - here.lat) ** 2 + (each.at.lon - here.lon) ** 2)
    school = near[min(len(near) - 1, int(draw.expovariate(1.2)))]
    halves = [MORNING.id]
    if evenings:
        halves += [WEDNESDAY.id, LATE.id if draw.random() < 0.35 else EVENING.id]
    ride = 45 if draw.random() < 0.3 else 60
    return Pupil(f"p{number:06}", school.id, tuple(reach), tuple(halves), ride * MINUTE, wheelchair)


def more_pupils(demand: Demand, count: int, seed: int) -> Demand:
    """The same sector with some pupils more, each living next to one who is there."""
    draw = random.Random(seed)
    new = []
    for n in range(count):
        like = demand.pupils[draw.randrange(len(demand.pupils))]
        new.append(replace(like, id=f"n{seed}-{n}", wheelchair=False))
    return replace(demand, pupils=(*demand.pupils, *new))

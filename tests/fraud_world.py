"""A month of carpooling, drawn from a seed, in which it is known who cheats: what the fraud checks are judged on.

Honest people are the majority; at least a fifth of their journeys look like a fraud without being one (couples on fixed
hours, colleagues who drive in turn, convoys to an event, night shifts, bakers before dawn, Saturday nights out, people
always on time on a line of one length, neighbours of a coach line, fast trains between two journeys, users of two
operators, a parent's busy Saturday). Cheats vary too: some are timid and stay near what
honest people do. The habits below were written from the published descriptions, not from the detector.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from math import cos, radians
from random import Random
from zoneinfo import ZoneInfo

from covoit.model.fraud import Sighting
from mobigo.base.geo import Point, distance_m

PARIS = ZoneInfo("Europe/Paris")
TOWNS = {  # communes of the region, as facts
    "21231": Point(47.322, 5.041), "21154": Point(47.860, 4.574), "21584": Point(47.281, 4.229),
    "25056": Point(47.238, 6.024), "25047": Point(47.352, 6.361), "25288": Point(47.148, 6.627),
    "39198": Point(47.093, 5.491), "39300": Point(46.675, 5.554), "58194": Point(46.990, 3.159),
    "70550": Point(47.620, 6.155), "71076": Point(46.781, 4.853), "71270": Point(46.306, 4.831),
    "89024": Point(47.798, 3.573), "89387": Point(48.197, 3.283), "90010": Point(47.638, 6.863),
    "21603": Point(47.491, 4.336), "21425": Point(47.543, 4.460), "89005": Point(47.776, 4.170),
}  # fmt: skip
NEAR = [(a, b) for a in TOWNS for b in TOWNS if a != b and 8_000 < distance_m(TOWNS[a], TOWNS[b]) < 75_000]


@dataclass
class World:
    """The journeys, who cheats on which (journey → kind; absent: honest), which honest ones look like cheating."""

    sightings: list[Sighting] = field(default_factory=list)
    fraud: dict[str, str] = field(default_factory=dict)
    lookalike: dict[str, str] = field(default_factory=dict)
    coach: "CoachOfTheWorld" = field(default_factory=lambda: CoachOfTheWorld({}))


@dataclass
class CoachOfTheWorld:
    """Coach runs: (start commune, end commune) → minutes of the day at which one leaves, and how long it takes."""

    runs: dict[tuple[str, str], tuple[tuple[int, ...], int]]

    def runs_like(self, sighting: Sighting) -> bool:
        axis = (sighting.start_insee or "", sighting.end_insee or "")
        if axis not in self.runs:
            return False
        leaves, takes = self.runs[axis]
        if distance_m(sighting.start, TOWNS[axis[0]]) > 150 or distance_m(sighting.end, TOWNS[axis[1]]) > 150:
            return False
        local, ends = sighting.started_at.astimezone(PARIS), sighting.ended_at.astimezone(PARIS)
        start, end = (each.hour * 60 + each.minute + each.second / 60 for each in (local, ends))
        return any(abs(start - minute) <= 3 and abs(end - minute - takes) <= 4 for minute in leaves)


class Draw:
    """Draws habits into a world."""

    def __init__(self, seed: int, month: date, persons: int) -> None:
        self.random = Random(seed)
        self.month = month
        self.days = [month + timedelta(days=n) for n in range(30) if (month + timedelta(days=n)).month == month.month]
        self.workdays = [day for day in self.days if day.weekday() < 5]
        self.world = World()
        self.persons = 0
        self.scale = persons
        axes = self.random.sample(NEAR, 8)
        self.world.coach = CoachOfTheWorld(
            {
                axis: ((390 + 5 * n, 440 + 5 * n, 735, 1035 + 5 * n), self.minutes(axis) + 14)
                for n, axis in enumerate(axes)
            }
        )

    # ---- bricks

    def person(self) -> str:
        self.persons += 1
        return f"p{self.persons:05d}"

    def axis(self) -> tuple[str, str]:
        return self.random.choice(NEAR)

    def minutes(self, axis: tuple[str, str]) -> int:
        return max(9, round(distance_m(TOWNS[axis[0]], TOWNS[axis[1]]) * 1.25 / 1000 / 62 * 60))

    def at(self, day: date, minute: float) -> datetime:
        midnight = datetime(day.year, day.month, day.day, tzinfo=PARIS)
        return (midnight + timedelta(minutes=minute)).astimezone(UTC)

    def near(self, point: Point, metres: float) -> Point:
        north, east = self.random.gauss(0, metres), self.random.gauss(0, metres)
        return Point(point.lat + north / 111_195, point.lon + east / (111_195 * cos(radians(point.lat))))

    def ride(
        self, day: date, minute: float, axis: tuple[str, str], driver: str, passenger: str, *, fraud: str = "",
        looks: str = "", operator: str = "mobigo", trip: str = "", spread_m: float = 250, takes: float | None = None,
        metres: int | None = None, start: Point | None = None, end: Point | None = None,
    ) -> Sighting:  # fmt: skip
        number = len(self.world.sightings)
        lasts = takes if takes is not None else self.minutes(axis) * self.random.uniform(0.92, 1.15)
        a = start or self.near(TOWNS[axis[0]], spread_m)
        b = end or self.near(TOWNS[axis[1]], spread_m)
        seen = Sighting(
            f"j{number:06d}", operator, trip or f"t{number:06d}", driver, passenger, self.at(day, minute),
            self.at(day, minute + lasts),
            metres if metres is not None else round(distance_m(a, b) * self.random.uniform(1.18, 1.3)),
            a, b, axis[0], axis[1],
        )  # fmt: skip
        self.world.sightings.append(seen)
        if fraud:
            self.world.fraud[seen.journey] = fraud
        if looks:
            self.world.lookalike[seen.journey] = looks
        return seen

    def some(self, days: list[date], share: float) -> list[date]:
        return [day for day in days if self.random.random() < share]

    # ---- honest people

    def commuters(self) -> None:
        """A driver, one to three passengers who come when they can."""
        axis, driver = self.axis(), self.person()
        back = (axis[1], axis[0])
        riders = [self.person() for _ in range(self.random.choice((1, 2, 2, 3)))]
        others = [self.person() for _ in range(2)]
        morning, evening = self.random.uniform(390, 510), self.random.uniform(980, 1110)
        for day in self.some(self.workdays, 0.75):
            for minute, way in ((morning, axis), (evening, back)):
                leave = minute + self.random.gauss(0, 7)
                trip = f"c{driver}{day}{way[0]}"
                for rider in riders if self.random.random() < 0.9 else [self.random.choice(others)]:
                    if self.random.random() < 0.8:
                        self.ride(day, leave + self.random.uniform(0, 5), way, driver, rider, trip=trip)

    def couple(self) -> None:
        """Two people of one home, fixed hours, one car, nobody else."""
        axis, driver, rider = self.axis(), self.person(), self.person()
        home, work = self.near(TOWNS[axis[0]], 800), self.near(TOWNS[axis[1]], 800)
        morning, evening = self.random.uniform(400, 500), self.random.uniform(990, 1080)
        for day in self.some(self.workdays, 0.92):
            self.ride(day, morning + self.random.gauss(0, 2), axis, driver, rider, looks="couple", start=home, end=work)
            self.ride(
                day, evening + self.random.gauss(0, 3), axis[::-1], driver, rider, looks="couple", start=work, end=home
            )

    def in_turn(self) -> None:
        """Two or three colleagues who drive in turn, day by day; now and then, a car stays at work."""
        axis = self.axis()
        people = [self.person() for _ in range(self.random.choice((2, 2, 3)))]
        morning, evening = self.random.uniform(400, 480), self.random.uniform(1000, 1080)
        odd_days = self.random.sample(self.workdays, self.random.choice((0, 0, 1, 2, 4, 6)))
        for number, day in enumerate(self.some(self.workdays, 0.85)):
            there = people[number % len(people)]
            back = people[(number + 1) % len(people)] if day in odd_days else there
            for minute, way, driver in ((morning, axis, there), (evening, axis[::-1], back)):
                leave = minute + self.random.gauss(0, 5)
                for rider in people:
                    if rider != driver:
                        self.ride(day, leave, way, driver, rider, trip=f"i{driver}{day}{way[0]}", looks="in_turn")

    def convoy(self) -> None:
        """Friends in three to five cars to an event, once, leaving together."""
        axis, day = self.axis(), self.random.choice(self.days)
        base = round(distance_m(TOWNS[axis[0]], TOWNS[axis[1]]) * 1.22)
        minute = self.random.uniform(600, 1100)
        for _ in range(self.random.choice((3, 4, 5))):
            driver, rider = self.person(), self.person()
            metres = base + self.random.randint(-25, 25)
            leave = minute + self.random.uniform(0, 1.5)
            self.ride(day, leave, axis, driver, rider, looks="convoy", spread_m=60, metres=metres)
            self.ride(day, minute + 300 + self.random.uniform(0, 40), axis[::-1], driver, rider, looks="convoy")

    def team(self) -> None:
        """A club's three or four cars, to some matches of the month, from one car park."""
        axis, cars = self.axis(), [(self.person(), self.person()) for _ in range(self.random.choice((3, 4)))]
        base = round(distance_m(TOWNS[axis[0]], TOWNS[axis[1]]) * 1.22)
        for day in self.random.sample([day for day in self.days if day.weekday() >= 5], self.random.choice((2, 3, 4))):
            minute = self.random.uniform(700, 900)
            for driver, rider in cars:
                leave, metres = minute + self.random.uniform(0, 9), base + self.random.randint(-220, 220)
                self.ride(day, leave, axis, driver, rider, looks="team", metres=metres)

    def night_shift(self) -> None:
        axis, driver, rider, third = self.axis(), self.person(), self.person(), self.person()
        for day in self.some(self.days, 0.55):
            who = rider if self.random.random() < 0.8 else third
            self.ride(day, 1_235 + self.random.gauss(0, 4), axis, driver, who, looks="night")
            self.ride(day + timedelta(days=1), 325 + self.random.gauss(0, 6), axis[::-1], driver, who, looks="night")

    def baker(self) -> None:
        """To work long before dawn, back at noon, a colleague in the car; some colleagues go home by bus."""
        axis, driver, rider = self.axis(), self.person(), self.person()
        comes_back = self.random.random() < 0.6
        early = self.random.uniform(180, 290)
        for day in self.some(self.days, 0.75):
            self.ride(day, early + self.random.gauss(0, 5), axis, driver, rider, looks="baker")
            if comes_back:
                self.ride(day, 720 + self.random.gauss(0, 15), axis[::-1], driver, rider, looks="baker")

    def nights_out(self) -> None:
        """Young people on Friday and Saturday nights: there late, back before dawn."""
        axis, driver = self.axis(), self.person()
        friends = [self.person() for _ in range(3)]
        for day in self.some([day for day in self.days if day.weekday() in (4, 5)], 0.9):
            riders = self.random.sample(friends, self.random.choice((1, 2, 3)))
            out, home = 1_345 + self.random.gauss(0, 8), 1_440 + 170 + self.random.gauss(0, 20)
            for rider in riders:
                self.ride(day, out, axis, driver, rider, trip=f"o{driver}{day}", looks="out")
                self.ride(day, home, axis[::-1], driver, rider, trip=f"h{driver}{day}", looks="out")

    def always_on_time(self) -> None:
        """A line of one length, the same departure every day, two or three minutes early or late."""
        axis, driver, rider = self.axis(), self.person(), self.person()
        metres = round(distance_m(TOWNS[axis[0]], TOWNS[axis[1]]) * 1.22)
        minute, late = self.random.uniform(380, 500), self.random.uniform(1.8, 3)
        for day in self.some(self.workdays, 0.9):
            for way, leave in ((axis, minute), (axis[::-1], minute + 570)):
                self.ride(
                    day, leave + self.random.gauss(0, late), way, driver, rider, looks="on_time", metres=metres,
                    start=TOWNS[way[0]], end=TOWNS[way[1]],
                )  # fmt: skip

    def beside_the_coach(self) -> None:
        """Carpoolers who live near a coach stop and leave when it suits them, sometimes just when the coach does."""
        axis = self.random.choice(sorted(self.world.coach.runs))
        driver, rider = self.person(), self.person()
        leaves = self.world.coach.runs[axis][0][0]
        for day in self.some(self.workdays, 0.8):
            self.ride(day, leaves + self.random.gauss(4, 6), axis, driver, rider, looks="beside_coach", spread_m=90)
            self.ride(
                day, 1_030 + self.random.gauss(0, 12), axis[::-1], driver, rider, looks="beside_coach", spread_m=90
            )

    def fast_train(self) -> None:
        """A carpool to the station, a fast train across the region, a carpool from the other station."""
        traveller = self.person()
        for day in self.some(self.workdays, 0.3):
            first = ("21584", "21231")
            self.ride(day, 380 + self.random.gauss(0, 5), first, self.person(), traveller, looks="train")
            far = self.random.choice([axis for axis in NEAR if axis[0] in ("90010", "25056", "71076")])
            gap_m = distance_m(TOWNS["21231"], TOWNS[far[0]])
            rides_min = gap_m / 1000 / self.random.uniform(120, 210) * 60
            leave = 380 + self.minutes(first) * 1.2 + 15 + rides_min
            self.ride(day, leave, far, self.person(), traveller, looks="train")

    def two_operators(self) -> None:
        """The same two people, one application in the morning, another one in the evening."""
        axis, driver, rider = self.axis(), self.person(), self.person()
        for day in self.some(self.workdays, 0.7):
            self.ride(day, 430 + self.random.gauss(0, 8), axis, driver, rider, operator="karo", looks="two_operators")
            self.ride(
                day, 1040 + self.random.gauss(0, 8), axis[::-1], driver, rider, operator="blabla", looks="two_operators"
            )

    def saturday_parent(self) -> None:
        """There and back, twice, on some Saturdays: matches and music."""
        axis, parent, child = self.axis(), self.person(), self.person()
        saturdays = [day for day in self.days if day.weekday() == 5]
        for day in self.random.sample(saturdays, self.random.choice((1, 2, 2, 3, 4))):
            minute = 560.0
            for way in (axis, axis[::-1], axis, axis[::-1]):
                self.ride(day, minute, way, parent, child, looks="saturday")
                minute += self.minutes(axis) * 1.2 + self.random.uniform(5, 90)
        for day in self.some([day for day in self.days if day.weekday() == 2], 0.8):
            self.ride(day, 800 + self.random.gauss(0, 10), axis, parent, child, looks="saturday")

    # ---- cheats

    def shuttle(self) -> None:
        """One person, two phones, to and fro to reach the daily limit."""
        axis, first, second = self.axis(), self.person(), self.person()
        often = self.random.choice(((2, 3, 4), (4, 4, 5), (4, 5, 6)))
        for day in self.random.sample(self.days, self.random.randint(4, 14)):
            minute = self.random.uniform(480, 700)
            for turn in range(self.random.choice(often)):
                way = axis if turn % 2 == 0 else axis[::-1]
                ride = self.ride(day, minute, way, first, second, fraud="shuttle", spread_m=60)
                minute += (ride.ended_at - ride.started_at).total_seconds() / 60 + self.random.uniform(2, 22)

    def swapping_pair(self) -> None:
        axis, a, b = self.axis(), self.person(), self.person()
        willing = self.random.uniform(0.2, 0.95)
        for day in self.some(self.workdays, self.random.uniform(0.4, 0.9)):
            swaps = self.random.random() < willing
            self.ride(day, 450 + self.random.gauss(0, 6), axis, a, b, fraud="role_swap")
            there, back = (b, a) if swaps else (a, b)
            self.ride(day, 1020 + self.random.gauss(0, 9), axis[::-1], there, back, fraud="role_swap")

    def ring(self) -> None:
        """Three to five people who declare one another, roles turning within the day."""
        axis = self.axis()
        people = [self.person() for _ in range(self.random.choice((3, 3, 4, 5)))]
        for day in self.some(self.workdays, self.random.uniform(0.45, 0.9)):
            minute = self.random.uniform(420, 520)
            order = self.random.sample(people, len(people))
            for turn in range(self.random.choice((2, 3, 4))):
                driver, rider = order[turn % len(order)], order[(turn + 1) % len(order)]
                if turn % 2:
                    driver, rider = order[turn % len(order)], order[turn - 1]
                way = axis if turn % 2 == 0 else axis[::-1]
                self.ride(day, minute, way, driver, rider, fraud="ring")
                minute += self.minutes(axis) * 1.3 + self.random.uniform(20, 150)

    def phones_in_one_car(self) -> None:
        """Four to ten phones in one vehicle, declared as so many cars, several times in the month."""
        axis = self.axis()
        pairs = [(self.person(), self.person()) for _ in range(self.random.choice((3, 4, 5)))]
        base = round(distance_m(TOWNS[axis[0]], TOWNS[axis[1]]) * 1.22)
        for day in self.random.sample(self.workdays, self.random.randint(3, 9)):
            minute = self.random.uniform(400, 1000)
            metres = base + self.random.randint(-300, 300)
            for driver, rider in pairs:
                if self.random.random() < 0.93:
                    self.ride(
                        day, minute + self.random.uniform(0, 1.2), axis, driver, rider, fraud="simultaneous",
                        spread_m=30, metres=metres + self.random.randint(-15, 15), takes=self.minutes(axis),
                    )  # fmt: skip

    def on_the_coach(self) -> None:
        """Two phones, one seat of the coach (Rouen, 2023)."""
        axis = self.random.choice(sorted(self.world.coach.runs))
        leaves, takes = self.world.coach.runs[axis]
        first, second = self.person(), self.person()
        for day in self.some(self.workdays, self.random.uniform(0.5, 0.95)):
            late = max(-1.0, self.random.gauss(0.8, 1.3))
            self.ride(
                day, leaves[self.random.choice((0, 0, 0, 1))] + late, axis, first, second, fraud="coach", spread_m=35,
                takes=takes + self.random.gauss(0, 1.8),
            )  # fmt: skip

    def cloned(self) -> None:
        """Each run declared at two operators."""
        axis, driver, rider = self.axis(), self.person(), self.person()
        for day in self.some(self.workdays, self.random.uniform(0.3, 0.9)):
            minute = 450 + self.random.gauss(0, 10)
            takes = self.minutes(axis) * self.random.uniform(0.95, 1.1)
            for operator in ("karo", "blabla"):
                start = minute + self.random.uniform(0, 9)
                self.ride(day, start, axis, driver, rider, fraud="clone", operator=operator, takes=takes)

    def teleported(self) -> None:
        """Invented runs: another end of the region a few minutes later."""
        person = self.person()
        for day in self.random.sample(self.days, self.random.randint(2, 7)):
            minute = self.random.uniform(420, 900)
            axis = self.axis()
            ride = self.ride(day, minute, axis, person, self.person(), fraud="teleport")
            far = max(NEAR, key=lambda each: distance_m(TOWNS[axis[1]], TOWNS[each[0]]) * self.random.uniform(0.6, 1))
            minute += (ride.ended_at - ride.started_at).total_seconds() / 60 + self.random.uniform(2, 28)
            self.ride(day, minute, far, person, self.person(), fraud="teleport")

    def through_the_night(self) -> None:
        """Runs declared when nobody looks: there and back in the dark, passengers who hardly show by day."""
        axis, driver = self.axis(), self.person()
        riders = [self.person() for _ in range(self.random.choice((1, 2, 2)))]
        for day in self.random.sample(self.days, self.random.randint(10, 22)):
            minute = self.random.uniform(1_325, 1_420)
            for turn in range(self.random.choice((2, 2, 3))):
                way = axis if turn % 2 == 0 else axis[::-1]
                for rider in riders:
                    self.ride(day, minute, way, driver, rider, trip=f"n{driver}{day}{turn}", fraud="night")
                minute += self.minutes(axis) * 1.2 + self.random.uniform(25, 70)
        for day in self.some(self.workdays, self.random.uniform(0, 0.35)):
            self.ride(day, 700 + self.random.gauss(0, 20), axis, driver, riders[0], fraud="night")

    def clockwork(self) -> None:
        """A program that declares the same run every day, a few seconds and metres away."""
        axis, driver, rider = self.axis(), self.person(), self.person()
        metres = round(distance_m(TOWNS[axis[0]], TOWNS[axis[1]]) * 1.22)
        minute, late = self.random.uniform(400, 1_100), self.random.uniform(0.05, 1.0)
        for day in self.some(self.workdays, self.random.uniform(0.6, 1)):
            self.ride(
                day, minute + self.random.gauss(0, late), axis, driver, rider, fraud="regular", spread_m=40,
                metres=metres + self.random.randint(-30, 30),
            )  # fmt: skip


def month_of(seed: int, *, month: date = date(2026, 11, 1), size: int = 1) -> World:
    """A month of journeys of about `size` × 7,000 journeys, of which a fifth or so are fraudulent."""
    draw = Draw(seed, month, size)
    habits: list[tuple[Callable[[], None], int]] = [
        (draw.commuters, 60), (draw.couple, 12), (draw.in_turn, 9), (draw.convoy, 5), (draw.team, 4),
        (draw.night_shift, 5), (draw.baker, 3), (draw.nights_out, 3), (draw.always_on_time, 5),
        (draw.beside_the_coach, 5), (draw.fast_train, 5), (draw.two_operators, 6), (draw.saturday_parent, 7),
        (draw.shuttle, 4), (draw.swapping_pair, 4), (draw.ring, 4), (draw.phones_in_one_car, 4),
        (draw.on_the_coach, 5), (draw.cloned, 4), (draw.teleported, 6), (draw.through_the_night, 4),
        (draw.clockwork, 5),
    ]  # fmt: skip
    for habit, times in habits:
        for _ in range(times * size):
            habit()
    draw.random.shuffle(draw.world.sightings)
    return draw.world

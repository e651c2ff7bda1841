"""The rule of carpool money in a few loops over every trip ever seen: what the machine's ledger is compared with."""

from dataclasses import dataclass, field
from datetime import date, datetime

from mobigo.base.instants import paris_day


@dataclass(frozen=True)
class Means:
    """What there is to give: a budget, and a cap for each driver and month (None: the scale has none)."""

    budget: int
    cap: int | None


@dataclass
class Seat:
    """A passenger of a trip off the lines, as last declared."""

    name: str
    started_at: datetime
    metres: int
    good: bool = True  # neither withdrawn nor badly proven
    withdrawn: bool = False


@dataclass
class Trip:
    driver: str
    name: str
    seats: list[Seat]
    closed: int | None = None  # what statements gave in all, None when on none
    touched: bool = False  # changed since it was closed
    checking: bool = False  # a change is being checked
    counted: bool = False  # as last priced

    @property
    def day(self) -> date:
        return paris_day(self.started_at)

    @property
    def started_at(self) -> datetime:
        return min(seat.started_at for seat in self.seats)

    @property
    def due(self) -> int:
        """Alone, before caps: ten cents a kilometre of the longest ride, half up, and a euro for each of three."""
        rides = [seat.metres for seat in self.seats if seat.good]
        return (max(rides) + 50) // 100 + 100 * min(3, len(rides)) if rides else 0


@dataclass
class Model:
    """The rule in a few loops over every trip ever seen."""

    means: Means
    trips: list[Trip] = field(default_factory=list)
    payable: dict[str, int] = field(default_factory=dict)
    owed: dict[str, int] = field(default_factory=dict)
    paid: int = 0

    def lines(self, last_day: date | None = None) -> dict[str, int]:
        """What each trip that is new, or that changed, adds to what is closed: in order, with what is left. A closed
        trip that changed comes first, with its own room; one that is being checked adds nothing."""
        spent = sum(each.closed or 0 for each in self.trips)
        used: dict[tuple[str, str], int] = {}
        for each in self.trips:
            key = (each.driver, f"{each.day:%Y-%m}")
            used[key] = used.get(key, 0) + (each.closed or 0)
        out = {}
        moving = [each for each in self.trips if not each.checking and (each.closed is None or each.touched)]
        moving = [each for each in moving if last_day is None or each.day <= last_day]
        for day in sorted({each.day for each in moving}):
            of_day = [each for each in moving if each.day == day]
            for each in of_day:
                key = (each.driver, f"{day:%Y-%m}")
                spent, used[key] = spent - (each.closed or 0), used[key] - (each.closed or 0)
            stated = [each for each in of_day if each.closed is not None and each.counted]
            for each in sorted(of_day, key=lambda one: (one not in stated, one.started_at, one.name)):
                key = (each.driver, f"{day:%Y-%m}")
                left = self.means.budget if self.means.cap is None else self.means.cap - used[key]
                amount = max(0, min(each.due, left, self.means.budget - spent))
                spent, used[key] = spent + amount, used[key] + amount
                out[each.name] = amount - (each.closed or 0)
        return out

    def priced(self, lines: dict[str, int]) -> None:
        """These were priced: whether anything of each counted."""
        for each in self.trips:
            if each.name in lines:
                each.counted = any(seat.good for seat in each.seats)

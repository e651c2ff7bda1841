"""Papers of a plan: the driver's sheet (fiche horaire conducteur) as a tagged PDF, and whom a school expects."""

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, time
from itertools import pairwise

from mobigo.base.sheets import neutral
from mobigo.infra.formats import day, hour, number
from mobigo.infra.pdf import compiled, escaped, table
from scolaire.model.day import DayPlan
from scolaire.model.demand import Demand
from scolaire.rules.compare import hours_of
from scolaire.rules.day import carried
from scolaire.rules.doubling import only
from scolaire.rules.halves import Passing, need_id, passings, problems_of

WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
HALVES = {
    "matin": "matin", "mercredi-matin": "mercredi matin", "mercredi": "mercredi midi", "soir": "soir",
    "soir-2": "soir, deuxième départ", "soir-3": "soir, troisième départ", "soir-4": "soir, quatrième départ",
}  # fmt: skip
ESTIMATED = (
    "Temps de parcours estimés (à vol d’oiseau, majorés) : à vérifier sur la route avec le conducteur avant la rentrée."
)

ROUTED = (
    "Chemin calculé d’après OpenStreetMap (© les contributeurs, ODbL) pour un véhicule léger : hauteurs, largeurs et "
    "interdictions aux cars sont à reconnaître avant le premier service."
)


def driver_sheet(
    plan: DayPlan, demand: Demand, half: str, bus: str, *, version: str, made_at: datetime,
    notes: Mapping[str, Sequence[str]] | None = None, turns: Mapping[str, Sequence[Sequence[str]]] | None = None,
) -> bytes:  # fmt: skip
    """What the driver of a bus does in a half-day: every service, place by place, who gets on and off; `notes`: by
    service, what is said above its table (another coach, who accompanies); `turns`: by service, from each place to the
    next, the way street by street. No name of a pupil. Raises StopIteration when there is no such bus."""
    problem = problems_of(demand, plan)[half]
    block = next(each for each in plan.halves[half].blocks if each.id == bus)
    circuits = {each.id: each for each in plan.halves[half].circuits}
    depots = {each.id: each.name for each in demand.depots}
    days = ", ".join(WEEKDAYS[each] for each in demand.half_of[half].weekdays)
    names = block.circuits if not problem.mirrored else tuple(reversed(block.circuits))
    parts = [
        f"= {escaped(f'Fiche horaire conducteur — {HALVES.get(half, half)} — {bus}')}",
        escaped(f"Les jours de classe, {days}. Véhicule : {block.vehicle_type}. Dépôt : {depots[block.depot]}."),
        escaped(f"Plan {version}, édité le {day(made_at, year=True)}."),
        *([] if demand.travel is not None else [escaped(ESTIMATED)]),
    ]
    for name in names:
        told = passings(circuits[name], problem)
        parts.append(f"== {escaped(f'Service {name}')}")
        parts += [escaped(note) for note in (notes or {}).get(name, ())]
        parts.append(_table(demand, told))
        parts += _way(demand, told, (turns or {}).get(name, ()))
    return compiled(f"Fiche horaire {half} {bus}", "\n\n".join(parts), made_at)


def second_sheet(
    plan: DayPlan, demand: Demand, half: str, service: str, stops: Collection[str], *, vehicle: str, shown: str,
    version: str, made_at: datetime, note: str,
) -> bytes:  # fmt: skip
    """What the driver of the second coach of a service does: the places where it stops, at the planned hours, who gets
    on and off. No name of a pupil. Raises StopIteration when there is no such service."""
    problem = problems_of(demand, plan)[half]
    circuit = next(each for each in plan.halves[half].circuits if each.id == service)
    told = passings(only(circuit, stops, problem), problem)
    number_ = f", numéro affiché {shown}" if shown else ""
    parts = [
        f"= {escaped(f'Fiche horaire conducteur — second car du service {service}')}",
        escaped(f"{HALVES.get(half, half).capitalize()}. Véhicule : {vehicle}{number_}."),
        escaped(note),
        escaped(f"Plan {version}, édité le {day(made_at, year=True)}."),
        *([] if demand.travel is not None else [escaped(ESTIMATED)]),
        _table(demand, told),
    ]
    if not stops:
        parts.append(escaped("Les deux cars passent à tous ces arrêts : les élèves montent dans l’un ou l’autre."))
    return compiled(f"Fiche horaire du second car, service {service}", "\n\n".join(parts), made_at)


def _table(demand: Demand, told: Sequence[Passing]) -> str:
    rows, aboard = [], 0
    for each in told:
        aboard += each.on - each.off
        rows.append(
            [_hour(each.arrives_ms), _hour(each.leaves_ms), _name(demand, each), _count(each.on), _count(each.off),
             number(aboard)]
        )  # fmt: skip
    return table(("Arrivée", "Départ", "Arrêt", "Montent", "Descendent", "À bord"), rows, right=(0, 1, 3, 4, 5), wide=2)


def _way(demand: Demand, told: Sequence[Passing], legs: Sequence[Sequence[str]]) -> list[str]:
    """The way from place to place; of a leg that no street leads, that it is to be found on the road."""
    if not legs:
        return []
    out = [f"=== {escaped('Le chemin')}"]
    for (a, b), steps in zip(pairwise(told), legs, strict=True):
        words = " ".join(steps) or "Chemin inconnu de la carte : à reconnaître sur la route."
        out.append(f"*{escaped(f'{_name(demand, a)} → {_name(demand, b)}')}* #linebreak() {escaped(words)}")
    out.append(escaped(ROUTED))
    return out


def _name(demand: Demand, each: Passing) -> str:
    return demand.stop_of[each.id].name if each.place == "stop" else demand.school_of[each.id].name


def _count(pupils: int) -> str:
    return number(pupils) if pupils else "—"


def _hour(ms: int) -> str:
    """To the minute, downwards: whoever waits is not late."""
    return hour(time(ms // 3_600_000 % 24, ms // 60_000 % 60))


def school_list(
    plan: DayPlan, demand: Demand, school: str, names: Mapping[str, tuple[str, str]] | None = None
) -> bytes:
    """Who is expected at a school, by half-day and service, as CSV for a spreadsheet. `names`: pupil → (last, first),
    for those who may read them; otherwise the random id stands alone."""
    hours = hours_of(plan, demand)
    services = {half: carried(plan, half) for half in plan.halves}
    rows = []
    for pupil in demand.pupils:
        seat = plan.seats.get(pupil.id)
        if pupil.school != school:
            continue
        last, first = (names or {}).get(pupil.id, ("", ""))
        for half in pupil.halves:
            if seat is None:
                rows.append([half, "", "", "", last, first, pupil.id])
                continue
            service = services[half].get(need_id(seat, school), "")
            at = hours[pupil.id].get(half)
            rows.append(
                [half, service, demand.stop_of[seat.stop].name, "" if at is None else clock(at), last, first, pupil.id]
            )
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(["demi-journée", "service", "arrêt", "heure", "nom", "prénom", "dossier"])
    writer.writerows([neutral(str(cell)) for cell in row] for row in sorted(rows))
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def clock(ms: int) -> str:
    """HH:MM."""
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}"

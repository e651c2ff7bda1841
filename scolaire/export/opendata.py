"""What school transport offers for publication: exact rows of the circuits in force and of the places they serve, with
the random ids of the pupils behind each row. `opendata` decides what of them leaves; nothing here may be read outside.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final, NamedTuple

from mobigo.base.datasets import Column, Dataset, Privacy, Row
from scolaire.export.gtfs import short_name
from scolaire.model.day import DayPlan
from scolaire.model.demand import Demand, Half
from scolaire.model.plan import Board, Circuit
from scolaire.rules.halves import Passing, passings, problems_of, waiting

CIRCUITS: Final = "scolaire-circuits"
LINES: Final = "scolaire-lignes"
PLACES: Final = "scolaire-lieux"  # a table between the two packages, never published
K: Final = 11
NEVER: Final = ("pupils", "homes", "school by stop", "the hour at which a child waits")
DAYS: Final = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")

CIRCUIT_COLUMNS: Final = (
    Column("annee_scolaire", "string", "Année scolaire (2026-2027)"),
    Column("circuit", "string", "Identifiant du circuit, le même d’une version à l’autre"),
    Column("numero", "string", "Numéro court, celui des fiches"),
    Column("demi_journee", "string", "matin, mercredi, soir, soir-2 …"),
    Column("jours", "string", "Jours de la semaine où le circuit roule"),
    Column("etablissements", "string", "Établissements desservis : codes UAI, séparés par une espace"),
    Column("exploitant", "string", "Transporteur titulaire du lot", required=False),
    Column("ouvert", "boolean", "Vrai : ouvert à tous les voyageurs ; faux : réservé aux élèves"),
    Column("places", "integer", "Places assises du véhicule prévu"),
    Column("inscrits", "integer", "Élèves inscrits sur le circuit"),
)
PLACE_COLUMNS: Final = (
    Column("annee_scolaire", "string", "Année scolaire"),
    Column("circuit", "string", "Identifiant du circuit"),
    Column("rang", "integer", "Rang du lieu sur le circuit, depuis 1"),
    Column("genre", "string", "stop ou school"),
    Column("lieu", "string", "Identifiant du lieu"),
    Column("latitude", "number", "Latitude (WGS84)"),
    Column("longitude", "number", "Longitude (WGS84)"),
    Column("arret_public", "boolean", "Vrai : un arrêt du réseau, publié par ailleurs"),
)
PRIVACY: Final = Privacy(
    k=K,
    groups=(("annee_scolaire", "circuit"),),
    never=NEVER,
    because="a circuit of one pupil is that pupil; two circuits may differ by one pupil; a stop is a home next door",
)


@dataclass(frozen=True)
class InForce:
    """A plan in force: its school year (that begins in September of `year`), who drives it, its contents. `public`:
    stops that are places of the network; `days`: by half-day, the days it runs; `no_coach`: by service, those on which
    nothing drives it."""

    plan_id: str
    year: int
    operator: str
    demand: Demand
    plan: DayPlan
    open_services: Collection[str] = ()
    public: Collection[str] = ()
    days: Mapping[str, Sequence[date]] | None = None
    no_coach: Mapping[str, Collection[date]] | None = None


class Run(NamedTuple):
    """A circuit in its half-day, as it is driven, and who is on it, by the place where they board (or alight)."""

    held: InForce
    half: Half
    circuit: Circuit
    id: str
    told: list[Passing]
    people: Mapping[str, frozenset[str]]  # need → persons

    @property
    def days(self) -> tuple[date, ...]:
        """The days on which a coach drives it."""
        without = (self.held.no_coach or {}).get(self.circuit.id, ())
        return tuple(day for day in (self.held.days or {}).get(self.half.id, ()) if day not in without)

    @property
    def everybody(self) -> frozenset[str]:
        """All persons on the circuit."""
        return frozenset().union(*self.people.values())

    def at(self, place: Passing) -> frozenset[str]:
        """The persons at a stop."""
        return frozenset().union(*(self.people.get(need, frozenset()) for need in place.needs))


def circuit_id(plan_id: str, half: str, service: str) -> str:
    """The public name of a circuit: always the same, and nothing of what planners call it."""
    return "c" + sha256(f"{plan_id}\0{half}\0{service}".encode()).hexdigest()[:12]


def school_year(year: int) -> str:
    """As it is written: 2026-2027."""
    return f"{year}-{year + 1}"


def runs_of(held: InForce) -> list[Run]:
    """Every circuit of a plan. A pupil who lives in two homes is one person."""
    problems = problems_of(held.demand, held.plan)
    found = []
    for half in held.demand.halves:
        if half.id not in problems:
            continue
        there = waiting(held.demand, held.plan.seats, half)
        for circuit in held.plan.halves[half.id].circuits:
            needs = [each.need for each in circuit.visits if isinstance(each, Board)]
            people = {need: frozenset(person(each.id) for each in there.get(need, ())) for need in needs}
            name = circuit_id(held.plan_id, half.id, circuit.id)
            found.append(Run(held, half, circuit, name, passings(circuit, problems[half.id]), people))
    return found


def person(pupil: str) -> str:
    """The person behind a pupil of a demand: "registration.home", for each home they leave from."""
    return pupil.partition(".")[0]


def datasets(plans: Iterable[InForce]) -> dict[str, Dataset]:
    """The two exact tables, by code."""
    runs = [run for held in plans for run in runs_of(held)]
    places = [(run, rank, place) for run in runs for rank, place in enumerate(run.told, 1)]
    return {
        CIRCUITS: Dataset(
            CIRCUITS, "Circuits scolaires",
            "Les circuits de transport scolaire en service : tracé simplifié, établissements, exploitant, places, et "
            "fréquentation par tranches. Aucun élève, aucun arrêt que moins de onze élèves prennent, aucune heure.",
            CIRCUIT_COLUMNS, lambda: [_circuit(run) for run in runs], PRIVACY, "year",
            lambda: [tuple(sorted(run.everybody)) for run in runs],
        ),
        PLACES: Dataset(
            PLACES, "Lieux des circuits", "Ne sort pas : sert à tracer ce qui peut l’être.", PLACE_COLUMNS,
            lambda: [_place(*each) for each in places], PRIVACY, "year",
            lambda: [tuple(sorted(run.at(place))) for run, _rank, place in places],
        ),
    }  # fmt: skip


def _circuit(run: Run) -> Row:
    held = run.held
    served = dict.fromkeys(each.id for each in run.told if each.place == "school")
    return (
        school_year(held.year), run.id, short_name(run.circuit.id), run.half.id,
        " ".join(DAYS[day] for day in run.half.weekdays), " ".join(served), held.operator,
        run.circuit.id in held.open_services, _seats(run), len(run.everybody),
    )  # fmt: skip


def _seats(run: Run) -> int:
    types = {each.id: each.seats for each in run.held.demand.vehicle_types}
    blocks = run.held.plan.halves[run.half.id].blocks
    return next((types[each.vehicle_type] for each in blocks if run.circuit.id in each.circuits), 0)


def _place(run: Run, rank: int, place: Passing) -> Row:
    site = run.held.demand.stop_of[place.id] if place.place == "stop" else run.held.demand.school_of[place.id]
    public = place.place == "stop" and place.id in run.held.public
    return (
        school_year(run.held.year), run.id, rank, place.place, place.id, site.at.lat, site.at.lon, public
    )  # fmt: skip

"""What carpool offers for publication: exact rows, each table with its privacy policy. `opendata` applies it.

Trips follow the national registry's open data (27 columns of its version 2); lines by month show what the k-rule takes
out of trips of rural lines; subsidies name legal persons only (SCDL, "subventions"): never a driver.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from hashlib import sha256

from covoit.model.journeys import Journey
from covoit.model.pricing import PricedTrip
from mobigo.base.datasets import MONTH, SIRET, Cell, Column, Dataset, Privacy, Row
from mobigo.base.geo import Point
from mobigo.base.instants import PARIS
from mobigo.base.money import Money

K_REGISTRY = 6  # the national registry's own rule, so that our rows compare with its
FRANCE = "France"


@dataclass(frozen=True, slots=True)
class Commune:
    """Where an end of a journey lies, for readers: code, name, département, group of communes when known."""

    insee: str
    name: str
    department: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class TripFacts:
    """A journey with what its row needs besides: the passenger's positions, whether its vehicle trip is subsidised."""

    journey: Journey
    start: Point
    end: Point
    subsidised: bool


def _end_columns(end: str, said: str) -> tuple[Column, ...]:
    return (
        Column(f"journey_{end}_datetime", "datetime", f"Instant {said}, heure de France avec son décalage"),
        Column(f"journey_{end}_date", "date", f"Jour {said}"),
        Column(f"journey_{end}_time", "time", f"Heure {said}"),
        Column(f"journey_{end}_lon", "number", f"Longitude {said} (WGS84)"),
        Column(f"journey_{end}_lat", "number", f"Latitude {said} (WGS84)"),
        Column(f"journey_{end}_insee", "string", f"Code de la commune {said}"),
        Column(f"journey_{end}_department", "string", f"Département {said}"),
        Column(f"journey_{end}_town", "string", f"Commune {said}"),
        Column(f"journey_{end}_towngroup", "string", f"Groupement de communes {said}", required=False),
        Column(f"journey_{end}_country", "string", f"Pays {said}"),
    )


TRIP_COLUMNS = (
    Column("journey_id", "string", "Nom du trajet d’un passager ; sans lien avec celui de l’opérateur"),
    Column("trip_id", "string", "Nom du voyage du véhicule, commun à ses passagers"),
    *_end_columns("start", "du départ"),
    *_end_columns("end", "de l’arrivée"),
    Column("passenger_seats", "integer", "Places réservées par le passager"),
    Column("operator_class", "string", "Classe de preuve : A, B ou C", allowed=("A", "B", "C")),
    Column("journey_distance", "integer", "Distance déclarée, en mètres"),
    Column("journey_duration", "integer", "Durée, en minutes"),
    Column("has_incentive", "string", "OUI si une aide est due, sinon NON"),
)

TRIP_PRIVACY = Privacy(
    k=K_REGISTRY,
    groups=(
        ("journey_start_insee",),
        ("journey_end_insee",),
        ("journey_start_insee", "journey_end_insee"),
    ),
    generalise=(
        ("journey_start_datetime", "up to 10 min"),
        ("journey_start_time", "up to 10 min"),
        ("journey_end_datetime", "up to 10 min"),
        ("journey_end_time", "up to 10 min"),
        ("journey_start_lon", "3 decimals, 2 under 40 inhabitants per km²"),
        ("journey_start_lat", "3 decimals, 2 under 40 inhabitants per km²"),
        ("journey_end_lon", "3 decimals, 2 under 40 inhabitants per km²"),
        ("journey_end_lat", "3 decimals, 2 under 40 inhabitants per km²"),
    ),
    never=("person ids", "operator", "operator ids", "phones", "names", "amounts per person", "licence plates"),
    because="a rural run is often one person's: the registry's rule, to a fixed point and on the pair of ends too",
)

LINE_COLUMNS = (
    Column("month", "string", "Mois (AAAA-MM), en France", pattern=MONTH),
    Column("line", "string", "Code de la ligne"),
    Column("direction", "integer", "0 dans le sens de son nom, 1 dans l’autre"),
    Column("vehicle_trips", "integer", "Voyages de véhicules"),
    Column("journeys", "integer", "Trajets de passagers"),
    Column("drivers", "integer", "Conducteurs différents"),
    Column("passengers", "integer", "Passagers différents"),
    Column("passenger_km", "number", "Kilomètres parcourus par les passagers"),
    Column("subsidy_eur", "number", "Aides dues aux conducteurs, en euros"),
    Column("fares_eur", "number", "Prix payés par les passagers à la Région, en euros"),
)

LINE_PRIVACY = Privacy(
    k=K_REGISTRY,
    groups=(("month", "line", "direction"),),
    never=("person ids",),
    because="a cell of fewer than 6 journeys could be one person's month",
)

SUBSIDY_COLUMNS = (
    Column("month", "string", "Mois (AAAA-MM), en France", pattern=MONTH),
    Column("campaign", "string", "Code du barème"),
    Column("trips", "integer", "Voyages de véhicules aidés"),
    Column("passengers", "integer", "Personnes transportées"),
    Column("km", "number", "Kilomètres aidés"),
    Column("amount_eur", "number", "Montant des aides, en euros"),
)

GRANT_COLUMNS = (
    Column("nomAttribuant", "string", "Qui attribue"),
    Column("idAttribuant", "string", "Son SIRET (14 chiffres)", pattern=SIRET),
    Column("dateConvention", "date", "Date de la convention ou de la décision"),
    Column("referenceDecision", "string", "Référence de la décision", required=False),
    Column("nomBeneficiaire", "string", "Qui reçoit : une personne morale"),
    Column("idBeneficiaire", "string", "Son SIRET (14 chiffres)", pattern=SIRET),
    Column("objet", "string", "À quoi sert la subvention"),
    Column("montant", "number", "Montant, en euros"),
    Column("nature", "string", "aide en numéraire, aide en nature…"),
    Column("conditionsVersement", "string", "unique, échelonné, autre"),
    Column("datesPeriodeVersement", "string", "Date, ou premier et dernier jour séparés par une barre"),
    Column("idRAE", "string", "Numéro au répertoire des aides européennes", required=False),
    Column("notificationUE", "string", "oui ou non", allowed=("oui", "non")),
    Column("pourcentageSubvention", "number", "Part subventionnée, de 0,01 à 1"),
)


@dataclass(frozen=True, slots=True)
class GrantToCompany:
    """Money given to a legal person: an operator paid by call for funds, an employer. A driver is never one."""

    beneficiary: str
    siret: str
    agreed_on: date
    reference: str
    purpose: str
    amount: Money
    first_day: date
    last_day: date


def trip_rows(facts: Iterable[TripFacts], communes: Mapping[str, Commune], salt: bytes) -> list[Row]:
    """The 27 columns of each journey, exact, in order of time then of name. `salt` (secret, one a publication) keeps
    an operator from finding its own journeys again by their hash, which it can do in the registry's files.

    Raises KeyError for a commune that is not known: a row without its commune could not be counted by the k-rule.
    """
    return [row for row, _people in _trips(facts, communes, salt)]


def trip_people(facts: Iterable[TripFacts], communes: Mapping[str, Commune], salt: bytes) -> list[tuple[str, ...]]:
    """The passenger and the driver of each row of `trip_rows`, in the same order: for the gate, which counts them."""
    return [people for _row, people in _trips(facts, communes, salt)]


def _trips(
    facts: Iterable[TripFacts], communes: Mapping[str, Commune], salt: bytes
) -> list[tuple[Row, tuple[str, ...]]]:
    rows = [(_trip_row(each, communes, salt), (each.journey.passenger, each.journey.driver)) for each in facts]
    return sorted(rows, key=lambda pair: (str(pair[0][2]), str(pair[0][0])))


def _trip_row(each: TripFacts, communes: Mapping[str, Commune], salt: bytes) -> Row:
    journey = each.journey
    if journey.start_insee is None or journey.end_insee is None:
        raise KeyError(f"journey {journey.id} has no commune at one of its ends")
    minutes = round((journey.ended_at - journey.started_at).total_seconds() / 60)
    return (
        _name(salt, "journey", journey.operator, journey.operator_journey_id),
        _name(salt, "trip", journey.operator, journey.operator_trip_id),
        *_end(journey.started_at, each.start, communes[journey.start_insee]),
        *_end(journey.ended_at, each.end, communes[journey.end_insee]),
        journey.seats,
        journey.proof_class.value,
        journey.distance_m,
        minutes,
        "OUI" if each.subsidised else "NON",
    )


def _end(at: datetime, point: Point, commune: Commune) -> tuple[Cell, ...]:
    local = at.astimezone(PARIS)
    where = (point.lon, point.lat, commune.insee, commune.department, commune.name, commune.group, FRANCE)
    return (local.isoformat(timespec="seconds"), local.date().isoformat(), f"{local:%H:%M:%S}", *where)


def _name(salt: bytes, kind: str, *parts: str) -> str:
    return sha256(b"\0".join((salt, kind.encode(), *(part.encode() for part in parts)))).hexdigest()


def line_rows(priced: Iterable[tuple[PricedTrip, Sequence[Journey]]]) -> list[Row]:
    """One row per month, line and direction, from awarded vehicle trips with their counted journeys; trips off the
    lines are left out (they are in the trips table). Amounts are exact: a sum of cents, written in euros."""
    cells: dict[tuple[str, str, int], list[tuple[PricedTrip, Sequence[Journey]]]] = defaultdict(list)
    for trip, journeys in priced:
        legs = [journey.leg for journey in journeys if journey.leg is not None]
        if trip.line is not None and legs:
            cells[(f"{trip.day:%Y-%m}", trip.line, legs[0].direction)].append((trip, journeys))
    rows: list[Row] = []
    for (month, line, direction), trips in sorted(cells.items()):
        journeys = [journey for _, several in trips for journey in several]
        metres = sum((journey.leg.to_m - journey.leg.from_m) * journey.seats for journey in journeys if journey.leg)
        rows.append(
            (
                month,
                line,
                direction,
                len(trips),
                len(journeys),
                len({trip.driver for trip, _ in trips}),
                len({journey.passenger for journey in journeys}),
                float(Fraction(metres, 1000)),
                _euros(sum(trip.amount.cents for trip, _ in trips)),
                _euros(sum(trip.fare.cents for trip, _ in trips)),
            )
        )
    return rows


def subsidy_rows(priced: Iterable[PricedTrip]) -> list[Row]:
    """One row per month and scale: trips that got something, people, kilometres, amount."""
    cells: dict[tuple[str, str], list[PricedTrip]] = defaultdict(list)
    for trip in priced:
        if trip.amount.cents > 0:
            cells[(f"{trip.day:%Y-%m}", trip.scale_code)].append(trip)
    return [
        (
            month,
            scale,
            len(trips),
            sum(trip.passengers for trip in trips),
            float(Fraction(sum(trip.distance_m for trip in trips), 1000)),
            _euros(sum(trip.amount.cents for trip in trips)),
        )
        for (month, scale), trips in sorted(cells.items())
    ]


def grant_rows(grants: Iterable[GrantToCompany], *, giver: str, giver_siret: str) -> list[Row]:
    """The 14 fields of the national schema, one row per grant. Raises ValueError for a SIRET that is none: a driver
    has no such number, so no driver can enter this table."""
    from stdnum.fr import siret

    rows: list[Row] = []
    for grant in sorted(grants, key=lambda each: (each.agreed_on, each.siret, each.reference)):
        for number in (giver_siret, grant.siret):
            if not siret.is_valid(number):
                raise ValueError(f"{number} is not the SIRET of a legal person")
        rows.append(
            (
                giver, giver_siret, grant.agreed_on.isoformat(), grant.reference, grant.beneficiary, grant.siret,
                grant.purpose[:256], _euros(grant.amount.cents), "aide en numéraire", "échelonné",
                f"{grant.first_day.isoformat()}/{grant.last_day.isoformat()}", "", "non", 1.0,
            )
        )  # fmt: skip
    return rows


def _euros(cents: int) -> float:
    """Euros of a whole number of cents: the nearest float prints back to the exact two decimals."""
    return float(Fraction(cents, 100))


def datasets(
    facts: Sequence[TripFacts],
    priced: Sequence[tuple[PricedTrip, Sequence[Journey]]],
    grants: Sequence[GrantToCompany],
    communes: Mapping[str, Commune],
    *,
    salt: bytes,
    giver: str,
    giver_siret: str,
) -> list[Dataset]:
    """The four tables of a month, ready for the platform to check, reduce and publish."""
    return [
        Dataset(
            "covoit-trajets",
            "Trajets de covoiturage prouvés",
            "Un trajet par ligne, dans le dialecte du registre de preuve de covoiturage. Les trajets dont une commune "
            "de départ, d’arrivée ou la paire des deux compte moins de six trajets dans le mois n’y sont pas.",
            TRIP_COLUMNS,
            lambda: trip_rows(facts, communes, salt),
            TRIP_PRIVACY,
            "month",
            lambda: trip_people(facts, communes, salt),
        ),
        Dataset(
            "covoit-lignes-mois",
            "Lignes de covoiturage, mois par mois",
            "Voyages, passagers, kilomètres, aides et recettes de chaque ligne, par mois et par sens.",
            LINE_COLUMNS,
            lambda: line_rows(priced),
            LINE_PRIVACY,
            "month",
        ),
        Dataset(
            "covoit-aides",
            "Aides au covoiturage, mois par mois",
            "Ce que chaque barème a versé dans le mois.",
            SUBSIDY_COLUMNS,
            lambda: subsidy_rows(trip for trip, _ in priced),
            Privacy(K_REGISTRY, (("month", "campaign"),), because="a total of few trips is one person's income"),
            "month",
        ),
        Dataset(
            "covoit-subventions",
            "Subventions à des personnes morales",
            "Sommes versées à des opérateurs et à des employeurs ; jamais à un conducteur.",
            GRANT_COLUMNS,
            lambda: grant_rows(grants, giver=giver, giver_siret=giver_siret),
            None,
            "month",
        ),
    ]

"""What ticketing offers for publication: exact rows, each table with its privacy policy. `opendata` applies it.

Fares and points of sale are nobody's; validations and sales are counts in which a cell of one could be one person.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from billettique.model.tariffs import Tariff
from mobigo.base.datasets import COMMUNE, MONTH, Column, Dataset, Privacy, Row
from mobigo.base.money import Money

K = 10  # distinct validations; five is the least that is defended anywhere (shared rule of the region's tables)


@dataclass(frozen=True, slots=True)
class PointOfSale:
    """Where tickets are sold by a person or a machine."""

    code: str
    name: str
    kind: str  # guichet, depositaire, automate
    address: str
    insee: str
    town: str
    lat: float
    lon: float
    hours: str
    accessible: bool
    cash: bool


@dataclass(frozen=True, slots=True)
class Use:
    """A cell of validations."""

    day: date
    line: str
    stop: str
    hour: int
    product: str
    channel: str
    count: int


@dataclass(frozen=True, slots=True)
class Sold:
    """A cell of sales: what was sold in a month, and what was paid for it, tax included."""

    month: date
    product: str
    channel: str
    items: int
    gross: Money


FARE_COLUMNS = (
    Column("produit", "string", "Code du produit"),
    Column("nom", "string", "Nom du produit", required=False),
    Column("voyageur", "string", "Catégorie de voyageur ; vide : toutes", required=False),
    Column("support", "string", "Support ; vide : tous", required=False),
    Column("prix_eur", "number", "Prix, taxe comprise, en euros"),
    Column("version", "string", "Version du tarif en vigueur au jour de la publication"),
    Column("source", "string", "Acte ou publication d’où vient la version"),
)

POINT_COLUMNS = (
    Column("code", "string", "Code du point de vente"),
    Column("nom", "string", "Nom"),
    Column("type", "string", "guichet, depositaire ou automate", allowed=("guichet", "depositaire", "automate")),
    Column("adresse", "string", "Adresse"),
    Column("insee", "string", "Code de la commune", pattern=COMMUNE),
    Column("commune", "string", "Commune"),
    Column("latitude", "number", "Latitude (WGS84)"),
    Column("longitude", "number", "Longitude (WGS84)"),
    Column("horaires", "string", "Horaires d’ouverture", required=False),
    Column("accessible", "boolean", "Accessible en fauteuil roulant"),
    Column("especes", "boolean", "On peut y payer en espèces"),
)

USE_COLUMNS = (
    Column("jour", "date", "Jour de service (de 4 h à 4 h)"),
    Column("ligne", "string", "Code de la ligne", required=False),
    Column("arret", "string", "Lieu de la montée", required=False),
    Column("heure", "integer", "Heure en France, de 0 à 23"),
    Column("produit", "string", "Code du produit", required=False),
    Column("canal", "string", "Canal de vente ; vide : inconnu", required=False),
    Column("validations", "integer", "Validations acceptées"),
)

USE_PRIVACY = Privacy(
    k=K,
    groups=(
        ("jour", "ligne", "arret", "heure"),
        ("jour", "ligne", "arret", "produit"),
        ("jour", "ligne", "arret", "canal"),
        ("jour", "ligne"),
    ),
    generalise=(("arret", "left out under k"), ("heure", "morning, day, evening, night under k")),
    never=("tickets", "tokens", "devices", "trips"),
    because="each row counts `validations`: the k-rule looks at their sum, not at how many rows there are; a cell of "
    "one at a village stop is a neighbour on the way to work; pupils never below line and day",
)

FLOW_COLUMNS = (
    Column("mois", "string", "Mois (AAAA-MM)", pattern=MONTH),
    Column("periode", "string", "matin, journee, soir ou nuit", allowed=("matin", "journee", "soir", "nuit")),
    Column("de", "string", "Lieu de la montée"),
    Column("vers", "string", "Lieu de la descente, déduit par enchaînement"),
    Column("trajets", "integer", "Trajets déduits"),
)

FLOW_PRIVACY = Privacy(
    k=K,
    groups=(("mois", "periode", "de", "vers"), ("mois", "de", "vers")),
    never=("tickets", "tokens", "days"),
    because="each row counts `trajets`: the k-rule looks at their sum; two villages and a part of the day can be one "
    "person",
)

SALE_COLUMNS = (
    Column("mois", "string", "Mois de la vente (AAAA-MM), en France", pattern=MONTH),
    Column("produit", "string", "Code du produit"),
    Column("canal", "string", "Canal de vente"),
    Column("titres", "integer", "Titres vendus, remboursés exclus"),
    Column("montant_eur", "number", "Payé, taxe comprise, en euros"),
)

SALE_PRIVACY = Privacy(
    k=K,
    groups=(("mois", "produit", "canal"),),
    never=("orders", "buyers", "holders", "payments"),
    because="each row counts `titres`: the k-rule looks at their sum; a rare product in one channel can be one buyer",
)


def fare_rows(tariff: Tariff) -> list[Row]:
    """The prices in force: those of the public table. What is to be confirmed is not in them."""
    version = " + ".join(each.code for each in tariff.versions)
    source = " ; ".join(dict.fromkeys(each.source for each in tariff.versions))
    rows = [
        (each.id, each.name or "", each.rider or "", each.medium or "", _euros(each.amount), version, source)
        for each in tariff.tables.products
    ]
    return sorted(rows)


def point_rows(points: Iterable[PointOfSale]) -> list[Row]:
    """One row a point of sale, by code."""
    return [
        (each.code, each.name, each.kind, each.address, each.insee, each.town, each.lat, each.lon, each.hours,
         each.accessible, each.cash)
        for each in sorted(points, key=lambda point: point.code)
    ]  # fmt: skip


def use_rows(uses: Iterable[Use]) -> list[Row]:
    """One row a cell, in order."""
    ordered = sorted(uses, key=lambda each: (each.day, each.line, each.stop, each.hour, each.product, each.channel))
    return [
        (each.day.isoformat(), each.line, each.stop, each.hour, each.product, each.channel, each.count)
        for each in ordered
    ]


def flow_rows(flows: Mapping[tuple[date, str, str, str], int]) -> list[Row]:
    """One row a way, in order: (month, part of the day, from, to) → count."""
    return [
        (f"{month:%Y-%m}", part, origin, goal, count) for (month, part, origin, goal), count in sorted(flows.items())
    ]


def sale_rows(sales: Iterable[Sold]) -> list[Row]:
    """One row a cell, in order."""
    ordered = sorted(sales, key=lambda each: (each.month, each.product, each.channel))
    return [
        (f"{each.month:%Y-%m}", each.product, each.channel, each.items, _euros(each.gross.cents)) for each in ordered
    ]


def _euros(cents: int) -> float:
    """Euros of a whole number of cents: the nearest float prints back to the exact two decimals."""
    return float(Fraction(cents, 100))


def datasets(
    tariff: Tariff,
    points: Sequence[PointOfSale],
    uses: Sequence[Use],
    flows: Mapping[tuple[date, str, str, str], int],
    sales: Sequence[Sold],
) -> list[Dataset]:
    """The tables of ticketing, ready for the platform to check, reduce and publish."""
    return [
        Dataset(
            "billettique-tarifs", "Tarifs des réseaux régionaux",
            "Les prix en vigueur, par produit, catégorie de voyageur et support, avec la source de chaque version. Les "
            "règles complètes sont dans le GTFS (Fares v2).",
            FARE_COLUMNS, lambda: fare_rows(tariff), None, "version",
        ),
        Dataset(
            "billettique-points-de-vente", "Points de vente",
            "Guichets, dépositaires et automates : où acheter un titre, en espèces ou non.",
            POINT_COLUMNS, lambda: point_rows(points), None, "version",
        ),
        Dataset(
            "billettique-validations", "Validations par jour, ligne, arrêt, heure, produit et canal",
            "Montées validées. Les cellules de peu de validations sont regroupées ou retirées.",
            USE_COLUMNS, lambda: use_rows(uses), USE_PRIVACY, "month",
        ),
        Dataset(
            "billettique-trajets", "Trajets déduits, mois par mois",
            "Origines et destinations, déduites par enchaînement des validations d’un même jour ; aucun titre n’est "
            "suivi.",
            FLOW_COLUMNS, lambda: flow_rows(flows), FLOW_PRIVACY, "month",
        ),
        Dataset(
            "billettique-ventes", "Ventes par mois, produit et canal",
            "Titres vendus et montants payés, taxe comprise.",
            SALE_COLUMNS, lambda: sale_rows(sales), SALE_PRIVACY, "month",
        ),
    ]  # fmt: skip

"""What the network offers as plain tables: its lines, and how accessible its stops are. Nobody is behind these rows."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from mobigo.base.datasets import Column, Dataset, Row
from mobigo.network.engine.columns import ints, rows_of, texts
from mobigo.network.export.geojson import Drawing
from mobigo.network.model.modes import basic_type

_SAID = {1: "oui", 2: "non"}  # else: inconnu
_ROUTE_TYPES = {
    0: "tramway", 1: "métro", 2: "train", 3: "bus ou car", 4: "bateau", 5: "tramway à câble", 6: "télécabine",
    7: "funiculaire", 11: "trolleybus", 12: "monorail",
}  # fmt: skip

ACCESSIBILITY = (
    Column("stop_id", "string", "Identifiant de l’arrêt dans l’offre"),
    Column("stop_name", "string", "Nom de l’arrêt", required=False),
    Column("parent_station", "string", "Gare ou pôle auquel il appartient", required=False),
    Column("platform_code", "string", "Quai", required=False),
    Column("stop_lat", "number", "Latitude WGS 84, en degrés", required=False),
    Column("stop_lon", "number", "Longitude WGS 84, en degrés", required=False),
    Column("wheelchair", "string", "Montée en fauteuil roulant : oui, non, inconnu", allowed=("oui", "non", "inconnu")),
    Column("known_from", "string", "D’où on le sait : arrêt, gare, ou rien"),
    Column("lines", "string", "Lignes qui y passent, séparées par des points-virgules", required=False),
    Column("trips", "integer", "Courses qui y passent, tous jours confondus"),
    Column("trips_wheelchair", "integer", "Parmi elles, courses dont le véhicule est accessible"),
    Column("trips_unknown", "integer", "Parmi elles, courses dont on ne le sait pas"),
)
LINES = (
    Column("route_id", "string", "Identifiant de la ligne dans l’offre"),
    Column("agency_id", "string", "Identifiant de l’exploitant", required=False),
    Column("agency_name", "string", "Nom de l’exploitant", required=False),
    Column("route_short_name", "string", "Numéro de la ligne", required=False),
    Column("route_long_name", "string", "Nom de la ligne", required=False),
    Column("route_type", "integer", "Type GTFS", required=False),
    Column("mode", "string", "Mode, en clair"),
    Column("route_color", "string", "Couleur, six chiffres hexadécimaux", required=False),
    Column("route_text_color", "string", "Couleur du texte", required=False),
    Column("trips", "integer", "Courses, tous jours confondus"),
    Column("trips_wheelchair", "integer", "Parmi elles, courses dont le véhicule est accessible"),
    Column("trips_unknown", "integer", "Parmi elles, courses dont on ne le sait pas"),
    Column("stops", "integer", "Arrêts desservis"),
)


def accessibility(drawing: Drawing) -> Dataset:
    """How a wheelchair user may board at each stop: what the feed says of it, or of the station it belongs to."""
    return Dataset(
        code="accessibilite-arrets",
        title="Accessibilité des arrêts",
        description="Pour chaque arrêt desservi, si une personne en fauteuil roulant peut y monter, d’où on le sait, "
        "et combien de courses qui y passent sont elles-mêmes accessibles.",
        columns=ACCESSIBILITY,
        rows=partial(_accessibility_rows, drawing),
        privacy=None,
        period="version",
    )  # fmt: skip


def lines(drawing: Drawing) -> Dataset:
    """The lines and how often they run."""
    return Dataset(
        code="lignes",
        title="Lignes",
        description="Les lignes de l’offre : exploitant, numéro, nom, mode, couleurs, nombre de courses.",
        columns=LINES,
        rows=partial(_line_rows, drawing),
        privacy=None,
        period="version",
    )  # fmt: skip


def _accessibility_rows(drawing: Drawing) -> Iterator[Row]:
    stops = drawing.stops
    own = ints(stops, "wheelchair_boarding", 0)
    parent = rows_of(texts(stops, "parent_station"), texts(stops, "stop_id"))
    calls = _calls(drawing)
    names = [a or b for a, b in zip(
        texts(drawing.routes, "route_short_name").to_list(), texts(drawing.routes, "route_long_name").to_list(),
        strict=True,
    )]  # fmt: skip
    text = {
        column: texts(stops, column).to_list() for column in ("stop_id", "stop_name", "parent_station", "platform_code")
    }
    for row in sorted(drawing.lines_of_stop):
        said, source = _SAID.get(int(own[row])), "arrêt"
        if said is None and parent[row] >= 0:
            said, source = _SAID.get(int(own[parent[row]])), "gare"
        lat, lon = float(drawing.lat[row]), float(drawing.lon[row])
        placed = not (np.isnan(lat) or np.isnan(lon))
        all_, accessible, unknown = (int(count[row]) for count in calls)
        yield (
            text["stop_id"][row], text["stop_name"][row] or None, text["parent_station"][row] or None,
            text["platform_code"][row] or None, lat if placed else None, lon if placed else None, said or "inconnu",
            source if said else "rien", ";".join(names[route] for route in drawing.lines_of_stop[row]) or None,
            all_, accessible, unknown,
        )  # fmt: skip


def _calls(drawing: Drawing) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By row of stops: trips that call there, those a wheelchair user may board, those not known."""
    count = drawing.stops.height
    trip, stop = drawing.calls
    trip, stop = np.divmod(
        np.unique(trip.astype(np.int64) * count + stop), count
    )  # a loop calls twice, and counts once
    access = ints(drawing.trips, "wheelchair_accessible", 0)[trip]
    known = (access == 1) | (access == 2)
    return (
        np.bincount(stop, minlength=count),
        np.bincount(stop[access == 1], minlength=count),
        np.bincount(stop[~known], minlength=count),
    )


def _line_rows(drawing: Drawing) -> Iterator[Row]:
    table = drawing.routes
    columns = ("route_id", "agency_id", "route_short_name", "route_long_name", "route_color", "route_text_color")
    text = {column: texts(table, column).to_list() for column in columns}
    kind = ints(table, "route_type", -1)
    access = ints(drawing.trips, "wheelchair_accessible", 0)
    agencies = _agencies(drawing)
    for row in range(table.height):
        own = access[drawing.trip_route == row]
        agency = text["agency_id"][row] or (next(iter(agencies)) if len(agencies) == 1 else "")
        value = int(kind[row])
        basic = basic_type(value)
        mode = _ROUTE_TYPES.get(value) or ("autre" if basic is None else _ROUTE_TYPES[basic])
        yield (
            text["route_id"][row], agency or None, agencies.get(agency) or None, text["route_short_name"][row] or None,
            text["route_long_name"][row] or None, value if value >= 0 else None, mode,
            text["route_color"][row] or None, text["route_text_color"][row] or None, len(own), int((own == 1).sum()),
            int(((own != 1) & (own != 2)).sum()),
            len({stop for variant in drawing.variants.get(row, ()) for stop in variant.stops}),
        )  # fmt: skip


def _agencies(drawing: Drawing) -> dict[str, str]:
    if "agency" not in drawing.tables:
        return {}
    table = drawing.tables["agency"]
    return dict(zip(texts(table, "agency_id").to_list(), texts(table, "agency_name").to_list(), strict=True))

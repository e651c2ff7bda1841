"""What this product offers for publication: each module's exports, declared for `opendata`.

Timetables are in `open_timetables`. Tables about people are offered by
`mobigo.app.open_people`, through the gate of `opendata`, never from here.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mobigo.base.instants import paris_day
from opendata.export.tables import CSV, csv_bytes
from opendata.model.datasets import Declaration, FileSpec, Gate, Period, Theme
from opendata.model.editions import Edition, Produced
from opendata.model.offers import Offer

if TYPE_CHECKING:
    from mobigo.base.datasets import Dataset
    from mobigo.infra.web import Services
    from opendata.model.checks import Judge


def offers(services: "Services", now: datetime) -> list[Offer]:
    """Everything there is to publish at this instant, by code."""
    from mobigo.app import open_grants, open_live, open_on_demand, open_people, open_school
    from mobigo.app.open_english import in_english
    from mobigo.app.open_timetables import timetables

    made = [
        *timetables(services),
        *_ticketing(services, now),
        *_carpool(),
        _carpool_lines(services),
        *open_live.offers(services),
        *open_on_demand.offers(services, now),
        *open_people.offers(services),
        *open_grants.offers(services),
        *open_school.offers(services),
    ]
    return sorted(map(in_english, made), key=lambda offer: offer.declared.code)


def judges(services: "Services") -> "list[Judge]":
    """Who looks at the files before they leave."""
    from opendata.gateway.judges import judges as known

    return known(services.config)


# ---------------------------------------------------------------- ticketing and carpool: what is nobody's


def _ticketing(services: "Services", now: datetime) -> Iterator[Offer]:
    from billettique.export.opendata import datasets
    from billettique.gateway.fares import tariff_on
    from billettique.gateway.points_of_sale import points_of_sale

    home, today = services.config.home, paris_day(now)
    tables = {each.code: each for each in datasets(tariff_on(today, home), points_of_sale(home), [], {}, [])}
    yield _table(
        tables["billettique-tarifs"],
        Theme.FARES,
        "tarifs.csv",
        "Pour afficher un prix juste dans une application, comparer des tarifs, suivre leur évolution.",
        ("tarifs", "billets", "abonnements", "GTFS-Fares v2"),
        beside=((FARES, lambda now: _fares(services, now)), (FARES_NETEX, lambda now: _fares_netex(services, now))),
    )
    yield _table(
        tables["billettique-points-de-vente"],
        Theme.POINTS_OF_SALE,
        "points-de-vente.csv",
        "Pour dire à un voyageur où acheter son titre près de chez lui, et s’il peut y payer en espèces.",
        ("points de vente", "guichets", "accessibilité"),
    )


FARES: Final = FileSpec(
    "gtfs-fares-v2.zip",
    "application/zip",
    "Les mêmes prix en tables GTFS-Fares v2, à joindre au GTFS des réseaux : zones, produits, règles de correspondance",
)


def _fares(services: "Services", now: datetime) -> Produced:
    """The tariff in force as the fare tables of a GTFS; stops, lines and calendars are those of the networks' feeds."""
    from hashlib import sha256

    from billettique.export.fares import fare_files
    from billettique.gateway.fares import tariff_on
    from billettique.rules.places import as_named
    from mobigo.network.export.archive import content_hash, zip_bytes

    made = fare_files(as_named(tariff_on(paris_day(now), services.config.home)))
    content = content_hash({name: sha256(data).hexdigest() for name, data in made.items()})
    return Produced(FARES.name, FARES.media_type, zip_bytes(made), content_sha256=content)


FARES_NETEX: Final = FileSpec(
    "netex-tarifs.zip",
    "application/zip",
    "Les produits, abonnements, carnets, réductions, catégories de voyageurs, supports et prix en NeTEx (partie 3) ; "
    "où et quand un produit vaut est dans les règles de GTFS-Fares v2",
    "NeTEx FR",
)


def _fares_netex(services: "Services", now: datetime) -> Produced:
    from hashlib import sha256

    from billettique.export.netex_fares import FILE, fares_document
    from billettique.gateway.fares import tariff_on
    from mobigo.network.export.archive import content_hash, zip_bytes
    from mobigo.network.service.publishing import PARTICIPANT

    document, _left_out = fares_document(tariff_on(paris_day(now), services.config.home), PARTICIPANT)
    content = content_hash({FILE: sha256(document).hexdigest()})
    return Produced(FARES_NETEX.name, FARES_NETEX.media_type, zip_bytes({FILE: document}), content_sha256=content)


Beside = tuple[FileSpec, Callable[[datetime], Produced]]  # a further file of a dataset, and what makes it


def _table(
    table: "Dataset",
    theme: Theme,
    name: str,
    serves: str,
    keywords: tuple[str, ...],
    *,
    beside: tuple[Beside, ...] = (),
) -> Offer:
    declared = Declaration(
        code=table.code,
        title=table.title,
        description=table.description,
        serves=serves,
        theme=theme,
        gate=Gate.OPEN,
        period=Period.NIGHT,
        files=(
            FileSpec(name, CSV, table.title, "Table Schema", table.columns),
            *(spec for spec, _make in beside),
        ),
        keywords=keywords,
    )

    def produce(now: datetime, _folder: Path) -> list[Edition]:
        rows = list(table.rows())
        if not rows:
            return []
        content = csv_bytes(table.columns, rows)
        more = (make(now) for _spec, make in beside)
        return [Edition(files=(Produced(name, CSV, content, rows=len(rows)), *more), counts={"published": len(rows)})]

    return Offer(declared, produce)


def _carpool() -> Iterator[Offer]:
    from covoit.export.places import COLUMNS, places

    declared = Declaration(
        code="covoit-lieux",
        title="Arrêts des lignes de covoiturage",
        description="Où l’on monte et descend sur les lignes de covoiturage de la Région, dans le schéma national des "
        "lieux de covoiturage.",
        serves="Pour les cartes et les applications qui montrent où covoiturer sans réserver.",
        theme=Theme.CARPOOL,
        gate=Gate.OPEN,
        period=Period.NIGHT,
        files=(FileSpec("lieux-covoiturage.csv", CSV, "Un arrêt par ligne", "schema-lieux-covoiturage", COLUMNS),),
        keywords=("covoiturage", "lieux", "lignes de covoiturage"),
    )

    def produce(now: datetime, _folder: Path) -> list[Edition]:
        from covoit.gateway.lines import lines_on

        lines = lines_on(paris_day(now))
        if not lines:
            return []
        # Dated by the lines, not by the night: what did not change stays the same file.
        since = max(line.period.first_day for line in lines)
        content = places(lines, updated=since, siren=None)
        count = sum(len(line.stops) for line in lines)
        name = declared.files[0].name
        return [Edition(files=(Produced(name, CSV, content, rows=count),), counts={"published": count})]

    yield Offer(declared, produce)


def _carpool_lines(services: "Services") -> Offer:
    declared = Declaration(
        code="covoit-lignes",
        title="Lignes de covoiturage",
        description="Les lignes de covoiturage de la Région, leurs arrêts et leurs heures, au format GTFS : à chaque "
        "arrêt et dans chaque sens, les heures où des conducteurs sont attendus et, comme intervalle, l’attente que la "
        "Région garantit au plus (frequencies.txt, exact_times 0). Ce ne sont pas des horaires : aucun trajet de "
        "conducteur n’y est, ni habituel ni proposé. L’attente observée, qui vient de personnes, n’y est pas non plus. "
        "Une ligne sans heures publiques n’a que ses arrêts.",
        serves="Pour les calculateurs d’itinéraires et les cartes qui montrent où et quand monter sans réserver.",
        theme=Theme.CARPOOL,
        gate=Gate.NETWORK,
        period=Period.NIGHT,
        files=(FileSpec("gtfs.zip", "application/zip", "Lignes, arrêts, heures et attente garantie", "GTFS Schedule"),),
        keywords=("covoiturage", "lignes de covoiturage", "arrêts", "GTFS", "fréquences"),
    )

    def produce(now: datetime, _folder: Path) -> Iterator[Edition]:
        from hashlib import sha256

        from covoit.export.lines_gtfs import Publisher, days_told, lines_gtfs
        from covoit.gateway.lines import guarantee_on, lines_on
        from mobigo.infra import competence
        from mobigo.network.export.archive import content_hash, zip_bytes

        config, today = services.config, paris_day(now)
        region = competence.table().authorities["region"].shown(production=config.production)
        publisher = Publisher(region.name, config.base_url, region.phone, config.opendata_contact)
        lines, guarantee = lines_on(today), guarantee_on(today)
        made = lines_gtfs(lines, guarantee, publisher, today=today)
        if made is None or guarantee is None:
            return
        first_day, last_day = days_told(lines, guarantee, today)
        content = content_hash({name: sha256(data).hexdigest() for name, data in made.items()})
        spec = declared.files[0]
        yield Edition(
            files=(Produced(spec.name, spec.media_type, zip_bytes(made), content_sha256=content),),
            first_day=first_day, last_day=last_day, counts={"published": len(lines)},
        )  # fmt: skip

    return Offer(declared, produce)

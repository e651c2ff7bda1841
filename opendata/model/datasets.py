"""What a dataset says of itself before anything is published: a declaration, by value; where its files come from is
handed over beside it, by `mobigo.app`.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from mobigo.base.datasets import Column, Privacy

_CODE: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9_]+)+")  # two parts: no code is a page's own address
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}(?:\.[a-z0-9]{1,8})+")


@dataclass(frozen=True, slots=True)
class Licence:
    """Under what terms the files may be used again: the code and the address that the national access point uses."""

    code: str
    title: str
    url: str


LICENCE_OUVERTE: Final = Licence(
    "lov2", "Licence Ouverte 2.0", "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"
)
ODBL: Final = Licence("odc-odbl", "Open Database License 1.0", "https://opendatacommons.org/licenses/odbl/1.0/")
LICENCE_MOBILITES: Final = Licence(
    "mobility-licence",
    "Licence Mobilités",
    "https://wiki.lafabriquedesmobilites.fr/wiki/Licence_Mobilit%C3%A9s",
)
# The dataset of all networks together: its two files have short addresses of their own (`opendata.web.files`).
REGIONAL: Final = "offre-regionale"
LICENCES: Final = {each.code: each for each in (LICENCE_OUVERTE, ODBL, LICENCE_MOBILITES)}


class Gate(StrEnum):
    """What stands between the facts and the public."""

    OPEN = "open"  # nobody is behind the rows: the table's schema is checked
    NETWORK = "network"  # timetables: the judges of GTFS and NeTEx
    PEOPLE = "people"  # people are behind the rows: generalised, suppressed, audited, approved by two persons


class Slot(StrEnum):
    """The addresses that move: what is in force, and what will be."""

    LATEST = "latest"
    NEXT = "next"


class Theme(StrEnum):
    """Of what a dataset speaks; each has its word in mobilityDCAT-AP (`opendata.export.vocabulary`)."""

    TIMETABLES = "timetables"
    STOPS = "stops"
    FARES = "fares"
    POINTS_OF_SALE = "points_of_sale"
    CARPOOL = "carpool"
    USE = "use"
    SALES = "sales"
    SUBSIDIES = "subsidies"
    SCHOOL = "school"
    REALTIME = "realtime"
    ACCESSIBILITY = "accessibility"


class Period(StrEnum):
    """How often a new version is due."""

    NIGHT = "night"
    MONTH = "month"
    YEAR = "year"
    LIVE = "live"  # at its live addresses; what is versioned beside them is looked at each night

    @property
    def stale_after(self) -> timedelta:
        """The age past which the dataset is late: one period, and the time that work takes."""
        return {
            Period.NIGHT: timedelta(days=2),
            Period.MONTH: timedelta(days=45),
            Period.YEAR: timedelta(days=400),
            Period.LIVE: timedelta(days=2),
        }[self]


@dataclass(frozen=True, slots=True)
class Contact:
    """Who answers for a dataset: an office, never a person's own address. `email` "": the installation's
    (MOBIGO_OPENDATA_CONTACT)."""

    name: str
    email: str = ""


REGION: Final = Contact("Région Bourgogne-Franche-Comté, direction des mobilités")


@dataclass(frozen=True, slots=True)
class FileSpec:
    """A file that each version holds. `standard` is what it claims to follow ("GTFS Schedule", "NeTEx FR") or "";
    `columns` are those of a table, in order, empty for what is no table."""

    name: str
    media_type: str
    means: str  # French
    standard: str = ""
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class LiveAddress:
    """An address of this site that tells the state of the moment: neither versioned nor kept. `path` begins with a
    slash; `timetable` is the code of the dataset whose identifiers it carries; the rest is as of a `FileSpec`."""

    path: str
    media_type: str
    means: str  # French
    standard: str
    timetable: str = ""

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Said:
    """What a dataset says of itself, in one language."""

    title: str
    description: str
    serves: str
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A dataset: `code` stands in its addresses and is never given to another one. French texts are read by people."""

    code: str
    title: str
    description: str
    serves: str  # what it is good for, and for whom
    theme: Theme
    gate: Gate
    period: Period
    files: tuple[FileSpec, ...]
    privacy: Privacy | None = None
    licence: Licence = LICENCE_OUVERTE
    contact: Contact = REGION
    keywords: tuple[str, ...] = ()
    # The two former regions, as NUTS 2021 names them: together Bourgogne-Franche-Comté (FRC).
    spatial: tuple[str, ...] = ("http://data.europa.eu/nuts/code/FRC1", "http://data.europa.eu/nuts/code/FRC2")
    since: date | None = None
    english: Said | None = None
    deprecated: str = ""  # French: what to use instead, when it is on its way out
    live: tuple[LiveAddress, ...] = ()

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.code):
            raise ValueError(f"{self.code!r}: small letters and digits, in two parts or more joined by hyphens")
        if not all(_NAME.fullmatch(each.name) for each in self.files):
            raise ValueError(f"{self.code}: a file's name is small letters, digits, hyphens, and an extension")
        if self.gate is Gate.PEOPLE and self.privacy is None:
            raise ValueError(f"{self.code}: people are behind it, and it has no privacy policy")
        if self.gate is not Gate.PEOPLE and self.privacy is not None:
            raise ValueError(f"{self.code}: it has a privacy policy, and its gate does not hold it")
        if (self.period is Period.LIVE) != bool(self.live):
            raise ValueError(f"{self.code}: what is told live has an address, and nothing else has one")
        if not self.files:
            raise ValueError(f"{self.code}: a dataset has at least one file")

    def said(self, language: str) -> Said:
        """Its title, description, use and keywords in this language; in French where it says nothing in that one."""
        if language == "en" and self.english is not None:
            return self.english
        return Said(self.title, self.description, self.serves, self.keywords)

    @property
    def touches_people(self) -> bool:
        """Whether two persons must agree before anything leaves."""
        return self.gate is Gate.PEOPLE

"""The words of others for what our datasets are: mobilityDCAT-AP's controlled vocabularies, the Publications Office's
file types and frequencies."""

from typing import Final

from opendata.model.datasets import Period, Theme

MOBILITY: Final = "https://w3id.org/mobilitydcat-ap"
EU: Final = "http://publications.europa.eu/resource/authority"

# (data content category, sub-category), mobility-theme 1.0.0.
_SCHEDULED: Final = "public-transport-scheduled-transport"
THEMES: Final[dict[Theme, tuple[str, ...]]] = {
    Theme.TIMETABLES: (_SCHEDULED, "timetables-static"),
    Theme.STOPS: (_SCHEDULED, "stop-facilities-location-and-features"),
    Theme.FARES: (_SCHEDULED, "basic-common-standard-fares"),
    Theme.POINTS_OF_SALE: (_SCHEDULED,),
    Theme.CARPOOL: ("sharing-and-hiring-services",),
    Theme.USE: (_SCHEDULED,),
    Theme.SALES: (_SCHEDULED,),
    Theme.SUBSIDIES: ("other",),
    Theme.SCHOOL: (_SCHEDULED,),
    Theme.REALTIME: (_SCHEDULED,),
    Theme.ACCESSIBILITY: (_SCHEDULED, "stop-facilities-location-and-features"),
}
STANDARDS: Final = {
    "GTFS Schedule": "gtfs", "NeTEx FR": "netex", "GTFS Realtime": "gtfs-rt", "GBFS": "gbfs", "SIRI": "siri",
    "SIRI Lite": "siri",
}  # fmt: skip
FREQUENCIES: Final = {
    Period.NIGHT: "DAILY", Period.MONTH: "MONTHLY", Period.YEAR: "ANNUAL", Period.LIVE: "UPDATE_CONT",
}  # fmt: skip
FILE_TYPES: Final = {
    "text/csv": "CSV",
    "application/geo+json": "GEOJSON",
    "application/json": "JSON",
    "application/xml": "XML",
    "application/vnd.apache.parquet": "PARQUET",
    "application/zip": "ZIP",
}
MEDIA_TYPES: Final = "https://www.iana.org/assignments/media-types"


def themes(theme: Theme) -> list[str]:
    """The addresses of a theme's category and sub-category."""
    return [f"{MOBILITY}/mobility-theme/{each}" for each in THEMES[theme]]


def standard(name: str) -> str:
    """The address of the standard that a file follows; that of "other" for one that the vocabulary lacks."""
    return f"{MOBILITY}/mobility-data-standard/{STANDARDS.get(name, 'other')}"


def file_type(media_type: str, standard_name: str) -> str:
    """The address of a file's type."""
    if standard_name == "GTFS Schedule":
        return f"{EU}/file-type/GTFS"
    return f"{EU}/file-type/{FILE_TYPES.get(media_type, 'OCTET')}"


def frequency(period: Period) -> str:
    """The address of how often a dataset is made anew."""
    return f"{EU}/frequency/{FREQUENCIES[period]}"

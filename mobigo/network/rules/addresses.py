"""The rows of a national address file (BAN, as adresse.data.gouv.fr publishes it), each read alone: an address, or what
is wrong with it."""

import re
from collections.abc import Mapping
from math import isfinite
from typing import Final

from mobigo.base.decisions import Decision
from mobigo.network.model.addresses import NO_NUMBER, Address

# The published names that are read; the others may be there, or not.
REQUIRED: Final = ("numero", "nom_voie", "code_insee", "nom_commune", "lon", "lat")
OPTIONAL: Final = ("rep", "code_postal", "code_insee_ancienne_commune", "nom_ancienne_commune")
NUMBERLESS: Final = frozenset({"", "0", "99999"})  # how the file says that a place has no number
NAME_CHARS_MAX: Final = 150
_NUMBER = re.compile(r"[0-9]{1,4}", re.ASCII)
_INSEE = re.compile(r"[0-9][0-9AB][0-9]{3}", re.ASCII)
_POSTCODE = re.compile(r"[0-9]{5}", re.ASCII)
_SUFFIX = re.compile(r"[a-z0-9]{0,8}", re.ASCII)
UNREADABLE: Final = "\ufffd"


def missing_columns(header: list[str]) -> list[str]:
    """The columns without which nothing can be read."""
    return [name for name in REQUIRED if name not in header]


def address_of(row: Mapping[str, str]) -> Address | tuple[str, Decision]:
    """The address of a row, else (the column at fault, why)."""
    cell = {name: " ".join(row.get(name, "").split()) for name in (*REQUIRED, *OPTIONAL)}
    for name in ("nom_voie", "nom_commune"):
        if not cell[name]:
            return name, Decision("network.address_blank", column=name)
        if len(cell[name]) > NAME_CHARS_MAX:
            return name, Decision("network.address_too_long", column=name, most=NAME_CHARS_MAX)
    for name, text in cell.items():
        if UNREADABLE in text:
            return name, Decision("network.address_unreadable", column=name)
    number = cell["numero"]
    if number not in NUMBERLESS and not _NUMBER.fullmatch(number):
        return "numero", Decision("network.address_bad_number")
    if not _INSEE.fullmatch(cell["code_insee"]):
        return "code_insee", Decision("network.address_bad_insee")
    if cell["code_postal"] and not _POSTCODE.fullmatch(cell["code_postal"]):
        return "code_postal", Decision("network.address_bad_postcode")
    suffix = cell["rep"].lower()
    if not _SUFFIX.fullmatch(suffix):
        return "rep", Decision("network.address_bad_suffix")
    where = {}
    for name, most in (("lat", 90.0), ("lon", 180.0)):
        try:
            where[name] = float(cell[name])
        except ValueError:
            return name, Decision("network.address_bad_position", column=name)
        if not isfinite(where[name]) or abs(where[name]) > most:
            return name, Decision("network.address_bad_position", column=name)
    if where["lat"] == 0 and where["lon"] == 0:
        return "lat", Decision(
            "network.address_bad_position", column=name
        )  # the sea off Africa: a position nobody filled in
    return Address(
        NO_NUMBER if number in NUMBERLESS else int(number),
        "" if number in NUMBERLESS else suffix,
        cell["nom_voie"],
        cell["code_postal"],
        cell["code_insee"],
        cell["nom_commune"],
        cell["code_insee_ancienne_commune"],
        cell["nom_ancienne_commune"],
        where["lat"],
        where["lon"],
    )

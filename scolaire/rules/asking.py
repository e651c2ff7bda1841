"""What a registration has to say to be taken, field by field. Pure: what it needs to know is an argument."""

import re
import unicodedata
from dataclasses import replace
from datetime import date
from typing import Final

from mobigo.base.errors import InvalidInput
from scolaire.model.asked import Asked, AskedHome, Contact
from scolaire.model.people import HomeKind, Stay, Weeks
from scolaire.model.schools import School, SchoolYear
from scolaire.rules.rights import age_on

NAME_MAX: Final = 100
LINE_MAX: Final = 200
AGES: Final = range(2, 30)  # at the end of the calendar year in which the school year begins
UAI: Final = re.compile(r"\d{7}[A-Z]", re.ASCII)
_COMMUNE: Final = re.compile(r"(\d{2}|2[AB])\d{3}", re.ASCII)
_UAI_LETTERS: Final = "ABCDEFGHJKLMNPRSTUVWXYZ"


def checked(asked: Asked, school: School) -> Asked:
    """The same, names tidied. Raises InvalidInput, the first of: "scolaire.bad_name", "scolaire.bad_birth",
    "scolaire.level_not_of_school", "scolaire.no_home", "scolaire.bad_address", "scolaire.bad_commune",
    "scolaire.weeks_overlap"."""
    first_name, last_name = clean_name(asked.first_name, "first_name"), clean_name(asked.last_name, "last_name")
    age = age_on(asked.born_on, date(asked.year, 12, 31))
    if age not in AGES:
        raise InvalidInput("scolaire.bad_birth", year=asked.born_on.year)
    stage = asked.level.stage
    if stage is not None and stage not in school.stages:
        raise InvalidInput("scolaire.level_not_of_school", school=school.name)
    homes = tuple(_checked_home(each) for each in asked.homes)
    kinds = [each.kind for each in homes]
    if not homes or len(homes) > 2 or kinds.count(HomeKind.SECOND) != len(homes) - 1:
        raise InvalidInput("scolaire.no_home")
    if len(homes) == 2 and overlap(stay_of(homes[0]), stay_of(homes[1])):
        raise InvalidInput("scolaire.weeks_overlap")
    return replace(asked, first_name=first_name, last_name=last_name, homes=homes)


def checked_contact(contact: Contact) -> Contact:
    """The same, tidied. Raises InvalidInput("scolaire.bad_name" | "scolaire.bad_phone" | "scolaire.no_way_to_write")
    when the way they prefer lacks its address."""
    told = replace(
        contact, first_name=clean_name(contact.first_name, "contact_first_name"),
        last_name=clean_name(contact.last_name, "contact_last_name"),
        phone=None if not contact.phone else clean_phone(contact.phone), email=contact.email or None,
        postal="\n".join(line.strip() for line in contact.postal.strip().splitlines() if line.strip())[:320],
    )  # fmt: skip
    address = {"email": told.email, "sms": told.phone, "letter": told.postal}.get(told.prefers)
    if not address:
        raise InvalidInput("scolaire.no_way_to_write", channel=told.prefers)
    return told


def clean_name(text: str, field: str) -> str:
    """A name with single blanks. Raises InvalidInput("scolaire.bad_name") naming the field for none, one too long, one
    without any letter, or one with a sign that nobody has in a name."""
    name = " ".join(text.split())
    signs = {letter for letter in name if not (letter.isalpha() or letter in " -'’.·" or unicodedata.combining(letter))}
    if not 1 <= len(name) <= NAME_MAX or signs or not any(letter.isalpha() for letter in name):
        raise InvalidInput("scolaire.bad_name", field=field, most=NAME_MAX)
    return name


def clean_phone(text: str) -> str:
    """A number in E.164, from one written as people do. Raises InvalidInput("scolaire.bad_phone")."""
    digits = re.sub(r"[\s.\-()/\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]", "", text)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    elif re.fullmatch(r"0[1-9][0-9]{8}", digits, re.ASCII):
        digits = "+33" + digits[1:]
    if digits.startswith("+330"):
        digits = "+33" + digits[4:]
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", digits, re.ASCII):
        raise InvalidInput("scolaire.bad_phone")
    return digits


def folded(name: str) -> str:
    """A name as it is looked for: small letters, no accents, words apart by one blank."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("œ", "oe").replace("æ", "ae"))
    letters = "".join(" " if each in "-'’." else each for each in plain if not unicodedata.combining(each))
    return " ".join(letters.split())


def is_uai(text: str) -> bool:
    """Whether a national school number is well formed: seven digits and the letter that checks them (their remainder
    by 23, among the letters without I, O and Q)."""
    return UAI.fullmatch(text) is not None and _UAI_LETTERS[int(text[:7]) % 23] == text[7]


def stay_of(home: AskedHome) -> Stay:
    """When the pupil lives in a home of the form."""
    return Stay("", home.weeks, home.weekdays)


def overlap(one: Stay, other: Stay) -> bool:
    """Whether some day is in both."""
    weeks = one.weeks is Weeks.ALL or other.weeks is Weeks.ALL or one.weeks is other.weeks
    return weeks and bool(one.weekdays & other.weekdays)


def current_year(day: date) -> int:
    """The school year a day is in."""
    return day.year if day >= SchoolYear(day.year).period.first_day else day.year - 1


def _checked_home(home: AskedHome) -> AskedHome:
    line, extra = " ".join(home.line.split()), " ".join(home.extra.split())
    postcode = home.postcode.strip()
    known = re.fullmatch(r"\d{5}", postcode, re.ASCII)
    if not 2 <= len(line) <= LINE_MAX or len(extra) > LINE_MAX or not (line + extra).isprintable() or known is None:
        raise InvalidInput("scolaire.bad_address", most=LINE_MAX)
    if _COMMUNE.fullmatch(home.commune) is None:
        raise InvalidInput("scolaire.bad_commune")
    if not home.weekdays:
        raise InvalidInput("scolaire.weeks_overlap")
    return replace(home, line=line, extra=extra, postcode=postcode)

"""The identity key: one person, one key, whichever operator declares them, without their name or number being sent.

Source: RPC API v3.3, schema `identity_key`: SHA-256, in hexadecimal, of `{phone number}-{LAST NAME}`; the number in
E.164; the name in capitals without accent, hyphen or apostrophe, `[A-Z ]*`.
"""

import re
import unicodedata
from hashlib import sha256
from typing import Final

from mobigo.base.errors import InvalidInput

E164: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_APART: Final = re.compile(r"[\s'’‘ʼ`´\-‐‑–—_./]+")
# Letters that are one letter in a name and do not decompose into a base letter and an accent.
_WHOLE: Final = str.maketrans(
    {"Æ": "AE", "Œ": "OE", "Ø": "O", "Ð": "D", "Þ": "TH", "Ł": "L", "Đ": "D", "ẞ": "SS", "İ": "I"}
)


def normal_last_name(name: str) -> str:
    """A last name as the key wants it: `D'Hérûg-de-l'Hérault` is `D HERUG DE L HERAULT`.

    Raises InvalidInput("covoit.bad_last_name") when no letter is left.
    """
    upper = name.upper().translate(_WHOLE)
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", upper) if not unicodedata.combining(letter))
    spaced = _APART.sub(" ", plain)
    kept = "".join(letter for letter in spaced if "A" <= letter <= "Z" or letter == " ")
    normal = " ".join(kept.split())
    if not normal:
        raise InvalidInput("covoit.bad_last_name")
    return normal


def normal_phone(phone: str) -> str:
    """A telephone number in E.164. A French number may be written as people do (`06 01 02 03 04`, `0033 6…`).

    Raises InvalidInput("covoit.bad_phone").
    """
    digits = re.sub(r"[\s.\-()/]", "", phone)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    elif re.fullmatch(r"0[1-9][0-9]{8}", digits, re.ASCII):
        digits = "+33" + digits[1:]
    if digits.startswith("+330"):  # +33 (0)6 …
        digits = "+33" + digits[4:]
    if not E164.fullmatch(digits):
        raise InvalidInput("covoit.bad_phone")
    return digits


def identity_key(phone: str, last_name: str) -> str:
    """The key of a person. Raises InvalidInput as the two functions above."""
    return sha256(f"{normal_phone(phone)}-{normal_last_name(last_name)}".encode("ascii")).hexdigest()


def truncated(phone: str) -> str:
    """A number in E.164 without its two last digits: what operators may send in its place."""
    return phone[:-2]

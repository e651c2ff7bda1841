"""Names of places as words to compare: without accents or capitals, abbreviations written out."""

import unicodedata
from functools import lru_cache

SHORT_FOR = {
    "st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes", "s": "sur", "ss": "sous", "pl": "place",
    "av": "avenue", "ave": "avenue", "bd": "boulevard", "bld": "boulevard", "blvd": "boulevard",
    "rte": "route", "fg": "faubourg", "fbg": "faubourg", "gal": "general", "chr": "chru", "zi": "zone",
    "univ": "universite",
}  # fmt: skip
LINK_WORDS = frozenset(
    [
        "de", "du", "des", "d", "la", "le", "les", "l", "en", "et", "a", "au", "aux", "sur", "sous", "lez", "pres",
        "un", "une", "the", "of", "arret", "gare", "routiere", "sncf", "ville", "centre",
    ]
)  # fmt: skip

STATION_WORDS = frozenset({"gare", "sncf", "station"})


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Lower case without accents, ligatures undone, everything that is not a letter or digit made one blank."""
    text = text.replace("œ", "oe").replace("Œ", "oe").replace("æ", "ae").replace("Æ", "ae").replace("ß", "ss")
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in plain.casefold()).split())


def words(text: str) -> list[str]:
    """The folded words of a name, the usual abbreviations written out (`St` is `saint`)."""
    return [SHORT_FOR.get(word, word) for word in fold(text).split()]

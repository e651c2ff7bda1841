"""Texts for telephones: in the letters that cost least, as long as is paid for. A message in the GSM alphabet holds 160
letters (306 in two parts); one letter outside of it and it holds 70."""

import re
import unicodedata
from typing import Final

TWO_PARTS: Final = 306
_GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_INSTEAD: Final = {
    "’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"', "…": "...", "→": ">", "–": "-", "—": "-", "−": "-",
    "œ": "oe", "Œ": "OE", "·": "-", "•": "-", "€": "EUR", "×": "x", "|": "/", "[": "(", "]": ")", "{": "(", "}": ")",
}  # fmt: skip


def plain(text: str) -> str:
    """The same text in the GSM alphabet: spaces are one space, a letter it has not loses its accent, or is "?"."""
    out = []
    for letter in re.sub(r"«\s*|\s*»", '"', text):
        if letter in _GSM:
            out.append(letter)
        elif letter.isspace():
            out.append(" ")
        elif letter in _INSTEAD:
            out.append(_INSTEAD[letter])
        else:
            bare = unicodedata.normalize("NFD", letter)[0]
            out.append(bare if bare in _GSM else "?")
    return "\n".join(" ".join(line.split()) for line in "".join(out).strip().split("\n"))


def cut(text: str, most: int) -> str:
    """The text in the GSM alphabet, cut between words where it is longer than `most` letters."""
    whole = plain(text)
    if len(whole) <= most:
        return whole
    kept = whole[: most - 3]
    return (kept.rsplit(" ", 1)[0] if " " in kept else kept) + "..."

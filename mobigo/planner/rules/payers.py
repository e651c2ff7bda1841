"""Who pays, as addresses and devices say it, and back."""

from typing import Final, Protocol

from mobigo.planner.model import Payer

HOLDS_MAX: Final = 8
ID_MAX: Final = 60
FIELDS: Final = ("rider", "hold", "proof")


class Fields(Protocol):
    """Fields of an address, a form or a device: each with any number of values."""

    def getlist(self, key: str, /) -> list[str]: ...


def said(fields: Fields) -> Payer:
    """Who pays, of fields as addresses and devices hold them: texts of any kind, cut to what is useful."""

    def ids(name: str) -> tuple[str, ...]:
        found = (each.strip()[:ID_MAX] for each in fields.getlist(name))
        return tuple(dict.fromkeys(each for each in found if each))[:HOLDS_MAX]

    return Payer(next(iter(ids("rider")), ""), ids("hold"), ids("proof"))


def fields_of(payer: Payer) -> dict[str, str | list[str]]:
    """What a payer says, as fields of an address; never whose account it is."""
    out: dict[str, str | list[str]] = {}
    if payer.category:
        out["rider"] = payer.category
    if payer.holds:
        out["hold"] = list(payer.holds)
    if payer.proofs:
        out["proof"] = list(payer.proofs)
    return out

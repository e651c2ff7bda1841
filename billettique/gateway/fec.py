"""The chart of the FEC, shipped with the product, and who the operator is: MOBIGO_HOME/fec/operator.toml. Without that
file, or when it does not say `private = true`, there is no FEC: a public body's accounts are the accountant's."""

import tomllib
from pathlib import Path
from typing import Any, Final

from billettique.model.fec import AccountRule, Chart, Operator
from mobigo.base.errors import InvalidInput, Refused

DATA: Final = Path(__file__).parents[1] / "data" / "fec" / "2024-01-01-pcg.toml"
AT_HOME: Final = Path("fec") / "operator.toml"


def read_operator(home: Path) -> tuple[Operator, Chart]:
    """The operator, and its chart: its own accounts come first.

    Raises Refused("billettique.fec_not_private"), InvalidInput("billettique.bad_fec_file") for a file that cannot be
    read, a SIREN that is none, a day that is none.
    """
    path = home / AT_HOME
    if not path.is_file():
        raise Refused("billettique.fec_not_private", file=str(AT_HOME))
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
        if said.get("private") is not True:
            raise Refused("billettique.fec_not_private", file=str(AT_HOME))
        month, day = (int(each) for each in str(said["closes"]).split("-"))
        operator = Operator(_siren(str(said["siren"])), str(said["name"]), (month, day), frozenset(said["collectors"]))
        if not (1 <= month <= 12 and 1 <= day <= 31):
            raise ValueError(f"closes: {said['closes']}")
        chart = _chart(tomllib.loads(DATA.read_text(encoding="utf-8")), said.get("account", []))
    except (KeyError, ValueError, TypeError) as wrong:
        raise InvalidInput("billettique.bad_fec_file", file=str(AT_HOME), reason=str(wrong)) from wrong
    return operator, chart


def _siren(text: str) -> str:
    from stdnum.fr import siren

    plain: str = siren.compact(text)
    if not siren.is_valid(plain):
        raise ValueError(f"siren: {text}")
    return plain


def _chart(document: dict[str, Any], own: list[dict[str, Any]]) -> Chart:
    mine = tuple(map(_rule, own))
    named = {each.ledger for each in mine}
    shipped = tuple(each for each in map(_rule, document["account"]) if each.ledger not in named)
    return Chart(
        source=document["source"],
        carried=(document["carried"]["number"], document["carried"]["label"]),
        journals={code: (label, frozenset(kinds)) for code, (label, *kinds) in document["journals"].items()},
        rules=mine + shipped,
    )


def _rule(each: dict[str, Any]) -> AccountRule:
    number = str(each["number"])
    if not (len(number) >= 3 and number[:3].isascii() and number[:3].isdigit() and number[0] in "1234567"):
        raise ValueError(f"number: {number}")
    return AccountRule(str(each["ledger"]), number, str(each["label"]), each.get("aux", False) is True)

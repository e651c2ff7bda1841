"""Terms of sale and tax rates, read from the dated files shipped with the product and from MOBIGO_HOME/sales."""

import tomllib
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

from billettique.model.orders import ItemKind
from billettique.model.sales import EmployerShare, Rate, RefundRule, SaleTerms, Validity, When
from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.money import Money

DATA: Final = Path(__file__).parents[1] / "data" / "sales"
FOLDER_AT_HOME: Final = "sales"
T = TypeVar("T")
_Files = tuple[tuple[SaleTerms, ...], tuple[Rate, ...], tuple[EmployerShare, ...]]


def terms_on(day: date, home: Path | None = None) -> SaleTerms:
    """The terms of sale in force on a day. Raises NotFound("billettique.no_sale_terms"), InvalidInput for a file that
    cannot be read."""
    found = [each for each in _read(home)[0] if each.first_day <= day]
    if not found:
        raise NotFound("billettique.no_sale_terms", day=day)
    return max(found, key=lambda each: each.first_day)


def terms_by_code(code: str, home: Path | None = None) -> SaleTerms:
    """The terms of this code: those an item was sold under. Raises NotFound("billettique.no_such_terms")."""
    for each in _read(home)[0]:
        if each.code == code:
            return each
    raise NotFound("billettique.no_such_terms", terms=code)


def vat_on(day: date, home: Path | None = None) -> Rate:
    """The rate of the tax on passenger transport on a day. Raises NotFound("billettique.no_vat")."""
    found = [each for each in _read(home)[1] if each.first_day <= day]
    if not found:
        raise NotFound("billettique.no_vat", day=day)
    return max(found, key=lambda each: each.first_day)


def employer_share_on(day: date, home: Path | None = None) -> EmployerShare:
    """What an employer pays back at least, on a day. Raises NotFound("billettique.no_employer_share")."""
    found = [each for each in _read(home)[2] if each.first_day <= day]
    if not found:
        raise NotFound("billettique.no_employer_share", day=day)
    return max(found, key=lambda each: each.first_day)


def _read(home: Path | None) -> _Files:
    own = None if home is None else home / FOLDER_AT_HOME
    stamp = own.stat().st_mtime_ns if own is not None and own.is_dir() else None
    return _read_once(own if stamp is not None else None, stamp)


@lru_cache(maxsize=8)
def _read_once(own: Path | None, _stamp: int | None) -> _Files:
    terms, rates, shares = [], [], []
    for folder in (DATA, own):
        for path in sorted(folder.glob("*.toml")) if folder is not None else ():
            try:
                document = tomllib.loads(path.read_text(encoding="utf-8"))
                if "vat" in document:
                    rates.append(Rate(document["first_day"], Decimal(document["vat"]["pct"]), document["source"]))
                if "employer" in document:
                    told = document["employer"]
                    shares.append(
                        EmployerShare(
                            document["first_day"], told["private_pct"], told["public_pct"], document["source"]
                        )
                    )
                if "basket" in document:
                    terms.append(_terms(document))
            except (KeyError, ValueError, TypeError, ArithmeticError) as wrong:
                raise InvalidInput("billettique.bad_sales_file", file=path.name, reason=str(wrong)) from wrong
    return tuple(terms), tuple(rates), tuple(shares)


def _terms(document: Mapping[str, Any]) -> SaleTerms:
    basket, seller = document["basket"], document["seller"]
    return SaleTerms(
        code=document["code"],
        first_day=document["first_day"],
        source=document["source"],
        to_confirm=document.get("to_confirm", False),
        keep=timedelta(minutes=basket["keep_min"]),
        warn=timedelta(minutes=basket["warn_min"]),
        extensions_max=basket["extensions_max"],
        pay=timedelta(minutes=basket["pay_min"]),
        seller=seller["seller"],
        collector=seller["collector"],
        validity=_each(document, "validity", _validity),
        refunds=_each(document, "refund", _refund),
        exchanges=frozenset(ItemKind(kind) for each in document.get("exchange", ()) for kind in each["kinds"]),
    )


def _each(document: Mapping[str, Any], name: str, read: Callable[[Mapping[str, Any]], T]) -> tuple[T, ...]:
    return tuple(read(each) for each in document.get(name, ()))


def _validity(each: Mapping[str, Any]) -> Validity:
    networks = frozenset(each["networks"]) if "networks" in each else None
    return Validity(ItemKind(each["kind"]), each["days"], networks, each.get("use_min"))


def _refund(each: Mapping[str, Any]) -> RefundRule:
    return RefundRule(
        each["id"],
        frozenset(ItemKind(kind) for kind in each["kinds"]),
        When(each["when"]),
        timedelta(minutes=each.get("min", 0)),
        Money(each.get("keep_cents", 0)),
    )

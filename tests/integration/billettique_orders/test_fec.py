"""The FEC of a private operator, held against the list of article A47 A-1 of the livre des procédures fiscales by a
reader of its own, and against the ledger, to the cent."""

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from billettique.service import fec, refunds
from mobigo.base.errors import InvalidInput, MobigoError, Refused
from mobigo.base.instants import PARIS
from mobigo.base.money import Money
from mobigo.infra.db import transaction
from mobigo.ledger import service as ledger
from mobigo.ledger.model import Transfer
from tests.billettique_orders_world import Shop

SIREN = "552100554"
OPERATOR = f'siren = "{SIREN}"\nname = "Cars du Doubs"\nprivate = true\ncloses = "12-31"\ncollectors = ["essai"]\n'
ZONES = [
    "JournalCode",
    "JournalLib",
    "EcritureNum",
    "EcritureDate",
    "CompteNum",
    "CompteLib",
    "CompAuxNum",
    "CompAuxLib",
    "PieceRef",
    "PieceDate",
    "EcritureLib",
    "Debit",
    "Credit",
    "EcritureLet",
    "DateLet",
    "ValidDate",
    "Montantdevise",
    "Idevise",
]
AMOUNT = re.compile(r"\d+,\d{2}", re.ASCII)
NEXT_YEAR = datetime(2027, 1, 2, tzinfo=PARIS)


@dataclass
class Read:
    """A file as somebody reads it who knows the article alone."""

    rows: list[dict[str, str]]

    def cents(self, zone: str, account: str = "") -> int:
        return sum(int(each[zone].replace(",", "")) for each in self.rows if each["CompteNum"].startswith(account))

    def net(self, account: str) -> int:
        return self.cents("Debit", account) - self.cents("Credit", account)


def read(path: Path, siren: str, closing: date) -> Read:
    """Every point of the article that a program can check, one after the other."""
    assert path.name == f"{siren}FEC{closing:%Y%m%d}.txt"
    octets = path.read_bytes()
    said = octets.decode("iso8859-15")  # I: a character set of the article's list
    assert said.encode("iso8859-15") == octets
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", said)
    records = said.split("\r\n")
    assert records.pop() == ""  # each record ends, the last one too
    assert records.pop(0).split("\t") == ZONES  # VII-1°: the names, in this order
    rows = []
    for record in records:
        assert "\n" not in record
        assert "\r" not in record
        values = record.split("\t")
        assert len(values) == 18
        rows.append(dict(zip(ZONES, values, strict=True)))
    days = {zone: [_day(each[zone]) for each in rows] for zone in ("EcritureDate", "PieceDate", "ValidDate")}
    assert days["ValidDate"] == sorted(days["ValidDate"])  # in the order they were validated
    sums: dict[str, int] = defaultdict(int)
    for each, booked in zip(rows, days["EcritureDate"], strict=True):
        for zone in ("JournalCode", "JournalLib", "EcritureNum", "CompteLib", "PieceRef", "EcritureLib"):
            assert each[zone].strip(), zone
        assert re.match(r"[1-7]\d\d", each["CompteNum"], re.ASCII)
        assert bool(each["CompAuxNum"]) == bool(each["CompAuxLib"])
        assert AMOUNT.fullmatch(each["Debit"])
        assert AMOUNT.fullmatch(each["Credit"])
        debit, credit = (int(each[zone].replace(",", "")) for zone in ("Debit", "Credit"))
        assert (debit == 0) is not (credit == 0)
        assert booked <= closing
        sums[each["EcritureNum"]] += debit - credit
    assert set(sums.values()) <= {0}  # every entry balances
    numbers: dict[str, list[int]] = defaultdict(list)
    for each in rows:
        number = int(each["EcritureNum"].removeprefix(each["JournalCode"]))
        if not numbers[each["JournalCode"]] or numbers[each["JournalCode"]][-1] != number:
            numbers[each["JournalCode"]].append(number)
    for found in numbers.values():
        assert found == list(range(1, len(found) + 1))  # without a gap, rising
    return Read(rows)


def _day(said: str) -> date:
    assert re.fullmatch(r"\d{8}", said, re.ASCII)
    return date(int(said[:4]), int(said[4:6]), int(said[6:]))


@pytest.fixture
def operator(shop: Shop) -> Path:
    path = shop.config.home / "fec" / "operator.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(OPERATOR, encoding="utf-8")
    return path


def sold_and_given_back(shop: Shop) -> None:
    """Two tickets sold at 1,50 €, tax included; one of them given back."""
    shop.buy()
    order = shop.buy()
    with transaction(shop.engine) as session:
        refunds.refund(session, shop.services, order, shop.items(order)[0].id, now=shop.now)
    shop.work()


@pytest.mark.usefixtures("operator")
def test_a_year_of_sales_is_every_cent_of_the_ledger(shop: Shop, tmp_path: Path) -> None:
    sold_and_given_back(shop)
    made = fec.write(shop.engine, shop.config, 2026, tmp_path, NEXT_YEAR)
    found = read(made.path, SIREN, date(2026, 12, 31))
    assert (len(found.rows), found.cents("Debit")) == (made.lines, made.total.cents)
    with shop.engine.connect() as connection:
        moved = connection.execute(text("SELECT sum(moved_cents), count(*) FROM ledger_line WHERE moved_cents > 0"))
        assert tuple(moved.one()) == (found.cents("Debit"), len(found.rows) // 2)
    assert found.net("706") == -136  # one ticket is sold: 1,36 € and 14 cents of tax at 10 %
    assert found.net("44571") == -14
    assert found.net("419") == 0  # nothing is owed to buyers
    assert found.net("5115") == 150  # and the provider holds it
    assert "ISO 8859-15" in made.description.read_text(encoding="iso8859-15")
    again = fec.write(shop.engine, shop.config, 2026, tmp_path / "again", NEXT_YEAR)
    assert again.path.read_bytes() == made.path.read_bytes()


@pytest.mark.usefixtures("operator")
def test_the_next_year_opens_with_what_stood_and_carries_the_result(shop: Shop, tmp_path: Path) -> None:
    sold_and_given_back(shop)
    shop.now = datetime(2027, 3, 1, 9, 0, tzinfo=PARIS)
    shop.buy()
    made = fec.write(shop.engine, shop.config, 2027, tmp_path, datetime(2028, 1, 1, tzinfo=PARIS))
    found = read(made.path, SIREN, date(2027, 12, 31))
    opening = Read([each for each in found.rows if each["JournalCode"] == "AN"])
    assert {(each["CompteNum"], opening.net(each["CompteNum"])) for each in opening.rows} == {
        ("110000", -136), ("445710", -14), ("511500", 150)
    }  # fmt: skip
    assert {each["EcritureDate"] for each in opening.rows} == {"20270101"}
    assert found.net("706") == -136  # this year's alone
    assert found.net("5115") == 300


@pytest.mark.parametrize(("second", "year"), [(-1, 2026), (0, 2027)])
@pytest.mark.usefixtures("operator")
def test_midnight_in_france_ends_a_year(shop: Shop, tmp_path: Path, second: int, year: int) -> None:
    at = datetime(2027, 1, 1, tzinfo=PARIS) + timedelta(seconds=second)
    moved = Transfer("billettique:x", "billettique:outside", "billettique:disputes", Money(5), at, "billettique.o",
                     "x")  # fmt: skip
    with transaction(shop.engine) as session:
        ledger.open_accounts(session, {"billettique:outside": None, "billettique:disputes": None}, now=at)
        ledger.post(session, [moved], now=at)
    made = fec.write(shop.engine, shop.config, 2026, tmp_path, NEXT_YEAR)
    assert made.lines == (2 if year == 2026 else 0)


@pytest.mark.parametrize(
    ("instead", "code"),
    [
        (None, "billettique.fec_not_private"),
        (OPERATOR.replace("true", "false"), "billettique.fec_not_private"),
        (OPERATOR.replace(SIREN, "552100555"), "billettique.bad_fec_file"),
        (OPERATOR.replace("12-31", "13-31"), "billettique.bad_fec_file"),
        (OPERATOR.replace("essai", "autre"), "billettique.fec_other_collector"),
        ("private = ", "billettique.bad_fec_file"),
    ],
)
def test_only_a_private_operator_has_one_and_nothing_is_left_out(
    shop: Shop, operator: Path, tmp_path: Path, instead: str | None, code: str
) -> None:
    shop.buy()
    if instead is None:
        operator.unlink()
    else:
        operator.write_text(instead, encoding="utf-8")
    with pytest.raises(MobigoError) as refused:
        fec.write(shop.engine, shop.config, 2026, tmp_path, NEXT_YEAR)
    assert refused.value.decision.code == code
    assert not list(tmp_path.glob(f"{SIREN}*"))


@pytest.mark.usefixtures("operator")
def test_an_account_nobody_named_stops_it_and_so_does_a_year_that_is_not_over(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(Refused) as early:
        fec.write(shop.engine, shop.config, 2026, tmp_path, datetime(2026, 12, 31, 23, 59, tzinfo=PARIS))
    assert early.value.decision.code == "billettique.fec_year_open"
    with transaction(shop.engine) as session:
        ledger.open_accounts(session, {"billettique:new": None, "billettique:disputes": None}, now=shop.now)
        ledger.post(session, [Transfer("k", "billettique:new", "billettique:disputes", Money(1), shop.now, "o",
                                       "r")], now=shop.now)  # fmt: skip
    with pytest.raises(InvalidInput) as unknown:
        fec.write(shop.engine, shop.config, 2026, tmp_path, NEXT_YEAR)
    assert unknown.value.decision.params["account"] == "billettique:new"
    own = replace(shop.config).home / "fec" / "operator.toml"
    more = '[[account]]\nledger = "billettique:new"\nnumber = "471000"\nlabel = "Compte d’attente"\n'
    own.write_text(OPERATOR + more, encoding="utf-8")
    made = fec.write(shop.engine, shop.config, 2026, tmp_path, NEXT_YEAR)
    assert [each["CompteNum"] for each in read(made.path, SIREN, date(2026, 12, 31)).rows] == ["471000", "416000"]

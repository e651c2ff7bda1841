"""A small world of money for tests: a scale with caps and its act in a home, journeys recorded, months closed."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from covoit.model.journeys import Journey, JourneyState, VehicleTrip
from covoit.service import awards, claims, payments
from covoit.store import claims as claim_store
from covoit.store import journeys as journey_store
from covoit.store.people import person_of
from mobigo.base.errors import NotFound
from mobigo.base.money import Money
from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Grant, Identity, Role
from mobigo.ledger import service as ledger
from tests.covoit_world import journey, trip

NOW = datetime(2026, 11, 28, 8, 0, tzinfo=UTC)
CLOSING = datetime(2026, 12, 6, 8, 0, tzinfo=UTC)
CAMPAIGN = "essai"
RATES = {"rate_cents": 10, "bonus_cents": 100}

SCALE = """
code = "essai"
first_day = 2026-01-01
applies = true
source = "essai"
rate_cents = 10
rate_unit_m = 1_000
bonus_cents = 100
first_counted_passenger = {first}
passengers_max = 3
leg_m_min = 2_000
proof_class_min = "B"
distance_basis = "with_passenger"
reference_tolerance_pct = 120
overlap_pct = 70
proof_deadline_days = 30
caps = [{caps}]

[title]
fr = "essai"
en = "test"
{act}
"""
ACT = """
[act]
number = "26-1"
date = 2026-01-01
document = "Délibération d'essai"
"""
MONTH_CAP = '{of = "driver", per = "month", measure = "amount", limit = 15000}'
TRIPS_CAP = '{of = "driver", per = "day", measure = "trips", limit = 4}'


def home_with(folder: Path, *caps: str, act: bool = True, first: int = 1) -> Path:
    """A home whose scale in force in 2026 is `essai`, with these caps."""
    (folder / "scales").mkdir(parents=True, exist_ok=True)
    text = SCALE.format(caps=", ".join(caps), act=ACT if act else "", first=first)
    (folder / "scales" / "essai.toml").write_text(text, encoding="utf-8")
    return folder


_numbers = count(1)


def ride(
    driver: str = "driver", *, at: datetime, metres: int = 33_000, passengers: int = 1, trip_id: str | None = None,
    **differs: Any,
) -> VehicleTrip:  # fmt: skip
    """A vehicle trip of our own line from 0 to `metres`, its proof received at once."""
    name = trip_id or f"t{next(_numbers):05d}"
    line = "ancy-dijon" if metres > 33_000 else "baume-avoudrey"
    return trip(
        *(
            journey(0, metres, line=line, started_at=at, received_at=at + timedelta(hours=1), **differs)
            for _ in range(passengers)
        ),
        trip_id=name,
        driver=driver,
    )


def record(engine: Engine, trips: Iterable[VehicleTrip]) -> None:
    with transaction(engine) as session:
        for each in trips:
            for one in each.journeys:
                journey_store.record(session, one)


def fund(engine: Engine, cents: int, home: Path | None, *, campaign: str = CAMPAIGN, key: str = "vote-1") -> None:
    with transaction(engine) as session:
        awards.fund(session, campaign, Money(cents), act="26-1", by="system", key=key, home=home, now=NOW)


def cancel(engine: Engine, one: Journey, now: datetime = NOW) -> None:
    with transaction(engine) as session:
        journey_store.cancel(session, one.operator, one.operator_journey_id, code="x", now=now)


def net(engine: Engine, account: str) -> int:
    """What an account holds in cents; 0 for one that was never opened."""
    with reading(engine) as session:
        try:
            return ledger.balance(session, account).net.cents
        except NotFound:
            return 0


def with_state(one: VehicleTrip, state: JourneyState) -> VehicleTrip:
    return replace(one, journeys=tuple(replace(each, state=state) for each in one.journeys))


# ---------------------------------------------------------------- people, accounts for payment, agents

IBANS = ("FR1420041010050500013M02606", "FR7630006000011234567890189", "FR7610107001011234567890129")
PAYER = """
way = "{way}"
name = "Région d'essai"
iban = "FR7630006000011234567890189"
bic = "AGRIFRPP"
"""


def payer(home: Path, way: str = "mandatary") -> Path:
    (home / "payer.toml").write_text(PAYER.format(way=way), encoding="utf-8")
    return home


def agent(role: Role, subject: str | None = None) -> Identity:
    return Identity(subject or f"agent-{role}", (Grant(role),))


MANAGER = agent(Role.CARPOOL_MANAGER)
FINANCE = agent(Role.FINANCE_AGENT)
ORDONNATEUR = agent(Role.ORDONNATEUR)
COMPTABLE = agent(Role.COMPTABLE_PUBLIC)
DESK = agent(Role.COUNTER_AGENT)


def driver(engine: Engine, name: str, iban: str | None = IBANS[0]) -> str:
    """A driver with a telephone and, unless None, an account for payment that counts."""
    with transaction(engine) as session:
        person = person_of(
            session,
            identity_key=f"{name:x<64}",
            first_name=name.title(),
            last_name="Essai",
            phone="+33600000000",
            now=NOW,
        )
        if iban is not None:
            claims.confirm_iban_at_counter(session, person, iban, f"{name.title()} Essai", by=DESK, now=NOW)
    return person


def claim(engine: Engine, person: str, now: datetime = CLOSING) -> str:
    with transaction(engine) as session:
        return claims.claim(session, person, now=now).id


def accepted(engine: Engine, home: Path, month: str = "2026-11", now: datetime = CLOSING) -> str:
    """A batch of that month, through its four hands."""
    batch = payments.prepare(engine, month, by=MANAGER, home=home, now=now).batch
    payments.check(engine, batch, by=FINANCE, now=now)
    payments.order(engine, batch, by=ORDONNATEUR, now=now)
    payments.accept(engine, batch, by=COMPTABLE, now=now)
    return batch


def stage(engine: Engine, claim_id: str) -> str:
    with reading(engine) as session:
        return claim_store.get_claim(session, claim_id).stage


def pain002(*lines: tuple[str, str, str], whole: str = "", message: str = "") -> bytes:
    """A pain.002 that says (end-to-end id, status, reason) of each payment."""
    said = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{name}</OrgnlEndToEndId><TxSts>{status}</TxSts>"
        + (f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else "")
        + "</TxInfAndSts>"
        for name, status, reason in lines
    )
    group = f"<GrpSts>{whole}</GrpSts>" if whole else ""
    return (
        '<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>'
        f"<GrpHdr><MsgId>BANK1</MsgId></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>{message}</OrgnlMsgId>{group}"
        f"</OrgnlGrpInfAndSts><OrgnlPmtInfAndSts>{said}</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"
    ).encode()


def camt054(*lines: tuple[str, str, str]) -> bytes:
    """A camt.054 that says (end-to-end id, amount, reason of return or "") of each booking."""
    said = "".join(
        f"<Ntry><Amt Ccy='EUR'>{amount}</Amt><CdtDbtInd>{'CRDT' if reason else 'DBIT'}</CdtDbtInd>"
        f"<Sts><Cd>BOOK</Cd></Sts><NtryDtls><TxDtls><Refs><EndToEndId>{name}</EndToEndId></Refs>"
        f"<Amt Ccy='EUR'>{amount}</Amt>"
        + (f"<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf>" if reason else "")
        + "</TxDtls></NtryDtls></Ntry>"
        for name, amount, reason in lines
    )
    return (
        "<?xml version='1.0'?><Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.054.001.08'>"
        f"<BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>BANK2</MsgId></GrpHdr><Ntfctn>{said}</Ntfctn>"
        "</BkToCstmrDbtCdtNtfctn></Document>"
    ).encode()

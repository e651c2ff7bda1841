"""Checking signed tickets: the whole verdict on static and dynamic codes, in the same run as another codec.

    python -m tests.benchmarks.billettique [--codes N] [--cap-s N] [--data PATH]

The rival is asn1tools on the norm's own files (`--data`, else MOBIGO_REALDATA). As `-rival` it takes the same steps: it
writes header and ticket again and compares, as any check of a code must. As `-rival-least` it does not. Ours is the
verdict of `billettique.rules.verify` both times, with time, place, class, a revocation list of 100,000 marks and the
used-set. Rounds take turns; the rate is that of the best round of each, in seconds of the processor, signatures
(cryptography, the same for all) included. Every verdict is checked to be OK.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from billettique.model.ticket import Answer, Here, Station, Ticket
from billettique.rules import u2
from billettique.rules.tickets import read_ticket
from billettique.rules.verify import Keyring, verify
from tests.benchmarks.measures import Measure, line, percentile
from tests.ticket_world import KEYS, NO_REVOCATION, NOW, PASS, SELLER, TICKET, TRIAL, dynamic_code, static_code

ROUNDS = 5
GOALS = {"static": 1.3, "dynamic": 1.8}  # times the rival's rate, step for step
LEAST_GOALS = {"static": 1.3, "dynamic": 1.5}  # of the two signatures' time nothing can be saved
RATES = {"static": 6000.0, "dynamic": 3000.0}  # aims, a second
P99_MS = 5.0
HERE = Here(stations=frozenset({Station("8771513")}))


def codes_of(n: int) -> dict[str, list[bytes]]:
    """Singles and passes in turn, each with a reference of its own."""
    tickets: list[Ticket] = [
        replace(TICKET, reference=f"01KAVG5Y8Z{at:016d}") if at % 2 else replace(PASS, reference=str(10**15 + at))
        for at in range(n)
    ]
    return {"static": [static_code(each) for each in tickets], "dynamic": [dynamic_code(each) for each in tickets]}


def ours() -> Callable[[bytes], bool]:
    keys = Keyring(KEYS)
    random = Random(1)
    revocations = replace(NO_REVOCATION, marks=frozenset(random.randbytes(8) for _ in range(100_000)))

    def check(octets: bytes) -> bool:
        verdict = verify(octets, keys=keys, revocations=revocations, used={}, now=NOW, here=HERE, policy=TRIAL)
        return verdict.answer is Answer.OK

    return check


def theirs(data: Path, *, canonical: bool) -> Callable[[bytes], bool]:
    import asn1tools

    folder = data / "tickets/asn1"
    header = asn1tools.compile_files(str(folder / "uicBarcodeHeader_v2.0.1.asn"), "uper")
    record = asn1tools.compile_files(str(folder / "uicRailTicketData_v3.0.6.asn"), "uper")
    dynamic = asn1tools.compile_files(str(folder / "uicDynamicContentData_v1.0.5.asn"), "uper")
    curve, algorithm = ec.SECP256R1(), ec.ECDSA(SHA256())
    seller = ec.EllipticCurvePublicKey.from_encoded_point(curve, SELLER.public_key)

    def check(octets: bytes) -> bool:
        code: dict[str, Any] = header.decode("UicBarcodeHeader", octets)
        level_2 = code["level2SignedData"]
        level_1 = level_2["level1Data"]
        seller.verify(level_2["level1Signature"], header.encode("Level1DataType", level_1), algorithm)
        document = level_1["dataSequence"][0]["data"]
        document_read = record.decode("UicRailTicketData", document)
        if canonical and header.encode("UicBarcodeHeader", code) != octets:
            return False
        if canonical and record.encode("UicRailTicketData", document_read) != document:
            return False
        if "level2PublicKey" in level_1:
            telephone = ec.EllipticCurvePublicKey.from_encoded_point(curve, level_1["level2PublicKey"])
            telephone.verify(code["level2Signature"], header.encode("Level2DataType", level_2), algorithm)
            dynamic.decode("UicDynamicContentData", level_2["level2Data"]["data"])
        return True

    return check


def rate(check: Callable[[bytes], bool], codes: Sequence[bytes]) -> float:
    """Codes a second of the processor. Raises when one is refused."""
    start = time.process_time()
    good = sum(map(check, codes))
    spent = time.process_time() - start
    if good != len(codes):
        raise SystemExit(f"{len(codes) - good} good codes refused")
    return len(codes) / spent


def times_ms(check: Callable[[bytes], bool], codes: Sequence[bytes]) -> list[float]:
    out = []
    for octets in codes:
        start = time.perf_counter()
        check(octets)
        out.append((time.perf_counter() - start) * 1000)
    return out


def measures(n: int, cap_s: float, data: Path | None) -> Iterator[Measure]:
    checks = {"ours": ours()}
    if data is not None:
        checks |= {"rival": theirs(data, canonical=True), "rival-least": theirs(data, canonical=False)}
    for kind, codes in codes_of(n).items():
        best = dict.fromkeys(checks, 0.0)
        p99 = float("inf")
        started = time.perf_counter()
        rounds = 0
        while rounds < ROUNDS and (rounds == 0 or time.perf_counter() - started < cap_s):
            best = {name: max(best[name], rate(check, codes)) for name, check in checks.items()}
            p99 = min(p99, percentile(times_ms(checks["ours"], codes), 0.99))
            rounds += 1
        size = f"{n} codes of {len(codes[0])} (pass) and {len(codes[1])} (single) octets, best of {rounds} rounds"
        bench = f"billettique/verify-{kind}"
        mine = best.pop("ours")
        for name, rate_of in best.items():
            goal = (GOALS if name == "rival" else LEAST_GOALS)[kind]
            yield Measure(f"{bench}-{name}", mine, "codes/CPU s", goal, rate_of, "asn1tools", True, size)
        yield Measure(f"{bench}-rate", mine, "codes/CPU s", RATES[kind], higher_is_better=True, note=f"aim; {size}")
        yield Measure(f"{bench}-p99", p99, "ms", P99_MS, note=f"wall clock; {size}")
    yield from parts(n)


def parts(n: int) -> Iterator[Measure]:
    """What is not cryptography: reading the header and the ticket, and writing both again."""
    for kind, codes in codes_of(min(n, 500)).items():
        best = max(rate(_read_whole, codes) for _ in range(ROUNDS))
        yield Measure(
            f"billettique/read-{kind}", 1e6 / best, "CPU µs", 100.0, note="header and ticket, read and rewritten"
        )


def _read_whole(octets: bytes) -> bool:
    read_ticket(u2.read_code(octets).header.data[0].octets)
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description="Checking signed tickets.")
    parser.add_argument("--codes", type=int, default=1000)
    parser.add_argument("--cap-s", type=float, default=60.0, help="seconds of the rounds of each kind of code")
    parser.add_argument("--seed", type=int, default=1, help="not used: the codes are always the same")
    parser.add_argument("--data", type=Path, help="the folder of real data, for the rival")
    options = parser.parse_args()
    named = os.environ.get("MOBIGO_REALDATA")
    ok = True
    for measure in measures(options.codes, options.cap_s, options.data or (Path(named) if named else None)):
        print(line(measure), flush=True)
        ok = ok and measure.ok
    return 0 if ok else 3


if __name__ == "__main__":
    sys.exit(main())

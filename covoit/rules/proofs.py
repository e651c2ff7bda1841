"""Rules of proof: the driver's rotating code, the short codes, and the class (A, B, C) that the evidence earns.

The rotating code is `session.step.seal`: the step counts 30 s periods since 1970, the seal is an HMAC-SHA256 of both
under the key of the driver's device session (RFC 2104; the idea of RFC 6238). It needs no network on either side: the
driver's telephone computes it, the passenger's keeps it with the time of the scan and sends both later.
"""

import hashlib
import hmac
from base64 import b32encode
from datetime import UTC, datetime, timedelta
from string import digits
from typing import Final

from covoit.model.journeys import ProofClass
from covoit.model.proofs import CodeSession, Evidence, Meeting, Sighting, Token, Trace
from mobigo.base.decisions import Decision

STEP_S: Final = 30
# Two telephones' clocks differ, and a code is read while the next one appears: two steps before, one after.
LATE_STEPS: Final = 2
EARLY_STEPS: Final = 1
SEAL_LENGTH: Final = 26  # 130 bits in base 32: nobody guesses it
CLOCK_AHEAD_MAX: Final = timedelta(minutes=5)  # of a scan said to have been made after we received it
CLOCK_BEHIND_MAX: Final = timedelta(hours=1)  # of a sighting said to have been made before that car left
TYPED_STEPS: Final = 4  # a code read aloud is typed a little later
TYPED_FIGURES: Final = 6
BOARDING_FIGURES: Final = 4
_MARK: Final = "MBC1"  # the first word of what the picture holds, in letters a QR code packs tightly


def step_of(moment: datetime) -> int:
    """The number of the 30 s period of an instant."""
    return int(moment.timestamp()) // STEP_S


def session_key(root: bytes, session: str) -> bytes:
    """The key of a device session, computed from the instance's own: none is kept in the database."""
    return hmac.new(root, f"covoit.session:{session}".encode(), hashlib.sha256).digest()


def seal_of(key: bytes, session: str, step: int) -> str:
    """The seal of one step, in base 32."""
    digest = hmac.new(key, f"qr:{session}:{step}".encode(), hashlib.sha256).digest()
    return b32encode(digest).decode()[:SEAL_LENGTH]


def typed_code(key: bytes, session: str, step: int) -> str:
    """Six figures for whoever has no camera: the same step said aloud or typed."""
    digest = hmac.new(key, f"typed:{session}:{step}".encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8]) % 10**TYPED_FIGURES:0{TYPED_FIGURES}d}"


def token_text(key: bytes, session: str, step: int) -> str:
    """What the picture holds at this step."""
    return f"{_MARK}.{session}.{step}.{seal_of(key, session, step)}"


def read_token(text: str) -> Token | None:
    """The token in a text that was read, alone or at the end of an address; None when it holds none."""
    words = text.strip().rpartition("/")[2].split(".")
    if len(words) != 4 or words[0] != _MARK or len(words[1]) != 26 or len(words[3]) != SEAL_LENGTH:
        return None
    if not (words[2].isascii() and words[2].isdigit() and len(words[2]) <= 10):
        return None
    return Token(words[1], int(words[2]), words[3])


def refusal_of_scan(
    token: Token,
    session: CodeSession | None,
    key: bytes,
    *,
    scanned_at: datetime,
    received_at: datetime,
    used: bool,
    deadline_days: int,
) -> Decision | None:
    """Why a scan proves nothing, or None; the first reason in this order.

    unknown session · foreign seal · a scan from the future · code shown long before (or after) the moment of the scan ·
    session not open then · received after the deadline · this very code already used by this passenger on this run.
    """
    if session is None:
        return Decision("covoit.scan_unknown")
    if token.session != session.id or not hmac.compare_digest(seal_of(key, token.session, token.step), token.seal):
        return Decision("covoit.scan_foreign")
    if scanned_at > received_at + CLOCK_AHEAD_MAX:
        return Decision("covoit.scan_from_the_future", minutes=int(CLOCK_AHEAD_MAX.total_seconds()) // 60)
    late = step_of(scanned_at) - token.step
    if late > LATE_STEPS:
        return Decision("covoit.scan_too_old", seconds=late * STEP_S)
    if late < -EARLY_STEPS:
        return Decision("covoit.scan_clock_behind", seconds=-late * STEP_S)
    shown_at = datetime.fromtimestamp(token.step * STEP_S, UTC)
    step = timedelta(seconds=STEP_S)
    if shown_at + step <= session.opened_at or (session.closed_at is not None and shown_at > session.closed_at):
        return Decision("covoit.scan_session_closed")
    if received_at > scanned_at + timedelta(days=deadline_days):
        return Decision("covoit.proof_too_late", days=deadline_days)
    if used:
        return Decision("covoit.scan_used")
    return None


def figures_typed(typed: str, count: int) -> str | None:
    """The figures among what was typed or said; None unless they are so many: nothing else can be a code."""
    figures = "".join(each for each in typed if each in digits)
    return figures if len(figures) == count else None


def matches_typed(key: bytes, session: str, typed: str, now: datetime) -> bool:
    """Whether six figures are those of this session, shown within the last two minutes or about to be."""
    current = step_of(now)
    shown = [typed_code(key, session, step) for step in range(current - TYPED_STEPS, current + EARLY_STEPS + 1)]
    same = [hmac.compare_digest(each.encode(), typed.encode()) for each in shown]  # all of them: time tells nothing
    return any(same)


def boarding_code(key: bytes, booking: str) -> str:
    """Four figures told or texted to a passenger without a smartphone, who says them to the driver."""
    digest = hmac.new(key, f"boarding:{booking}".encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8]) % 10**BOARDING_FIGURES:0{BOARDING_FIGURES}d}"


# ---------------------------------------------------------------- classes

_TOGETHER: Final = frozenset({Meeting.SCAN, Meeting.CODE, Meeting.POSITIONS, Meeting.PAPER})


def proof_class(evidence: Evidence) -> ProofClass:
    """The class that the evidence earns (RPC; carpool rules §1.2), never one that someone chose.

    C: the two were brought together, and both devices tell the whole trip, each by measured positions at both ends,
       two devices, two people. A sheet of paper is no device: it never makes C.
    B: they were brought together, and one occupant's trip is told from end to end, by a device or the signed sheet.
    A: the match alone.
    """
    together = bool(evidence.meetings & _TOGETHER)
    both = (evidence.driver, evidence.passenger)
    if together and evidence.distinct_people:
        if (
            all(complete(trace) and _measured(trace) for trace in both)
            and evidence.driver.device != evidence.passenger.device
            and Meeting.PAPER not in evidence.meetings
        ):
            return ProofClass.C
        if any(complete(trace) for trace in both):
            return ProofClass.B
    return ProofClass.A


def complete(trace: Trace) -> bool:
    """Whether a device tells both ends of the trip, in order, at two stops."""
    return (
        trace.device is not None
        and trace.start is not None
        and trace.end is not None
        and trace.start.at < trace.end.at
        and trace.start.stop != trace.end.stop
    )


def _measured(trace: Trace) -> bool:
    return trace.start is not None and trace.end is not None and trace.start.measured and trace.end.measured


def positions_agree(driver: Trace, passenger: Trace, apart_max: timedelta = timedelta(minutes=10)) -> bool:
    """Whether the two telephones were measured at the same stops at about the same times, both ends: proof by
    positions alone, without a scan."""
    return all(
        a is not None and b is not None and _together(a, b, apart_max)
        for a, b in ((driver.start, passenger.start), (driver.end, passenger.end))
    )


def _together(a: Sighting, b: Sighting, apart_max: timedelta) -> bool:
    return a.measured and b.measured and a.stop == b.stop and abs(a.at - b.at) <= apart_max

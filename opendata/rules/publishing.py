"""What decides of a publication: the name of a content, the address it goes to, whether judges and people agree.

Pure functions. The two-persons rule: where people are behind the rows, whoever approves neither made the version nor
publishes it, so that no single person can put it out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256

from mobigo.base.decisions import Decision
from mobigo.network.model.notices import Severity
from opendata.model.checks import Check, Finding, Verdict
from opendata.model.datasets import Declaration, Slot
from opendata.model.editions import State, Version

PRIVACY_JUDGE = "confidentialite"  # the audit without whose word nothing about people is published


class Step(StrEnum):
    """What is written when somebody says something of a version."""

    APPROVED = "approved"
    REJECTED = "rejected"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Approval:
    """Who said what (`by` None: the system, where no person is asked), when and why."""

    step: Step
    by: str | None
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Waiver:
    """A finding of a judge (`code`) that may stand from `first_day` to `last_day`, both included."""

    judge: str
    code: str
    first_day: date
    last_day: date
    reason: str = ""

    def covers(self, judge: str, finding: Finding, today: date) -> bool:
        """Whether this finding may stand today."""
        return (self.judge, self.code) == (judge, finding.code) and self.first_day <= today <= self.last_day


def content_hash(files: Iterable[tuple[str, str]]) -> str:
    """The name of a content: the SHA-256 of its (name, hash of what the file says) lines, in the order of names."""
    lines = "".join(f"{name}\0{digest}\n" for name, digest in sorted(files))
    return sha256(lines.encode()).hexdigest()


def slot_of(first_day: date | None, today: date) -> Slot:
    """Where an edition belongs: `next` while its first day is still to come."""
    return Slot.NEXT if first_day is not None and first_day > today else Slot.LATEST


def blocking(checks: Sequence[tuple[Check, bool]], waivers: Sequence[Waiver], today: date) -> list[Decision]:
    """Why this version may not leave: for each (check, whether its judge is required), errors that no waiver covers,
    and required judges that did not run. Empty: nothing stands against it. A judge that is not required informs only.
    """
    reasons = []
    for check, required in checks:
        if not required:
            continue
        if check.verdict is Verdict.NOT_RUN:
            reasons.append(Decision("opendata.judge_silent", judge=check.judge, file=check.file))
        elif check.verdict is Verdict.FAILED:
            standing = [each for each in check.errors if not any(w.covers(check.judge, each, today) for w in waivers)]
            reasons += [
                Decision("opendata.found_faulty", judge=check.judge, file=check.file, code=each.code, count=each.total)
                for each in standing
            ]
            if not check.errors:
                reasons.append(check.because or Decision("opendata.judge_refuses", judge=check.judge, file=check.file))
    return reasons


def missing_judges(declaration: Declaration, checks: Iterable[Check]) -> list[Decision]:
    """Judges that this kind of dataset must have had and has not: the audit, where people are behind it."""
    heard = {check.judge for check in checks}
    if declaration.touches_people and PRIVACY_JUDGE not in heard:
        return [Decision("opendata.judge_silent", judge=PRIVACY_JUDGE, file="")]
    return []


def refusal_to_approve(version: Version, declaration: Declaration, who: str) -> Decision | None:
    """Why this person may not approve this version; None: they may."""
    if version.state is not State.CHECKED:
        return Decision("opendata.not_to_approve", state=version.state.value)
    if declaration.touches_people and version.made_by == who:
        return Decision("opendata.own_version")
    return None


def refusal_to_publish(
    version: Version, declaration: Declaration, approvals: Sequence[Approval], who: str | None
) -> Decision | None:
    """Why this person (None: the system) may not publish this version; None: they may."""
    if version.state in (State.FAULTY, State.DRAFT, State.REJECTED, State.WITHDRAWN):
        return Decision("opendata.not_to_publish", state=version.state.value)
    if not declaration.touches_people or version.state is State.PUBLISHED:
        return None
    approved = [each for each in approvals if each.step is Step.APPROVED and each.by is not None]
    if version.state is not State.APPROVED or not approved:
        return Decision("opendata.needs_approval")
    if who is None:
        return Decision("opendata.needs_person")
    if approved[-1].by == who:
        return Decision("opendata.needs_second_person")
    return None


def worst(checks: Iterable[Check]) -> Severity | None:
    """The gravest severity found by any judge; None when none found anything."""
    order = (Severity.ERROR, Severity.WARNING, Severity.INFO)
    found = {finding.severity for check in checks for finding in check.findings}
    return next((each for each in order if each in found), None)

"""Registrations of a school year: what is asked, for each home, what was measured, decided, contested; documents and
passes. Decisions are never changed: another one follows.
"""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from mobigo.base.errors import NotFound
from mobigo.infra.db import Base, Json, UtcDateTime
from mobigo.infra.privacy import Days, With, describe

KEEP_DAYS = 2 * 365
PAPER_DAYS = 365  # documents shown as proof, after the school year they were for
LIVE = text("state <> 'cancelled'")


class RegistrationRow(Base):
    """One pupil, one school year, one school. `state`: `received`, `incomplete` (a document or a position is missing),
    `decided`, `cancelled`; `outcome` repeats the decision in force."""

    __tablename__ = "scolaire_registration"
    __table_args__ = (
        CheckConstraint("state IN ('received', 'incomplete', 'decided', 'cancelled')", name="state"),
        # The second lock: a pupil has one living registration a school year.
        Index("uq_scolaire_registration_year", "pupil", "year", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
        Index(None, "uai", "year"),
        Index(None, "state", "received_at"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    reference: Mapped[str] = mapped_column(String(12), unique=True)
    pupil: Mapped[str] = mapped_column(ForeignKey("scolaire_pupil.id", ondelete="CASCADE"))
    year: Mapped[int]
    uai: Mapped[str] = mapped_column(ForeignKey("scolaire_school.uai"))
    level: Mapped[str] = mapped_column(String(10))
    regime: Mapped[str] = mapped_column(String(12))
    need: Mapped[str] = mapped_column(String(12), default="none")
    waiver: Mapped[str | None] = mapped_column(String(20))  # why a school outside the sector
    state: Mapped[str] = mapped_column(String(10))
    outcome: Mapped[str | None] = mapped_column(String(16), index=True)
    asked_by: Mapped[str | None] = mapped_column(ForeignKey("scolaire_guardian.id", ondelete="SET NULL"), index=True)
    channel: Mapped[str] = mapped_column(String(10))  # online, paper, telephone, renewal
    paper: Mapped[str | None] = mapped_column(String(60), unique=True)  # the reference of the paper form
    entered_by: Mapped[str | None] = mapped_column(String(26))  # the agent, when it was not the family
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    late: Mapped[bool] = mapped_column(default=False)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date, index=True)


class LegRow(Base):
    """What a registration asks from one home: the stop wished for and the stop given, and what was measured to school.
    `measure`: {distance_m, method, source, margin_pct, at, by}; `path`: the way measured, [[lat, lon], …]."""

    __tablename__ = "scolaire_registration_home"

    registration: Mapped[str] = mapped_column(
        ForeignKey("scolaire_registration.id", ondelete="CASCADE"), primary_key=True
    )
    home: Mapped[str] = mapped_column(ForeignKey("scolaire_home.id", ondelete="CASCADE"), primary_key=True)
    wished_stop: Mapped[str | None] = mapped_column(ForeignKey("scolaire_stop.id", ondelete="SET NULL"), index=True)
    stop: Mapped[str | None] = mapped_column(ForeignKey("scolaire_stop.id", ondelete="SET NULL"), index=True)
    in_sector: Mapped[bool | None]
    measure: Mapped[dict[str, Any] | None] = mapped_column(Json)
    path: Mapped[list[Any] | None] = mapped_column(Json)


class DecisionRow(Base):
    """A decision on a registration: what, why (a code and its parameters), on which facts, under which rules; who
    signed. `by` is "system" where the rule alone decided (decisions taken by algorithm: CRPA, L311-3-1)."""

    __tablename__ = "scolaire_decision"
    __table_args__ = (UniqueConstraint("registration", "number"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    registration: Mapped[str] = mapped_column(ForeignKey("scolaire_registration.id", ondelete="CASCADE"))
    number: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(16))
    reason: Mapped[dict[str, Any]] = mapped_column(Json)
    homes: Mapped[list[Any]] = mapped_column(Json)  # for each home: outcome and reason
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    rules: Mapped[str] = mapped_column(String(60))
    rules_hash: Mapped[str] = mapped_column(String(64))
    proposed: Mapped[str] = mapped_column(String(16))  # what the rule says; another outcome is a person's, with words
    words: Mapped[str] = mapped_column(Text, default="")
    price_cents: Mapped[int | None]
    by: Mapped[str] = mapped_column(String(26))
    capacity: Mapped[str] = mapped_column(String(120), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    appeal: Mapped[str | None] = mapped_column(String(26))  # the appeal it answers


class AppealRow(Base):
    """A recours gracieux against a decision: two months to make one, two months of silence refuse it."""

    __tablename__ = "scolaire_appeal"
    __table_args__ = (Index(None, "closed_at", "made_at"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    decision: Mapped[str] = mapped_column(ForeignKey("scolaire_decision.id", ondelete="CASCADE"), unique=True)
    words: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(String(26))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer_by: Mapped[date] = mapped_column(Date)
    upheld: Mapped[bool | None]
    closed_by: Mapped[str | None] = mapped_column(String(26))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DocumentRow(Base):
    """A document given in proof; the file is a blob. `given_by`: the guardian it is from; None: an agent added what
    came from nobody in particular. `again_of`: the earlier document it was chosen from, by package and id."""

    __tablename__ = "scolaire_document"
    __table_args__ = (Index(None, "registration"), Index(None, "given_by"))

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    registration: Mapped[str] = mapped_column(ForeignKey("scolaire_registration.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    sha256: Mapped[str] = mapped_column(String(64))
    media: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))  # received, accepted, refused
    words: Mapped[str] = mapped_column(String(400), default="")
    given_by: Mapped[str | None] = mapped_column(String(26))
    entered_by: Mapped[str | None] = mapped_column(String(26))  # the agent, when it was not the family
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    again_of: Mapped[str | None] = mapped_column(String(40))
    first_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when it was given first, if it is given again
    looked_by: Mapped[str | None] = mapped_column(String(26))
    looked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PassRow(Base):
    """A pass of a pupil for a school year. A duplicate ends the one before it."""

    __tablename__ = "scolaire_pass"
    __table_args__ = (Index(None, "registration"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    registration: Mapped[str] = mapped_column(ForeignKey("scolaire_registration.id", ondelete="CASCADE"))
    number: Mapped[int]  # 1, then one more for each duplicate
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    why: Mapped[str] = mapped_column(String(10))  # first, lost, stolen, damaged
    price_cents: Mapped[int]
    paid_with: Mapped[str | None] = mapped_column(String(60))  # the receipt of the counter
    title: Mapped[str | None] = mapped_column(String(26), index=True)  # the entitlement that ticketing made
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    issued_by: Mapped[str] = mapped_column(String(26))


describe(
    RegistrationRow, purpose="register a pupil for a school year and tell the right",
    keep=Days(KEEP_DAYS, after="last_day"),
    personal={
        "pupil": "the pupil (random id)", "uai": "where the pupil goes", "level": "the class",
        "regime": "how often the pupil travels",
        "need": "what the seat has to allow", "waiver": "why another school than the sector's", "outcome": "the right",
        "asked_by": "who asked (random id)",
    },
    plain="id reference year state channel paper entered_by received_at updated_at late first_day last_day",
)  # fmt: skip
describe(
    LegRow, purpose="measure the way from each home to school, and give a stop", keep=With("scolaire_registration"),
    personal={
        "home": "which home (random id)", "wished_stop": "the stop asked for", "stop": "the stop given",
        "in_sector": "whether the school is the commune's own", "measure": "how far school is",
        "path": "the way that was measured",
    },
    plain="registration",
)  # fmt: skip
describe(
    DecisionRow, purpose="prove what was decided, why and by whom", keep=With("scolaire_registration"),
    personal={
        "reason": "why", "homes": "why, home by home", "facts": "what the decision rests on",
        "words": "what the agent wrote",
        "outcome": "the right", "proposed": "what the rule says",
    },
    plain="id registration number rules rules_hash price_cents by capacity at appeal",
)  # fmt: skip
describe(
    AppealRow, purpose="answer a contest in time", keep=With("scolaire_decision"),
    personal={"words": "what the family writes", "made_by": "who wrote it (random id)", "upheld": "the answer"},
    plain="id decision made_at answer_by closed_by closed_at",
)  # fmt: skip
describe(
    DocumentRow, purpose="show that a fact was proven", keep=With("scolaire_registration"),
    personal={"sha256": "the file", "kind": "what it proves", "words": "why it was refused",
              "given_by": "who gave it (random id)", "again_of": "the earlier document it repeats (random id)"},
    plain="id registration media size state entered_by given_at first_at looked_by looked_at",
)  # fmt: skip
describe(
    PassRow, purpose="know which pass of a pupil is good", keep=With("scolaire_registration"),
    personal={"title": "the ticket it became (random id)"},
    plain="id registration number issued_at first_day last_day why price_cents paid_with ended_at issued_by",
)  # fmt: skip


def get_registration(session: Session, registration: str, *, lock: bool = False) -> RegistrationRow:
    """Raises NotFound("scolaire.unknown_registration")."""
    row = session.get(RegistrationRow, registration, with_for_update=lock or None)
    if row is None:
        raise NotFound("scolaire.unknown_registration")
    return row


def legs(session: Session, registrations: Collection[str]) -> dict[str, list[LegRow]]:
    """What several registrations ask, home by home."""
    found: dict[str, list[LegRow]] = {each: [] for each in registrations}
    wanted = sorted(found)
    for start in range(0, len(wanted), 500):
        asked = select(LegRow).where(LegRow.registration.in_(wanted[start : start + 500]))
        for row in session.scalars(asked.order_by(LegRow.registration, LegRow.home)):
            found[row.registration].append(row)
    return found


def living(session: Session, pupil: str, year: int) -> RegistrationRow | None:
    """The registration of a pupil for a school year that was not cancelled."""
    return session.scalar(
        select(RegistrationRow).where(
            RegistrationRow.pupil == pupil, RegistrationRow.year == year, RegistrationRow.state != "cancelled"
        )
    )


def decisions(session: Session, registration: str) -> list[DecisionRow]:
    """The decisions on a registration, the one in force last."""
    asked = select(DecisionRow).where(DecisionRow.registration == registration)
    return list(session.scalars(asked.order_by(DecisionRow.number)))


def carried(session: Session, year: int) -> list[RegistrationRow]:
    """The registrations that have a seat to be found: decided, as of right or paying; in the order of their ids."""
    asked = select(RegistrationRow).where(
        RegistrationRow.year == year, RegistrationRow.state == "decided",
        RegistrationRow.outcome.in_(("entitled", "paying")),
    )  # fmt: skip
    return list(session.scalars(asked.order_by(RegistrationRow.id)))

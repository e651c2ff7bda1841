"""The driver's money and what agents answer: where to be paid, asking to be paid, complaints, individual decisions.

Every change of an account for payment waits for a code sent by another road (`ask_iban`, `confirm_iban`). A payment
request is one call (`claim`); repeating it while one waits gives the same one.
"""

import hmac
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from covoit.export import letters
from covoit.export.sepa import LONGEST_NAME, latin
from covoit.gateway.payer import check_iban
from covoit.model.claims import Individual, Kind, Outcome, Signatory
from covoit.model.payments import LEAST_RECOVERY_ORDER, PRESCRIPTION_YEARS, Event, Stage
from covoit.rules import awards as award_rules
from covoit.rules import claims as rules
from covoit.rules import decisions as decision_rules
from covoit.rules import payments as payment_rules
from covoit.service import awards, offers
from covoit.store import awards as award_store
from covoit.store import claims as store
from covoit.store import ibans
from covoit.store.people import find_person, get_person
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO, Money
from mobigo.infra import accounts, audit
from mobigo.infra.clock import new_id
from mobigo.infra.db import insert_new, reading, transaction
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence, use_language
from mobigo.infra.outbox import Channel, Message, send
from mobigo.infra.roles import Identity, Permission
from mobigo.ledger import service as ledger
from mobigo.ledger.model import Transfer

PRESCRIBED: Final = "covoit:prescribed"
WRITTEN_OFF: Final = "covoit:written_off"
CODE_LIFE: Final = timedelta(minutes=15)
TRIES_MAX: Final = 5
# What a bank says of the account itself: it must be given again (ISO 20022 external return reasons).
ACCOUNT_REASONS: Final = frozenset({"AC01", "AC04", "AC06", "AC13", "AC14", "AG01", "AG02", "BE01", "MD07", "RC01"})


# ---------------------------------------------------------------- where to be paid


@dataclass(frozen=True, slots=True)
class IbanView:
    """What a person sees of their account: never the whole number."""

    id: str
    shown: str  # "FR14 … 2606"
    holder: str
    state: str
    confirmed_at: datetime | None
    returned: str | None


def ask_iban(
    session: Session, person: str, iban: str, holder: str, *, now: datetime, language: str = "fr"
) -> tuple[str, Channel]:
    """Take an account, and send a code by another road than the page: (the account's id, the channel used).

    Raises InvalidInput("covoit.bad_iban", "covoit.iban_outside_sepa", "covoit.iban_holder"), and
    Refused("covoit.no_second_factor") for a person without address or number (the counter then checks their identity).
    """
    compact, name = check_iban(iban), check_holder(holder)
    channel, address = _second_factor(session, person)
    before = ibans.waiting(session, person)
    if before is not None:
        before.state, before.ended_at, before.code_hash = ibans.ENDED, now, None
        session.flush()
    code = f"{secrets.randbelow(1_000_000):06d}"
    row = ibans.IbanRow(
        id=new_id(now), person=person, iban=compact, holder=name, state=ibans.WAITING, tries=0, asked_at=now,
        expires_at=now + CODE_LIFE,
    )  # fmt: skip
    row.code_hash = _code_hash(row.id, code)
    session.add(row)
    session.flush()
    with use_language(language):
        text = _(
            "Code pour changer votre compte bancaire : %(code)s (valable 15 minutes). Compte : %(iban)s."
            " Si vous n’avez rien demandé, ne le donnez à personne et prévenez-nous.",
            code=code,
            iban=masked(compact),
        )
        subject = _("Votre code de confirmation")
    send(
        session, Message(channel, address, subject, text, _whose(session, person)), key=f"covoit:iban:{row.id}", now=now
    )
    audit.record(session, "covoit.iban_asked", actor=person, object_kind="covoit_iban", object_id=row.id, now=now)
    return row.id, channel


def confirm_iban(session: Session, person: str, code: str, *, now: datetime, language: str = "fr") -> Decision | None:
    """Give the code back: None when the account now counts, else why not. The caller commits both: tries count."""
    row = ibans.waiting(session, person)
    if row is None or row.code_hash is None:
        return Decision("covoit.iban_nothing_waits")
    if now >= row.expires_at or row.tries >= TRIES_MAX:
        row.state, row.ended_at, row.code_hash = ibans.ENDED, now, None
        session.flush()
        return Decision("covoit.iban_code_over")
    row.tries += 1
    if not hmac.compare_digest(row.code_hash, _code_hash(row.id, code.strip())):
        session.flush()
        return Decision("covoit.iban_wrong_code", left=TRIES_MAX - row.tries)
    _activate(session, row, now)
    _tell_change(session, person, row, now, language)
    return None


def confirm_iban_at_counter(
    session: Session, person: str, iban: str, holder: str, *, by: Identity, now: datetime
) -> str:
    """The counter's twin, for who has neither address nor number: an agent saw an identity paper and a RIB."""
    _require(by, Permission.COVOIT_DESK)
    not_oneself(session, [person], by)
    compact = check_iban(iban)
    before = ibans.waiting(session, person)
    if before is not None:
        before.state, before.ended_at, before.code_hash = ibans.ENDED, now, None
        session.flush()
    row = ibans.IbanRow(
        id=new_id(now), person=person, iban=compact, holder=" ".join(holder.split())[:70], state=ibans.WAITING, tries=0,
        asked_at=now, expires_at=now + CODE_LIFE,
    )  # fmt: skip
    session.add(row)
    session.flush()
    _activate(session, row, now, by=by.subject)
    with suppress(Refused):  # neither number nor address: the person stands at the counter
        _tell_change(session, person, row, now, "fr")  # an account that changes is told by another road
    return row.id


def check_holder(typed: str) -> str:
    """The name of an account's holder, blanks settled: 2 to 70 characters, of which a bank can read two letters.
    Raises InvalidInput("covoit.iban_holder")."""
    name = " ".join(typed.split())
    if not (2 <= len(name) <= LONGEST_NAME and name.isprintable()):
        raise InvalidInput("covoit.iban_holder")
    if sum(letter.isalpha() for letter in latin(name, LONGEST_NAME)) < 2:  # "X" stands for nothing
        raise InvalidInput("covoit.iban_holder")
    return name


def find_iban(session: Session, person: str) -> IbanView | None:
    """The account that counts, masked; None when there is none."""
    row = ibans.active(session, person)
    return None if row is None else _view(row)


def masked(iban: str) -> str:
    """The country, the key and the last four characters."""
    return f"{iban[:4]} … {iban[-4:]}"


def _view(row: ibans.IbanRow) -> IbanView:
    return IbanView(row.id, masked(row.iban or ""), row.holder or "", row.state, row.confirmed_at, row.returned)


def _activate(session: Session, row: ibans.IbanRow, now: datetime, by: str | None = None) -> None:
    before = ibans.active(session, row.person)
    if before is not None:
        before.state, before.ended_at = ibans.ENDED, now
        session.flush()
    row.state, row.confirmed_at, row.code_hash = ibans.ACTIVE, now, None
    session.flush()
    audit.record(
        session, "covoit.iban_confirmed", actor=by or row.person, object_kind="covoit_iban", object_id=row.id, now=now
    )


def _tell_change(session: Session, person: str, row: ibans.IbanRow, now: datetime, language: str) -> None:
    channel, address = _second_factor(session, person)
    with use_language(language):
        text = _("Votre compte bancaire est maintenant : %(iban)s.", iban=masked(row.iban or ""))
        subject = _("Compte bancaire changé")
    send(
        session,
        Message(channel, address, subject, text, _whose(session, person)),
        key=f"covoit:iban-done:{row.id}",
        now=now,
    )


def _second_factor(session: Session, person: str) -> tuple[Channel, str]:
    """The telephone first: it is the other road of who signs in by e-mail."""
    known = get_person(session, person)
    if known.phone:
        return "sms", known.phone
    if known.subject is not None:
        email = accounts.profile(session, known.subject).email
        if email:
            return "email", email
    raise Refused("covoit.no_second_factor")


def _whose(session: Session, person: str) -> str:
    """Whose message it is: the account's, which shows and erases its messages; else the person's."""
    return get_person(session, person).subject or person


def _code_hash(iban: str, code: str) -> str:
    return sha256(f"{iban}:{code}".encode()).hexdigest()


# ---------------------------------------------------------------- asking to be paid


def payable_of(session: Session, person: str) -> Money:
    """What a person may ask for now."""
    try:
        return max(ZERO, ledger.balance(session, awards.payable(person)).spendable)
    except NotFound:
        return ZERO


def owed_by(session: Session, person: str) -> Money:
    """What a person was paid too much and has not given back."""
    try:
        return max(ZERO, -ledger.balance(session, awards.overpaid(person)).net)
    except NotFound:
        return ZERO


def refusal_of_claim(session: Session, person: str, now: datetime) -> Decision | None:
    """Why the button does not work, or None. What waits already is no refusal: it is shown."""
    return rules.refusal_of_claim(
        payable_of(session, person),
        iban=ibans.active(session, person) is not None,
        banned=bool(store.banned(session, [person], paris_day(now))),
        open_claim=False,
    )


def claim(session: Session, person: str, *, now: datetime, by: str | None = None) -> store.ClaimRow:
    """Ask for all that is payable. While a request waits, the same one is given again.

    A payment that came back is asked for anew under a new name, once, to an account confirmed since. Raises
    Refused with the code of `rules.refusal_of_claim`.
    """
    waiting = store.open_claim(session, person)
    if waiting is not None:
        return waiting
    refusal = refusal_of_claim(session, person, now)
    if refusal is not None:
        raise Refused(refusal.code, **refusal.params)
    account = ibans.active(session, person)
    if account is None or account.iban is None:
        raise Refused("covoit.claim_without_iban")
    check_iban(account.iban)
    returned = store.returned_claim(session, person)
    months = [row.month for row in award_store.statements_of(session, person)]
    row: dict[str, Any] = {
        "id": new_id(now),
        "person": person,
        "cents": payable_of(session, person).cents,
        "last_month": months[-1] if months else f"{paris_day(now):%Y-%m}",
        "made_at": now,
        "made_by": by or person,
        "stage": str(payment_rules.after(Stage.VALIDATED, Event.CLAIM)),
        "batch": None,
        "reissue_of": None if returned is None else returned.id,
        "ended_at": None,
        "reason": None,
    }
    if not insert_new(session, store.ClaimRow, row):
        waiting = store.open_claim(session, person)
        if waiting is None:
            raise Conflict("covoit.claim_already_open")
        return waiting
    for old in store.claims_of(session, person):
        if old.stage == Stage.RETURNED:
            old.stage, old.ended_at = str(payment_rules.after(Stage.RETURNED, Event.REISSUE)), now
            old.reason = f"reissued:{row['id']}"
    session.flush()
    audit.record(
        session, "covoit.claim", actor=by or person, object_kind="covoit_claim", object_id=row["id"], now=now,
        detail={"cents": row["cents"]},
    )  # fmt: skip
    return store.get_claim(session, row["id"])


def withdraw_claim(session: Session, claim_id: str, *, now: datetime, reason: str) -> None:
    """End a request that is in no batch; its amount may be asked for again. Raises Conflict."""
    row = store.get_claim(session, claim_id, lock=True)
    if row.batch is not None:
        raise Conflict("covoit.claim_in_batch")
    payment_rules.after(Stage(row.stage), Event.WITHDRAW)
    row.stage, row.ended_at, row.reason = str(Stage.REVERSED), now, reason[:60]
    session.flush()


# ---------------------------------------------------------------- complaints and other cases


def complain(session: Session, person: str, object_id: str, said: str, *, now: datetime) -> store.CaseRow:
    """A complaint about a line, a statement or anything else; answered within two months (CRPA L231-4).

    Raises InvalidInput("covoit.complaint_empty", "covoit.complaint_long")."""
    words = said.strip()
    if not words:
        raise InvalidInput("covoit.complaint_empty")
    if len(words) > 4_000:
        raise InvalidInput("covoit.complaint_long", longest=4_000)
    row = store.open_case(session, Kind.COMPLAINT, person, object_id[:200] or "-", words, now)
    audit.record(session, "covoit.complaint", actor=person, object_kind="covoit_case", object_id=row.id, now=now)
    return row


def receive_paper_claim(
    session: Session, person: str, object_id: str, said: str, *, by: Identity, now: datetime
) -> store.CaseRow:
    """A claim on paper, received at the counter: an agent then grants or refuses it (`decide_case`)."""
    _require(by, Permission.COVOIT_DESK)
    row = store.open_case(session, Kind.PAPER_CLAIM, person, object_id[:200], said.strip()[:4_000], now)
    audit.record(session, "covoit.paper_claim", actor=by.subject, object_kind="covoit_case", object_id=row.id, now=now)
    return row


def propose_ban(session: Session, person: str, object_id: str, *, by: Identity, now: datetime) -> store.CaseRow:
    """Open the case of someone who might be kept out: told first, heard, then decided."""
    _require(by, Permission.COVOIT_PREPARE)
    return store.open_case(session, Kind.BAN, person, object_id[:200], None, now)


def notify_case(session: Session, case_id: str, *, by: Identity, now: datetime, language: str = "fr") -> None:
    """Tell a driver that a recovery or a ban is considered, why, and that they have 15 days to answer (CRPA L121-1)."""
    _require(by, Permission.COVOIT_PREPARE)
    row = store.get_case(session, case_id, lock=True)
    if Kind(row.kind) not in (Kind.RECOVERY, Kind.BAN):
        raise Refused("covoit.case_needs_no_hearing")
    if row.notified_at is not None:
        return
    row.notified_at = now
    with use_language(language):
        text = _(
            "Nous envisageons une décision vous concernant (dossier %(case)s). Vous avez 15 jours pour répondre, par"
            " écrit ou au guichet, et pouvez vous faire assister.",
            case=row.id,
        )
        text += "\n\n" + _("Les faits : %(facts)s", facts=sentence(_facts(row)))
        subject = _("Avant une décision : vos observations")
    _write_to(session, row.person, subject, text, f"covoit:case:{row.id}", now)
    audit.record(
        session, "covoit.case_notified", actor=by.subject, object_kind="covoit_case", object_id=row.id, now=now
    )


def hear(session: Session, case_id: str, person: str, said: str, *, now: datetime) -> None:
    """What the driver answers. Raises NotFound for another person's case, Conflict once it is decided."""
    row = store.get_case(session, case_id, lock=True)
    if row.person != person:
        raise NotFound("covoit.unknown_case", case=case_id[:40])
    if row.answered_at is not None:
        raise Conflict("covoit.case_answered")
    row.heard_at, row.heard = now, said.strip()[:4_000]
    session.flush()


def decide_case(
    session: Session,
    case_id: str,
    outcome: Outcome,
    *,
    by: Identity,
    name: str,
    capacity: str,
    reason: str,
    last_day: date | None = None,
    now: datetime,
    language: str = "fr",
) -> Individual:
    """Answer a case by an individual decision, and write to the person. Once.

    Complaints and paper claims by who holds the desk, bans and recoveries by who prepares payments, after the
    adversarial step, never by the person themselves. Raises Conflict("covoit.case_answered"),
    Refused("covoit.case_not_heard" | "covoit.own_case"), InvalidInput.
    """
    row = store.get_case(session, case_id, lock=True)
    kind = Kind(row.kind)
    measure = kind in (Kind.BAN, Kind.RECOVERY)
    _require(by, Permission.COVOIT_PREPARE if measure else Permission.COVOIT_DESK)
    not_oneself(session, [row.person], by)
    if row.answered_at is not None:
        raise Conflict("covoit.case_answered")
    today = paris_day(now)
    if measure and (
        row.notified_at is None
        or not payment_rules.may_decide_recovery(paris_day(row.notified_at), today, answered=row.heard_at is not None)
    ):
        raise Refused("covoit.case_not_heard", days=payment_rules.ADVERSARIAL_DAYS)
    if kind is Kind.BAN and outcome is Outcome.GRANTED and last_day is None:
        raise InvalidInput("covoit.ban_without_end")
    decision = decision_rules.decide(
        id=new_id(now),
        kind=kind,
        outcome=outcome,
        proposed=outcome if not measure else Outcome.GRANTED,
        person=row.person,
        object_id=row.object_id,
        facts=_facts(row),
        rule=_RULES[kind],
        reason=reason,
        algorithmic=measure,
        signatory=Signatory(by.subject, name, capacity),
        now=now,
        today=today,
    )
    row.answered_at, row.decision = now, decision.id
    _keep(session, decision, now, language)
    if kind is Kind.BAN and outcome is Outcome.GRANTED and last_day is not None:
        session.add(
            store.BanRow(id=new_id(now), person=row.person, first_day=today, last_day=last_day, decision=decision.id)
        )
        session.flush()
        offers.stop_driving(session, row.person, now)
    return decision


def refuse_claim(
    session: Session, claim_id: str, *, by: Identity, name: str, capacity: str, reason: str, now: datetime,
    language: str = "fr",
) -> Individual:  # fmt: skip
    """Refuse a payment request that is in no batch, by an individual decision; its amount stays payable."""
    _require(by, Permission.COVOIT_PREPARE)
    row = store.get_claim(session, claim_id, lock=True)
    decision = decision_rules.decide(
        id=new_id(now),
        kind=Kind.PAYMENT_REQUEST,
        outcome=Outcome.REFUSED,
        proposed=decision_rules.proposed_for_claim(
            Decision("covoit.claim_banned") if store.banned(session, [row.person], paris_day(now)) else None
        ),
        person=row.person,
        object_id=row.id,
        facts=Decision("covoit.facts_claim", amount=Money(row.cents), day=paris_day(row.made_at)),
        rule=_RULES[Kind.PAYMENT_REQUEST],
        reason=reason,
        algorithmic=True,
        signatory=Signatory(by.subject, name, capacity),
        now=now,
        today=paris_day(now),
    )
    withdraw_claim(session, claim_id, now=now, reason=f"refused:{decision.id}")
    _keep(session, decision, now, language)
    return decision


_RULES: Final[Mapping[Kind, Decision]] = {
    Kind.PAYMENT_REQUEST: Decision("covoit.rule_claim"),
    Kind.COMPLAINT: Decision("covoit.rule_complaint"),
    Kind.PAPER_CLAIM: Decision("covoit.rule_paper_claim"),
    Kind.BAN: Decision("covoit.rule_ban"),
    Kind.RECOVERY: Decision("covoit.rule_recovery"),
}


def _facts(row: store.CaseRow) -> Decision:
    day = paris_day(row.opened_at)
    if store.about_alert(row.object_id) is not None:
        if row.cents is None:
            return Decision("covoit.facts_alert", day=day)
        return Decision("covoit.facts_alert_paid", day=day, amount=Money(row.cents))
    if row.kind == Kind.RECOVERY:
        return Decision("covoit.facts_recovery", month=row.object_id, amount=Money(row.cents or 0))
    if row.kind == Kind.BAN:
        return Decision("covoit.facts_ban", object=row.object_id, day=day)
    if row.kind == Kind.PAPER_CLAIM:
        return Decision("covoit.facts_paper_claim", object=row.object_id, day=day)
    return Decision("covoit.facts_complaint", object=rules.about(row.object_id), day=day)


def _keep(session: Session, decision: Individual, now: datetime, language: str) -> None:
    """Write the decision, the audit and the letter."""
    session.add(
        store.DecisionRow(
            id=decision.id,
            kind=str(decision.kind),
            outcome=str(decision.outcome),
            proposed=str(decision.proposed),
            algorithmic=decision.algorithmic,
            person=decision.person,
            object_id=decision.object_id,
            facts=award_rules.reasons_text([decision.facts]),
            rule=award_rules.reasons_text([decision.rule]),
            remedies=award_rules.reasons_text(decision.remedies),
            reason=decision.reason,
            signatory=decision.signatory.subject,
            signatory_name=decision.signatory.name,
            capacity=decision.signatory.capacity,
            decided_at=decision.decided_at,
        )
    )
    session.flush()
    audit.record(
        session, "covoit.decision", actor=decision.signatory.subject, object_kind=f"covoit_{decision.kind}",
        object_id=decision.object_id, now=now,
        detail={"decision": decision.id, "outcome": str(decision.outcome), "override": decision.overrides},
    )  # fmt: skip
    with use_language(language):
        subject, body = letters.subject_of(decision), letters.body_of(decision)
    _write_to(session, decision.person, subject, body, f"covoit:decision:{decision.id}", now)


def decision_of(session: Session, decision_id: str) -> Individual:
    """A decision as it was taken. Raises NotFound."""
    row = store.get_decision(session, decision_id)
    return Individual(
        row.id,
        Kind(row.kind),
        Outcome(row.outcome),
        row.person,
        row.object_id,
        award_rules.reasons_from(row.facts)[0],
        award_rules.reasons_from(row.rule)[0],
        row.reason,
        Outcome(row.proposed),
        row.algorithmic,
        Signatory(row.signatory, row.signatory_name, row.capacity),
        row.decided_at,
        award_rules.reasons_from(row.remedies),
    )


def _write_to(session: Session, person: str, subject: str, text: str, key: str, now: datetime) -> None:
    """By e-mail when there is an address; else a letter that the counter prints."""
    known = get_person(session, person)
    email = None if known.subject is None else accounts.profile(session, known.subject).email
    channel: Channel = "email" if email else "letter"
    name = " ".join(part for part in (known.first_name, known.last_name) if part)
    send(session, Message(channel, email or name or person, subject, text, known.subject or person), key=key, now=now)


def not_oneself(session: Session, people: Sequence[str], by: Identity) -> None:
    """Nobody decides about themselves (impartiality: CRPA, L100-2). Raises Refused("covoit.own_case")."""
    mine = find_person(session, subject=by.subject)
    if mine is not None and mine.id in people:
        raise Refused("covoit.own_case")


def _require(by: Identity, permission: Permission) -> None:
    if not by.may_in(permission, None):
        raise Refused("covoit.not_allowed", permission=str(permission))


# ---------------------------------------------------------------- prescription, small debts


def prescribe(session: Session, person: str, *, now: datetime) -> Money:
    """Move what a person may no longer claim (law 68-1250) out of what is payable; how much. A request that waits, or
    a payment under way, keeps its amount."""
    if store.open_claim(session, person) is not None:
        return ZERO
    payable = payable_of(session, person)
    by_year = award_store.validated_by_year(session, person)
    total = sum(by_year.values(), ZERO)
    lost = payment_rules.prescribed(by_year, total - payable, store.last_request_year(session, person), paris_day(now))
    lost = min(lost, payable)
    if lost <= ZERO:
        return ZERO
    ledger.open_account(session, PRESCRIBED, floor=None, now=now)
    year = paris_day(now).year
    ledger.post(
        session,
        [
            Transfer(
                f"prescribed:{year}:{person}",
                awards.payable(person),
                PRESCRIBED,
                lost,
                now,
                "covoit.prescribe",
                str(year),
            )
        ],
        now=now,
    )
    return lost


def prescribe_due(engine: Engine, now: datetime) -> Money:
    """The same for everybody with a statement old enough; how much in all."""
    limit = f"{paris_day(now).year - PRESCRIPTION_YEARS:04d}-01"
    with reading(engine) as session:
        people = award_store.people_before(session, limit)
    total = ZERO
    for person in people:
        with transaction(engine) as session:
            total += prescribe(session, person, now=now)
    return total


def write_off(session: Session, person: str, *, by: Identity, reason: str, now: datetime) -> Money:
    """Give up what a person owes, when it is too little for a recovery order (under 15 €, D1611-1) ; how much.

    Raises Refused("covoit.write_off_too_much") from 15 € on, InvalidInput without a reason."""
    _require(by, Permission.COVOIT_ORDER)
    not_oneself(session, [person], by)
    if not reason.strip():
        raise InvalidInput("covoit.decision_without_reason")
    owed = owed_by(session, person)
    if owed == ZERO:
        return ZERO
    if payment_rules.recovery_by_order(owed):
        raise Refused("covoit.write_off_too_much", owed=owed, least=LEAST_RECOVERY_ORDER)
    ledger.open_account(session, WRITTEN_OFF, floor=None, now=now)
    ledger.post(
        session,
        [
            Transfer(
                f"written-off:{new_id(now)}",
                WRITTEN_OFF,
                awards.overpaid(person),
                owed,
                now,
                "covoit.write_off",
                person,
            )
        ],
        now=now,
    )
    audit.record(
        session, "covoit.write_off", actor=by.subject, object_kind="covoit_person", object_id=person, now=now,
        detail={"cents": owed.cents},
    )  # fmt: skip
    return owed


# ---------------------------------------------------------------- one person's data


def export_money(session: Session, person: str) -> Mapping[str, object]:
    """What the money side holds of a person, for their own eyes."""
    return {
        "accounts": [
            {"shown": masked(row.iban or ""), "iban": row.iban, "holder": row.holder, "state": row.state,
             "asked_at": row.asked_at, "confirmed_at": row.confirmed_at}
            for row in ibans.of_person(session, person)
        ],
        "statements": [
            {"month": row.month, "lines": row.lines, "cents": row.cents}
            for row in award_store.statements_of(session, person)
        ],
        "claims": [
            {"id": row.id, "cents": row.cents, "made_at": row.made_at, "stage": row.stage}
            for row in store.claims_of(session, person)
        ],
        "cases": [
            {"kind": row.kind, "opened_at": row.opened_at, "said": row.said, "heard": row.heard,
             "answer_by": row.answer_by, "answered_at": row.answered_at}
            for row in store.cases_of(session, person)
        ],
        "decisions": [
            {"kind": row.kind, "outcome": row.outcome, "reason": row.reason, "decided_at": row.decided_at}
            for row in store.decisions_of(session, person)
        ],
    }  # fmt: skip


def erase_money(session: Session, person: str, now: datetime) -> int:
    """Forget a person's accounts and words. Accounts stay while a payment to them is under way: they are forgotten by
    the register's time once it has ended. What is payable stays payable, to be claimed at the counter."""
    under_way = any(
        row.stage in (Stage.CLAIMED, Stage.MANDATED, Stage.SENT) for row in store.claims_of(session, person)
    )
    touched = store.forget_words(session, person)
    if not under_way:
        return touched + ibans.forget(session, person)
    for row in ibans.of_person(session, person):
        if row.state == ibans.WAITING:
            row.state, row.ended_at, row.code_hash = ibans.ENDED, now, None
            touched += 1
    session.flush()
    return touched

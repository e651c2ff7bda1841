"""The till: opened with its float, counted and closed, its report."""

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from billettique.export.regie import ReceiptLine, TillReport, till_pdf
from billettique.gateway.regies import get_regie, regies_on
from billettique.model.regie import PIECES
from billettique.service import cash, rounds
from billettique.store import cash as store
from billettique.store import rounds as round_store
from billettique.web import bp
from billettique.web.control import words
from billettique.web.selling.shared import Faults, private, text, whole
from mobigo.base.errors import InvalidInput, Refused
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra import accounts, auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.formats import amount
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services


@bp.get("/guichet")
@requires(Permission.SALES_COUNTER)
def counter() -> ResponseReturnValue:
    """The counter of who is signed in: open a till, or what to do with the one that is open."""
    return _page(Faults())


@bp.post("/guichet/ouvrir")
@requires(Permission.SALES_COUNTER)
def open_till() -> ResponseReturnValue:
    """Opens a till with the float that was counted into it."""
    faults = Faults()
    with faults.caught(), transaction(services().engine) as session:
        regie, _dot, place = text("place", 130).partition(":")
        cash.open_till(
            session, agent=auth.signed_in().subject, regie=regie, place=place, opening=euros("opening"),
            training=text("training") == "1", home=services().config.home, now=now(),
        )  # fmt: skip
    return _page(faults) if faults else redirect(url_for("billettique.counter"), 303)


@bp.get("/guichet/cloturer")
@requires(Permission.SALES_COUNTER)
def closing() -> ResponseReturnValue:
    """Count the till. What it should hold is not shown before it is counted."""
    return _closing_page(Faults())


@bp.post("/guichet/cloturer")
@requires(Permission.SALES_COUNTER)
def close_till() -> ResponseReturnValue:
    """Closes the till on its count."""
    faults = Faults()
    closed = None
    with faults.caught(), transaction(services().engine) as session:
        pieces = {value: whole(f"p-{value}") for value in PIECES}
        closed, outcome = cash.close_till(
            session, agent=auth.signed_in().subject, pieces=pieces, note=text("note", 1000), now=now()
        )
    if faults or closed is None:
        return _closing_page(faults)
    flash(_("La caisse est close. Elle contenait %(amount)s.", amount=_shown(outcome.counted)), "good")
    return redirect(url_for("billettique.till", till_id=closed.id), 303)


@bp.get("/guichet/caisses/<till_id>")
@requires(Permission.SALES_COUNTER)
def till(till_id: str) -> ResponseReturnValue:
    """One till: what it did, what was counted. Its agent's own, or any for who runs the régie."""
    return till_page(till_id, Faults())


def till_page(till_id: str, faults: Faults) -> ResponseReturnValue:
    """The page of a till, with what is wrong with a form of it."""
    with reading(services().engine) as session:
        row = _mine(store.get_session(session, till_id))
        lines = store.lines_of(session, till_id)
        receipts = _receipts(session, row)
        missing = rounds.still_missing(session, row)
    runs = auth.signed_in().may(Permission.SALES_REGIE) and row.round_number is not None
    not_mine = row.agent != auth.signed_in().subject
    made = render_template(
        "billettique/till.html", till=row, lines=lines, counted=_money(row.counted_cents),
        expected=_money(row.expected_cents), opening=Money(row.opening_cents), receipts=receipts,
        label="" if row.round_number is None else rounds.label_of(row), missing=missing, grounds=words.grounds(),
        means=words.means(), errors=faults.by_field, typed=request.form,
        may_declare=runs and row.lost_at is None and row.device is not None and (missing or row.closed_at is None),
        may_write_in=runs and not_mine and (row.lost_at is not None or missing),
    )  # fmt: skip
    return private((made, faults.status if faults else 200))


@bp.get("/guichet/caisses/<till_id>.pdf")
@requires(Permission.SALES_COUNTER)
def till_report(till_id: str) -> ResponseReturnValue:
    """The report of a closed till (procès-verbal de caisse)."""
    config = services().config
    with reading(services().engine) as session:
        row = _mine(store.get_session(session, till_id))
        if row.closed_at is None or row.training:
            raise Refused("billettique.till_not_closed")
        act = get_regie(row.regie, paris_day(row.opened_at), config.home)
        report = TillReport(
            act.name, act.act, next((each.name for each in act.places if each.code == row.place), row.place),
            name_of(session, row.agent), row.opened_at, row.closed_at, Money(row.opening_cents),
            _money(row.expected_cents), _money(row.counted_cents),
            {int(value): count for value, count in (row.pieces or {}).items()}, row.note or "",
            store.lines_of(session, till_id), _receipts(session, row), tuple(row.missing or ()),
        )  # fmt: skip
    made = till_pdf(report, specimen=not config.production)
    headers = {"Content-Disposition": f'inline; filename="caisse-{row.closed_at:%Y-%m-%d}.pdf"'}
    return private(Response(made, content_type="application/pdf", headers=headers))


# ---------------------------------------------------------------- parts


def euros(name: str) -> Money:
    """An amount typed in euros ("100", "12,50"). Raises InvalidInput("billettique.bad_euros")."""
    typed = text(name, 12).replace(",", ".").removesuffix("€").strip() or "0"
    whole_part, _dot, cents = typed.partition(".")
    if not (whole_part.isascii() and whole_part.isdigit() and len(whole_part) <= 7):
        raise InvalidInput("billettique.bad_euros", typed=typed)
    if cents and not (cents.isascii() and cents.isdigit() and len(cents) <= 2):
        raise InvalidInput("billettique.bad_euros", typed=typed)
    return Money(int(whole_part) * 100 + int(cents.ljust(2, "0") or 0))


def name_of(session: Session, subject: str) -> str:
    """The name of an agent, for a paper; the id of one who has gone."""
    profile = accounts.profile(session, subject)
    return profile.name or profile.email or subject


def _mine(row: store.CashSessionRow) -> store.CashSessionRow:
    identity = auth.signed_in()
    if row.agent != identity.subject and not identity.may(Permission.SALES_REGIE):
        raise Refused("billettique.not_your_till")
    return row


def _receipts(session: Session, row: store.CashSessionRow) -> list[ReceiptLine]:
    """The receipts of a round, as its papers show them; none of a counter's till."""
    if row.round_number is None:
        return []
    return [
        ReceiptLine(f"{rounds.label_of(row)}-{each.number}", each.taken_at, each.means, Money(each.cents), each.late,
                    tuple(sentence(why) for why in rounds.flags_of(each)))
        for each in round_store.of_till(session, row.id)
    ]  # fmt: skip


def _money(cents: int | None) -> Money:
    return Money(cents or 0)


def _shown(held: Money) -> str:
    return amount(held, current_language())


def _page(faults: Faults) -> ResponseReturnValue:
    instant, config = now(), services().config
    with reading(services().engine) as session:
        row = store.find_open(session, auth.signed_in().subject)
        lines = [] if row is None else store.lines_of(session, row.id)
    if row is not None and row.round_number is not None:
        return redirect(url_for("billettique.round_page"), 303)
    found = regies_on(paris_day(instant), config.home)
    acts = [act for act in found if any(not each.moving for each in act.places)]
    made = render_template(
        "billettique/counter.html",
        till=row,
        lines=lines,
        places=[(f"{act.code}:{each.code}", each.name) for act in acts for each in act.places if not each.moving],
        float_=acts[0].float_ if acts else Money(0),
        runs_regie=auth.signed_in().may(Permission.SALES_REGIE),
        simulation=not config.production,
        errors=faults.by_field,
        typed=request.form,
    )
    return private((made, faults.status if faults else 200))


def _closing_page(faults: Faults) -> ResponseReturnValue:
    with reading(services().engine) as session:
        row = store.find_open(session, auth.signed_in().subject)
    if row is None:
        return redirect(url_for("billettique.counter"), 303)
    explain = "billettique.difference_unexplained" in faults.codes
    made = render_template(
        "billettique/till_close.html", till=row, pieces=[(value, Money(value)) for value in PIECES],
        errors=faults.by_field, typed=request.form, explain=explain,
    )  # fmt: skip
    return private((made, faults.status if faults else 200))

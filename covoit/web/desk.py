"""The agents' desk of the lines: paper claims, the guaranteed way home, reports, booking for somebody who calls."""

from datetime import datetime
from typing import Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from covoit.model.lines import Help
from covoit.rules import identity as identity_rules
from covoit.rules import lines as line_rules
from covoit.service import bookings, guarantee, lines, offers, proofs
from covoit.store import lines as line_store
from covoit.store import offers as offer_store
from covoit.store.people import find_person, person_of
from covoit.web import bp
from covoit.web.board import report_kinds
from covoit.web.forms import Faults, euros_of, hour_of, moment_of, root_key, text, whole, writing
from mobigo.base.errors import InvalidInput
from mobigo.base.instants import PARIS, paris_day
from mobigo.base.money import Money
from mobigo.infra import audit, auth
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import services

COST_MAX: Final = 100_000  # euros


@bp.get("/covoiturage/agents/papier")
@requires(Permission.COVOIT_DESK)
def paper() -> ResponseReturnValue:
    """Enter a sheet signed by a driver and a passenger."""
    return _paper_page(Faults(agent=True))


@bp.post("/covoiturage/agents/papier")
@requires(Permission.COVOIT_DESK)
def paper_now() -> ResponseReturnValue:
    """Enters the sheet under its own reference: the ride is proven as from any telephone."""
    faults = Faults(agent=True)
    with faults.caught(), writing() as session:
        line, _stop = lines.stop_and_line(text("from", 60), paris_day(now()))
        started_at = moment_of("date", "since")
        entered = proofs.paper(
            session, agent=auth.signed_in().subject, reference=text("reference", 80),
            driver=_person(session, "driver", adult=True),
            passenger=_person(session, "passenger", adult=bool(text("adult"))),
            line_code=line.code, from_stop=text("from", 60), to_stop=text("to", 60), started_at=started_at,
            ended_at=moment_of("date", "until"), seats=whole("seats", 1), now=now(), home=services().config.home,
        )  # fmt: skip
    if faults:
        return _paper_page(faults)
    flash(
        _("La fiche %(reference)s est enregistrée : preuve de classe %(letter)s.", reference=text("reference", 80),
          letter=str(entered.proof_class)), "good",
    )  # fmt: skip
    return redirect(url_for("covoit.paper"), 303)


def _person(session: Session, who: str, *, adult: bool) -> str:
    """The person a sheet names, by telephone and last name. Raises InvalidInput("covoit.bad_phone" | …)."""
    phone, last_name = text(f"{who}_phone", 30), text(f"{who}_last_name", 100)
    number = identity_rules.normal_phone(phone)
    return person_of(
        session, identity_rules.identity_key(phone, last_name), phone=number,
        phone_trunc=identity_rules.truncated(number), first_name=text(f"{who}_first_name", 100) or None,
        last_name=last_name, over_18=True if adult else None, now=now(),
    )  # fmt: skip


def _paper_page(faults: Faults) -> ResponseReturnValue:
    page = render_template(
        "covoit/paper.html", lines=lines.current_lines(paris_day(now())), errors=faults.by_field, typed=request.form,
        today=paris_day(now()),
    )  # fmt: skip
    return page, faults.status if faults else 200


# ---------------------------------------------------------------- the guaranteed way home


@bp.get("/covoiturage/agents/garanties")
@requires(Permission.COVOIT_DESK)
def guarantees() -> ResponseReturnValue:
    """The open cases, longest waiting first; `?toutes=1` shows the closed ones too."""
    return _guarantees_page(Faults(agent=True))


def _guarantees_page(faults: Faults) -> ResponseReturnValue:
    instant = now()
    every = "toutes" in request.args
    with writing() as session:
        rows = line_store.cases(session, open_only=not every)
    names = {stop.id: stop.name for line in lines.current_lines(paris_day(instant)) for stop in line.stops}
    numbers = {line.code: line for line in lines.current_lines(paris_day(instant))}
    page = render_template(
        "covoit/guarantees.html", cases=rows, names=names, lines=numbers, every=every, errors=faults.by_field,
        total=Money(sum(row.cost_cents or 0 for row in rows)), money=Money,
        late=[row.id for row in rows if row.ordered_at is None and row.closed_at is None
              and (instant - row.opened_at).total_seconds() > 600],
    )  # fmt: skip
    return page, faults.status if faults else 200


@bp.post("/covoiturage/agents/garanties/<case_id>/<act>")
@requires(Permission.COVOIT_DESK)
def guarantee_act(case_id: str, act: str) -> ResponseReturnValue:
    """Order the taxi or the voucher; enter what it cost; or close the case with a reason."""
    faults, agent = Faults(agent=True), auth.signed_in().subject
    with faults.caught(), writing() as session:
        match act:
            case "commander":
                guarantee.order(session, case_id, agent=agent, reference=text("reference", 120), now=now())
            case "regler":
                guarantee.settle(session, case_id, agent=agent, cost=euros_of("cost", most=COST_MAX), now=now())
            case "fermer":
                guarantee.refuse_case(
                    session, case_id, agent=agent, reason=text("reason", 320), needed=not text("not_needed"), now=now()
                )
            case _:
                raise InvalidInput("covoit.unknown_act")
    return _guarantees_page(faults) if faults else redirect(url_for("covoit.guarantees"), 303)


# ---------------------------------------------------------------- reports


@bp.get("/covoiturage/agents/signalements")
@requires(Permission.COVOIT_DESK)
def reports() -> ResponseReturnValue:
    """What people told, unread first."""
    every = "tous" in request.args
    with writing() as session:
        mine = find_person(session, subject=auth.signed_in().subject)
        rows = offer_store.reports(session, unread_only=not every, hidden_from=None if mine is None else mine.id)
    return render_template("covoit/reports.html", reports=rows, kinds=dict(report_kinds()), every=every)


@bp.post("/covoiturage/agents/signalements/<report_id>/lu")
@requires(Permission.COVOIT_DESK)
def report_read(report_id: str) -> ResponseReturnValue:
    """I have read it, and act on it."""
    with writing() as session:
        offers.read_report(session, report_id, auth.signed_in(), now())
    return redirect(url_for("covoit.reports"), 303)


# ---------------------------------------------------------------- by telephone


@bp.get("/covoiturage/agents/telephone")
@requires(Permission.COVOIT_DESK)
def telephone() -> ResponseReturnValue:
    """Somebody calls: the cars between two stops, and the fields to book one of them for the caller."""
    return _telephone_page(Faults(agent=True))


@bp.post("/covoiturage/agents/telephone")
@requires(Permission.COVOIT_DESK)
def telephone_now() -> ResponseReturnValue:
    """Books for the caller and says the code to tell them; or, when no car came, opens their guaranteed ride."""
    faults, instant = Faults(agent=True), now()
    code = ""
    with faults.caught(), writing() as session:
        caller = _person(session, "caller", adult=bool(text("adult")))
        offers.declare_rider(session, caller, adult=None, consent=bool(text("consent")), now=instant)
        if text("offer") == "garantie":
            since = datetime.combine(paris_day(instant), hour_of("since"), PARIS)
            if since > instant:
                raise InvalidInput("covoit.bad_hour")
            wait = lines.start_waiting(
                session, from_stop=text("from", 60), to_stop=text("to", 60), passenger=caller, seats=whole("seats", 1),
                now=since,
            )  # fmt: skip
            guarantee.ask(session, wait.id, caller, Help.TAXI, instant)
        else:
            made = bookings.book(
                session, offer_id=text("offer", 26), passenger=caller, from_stop=text("from", 60),
                to_stop=text("to", 60), seats=whole("seats", 1), now=instant,
            )  # fmt: skip
            code = bookings.send_boarding_code(session, root_key(), made, instant)
            audit.record(
                session, "covoit.booked_by_telephone", actor=auth.signed_in().subject, object_kind="covoit_booking",
                object_id=made.id, now=instant,
            )  # fmt: skip
    if faults:
        return _telephone_page(faults)
    if not code:
        flash(_("Le trajet garanti est demandé : il attend une commande dans la liste."), "good")
        return redirect(url_for("covoit.guarantees"), 303)
    flash(_("Réservé. Dites ce code à la personne : %(code)s. Il lui est aussi envoyé par SMS.", code=code), "good")
    return redirect(url_for("covoit.telephone"), 303)


def _telephone_page(faults: Faults) -> ResponseReturnValue:
    instant = now()
    a, z = request.values.get("from", "")[:60], request.values.get("to", "")[:60]
    found = None
    if a and z and not (faults and request.method == "GET"):
        with faults.caught(), writing() as session:
            line, stop = lines.stop_and_line(a, paris_day(instant))
            leg = line_rules.leg_between(line, a, z)
            cars = lines.next_drivers(session, line, leg.direction, stop, instant)
            found = [each for each in cars if each.seats_left > 0 and line_rules.within(leg, each.offer.leg)]
    page = render_template(
        "covoit/telephone.html", lines=lines.current_lines(paris_day(instant)), found=found, from_stop=a, to_stop=z,
        typed=request.form, errors=faults.by_field,
    )  # fmt: skip
    return page, faults.status if faults else 200

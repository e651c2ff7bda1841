"""Months: closed one after the other, each operator's payment call, budgets, and the check of everything written."""

from datetime import date, timedelta

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from covoit.gateway import campaigns, scales
from covoit.model.campaign import Campaign
from covoit.model.scale import Scale
from covoit.service import awards, closing, inbox, statements
from covoit.store import awards as store
from covoit.web import bp
from covoit.web.forms import Faults, euros_of, text, writing
from covoit.web.money.shared import XLSX, agent_name, download, me, page
from mobigo.base.errors import NotFound
from mobigo.base.instants import paris_day
from mobigo.base.money import ZERO, Money
from mobigo.infra import jobs
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import new_id, now
from mobigo.infra.db import reading
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.jobs import JobFilter
from mobigo.infra.web import services
from mobigo.ledger import service as ledger

VERIFY = "covoit.verify"
EUROS_MAX = 100_000_000


@bp.get("/covoiturage/agents/mois")
@requires(Permission.COVOIT_PAPERS)
def months() -> ResponseReturnValue:
    """The months to close and those closed; budgets; the last checks."""
    return _page(Faults())


def _page(faults: Faults) -> ResponseReturnValue:
    today = paris_day(now())
    with reading(services().engine) as session:
        rows = store.months(session)
        checks = jobs.list_jobs(session, JobFilter(name=VERIFY, limit=3))
        return page(
            "money_months.html", faults, rows=rows, money=Money, sentence=sentence, checks=checks, key=new_id(now()),
            people={row.month: store.people_of_month(session, row.month) for row in rows},
            operators={row.month: store.operators_of_month(session, row.month) for row in rows},
            to_close=[(month, _closes(month)) for month in inbox.closing_months(session, today)], today=today,
            closed_by={row.month: agent_name(session, row.closed_by) for row in rows}, typed=request.form,
            total=Money(sum(row.cents for row in rows)), budgets=_budgets(session),
        )  # fmt: skip


def _budgets(session: Session) -> list[tuple[Scale | Campaign, Money | None, Money]]:
    """(scale or campaign, all that was granted, what is left) of the scales that apply, of the campaigns that an act
    decides, and of what was ever funded."""
    home = services().config.home
    rules: list[tuple[Scale | Campaign, bool]] = [(each, each.applies) for each in scales.scales(home)]
    rules += [(each, each.act is not None) for each in campaigns.campaigns(home)]
    every = [(rule, pays, awards.funded(session, rule.code)) for rule, pays in rules]
    return [(rule, granted, _left(session, rule.code)) for rule, pays, granted in every if pays or granted]


def _closes(month: str) -> date:
    return closing.last_day_of(month) + timedelta(days=closing.CLOSING_DAY)


def _left(session: Session, campaign: str) -> Money:
    try:
        return ledger.balance(session, awards.budget(campaign)).spendable
    except NotFound:
        return ZERO


@bp.post("/covoiturage/agents/mois")
@requires(Permission.COVOIT_PREPARE)
def close_month() -> ResponseReturnValue:
    """Closes a month: statements are frozen, amounts may be asked for. Repeated, does nothing more."""
    faults, month = Faults(), text("month", 7)
    with faults.caught():
        done = closing.close_month(services().engine, month, now(), by=me().subject, home=services().config.home)
    if faults:
        return _page(faults)
    flash(
        _("Ce mois était déjà clos.") if done.already else _("Le mois est clos : les montants sont exigibles."), "good"
    )
    return redirect(url_for("covoit.months"), 303)


@bp.get("/covoiturage/agents/mois/<month>/appel-de-fonds/<operator>.xlsx")
@requires(Permission.COVOIT_PAPERS)
def payment_call(month: str, operator: str) -> ResponseReturnValue:
    """The payment call of an operator for a closed month, under the scale or of the campaign asked for (`campagne`).
    Raises Refused("covoit.month_open")."""
    closing.first_day_of(month)
    campaign = request.args.get("campagne", "")
    with reading(services().engine) as session:
        known = store.operators_of_month(session, month)
        if (operator, campaign) not in known and store.find_month(session, month) is not None:
            raise NotFound("covoit.unknown_paper")
        content = statements.payment_call(session, operator, month, campaign)
    return download(content, f"appel-de-fonds-{'-'.join(filter(None, (operator, campaign)))}-{month}.xlsx", XLSX)


@bp.post("/covoiturage/agents/budgets")
@requires(Permission.COVOIT_ORDER)
def fund_campaign() -> ResponseReturnValue:
    """Grants a campaign money, by an act. A form sent twice grants once: its key names the grant."""
    faults = Faults()
    with faults.caught(), writing() as session:
        awards.fund(
            session, text("campaign", 80), euros_of("amount", most=EUROS_MAX), act=text("act", 200), by=me().subject,
            key=f"{text('campaign', 80)}:{text('key', 40)}", home=services().config.home, now=now(),
        )  # fmt: skip
    if faults:
        return _page(faults)
    flash(_("Le budget est abondé."), "good")
    return redirect(url_for("covoit.months"), 303)


@bp.post("/covoiturage/agents/verification")
@requires(Permission.COVOIT_PAPERS)
def verify_everything() -> ResponseReturnValue:
    """Asks for the check of everything written: one at a time, it goes on when the page is closed."""
    with writing() as session:
        waiting = [job for job in jobs.list_jobs(session, JobFilter(name=VERIFY, limit=1)) if not job.ended]
        if not waiting:
            jobs.enqueue(session, VERIFY, {}, me().subject, now())
    flash(_("La vérification est demandée : son résultat vient sur cette page."), "good")
    return redirect(url_for("covoit.months") + "#verification", 303)

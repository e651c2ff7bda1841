"""What everybody may read of school transport, and the page of a guardian's children."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from mobigo.base.errors import MobigoError
from mobigo.base.instants import paris_day
from mobigo.infra import competence
from mobigo.infra.auth import Permission, current_account, public, requires
from mobigo.infra.clock import now
from mobigo.infra.i18n import sentence
from mobigo.infra.web import services
from scolaire.gateway import rulefiles
from scolaire.model.schools import SchoolYear
from scolaire.service import family
from scolaire.web import bp, words
from scolaire.web.forms import looking, me


@bp.get("/scolaire")
@public
def home() -> ResponseReturnValue:
    """Who is entitled, what it costs, how to register; for the commune asked for (`?commune=`), its own rules."""
    config, today = services().config, paris_day(now())
    asked = request.args.get("commune", "").strip()[:80]
    found = competence.communes_named(asked) if asked else []
    commune = found[0] if len(found) == 1 else None
    rules = prices = authority = None
    if commune is not None:
        table = competence.table()
        try:
            answering = table.competent(commune.code, competence.Service.SCHOOL, today).authority
            authority = answering.shown(production=config.production)
        except MobigoError:
            authority = None
        try:
            rules = rulefiles.rules_on(commune.departement, today, config.home, production=config.production)
            prices = rulefiles.prices_on(commune.departement, today, config.home, production=config.production)
        except MobigoError:
            pass
    years = rulefiles.years_open(today, config.home, production=config.production)
    return render_template(
        "scolaire/home.html", asked=asked, found=found, commune=commune, rules=rules, prices=prices,
        authority=authority, years=[SchoolYear(each) for each in years], signed_in=current_account() is not None,
        words=words,
    )  # fmt: skip


@bp.get("/scolaire/famille")
@requires(Permission.ACCOUNT_OWN)
def family_home() -> ResponseReturnValue:
    """My children: where each stands, today and tomorrow."""
    with looking() as session:
        children = family.children(session, me(), services().config, now())
    return render_template("scolaire/family.html", children=children, words=words, clock=words.clock, sentence=sentence)

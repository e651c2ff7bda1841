"""What these pages say of values: months, stages of a request, caps, the ends of a trip; in the language being read."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from covoit.model.claims import Kind, Room
from covoit.model.journeys import JourneyState, LineLeg, VehicleTrip
from covoit.model.payments import Stage
from covoit.model.scale import DistanceBasis, Scale
from covoit.rules.lines import along_m, stops_in
from covoit.service import lines
from covoit.service.citizen_text import citizen_text
from covoit.web import bp
from mobigo.base.errors import NotFound
from mobigo.base.instants import paris_day
from mobigo.base.money import Money
from mobigo.infra import formats
from mobigo.infra.i18n import current_language, ngettext, sentence
from mobigo.infra.i18n import gettext as _


class Said(NamedTuple):
    """Words, and the kind of badge they stand in ("good", "warn", "bad", "accent", "")."""

    words: str
    kind: str = ""


@bp.context_processor
def spoken() -> dict[str, Callable[..., object]]:
    """What the templates say decisions and kept cents with."""
    return {"sentence": sentence, "money": Money}


def month_name(month: str | date) -> str:
    """ "novembre 2026"."""
    return formats.month(month if isinstance(month, str) else f"{month:%Y-%m}", current_language())


def stage(value: str) -> Said:
    """Where a payment request stands, for who made it."""
    return {
        Stage.CLAIMED: Said(_("demandée"), "accent"),
        Stage.MANDATED: Said(_("ordonnée"), "accent"),
        Stage.SENT: Said(_("envoyée à la banque"), "accent"),
        Stage.PAID: Said(_("payée"), "good"),
        Stage.RETURNED: Said(_("revenue de la banque"), "bad"),
        Stage.REISSUED: Said(_("demandée de nouveau")),
        Stage.REVERSED: Said(_("refusée ou retirée"), "warn"),
    }.get(Stage(value), Said(value))


def bank_reason(code: str | None) -> str:
    """Why a bank gave a payment back, in words where we have them."""
    if code in ("AC04", "AC06", "AC13", "AC14"):
        return _("La banque dit que ce compte est fermé ou ne reçoit pas de virement.")
    if code in ("AC01", "BE01", "RC01"):
        return _("La banque ne reconnaît pas ce compte ou son titulaire.")
    return _("Motif donné par la banque : %(code)s.", code=code) if code else ""


def kind(value: str) -> str:
    """What a case or a decision is."""
    return {
        Kind.PAYMENT_REQUEST: _("Demande de versement"),
        Kind.COMPLAINT: _("Réclamation"),
        Kind.PAPER_CLAIM: _("Demande sur papier"),
        Kind.BAN: _("Exclusion envisagée"),
        Kind.RECOVERY: _("Reprise envisagée"),
        Kind.IDENTITY: _("Trajets ou numéro réclamés"),
        Kind.BAN_LIFT: _("Fin d’exclusion"),
    }[Kind(value)]


def room(left: Room) -> list[str]:
    """What caps leave for the trips to come; nothing where the scale has none."""
    language = current_language()
    said = []
    if left.left_this_month is not None:
        amount = formats.amount(left.left_this_month, language)
        said.append(_("Plafond du mois : il vous reste %(amount)s.", amount=amount))
    if left.left_today is not None:
        said.append(_("Plafond du jour : il vous reste %(amount)s.", amount=formats.amount(left.left_today, language)))
    if left.trips_left_today is not None:
        said.append(
            ngettext(
                "Aujourd’hui, encore %(num)s trajet payé.", "Aujourd’hui, encore %(num)s trajets payés.",
                left.trips_left_today,
            )
        )  # fmt: skip
    return said


def basis(scale: Scale) -> str:
    """Which kilometres a scale pays for."""
    if scale.distance_basis is DistanceBasis.DRIVEN_ON_LINE:
        return _("Les kilomètres comptés sont ceux que vous roulez sur la ligne, d’après sa table kilométrique.")
    return _(
        "Les kilomètres comptés sont ceux faits avec au moins un passager, d’après la table kilométrique de la ligne,"
        " chacun une seule fois."
    )


def scale_text(scale: Scale) -> str:
    """The scale's own words for citizens; "" when its file has none."""
    document: Mapping[str, object] = scale.document
    return citizen_text(document, current_language()) if scale.text else ""


def line_name(code: str | None, day: date) -> str:
    """The name of a line as its page says it; the code of one that is no more."""
    if code is None:
        return _("hors des lignes")
    try:
        return lines.get_line(code, day).name
    except NotFound:
        return code


def way(leg: LineLeg | None, at: datetime) -> str:
    """ "Saulieu, place Monge → Montbard, gare": the stops at both ends of a leg; "" where they are not known."""
    if leg is None:
        return ""
    try:
        line = lines.get_line(leg.line, paris_day(at))
    except NotFound:
        return ""
    names = {along_m(line, leg.direction, stop): stop.name for stop in stops_in(line, leg.direction)}
    if leg.from_m not in names or leg.to_m not in names:
        return ""
    return f"{names[leg.from_m]} → {names[leg.to_m]}"


def proof(trip: VehicleTrip) -> Said:
    """Where the proofs of a trip stand: proven as soon as one journey is, else what is awaited or wrong."""
    states = {journey.state for journey in trip.journeys}
    if JourneyState.OK in states:
        return Said(_("prouvé"), "good")
    if JourneyState.PENDING in states:
        return Said(_("en cours de vérification"), "accent")
    if states == {JourneyState.CANCELLED}:
        return Said(_("annulé"))
    return Said(_("ne compte pas"), "bad")


def journey_state(state: JourneyState) -> Said:
    """Where one journey stands."""
    return {
        JourneyState.OK: Said(_("prouvé"), "good"),
        JourneyState.PENDING: Said(_("en cours de vérification"), "accent"),
        JourneyState.CANCELLED: Said(_("annulé")),
    }.get(state, Said(_("ne compte pas"), "bad"))

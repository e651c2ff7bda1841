"""A certificate of delay: what was planned and what was observed, and as of when. It names nobody: who travelled is not
known here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from mobigo.infra import formats
from mobigo.infra.formats import day, hour, instant
from mobigo.infra.i18n import current_language
from mobigo.infra.i18n import gettext as _
from mobigo.infra.pdf import compiled, escaped, table
from mobigo.planner.rules.delays import Arrival


@dataclass(frozen=True, slots=True)
class CertifiedRide:
    """A vehicle of the journey, in words, and its arrival."""

    line: str
    board: str
    alight: str
    arrival: Arrival


def delay_pdf(rides: Sequence[CertifiedRide], on: date, made_at: datetime, *, address: str, authority: str) -> bytes:
    """The certificate. Hours are local where `made_at` is; `address` is the page where it can be checked."""
    language = current_language()
    title = _("Attestation de retard")
    rows = [_row(each, made_at) for each in rides]
    heads = [_("Ligne"), _("De"), _("À"), _("Arrivée prévue"), _("Arrivée observée"), _("Retard")]
    source = "\n\n".join(
        [
            f"= {escaped(title)}",
            escaped(_("Trajet du %(day)s.", day=day(on, language, year=True))),
            table(heads, rows, wide=1),
            escaped(
                _(
                    "Les heures observées sont celles que le transporteur a transmises au moment de l’arrivée ; rien"
                    " n’est attesté de ce qui n’a pas été observé. Cette attestation dit comment le véhicule a"
                    " circulé, non qui était à bord."
                )
            ),
            escaped(_("Établie par %(authority)s le %(at)s.", authority=authority, at=instant(made_at, language))),
            escaped(_("Qui veut la vérifier peut la demander à la même adresse : %(address)s", address=address)),
        ]
    )
    return compiled(title, source, made_at, language=language)


def _row(ride: CertifiedRide, made_at: datetime) -> list[str]:
    language, zone, arrival = current_language(), made_at.tzinfo, ride.arrival
    planned = hour(arrival.planned_at.astimezone(zone), language)
    if arrival.cancelled_at is not None:
        said = hour(arrival.cancelled_at.astimezone(zone), language)
        return [ride.line, ride.board, ride.alight, planned, _("supprimé (annoncé à %(hour)s)", hour=said), "—"]
    if not arrival.is_observed or arrival.observed_at is None or arrival.heard_at is None or arrival.late_s is None:
        return [ride.line, ride.board, ride.alight, planned, _("non observée"), "—"]
    seen = hour(arrival.observed_at.astimezone(zone), language)
    told = hour(arrival.heard_at.astimezone(zone), language)
    late = formats.duration(arrival.late_s, language) if arrival.late_s >= 60 else _("à l’heure")
    return [
        ride.line,
        ride.board,
        ride.alight,
        planned,
        _("%(seen)s (information de %(told)s)", seen=seen, told=told),
        late,
    ]

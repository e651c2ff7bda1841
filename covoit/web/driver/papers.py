"""Papers of my own: the statement as PDF and CSV, and the certificate for the employer, which never says an amount."""

from dataclasses import replace
from typing import Final

from flask import Response, request
from flask.typing import ResponseReturnValue

from covoit.export.certificate import certificate_pdf
from covoit.export.statement import statement_csv, statement_pdf
from covoit.service import driver, statements
from covoit.store.people import get_person
from covoit.web import bp
from covoit.web.driver.looking import looking
from mobigo.base.errors import NotFound
from mobigo.base.instants import paris_day
from mobigo.infra import accounts
from mobigo.infra.auth import Permission, requires, signed_in
from mobigo.infra.clock import now

FIRST_YEAR: Final = 2020  # the first lines


@bp.get("/covoiturage/mes-aides/releves/<month>.csv")
@requires(Permission.ACCOUNT_OWN)
def driver_statement_csv(month: str) -> ResponseReturnValue:
    """My statement of a month as a table. Raises InvalidInput("covoit.bad_month")."""
    with looking() as (session, person):
        shown = driver.statement_seen(session, person, month)
    return _file(statement_csv(shown), f"releve-covoiturage-{month}.csv", "text/csv; charset=utf-8")


@bp.get("/covoiturage/mes-aides/releves/<month>.pdf")
@requires(Permission.ACCOUNT_OWN)
def driver_statement_pdf(month: str) -> ResponseReturnValue:
    """My statement of a month to print. Raises InvalidInput("covoit.bad_month")."""
    with looking() as (session, person):
        shown = driver.statement_seen(session, person, month)
        known = get_person(session, person)
        named = " ".join(part for part in (known.first_name, known.last_name) if part)
        name = named or accounts.profile(session, signed_in().subject).name or ""
    return _file(statement_pdf(shown, name), f"releve-covoiturage-{month}.pdf", "application/pdf")


@bp.get("/covoiturage/mes-aides/attestations/<int:year>.pdf")
@requires(Permission.ACCOUNT_OWN)
def driver_certificate(year: int) -> ResponseReturnValue:
    """Days, trips and kilometres of a year for my employer (`?role=passenger` for those made as a passenger).

    Raises NotFound("covoit.no_certificate") for a year before the first lines or to come."""
    instant = now()
    if not FIRST_YEAR <= year <= paris_day(instant).year:
        raise NotFound("covoit.no_certificate", year=year)
    role = "passenger" if request.args.get("role") == "passenger" else "driver"
    with looking() as (session, person):
        made = statements.certificate(session, person, year, role=role, now=instant)
        if not made.name:
            made = replace(made, name=accounts.profile(session, signed_in().subject).name or "")
    return _file(certificate_pdf(made), f"attestation-covoiturage-{year}.pdf", "application/pdf")


def _file(content: bytes, name: str, content_type: str) -> Response:
    answer = Response(content, content_type=content_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer

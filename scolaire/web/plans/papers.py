"""What leaves the desk: driver's sheets, lists of schools, GTFS, CSV, GeoJSON."""

from flask import Response, send_file
from flask.typing import ResponseReturnValue

from mobigo.base.errors import NotFound
from mobigo.base.instants import paris_day
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.web import services
from scolaire.export.plan_csv import plan_csv
from scolaire.export.sheets import driver_sheet, school_list
from scolaire.service import papers
from scolaire.service import plans as service
from scolaire.web.plans import bp

PLAN = Permission.SCHOOL_PLAN


def attached(content: bytes, name: str, kind: str) -> Response:
    """A file to keep."""
    import io

    answer = send_file(io.BytesIO(content), mimetype=kind, as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@bp.get("/versions/<version_id>/plan.csv.zip")
@requires(PLAN)
def export_csv(version_id: str) -> ResponseReturnValue:
    """The plan as CSV tables, to be changed elsewhere and sent back."""
    with reading(services().engine) as session:
        found = service.open_version(session, version_id)
    return attached(plan_csv(found.plan, found.demand), f"plan-v{found.row.number}.zip", "application/zip")


@bp.get("/versions/<version_id>/gtfs-<kind>.zip")
@requires(PLAN)
def export_gtfs(version_id: str, kind: str) -> ResponseReturnValue:
    """The closed services (712), which are never published, or the open ones (713)."""
    if kind not in ("ferme", "ouvert"):
        raise NotFound("scolaire.edit_unknown", name=kind[:40])
    with reading(services().engine) as session:
        found = service.open_version(session, version_id)
        content = papers.gtfs_of(session, found, closed=kind == "ferme", config=services().config)
    return attached(content, f"scolaire-{kind}-v{found.row.number}.zip", "application/zip")


@bp.get("/versions/<version_id>/netex-ferme.zip")
@requires(PLAN)
def export_netex(version_id: str) -> ResponseReturnValue:
    """The closed services in NeTEx, never published."""
    with reading(services().engine) as session:
        found = service.open_version(session, version_id)
        content = papers.netex_of(session, found, config=services().config)
    return attached(content, f"scolaire-ferme-netex-v{found.row.number}.zip", "application/zip")


@bp.get("/versions/<version_id>/fiches/<half>/<bus>.pdf")
@requires(PLAN)
def export_sheet(version_id: str, half: str, bus: str) -> ResponseReturnValue:
    """The driver's sheet of a bus (fiche horaire conducteur)."""
    with reading(services().engine) as session:
        found = service.open_version(session, version_id)
        notes = papers.notes_of(session, found.row.plan, paris_day(now()), names=False)
    if half not in found.plan.halves or all(each.id != bus for each in found.plan.halves[half].blocks):
        raise NotFound("scolaire.edit_unknown", name=bus[:40])
    content = driver_sheet(
        found.plan, found.demand, half, bus, version=f"v{found.row.number}", made_at=found.row.made_at, notes=notes,
        turns=papers.turns_of(found, half, bus, services().school_roads),
    )  # fmt: skip
    return attached(content, f"fiche-{half}-{bus}.pdf", "application/pdf")


@bp.get("/versions/<version_id>/listes/<school>.csv")
@requires(PLAN)
def export_list(version_id: str, school: str) -> ResponseReturnValue:
    """Who is expected at a school, without a name: who draws circuits reads none."""
    with reading(services().engine) as session:
        found = service.open_version(session, version_id)
    if school not in found.demand.school_of:
        raise NotFound("scolaire.edit_unknown", name=school[:40])
    return attached(school_list(found.plan, found.demand, school), f"liste-{school}.csv", "text/csv; charset=utf-8")

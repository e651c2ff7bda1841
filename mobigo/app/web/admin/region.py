"""« Installer un territoire »: each part of a region in order, looked at first, then put in use."""

from collections.abc import Mapping
from typing import Any, BinaryIO, Final, NamedTuple, cast

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mobigo.app import region_desk as desk
from mobigo.app import region_state
from mobigo.app.region_desk import PARTS, Asked, Part, Sent
from mobigo.app.web.account.forms import Faults
from mobigo.app.web.admin import bp
from mobigo.base.instants import paris_day
from mobigo.infra import auth, jobs
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading, transaction
from mobigo.infra.i18n import gettext as _
from mobigo.infra.jobs import State
from mobigo.infra.web import body_limit, services

UPLOAD_LIMIT_BYTES: Final = 200_000_000
SHOWN: Final = 200
YEARS: Final = range(2000, 2100)


class Told(NamedTuple):
    """What a page says of a part: its name, what it is for, who publishes it, what its rows are."""

    title: str
    why: str
    source: str
    rows: str = ""


def told() -> Mapping[str, Told]:
    """The parts, in words, by slug."""
    sheet = _("Un tableau que vous tenez, CSV ou Excel.")
    return {
        "communes": Told(
            _("Communes"), _("Leurs contours : ils disent dans laquelle un covoiturage commence et finit."),
            _("Contours administratifs d’Etalab ou IGN Admin Express, en GeoJSON."),
        ),
        "gtfs": Told(
            _("Horaires des réseaux"), _("Un fichier GTFS par réseau. Une adresse est ensuite relevée chaque jour."),
            _("Point d’accès national, transport.data.gouv.fr, ou le réseau lui-même."), _("courses"),
        ),
        "streets": Told(
            _("Rues et chemins"), _("La marche, le vélo et la route suivent alors les rues."),
            _("Extraits d’OpenStreetMap de Geofabrik (Bourgogne, Franche-Comté), licence ODbL."), _("voies"),
        ),
        "addresses": Told(
            _("Adresses"), _("« 12 rue des Fleurs, Saulieu » se trouve alors dans les champs de recherche."),
            _("Base Adresse Nationale, un fichier CSV par département."), _("adresses"),
        ),
        "tariffs": Told(
            _("Tarifs"), _("Une version de tarif à la fois ; elle vaut quand une autre personne l’approuve."),
            _("Le règlement tarifaire de la Région, au format TOML des tarifs."),
        ),
        "school-schools": Told(
            _("Établissements scolaires"), _("Leur code UAI, leur lieu, leur nature."),
            _("Annuaire de l’éducation, data.education.gouv.fr."), _("établissements"),
        ),
        "school-bells": Told(_("Horaires des établissements"), _("Les entrées et les sorties, jour par jour."), sheet,
                             _("horaires")),
        "school-sectors": Told(_("Secteurs scolaires"), _("L’établissement de chaque commune."),
                               _("Cartes scolaires des départements et du rectorat."), _("lignes")),
        "school-stops": Told(_("Arrêts scolaires"), _("Où les cars scolaires s’arrêtent."), sheet, _("arrêts")),
        "school-days": Told(
            _("Vacances et jours d’école"), _("Les jours où les cars scolaires ne circulent pas."),
            _("Calendrier scolaire officiel, zone A, data.education.gouv.fr."), _("périodes"),
        ),
    }  # fmt: skip


@bp.get("/territoire")
@requires(Permission.REGION_WRITE, everywhere=True)
def region() -> ResponseReturnValue:
    """The parts in order, and what is in use of each."""
    with reading(services().engine) as session:
        held = region_state.held(session, services(), now())
        recent = desk.looks(session)
    return render_template("admin/region.html", parts=PARTS, told=told(), held=held, looks=recent)


@bp.get("/territoire/<part>")
@requires(Permission.REGION_WRITE, everywhere=True)
def region_part(part: str) -> ResponseReturnValue:
    """One part: where it comes from, what is in use, the form. Raises NotFound("region.no_part")."""
    return _part_page(desk.part_of(part), Faults())


@bp.post("/territoire/<part>")
@requires(Permission.REGION_WRITE, everywhere=True)
@body_limit(UPLOAD_LIMIT_BYTES)
def region_receive(part: str) -> ResponseReturnValue:
    """Keep what is sent and have it looked at: nothing that serves changes."""
    chosen, faults, job = desk.part_of(part), Faults(), ""
    files = [
        Sent(each.filename or "", cast(BinaryIO, each.stream))  # werkzeug's spooled file, declared IO[bytes]
        for each in request.files.getlist("files")
        if each.filename
    ]
    year = request.form.get("year", "")
    asked = Asked(
        files,
        request.form.get("links", "").split(),
        request.form.get("name", ""),
        int(year) if year.isascii() and year.isdigit() and len(year) == 4 and int(year) in YEARS else 0,
    )
    with faults.caught(), transaction(services().engine) as session:
        job = desk.receive(session, services().blobs, chosen, asked, by=auth.signed_in().subject, now=now())
    if faults.by_field:
        return _part_page(chosen, faults)
    return redirect(url_for("admin.region_look", part=part, job_id=job), 303)


@bp.get("/territoire/<part>/<job_id>")
@requires(Permission.REGION_WRITE, everywhere=True)
def region_look(part: str, job_id: str) -> ResponseReturnValue:
    """What the look found so far, and how to put it in use. Raises NotFound("region.no_part" | "region.no_look")."""
    return _look_page(desk.part_of(part), job_id, Faults())


@bp.post("/territoire/<part>/<job_id>/mettre-en-service")
@requires(Permission.REGION_WRITE, everywhere=True)
def region_bring(part: str, job_id: str) -> ResponseReturnValue:
    """Have what was looked at put in use; of two people at once, one is told that the other was first."""
    chosen, faults = desk.part_of(part), Faults()
    with faults.caught(), transaction(services().engine) as session:
        seen = desk.find_look(session, chosen, job_id)
        desk.put_in_use(session, services().blobs, seen, by=auth.signed_in().subject, now=now())
    if faults.by_field:
        return _look_page(chosen, job_id, faults)
    flash(_("C’est demandé. Ce qui sert maintenant sert jusqu’à la fin."), "good")
    return redirect(url_for("admin.region_look", part=part, job_id=job_id), 303)


@bp.post("/territoire/<part>/<job_id>/regarder")
@requires(Permission.REGION_WRITE, everywhere=True)
def region_again(part: str, job_id: str) -> ResponseReturnValue:
    """Have the same files looked at once more."""
    chosen = desk.part_of(part)
    with transaction(services().engine) as session:
        seen = desk.find_look(session, chosen, job_id)
        again = desk.look_again(session, seen, by=auth.signed_in().subject, now=now())
    return redirect(url_for("admin.region_look", part=part, job_id=again), 303)


@bp.post("/territoire/<part>/<job_id>/annuler")
@requires(Permission.REGION_WRITE, everywhere=True)
def region_cancel(part: str, job_id: str) -> ResponseReturnValue:
    """Stop what runs: the putting in use if there is one, else the look. Raises Conflict("jobs.already_ended")."""
    chosen = desk.part_of(part)
    with transaction(services().engine) as session:
        seen = desk.find_look(session, chosen, job_id)
        bringing = desk.bring_of(session, seen)
        desk.stop(session, bringing or seen, by=auth.signed_in().subject, now=now())
    flash(_("Le travail s’arrête."), "good")
    return redirect(url_for("admin.region_look", part=part, job_id=job_id), 303)


def _part_page(part: Part, faults: Faults) -> ResponseReturnValue:
    with reading(services().engine) as session:
        held = region_state.held(session, services(), now())[part.slug]
        recent = [each for each in desk.looks(session, 200) if each.params["part"] == part.code][:5]
    page = render_template(
        "admin/region_part.html", part=part, told=told()[part.slug], held=held, looks=recent, errors=faults.by_field,
        typed=request.form, limit_bytes=UPLOAD_LIMIT_BYTES, files_max=desk.FILES_MAX, year=paris_day(now()).year,
    )  # fmt: skip
    return page, faults.status if faults.by_field else 200


def _look_page(part: Part, job_id: str, faults: Faults) -> ResponseReturnValue:
    with reading(services().engine) as session:
        seen = desk.find_look(session, part, job_id)
        bringing = desk.bring_of(session, seen)
        held = region_state.held(session, services(), now())[part.slug]
    report = desk.report_of(services().blobs, seen)
    running: jobs.Job | None = next((each for each in (bringing, seen) if each is not None and not each.ended), None)
    page = render_template(
        "admin/region_look.html", part=part, told=told()[part.slug], held=held, seen=seen, bringing=bringing,
        report=report, running=running, shown=report.faults[:SHOWN] if report else (), errors=faults.by_field,
        State=State, words=_state_words(),
    )  # fmt: skip
    return page, faults.status if faults.by_field else 200


def _state_words() -> dict[str, Any]:
    return {each.value: _(f"jobs.state.{each.value}") for each in State}

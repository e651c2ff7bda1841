"""One registration on the desk: facts, what the rule says, documents, measure, decision, pass, who may see it."""

from collections.abc import Callable
from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from mobigo.base.errors import InvalidInput, NotFound, Refused
from mobigo.base.instants import paris_day
from mobigo.infra import audit, auth, competence
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.infra.web import body_limit, services
from scolaire.export.way_map import way_svg
from scolaire.model.people import Access
from scolaire.model.rights import Outcome
from scolaire.rules.documents import BYTES_MAX
from scolaire.service import access, deciding, documents, earlier, homes, joining, judging, passes, registering
from scolaire.store import documents as papers
from scolaire.store import pupils, schools, stops
from scolaire.store.pupils import AddressRow, GuardianRow, HomeRow, IdentityRow, position
from scolaire.store.reasons import told
from scolaire.store.registrations import RegistrationRow, decisions, legs
from scolaire.web import bp, words
from scolaire.web.desk.inbox import my_name, signatory
from scolaire.web.families.files import paper_answer
from scolaire.web.forms import Faults, looking, me, point_of, text, writing

Act = Callable[[Session, RegistrationRow], object]


@bp.get("/scolaire/agents/dossiers/<registration>")
@requires(Permission.SCHOOL_REGISTER)
def desk_file(registration: str) -> ResponseReturnValue:
    """Everything about one registration; addresses to who may see them."""
    return _page(registration, Faults())


@bp.post("/scolaire/agents/dossiers/<registration>/<act>")
@requires(Permission.SCHOOL_REGISTER)
@body_limit(BYTES_MAX + 100_000)
def desk_act(registration: str, act: str) -> ResponseReturnValue:
    """What any desk does with a file: a document, new or given before; a receipt, a replaced card, a code for the
    family."""
    faults, said = Faults(), ""
    with faults.caught(), writing() as session:
        row = _in_scope(session, registration)
        match act:
            case "document":
                sent = request.files.get("document")
                content = b"" if sent is None else sent.read(BYTES_MAX + 1)
                documents.give(
                    session, services().blobs, row.id, text("kind"), content, _giver(session, row), now(),
                    entered_by=me(),
                )  # fmt: skip
                said = _("Le document est ajouté.")
            case "reprendre":
                known, desk, kind = text("known", 40), _desk(session), text("known_kind")
                whose = earlier.guardian_of(session, row, known, paris_day(now()), desk)
                earlier.choose(session, services().blobs, row.id, known, kind, whose, me(), now(), desk)
                said = _("Le document déjà donné est repris dans ce dossier.")
            case "payer":
                passes.pay(session, row.id, text("receipt"), me(), now())
                said = _("Le règlement est noté et la carte est remise.")
            case "carte":
                passes.replace(
                    session, row.id, text("why"), receipt=text("receipt"), by=me(), config=services().config, now=now()
                )
                said = _("La carte est remplacée ; l’ancienne ne vaut plus rien.")
            case "code":
                made = joining.invite(session, text("guardian", 26), by=me(), now=now())
                said = _("Code à donner à cette personne, montré une seule fois : %(code)s", code=made.code)
            case "annuler":
                registering.cancel(session, row.id, me(), now())
                said = _("L’inscription est annulée.")
            case _:
                raise NotFound("scolaire.unknown_registration")
    return _after(registration, faults, said)


@bp.post("/scolaire/agents/dossiers/<registration>/instruire/<act>")
@requires(Permission.SCHOOL_DECIDE, everywhere=True)
def desk_decide(registration: str, act: str) -> ResponseReturnValue:
    """What leads to a decision, and the decision."""
    faults, said, config = Faults(), _("C’est enregistré."), services().config
    with faults.caught(), writing() as session:
        row = _in_scope(session, registration)
        match act:
            case "decider":
                deciding.decide(
                    session, row.id, _outcome(), by=signatory(), words=text("words", 4_000), config=config, now=now(),
                    facts_changed=bool(text("facts_changed")),
                )  # fmt: skip
                said = _("La décision est signée ; la famille est prévenue.")
            case "repondre":
                deciding.answer(
                    session, text("appeal", 26), _outcome(), by=signatory(), words=text("words", 4_000), config=config,
                    now=now(),
                )  # fmt: skip
                said = _("La réponse au recours est signée ; la famille est prévenue.")
            case "mesurer":
                homes.measure_by_hand(session, row.id, text("home", 26), _metres(), me(), now())
            case "placer":
                _see_addresses()
                at = point_of()
                if at is None:
                    raise InvalidInput("scolaire.bad_position")
                homes.get_leg(session, row.id, text("home", 26))
                homes.locate(session, text("home", 26), at, me(), config, now())
            case "secteur":
                homes.say_sector(session, row.id, text("home", 26), text("in_sector") == "yes", me(), now())
            case "arret":
                homes.give_stop(session, row.id, text("home", 26), text("stop", 26) or None, me(), now())
            case "accepter" | "refuser":
                paper = documents.get_document(session, text("document", 26))
                if paper.registration != row.id:
                    raise NotFound("scolaire.unknown_document")
                documents.look(
                    session, paper.id, accepted=act == "accepter", words=text("words", 400), by=me(), config=config,
                    now=now(),
                )  # fmt: skip
            case "demander":
                documents.ask_for(session, row.id, text("words", 400), me(), config, now())
                said = _("La famille est prévenue.")
            case "acces":
                joining.limit(
                    session, _bond_of(session, row, text("bond", 26)), Access(text("access", 5)), text("ground"),
                    by=me(), now=now(),
                )  # fmt: skip
            case _:
                raise NotFound("scolaire.unknown_registration")
    return _after(registration, faults, said)


@bp.get("/scolaire/agents/dossiers/<registration>/documents/<document>")
@requires(Permission.SCHOOL_DECIDE, everywhere=True)
def desk_document(registration: str, document: str) -> ResponseReturnValue:
    """A document of a file."""
    with looking() as session:
        row = _in_scope(session, registration)
        paper = documents.get_document(session, document)
        if paper.registration != row.id or not papers.has_file(session, paper):
            raise NotFound("scolaire.unknown_document")
    return paper_answer(paper)


def _in_scope(session: Session, registration: str) -> RegistrationRow:
    return access.get_in_scope(session, registration, _desk(session).scope)


def _desk(session: Session) -> earlier.Desk:
    agent = auth.signed_in()
    return earlier.Desk(agent, access.scope_of(session, agent, Permission.SCHOOL_REGISTER, paris_day(now())))


def _giver(session: Session, row: RegistrationRow) -> str | None:
    """From whom the paper is, of those who act for the pupil; None: from nobody in particular. Raises NotFound(
    "scolaire.unknown_guardian")."""
    said = text("guardian", 26)
    if said and said not in {each.id for each in access.acting(session, row.pupil, paris_day(now()))}:
        raise NotFound("scolaire.unknown_guardian")
    return said or None


def _after(registration: str, faults: Faults, said: str) -> ResponseReturnValue:
    if faults:
        return _page(registration, faults)
    flash(said, "good")
    return redirect(url_for("scolaire.desk_file", registration=registration), 303)


def _outcome() -> Outcome:
    try:
        return Outcome(text("outcome", 12))
    except ValueError:
        raise InvalidInput("scolaire.unknown_choice") from None


def _metres() -> int:
    given = "".join(text("distance", 12).split())
    return int(given) if given.isascii() and given.isdigit() else -1


def _bond_of(session: Session, row: RegistrationRow, bond: str) -> str:
    """A bond of this file's pupil. Raises NotFound("scolaire.unknown_bond")."""
    if bond not in {each.id for each in pupils.bonds_of_pupil(session, row.pupil, paris_day(now()))}:
        raise NotFound("scolaire.unknown_bond")
    if text("access", 5) not in set(Access):
        raise InvalidInput("scolaire.unknown_choice")
    return bond


def _see_addresses() -> None:
    if not auth.signed_in().may_in(Permission.SCHOOL_ADDRESSES, None):
        raise Refused("auth.not_permitted", permission=str(Permission.SCHOOL_ADDRESSES))


def _papers(session: Session, row: RegistrationRow, today: date) -> dict[str, object]:
    """The documents of a file, who may have given one, and those of theirs that may be given again."""
    desk, given = _desk(session), papers.of_registration(session, row.id)
    givers = [(each.id, f"{each.first_name} {each.last_name}") for each in access.acting(session, row.pupil, today)]
    offered = [(name, earlier.choices(session, row, each, today, desk)) for each, name in givers]
    return {
        "papers": given, "kept": papers.kept(session, row.id), "givers": givers,
        "giver": row.asked_by if row.asked_by in dict(givers) else "",
        "again": {each.id: earlier.origin(session, each, today, desk) for each in given},
        "earlier": [(name, found) for name, found in offered if found],
    }  # fmt: skip


def _page(registration: str, faults: Faults) -> ResponseReturnValue:
    identity, today, config = auth.signed_in(), paris_day(now()), services().config
    decides = identity.may_in(Permission.SCHOOL_DECIDE, None)
    sees = identity.may_in(Permission.SCHOOL_ADDRESSES, None)
    with looking() as session:
        row = _in_scope(session, registration)
        judged = judging.judge(session, row, config)
        school = schools.school_value(schools.get_school(session, row.uai))
        found = decisions(session, row.id)
        appeal = deciding.appeal_of(session, found[-1].id) if found else None
        bonds = [(bond, session.get_one(GuardianRow, bond.guardian))
                 for bond in pupils.bonds_of_pupil(session, row.pupil, today)]  # fmt: skip
        seen = []
        for leg in legs(session, [row.id])[row.id]:
            home = session.get_one(HomeRow, leg.home)
            address = session.get(AddressRow, leg.home) if sees else None
            reach = pupils.walks(session, [home.id]).get(home.id, [])[:12]
            near = [(stops.get_stop(session, walk.stop), walk) for walk in reach]
            given = [stops.get_stop(session, each) for each in (leg.stop, leg.wished_stop) if each is not None]
            at = position(address)
            points = [("school", school.name, school.at)] if school.at is not None else []
            points += [("home", _("domicile"), at)] if at is not None else []
            way = homes.measured_of(leg)
            path = way.path if way is not None and at is not None else ()
            drawn = way_svg(points, path, _("Le chemin mesuré")) if len(points) > 1 else ""
            seen.append((home, leg, address, near, given, judged.right.of_home(home.id), drawn))
        seen.sort(key=lambda each: (each[0].kind == "second", each[0].id))
        twins = registering.doubles(session, row)
        history = audit.history(session, "scolaire_registration", row.id)
        page = render_template(
            "scolaire/desk_file.html", row=row, identity=session.get_one(IdentityRow, row.pupil), school=school,
            judged=judged, homes=seen, decisions=found, appeal=appeal, bonds=bonds, twins=twins, history=history,
            **_papers(session, row, today), card=passes.current_pass(session, row.id), decides=decides, sees=sees,
            words=words, duplicate=passes.price_of_duplicate(session, row, "lost", config), name=my_name(),
            communes=competence.communes(), told=told, sentence=sentence, errors=faults.by_field, typed=request.form,
            today=today,
        )  # fmt: skip
    return page, faults.status if faults else 200

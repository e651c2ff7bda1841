"""The agents' desk of requests: what is due, late first; one file and what may be done with it; a request entered for
somebody who calls, writes or comes to the counter."""

from typing import Any, Final

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from mobigo.base.errors import MobigoError, NotFound
from mobigo.base.instants import paris_day
from mobigo.infra import accounts, audit, auth, competence, idempotency
from mobigo.infra.auth import Permission, requires
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.i18n import current_language, sentence, use_language
from mobigo.infra.i18n import gettext as _
from mobigo.infra.roles import Identity
from mobigo.infra.web import body_limit, services
from mobigo.requests.export.letter import Sender, letter_pdf
from mobigo.requests.model import BY_AGENT, OPEN, Act, Channel, Claim, Kind, Service, Side, State, Way
from mobigo.requests.rules import facts as fact_rules
from mobigo.requests.rules import files as file_rules
from mobigo.requests.rules import numbers, steps
from mobigo.requests.rules.writing import WORDS_MAX, blurred
from mobigo.requests.service import acting, asking
from mobigo.requests.service import files as file_service
from mobigo.requests.store import files as store_files
from mobigo.requests.store import requests as store
from mobigo.requests.web import bp, files, words
from mobigo.requests.web.forms import Faults, asked, fresh_key, received, text, writing
from mobigo.requests.web.forms import words as written

SHOWN: Final = 100
STATES: Final = {
    "a-traiter": OPEN, "en-retard": OPEN, "repondues": frozenset({State.ANSWERED}), "closes": frozenset({State.CLOSED}),
    "toutes": frozenset(State),
}  # fmt: skip
ACTS: Final = {
    "prendre": Act.TAKE, "demander": Act.ASK, "repondre": Act.ANSWER, "confier": Act.HAND, "clore": Act.CLOSE,
    "rouvrir": Act.REOPEN,
}  # fmt: skip
NO_STORE: Final = {"Cache-Control": "private, no-store"}


def me() -> Identity:
    """The agent."""
    return auth.signed_in()


@bp.get("/demandes/agents")
@requires(Permission.REQUESTS_DESK)
def agents() -> ResponseReturnValue:
    """What waits for the services one answers for, the nearest day first, with what other packages keep; the filters
    are in the address."""
    instant, state = now(), request.args.get("etat", "a-traiter")
    state = state if state in STATES else "a-traiter"
    kind = request.args.get("sorte", "")
    kind = kind if kind in set(Kind) else ""
    mine = request.args.get("miennes") == "1"
    at = min(max(request.args.get("de", 0, type=int), 0), 100_000)
    today = paris_day(instant)
    with reading(services().engine) as session:
        rows, total = store.listed(
            session, acting.services_of(me()), STATES[state], kind=kind, taken_by=me().subject if mine else "",
            late_before=today if state == "en-retard" else None, limit=SHOWN, offset=at,
        )  # fmt: skip
        names = store.names_of(session, [row.id for row in rows])
        shown = [_claim(row, names.get(row.id, "")) for row in rows]
        if state in ("a-traiter", "en-retard") and not (kind or mine or at):
            shown += _elsewhere(session, state == "en-retard")
        count, late = store.count_open(session, acting.services_of(me()), today)
    if state in ("a-traiter", "en-retard"):
        shown.sort(key=lambda each: (each.answer_by or today, each.number))
    page = render_template(
        "requests/desk.html", rows=shown, total=total, count=count, late=late, today=today, state=state, kind=kind,
        mine=mine, at=at, size=SHOWN, states=_states(), kinds=[("", _("Toutes")), *_kinds()],
        link=lambda first: url_for("requests.agents", etat=state, sorte=kind, miennes="1" if mine else None, de=first),
    )  # fmt: skip
    return page, 200, NO_STORE


def _states() -> list[tuple[str, str]]:
    return [
        ("a-traiter", _("À traiter")), ("en-retard", _("En retard")), ("repondues", _("Répondues")),
        ("closes", _("Closes")), ("toutes", _("Toutes")),
    ]  # fmt: skip


def _kinds() -> list[tuple[str, str]]:
    return [(str(each), words.short_kind(each)) for each in Kind]


def _claim(row: store.RequestRow, name: str) -> Claim:
    said, tone = words.state_for_agents(row.state)
    return Claim(
        numbers.said(row.number), words.short_kind(row.kind), said, tone, row.received_at,
        row.promised_on if State(row.state) in OPEN else None, url_for("requests.file", number=row.number),
        blurred(name),
    )  # fmt: skip


def _elsewhere(session: Session, late: bool) -> list[Claim]:
    instant = now()
    found = [each for keeper in services().claims_elsewhere for each in keeper.to_answer(session, me(), instant)]
    today = paris_day(instant)
    return [each for each in found if not late or (each.answer_by is not None and each.answer_by < today)]


# ---------------------------------------------------------------- one request


@bp.get("/demandes/agents/<number>")
@requires(Permission.REQUESTS_DESK)
def file(number: str) -> ResponseReturnValue:
    """One request: who asked, what about, what was said, who read it, what may be done. Reading it is noted."""
    return _file(numbers.read(number) or number, Faults())


@bp.get("/demandes/agents/<number>/pieces/<file_id>")
@requires(Permission.REQUESTS_DESK)
def joined_file(number: str, file_id: str) -> ResponseReturnValue:
    """A photograph or document of a request, to the agents who may read it; it is noted who did."""
    with writing() as session:
        row = acting.read(session, numbers.read(number) or number, by=me(), now=now())
        found = file_service.get_file(session, row, file_id)
    return files.answer(row, found)


@bp.post("/demandes/agents/<number>/<act>")
@requires(Permission.REQUESTS_DESK)
@body_limit(files.BODY_MAX)
def act(number: str, act: str) -> ResponseReturnValue:
    """Take, ask, answer, hand to another service, close or reopen. Who comes second is told, and their words stay."""
    faults, row = Faults(), None
    if act not in ACTS:
        raise NotFound("http.reason_404")
    joined: list[file_service.Ready] = []
    with faults.caught():
        joined = files.given(counted=False) if ACTS[act] in (Act.ASK, Act.ANSWER) else []
    if faults:
        return _file(number, faults)
    with faults.caught(), writing() as session:
        seen = int(text("vu", 9)) if text("vu", 9).isascii() and text("vu", 9).isdigit() else -1
        row = acting.act_as_agent(
            session, services().config, number, ACTS[act], by=me(), seen=seen, words=written(),
            detail=text("detail", 20), now=now(),
        )  # fmt: skip
        file_service.join(session, services().blobs, row, joined, Side.AGENT, now())
        said = _done(ACTS[act], store.contact_of(session, row.id).way)
    if faults or row is None:
        return _file(number, faults)
    flash(said, "good")
    if not acting.may_read(row, me()):
        return redirect(url_for("requests.agents"), 303)
    return redirect(url_for("requests.file", number=number), 303)


def _done(act: Act, way: Way) -> str:
    if act is Act.TAKE:
        return _("La demande est à vous.")
    if act is Act.HAND:
        return _("La demande est confiée à l’autre service.")
    if act is Act.REOPEN:
        return _("La demande est rouverte.")
    return {
        Way.EMAIL: _("C’est enregistré : la personne est prévenue par courriel."),
        Way.SMS: _("C’est enregistré : la personne est prévenue par SMS."),
        Way.LETTER: _("C’est enregistré : imprimez la lettre et postez-la."),
        Way.NONE: _("C’est enregistré : la personne le lira par son lien, ou vous appellera."),
    }[way]


def _file(number: str, faults: Faults) -> ResponseReturnValue:
    instant = now()
    today = paris_day(instant)
    with writing() as session:
        row = acting.read(session, number, by=me(), now=instant)
        state, contact = State(row.state), store.contact_of(session, row.id)
        trail = audit.history(session, acting.AUDITED, row.number)[-50:]
        actors = {each.actor for each in trail} | {row.taken_by or ""}
        agents = {each: _agent(session, each) for each in actors}
        entries, joined = store.entries_of(session, row.id), store_files.by_entry(session, row.id)
    models = words.models()
    begun = models.get(request.args.get("modele", ""), ("", ""))[1]
    page = render_template(
        "requests/file.html", row=row, number=numbers.said(row.number), errors=faults.by_field, typed=request.form,
        state=state, badge=words.state_for_agents(state), words=words, person=contact, entries=entries, trail=trail,
        agents=agents, facts=[sentence(each) for each in fact_rules.read(row.facts)], today=today, begun=begun,
        models=models, own=row.subject == me().subject, is_open=state in OPEN, most=WORDS_MAX, ways=Way,
        endings=[(str(each), words.ending(each)) for each in BY_AGENT],
        others=[(str(each), words.service(each)) for each in Service if each != row.service],
        may=lambda wanted: steps.refusal(state, Act(wanted), Side.AGENT) is None,
        follow=asking.link_of(services().config, row), files=joined, limits=file_rules,
    )  # fmt: skip
    return page, faults.status if faults else 200, NO_STORE


def _agent(session: Session, subject: str) -> str:
    """How an agent is named in the trail; whoever has no account by what they are."""
    if subject in ("", "system", "anonymous"):
        return {"system": _("le service, de lui-même"), "anonymous": _("la personne, par son lien")}.get(subject, "")
    try:
        known = accounts.profile(session, subject)
    except MobigoError:
        return _("compte effacé")
    return known.name or subject[-6:]


@bp.get("/demandes/agents/<number>/lettre.pdf")
@requires(Permission.REQUESTS_DESK)
def letter(number: str) -> ResponseReturnValue:
    """The last answer, question or end, as a letter to print. Raises NotFound("requests.no_letter") before there is
    one."""
    instant = now()
    with writing() as session:
        row = acting.read(session, numbers.read(number) or number, by=me(), now=instant)
        contact, entries = store.contact_of(session, row.id), store.entries_of(session, row.id)
    last = next((each for each in reversed(entries) if each.act in (Act.ANSWER, Act.ASK, Act.CLOSE)), None)
    if last is None:
        raise NotFound("requests.no_letter")
    config = services().config
    with use_language(row.language):
        region = competence.table().authorities["region"].shown(production=config.production)
        said = [last.words] if last.words else [words.entry(last.act, last.side, last.detail)]
        sender = Sender(region.name, region.postal or "", region.phone)
        made = letter_pdf(row.number, row.received_at, contact, said, sender, last.at)
    headers = {"Content-Disposition": f'inline; filename="demande-{row.number}.pdf"', **NO_STORE}
    return Response(made, mimetype="application/pdf", headers=headers)


# ---------------------------------------------------------------- entered for somebody


@bp.get("/demandes/agents/saisir")
@requires(Permission.REQUESTS_DESK)
def enter() -> ResponseReturnValue:
    """The form of a request that comes by telephone, by post or at the counter."""
    return _enter(Faults())


@bp.post("/demandes/agents/saisir")
@requires(Permission.REQUESTS_DESK)
@body_limit(files.BODY_MAX)
def enter_now() -> ResponseReturnValue:
    """Enters it for the person, who is told the number; the agent reads it to them."""
    faults, instant, number = Faults(), now(), ""
    with faults.caught():
        way = Way(text("way")) if text("way") in set(Way) else Way.NONE
        came = text("channel")
        channel = Channel(came) if came in set(Channel) - {Channel.WEB} else Channel.PHONE
        wanted, came_at, joined = asked(way, instant), received(instant), files.given(counted=False)
        with writing() as session:

            def once() -> str:
                row = asking.ask(
                    session, services().config, wanted, channel=channel, language=current_language(), now=instant,
                    by=me(), received=came_at,
                )  # fmt: skip
                file_service.join(session, services().blobs, row, joined, Side.AGENT, instant)
                return row.number

            key = text("cle", 60) or fresh_key()
            whole = [str(channel), str(wanted.kind), wanted.words, str(wanted.contact), files.digests(joined)]
            scope = f"requests.enter:{me().subject}"
            number = idempotency.once(session, scope, key, whole, once, now=instant).answer
    if faults:
        return _enter(faults)
    flash(_("Enregistrée. Numéro à dire à la personne : %(number)s", number=numbers.said(number)), "good")
    with reading(services().engine) as session:
        mine = acting.may_read(store.get(session, number), me())
    return redirect(url_for("requests.file", number=number) if mine else url_for("requests.agents"), 303)


def _enter(faults: Faults) -> ResponseReturnValue:
    ways: list[tuple[str, Any]] = [
        (str(Way.EMAIL), _("par courriel")), (str(Way.SMS), _("par SMS")), (str(Way.LETTER), _("par courrier")),
        (str(Way.NONE), _("la personne rappellera")),
    ]  # fmt: skip
    page = render_template(
        "requests/enter.html", errors=faults.by_field, typed=request.form, most=WORDS_MAX, ways=ways,
        key=text("cle", 60) or fresh_key(), limits=file_rules,
        kinds=[("", _("Choisir")), *((str(each), words.kind(each)) for each in Kind)], today=paris_day(now()),
        channels=[(str(each), words.channel(each)) for each in Channel if each is not Channel.WEB],
    )  # fmt: skip
    return page, faults.status if faults else 200, NO_STORE

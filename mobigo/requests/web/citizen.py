"""Making a request, with an account or without, and following it by its link: all without a script."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from mobigo.base.errors import InvalidInput, NotFound
from mobigo.base.instants import paris_day
from mobigo.infra import accounts, audit, auth, idempotency, ratelimit
from mobigo.infra.auth import public
from mobigo.infra.clock import now
from mobigo.infra.db import reading
from mobigo.infra.i18n import current_language, sentence
from mobigo.infra.i18n import gettext as _
from mobigo.infra.web import body_limit, services
from mobigo.requests.gateway.deadlines import tables
from mobigo.requests.model import Act, Channel, Content, Kind, Side, State
from mobigo.requests.rules import deadlines, numbers, steps
from mobigo.requests.rules import facts as fact_rules
from mobigo.requests.rules import files as file_rules
from mobigo.requests.rules.writing import WORDS_MAX
from mobigo.requests.service import acting, asking, personal, telling
from mobigo.requests.service import files as file_service
from mobigo.requests.store import files as store_files
from mobigo.requests.store import requests as store
from mobigo.requests.web import bp, files, words
from mobigo.requests.web.forms import Faults, asked, contact, fresh_key, text, writing
from mobigo.requests.web.forms import words as written

BY_ADDRESS: Final = "10 per hour"
BY_ACCOUNT: Final = "20 per day"
ACTS_BY_ADDRESS: Final = "60 per hour"
KIND_OF: Final = {"trajet": Kind.DELAY, "commande": Kind.TICKETING, "tad": Kind.ON_DEMAND}
WRITING: Final = ("ecrire", "rouvrir")  # what files may come with
NO_STORE: Final = {"Cache-Control": "private, no-store"}


@bp.get("/demandes")
@public
def ask() -> ResponseReturnValue:
    """The form; from the page of a journey, an order or a booking (`?depuis=&ref=`) it says what is known of it."""
    return _form(Faults())


@bp.post("/demandes")
@public
@body_limit(files.BODY_MAX)
def ask_now() -> ResponseReturnValue:
    """Makes the request: its page has its number and its day. The same form sent twice is one request."""
    faults, instant, identity, made = Faults(), now(), auth.current_account(), ""
    subject = None if identity is None else identity.subject
    with faults.caught():
        counters = ratelimit.attempts()
        if subject is None:
            counters.count("requests-ask", BY_ADDRESS, ratelimit.address())
        else:
            counters.count("requests-ask-account", BY_ACCOUNT, subject)
        wanted, joined = asked(None, instant), files.sent()
        reached = asking.checked(wanted)
        for recipient in {reached.email, reached.phone} - {""}:
            counters.count("requests-told", ratelimit.MAIL_BY_RECIPIENT, recipient)
        with writing() as session:

            def act() -> Any:
                row = asking.ask(
                    session, services().config, wanted, channel=Channel.WEB, language=current_language(), now=instant,
                    subject=subject,
                )  # fmt: skip
                file_service.join(session, services().blobs, row, joined, Side.PERSON, instant)
                return asking.link_of(services().config, row)

            key = text("cle", 60) or fresh_key()
            whole = [str(wanted.kind), wanted.words, str(wanted.contact), wanted.origin, subject, files.digests(joined)]
            link = idempotency.once(session, "requests.ask", key, whole, act, now=instant).answer
            made = "/" + link.removeprefix(services().config.base_url).lstrip("/")
    if faults:
        return _form(faults)
    flash(_("Votre demande est enregistrée. Notez son numéro et gardez l’adresse de cette page."), "good")
    return redirect(made, 303)


def _form(faults: Faults) -> ResponseReturnValue:
    instant, identity = now(), auth.current_account()
    origin, ref = text("depuis", 20), text("ref", 8_000)
    facts: tuple[Any, ...] = ()
    typed: dict[str, str] = dict(request.form)
    origins = services().request_origins
    if origin and origins is not None:
        try:
            facts = origins.facts(origin, ref, instant)
        except NotFound:
            origin = ref = ""
    if identity is not None and not typed:
        with reading(services().engine) as session:
            person = accounts.profile(session, identity.subject)
        typed = {"name": person.name or "", "email": person.email or ""}
    with reading(services().engine) as session:
        known = files.known(session)
    chosen = typed.get("kind") or text("sorte", 20) or str(KIND_OF.get(origin, ""))
    table = deadlines.table_on(tables(services().config.home), paris_day(instant))
    page = render_template(
        "requests/ask.html", errors=faults.by_field, typed=typed, origin=origin, ref=ref,
        facts=[sentence(each) for each in facts], kind=chosen, most=WORDS_MAX, key=text("cle", 60) or fresh_key(),
        kinds=[("", _("Choisir")), *((str(each), words.kind(each)) for each in Kind)],
        terms=[(words.short_kind(kind), term) for kind, term in table.terms.items()], known=known, limits=file_rules,
    )  # fmt: skip
    return page, faults.status if faults else 200, NO_STORE


# ---------------------------------------------------------------- the link again


@bp.get("/demandes/retrouver")
@public
def find_link() -> ResponseReturnValue:
    """Somebody lost the link of a request: by its number and the address they gave, it is sent again."""
    return render_template("requests/find.html", errors={}, typed={}, sent=False), 200, NO_STORE


@bp.post("/demandes/retrouver")
@public
def send_link() -> ResponseReturnValue:
    """Sends the link again, to the address given at the start and no other. What is answered is the same whether there
    is such a request or not."""
    faults, instant = Faults(), now()
    with faults.caught():
        counters = ratelimit.attempts()
        counters.count("requests-link", ratelimit.MAIL_BY_ADDRESS, ratelimit.address())
        number, reached = numbers.read(text("number", 40)), asking.reached(contact(None))
        given = reached.email.casefold() or reached.phone
        if not given:
            raise InvalidInput("requests.email_missing")
        counters.count("requests-told", ratelimit.MAIL_BY_RECIPIENT, given)
        if number is not None:
            with writing() as session:
                row = store.find(session, number)
                theirs = None if row is None else store.contact_of(session, row.id)
                if row is not None and theirs is not None and given in (theirs.email.casefold(), theirs.phone):
                    link = asking.link_of(services().config, row)
                    telling.again(session, row, theirs, link, fresh_key(), instant)
    page = render_template("requests/find.html", errors=faults.by_field, typed=request.form, sent=not faults)
    return page, faults.status if faults else 200, NO_STORE


# ---------------------------------------------------------------- one request


@bp.get("/demandes/<number>/<secret>")
@public
def follow(number: str, secret: str) -> ResponseReturnValue:
    """A request, by its link: where it stands, until when, what was said, what may be done."""
    with reading(services().engine) as session:
        return _page(session, _opened(session, number, secret), secret, Faults())


@bp.get("/demandes/<number>/<secret>/pieces/<file_id>")
@public
def follow_file(number: str, secret: str, file_id: str) -> ResponseReturnValue:
    """A photograph or document of a request, to whoever has its link."""
    with reading(services().engine) as session:
        row = _opened(session, number, secret)
        return files.answer(row, file_service.get_file(session, row, file_id))


@bp.post("/demandes/<number>/<secret>/<act>")
@public
@body_limit(files.BODY_MAX)
def follow_act(number: str, secret: str, act: str) -> ResponseReturnValue:
    """Write more, close, come back to it, say whether one is content, or have it forgotten."""
    faults, instant, done = Faults(), now(), ""
    with faults.caught():
        ratelimit.attempts().count("requests-act", ACTS_BY_ADDRESS, ratelimit.address())
        joined = files.sent() if act in WRITING else []
        with writing() as session:
            row = _opened(session, number, secret, lock=True)

            def once() -> str:
                return _acted(session, row, act, joined, instant)

            key = text("cle", 60) or fresh_key()
            said = [act, written(), files.digests(joined)]
            done = idempotency.once(session, f"requests.act:{row.id}", key, said, once, now=instant).answer
    if faults:
        with reading(services().engine) as session:
            return _page(session, _opened(session, number, secret), secret, faults)
    flash(done, "good")
    return redirect(url_for("requests.follow", number=number, secret=secret), 303)


def _acted(
    session: Session, row: store.RequestRow, act: str, joined: Sequence[file_service.Ready], now: datetime
) -> str:  # fmt: skip
    config = services().config
    match act:
        case "ecrire":
            acting.act_as_person(session, config, row, Act.SAY, words=written(), now=now)
            file_service.join(session, services().blobs, row, joined, Side.PERSON, now)
            return _("Votre message est dans le dossier.")
        case "clore":
            acting.act_as_person(session, config, row, Act.CLOSE, words=written(), now=now)
            return _("Votre demande est close.")
        case "rouvrir":
            acting.act_as_person(session, config, row, Act.REOPEN, words=written(), now=now)
            file_service.join(session, services().blobs, row, joined, Side.PERSON, now)
            return _("Votre demande est rouverte : une nouvelle réponse vous est promise.")
        case "avis":
            acting.rate(session, row, text("content", 10))
            return _("Merci : c’est noté.")
        case "effacer":
            if text("confirme", 2) != "1":
                return _("Rien n’est effacé : cochez la case pour confirmer.")
            personal.forget(session, [row], now)
            audit.record(
                session, "requests.forgotten", actor="anonymous", object_kind="request", object_id=row.number, now=now
            )
            return _("Vos coordonnées et tout ce qui était écrit sont effacés.")
    raise NotFound("http.reason_404")


def _opened(session: Session, number: str, secret: str, *, lock: bool = False) -> store.RequestRow:
    try:
        return asking.opened(session, services().config, number, secret, lock=lock)
    except NotFound:
        ratelimit.attempts().count("requests-guess", ratelimit.LINK_BY_ADDRESS, ratelimit.address())
        raise


def _page(session: Session, row: store.RequestRow, secret: str, faults: Faults) -> ResponseReturnValue:
    state, today = State(row.state), paris_day(now())
    over = row.ended_at is not None
    why_not = None if not over else steps.refusal_to_reopen(paris_day(row.ended_at or now()), row.reopened, today)
    term = deadlines.table_on(tables(services().config.home), paris_day(row.received_at)).terms[Kind(row.kind)]
    page = render_template(
        "requests/follow.html", row=row, secret=secret, errors=faults.by_field, typed=request.form, words=words,
        number=numbers.said(row.number), states=State, state=state, badge=words.state(state), today=today, term=term,
        facts=[sentence(each) for each in fact_rules.read(row.facts)], entries=store.entries_of(session, row.id),
        person=store.contact_of(session, row.id), why_not=None if why_not is None else sentence(why_not),
        last_day=None if row.ended_at is None else steps.last_day_to_reopen(paris_day(row.ended_at)),
        files=store_files.by_entry(session, row.id), known=files.known(session), limits=file_rules, key=fresh_key(),
        contents=[(str(Content.YES), _("oui")), (str(Content.PARTLY), _("en partie")), (str(Content.NO), _("non"))],
    )  # fmt: skip
    return page, faults.status if faults else 200, NO_STORE

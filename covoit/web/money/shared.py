"""What the agents' pages share: who acts, under which name they sign, files to download, names of people."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from covoit.service.counter import full_name
from covoit.store.people import people
from covoit.web.forms import Faults, text
from covoit.web.money import words
from mobigo.base.errors import NotFound
from mobigo.infra import accounts, audit, auth
from mobigo.infra.auth import Identity, Permission
from mobigo.infra.clock import now
from mobigo.infra.i18n import gettext as _

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"


def me() -> Identity:
    """Who acts."""
    return auth.signed_in()


def may(permission: Permission) -> bool:
    """Whether who looks may do this everywhere: what the services ask before they act."""
    return me().may_in(permission, None)


def page(template: str, faults: Faults | None = None, **said: Any) -> ResponseReturnValue:
    """A page of the desk, with the words of values and what who looks may do; a refused form's sentences first."""
    errors = {} if faults is None else faults.by_field
    body = render_template(f"covoit/{template}", errors=errors, words=words, may=may, Permission=Permission, **said)
    return body, faults.status if faults else 200


def whole_number(name: str) -> int:
    """A whole number of the address; 0 for what is none."""
    given = request.args.get(name, "0")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 8 else 0


def took(session: Session, kind: str, object_id: str, paper: str) -> None:
    """Write that who acts took a paper that names people."""
    audit.record(
        session, "covoit.paper_taken", actor=me().subject, object_kind=kind, object_id=object_id, now=now(),
        detail={"paper": paper},
    )  # fmt: skip


def download(content: bytes, name: str, kind: str) -> ResponseReturnValue:
    """A file to keep; never shown inside the page."""
    answer = make_response(content)
    answer.headers["Content-Type"] = kind
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


class Signs(NamedTuple):
    """Who signs a decision: name and capacity, as typed (CRPA, L212-1)."""

    name: str
    capacity: str


def signs() -> Signs:
    """The signatory of the form."""
    return Signs(text("name", 100), text("capacity", 200))


def signatory(session: Session) -> Signs:
    """What stands in the form before anything is typed: the account's name, the office of the one who signs."""
    capacity = _("gestionnaire du covoiturage") if may(Permission.COVOIT_PREPARE) else _("agent de guichet")
    return Signs(agent_name(session, me().subject), capacity)


def agent_name(session: Session, subject: str) -> str:
    """The name of an agent's account; "le service" for what runs by itself, the id of an account that is no more."""
    if subject == "system":
        return _("le service, automatiquement")
    try:
        return accounts.profile(session, subject).shown
    except NotFound:
        return subject


def names_of(session: Session, ids: Iterable[str]) -> Mapping[str, str]:
    """The names of people by id; somebody erased or unnamed is said so."""
    wanted = sorted(set(ids))
    known = people(session, wanted)
    return {person: full_name(known.get(person)) or _("personne sans nom") for person in wanted}

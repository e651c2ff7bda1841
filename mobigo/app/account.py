"""`mobigo account`: the first administrator, and what an administrator may need when the web is of no help.

Each act is written in the audit log with "cli" as its actor. A password never stands on the command line, where other
users of the machine would read it: it is typed, read from stdin, or chosen by the person through a link.
"""

import sys
from typing import TYPE_CHECKING

import click

from mobigo.base.errors import InvalidInput, NotFound
from mobigo.infra import console
from mobigo.infra.roles import Role

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from mobigo.infra.config import Config

ACTOR = "cli"


@click.group(short_help="Ouvrir des comptes, donner des rôles.")
def account() -> None:
    """Ouvrir des comptes, donner des rôles, envoyer un lien de mot de passe."""


@account.command(short_help="Ouvrir un compte ; le premier administrateur, par exemple.")
@click.argument("email")
@click.option("--name", default="", help="Nom de la personne.")
@click.option("--role", type=click.Choice([str(role) for role in Role]), multiple=True, help="Rôle à donner.")
@click.option("--organisation", help="Nom de l'organisation des rôles donnés ; elle est ajoutée si elle manque.")
@click.option("--password-stdin", is_flag=True, help="Lire le mot de passe sur l'entrée standard.")
@click.option("--link", "as_link", is_flag=True, help="Donner un lien à usage unique au lieu d'un mot de passe.")
@console.json_option
def create(
    email: str,
    name: str,
    role: tuple[str, ...],
    organisation: str | None,
    password_stdin: bool,
    as_link: bool,
    as_json: bool,
) -> None:
    """Ouvrir le compte de l'adresse EMAIL. Sans option, le mot de passe est demandé."""
    from mobigo.infra import account_links, accounts, passwords
    from mobigo.infra.clock import now
    from mobigo.infra.db import transaction

    config, engine = _open()
    password_hash = None
    if not as_link:
        typed = _password(password_stdin)
        password_hash = passwords.hashed(passwords.check_new(typed, email))
    instant = now()
    with transaction(engine) as session:
        subject = accounts.create(session, instant, email=email, name=name, password_hash=password_hash)
        _record(session, "account.created", subject)
        for each in role:
            _give(session, subject, Role(each), organisation)
        link = None
        if as_link:
            secret = account_links.make_link(session, account_links.Purpose.RESET, instant, subject=subject)
            link = f"{config.base_url}/mot-de-passe/{secret}"
    answer = {"subject": subject, "email": accounts.clean_email(email), "roles": list(role), "link": link}
    console.emit(answer, as_json, f"Compte ouvert : {answer['email']}" + (f"\n{link}" if link else ""))


@account.command(short_help="Donner ou retirer un rôle.")
@click.argument("email")
@click.argument("role", type=click.Choice([str(role) for role in Role]))
@click.option("--organisation", help="Nom de l'organisation ; elle est ajoutée si elle manque.")
@click.option("--take", is_flag=True, help="Retirer le rôle au lieu de le donner.")
@console.json_option
def role(email: str, role: str, organisation: str | None, take: bool, as_json: bool) -> None:
    """Donner à EMAIL le rôle ROLE, ou le retirer."""
    from sqlalchemy import select

    from mobigo.infra import grants
    from mobigo.infra.clock import now
    from mobigo.infra.db import transaction

    _, engine = _open()
    with transaction(engine) as session:
        subject = _subject(session, email)
        if take:
            where = _organisation(session, organisation)
            row = session.scalar(
                select(grants.GrantRow.id).where(
                    grants.GrantRow.subject == subject,
                    grants.GrantRow.role == role,
                    grants.GrantRow.organisation.is_(None) if where is None else grants.GrantRow.organisation == where,
                    grants.GrantRow.ended_at.is_(None),
                )
            )
            if row is None:
                raise NotFound("grant.unknown")
            grants.take(session, row, now(), by=None)
            _record(session, "grant.taken", subject, role=role, organisation=where)
        else:
            _give(session, subject, Role(role), organisation)
    done = "retiré à" if take else "donné à"
    console.emit({"subject": subject, "role": role, "taken": take}, as_json, f"Rôle {role} {done} {email}")


@account.command(short_help="Faire un lien pour choisir un mot de passe.")
@click.argument("email")
@console.json_option
def link(email: str, as_json: bool) -> None:
    """Faire un lien à usage unique, valable une heure, pour que EMAIL choisisse un mot de passe."""
    from mobigo.infra import account_links
    from mobigo.infra.clock import now
    from mobigo.infra.db import transaction

    config, engine = _open()
    with transaction(engine) as session:
        subject = _subject(session, email)
        secret = account_links.make_link(session, account_links.Purpose.RESET, now(), subject=subject)
        _record(session, "account.link_made", subject)
    made = f"{config.base_url}/mot-de-passe/{secret}"
    console.emit({"subject": subject, "link": made}, as_json, made)


def _open() -> "tuple[Config, Engine]":
    from mobigo.infra.config import load_config
    from mobigo.infra.db import open_engine

    config = load_config()
    return config, open_engine(config.database_url)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise InvalidInput("account.no_password_given")
    typed: str = click.prompt("Mot de passe", hide_input=True, confirmation_prompt="Encore une fois", err=True)
    return typed


def _subject(session: "Session", email: str) -> str:
    from mobigo.infra import accounts

    found = accounts.find_by_email(session, email)
    if found is None:
        raise NotFound("account.unknown")
    return found


def _organisation(session: "Session", name: str | None) -> str | None:
    """The id of the organisation of this name, added if it is missing; None when none is named."""
    from mobigo.infra import grants
    from mobigo.infra.clock import now

    if name is None:
        return None
    known = next((each.id for each in grants.list_organisations(session) if each.name == name), None)
    return known if known is not None else grants.create_organisation(session, name, now()).id


def _give(session: "Session", subject: str, role: Role, organisation: str | None) -> None:
    from mobigo.infra import grants
    from mobigo.infra.clock import now
    from mobigo.infra.roles import Grant

    where = _organisation(session, organisation)
    grants.give(session, subject, Grant(role, where), now(), by=None)
    _record(session, "grant.given", subject, role=str(role), organisation=where)


def _record(session: "Session", action: str, subject: str, **detail: object) -> None:
    from mobigo.infra import audit
    from mobigo.infra.clock import now

    audit.record(session, action, actor=ACTOR, object_kind="account", object_id=subject, now=now(), detail=detail)

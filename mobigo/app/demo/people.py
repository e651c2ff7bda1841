"""The accounts of the demonstration: one person for each role. Passwords are made at the first run, never in the code.

They are kept, readable by their owner alone, in `home/secrets/demo-accounts.json`: a second start shows them again.
"""

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from mobigo.infra.roles import Grant, Role

DOMAIN: Final = "demo.example.org"
CARRIER: Final = "Cars du Morvan (démonstration)"  # whose coaches and minibuses run here
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # no letter that reads like another or like a digit


@dataclass(frozen=True, slots=True)
class Person:
    """Someone of the demonstration: the role, who they are, and for whom they act."""

    role: Role
    email: str
    name: str
    does: str  # what they do, in French, for the list shown at the start
    organisation: str | None = None
    also: tuple[Role, ...] = ()  # further roles: an inspector takes money only as mandataire of a régie


@dataclass(frozen=True, slots=True)
class Access:
    """How to sign in as one of them."""

    role: str
    email: str
    password: str
    name: str
    does: str


def _person(
    role: Role, local: str, name: str, does: str, organisation: str | None = None, also: tuple[Role, ...] = ()
) -> Person:
    return Person(role, f"{local}@{DOMAIN}", name, does, organisation, also)


PEOPLE: Final = (
    _person(Role.ADMINISTRATOR, "administration", "Agnès Administratrice", "fait tourner le service"),
    _person(Role.PUBLISHER, "diffusion", "Denis Diffuseur", "importe et publie les données"),
    _person(Role.TRAVELLER, "voyage", "Violette Voyageuse", "prend le car de Saulieu à Châtillon"),
    _person(Role.DRIVER, "conduite", "Conrad Conducteur", "offre des places dans sa voiture"),
    _person(Role.FAMILY, "famille", "Fanny Famille", "inscrit ses enfants au transport scolaire"),
    _person(Role.COUNTER_AGENT, "guichet", "Guy Guichetier", "renseigne et vend au guichet"),
    _person(
        Role.INSPECTOR,
        "controle",
        "Coralie Contrôleuse",
        "vérifie les titres, encaisse en tournée",
        also=(Role.MANDATAIRE,),
    ),
    _person(Role.SCHOOL_MANAGER, "scolaire", "Sylvie Gestionnaire", "organise les transports scolaires"),
    _person(Role.SCHOOL_PLANNER, "circuits", "Cyrille Circuits", "dessine les circuits scolaires, sans voir d’adresse"),
    _person(Role.NETWORK_PLANNER, "etudes", "Élodie Études", "étudie ce que changerait un car de plus"),
    _person(Role.CARPOOL_MANAGER, "covoiturage", "Claire Gestionnaire", "suit le covoiturage, prépare les paiements"),
    _person(Role.FINANCE_AGENT, "finances", "Firmin Financier", "vérifie les paiements préparés"),
    _person(Role.ORDONNATEUR, "ordonnateur", "Odile Ordonnatrice", "vice-présidente : lit les dépenses, les ordonne"),
    _person(Role.COMPTABLE_PUBLIC, "comptable", "Colin Comptable", "contrôle et paie"),
    _person(Role.REGISSEUR, "regie", "Régine Régisseuse", "tient la régie de recettes"),
    _person(Role.MANDATAIRE, "mandat", "Maël Mandataire", "encaisse pour la régie"),
    _person(Role.OPERATOR, "transport", "Théo Transporteur", "exploite des lignes", CARRIER),
    _person(Role.AO2, "mairie", "Marie Mairie", "suit le transport de sa commune", "Mairie de Saulieu (démonstration)"),
    _person(Role.SCHOOL, "college", "Éloi Établissement", "suit ses élèves", "Collège de Saulieu (démonstration)"),
    _person(Role.API_PARTNER, "partenaire", "Paule Partenaire", "interroge l'API à grand débit"),
)


def new_password() -> str:
    """Sixteen letters and digits in four groups: about 79 random bits, and it can be typed."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def prepare(
    engine: Engine, home: Path, now: datetime, new: Callable[[], str] = new_password
) -> tuple[list[Access], bool]:
    """The accounts, made if they were not; and whether they were made now.

    Accounts that exist without our file (it was deleted) get new passwords: nobody is locked out of a demonstration.
    """
    from mobigo.infra import accounts, grants, passwords
    from mobigo.infra.db import transaction

    kept = load(home)
    if len(kept) == len(PEOPLE):
        return kept, False
    made = [Access(str(each.role), each.email, new(), each.name, each.does) for each in PEOPLE]
    hashes = [passwords.hashed(access.password) for access in made]
    with transaction(engine) as session:
        known = {each.name: each.id for each in grants.list_organisations(session)}
        for person, password_hash in zip(PEOPLE, hashes, strict=True):
            subject = accounts.find_by_email(session, person.email)
            if subject is not None:
                accounts.set_password(session, subject, password_hash, now)
                continue
            subject = accounts.create(
                session, now, email=person.email, name=person.name, password_hash=password_hash, language="fr"
            )
            if person.organisation is not None and person.organisation not in known:
                known[person.organisation] = grants.create_organisation(session, person.organisation, now).id
            where = known[person.organisation] if person.organisation is not None else None
            for role in (person.role, *person.also):
                grants.give(session, subject, Grant(role, where), now, by=None)
        save(home, made)
    return made, True


def carrier(session: Session) -> str | None:
    """The organisation that runs the coaches, once its people are there."""
    from mobigo.infra import grants

    return next((each.id for each in grants.list_organisations(session) if each.name == CARRIER), None)


def subjects(engine: Engine, accesses: list[Access]) -> dict[str, str]:
    """The account of each role."""
    from mobigo.infra import accounts
    from mobigo.infra.db import reading

    with reading(engine) as session:
        found = {access.role: accounts.find_by_email(session, access.email) for access in accesses}
    return {role: subject for role, subject in found.items() if subject is not None}


def load(home: Path) -> list[Access]:
    """The accesses kept in the home; empty when there are none, or when the file cannot be read."""
    try:
        return [Access(**each) for each in json.loads(_file(home).read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return []


def save(home: Path, accesses: list[Access]) -> None:
    """Keep them, for the owner of the home alone."""
    path = _file(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    text = json.dumps([asdict(each) for each in accesses], ensure_ascii=False, indent=1)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as written:
        written.write(text)


def _file(home: Path) -> Path:
    return home / "secrets" / "demo-accounts.json"

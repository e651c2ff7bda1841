"""Some requests of the last weeks, made and answered through the same services as anybody's: new ones, one that waits
for the traveller, one that is late, answered ones and closed ones, by the site, by telephone, by letter, at the
counter; one with a picture, one with a paper."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from mobigo.infra.db import reading, transaction
from mobigo.infra.roles import Grant, Identity, Role
from mobigo.requests.model import Act, Asked, Channel, Contact, Kind, Way

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from mobigo.infra.config import Config

WEB, PHONE, LETTER, COUNTER = Channel.WEB, Channel.PHONE, Channel.LETTER, Channel.COUNTER
TAKE, ASK, ANSWER, CLOSE, SAY = Act.TAKE, Act.ASK, Act.ANSWER, Act.CLOSE, Act.SAY


@dataclass(frozen=True, slots=True)
class Sample:
    """One request. `who`: the role whose account it is, or the name of somebody without one; `then`: (hours after it
    was made, what happens, the words or why it is closed; closed without a reason, the person closed it)."""

    hours_ago: int
    kind: Kind
    channel: Channel
    who: Role | str
    words: str
    then: tuple[tuple[int, Act, str], ...] = ()
    file: str = ""  # a `picture`, a `paper` or a `ruling`


SAMPLES: Final = (
    Sample(2, Kind.LOST, WEB, Role.TRAVELLER,
           "J’ai oublié une écharpe verte dans le car de ce matin, entre Saulieu et Montbard, côté fenêtre à droite."),
    Sample(5, Kind.ACCESSIBILITY, PHONE, "Simone Perrot",
           "Cette dame voyage en fauteuil et demande si l’arrêt de la mairie peut être servi mardi prochain."),
    Sample(20, Kind.DELAY, WEB, "Camille Moreau",
           "Le panneau de l’arrêt annonce encore l’horaire de l’été. Voici la photo.", file="picture"),
    Sample(30, Kind.SUGGESTION, COUNTER, "Roger Lambert",
           "Il faudrait un car le samedi soir après le cinéma : nous sommes une dizaine à rentrer en voiture."),
    Sample(74, Kind.SCHOOL, WEB, Role.FAMILY,
           "Notre fille change de foyer une semaine sur deux dès le mois prochain, selon ce jugement. Que faire ?",
           ((20, TAKE, ""), (21, ASK, "De quelle semaine s’agit-il, paire ou impaire ? Et à quelle adresse ?")),
           file="ruling"),
    Sample(120, Kind.OVERCHARGE, WEB, Role.TRAVELLER,
           "J’ai payé deux fois le même trajet vendredi : voici le relevé de ma banque.",
           ((18, TAKE, ""),), file="paper"),
    Sample(150, Kind.ON_DEMAND, PHONE, "Ginette Roy",
           "Le véhicule réservé mercredi n’est passé qu’à 9 h 40 au lieu de 9 h 10 : rendez-vous manqué.",
           ((3, TAKE, ""),)),
    Sample(41 * 24, Kind.DELAY, LETTER, "Henri Martin",
           "Le 12, le car de 17 h 45 n’est pas venu. J’ai pris un taxi : 38 €. Je demande un geste.",
           ((60, TAKE, ""),)),  # late
    Sample(9 * 24, Kind.CARPOOL, WEB, Role.DRIVER,
           "Un de mes trajets du mois dernier n’apparaît pas dans mes aides.",
           ((22, TAKE, ""), (26, ANSWER, "Bonjour,\n\nCe trajet a été confirmé par votre passager après la clôture du "
                                         "mois : il sera payé avec le mois suivant. Rien à faire de votre côté."))),
    Sample(12 * 24, Kind.TICKETING, WEB, Role.TRAVELLER,
           "J’ai changé de téléphone : comment retrouver ma carte jeune ?",
           ((5, ANSWER, "Bonjour,\n\nConnectez-vous à votre espace : votre carte y est, avec son code. Sans compte, "
                        "le guichet la retrouve avec votre nom."),)),
    Sample(24 * 24, Kind.LOST, COUNTER, "Léa Fontaine",
           "Un cartable bleu laissé dans le car scolaire lundi soir.",
           ((20, ANSWER, "Bonjour,\n\nLe cartable est retrouvé. Il vous attend au guichet de Saulieu ; venez avec une "
                         "pièce d’identité."), (60, CLOSE, "duplicate"))),
    Sample(33 * 24, Kind.DELAY, WEB, Role.TRAVELLER,
           "Correspondance manquée à Montbard à cause de travaux : une heure d’attente sous la pluie.",
           ((30, ANSWER, "Bonjour,\n\nVous avez raison : la déviation n’était pas annoncée. Nous vous en présentons "
                         "nos excuses ; elle l’est désormais à l’arrêt et dans l’info trafic."), (50, CLOSE, ""))),
)  # fmt: skip


def prepare(engine: "Engine", config: "Config", now: datetime, subjects: "Mapping[str, str]") -> int:
    """The requests of the demonstration, unless some are there; how many were made."""
    from mobigo.requests.store.requests import RequestRow

    with reading(engine) as session:
        if session.scalar(select(func.count()).select_from(RequestRow)):
            return 0
    guichet = Identity(subjects[str(Role.COUNTER_AGENT)], (Grant(Role.COUNTER_AGENT, None),))
    with transaction(engine) as session:
        for sample in sorted(SAMPLES, key=lambda each: -each.hours_ago):
            _request(session, config, sample, now - timedelta(hours=sample.hours_ago), guichet, subjects)
    return len(SAMPLES)


def _request(
    session: "Session", config: "Config", sample: Sample, at: datetime, agent: Identity, subjects: "Mapping[str, str]"
) -> None:
    from mobigo.infra.blobs import Blobs
    from mobigo.requests.model import Side
    from mobigo.requests.service import acting, asking, files
    from mobigo.requests.store import requests as store

    subject = subjects.get(str(sample.who)) if isinstance(sample.who, Role) else None
    made = asking.ask(
        session, config, Asked(sample.kind, sample.words, _contact(session, sample, subject)), channel=sample.channel,
        language="fr", now=at, subject=subject, by=None if sample.channel is WEB else agent,
    )  # fmt: skip
    if sample.file:
        name, content = ("arret.png", picture()) if sample.file == "picture" else paper(sample.file, at)
        joined = [files.ready(name, content)]
        files.join(session, Blobs(config.home / "blobs"), made, joined, Side.PERSON, at)
    for hours, act, words in sample.then:
        then, row = at + timedelta(hours=hours), store.get(session, made.number)
        if act is CLOSE and not words:
            acting.act_as_person(session, config, row, act, now=then)
            acting.rate(session, row, "partly")
            continue
        detail, said = (words, "") if act is CLOSE else ("", words)
        acting.act_as_agent(
            session, config, made.number, act, by=agent, seen=row.changes, now=then, words=said, detail=detail
        )  # fmt: skip


def _contact(session: "Session", sample: Sample, subject: str | None) -> Contact:
    from mobigo.infra import accounts

    if subject is not None:
        person = accounts.profile(session, subject)
        return Contact(person.name or "", person.email or "", way=Way.EMAIL)
    if sample.channel is LETTER:
        return Contact(str(sample.who), postal="4 rue du Four\n21210 Saulieu", way=Way.LETTER)
    return Contact(str(sample.who), phone="06 39 98 00 21", way=Way.SMS)


def picture() -> bytes:
    """A stop and its panel, drawn in three colours."""
    width, height = 240, 160
    sky, pole, panel = b"\xdd\xe7\xee", b"\x4a\x42\x3c", b"\x7b\x1e\x3b"

    def dot(x: int, y: int) -> bytes:
        if 90 <= x < 150 and 24 <= y < 64:
            return b"\xff\xff\xff" if y in range(34, 54, 6) and 98 <= x < 142 else panel
        if 117 <= x < 123 and 24 <= y < 140:
            return pole
        return b"\xb7\xa9\x98" if y >= 140 else sky

    rows = b"".join(b"\0" + b"".join(dot(x, y) for x in range(width)) for y in range(height))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in _chunks(width, height, rows)
    )


def _chunks(width: int, height: int, rows: bytes) -> Sequence[tuple[bytes, bytes]]:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")


def paper(which: str, at: datetime) -> tuple[str, bytes]:
    """A page of a bank or of a judge, invented: (its name, the PDF)."""
    from mobigo.infra import pdf

    title, said = {
        "paper": ("Relevé", "Vendredi : Mobigo, 1,50 €\n\nVendredi : Mobigo, 1,50 €"),
        "ruling": ("Jugement", "La résidence de l’enfant est fixée une semaine sur deux chez chacun de ses parents."),
    }[which]
    return f"{title.lower()}.pdf", pdf.compiled(title, f"= {title} (démonstration)\n\n{said}", at)

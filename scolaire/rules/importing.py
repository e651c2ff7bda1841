"""What a row of a file means: its columns under their usual names, its cells as people write them. Pure.

A cell that cannot be understood is a fault with its remedy; a row has all its faults told at once. "NULL", "-" and
"n/a" are empty. Numbers may have a decimal comma, hours an "h", codes have lost their leading zero to a spreadsheet.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar

from mobigo.base.decisions import Decision
from mobigo.base.errors import InvalidInput
from mobigo.base.geo import Point
from scolaire.model.schools import Level, Stage, Standing
from scolaire.model.sheets import Line, SheetKind, Sheets, Wrong
from scolaire.rules.asking import clean_name, clean_phone, folded, is_uai
from scolaire.rules.indexing import decimal_of

NOTHING: Final = frozenset({"", "null", "n/a", "na"})  # of "-" nothing is left, once folded
# Usual names of our columns, folded: the national directory's, those of files people make.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "uai": ("uai", "identifiant de l etablissement", "code uai", "rne", "numero uai"),
    "name": ("nom", "nom etablissement", "name", "stop name", "libelle", "nom de l arret", "etablissement"),
    "type": ("type", "type etablissement", "nature"),
    "standing": ("statut", "statut public prive", "secteur public prive"),
    "contract": ("contrat", "type contrat prive"),
    "commune": ("commune", "code commune", "insee", "code insee", "stop desc"),
    "address": ("adresse", "adresse 1"),
    "lat": ("lat", "latitude", "stop lat"),
    "lon": ("lon", "lng", "longitude", "stop lon"),
    "phone": ("telephone", "tel"),
    "email": ("mail", "email", "courriel", "e mail"),
    "status": ("etat", "etat etablissement"),
    "code": ("code", "stop code", "code arret", "identifiant"),
    "side": ("cote", "side"),
    "crossing": ("traversee", "crossing"),
    "weekday": ("jour", "weekday"),
    "way": ("sens", "way"),
    "hour": ("heure", "hour"),
    "stage": ("cycle", "niveau", "stage"),
    "zone": ("zone",),
    "first_day": ("debut", "du", "premier jour", "first day"),
    "last_day": ("fin", "au", "dernier jour", "last day"),
    "open": ("ouvert", "ecole", "open"),
    "paper": ("reference", "formulaire"),
    "last_name": ("nom eleve", "nom de l eleve", "nom"),
    "first_name": ("prenom", "prenom eleve", "prenom de l eleve"),
    "born_on": ("naissance", "date de naissance", "ne le"),
    "level": ("classe", "level"),
    "regime": ("regime",),
    "line": ("adresse", "rue"),
    "postcode": ("code postal", "cp"),
    "contact_last_name": ("nom responsable", "nom du responsable"),
    "contact_first_name": ("prenom responsable", "prenom du responsable"),
    "postal": ("adresse postale", "courrier"),
    "service": ("service", "circuit", "course"),
    "plan": ("plan", "nom du plan"),
    "day": ("jour", "date", "day"),
    "aboard": ("a bord", "presents", "montees", "comptage", "aboard"),
    "index": ("indice", "index", "code indice"),
    "published_on": ("publie le", "publication", "date de publication"),
    "value": ("valeur", "value"),
    "source": ("source", "reference de publication"),
}
WANTED: Final[Mapping[SheetKind, tuple[str, ...]]] = {
    SheetKind.SCHOOLS: ("uai", "name", "type", "commune"),
    SheetKind.BELLS: ("uai", "weekday", "way", "hour"),
    SheetKind.SECTORS: ("uai", "commune", "stage"),
    SheetKind.STOPS: ("name", "lat", "lon"),
    SheetKind.DAYS: ("zone", "first_day", "last_day", "name"),
    SheetKind.PUPILS: (
        "last_name", "first_name", "born_on", "uai", "level", "line", "postcode", "commune", "contact_last_name",
        "contact_first_name",
    ),
    SheetKind.COUNTS: ("service", "day", "aboard"),
    SheetKind.INDICES: ("index", "published_on", "value", "source"),
}  # fmt: skip
_WEEKDAYS: Final = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_WAYS: Final = {
    "in": "in", "entree": "in", "debut": "in", "matin": "in", "out": "out", "sortie": "out", "fin": "out",
    "soir": "out",
}  # fmt: skip
_STAGES: Final = {
    "maternelle": Stage.MATERNELLE, "ecole maternelle": Stage.MATERNELLE, "elementaire": Stage.ELEMENTAIRE,
    "ecole elementaire": Stage.ELEMENTAIRE, "college": Stage.COLLEGE, "lycee": Stage.LYCEE,
}  # fmt: skip
_SIDES: Final = {
    "droite": "right", "right": "right", "gauche": "left", "left": "left", "hors chaussee": "off_road",
    "off road": "off_road",
}  # fmt: skip
_CROSSINGS: Final = {
    "sans": "none", "aucune": "none", "none": "none", "passage pieton": "marked", "marked": "marked",
    "sans passage": "unmarked", "unmarked": "unmarked", "interdite": "forbidden", "forbidden": "forbidden",
}  # fmt: skip
_REGIMES: Final = {
    "": "half_board", "demi pensionnaire": "half_board", "dp": "half_board", "externe": "day", "interne": "boarder",
    "apprenti": "apprentice",
}  # fmt: skip
_LEVELS: Final = {
    "petite section": Level.PS, "moyenne section": Level.MS, "grande section": Level.GS, "6eme": Level.SIXIEME,
    "5eme": Level.CINQUIEME, "4eme": Level.QUATRIEME, "3eme": Level.TROISIEME, "seconde": Level.SECONDE,
    "2nde": Level.SECONDE, "premiere": Level.PREMIERE, "terminale": Level.TERMINALE,
}  # fmt: skip
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Read:
    """A file understood: the good rows as `values` (our columns' names → typed values), the faults of the others."""

    good: tuple[tuple[Line, Mapping[str, Any]], ...]
    wrong: tuple[Wrong, ...]
    matched: Mapping[str, str]  # our column → the file's


def understand(kind: SheetKind, sheets: Sheets) -> Read:
    """Every row of a file. Raises InvalidInput("scolaire.sheet_column_missing") naming those that are missing."""
    matched = _matched(kind, sheets.columns)
    missing = [COLUMNS[name][0] for name in WANTED[kind] if name not in matched]
    if missing:
        raise InvalidInput("scolaire.sheet_column_missing", columns=missing, found=list(sheets.columns)[:40])
    good, wrong = [], []
    for line in sheets.lines:
        row = _Row(line, matched)
        values = _READERS[kind](row)
        if row.wrong:
            wrong += row.wrong
        elif values is not None:
            good.append((line, values))
    return Read(tuple(good), tuple(wrong), matched)


def _matched(kind: SheetKind, columns: tuple[str, ...]) -> dict[str, str]:
    """Our columns of this kind by the names the file gives them; the first name that fits counts."""
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(folded(column.replace("_", " ")), column)
    found = {}
    for name in _NAMES[kind]:
        usual = next((each for each in COLUMNS[name] if each in by_name), None)
        if usual is not None:
            found[name] = by_name[usual]
    return found


class _Row:
    """A row being read: what is wrong in a cell is noted, and reading goes on."""

    def __init__(self, line: Line, matched: Mapping[str, str]) -> None:
        self.line, self._matched = line, matched
        self.wrong: list[Wrong] = []

    def text(self, name: str, *, needed: bool = False) -> str:
        column = self._matched.get(name)
        given = "" if column is None else " ".join(self.line.cells.get(column, "").replace("\\'", "'").split())
        if folded(given) in NOTHING:
            given = ""
        if needed and not given:
            self.fault(name, Decision("scolaire.cell_empty"))
        return given

    def read(self, name: str, parse: Callable[[str], T | None], why: Decision, *, needed: bool = True) -> T | None:
        """A cell through `parse`, which gives None for what it cannot read."""
        given = self.text(name, needed=needed)
        if not given:
            return None
        try:
            found = parse(given)
        except (ValueError, InvalidInput):
            found = None
        if found is None:
            self.fault(name, why)
        return found

    def fault(self, name: str, why: Decision) -> None:
        column = self._matched.get(name, COLUMNS[name][0])
        self.wrong.append(Wrong(self.line, column, self.line.cells.get(column, "")[:100], why))

    def point(self, *, needed: bool) -> Point | None:
        lat = self.read("lat", _number, Decision("scolaire.cell_number"), needed=needed)
        lon = self.read("lon", _number, Decision("scolaire.cell_number"), needed=needed)
        if lat is None or lon is None:
            return None
        if not (41 <= lat <= 52 and -6 <= lon <= 10):
            self.fault("lat", Decision("scolaire.cell_position"))
            return None
        return Point(lat, lon)

    def uai(self) -> str | None:
        return self.read(
            "uai", lambda text: text.upper() if is_uai(text.upper()) else None, Decision("scolaire.cell_uai")
        )

    def commune(self, *, needed: bool = True) -> str | None:
        return self.read("commune", _commune, Decision("scolaire.cell_commune"), needed=needed)

    def days(self) -> tuple[date | None, date | None]:
        first = self.read("first_day", _day, Decision("scolaire.cell_day"))
        last = self.read("last_day", _day, Decision("scolaire.cell_day"))
        if first is not None and last is not None and last < first:
            self.fault("last_day", Decision("scolaire.cell_days_backwards"))
        return first, last


def _school(row: _Row) -> dict[str, Any] | None:
    if folded(row.text("status")) in ("ferme", "a fermer"):
        return None
    stages = row.read("type", lambda text: _stages_of(text, row), Decision("scolaire.cell_stage"))
    standing = _standing(row)
    return {
        "uai": row.uai(), "name": row.text("name", needed=True)[:200], "stages": stages, "standing": standing,
        "commune": row.commune(), "at": row.point(needed=False), "address": row.text("address")[:300],
        "email": row.text("email")[:320] or None, "phone": row.text("phone")[:20] or None,
    }  # fmt: skip


def _stages_of(text: str, row: _Row) -> frozenset[Stage] | None:
    """The stages a school teaches; of an "École" of the national directory, by its two columns of yes and no."""
    plain = folded(text)
    if plain == "ecole":
        says = {folded(name.replace("_", " ")): value for name, value in row.line.cells.items()}
        both = ((Stage.MATERNELLE, "ecole maternelle"), (Stage.ELEMENTAIRE, "ecole elementaire"))
        found = [stage for stage, column in both if says.get(column) == "1"]
        return frozenset(found) or frozenset({Stage.MATERNELLE, Stage.ELEMENTAIRE})
    if plain in ("erea", "etablissement regional d enseignement adapte"):
        return frozenset({Stage.COLLEGE, Stage.LYCEE})
    parts = [part.strip() for part in re.split(r"[,/+]| et ", plain)]
    told = [_STAGES.get(part) for part in parts]
    if None in told:
        starts = [
            stage for word, stage in (("college", Stage.COLLEGE), ("lycee", Stage.LYCEE)) if plain.startswith(word)
        ]
        return frozenset(starts) or None
    return frozenset(stage for stage in told if stage is not None)


def _standing(row: _Row) -> Standing:
    status, contract = folded(row.text("standing")), folded(row.text("contract"))
    if not status.startswith("prive"):
        return Standing.PUBLIC
    held = "contrat" in f"{status} {contract}" and "hors contrat" not in f"{status} {contract}"
    return Standing.PRIVATE_CONTRACT if held else Standing.PRIVATE


def _bell(row: _Row) -> dict[str, Any]:
    return {
        "uai": row.uai(), "weekday": row.read("weekday", _weekday, Decision("scolaire.cell_weekday")),
        "way": row.read("way", lambda text: _WAYS.get(folded(text)), Decision("scolaire.cell_way")),
        "at_s": row.read("hour", _hour, Decision("scolaire.cell_hour")),
    }  # fmt: skip


def _sector(row: _Row) -> dict[str, Any]:
    stage = row.read("stage", lambda text: _STAGES.get(folded(text)), Decision("scolaire.cell_stage"))
    return {"uai": row.uai(), "commune": row.commune(), "stage": stage}


def _stop(row: _Row) -> dict[str, Any]:
    name = row.text("name", needed=True)
    return {
        "name": name[:200], "code": row.text("code")[:40] or None, "commune": row.commune(needed=False),
        "at": row.point(needed=True),
        "side": row.read("side", lambda t: _SIDES.get(folded(t)), Decision("scolaire.cell_side"), needed=False) or "",
        "crossing": row.read(
            "crossing", lambda t: _CROSSINGS.get(folded(t)), Decision("scolaire.cell_crossing"), needed=False
        ) or "",
    }  # fmt: skip


def _days(row: _Row) -> dict[str, Any]:
    first, last = row.days()
    return {
        "zone": row.read("zone", lambda t: t.upper() if t.upper() in ("A", "B", "C") else None,
                         Decision("scolaire.cell_zone")),
        "first_day": first, "last_day": last, "words": row.text("name", needed=True)[:200],
        "open": folded(row.text("open")) in ("oui", "1", "vrai", "true", "yes"),
    }  # fmt: skip


def _pupil(row: _Row) -> dict[str, Any]:
    name = Decision("scolaire.cell_name")
    regime = _REGIMES.get(folded(row.text("regime")))
    if regime is None:
        row.fault("regime", Decision("scolaire.cell_regime"))
    commune = row.commune()
    postcode = row.read("postcode", _postcode, Decision("scolaire.cell_postcode"))
    email, postal = row.text("email")[:320] or None, row.text("postal")[:320]
    phone = row.read("phone", clean_phone, Decision("scolaire.cell_phone"), needed=False)
    if not email and not phone and not postal:
        row.fault("email", Decision("scolaire.cell_no_way_to_write"))
    return {
        "first_name": row.read("first_name", lambda t: clean_name(t, "first_name"), name),
        "last_name": row.read("last_name", lambda t: clean_name(t, "last_name"), name),
        "born_on": row.read("born_on", _day, Decision("scolaire.cell_day")), "uai": row.uai(),
        "level": row.read("level", _level, Decision("scolaire.cell_level")), "regime": regime,
        "line": row.text("line", needed=True)[:200], "postcode": postcode, "commune": commune,
        "at": row.point(needed=False), "paper": row.text("paper")[:60],
        "contact_first_name": row.read("contact_first_name", lambda t: clean_name(t, "first_name"), name),
        "contact_last_name": row.read("contact_last_name", lambda t: clean_name(t, "last_name"), name),
        "email": email, "phone": phone, "postal": postal,
    }  # fmt: skip


def _count(row: _Row) -> dict[str, Any]:
    return {
        "service": row.text("service", needed=True)[:80], "plan": row.text("plan")[:120],
        "day": row.read("day", _day, Decision("scolaire.cell_day")),
        "aboard": row.read("aboard", _aboard, Decision("scolaire.cell_aboard")),
    }  # fmt: skip


def _index(row: _Row) -> dict[str, Any]:
    return {
        "code": row.text("index", needed=True)[:40], "source": row.text("source", needed=True)[:200],
        "published_on": row.read("published_on", _day, Decision("scolaire.cell_day")),
        "value": row.read("value", decimal_of, Decision("scolaire.cell_index")),
    }  # fmt: skip


_READERS: Final[Mapping[SheetKind, Callable[[_Row], dict[str, Any] | None]]] = {
    SheetKind.SCHOOLS: _school, SheetKind.BELLS: _bell, SheetKind.SECTORS: _sector, SheetKind.STOPS: _stop,
    SheetKind.DAYS: _days, SheetKind.PUPILS: _pupil, SheetKind.COUNTS: _count, SheetKind.INDICES: _index,
}  # fmt: skip
_NAMES: Final[Mapping[SheetKind, tuple[str, ...]]] = {
    SheetKind.SCHOOLS: (
        "uai", "name", "type", "standing", "contract", "commune", "address", "lat", "lon", "phone", "email", "status",
    ),
    SheetKind.BELLS: ("uai", "weekday", "way", "hour"),
    SheetKind.SECTORS: ("uai", "commune", "stage"),
    SheetKind.STOPS: ("name", "code", "commune", "lat", "lon", "side", "crossing"),
    SheetKind.DAYS: ("zone", "first_day", "last_day", "name", "open"),
    SheetKind.PUPILS: (*WANTED[SheetKind.PUPILS], "regime", "lat", "lon", "paper", "email", "phone", "postal"),
    SheetKind.COUNTS: ("service", "plan", "day", "aboard"),
    SheetKind.INDICES: ("index", "published_on", "value", "source"),
}  # fmt: skip


def _number(text: str) -> float | None:
    found = re.fullmatch(r"[-+]?\d{1,3}(?:[.,]\d+)?", text, re.ASCII)
    return None if found is None else float(text.replace(",", "."))


def _aboard(text: str) -> int | None:
    """A head count; nothing else is one: neither a sign, nor a decimal, nor a number no coach holds."""
    return int(text) if re.fullmatch(r"[0-9]{1,3}", text, re.ASCII) and int(text) <= 300 else None


def _commune(text: str) -> str | None:
    """An INSEE code, its leading zero given back."""
    code = text.upper()
    if re.fullmatch(r"\d{4}", code, re.ASCII):
        code = f"0{code}"
    return code if re.fullmatch(r"(\d{2}|2[AB])\d{3}", code, re.ASCII) else None


def _postcode(text: str) -> str | None:
    code = f"0{text}" if re.fullmatch(r"\d{4}", text, re.ASCII) else text
    return code if re.fullmatch(r"\d{5}", code, re.ASCII) else None


def _day(text: str) -> date | None:
    """A day as 2026-09-01 or 01/09/2026."""
    found = re.fullmatch(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})", text, re.ASCII)
    return date(int(found[3]), int(found[2]), int(found[1])) if found else date.fromisoformat(text[:10])


def _hour(text: str) -> int | None:
    """Seconds after midnight of 8:05, 08h05, 8 h."""
    found = re.fullmatch(r"(\d{1,2})\s*[h:]\s*(\d{2})?(?::00)?", text.strip().lower(), re.ASCII)
    if found is None or int(found[1]) > 23 or int(found[2] or 0) > 59:
        return None
    return int(found[1]) * 3600 + int(found[2] or 0) * 60


def _weekday(text: str) -> int | None:
    plain = folded(text)
    return next(
        (at for at, name in enumerate(_WEEKDAYS) if plain and name.startswith(plain[:3]) and len(plain) >= 3), None
    )


def _level(text: str) -> Level | None:
    plain = folded(text)
    if plain in _LEVELS:
        return _LEVELS[plain]
    return next((level for level in Level if str(level) == plain), None)

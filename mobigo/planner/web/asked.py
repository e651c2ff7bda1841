"""What a traveller typed, as a question: the search form's fields read once, each fault said beside its field.

The addresses of pages carry the same fields (`from`, `to`, `when`, `date`, `time` …), so any of them can be shared.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from mobigo.base.geo import Point
from mobigo.infra.forms import one_line
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from mobigo.network.engine.placenames import fold
from mobigo.network.engine.places import PlaceIndex
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.places import Kind, Match, Place
from mobigo.planner.model import ANYBODY, By, Endpoint, Limits, Own, Pace, Payer, Preset, Query
from mobigo.planner.rules.own import refusal
from mobigo.planner.rules.payers import fields_of, said
from mobigo.planner.web.narrowed import Narrowed, narrow

WHENS: Final = ("now", "leave", "arrive")
WALKS_M: Final = (500, 1_000, 2_000, 4_000)
CHANGES: Final = (0, 1, 2, 3)
OWNS: Final = tuple(by.value for by in By if by is not By.WALK)
STAYS_MIN: Final = (0, 15, 30, 60, 120)
WINDOW_S: Final = 2 * 3600
WALK_M_DEFAULT: Final = 2_000
FIRST_YEAR, LAST_YEAR = 1980, 2099
TEXT_MAX: Final = 200
MODES: Final[Mapping[str, frozenset[int]]] = {  # name in addresses → GTFS route types, basic and extended
    "train": frozenset({2, *range(100, 200)}),
    "tram": frozenset({0, 1, 5, 12, *range(400, 700), *range(900, 1_000)}),
    "bus": frozenset({3, 11, *range(200, 300), *range(700, 900)}),
    "other": frozenset({4, 6, 7, *range(1_000, 1_800)}),
}
_TIME = re.compile(r"\s*([0-9]{1,2})\s*[:hH.]?\s*([0-9]{2})?\s*")
_POSITION = re.compile(r"\s*(-?\d{1,2}(?:\.\d{1,12})?)\s*[,;]\s*(-?\d{1,3}(?:\.\d{1,12})?)\s*", re.ASCII)


@dataclass(frozen=True)
class Asked:
    """The form as filled in. `errors` by field; `choices` where a text names several places."""

    origin_text: str = ""
    destination_text: str = ""
    origin_id: str = ""
    destination_id: str = ""
    when: str = "now"
    day: date | None = None
    time: str = ""
    changes: int | None = None
    walk_m: int = WALK_M_DEFAULT
    wheelchair: bool = False
    pace: str = Pace.USUAL
    own: str = ""
    left_id: str = ""  # where that vehicle stands, for the way back
    left_name: str = ""
    left_at: tuple[int, ...] = ()
    park: str = ""  # the car park where a car stands
    modes: frozenset[str] = frozenset(MODES)
    narrowed: Narrowed = field(default_factory=Narrowed)
    prefer: str = Preset.USUAL
    payer: Payer = ANYBODY  # as the address says; what the device keeps is no part of it
    via_text: str = ""
    via_id: str = ""
    stay_min: int = 0
    at: datetime | None = None
    origin: Endpoint | None = None
    destination: Endpoint | None = None
    via: Endpoint | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, tuple[Match, ...]] = field(default_factory=dict)
    others: Mapping[str, tuple[Match, ...]] = field(default_factory=dict)

    @property
    def query(self) -> Query | None:
        """The question, when nothing is missing or in doubt."""
        if self.errors or self.choices or self.origin is None or self.destination is None or self.at is None:
            return None
        return Query(
            self.origin, self.destination, self.at, self.when == "arrive", WINDOW_S,
            via=self.via, via_stay_s=self.stay_min * 60 if self.via is not None else 0, limits=self.limits,
            own=Own(By(self.own), self.left_at, self.park) if self.own else None, preset=Preset(self.prefer),
        )  # fmt: skip

    @property
    def limits(self) -> Limits:
        """What the options say."""
        route_types = None if self.modes >= set(MODES) else frozenset().union(*(MODES[mode] for mode in self.modes))
        return Limits(
            vehicles_max=8 if self.changes is None else self.changes + 1,
            walk_m_max=self.walk_m,
            wheelchair=self.wheelchair or self.prefer == Preset.STEP_FREE,
            pace=Pace(self.pace),
            route_types=route_types,
            without_routes=self.narrowed.without_routes,
            only_agencies=self.narrowed.only_agencies,
        )

    @property
    def options_used(self) -> bool:
        """Whether any option differs from what it is by default."""
        fields = (
            self.changes, self.walk_m, self.wheelchair, self.modes, self.via_text, self.stay_min, self.pace, self.own,
            self.prefer,
        )  # fmt: skip
        return bool(self.narrowed or self.narrowed.text) or fields != (
            None,
            WALK_M_DEFAULT,
            False,
            frozenset(MODES),
            "",
            0,
            Pace.USUAL,
            "",
            Preset.USUAL,
        )

    def text_of(self, name: str) -> str:
        """What is written in a place's field: "from", "to" or "via"."""
        return {"from": self.origin_text, "to": self.destination_text, "via": self.via_text}[name]

    def parameters(self, **changed: str | list[str] | None) -> dict[str, str | list[str]]:
        """The address of this question; `changed` replaces fields, None removes one."""
        out: dict[str, str | list[str]] = {"from": self.origin_text, "to": self.destination_text}
        if self.origin_id:
            out["from_id"] = self.origin_id
        if self.destination_id:
            out["to_id"] = self.destination_id
        out["when"] = self.when
        if self.when != "now" and self.day is not None:
            out |= {"date": self.day.isoformat(), "time": self.time}
        if self.via_text:
            out["via"] = self.via_text
        if self.via_id:
            out["via_id"] = self.via_id
        if self.stay_min:
            out["stay"] = str(self.stay_min)
        if self.changes is not None:
            out["changes"] = str(self.changes)
        if self.walk_m != WALK_M_DEFAULT:
            out["walk"] = str(self.walk_m)
        if self.wheelchair:
            out["wheelchair"] = "1"
        if self.pace != Pace.USUAL:
            out["pace"] = self.pace
        if self.own:
            out["own"] = self.own
        if self.left_id:
            out["left_at"] = self.left_id
        if self.park:
            out["park"] = self.park
        if self.prefer != Preset.USUAL:
            out["prefer"] = self.prefer
        if self.modes != frozenset(MODES):
            out["mode"] = sorted(self.modes)
        out |= self.narrowed.parameters() | fields_of(self.payer)
        for name, value in changed.items():
            key = "from" if name == "from_" else name
            if value is None:
                out.pop(key, None)
            else:
                out[key] = value
        return out


def label(place: Place) -> str:
    """What is written in the field for a place: its name, and its surroundings when the name alone does not tell."""
    if place.kind is Kind.COMMUNE or not place.context or fold(place.context) in fold(place.name):
        return place.name
    return f"{place.name}, {place.context}"


def full_label(place: Place) -> str:
    """The name with its surroundings, for a commune too: what tells two places of one name apart."""
    return f"{place.name}, {place.context}" if place.context else place.name


def endpoint_of(place: Place, index: PlaceIndex) -> Endpoint:
    """Where one sets out from a place: its stops; the door of an address; for a commune, the stops that bear its
    name, else its centre."""
    if place.kind is Kind.ADDRESS:
        return Endpoint(label(place), place.point)
    if place.stops:
        return Endpoint(label(place), None, place.stops)
    stops = index.stops_of_commune(place)
    return Endpoint(place.name, None, stops) if stops else Endpoint(place.name, place.point)


def blank(now: datetime, zone: ZoneInfo) -> Asked:
    """The form before anything is asked."""
    local = now.astimezone(zone)
    return Asked(day=local.date(), time=f"{local:%H:%M}")


def read(arguments: MultiDict[str, str], index: PlaceIndex, now: datetime, zone: ZoneInfo, live: LiveNetwork) -> Asked:
    """The question in `arguments`. Never raises: what cannot be read is an error beside its field."""
    errors: dict[str, str] = {}
    asked = blank(now, zone)
    when = arguments.get("when", "now")
    if when not in WHENS:
        errors["when"] = _("Choisissez « maintenant », « partir à » ou « arriver avant ».")
        when = "now"
    asked = replace(asked, when=when)
    at, day, clock = _moment(arguments, when, now, zone, errors)
    asked = replace(asked, at=at, day=day, time=clock)
    asked = replace(_options(asked, arguments, errors), narrowed=narrow(arguments, live, errors))
    asked = replace(_own(asked, arguments, index, errors), payer=said(arguments))
    ends: dict[str, tuple[Endpoint | None, str, str]] = {}
    choices: dict[str, tuple[Match, ...]] = {}
    others: dict[str, tuple[Match, ...]] = {}
    for name in ("from", "to"):
        text, place_id = _text(arguments, name), arguments.get(f"{name}_id", "")[:TEXT_MAX]
        ends[name] = _end(name, text, place_id, index, errors, choices, others)
    via_text, via_id = _text(arguments, "via"), arguments.get("via_id", "")[:TEXT_MAX]
    ends["via"] = (None, "", "")
    if via_text or via_id:
        ends["via"] = _end("via", via_text, via_id, index, errors, choices, others)
    if not errors and not choices and ends["from"][0] == ends["to"][0] and ends["from"][0] is not None:
        errors["to"] = _("Le départ et l’arrivée sont le même lieu.")
    return replace(
        asked,
        origin=ends["from"][0],
        origin_text=ends["from"][1],
        origin_id=ends["from"][2],
        destination=ends["to"][0],
        destination_text=ends["to"][1],
        destination_id=ends["to"][2],
        via=ends["via"][0],
        via_text=ends["via"][1],
        via_id=ends["via"][2],
        errors=errors,
        choices=choices,
        others=others,
    )


def _text(arguments: MultiDict[str, str], name: str) -> str:
    return one_line(arguments.get(name, ""), TEXT_MAX)


def _end(
    name: str,
    text: str,
    place_id: str,
    index: PlaceIndex,
    errors: dict[str, str],
    choices: dict[str, tuple[Match, ...]],
    others: dict[str, tuple[Match, ...]],
) -> tuple[Endpoint | None, str, str]:
    """(the end of the journey, the text to show, the id to keep in the address) of a field."""
    chosen = index.by_id(place_id) if place_id else None
    if chosen is not None and (
        not text or fold(text) in (fold(label(chosen)), fold(full_label(chosen)), fold(chosen.name))
    ):
        return endpoint_of(chosen, index), text or label(chosen), chosen.id
    if not text and name != "via":
        errors[name] = _("Indiquez d’où vous partez.") if name == "from" else _("Indiquez où vous allez.")
    if not text:
        return None, "", ""
    point = position(text)
    if point is not None:
        return Endpoint(point_name(index, point), point), text, ""
    place, rest = index.resolve(text)
    if place is not None:
        others[name] = tuple(rest[:5])
        return endpoint_of(place, index), text, ""
    if rest:
        choices[name] = tuple(rest[:8])
    else:
        errors[name] = _(
            "Aucun arrêt ni commune ne ressemble à « %(text)s ». Essayez le nom de la commune, ou d’un arrêt voisin."
        ) % {"text": text if len(text) <= 60 else text[:59] + "…"}
    return None, text, ""


def position(text: str) -> Point | None:
    """The point of `47.32, 5.04`; None for any other text, or outside the globe."""
    found = _POSITION.fullmatch(text)
    if found is None:
        return None
    try:
        return Point(float(found[1]), float(found[2]))
    except ValueError:
        return None


def point_name(index: PlaceIndex, point: Point) -> str:
    """How a point of the map is called: by the nearest place within 2 km, else by its figures."""
    near = index.near(point, 2_000, 1)
    if near:
        return _("Point près de %(place)s") % {"place": near[0][0].name}
    return f"{point.lat:.4f}, {point.lon:.4f}"


def read_time(text: str) -> tuple[int, int] | None:
    """(hour, minute) of `8:05`, `8h05`, `8 h 05`, `0805` or `8 h`; None for anything else."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    return (hour, minute) if hour <= 23 and minute <= 59 else None


def read_day(text: str) -> date | None:
    """The day of `2026-11-24` or `24/11/2026`; None for anything else, or outside 1980–2099."""
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            day = date.fromisoformat(text)
        elif re.fullmatch(r"\d{1,2}/\d{1,2}/\d{4}", text, re.ASCII):
            number, month, year = (int(part) for part in text.split("/"))
            day = date(year, month, number)
        else:
            return None
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def _moment(
    arguments: MultiDict[str, str], when: str, now: datetime, zone: ZoneInfo, errors: dict[str, str]
) -> tuple[datetime | None, date, str]:
    """The instant asked, and the day and time to show in the form."""
    local = now.astimezone(zone)
    if when == "now":
        return now, local.date(), f"{local:%H:%M}"
    day_text, time_text = arguments.get("date", "").strip()[:40], arguments.get("time", "").strip()[:40]
    day = read_day(day_text) if day_text else local.date()
    if day is None:
        errors["date"] = _("Écrivez un jour de calendrier, par exemple 24/11/2026.")
    clock = read_time(time_text) if time_text else (local.hour, local.minute)
    if clock is None:
        errors["time"] = _("Écrivez une heure de 0 h 00 à 23 h 59, par exemple 8:05.")
    if day is None or clock is None:
        return None, day or local.date(), f"{local:%H:%M}"
    at = datetime(day.year, day.month, day.day, clock[0], clock[1], tzinfo=zone)
    return at, day, f"{clock[0]:02d}:{clock[1]:02d}"


def _own(asked: Asked, arguments: MultiDict[str, str], index: PlaceIndex, errors: dict[str, str]) -> Asked:
    """How one walks, and the vehicle of one's own."""
    pace = arguments.get("pace", "").strip() or Pace.USUAL.value
    if pace in set(Pace):
        asked = replace(asked, pace=pace)
    else:
        errors["pace"] = _("Choisissez un pas dans la liste.")
    own, left_id = arguments.get("own", "").strip(), arguments.get("left_at", "").strip()[:TEXT_MAX]
    if not own:
        return asked
    if own not in OWNS:
        errors["own"] = _("Choisissez dans la liste comment rejoindre l’arrêt.")
        return asked
    stands = index.by_id(left_id) if left_id else None
    if left_id and (stands is None or not stands.stops):
        errors["own"] = _(
            "L’arrêt où votre véhicule attend n’est plus connu. Choisissez « à pied », ou un autre arrêt."
        )
        return asked
    asked = replace(asked, own=own, left_id=left_id)
    if stands is not None:
        asked = replace(asked, left_name=label(stands), left_at=stands.stops)
        if own == By.CAR:
            asked = replace(asked, park=arguments.get("park", "").strip()[:TEXT_MAX])
    refused = refusal(Own(By(own), asked.left_at, asked.park), asked.limits)
    if refused is not None:
        errors["own"] = sentence(refused)
    return asked


def _options(asked: Asked, arguments: MultiDict[str, str], errors: dict[str, str]) -> Asked:
    changes = arguments.get("changes", "").strip()
    if changes in {str(each) for each in CHANGES}:
        asked = replace(asked, changes=int(changes))
    elif changes:
        errors["changes"] = _("Choisissez un nombre de changements de 0 à 3, ou « peu importe ».")
    walk = arguments.get("walk", "").strip()
    if walk in {str(each) for each in WALKS_M}:
        asked = replace(asked, walk_m=int(walk))
    elif walk:
        errors["walk"] = _("Choisissez une distance à pied dans la liste.")
    stay = arguments.get("stay", "").strip()
    if stay in {str(each) for each in STAYS_MIN}:
        asked = replace(asked, stay_min=int(stay))
    elif stay:
        errors["stay"] = _("Choisissez un temps sur place dans la liste.")
    asked = replace(asked, wheelchair=arguments.get("wheelchair", "") == "1")
    prefer = arguments.get("prefer", "").strip() or Preset.USUAL.value
    if prefer in set(Preset):
        asked = replace(asked, prefer=prefer)
    else:
        errors["prefer"] = _("Choisissez dans la liste ce qui passe en premier.")
    modes = frozenset(arguments.getlist("mode"))
    if modes and not modes <= set(MODES):
        errors["mode"] = _("Choisissez des moyens de transport dans la liste.")
    elif modes:
        asked = replace(asked, modes=modes)
    return asked

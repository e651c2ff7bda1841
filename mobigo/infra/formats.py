"""How figures, days and hours are written, in French and in English; pure, and filters for templates.

French: "8 h 05", "mardi 24 novembre", "1,50 €". English: "8:05", "Tuesday 24 November", "€1.50". Spaces between a
number and its unit are no-break (U+00A0); thousands are set apart by a narrow no-break space (U+202F) in French.
"""

from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from mobigo.base.instants import PARIS
from mobigo.base.money import Money

if TYPE_CHECKING:
    from flask import Flask

NBSP: Final = "\N{NO-BREAK SPACE}"
THIN: Final = "\N{NARROW NO-BREAK SPACE}"
MINUS: Final = "\N{MINUS SIGN}"
_DAYS: Final = {
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_SHORT_MONTHS: Final = {
    "fr": ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juill.", "août", "sept.", "oct.", "nov.", "déc."),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}
_MONTHS: Final = {
    "fr": (
        "janvier", "février", "mars", "avril", "mai", "juin",
        "juillet", "août", "septembre", "octobre", "novembre", "décembre",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
}  # fmt: skip


def local(moment: datetime) -> datetime:
    """The wall clock to show: an instant in UTC (as stored) is shown as in France, any other in the zone it carries."""
    if moment.tzinfo is None:
        raise ValueError("an instant carries its zone")
    return moment.astimezone(PARIS) if moment.tzinfo is UTC else moment


def hour(moment: datetime | time, language: str = "fr", *, short: bool = False) -> str:
    """ "8 h 05" or "8:05"; on the hour "8 h 00", or "8 h" when `short` (in a sentence)."""
    shown = local(moment) if isinstance(moment, datetime) else moment
    if language == "en":
        return f"{shown.hour}:{shown.minute:02d}"
    if short and shown.minute == 0:
        return f"{shown.hour}{NBSP}h"
    return f"{shown.hour}{NBSP}h{NBSP}{shown.minute:02d}"


def day(moment: date, language: str = "fr", *, year: bool = False, weekday: bool = True) -> str:
    """ "mardi 24 novembre", "dimanche 1er novembre 2026" with `year`; for an instant, its day on the wall clock."""
    shown = local(moment).date() if isinstance(moment, datetime) else moment
    number = f"{shown.day}er" if language == "fr" and shown.day == 1 else str(shown.day)
    words = [f"{number}{NBSP}{_MONTHS[language][shown.month - 1]}"]
    if weekday:
        words.insert(0, _DAYS[language][shown.weekday()])
    if year:
        words.append(str(shown.year))
    return " ".join(words)


def month(value: str, language: str = "fr") -> str:
    """The month of "2026-11" in words: "novembre 2026"."""
    return f"{_MONTHS[language][int(value[5:7]) - 1]} {value[:4]}"


def short_month(first_day: date, language: str = "fr") -> str:
    """ "nov. 2026", as the code of typography cuts months: for the axis of a chart."""
    return f"{_SHORT_MONTHS[language][first_day.month - 1]}{NBSP}{first_day.year}"


def instant(moment: datetime, language: str = "fr") -> str:
    """A day and an hour: "mardi 24 novembre 2026, 8 h 05"."""
    return f"{day(moment, language, year=True)}, {hour(moment, language)}"


def number(value: float | Decimal | Fraction, language: str = "fr", decimals: int | None = None) -> str:
    """ "1 234,5" or "1,234.5", a true minus sign, rounded half up. Without `decimals`: two at most, no idle zeros."""
    exact = Fraction(str(value)) if isinstance(value, float) else Fraction(value)
    places = 2 if decimals is None else decimals
    scaled = (abs(exact) * 10**places + Fraction(1, 2)).__floor__()
    whole, part = divmod(scaled, 10**places)
    figures = f"{part:0{places}d}" if places else ""
    if decimals is None:
        figures = figures.rstrip("0")
    separator, comma = (THIN, ",") if language == "fr" else (",", ".")
    grouped = f"{whole:,}".replace(",", separator)
    sign = MINUS if exact < 0 and scaled else ""
    return f"{sign}{grouped}{comma}{figures}" if figures else f"{sign}{grouped}"


def telephone(plain: str, language: str = "fr") -> str:
    """A number as people read it: "06 39 98 95 14" for the French +33639989514 or 0639989514, "+33 6 39 98 95 14" in
    English; any other as it is kept."""
    national = plain.removeprefix("+33") if plain.startswith("+33") else plain[1:] if plain.startswith("0") else ""
    if not (len(national) == 9 and national.isascii() and national.isdigit()):
        return plain
    pairs = NBSP.join(national[at : at + 2] for at in range(1, 9, 2))
    return f"0{national[0]}{NBSP}{pairs}" if language == "fr" else f"+33{NBSP}{national[0]}{NBSP}{pairs}"


def amount(money: Money, language: str = "fr") -> str:
    """ "1,50 €" or "€1.50"; negative with a true minus: "−3,00 €"."""
    figures = number(Decimal(abs(money.cents)).scaleb(-2), language, 2)
    sign = MINUS if money.cents < 0 else ""
    return f"{sign}{figures}{NBSP}€" if language == "fr" else f"{sign}€{figures}"


def duration(seconds: float, language: str = "fr") -> str:
    """To the minute, half up: "45 min", "1 h 23"; English "45 min", "1 h 23 min". Under 30 s: "moins d’une minute"."""
    minutes = int(Decimal(str(seconds)).scaleb(0).__truediv__(60).quantize(Decimal(1), ROUND_HALF_UP))
    if minutes < 1:
        return "moins d’une minute" if language == "fr" else "less than a minute"
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest}{NBSP}min"
    if language == "fr":
        return f"{hours}{NBSP}h{NBSP}{rest:02d}" if rest else f"{hours}{NBSP}h"
    return f"{hours}{NBSP}h{NBSP}{rest}{NBSP}min" if rest else f"{hours}{NBSP}h"


def distance(metres: float, language: str = "fr") -> str:
    """ "350 m" (to 10 m under a kilometre), "1,2 km" (to 100 m under 10 km), "37 km"."""
    tens = int(Decimal(str(metres)).__truediv__(10).quantize(Decimal(1), ROUND_HALF_UP)) * 10
    if tens < 1000:
        return f"{tens}{NBSP}m"
    kilometres = Fraction(str(metres)) / 1000
    if kilometres < Fraction(995, 100):
        return f"{number(kilometres, language, 1)}{NBSP}km"
    return f"{number(kilometres, language, 0)}{NBSP}km"


def file_size(size_bytes: int, language: str = "fr") -> str:
    """ "12 ko", "3,4 Mo" ("kB", "MB" in English); a kilobyte is 1,000 bytes."""
    letter = "o" if language == "fr" else "B"
    for unit, scale in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if size_bytes >= scale:
            scaled = Fraction(size_bytes, scale)
            return f"{number(scaled, language, 1 if scaled < 10 else 0)}{NBSP}{unit}{letter}"
    return f"{size_bytes}{NBSP}{letter}"


def init_app(app: "Flask") -> None:
    """The same functions as template filters, in the language being read: `{{ leaves_at|hour }}`."""
    from collections.abc import Callable
    from typing import Any

    from mobigo.infra.i18n import current_language

    def filter_of(function: Callable[..., str]) -> Callable[..., str]:
        def spoken(value: Any, *args: Any, **named: Any) -> str:
            return function(value, current_language(), *args, **named)

        return spoken

    for function in (hour, day, instant, number, telephone, amount, duration, distance, file_size):
        app.add_template_filter(filter_of(function), function.__name__)

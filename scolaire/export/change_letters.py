"""Letters that say which stop and which hours change: one page a family, as sentences for a message, or as one tagged
PDF for window envelopes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from babel.dates import get_day_names

from mobigo.base.instants import paris_day
from mobigo.infra import formats, pdf
from mobigo.infra.i18n import current_language, use_language
from mobigo.infra.i18n import gettext as _
from scolaire.model.rides import Child, Letter, Ride
from scolaire.model.schools import Way


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: the authority, its telephone, the site on which families read their hours."""

    name: str
    phone: str
    site: str


def title_of(child: Child) -> str:
    """The subject of a message about one child."""
    if not child.seated:
        return _("Transport scolaire : pas de car pour %(name)s", name=child.first_name)
    if not child.before:
        return _("Transport scolaire : l’arrêt et les horaires de %(name)s", name=child.first_name)
    return _("Transport scolaire : les horaires de %(name)s changent", name=child.first_name)


def paragraphs(letter: Letter, first_day: date) -> list[str]:
    """The letter as sentences, in the language being read."""
    told = []
    for child in letter.children:
        told.append(introduction(child, first_day))
        told += [line(ride) for ride in child.after.values()]
        told += notes(child)
    return told


def introduction(child: Child, first_day: date) -> str:
    """What happens to a child, in one sentence."""
    given = {
        "name": child.first_name, "school": child.school, "day": formats.day(first_day, current_language(), year=True)
    }  # fmt: skip
    if not child.seated:
        return _("À partir du %(day)s, le plan de transport ne prévoit pas de car pour %(name)s (%(school)s). Appelez-"
                 "nous avant de compter sur un car.", **given)  # fmt: skip
    if not child.after:  # no home of the reader's: no stop is told
        return _("À partir du %(day)s, l’arrêt de car ou les horaires de %(name)s (%(school)s) changent. Appelez-nous "
                 "pour les connaître.", **given)  # fmt: skip
    if not child.before:
        return _("À partir du %(day)s, voici l’arrêt de car et les horaires de %(name)s (%(school)s).", **given)
    return _("À partir du %(day)s, l’arrêt de car ou les horaires de %(name)s (%(school)s) changent.", **given)


def notes(child: Child) -> list[str]:
    """What is said under the hours of a child."""
    if child.some_weeks and child.after:
        return [_("Ces horaires sont ceux des jours où %(name)s est chez vous.", name=child.first_name)]
    return []


def line(ride: Ride) -> str:
    """A ride in one sentence."""
    given = {
        "days": days_of(ride), "stop": ride.stop, "at": clock(ride.stop_s), "school": clock(ride.school_s),
    }  # fmt: skip
    if ride.way is Way.IN:
        return _("Aller (%(days)s) : arrêt %(stop)s à %(at)s, à l’établissement à %(school)s.", **given)
    return _("Retour (%(days)s) : départ de l’établissement à %(school)s, arrêt %(stop)s à %(at)s.", **given)


def days_of(ride: Ride) -> str:
    """The weekdays of a ride, in words: three or more in a row by the first and the last."""
    names = get_day_names("wide", locale=current_language())
    first, last = min(ride.weekdays), max(ride.weekdays)
    if len(ride.weekdays) == last - first + 1 > 2:
        return _("du %(first)s au %(last)s", first=names[first], last=names[last])
    return ", ".join(names[day] for day in ride.weekdays)


def clock(seconds: int) -> str:
    """An hour of the day, in the language being read."""
    return formats.hour(time(seconds // 3600 % 24, seconds // 60 % 60), current_language())


# ---------------------------------------------------------------- on paper


def letters_pdf(letters: Sequence[Letter], first_day: date, sender: Sender, made_at: datetime, *, draft: str) -> bytes:
    """One page a family, in the order given; `draft`: what is said on each page of a version that is not in force."""
    title = _("Transport scolaire : lettres aux familles")
    pages = []
    for letter in letters:
        with use_language(letter.language):
            pages.append(_page(letter, first_day, sender, made_at, draft))
    source = "#set page(numbering: none)\n" + "\n\n#pagebreak()\n\n".join(pages)
    return pdf.compiled(title, source, made_at, language=current_language(), size_pt=11)


def _page(letter: Letter, first_day: date, sender: Sender, made_at: datetime, draft: str) -> str:
    language = current_language()
    written = formats.day(paris_day(made_at), language, year=True, weekday=False)
    parts = [f'#text(lang: "{language}")[]']
    if draft:
        parts.append(f"#align(center)[*{pdf.escaped(draft)}*]")
    parts += [
        f"*{pdf.escaped(sender.name)}* \\ {pdf.escaped(_('Transport scolaire'))} \\ {pdf.escaped(sender.phone)}",
        "#pad(left: 92mm, top: 14mm, bottom: 10mm)[#box(height: 28mm)["
        + " \\ ".join(pdf.escaped(each) for each in letter.envelope or letter.names)
        + "]]",
        f"#align(right)[{pdf.escaped(_('Le %(day)s', day=written))}]",
        f"= {pdf.escaped(_('Transport scolaire : ce qui change'))}",
        pdf.escaped(_("Madame, Monsieur,")),
    ]
    for child in letter.children:
        parts.append(pdf.escaped(introduction(child, first_day)))
        if child.after:
            parts.append(_table(child))
        parts += [pdf.escaped(note) for note in notes(child)]
    parts.append(pdf.escaped(_closing(letter, sender)))
    parts.append(f"#align(right)[{pdf.escaped(_('Le service du transport scolaire'))}]")
    return "\n\n".join(parts)


def _table(child: Child) -> str:
    """A row for each ride: what it was, what it is."""
    rows = []
    for half, ride in child.after.items():
        way = _("Aller") if ride.way is Way.IN else _("Retour")
        was = child.before.get(half)
        rows.append(
            [f"{way}, {days_of(ride)}", _("pas de car") if was is None else _told(was), _told(ride),
             clock(ride.school_s)]
        )  # fmt: skip
    titles = (_("Trajet"), _("Jusqu’ici"), _("Désormais"), _("À l’établissement"))
    if not child.before:
        return pdf.table((titles[0], _("Arrêt et heure"), titles[3]), [[a, c, d] for a, _b, c, d in rows], wide=0)
    return pdf.table(titles, rows, wide=0)


def _told(ride: Ride) -> str:
    return _("%(stop)s, %(at)s", stop=ride.stop, at=clock(ride.stop_s))


def _closing(letter: Letter, sender: Sender) -> str:
    words = [_("Soyez à l’arrêt cinq minutes avant l’heure.")] if any(each.after for each in letter.children) else []
    words.append(_("Une question, un désaccord : appelez-nous au %(phone)s.", phone=sender.phone) if sender.phone
                 else _("Une question, un désaccord : écrivez-nous."))  # fmt: skip
    if letter.account:
        words.append(_("Ces horaires sont aussi sur la page de votre famille : %(site)s.", site=sender.site))
    return " ".join(words)

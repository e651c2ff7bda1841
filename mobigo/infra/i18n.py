"""Languages: which one is being read, the catalogues, and the sentence of a decision.

Messages are written in French where they are used, `gettext("Chercher")`; the English catalogue translates them. The
codes of decisions (`planner.no_service_that_day`) are messages too, with a sentence in both catalogues. Only `.po`
files are kept; they are compiled once into the cache of the home folder, by content, or in memory.
"""

import contextlib
import gettext as _gettext
import hashlib
import importlib.util
import io
import logging
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup, escape

from mobigo.base.decisions import Decision
from mobigo.base.money import Money

if TYPE_CHECKING:
    from flask import Flask

LANGUAGES: Final = ("fr", "en")
COOKIE: Final = "lang"
PACKAGES: Final = ("mobigo", "covoit", "scolaire", "billettique", "opendata")
_log = logging.getLogger(__name__)
_chosen: ContextVar[str | None] = ContextVar("mobigo_language", default=None)
_cache_folder: Path | None = None


def current_language() -> str:
    """`fr` or `en`: the one chosen by `use_language`, else the request's, else French."""
    chosen = _chosen.get()
    if chosen is not None:
        return chosen
    from flask import g, has_request_context

    if has_request_context():
        return str(g.get("language", LANGUAGES[0]))
    return LANGUAGES[0]


@contextmanager
def use_language(language: str) -> Iterator[None]:
    """Speak `language` inside the block: a command, a letter, a test. Raises ValueError for one we do not speak."""
    if language not in LANGUAGES:
        raise ValueError(f"we speak {', '.join(LANGUAGES)}, not {language}")
    token = _chosen.set(language)
    try:
        yield
    finally:
        _chosen.reset(token)


def gettext(message: str, /, **params: object) -> str:
    """The message in the language being read, with its named parameters put in."""
    text = catalogue(current_language()).gettext(message)
    return text % params if params else text


def ngettext(singular: str, plural: str, number: int, /, **params: object) -> str:
    """The message for `number`, which stands in it as %(num)s. In French 0 and 1 are singular, in English only 1."""
    text = catalogue(current_language()).ngettext(singular, plural, number)
    return text % {"num": number, **params}


def sentence(decision: Decision, language: str | None = None) -> str:
    """The decision said to a person. A code without its sentence, or a parameter missing, is shown as it is and
    logged: a person who asks why always gets something, and a test keeps it from happening. A whole number by the name
    of `minutes`, or that ends so, is said as a duration, with its unit: "45 min", "3 h 57"."""
    if language is not None:
        with use_language(language):
            return sentence(decision)
    return _filled(decision.code, _params(decision), str)


def quoting(decision: Decision, *names: str) -> Markup:
    """The sentence of a decision for a page, these of its parameters `quoted`."""
    params = {name: quoted(str(value)) if name in names else value for name, value in _params(decision).items()}
    return Markup(_filled(decision.code, params, escape))  # each parameter is escaped as it is put in


def quoted(words: str) -> Markup:
    """French words quoted, an act or what an authority named: said to be French on a page that is not (WCAG 2.2,
    3.1.2), so that they are read aloud as they are."""
    return escape(words) if current_language() == LANGUAGES[0] else Markup('<span lang="fr">{}</span>').format(words)


def template_of(code: str) -> str | None:
    """The sentence of a code before its parameters are put in, each as ‹name›; None for a code without a sentence."""
    text = catalogue(current_language()).gettext(code)
    return None if text == code else re.sub(r"%\((\w+)\)[sd]", r"‹\1›", text).replace("%%", "%")


def _params(decision: Decision) -> dict[str, object]:
    speaking = current_language()
    return {name: _named(name, value, speaking) for name, value in decision.params.items()}


def _filled(code: str, params: Mapping[str, object], dress: Callable[[str], str]) -> str:
    """The sentence of a code in the language being read, `dress`ed before its parameters are put in."""
    text = catalogue(current_language()).gettext(code)
    if text != code:
        try:
            return dress(text) % params
        except (KeyError, ValueError, TypeError):
            _log.warning("the sentence of a decision does not match its parameters", extra={"code": code})
    else:
        _log.warning("a decision has no sentence", extra={"code": code, "language": current_language()})
    return dress(" ".join([code, *(f"{name}={value}" for name, value in params.items())]))


def _named(name: str, value: object, language: str) -> object:
    """A parameter of a decision, its unit being the last word of its name."""
    if name.rpartition("_")[2] == "minutes" and isinstance(value, int):
        from mobigo.infra import formats

        return formats.duration(60 * value, language)
    return _shown(value, language)


def _shown(value: object, language: str) -> object:
    from mobigo.infra import formats

    if isinstance(value, Decision):
        return sentence(value)
    if isinstance(value, Money):
        return formats.amount(value, language)
    if isinstance(value, datetime):
        return formats.instant(value, language)
    if isinstance(value, date):
        return formats.day(value, language, year=True)
    if isinstance(value, time):
        return formats.hour(value, language)
    if isinstance(value, float):
        return formats.number(value, language)
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(str(_shown(each, language)) for each in value)
    return value


class Catalogue(_gettext.GNUTranslations):
    """A compiled catalogue; a message it does not know is given back, in French's own plural rule."""

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        if msgid1 in self._known():
            return super().ngettext(msgid1, msgid2, n)
        return msgid1 if abs(n) < 2 else msgid2

    def _known(self) -> frozenset[str]:
        if not hasattr(self, "_msgids"):
            keys: Iterable[Any] = self._catalog  # type: ignore[attr-defined]  # the table the standard class fills
            self._msgids = frozenset(key[0] if isinstance(key, tuple) else key for key in keys)
        return self._msgids


def catalogue(language: str) -> Catalogue:
    """The messages of every package in one language. Raises ValueError for a language we do not speak."""
    if language not in LANGUAGES:
        raise ValueError(f"we speak {', '.join(LANGUAGES)}, not {language}")
    return _load(language, _cache_folder)


def catalogue_files(language: str) -> list[Path]:
    """Every `.po` file of this language: a package's own, and those of its sub-packages two levels down."""
    found: list[Path] = []
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        for place in (spec.submodule_search_locations or []) if spec is not None else []:
            for pattern in ("translations", "*/translations", "*/*/translations"):
                found += Path(place).glob(f"{pattern}/{language}/LC_MESSAGES/messages.po")
    return sorted(set(found))


def keep_compiled_in(folder: Path) -> None:
    """Keep compiled catalogues in `folder` (the home's cache) instead of compiling them in each process."""
    global _cache_folder
    _cache_folder = folder


@lru_cache(maxsize=8)
def _load(language: str, folder: Path | None) -> Catalogue:
    files = catalogue_files(language)
    if folder is None:
        return Catalogue(io.BytesIO(_compile(language, files)))
    digest = hashlib.sha256(b"2")
    for file in files:
        digest.update(file.read_bytes() + b"\0")
    compiled = folder / "translations" / f"{language}-{digest.hexdigest()[:16]}.mo"
    try:
        octets = compiled.read_bytes()
    except OSError:
        octets = _compile(language, files)
        _keep(octets, compiled)
    return Catalogue(io.BytesIO(octets))


def _keep(octets: bytes, at: Path) -> None:
    """For the next process, if there is room: people are answered in words on a full disk too."""
    fresh = at.with_suffix(f".{os.getpid()}-{threading.get_ident()}")  # two threads may be first
    try:
        at.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(octets)
        fresh.replace(at)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink()


def _compile(language: str, files: Iterable[Path]) -> bytes:
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    whole = Catalog(locale=language)
    for file in files:
        with file.open("rb") as stream:
            for message in read_po(stream, locale=language):
                if message.id and message.string:
                    whole.add(message.id, message.string, flags=message.flags, context=message.context)
    compiled = io.BytesIO()
    write_mo(compiled, whole)
    return compiled.getvalue()


def init_app(app: "Flask", default: str) -> None:
    """Teach an application to choose the language of each request, and its templates to speak it.

    Asked in the address (`?lang=en`, remembered in a cookie), else the cookie's, else the browser's, else `default`.
    """
    from flask import Response, g, request
    from flask_babel import Babel  # type: ignore[import-untyped]  # it publishes no types

    def asked() -> str | None:
        wanted = request.args.get("lang")
        return wanted if wanted in LANGUAGES else None

    def chosen() -> str:
        return str(g.get("language", default))

    Babel(app, locale_selector=chosen, default_locale=default, default_timezone="Europe/Paris")
    app.jinja_env.install_gettext_callables(gettext, ngettext, newstyle=False)  # type: ignore[attr-defined]  # i18n ext

    app.add_template_filter(quoted)

    @app.before_request
    def choose() -> None:
        kept = request.cookies.get(COOKIE)
        browser = request.accept_languages.best_match(LANGUAGES)
        g.language = asked() or (kept if kept in LANGUAGES else None) or browser or default

    @app.after_request
    def remember(response: Response) -> Response:
        language = g.get("language", default)
        if response.mimetype in ("text/html", "application/problem+json"):
            response.headers.setdefault("Content-Language", language)
            response.vary.update(("Accept-Language", "Cookie"))
        if asked() and request.cookies.get(COOKIE) != language:
            response.set_cookie(
                COOKIE, language, max_age=365 * 86_400, samesite="Lax", httponly=True, secure=request.is_secure
            )
        return response

"""The guides of those who travel, as pages: the files of `docs/guides` that are meant for the public, in the language
being read. Those of agents and of who runs the site are not served."""

from functools import cache
from pathlib import Path
from typing import Final

from flask import Blueprint, abort, render_template, url_for
from flask.typing import ResponseReturnValue

from mobigo.app.web.guides.reading import Guide, read
from mobigo.infra.auth import public
from mobigo.infra.i18n import LANGUAGES, current_language

bp = Blueprint("guides", __name__)
PUBLIC: Final = ("voyageur", "famille", "conducteur")
_FOLDERS: Final = (Path(__file__).parent / "texts", Path(__file__).parents[4] / "docs" / "guides")


@bp.get("/guides/<name>")
@public
def show(name: str) -> ResponseReturnValue:
    """One guide, its sections each with an address of its own. 404 for one that is not for the public."""
    if name not in PUBLIC:
        abort(404)
    others = [(href, title) for href, title in addresses() if href != url_for("guides.show", name=name)]
    return render_template("guides/guide.html", guide=guide(name, current_language()), others=others)


def addresses() -> list[tuple[str, str]]:
    """Where each guide is, and its title in the language being read."""
    return [(url_for("guides.show", name=name), guide(name, current_language()).title) for name in PUBLIC]


@cache
def guide(name: str, language: str) -> Guide:
    """A guide in a language; the anchors are those of the French one."""
    french = read(_text(name, LANGUAGES[0]))
    if language == LANGUAGES[0]:
        return french
    return read(_text(name, language), [section.anchor for section in french.sections])


def _text(name: str, language: str) -> str:
    """Beside this file in an installed package, in `docs/guides` in a clone."""
    folder = next(each for each in _FOLDERS if each.is_dir())
    return (folder / ("" if language == LANGUAGES[0] else language) / f"{name}.md").read_text(encoding="utf-8")

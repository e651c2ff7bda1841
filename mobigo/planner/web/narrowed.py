"""The lines a traveller will not take and the operators they keep to, as the form and the addresses say them.

`avoid` (any number of times) is the id of a line; `avoid_text` a number or a name to add one; `only` the id of an
operator. Nothing of it is guessed: what names no line, or several, is said beside the field.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from mobigo.infra.forms import one_line
from mobigo.infra.i18n import gettext as _
from mobigo.network.model.live import LiveNetwork
from mobigo.planner.export import names
from mobigo.planner.export.offered import Operator, lines_named, operator_rows

AVOIDED_MAX = 20
CANDIDATES_MAX = 8
TEXT_MAX = 100


@dataclass(frozen=True)
class Narrowed:
    """Which lines are avoided, which operators are kept to (none: all), and the lines a text may have meant."""

    avoided: tuple[names.Line, ...] = ()
    operators: tuple[Operator, ...] = ()
    text: str = ""
    candidates: tuple[names.Line, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.avoided or self.operators)

    @property
    def without_routes(self) -> frozenset[str]:
        """As `Limits.without_routes`."""
        return frozenset(line.id for line in self.avoided)

    @property
    def only_agencies(self) -> frozenset[str] | None:
        """As `Limits.only_agencies`; an operator of several feeds counts in all of them."""
        return frozenset(id_ for operator in self.operators for id_ in operator.ids) if self.operators else None

    def parameters(self) -> dict[str, list[str]]:
        """The part of the address that says so."""
        said = {"avoid": [line.id for line in self.avoided], "only": [operator.id for operator in self.operators]}
        return {name: ids for name, ids in said.items() if ids}

    def avoiding(self, line_id: str) -> Mapping[str, list[str] | None]:
        """What changes in the address to avoid one line more."""
        return {"avoid": [*(line.id for line in self.avoided), line_id]}

    def taking(self, line_id: str) -> Mapping[str, list[str] | None]:
        """What changes in the address to take a line again."""
        return {"avoid": [line.id for line in self.avoided if line.id != line_id] or None}

    def beyond(self, operator_id: str) -> Mapping[str, list[str] | None]:
        """What changes in the address to keep to one operator less."""
        return {"only": [each.id for each in self.operators if each.id != operator_id] or None}


def narrow(arguments: MultiDict[str, str], live: LiveNetwork, errors: dict[str, str]) -> Narrowed:
    """What the address says of lines and operators. Never raises: faults go into `errors`, by field."""
    lines, rows = names.lines_of(live), names.line_rows(live)
    ids = [text for text in dict.fromkeys(arguments.getlist("avoid")) if text]
    avoided = {id_: lines[rows[id_]] for id_ in ids if id_ in rows}
    if len(avoided) < len(ids):
        errors["avoid"] = _("Une ligne à éviter n’est pas dans nos horaires : choisissez-la de nouveau.")
    text = one_line(arguments.get("avoid_text", ""), TEXT_MAX)
    candidates: Sequence[names.Line] = ()
    if text:
        candidates = [line for line in lines_named(live, text) if line.id not in avoided]
        if len(candidates) == 1:
            avoided[candidates[0].id] = candidates[0]
            text, candidates = "", ()
        elif len(candidates) > CANDIDATES_MAX:
            errors["avoid"] = _(
                "%(count)s lignes répondent à « %(text)s » : cochez parmi les %(most)s premières, ou écrivez plus "
                "précisément."
            ) % {"count": len(candidates), "text": text, "most": CANDIDATES_MAX}
        elif candidates:
            errors["avoid"] = _("Plusieurs lignes répondent à « %(text)s » : cochez celles à éviter.") % {"text": text}
        elif lines_named(live, text):  # avoided already
            text = ""
        else:
            errors["avoid"] = _("Aucune ligne ne répond à « %(text)s ». Écrivez son numéro, ou un mot de son nom.") % {
                "text": text
            }
    if len(avoided) > AVOIDED_MAX:
        errors["avoid"] = _("Évitez %(most)s lignes au plus.") % {"most": AVOIDED_MAX}
    operators, unknown = _operators(arguments.getlist("only"), live)
    if unknown:
        errors["only"] = _("Choisissez des transporteurs dans la liste.")
    return Narrowed(tuple(avoided.values())[:AVOIDED_MAX], operators, text, tuple(candidates[:CANDIDATES_MAX]))


def _operators(ids: Sequence[str], live: LiveNetwork) -> tuple[tuple[Operator, ...], bool]:
    """(those of the ids, each once; whether an id is nobody's)."""
    known = operator_rows(live)
    wanted = [text for text in ids if text]
    found = tuple(dict.fromkeys(known[id_] for id_ in wanted if id_ in known))
    return found, any(id_ not in known for id_ in wanted)

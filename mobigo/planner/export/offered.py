"""The lines and operators of a network as people name them: by number, town or company, and by the ids of addresses."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mobigo.network.engine.placenames import fold, words
from mobigo.network.model.live import LiveNetwork
from mobigo.network.model.timetable import Timetable
from mobigo.planner.export import names


@dataclass(frozen=True, slots=True)
class Operator:
    """A company that runs lines: one for people, even where several feeds list it. `id` is the first of `ids`, each
    `feed:agency_id`."""

    id: str
    name: str
    ids: tuple[str, ...]


def operators_of(live: LiveNetwork) -> tuple[Operator, ...]:
    """The operators that run at least one line, by name; made once."""
    return live.derived("planner.operators", _operators, lasting=True)


def operator_rows(live: LiveNetwork) -> dict[str, Operator]:
    """The operator of each `feed:agency_id`; made once."""
    operators = operators_of(live)
    return live.derived(
        "planner.operator_rows", lambda _: {id_: each for each in operators for id_ in each.ids}, lasting=True
    )


def operators_named(live: LiveNetwork, text: str) -> tuple[Operator, ...]:
    """The operator of an id, else the one that bears a name (accents and capitals forgiven); empty when nothing
    does."""
    known = operator_rows(live).get(text)
    if known is not None:
        return (known,)
    return tuple(each for each in operators_of(live) if fold(each.name) == fold(text))


def lines_named(live: LiveNetwork, text: str) -> list[names.Line]:
    """The line of an id, else those whose number or name is `text`, else those it matches; empty when none does."""
    row = names.line_rows(live).get(text)
    if row is not None:
        return [names.lines_of(live)[row]]
    if not fold(text):
        return []
    found = lines_matching(live, text)
    same = [line for line in found if fold(text) in (fold(line.label), fold(line.long_name))]
    return same or found


def lines_matching(live: LiveNetwork, text: str) -> list[names.Line]:
    """The lines in which each word of `text` is a word or begins one; all of them for an empty text."""
    wanted = words(text)
    lines = names.lines_of(live)
    every = live.derived("planner.line_words", lambda _: [_words_of(line) for line in lines], lasting=True)
    out = [
        line
        for line, own in zip(lines, every, strict=True)
        if all(any(word.startswith(each) for word in own) for each in wanted)
    ]
    first = wanted[0] if wanted else ""
    return sorted(out, key=lambda line: ([first] != words(line.label), _natural(line.label), line.long_name, line.id))


def _words_of(line: names.Line) -> list[str]:
    """Whole words, and the number alone of `LR119`."""
    whole = words(f"{line.label} {line.long_name} {line.agency}")
    return whole + words(" ".join(re.findall(r"[0-9]+", line.label)))


def _natural(label: str) -> tuple[tuple[int, str], ...]:
    """LR 9 before LR 119."""
    parts = "".join(c if c.isdigit() else f" {c} " for c in label.casefold()).split()
    return tuple((int(part), "") if part.isascii() and part.isdigit() else (1 << 60, part) for part in parts)


def _operators(timetable: Timetable) -> tuple[Operator, ...]:
    named: dict[str, list[tuple[str, str]]] = {}
    running: Sequence[int] = sorted({int(row) for row in timetable.route_agency.tolist() if row >= 0})
    for row in running:
        name = timetable.agency_name[row] or names.agency_id(timetable, row)
        named.setdefault(fold(name), []).append((names.agency_id(timetable, row), name))
    found = [Operator(each[0][0], each[0][1], tuple(id_ for id_, _ in each)) for each in named.values()]
    return tuple(sorted(found, key=lambda operator: (fold(operator.name), operator.id)))

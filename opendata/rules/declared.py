"""A declaration as plain values, and back: what is kept of it, so that pages need no module to show a dataset."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from mobigo.base.datasets import Column, Kind, Privacy
from opendata.model.datasets import LICENCES, Contact, Declaration, FileSpec, Gate, LiveAddress, Period, Said, Theme


def to_json(declared: Declaration) -> dict[str, Any]:
    """The declaration as JSON values; `from_json` gives it back."""
    privacy = declared.privacy
    return {
        "code": declared.code,
        "title": declared.title,
        "description": declared.description,
        "serves": declared.serves,
        "theme": declared.theme.value,
        "gate": declared.gate.value,
        "period": declared.period.value,
        "files": [_file(each) for each in declared.files],
        "privacy": None
        if privacy is None
        else {
            "k": privacy.k,
            "groups": [list(group) for group in privacy.groups],
            "generalise": [list(pair) for pair in privacy.generalise],
            "never": list(privacy.never),
            "because": privacy.because,
        },
        "licence": declared.licence.code,
        "contact": {"name": declared.contact.name, "email": declared.contact.email},
        "keywords": list(declared.keywords),
        "spatial": list(declared.spatial),
        "since": None if declared.since is None else declared.since.isoformat(),
        "english": None if declared.english is None else _said(declared.english),
        "deprecated": declared.deprecated,
        **({} if not declared.live else {"live": [_live(each) for each in declared.live]}),
    }


def _live(address: LiveAddress) -> list[str]:
    return [address.path, address.media_type, address.means, address.standard, address.timetable]


def _said(said: Said) -> dict[str, Any]:
    return {
        "title": said.title, "description": said.description, "serves": said.serves, "keywords": list(said.keywords),
    }  # fmt: skip


def _file(spec: FileSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "media_type": spec.media_type,
        "means": spec.means,
        "standard": spec.standard,
        "columns": [
            [each.name, each.kind, each.means, each.required, each.pattern, list(each.allowed)] for each in spec.columns
        ],
    }


def _english(kept: Mapping[str, Any] | None) -> Said | None:
    if kept is None:
        return None
    return Said(kept["title"], kept["description"], kept["serves"], tuple(kept["keywords"]))


def _column(
    name: str, kind: Kind, means: str, required: bool, pattern: str = "", allowed: Sequence[str] = ()
) -> Column:
    return Column(name, kind, means, required, pattern, tuple(allowed))


def from_json(kept: Mapping[str, Any]) -> Declaration:
    """The declaration of these values. Raises KeyError or ValueError for what `to_json` never wrote."""
    privacy = kept["privacy"]
    return Declaration(
        code=kept["code"],
        title=kept["title"],
        description=kept["description"],
        serves=kept["serves"],
        theme=Theme(kept["theme"]),
        gate=Gate(kept["gate"]),
        period=Period(kept["period"]),
        files=tuple(
            FileSpec(
                each["name"],
                each["media_type"],
                each["means"],
                each["standard"],
                tuple(_column(*column) for column in each["columns"]),
            )
            for each in kept["files"]
        ),
        privacy=None
        if privacy is None
        else Privacy(
            k=privacy["k"],
            groups=tuple(tuple(group) for group in privacy["groups"]),
            generalise=tuple((column, how) for column, how in privacy["generalise"]),
            never=tuple(privacy["never"]),
            because=privacy["because"],
        ),
        licence=LICENCES[kept["licence"]],
        contact=Contact(**kept["contact"]),
        keywords=tuple(kept["keywords"]),
        spatial=tuple(kept["spatial"]),
        since=None if kept["since"] is None else date.fromisoformat(kept["since"]),
        english=_english(kept.get("english")),
        deprecated=kept["deprecated"],
        live=tuple(LiveAddress(*each) for each in kept.get("live", ())),
    )

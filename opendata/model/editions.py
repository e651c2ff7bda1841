"""What a module hands over to be published, and what it becomes: produced files, editions, kept versions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from opendata.model.checks import Check
from opendata.model.datasets import Slot


@dataclass(frozen=True, slots=True)
class Produced:
    """A file as it was just made: its bytes, or where they lie (a path is read by pieces, and left where it is).

    `content_sha256`: of what the bytes say, where the bytes themselves depend on a library's build (the entries of an
    archive); None: the bytes are the content.
    """

    name: str
    media_type: str
    content: bytes | Path
    rows: int | None = None
    content_sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """All files of one dataset, made of the facts as they stood at one instant. `checks`: what the producer has
    already had checked (the audit of the privacy gate); `counts`: what it took and left ("collected", "removed" …)."""

    files: tuple[Produced, ...]
    slot: Slot = Slot.LATEST
    first_day: date | None = None
    last_day: date | None = None
    checks: tuple[Check, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


class State(StrEnum):
    """The life of a version. Only `PUBLISHED` has public addresses; it keeps them until it is `WITHDRAWN`."""

    DRAFT = "draft"  # kept, not looked at
    CHECKED = "checked"  # every judge that must speak has spoken, and none refuses
    FAULTY = "faulty"  # a judge refuses
    APPROVED = "approved"  # a person who did not make it says yes
    PUBLISHED = "published"
    REJECTED = "rejected"  # a person says no
    WITHDRAWN = "withdrawn"  # was public, must be no more: its addresses answer 410 with the reason


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file of a version: `sha256` of its bytes (where it lies, and its strong entity tag), `size` in bytes."""

    name: str
    media_type: str
    sha256: str
    size: int
    content_sha256: str
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a dataset, never changed but for its state. `number` counts from 1 within the dataset;
    `content_hash` names it: equal contents are one version. `facts_at`: the instant whose facts it shows."""

    id: str
    dataset: str
    number: int
    content_hash: str
    state: State
    slot: Slot
    facts_at: datetime
    made_by: str | None
    files: tuple[KeptFile, ...]
    first_day: date | None = None
    last_day: date | None = None
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What stands in its address: twelve letters of its content's hash."""
        return self.content_hash[:12]

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)

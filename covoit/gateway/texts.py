"""Text messages that people send us: an interface, and the default one that reads files.

An operator's gateway (webhook or poll) implements `Texts`; the file gateway reads `home/inbox/sms/*.txt`: the number on
the first line, the words after. What was taken leaves the folder for `taken`, with what was answered, or `refused`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from mobigo.infra.blobs import write_whole

LONGEST_BYTES: Final = 2_000  # a long text message is 1,600 letters


@dataclass(frozen=True, slots=True)
class Text:
    """One message: `id` names it at its gateway."""

    id: str
    phone: str  # E.164
    words: str
    at: datetime  # when its gateway received it: the figures are those of that minute


class Texts(Protocol):
    """Where text messages come from."""

    def received(self) -> Iterator[Text]:
        """The messages nobody has taken yet, oldest first."""
        ...

    def done(self, text: Text, answer: str, *, taken: bool) -> None:
        """The message was dealt with, and this was answered."""
        ...


class FileTexts:
    """Messages as files."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "inbox" / "sms"

    def received(self) -> Iterator[Text]:
        """Files of the folder, by name; one that is too long, or not text, is set aside unread."""
        for path in sorted(self.folder.glob("*.txt")) if self.folder.is_dir() else []:
            raw = path.read_bytes()
            phone, _, words = raw.decode("utf-8", errors="replace").partition("\n")
            at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            text = Text(path.name, phone.strip(), words.strip(), at)
            if len(raw) > LONGEST_BYTES or not text.phone:
                self.done(text, "", taken=False)
                continue
            yield text

    def done(self, text: Text, answer: str, *, taken: bool) -> None:
        """Writes the answer beside the message, and moves it out of the folder."""
        place = self.folder / ("taken" if taken else "refused")
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        if answer:
            write_whole(place / f"{text.id}.answer", lambda file: file.write(answer.encode()))
        (self.folder / text.id).replace(place / text.id)

"""The default gateway of every channel: each message becomes a file under home/outbox/<channel>."""

from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from mobigo.infra.blobs import write_whole
from mobigo.infra.outbox import Message


class FileGateway:
    """Writes `<message id>.eml` (e-mail) or `.txt` (SMS, letter); sent again, the same message is the same file."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def send(self, message_id: str, message: Message, now: datetime) -> None:
        """Write the message, whole or not at all, readable by the product's user only (it names people)."""
        if message.channel == "email":
            path, content = self.root / "email" / f"{message_id}.eml", _email(message_id, message, now)
        else:
            path = self.root / message.channel / f"{message_id}.txt"
            content = f"{message.recipient}\n{message.subject}\n\n{message.body}\n".encode()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, lambda file: file.write(content))
        path.chmod(0o600)


def _email(message_id: str, message: Message, now: datetime) -> bytes:
    letter = EmailMessage()
    letter["To"] = message.recipient
    letter["Subject"] = message.subject
    letter["Date"] = format_datetime(now)
    letter["Message-ID"] = f"<{message_id}@mobigo>"
    letter.set_content(message.body)
    return letter.as_bytes()

"""The five error words. Each package raises these and no other across its border; the shells map them once.

MobigoError
├── NotFound       no such thing, or none that you may see        HTTP 404, exit 2
├── InvalidInput   what was given cannot be understood            HTTP 422, exit 2
├── Refused        understood, and not allowed or found faulty    HTTP 403, exit 3
├── Conflict       contradicts what is already recorded           HTTP 409, exit 3
└── Upstream       another system did not answer as it should     HTTP 502, exit 1
"""

from mobigo.base.decisions import Decision


class MobigoError(Exception):
    """An error a person can act on: a decision (code and parameters) that the catalogues put into a sentence."""

    def __init__(self, code: str, **params: object) -> None:
        self.decision = Decision(code, **params)
        super().__init__(code)

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value}" for name, value in self.decision.params.items())
        return f"{self.decision.code}({shown})"


class NotFound(MobigoError):
    """No such thing, or none that the asker may see."""


class InvalidInput(MobigoError):
    """What was given cannot be understood; the parameters say what, where and what would be valid."""


class Refused(MobigoError):
    """Understood, and not allowed; or a thing examined and found faulty."""


class Conflict(MobigoError):
    """Contradicts what is already recorded (another body under the same key, a state already left)."""


class Upstream(MobigoError):
    """Another system did not answer as it should."""

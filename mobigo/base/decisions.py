"""A decision is a code and its parameters, stored so. Sentences are made from the catalogues, when someone reads."""

from collections.abc import Mapping
from types import MappingProxyType


class Decision:
    """A reason as a value: `Decision("planner.no_service_that_day", day=date(2026, 11, 24))`.

    `code` is dotted (`package.reason`) and has a sentence in the French and in the English catalogue, in which the
    parameters stand by name. Equal codes and parameters are equal decisions.
    """

    __slots__ = ("code", "params")

    code: str
    params: Mapping[str, object]

    def __init__(self, code: str, /, **params: object) -> None:
        object.__setattr__(self, "code", code)
        object.__setattr__(self, "params", MappingProxyType(params))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a decision is a value: {name} cannot be set")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Decision) and (self.code, dict(self.params)) == (other.code, dict(other.params))

    def __hash__(self) -> int:
        return hash((self.code, tuple(sorted((name, repr(value)) for name, value in self.params.items()))))

    def __repr__(self) -> str:
        return f"Decision({self.code!r}, {dict(self.params)!r})"

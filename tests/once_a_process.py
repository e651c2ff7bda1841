"""What each application and each engine of a test would make again, and is the same every time, is made once a process:
the rules of addresses taken apart, the statements put into SQL. Hundreds of either, thousands of times, otherwise."""

from typing import Any

from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from mobigo.app.factory import LateRule
from mobigo.infra import db


def remember_rules() -> None:
    """A route is taken apart the first time an application has it; its parts are values and hang on no application."""
    known: dict[str, tuple[Any, ...]] = {}
    compile_rule = LateRule.compile

    def compile_again(self: LateRule) -> None:
        found = known.get(self.rule)
        if found is None:
            compile_rule(self)
            known[self.rule] = (self._parts, self._trace, self._converters, frozenset(self.arguments))
            return
        self._parts, self._trace, self._converters = found[:3]
        self.arguments |= found[3]
        self._build = self._compile_builder(False).__get__(self, None)
        self._build_unknown = self._compile_builder(True).__get__(self, None)

    LateRule.compile = compile_again


def share_statements() -> None:
    """The engines of a process share what they compiled: dialects of one kind, on servers of one version, are one."""
    shared: Any = LRUCache(4_000)
    create_engine = db.create_engine

    def create(*given: Any, **named: Any) -> Any:
        engine = create_engine(*given, **named)
        engine._compiled_cache = shared
        return engine

    db.create_engine = create
    DefaultDialect.__eq__ = lambda self, other: _kind(self) == _kind(other)
    DefaultDialect.__hash__ = lambda self: hash(_kind(self))


def _kind(dialect: Any) -> tuple[Any, ...]:
    return type(dialect), getattr(dialect, "server_version_info", None)

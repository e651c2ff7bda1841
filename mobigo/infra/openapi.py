"""The API's document: each package completes it with what its operations take and answer."""

from collections.abc import Callable
from typing import Any

from apiflask import APIFlask

Json = dict[str, Any]


def completed_by(complete: Callable[[Json], Json]) -> Callable[[Any], None]:
    """For `record_once` of a blueprint: the application's document goes through `complete` as well."""

    def register(state: Any) -> None:
        app: APIFlask = state.app
        before = app.spec_callback

        def completed(document: Any) -> Json:
            made: Any = before(document) if before else document
            return complete(made)

        app.spec_callback = completed

    return register

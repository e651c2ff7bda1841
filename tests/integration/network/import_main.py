"""An import that stops for ever at a named point, for a test to kill: `python -m … POINT FEED.zip NAME`.

Configured as usual. At the point it says so on standard output, then waits.
"""

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

from mobigo.infra.config import load_config
from mobigo.infra.web import Services
from mobigo.network import service
from mobigo.network.store import feeds, lossless, places


def stop_for_ever(*_: object, **__: object) -> NoReturn:
    print("here", flush=True)
    while True:
        signal.pause()


def after(done: Callable[..., Any]) -> Callable[..., Any]:
    def stopping(*arguments: object, **named: object) -> object:
        done(*arguments, **named)
        stop_for_ever()

    return stopping


def main() -> None:
    point, archive, name = sys.argv[1:]
    if point == "tables half written":
        # the index of the tables comes last
        lossless.json = SimpleNamespace(dumps=stop_for_ever, loads=json.loads)  # type: ignore[assignment]  # stands for it
    elif point == "version recorded":
        feeds.activate = after(feeds.activate)
    elif point == "places followed":
        places.follow = after(places.follow)
    service.import_feed(Services(load_config()), Path(archive), name)


if __name__ == "__main__":
    main()

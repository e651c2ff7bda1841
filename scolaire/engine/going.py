"""How a search is stopped in the middle of a step: `Going` is asked often; the search ends soon after it says no.

Our own loops and PyVRP ask between two turns. HiGHS cannot be interrupted once it has begun: it works beside, and is
left to its limit of seconds when nobody waits for it any more. Nothing here decides by a clock: a search that is not
stopped gives what it would have given.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

Going = Callable[[], bool]
Found = TypeVar("Found")
ASK_S = 0.1


def always() -> bool:
    """Nobody stops the search."""
    return True


def beside(work: Callable[[], Found], going: Going) -> Found | None:
    """What the work gives, or None as soon as `going` says no. What it raises is raised here."""
    if going is always:
        return work()
    if not going():
        return None
    found: list[Found] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as error:  # told to whoever waits, who raises it
            failed.append(error)

    thread = threading.Thread(target=run, name="solver", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(ASK_S)
        if thread.is_alive() and not going():
            return None
    if failed:
        raise failed[0]
    return found[0]

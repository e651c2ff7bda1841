"""A front for drills: one address before several hosts, and a way through a host's network to what this machine serves.

It passes octets on, a connection to a host, and knows of HTTP only the page that says whether a host is ready. What
any proxy does is done here (docs/operations.md shows it for nginx and HAProxy): a host that does not accept, or is not
ready, gets nothing new; a host can be emptied, so that it ends with nothing in its hands.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

Address = tuple[str, int]
T = TypeVar("T")
LOOK_S: Final = 1.0
CONNECT_S: Final = 2.0
READY_S: Final = 5.0
FAILURES: Final = 3


@dataclass
class Backend:
    """A host behind the front. `busy`: connections it holds; `draining`: gets no new one."""

    address: Address
    ready: bool = False
    draining: bool = False
    failed: int = 0
    busy: set["asyncio.Task[None]"] = field(default_factory=set)


class Loop:
    """An event loop in a thread of its own, for servers of a test; ended by `close`."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._servers: list[asyncio.Server] = []
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: "Awaitable[T]") -> T:
        async def awaited() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(awaited(), self._loop).result(30)

    def start(self, work: Callable[[], Awaitable[None]]) -> None:
        async def awaited() -> None:
            await work()

        asyncio.run_coroutine_threadsafe(awaited(), self._loop)

    def listen(
        self, serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], here: Address
    ) -> None:
        """Hand each connection to that address to `serve`, until `close`."""
        self._servers.append(self.run(asyncio.start_server(serve, *here)))

    def close(self) -> None:
        async def cancel() -> None:
            for server in self._servers:
                server.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

        with contextlib.suppress(Exception):
            self.run(cancel())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)


def relay(loop: Loop, here: Address, there: Address) -> None:
    """Whoever connects to `here` is connected to `there`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far = await asyncio.open_connection(*there)
        except OSError:
            writer.close()
            return
        await _both_ways((reader, writer), far)

    loop.listen(serve, here)


class Front:
    """Answers on `here` by the hosts, in turn: those that are ready and not being emptied."""

    def __init__(self, loop: Loop, here: Address, hosts: Sequence[Address], name: str) -> None:
        self.backends = [Backend(each) for each in hosts]
        self.refused = 0  # nobody could take it
        self._turn = 0
        self._name = name  # asked for by name: a host answers to its public name alone
        self._loop = loop
        loop.listen(self._serve, here)
        for backend in self.backends:
            loop.start(lambda backend=backend: self._look_after(backend))  # type: ignore[misc]

    def drain(self, number: int, limit_s: float = 180.0) -> None:
        """Give this host nothing more, and wait until it has nothing left."""
        backend = self.backends[number]
        backend.draining = True
        _until(lambda: not backend.busy, limit_s, f"host {number} is never done")

    def undrain(self, number: int, limit_s: float = 180.0) -> None:
        """Give it requests again, once it is ready."""
        backend = self.backends[number]
        backend.ready, backend.failed = False, 0
        _until(lambda: backend.ready, limit_s, f"host {number} is never ready")
        backend.draining = False

    def wait_for(self, number: int, *, ready: bool, limit_s: float = 180.0) -> None:
        _until(lambda: self.backends[number].ready is ready, limit_s, f"host {number}: ready is never {ready}")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for backend in self._in_turn():
            task = asyncio.current_task()
            assert task is not None
            backend.busy.add(task)
            try:
                far = await asyncio.wait_for(asyncio.open_connection(*backend.address), CONNECT_S)
                await _both_ways((reader, writer), far)
                return
            except (OSError, TimeoutError):
                continue  # it took nothing: another may
            except asyncio.CancelledError:
                return  # the host is gone, and what it was at with it
            finally:
                backend.busy.discard(task)
                if backend.failed >= FAILURES:
                    writer.close()
        self.refused += 1
        writer.close()

    def _in_turn(self) -> list[Backend]:
        self._turn += 1
        fit = [each for each in self.backends if each.ready and not each.draining]
        start = self._turn % len(fit) if fit else 0
        return fit[start:] + fit[:start]

    async def _look_after(self, backend: Backend) -> None:
        while True:
            ready = await _is_ready(backend.address, self._name)
            backend.failed = 0 if ready else backend.failed + 1
            if ready:
                backend.ready = True
            elif backend.failed >= FAILURES:
                backend.ready = False
                for task in list(backend.busy):
                    task.cancel()
            await asyncio.sleep(LOOK_S)


async def _is_ready(address: Address, name: str) -> bool:
    async def asked() -> bool:
        reader, writer = await asyncio.open_connection(*address)
        try:
            writer.write(f"GET /readyz HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            return (await reader.readline()).split(b" ")[1:2] == [b"200"]
        finally:
            writer.close()

    try:
        return await asyncio.wait_for(asked(), READY_S)
    except (OSError, TimeoutError):
        return False


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _both_ways(near: Ends, far: Ends) -> None:
    """Octets both ways until both have said all; what was cut on one side is cut on the other."""
    try:
        await asyncio.gather(_pass_on(near[0], far[1]), _pass_on(far[0], near[1]))
    except OSError:
        pass
    finally:
        near[1].close()
        far[1].close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


def _until(what: Callable[[], bool], limit_s: float, otherwise: str) -> None:
    until = time.monotonic() + limit_s
    while not what():
        assert time.monotonic() < until, otherwise
        time.sleep(0.05)

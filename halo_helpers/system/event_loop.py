"""Run a coroutine to its end from anywhere, also in a kernel whose own event loop is running."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
DNS_TIMEOUT_S = 5.0


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run the coroutine and return its result; in a thread of its own where a loop runs already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run_here(work)
    outcome: list[T] = []
    failure: list[BaseException] = []

    def target() -> None:
        try:
            outcome.append(_run_here(work))
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=target, name="halo-runbook", daemon=True)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


def _run_here(work: Coroutine[Any, Any, T]) -> T:
    loop = asyncio.new_event_loop()
    loop.getaddrinfo = _look_up  # type: ignore[method-assign]
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(_and_settle(work))


async def _and_settle(work: Coroutine[Any, Any, T]) -> T:
    """Let closed connections leave the loop before it ends: a transport closes in the turn after."""
    try:
        return await work
    finally:
        for _ in range(3):
            await asyncio.sleep(0)


async def _look_up(host: Any, port: Any, **options: Any) -> list[Any]:
    """Resolve a name in a thread that nobody waits for: the system's resolver cannot be told to stop.

    Raises: socket.gaierror, also when it takes too long.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Any]] = loop.create_future()

    def settle(result: list[Any] | None, error: BaseException | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(result or [])

    def look_up() -> None:
        result, problem = None, None
        try:
            result = socket.getaddrinfo(host, port, **options)
        except (OSError, UnicodeError) as error:
            problem = (
                error if isinstance(error, OSError) else socket.gaierror(socket.EAI_NONAME, "no such name")
            )
        try:
            loop.call_soon_threadsafe(settle, result, problem)
        except RuntimeError:
            return  # the loop has ended without us

    threading.Thread(target=look_up, name="dns", daemon=True).start()
    try:
        async with asyncio.timeout(DNS_TIMEOUT_S):
            return await answer
    except TimeoutError:
        raise socket.gaierror(socket.EAI_AGAIN, "the name server does not answer") from None

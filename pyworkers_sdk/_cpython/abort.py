"""The web platform's abort signals on plain CPython; ``web`` has its other classes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import suppress
from typing import Any, TypeVar

from . import environment
from .js_exception import JsException
from .streams import ReadableStream

__all__ = ["AbortController", "AbortSignal", "DOMException", "abortable", "abortable_stream"]

T = TypeVar("T")


class DOMException:
    """JS: DOMException."""

    @staticmethod
    def new(message: str, name: str) -> JsException:
        return JsException(name, message)


class AbortSignal:
    """JS: AbortSignal.

    A timeout ends at ``due`` on the runtime's clock, in milliseconds. In real time it ends at the
    latest after its duration, even if no test advances a fake clock.
    """

    def __init__(self) -> None:
        self._aborted = False
        self._reason: Any = None
        self.due: float | None = None
        self._now = environment.current().now
        self._listeners: dict[Any, None] = {}
        self.sources: list[AbortSignal] = []

    @staticmethod
    def abort(reason: Any = None) -> AbortSignal:
        signal = AbortSignal()
        signal.fire(reason)
        return signal

    @staticmethod
    def timeout(milliseconds: float) -> AbortSignal:
        signal = AbortSignal()
        signal.due = environment.current().now() + milliseconds
        with suppress(RuntimeError):  # outside an event loop only the clock counts
            asyncio.get_running_loop().call_later(milliseconds / 1000, signal.time_out)
        return signal

    @staticmethod
    def any(signals: Iterable[AbortSignal]) -> AbortSignal:
        signal = AbortSignal()
        signal.sources = [*signals]
        for source in signal.sources:
            source.addEventListener("abort", signal.update)
        signal.update()
        return signal

    @property
    def aborted(self) -> bool:
        self.update()
        return self._aborted

    @property
    def reason(self) -> Any:
        self.update()
        return self._reason

    def addEventListener(self, name: str, listener: Any) -> None:
        self._listeners[listener] = None

    def removeEventListener(self, name: str, listener: Any) -> None:
        # A listener that is missing is not an error in JavaScript.
        self._listeners.pop(listener, None)

    def fire(self, reason: Any = None) -> None:
        if not self._aborted:  # test_abort: test_only_the_first_abort_counts
            self._aborted = True
            aborted = JsException("AbortError", "The operation was aborted")
            self._reason = aborted if reason is None else reason
            # A copy: a listener may remove itself.
            for listener in [*self._listeners]:
                listener(None)

    def time_out(self) -> None:
        self.fire(JsException("TimeoutError", "The operation was aborted due to timeout"))

    def update(self, event: Any = None) -> None:
        """Abort if the timeout is over, or if a source has aborted."""
        if self.due is not None and self._now() >= self.due:
            self.time_out()
        for source in self.sources:
            if source.aborted:
                self.fire(source.reason)


class AbortController:
    """JS: AbortController."""

    def __init__(self) -> None:
        self.signal = AbortSignal()

    @classmethod
    def new(cls) -> AbortController:
        return cls()

    def abort(self, reason: Any = None) -> None:
        self.signal.fire(reason)


async def abortable(work: Awaitable[T], signal: AbortSignal | None) -> T:
    """Return the result of ``work``; if ``signal`` aborts first, cancel it and raise the reason."""
    if signal is None:
        return await work
    working = asyncio.ensure_future(work)
    stopped = asyncio.get_running_loop().create_future()

    def listener(event: Any) -> None:
        if not stopped.done():
            stopped.set_result(None)

    signal.addEventListener("abort", listener)
    try:
        if not signal.aborted:
            await asyncio.wait([working, stopped], return_when=asyncio.FIRST_COMPLETED)
        if signal.aborted:
            raise signal.reason
        return working.result()
    finally:
        signal.removeEventListener("abort", listener)
        # Also awaited after a cancellation, so that its cleanup is over when the caller continues.
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


def abortable_stream(stream: ReadableStream, signal: AbortSignal) -> ReadableStream:
    """Return a stream of the same chunks that fails when ``signal`` aborts."""

    async def chunks() -> AsyncIterator[bytes]:
        try:
            while (chunk := await abortable(anext(stream.chunks, None), signal)) is not None:
                yield chunk
        finally:
            await stream.close()

    return ReadableStream(chunks(), stream.length)

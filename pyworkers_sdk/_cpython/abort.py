"""The web platform's abort signals on plain CPython; ``_web`` has the rest of it."""

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
    @staticmethod
    def new(message: str, name: str) -> JsException:
        return JsException(name, message)


class AbortSignal:
    """``_due``: when on the fake clock, and at the latest when in real time, a timeout is over."""

    def __init__(self) -> None:
        self._aborted = False
        self._reason: Any = None
        self._due: float | None = None
        self._now = environment.current().now
        self._listeners: dict[Any, None] = {}
        self._sources: list[AbortSignal] = []

    @staticmethod
    def abort(reason: Any = None) -> AbortSignal:
        signal = AbortSignal()
        signal.fire(reason)
        return signal

    @staticmethod
    def timeout(milliseconds: float) -> AbortSignal:
        signal = AbortSignal()
        signal._due = signal._now() + milliseconds
        with suppress(RuntimeError):  # outside a loop the clock alone counts
            asyncio.get_running_loop().call_later(milliseconds / 1000, signal._time_out)
        return signal

    @staticmethod
    def any(signals: Iterable[AbortSignal]) -> AbortSignal:
        made = AbortSignal()
        made._sources = [*signals]
        for source in made._sources:
            source.addEventListener("abort", made._look)
        made._look()
        return made

    @property
    def aborted(self) -> bool:
        self._look()
        return self._aborted

    @property
    def reason(self) -> Any:
        self._look()
        return self._reason

    def addEventListener(self, name: str, listener: Any) -> None:
        self._listeners[listener] = None

    def removeEventListener(self, name: str, listener: Any) -> None:
        self._listeners.pop(listener, None)

    def fire(self, reason: Any = None) -> None:
        if not self._aborted:
            self._aborted = True
            aborted = JsException("AbortError", "The operation was aborted")
            self._reason = aborted if reason is None else reason
            for listener in [*self._listeners]:
                listener(None)

    def _time_out(self) -> None:
        self.fire(JsException("TimeoutError", "The operation was aborted due to timeout"))

    def _look(self, event: Any = None) -> None:
        if self._due is not None and self._now() >= self._due:
            self._time_out()
        for source in self._sources:
            if source.aborted:
                self.fire(source.reason)


class AbortController:
    def __init__(self) -> None:
        self.signal = AbortSignal()

    @classmethod
    def new(cls) -> AbortController:
        return cls()

    def abort(self, reason: Any = None) -> None:
        self.signal.fire(reason)


async def abortable(work: Awaitable[T], signal: AbortSignal | None) -> T:
    """What ``work`` gives, unless ``signal`` ends it first."""
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
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


def abortable_stream(stream: ReadableStream, signal: AbortSignal) -> ReadableStream:
    """The same stream, which breaks off when ``signal`` says so."""

    async def chunks() -> AsyncIterator[bytes]:
        try:
            while (chunk := await abortable(anext(stream.chunks, None), signal)) is not None:
                yield chunk
        finally:
            await stream.close()

    return ReadableStream(chunks(), stream.length)

"""The task that runs an async iterator for readers in other tasks, and in JavaScript."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from contextvars import Context, copy_context
from typing import Any, Generic, Self, TypeAlias, TypeVar

from .values import bytes_of_chunk

__all__ = ["Pump", "chunk_of"]

T = TypeVar("T")

Answer: TypeAlias = Callable[[Any, BaseException | None], None]


def chunk_of(chunk: Any) -> memoryview | None:
    """Return the bytes of a chunk of a body, or None if the chunk is empty.

    Raises:
        ConversionError: The chunk is not bytes.
    """
    view = bytes_of_chunk(chunk)
    return view if view.nbytes else None


class Pump(Generic[T]):
    """An async iterator whose source runs in one task, and in one context, from begin to end.

    The context is a copy of the creator's. The task starts when the first item is asked for, so
    an unread pump runs nothing. Between two items the task waits for the next demand, so the
    source is never ahead of its reader.

    A cancellation of that task while it waits comes from the source itself: from a timeout or a
    task group around a ``yield``. It is raised at this ``yield``.

    Args:
        source: An async generator, or another async iterable. After an item with which its
            attribute ``is_over`` is true, no other is asked for.
        convert: Converts each item in the task; items that become None are left out.
    """

    __slots__ = ("_runner",)

    def __init__(
        self, source: AsyncIterable[Any], convert: Callable[[Any], T | None] | None = None
    ) -> None:
        self._runner = _Runner(aiter(source), convert)

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> Awaitable[T]:
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def answer(item: Any, error: BaseException | None) -> None:
            if future.done():  # its reader was cancelled
                return
            if isinstance(error, StopAsyncIteration):
                future.set_exception(_Ended())  # a future refuses StopIteration and its like
            elif error is not None:
                future.set_exception(error)
            else:
                future.set_result(item)

        self.ask(answer)
        return _item_of(future)

    @property
    def is_asked(self) -> bool:
        """True while an item is asked for that has not come yet."""
        return self._runner.answer is not None

    def ask(self, answer: Answer) -> None:
        """Ask for the next item.

        Args:
            answer: It is called with the item and None, or with None and the exception that ended
                the source: StopAsyncIteration at its regular end.
        """
        self._runner.ask(answer)

    async def aclose(self) -> None:
        """Close the source in its own task, and wait for its end.

        Raises:
            Exception: The exception of the source in its clean-up.
        """
        await self._runner.aclose()

    def __del__(self) -> None:
        # As an event loop closes an async generator that is garbage-collected.
        self._runner.abandon()


class _Ended(Exception):
    """Stands for StopAsyncIteration in a future."""


async def _item_of(future: asyncio.Future[T]) -> T:
    try:
        return await future
    except _Ended:
        raise StopAsyncIteration from None


def _ended_by(error: BaseException) -> RuntimeError:
    reason = RuntimeError(f"the source of the stream ended by {type(error).__name__}")
    reason.__cause__ = error
    return reason


class _Runner:
    """The state of a pump, and its task. It does not refer to the pump."""

    def __init__(self, source: AsyncIterator[Any], convert: Callable[[Any], Any] | None) -> None:
        self.answer: Answer | None = None
        self._source = source
        self._convert = convert
        self._context: Context = copy_context()
        self._task: asyncio.Task[None] | None = None
        self._wake: asyncio.Future[None] | None = None
        self._items: deque[Any] = deque()  # a source that is cancelled may yield without a demand
        self._error: BaseException | None = None
        self._failure_of_close: Exception | None = None
        self._is_closing = False

    def ask(self, answer: Answer) -> None:
        self.answer = answer
        if self._items or self._error is not None:
            self._serve()
        elif self._task is None:
            self._start()
        else:
            self._resume()

    def _start(self) -> asyncio.Task[None]:
        # Not create_task(…, context=…): Pyodide 0.26 lacks that argument.
        task = self._task = self._context.run(asyncio.ensure_future, self._run())
        _running.add(task)
        task.add_done_callback(_running.discard)
        return task

    def _resume(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def _serve(self) -> None:
        """Answer a pending demand, if an item or the end has come."""
        if self.answer is not None and (self._items or self._error is not None):
            answer, self.answer = self.answer, None
            if self._items:
                answer(self._items.popleft(), None)
            else:
                answer(None, self._error)

    async def _run(self) -> None:
        try:
            if not self._is_closing:
                await self._iterate()
        except StopAsyncIteration:
            self._end(StopAsyncIteration())
        except Exception as error:
            self._end(error)
        except BaseException as error:
            if not self._is_closing:
                self._end(_ended_by(error))
                await self._close()
                if not isinstance(error, SystemExit):  # it must not end the event loop
                    raise
        if self._is_closing:
            await self._close()
            self._end(StopAsyncIteration())

    async def _iterate(self) -> None:
        step: Awaitable[Any] | None = anext(self._source)
        while step is not None:
            item = await step
            if self._convert is not None:
                item = await self._converted(item, self._convert)
            if item is None:
                step = anext(self._source)
                continue
            self._items.append(item)
            if getattr(self._source, "is_over", False):
                raise StopAsyncIteration  # now: a request may end before its task's next step
            self._serve()
            step = await self._next_step()

    async def _converted(self, item: Any, convert: Callable[[Any], Any]) -> Any:
        try:
            return convert(item)
        except Exception:
            await self._close()
            raise

    async def _next_step(self) -> Awaitable[Any] | None:
        """Wait for a demand; return the next step of the source, or None to close the source."""
        while self.answer is None and not self._is_closing:
            self._wake = asyncio.get_running_loop().create_future()
            try:
                await self._wake
            except asyncio.CancelledError as error:
                throw = getattr(self._source, "athrow", None)
                if throw is None or self._is_closing:
                    raise
                step: Awaitable[Any] = throw(error)
                return step
            finally:
                self._wake = None
        return None if self._is_closing else anext(self._source)

    def _end(self, error: BaseException) -> None:
        if self._error is None:
            self._error = error
        self._serve()

    async def _close(self) -> None:
        close = getattr(self._source, "aclose", None)
        if close is not None:
            try:
                await close()
            except Exception as error:
                self._failure_of_close = error
            except SystemExit as error:
                self._failure_of_close = _ended_by(error)

    def close(self) -> asyncio.Task[None] | None:
        """Let the task close the source; return the task, or None if it has ended."""
        if self._error is not None:
            return None
        if self._is_closing:
            return self._task
        self._is_closing = True
        self._items.clear()
        if self._task is None:
            return self._start()
        if self._wake is not None:
            self._resume()
        else:  # the source itself waits for something
            self._task.cancel()
        return self._task

    async def aclose(self) -> None:
        task = self.close()
        if task is not None and task is not asyncio.current_task():
            await asyncio.wait([task])
        failure, self._failure_of_close = self._failure_of_close, None
        if failure is not None:
            raise failure

    def abandon(self) -> None:
        if self._task is not None and self._error is None:
            loop = self._task.get_loop()
            if not loop.is_closed():
                loop.call_soon_threadsafe(self.close)


_running: set[asyncio.Task[None]] = set()  # the event loop itself holds tasks only weakly

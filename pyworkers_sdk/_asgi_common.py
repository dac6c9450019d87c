"""Parts that HTTP and WebSockets of ``asgi`` share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any, Protocol, TypeAlias

from ._header_bytes import text_of_header
from .errors import WorkersError

__all__ = [
    "Application",
    "Context",
    "Message",
    "begun",
    "failure_of",
    "headers_of_message",
    "is_interrupted",
    "unexpected",
]

Message: TypeAlias = MutableMapping[str, Any]
Application: TypeAlias = Callable[[Any, Any, Any], Awaitable[Any]]

_running: set[asyncio.Task[None]] = set()  # the event loop itself holds tasks only weakly


class Context(Protocol):
    """The ``ctx`` of an entrypoint, or that of a Durable Object."""

    def wait_until(self, work: Awaitable[Any], /) -> None:
        """Let work continue after the response was sent."""
        ...


def headers_of_message(message: Message) -> list[tuple[str, str]]:
    """Return the headers of the application's message, as the runtime takes them."""
    pairs = message.get("headers") or ()
    return [(text_of_header(bytes(name)), text_of_header(bytes(value))) for name, value in pairs]


def begun(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Start a separate task, and hold it until it ends."""
    task = asyncio.ensure_future(work)
    _running.add(task)
    task.add_done_callback(_running.discard)
    return task


def unexpected(event: str) -> WorkersError:
    """Return the error for a message that the application may not send now."""
    return WorkersError(f"the application sent an unexpected {event!r}")


def is_interrupted(error: BaseException) -> bool:
    """Return True if the error comes from outside: the client left, or the event loop ends."""
    task = asyncio.current_task()
    is_cancelled = isinstance(error, asyncio.CancelledError)
    return isinstance(error, KeyboardInterrupt) or bool(
        is_cancelled and task is not None and task.cancelling()
    )


def failure_of(error: BaseException) -> Exception:
    """Return the error of an application that failed: ``sys.exit`` must not end the isolate."""
    if isinstance(error, Exception):
        return error
    if isinstance(error, asyncio.CancelledError):
        return WorkersError("the application was cancelled")
    failure = WorkersError(f"the application raised {type(error).__name__}")
    failure.__cause__ = error
    return failure

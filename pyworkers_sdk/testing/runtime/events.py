"""Deliver events to a Worker: requests, cron triggers and tails.

(Queues: ``fakes/queues.py``. Emails: ``incoming_email.py``. Calls by RPC: ``services.py``.)

A request travels this way:

1. ``FakeRuntime.fetch`` → ``deliver_request`` here;
2. ``Host.entered``: the global ``fetch`` of the Worker's code is now that of its host;
3. ``worker.entrypoint(ctx, env)`` makes the entrypoint, and returns its ``ExportProxy``;
4. ``ExportProxy.__getattr__("fetch")`` → ``fetch_handler`` → the Worker's own ``fetch(request)``,
   both in ``entrypoints.py``;
5. ``websocket_client.answered`` connects the two ends if the response has a WebSocket.

The handler is looked up by its name at run time: an editor finds no callers, so grep for these
names.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Iterable, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from ..._border import raw, web
from ..._cpython.js_exception import JsException
from .._clock import Clock
from .host import FakeExecutionContext, Script
from .network import Outbound
from .traces import tail_events, trace_item

if TYPE_CHECKING:
    from ...tail import TraceItem

__all__ = [
    "ScheduledOutcome",
    "deliver_request",
    "internal_server_error",
    "scheduled",
    "tail",
    "tail_stream",
]

_log = logging.getLogger(__name__)


class Worker(NamedTuple):
    """The receiver of an event."""

    script: Script
    entrypoint: type[Any]
    raises: bool
    """True if an exception of a handler reaches the sender of the event; else it is logged."""

    def needs(self, *handlers: str) -> str:
        """Return the first of these handlers that the Worker has.

        Raises:
            TypeError: The Worker has none of them.
        """
        for handler in handlers:
            if hasattr(self.entrypoint, handler):
                return handler
        raise TypeError(f"{self.entrypoint.__name__} has no {handlers[0]} handler")

    async def call(self, ctx: FakeExecutionContext, handler: str, event: Any) -> str:
        """Call a handler and return its outcome, "ok" or "exception"."""
        with self.script.host.entered():
            try:
                await getattr(self.entrypoint(ctx, self.script.env), handler)(event)
            except Exception:
                if self.raises:
                    raise
                _log.exception("in the %s handler", handler)
                return "exception"
        return "ok"


# Requests ----------------------------------------------------------------------------------------


async def deliver_request(worker: Worker, request: web.Request) -> Any:
    """Return the response to a request: the handler's, the origin's, or a 500."""
    front = worker.script.front
    if front is not None and front.takes(request):
        return await front.assets.fetch(request)
    ctx = FakeExecutionContext(worker.script)
    host = worker.script.host
    with host.entered():
        try:
            return await worker.entrypoint(ctx, worker.script.env).fetch(request)
        except Exception:
            # After passThroughOnException() the runtime sends the same request on to the origin.
            outbound = host.shared(Outbound)
            passes = ctx.passes_through and outbound.reaches(request)
            if worker.raises and not passes:
                raise
            # The query is not logged: it may hold secrets.
            _log.exception("%s %s", request.method, request.url.partition("?")[0])
            return await outbound.fetch(request) if passes else internal_server_error()


def internal_server_error() -> web.Response:
    """Return the response that a client gets if a handler raises."""
    return web.Response(b"Internal Server Error", status=500)


# Cron triggers -----------------------------------------------------------------------------------


class ScheduledOutcome(NamedTuple):
    """The outcome of a cron trigger."""

    outcome: str
    """ "ok" or "exception"."""
    no_retry: bool
    """True if the handler called ``no_retry``."""


class FakeScheduledController:
    """The event of a cron trigger. JS: ScheduledController."""

    def __init__(self, cron: str, scheduled_time: float) -> None:
        self.cron = cron
        self.scheduledTime = scheduled_time
        self.retries: bool = True

    def noRetry(self) -> None:
        self.retries = False


class _AwaitedContext(FakeExecutionContext):
    """The context of an event that lasts until its ``waitUntil`` work has ended.

    The runtime reports the outcome of a cron trigger only then.
    """

    def __init__(self, script: Script) -> None:
        super().__init__(script)
        self.work: list[Awaitable[Any]] = []

    def waitUntil(self, promise: Awaitable[Any]) -> None:
        self.work.append(promise)


async def scheduled(worker: Worker, cron: str, time: datetime | None) -> ScheduledOutcome:
    """Call the ``scheduled`` handler, and await its ``waitUntil`` work."""
    worker.needs("scheduled")
    clock = worker.script.host.clock if time is None else Clock(time)
    controller = FakeScheduledController(cron, clock.now())
    ctx = _AwaitedContext(worker.script)
    outcome = await worker.call(ctx, "scheduled", controller)
    while ctx.work:  # such work may call waitUntil itself
        promises, ctx.work[:] = [*ctx.work], []
        for error in await asyncio.gather(*promises, return_exceptions=True):
            if isinstance(error, BaseException):
                if worker.raises:
                    raise error
                _log.error("in ctx.wait_until", exc_info=error)
                outcome = "exception"
    return ScheduledOutcome(outcome, not controller.retries)


# Tails -------------------------------------------------------------------------------------------


async def tail(worker: Worker, items: Iterable[TraceItem | Mapping[str, Any]]) -> str:
    """Call the ``tail`` handler, or ``trace``, and return its outcome."""
    handler = worker.needs("tail", "trace")
    js_items = [trace_item(item) if isinstance(item, Mapping) else raw(item) for item in items]
    return await worker.call(FakeExecutionContext(worker.script), handler, js_items)


async def tail_stream(worker: Worker, events: Iterable[Mapping[str, Any]]) -> str:
    """Call the ``tail_stream`` handler with the onset, and its result with the other events."""
    worker.needs("tail_stream")
    now = datetime.fromtimestamp(worker.script.host.clock.now() / 1000, timezone.utc)
    onset, *rest = tail_events(events, now)
    ctx = FakeExecutionContext(worker.script)
    with worker.script.host.entered():
        try:
            handler = await worker.entrypoint(ctx, worker.script.env).tailStream(onset)
            if handler is not None:
                # Like the runtime, pass on each event without waiting for the handler of the last.
                await asyncio.gather(*map(handler.call, rest))
        except Exception as error:
            if worker.raises:
                # A handler of the rest is called over RPC, so its exception has become
                # JavaScript's.
                original = error.__context__ if isinstance(error, JsException) else None
                raise (original or error) from None
            _log.exception("in the tail_stream handler")
            return "exception"
    return "ok"

"""Events of a fake runtime besides queues and emails: requests, cron triggers and tails."""

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
    "answer",
    "internal_server_error",
    "scheduled",
    "tail",
    "tail_stream",
]

_log = logging.getLogger(__name__)


class Worker(NamedTuple):
    """Who gets an event."""

    script: Script
    entrypoint: type[Any]
    raises: bool
    """Whether what a handler raises comes out to whoever sent the event."""

    def needs(self, *handlers: str) -> str:
        """The first of these handlers that there is."""
        for each in handlers:
            if hasattr(self.entrypoint, each):
                return each
        raise TypeError(f"{self.entrypoint.__name__} has no {handlers[0]} handler")

    async def call(self, ctx: FakeExecutionContext, handler: str, given: Any) -> str:
        """The outcome of a handler."""
        with self.script.host.entered():
            try:
                await getattr(self.entrypoint(ctx, self.script.env), handler)(given)
            except Exception:
                if self.raises:
                    raise
                _log.exception("in the %s handler", handler)
                return "exception"
        return "ok"


# Requests


async def answer(worker: Worker, request: web.Request) -> Any:
    """What the client gets: the handler's response, the origin's, or a 500."""
    front = worker.script.front
    if front is not None and front.takes(request):
        return await front.assets.fetch(request)
    ctx = FakeExecutionContext(worker.script)
    host = worker.script.host
    with host.entered():
        try:
            return await worker.entrypoint(ctx, worker.script.env).fetch(request)
        except Exception:
            outbound = host.shared(Outbound)
            passes = ctx.passes_through and outbound.reaches(request)
            if worker.raises and not passes:
                raise
            # the query may hold secrets
            _log.exception("%s %s", request.method, request.url.partition("?")[0])
            return await outbound.fetch(request) if passes else internal_server_error()


def internal_server_error() -> web.Response:
    """The client's answer where a handler raised."""
    return web.Response(b"Internal Server Error", status=500)


# Cron triggers


class ScheduledOutcome(NamedTuple):
    """What became of a cron trigger."""

    outcome: str
    """ "ok" or "exception"."""
    no_retry: bool


class FakeScheduledController:
    """JS: ScheduledController."""

    def __init__(self, cron: str, scheduled_time: float) -> None:
        self.cron = cron
        self.scheduledTime = scheduled_time
        self.retries: bool = True

    def noRetry(self) -> None:
        self.retries = False


class _WaitedFor(FakeExecutionContext):
    """An event that is over only when what its handler left to ``waitUntil`` is."""

    def __init__(self, script: Script) -> None:
        super().__init__(script)
        self.work: list[Awaitable[Any]] = []

    def waitUntil(self, promise: Awaitable[Any]) -> None:
        self.work.append(promise)


async def scheduled(worker: Worker, cron: str, time: datetime | None) -> ScheduledOutcome:
    worker.needs("scheduled")
    clock = worker.script.host.clock if time is None else Clock(time)
    controller = FakeScheduledController(cron, clock.now())
    ctx = _WaitedFor(worker.script)
    outcome = await worker.call(ctx, "scheduled", controller)
    while ctx.work:
        waiting, ctx.work[:] = [*ctx.work], []
        for error in await asyncio.gather(*waiting, return_exceptions=True):
            if isinstance(error, BaseException):
                if worker.raises:
                    raise error
                _log.error("in ctx.wait_until", exc_info=error)
                outcome = "exception"
    return ScheduledOutcome(outcome, not controller.retries)


# Tails


async def tail(worker: Worker, items: Iterable[TraceItem | Mapping[str, Any]]) -> str:
    handler = worker.needs("tail", "trace")
    given = [trace_item(one) if isinstance(one, Mapping) else raw(one) for one in items]
    return await worker.call(FakeExecutionContext(worker.script), handler, given)


async def tail_stream(worker: Worker, events: Iterable[Mapping[str, Any]]) -> str:
    worker.needs("tail_stream")
    now = datetime.fromtimestamp(worker.script.host.clock.now() / 1000, timezone.utc)
    onset, *rest = tail_events(events, now)
    ctx = FakeExecutionContext(worker.script)
    with worker.script.host.entered():
        try:
            wanted = await worker.entrypoint(ctx, worker.script.env).tailStream(onset)
            if wanted is not None:
                # as the runtime does it: it does not wait for one before it hands over the next
                await asyncio.gather(*map(wanted.call, rest))
        except Exception as error:
            if worker.raises:
                # what was raised for one of the rest has become JavaScript's
                raised = error.__context__ if isinstance(error, JsException) else None
                raise (raised or error) from None
            _log.exception("in the tail_stream handler")
            return "exception"
    return "ok"

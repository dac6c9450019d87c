"""The lifespan of ASGI applications: one startup for each application in an isolate."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any

from ._asgi_common import Context, Message
from ._border import platform
from .errors import WorkersError

__all__ = ["end_oldest", "started"]

_log = logging.getLogger("pyworkers_sdk.asgi")

_MOST = 32
"""The most applications that stay started; the least recently used one is shut down."""

_BEAT = 0.05  # seconds between signs of life of the request that starts an application
_POLL = 0.01  # seconds between looks of the requests that wait for it
_SILENCE = 100  # the number of looks without a sign of life after which a request starts it anew


async def started(app: Any, env: Any) -> dict[str, Any]:
    """Return the state of an application's lifespan, after its startup.

    The first request of an isolate starts the application, and concurrent requests wait for it.

    Raises:
        WorkersError: The application reported that it failed to start. The next request tries
            again.
    """
    lifespans = _lifespans()
    while (lifespan := lifespans.get(id(app))) is not None:
        if lifespan.is_started or await lifespan.wait_elsewhere():
            if len(lifespans) > 1:
                lifespans[id(app)] = lifespans.pop(id(app))
            return lifespan.state
        if lifespans.get(id(app)) is lifespan:
            del lifespans[id(app)]
    lifespan = lifespans[id(app)] = _Lifespan(app)
    try:
        await lifespan.start(env)
    except BaseException:
        if lifespans.get(id(app)) is lifespan:
            del lifespans[id(app)]
        raise
    return lifespan.state


def end_oldest(ctx: Context | None) -> None:
    """Shut the least recently used application down if there are too many."""
    lifespans = _lifespans()
    if len(lifespans) > _MOST:
        ending = lifespans.pop(next(iter(lifespans))).end()
        if ctx is not None and ending is not None:
            ctx.wait_until(ending)


def _lifespans() -> dict[int, _Lifespan]:
    """Return the applications of this isolate by their ids, the most recently used one last."""
    lifespans: dict[int, _Lifespan] = platform.memory().setdefault(__name__, {})
    return lifespans


class _Lifespan:
    """The startup and shutdown of an application. Many applications support neither.

    The application runs in a separate task. After the startup the task waits for a Python future,
    so no promise of the first request stays open.

    A request must not await a future that another request resolves: workerd sees nothing that the
    request waits for, and ends it as hung. So each other request polls attributes by its own timer.
    If the first request is aborted, the runtime never runs its code again. Its signs of life stop,
    and another request starts the application.
    """

    def __init__(self, app: Any) -> None:
        self.state: dict[str, Any] = {}
        self.is_started = False
        self._app = app  # also keeps its id from being used again
        self._failure: str | None = None
        self._is_abandoned = False
        self._beats = 0
        self._phases = ["startup"]
        self._settled: asyncio.Future[None]
        self._ending: asyncio.Future[None]
        self._running: asyncio.Task[None]

    async def start(self, env: Any) -> None:
        loop = asyncio.get_running_loop()
        self._settled, self._ending = loop.create_future(), loop.create_future()
        self._running = asyncio.ensure_future(self._run(env))
        try:
            while not self._settled.done():
                await asyncio.wait([self._settled], timeout=_BEAT)
                self._beats += 1
        except BaseException:
            self._is_abandoned = True
            self._running.cancel()
            raise
        self._raise_failure()

    async def wait_elsewhere(self) -> bool:
        """Wait in another request than the first; return False if the startup was abandoned."""
        beats, silence = self._beats, 0
        while not (self.is_started or self._failure or self._is_abandoned or silence > _SILENCE):
            await asyncio.sleep(_POLL)
            silence = silence + 1 if beats == self._beats else 0
            beats = self._beats
        self._raise_failure()
        return self.is_started

    def end(self) -> Awaitable[None] | None:
        """Shut the application down, and return an awaitable of its end."""
        if self._running.done():
            return None
        self._ending.set_result(None)
        return self._running

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise WorkersError(f"the application did not start: {self._failure}")

    async def _run(self, env: Any) -> None:
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
            "env": env,
        }
        try:
            await self._app(scope, self._receive, self._send)
        except Exception as error:
            if self.is_started:
                _log.exception("the application failed in its lifespan")
            elif self._failure is None:
                # By the specification an application without a lifespan raises an exception here.
                _log.debug("no lifespan: %s: %s", type(error).__name__, error)
        except (SystemExit, BaseExceptionGroup) as error:
            # Not raised: ``sys.exit`` must not end the isolate.
            _log.error("the application failed in its lifespan", exc_info=error)
            self._settle(f"it raised {type(error).__name__}")
        except BaseException:
            self._is_abandoned = True
            raise
        finally:
            self._settle(None)

    async def _receive(self) -> Message:
        if self._phases:
            return {"type": f"lifespan.{self._phases.pop()}"}
        await self._ending
        return {"type": "lifespan.shutdown"}

    async def _send(self, message: Message) -> None:
        failure = None
        if message["type"].endswith(".failed"):
            failure = message.get("message") or "it gave no reason"
        if self.is_started and failure is not None and not self._running.cancelling():
            _log.error("the application did not shut down: %s", failure)
        self._settle(failure)

    def _settle(self, failure: str | None) -> None:
        if not self._settled.done():
            self._failure = failure
            self.is_started = failure is None and not self._is_abandoned
            self._settled.set_result(None)

"""``fake(T)`` and ``FakeRuntime``: from a type to something that works like it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Awaitable, Iterable, Mapping
from importlib import import_module
from types import SimpleNamespace
from typing import Any, Generic, TypeVar, get_args, get_origin

from typing_extensions import TypeVar as TypeVarWithDefault

from .. import _rows
from .._ffi import raw
from ..env import Env, hints
from ..http import Headers, Request, Response
from ..queues import MessageSendRequest, Queue
from ..streams import ReadableStream
from ._clock import Clock
from ._queues import Broker, DeliveredBatch, FakeMessageBatch, FakeQueue, QueueConsumer
from ._verify import verify

__all__ = ["FakeRuntime", "fake"]

_rows.verify = verify

T = TypeVar("T")
EnvT = TypeVarWithDefault("EnvT", bound=Env, default=Any)

_FAKES = {
    "KV": ("_kv", "FakeKVNamespace"),
    "D1": ("_d1", "FakeD1Database"),
    "R2": ("_r2", "FakeR2Bucket"),
    "Queue": ("_queues", "FakeQueue"),
}


def fake(kind: type[T], /, *, clock: Clock | None = None, **given: Any) -> T:
    """A ``kind`` over memory: a binding class, or an ``Env`` with everything that it declares.

    ``given`` are an Env's variables, and bindings that should not be new ones.
    """
    clock = clock or Clock()
    make: Any = get_origin(kind) or kind  # Queue, of Queue[Job]
    is_env = Env in make.__mro__
    if given and not is_env:
        raise TypeError(f"fake({make.__name__}) takes no {', '.join(given)}")
    made: T = make(_namespace(make, clock, given) if is_env else _binding(make, clock))
    return made


def _namespace(kind: type[Env], clock: Clock, given: dict[str, Any]) -> SimpleNamespace:
    """The JavaScript env of a fake: raw bindings and variables."""
    declared = hints(kind)
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise TypeError(f"{kind.__name__} does not declare {', '.join(unknown)}")
    made = SimpleNamespace()
    for name, hint in declared.items():
        if name in given:
            setattr(made, name, raw(given[name]))
            continue
        for one in (hint, *get_args(hint)):
            bound = get_origin(one) or one
            if hasattr(bound, "js_object"):
                setattr(made, name, _binding(bound, clock))
                break
    return made


def _binding(kind: type, clock: Clock) -> Any:
    if kind.__name__ not in _FAKES:
        raise TypeError(f"there is no fake of {kind.__name__}")
    module, name = _FAKES[kind.__name__]
    made = getattr(import_module(f".{module}", __package__), name)(clock=clock)
    made.clock = clock  # where faults() and FakeRuntime look for it
    return made


class FakeExecutionContext:
    """JS: ExecutionContext. Keeps what was handed to ``waitUntil`` until ``drain``."""

    def __init__(self, waiting: list[Awaitable[Any]]) -> None:
        self.props: dict[str, Any] = {}
        self.waiting = waiting
        self.passes_through = False

    def waitUntil(self, promise: Awaitable[Any]) -> None:
        self.waiting.append(promise)

    def passThroughOnException(self) -> None:
        self.passes_through = True


class FakeRuntime(Generic[EnvT]):
    """A Worker on plain CPython, called as the runtime calls it.

    ``entrypoint`` is the Worker's ``Default`` class; ``env`` an Env class, whose bindings are then
    made in memory with ``given`` as its variables, or an Env that ``fake`` made. The runtime's
    ``clock`` moves when it is told to. An exception in a handler comes out of the call.

    Every queue that the Env binds has the entrypoint's ``queue`` handler, where there is one, for
    its consumer. ``consumers`` sets it up (``{"JOBS": QueueConsumer(max_retries=5)}``), takes it
    away (``{"OUT": None}``) or adds a queue that is not bound, under its name (``{"dead":
    QueueConsumer()}``).
    """

    def __init__(
        self,
        entrypoint: type[Any],
        *,
        env: type[EnvT] | EnvT | None = None,
        clock: Clock | None = None,
        consumers: Mapping[str, QueueConsumer | None] | None = None,
        **given: Any,
    ) -> None:
        self.entrypoint = entrypoint
        self.clock = clock or _clock_of(env) or Clock()
        ready: Any = env or Env(SimpleNamespace())
        if isinstance(env, type):
            ready = fake(env, clock=self.clock, **given)
        elif given:
            raise TypeError(f"pass the class of env to give it {', '.join(given)}")
        self.env: EnvT = ready
        self._waiting: list[Awaitable[Any]] = []
        handler = self._take if hasattr(entrypoint, "queue") else None
        self._broker = Broker(self.env.js_object, consumers, handler, self.clock)

    async def fetch(
        self,
        url: str | Request,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | list[tuple[str, str]] | Headers | None = None,
        body: str | bytes | ReadableStream | AsyncIterable[bytes] | None = None,
    ) -> Response:
        """Send a request to the Worker; what its ``fetch`` returns."""
        request = url
        if not isinstance(request, Request):
            request = Request(request, method=method, headers=headers, body=body)
        sent = raw(request)
        sent.headers.immutable = True  # as those of a request that came over the network
        response = await self._instance().fetch(sent)
        return response if isinstance(response, Response) else Response.from_js(response)

    async def queue(
        self,
        messages: Iterable[MessageSendRequest[Any] | Any],
        *,
        queue: str | None = None,
        attempts: int = 1,
    ) -> DeliveredBatch:
        """Call the ``queue`` handler with these messages at once; what became of them.

        They are given as to ``Queue.send_batch``, and do not come again. ``queue`` is the name that
        the handler sees; by default that of the first queue which it consumes.
        """
        if self._broker.handler is None:
            raise TypeError(f"{self.entrypoint.__name__} has no queue handler")
        names = [each.queue.name for each in self._broker.subscriptions]
        apart = FakeQueue(queue or next(iter(names), "queue"), clock=self.clock)
        await Queue[Any](apart).send_batch(messages)
        return await self._broker.deliver_now(apart, attempts)

    async def drain(self) -> list[DeliveredBatch]:
        """Do everything that is due by now on the clock; what was delivered from queues.

        It waits for what handlers left to ``ctx.wait_until``, and calls the ``queue`` handler for
        each batch that is full or has waited for its ``max_batch_timeout`` (5 s unless set
        otherwise: advance the clock). What the ``queue`` handler raises is logged and in the
        answer, as its messages are retried; what ``wait_until`` work raises comes out at the end.
        """
        failed: BaseException | None = None
        delivered: list[DeliveredBatch] = []
        working = True
        while working:
            waiting, self._waiting[:] = [*self._waiting], []
            for outcome in await asyncio.gather(*waiting, return_exceptions=True):
                if isinstance(outcome, BaseException):
                    failed = failed or outcome
            batches = await self._broker.deliver()
            delivered += batches
            working = bool(batches or self._waiting)
        if failed is not None:
            raise failed
        return delivered

    async def _take(self, batch: FakeMessageBatch) -> None:
        await self._instance().queue(batch)

    def _instance(self) -> Any:
        """A new instance for each event, as in the runtime."""
        return self.entrypoint(FakeExecutionContext(self._waiting), self.env.js_object)


def _clock_of(env: Any) -> Clock | None:
    """The clock of an Env's bindings, where ``fake`` made it."""
    bindings: dict[str, Any] = {} if isinstance(env, type) else getattr(raw(env), "__dict__", {})
    clocks = (getattr(one, "clock", None) for one in bindings.values())
    return next((clock for clock in clocks if isinstance(clock, Clock)), None)

"""``fake(T)`` and ``FakeRuntime``: from a type to something that works like it."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping
from importlib import import_module
from typing import Any, Generic, TypeVar, get_args, get_origin

from typing_extensions import TypeVar as TypeVarWithDefault

from .. import _rows
from .._ffi import raw
from ..env import Env, hints
from ..http import Headers, Request, Response
from ..queues import MessageSendRequest, Queue
from ..streams import ReadableStream
from ._clock import Clock
from ._host import Bindings, Host, Script
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
"""Bindings that hold data: made with a clock alone."""

_RUNNING: dict[str, tuple[str, str]] = {}
"""Bindings that run a Worker's code: made by a function of what is in the brackets of the
annotation, the binding's name and the Worker that it is bound to."""


def fake(kind: type[T], /, *, clock: Clock | None = None, **given: Any) -> T:
    """A ``kind`` over memory: a binding class, or an ``Env`` with everything that it declares.

    ``given`` are an Env's variables, and bindings that should not be new ones.
    """
    script = Script(Host(clock))
    make: Any = get_origin(kind) or kind  # Queue, of Queue[Job]
    is_env = Env in make.__mro__
    if given and not is_env:
        raise TypeError(f"fake({make.__name__}) takes no {', '.join(given)}")
    if is_env:
        _bind(script, make, given)
    made: T = make(script.env if is_env else _binding(kind, "", script))
    return made


def _bind(script: Script, kind: type[Env], given: dict[str, Any]) -> None:
    """Give a Worker what an Env class declares."""
    declared = hints(kind)
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise TypeError(f"{kind.__name__} does not declare {', '.join(unknown)}")
    for name, hint in declared.items():
        if name in given:
            setattr(script.env, name, raw(given[name]))
            continue
        for one in (hint, *get_args(hint)):  # X, of X | None
            if hasattr(get_origin(one) or one, "js_object"):
                setattr(script.env, name, _binding(one, name, script))
                break


def _binding(hint: Any, name: str, script: Script) -> Any:
    kind = (get_origin(hint) or hint).__name__
    if kind in _RUNNING:
        module, maker = _RUNNING[kind]
        return getattr(import_module(f".{module}", __package__), maker)(
            get_args(hint), name, script
        )
    if kind not in _FAKES:
        raise TypeError(f"there is no fake of {kind}")
    module, maker = _FAKES[kind]
    made = getattr(import_module(f".{module}", __package__), maker)(clock=script.host.clock)
    made.clock = script.host.clock  # where faults() looks for it
    return made


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
        if isinstance(env, type):
            ready: Any = fake(env, clock=clock, **given)
        elif given:
            raise TypeError(f"pass the class of env to give it {', '.join(given)}")
        else:
            ready = env or Env(Script(Host(clock)).env)
        self.env: EnvT = ready
        self._script = _script_of(raw(ready), clock)
        self._script.exports["default"] = entrypoint
        self.host = self._script.host
        handler = self._take if hasattr(entrypoint, "queue") else None
        self._broker = Broker(self._script.env, consumers, handler, self.clock)
        self.host.engines.append(self._broker)

    @property
    def clock(self) -> Clock:
        """The time that the Worker and all its bindings live in."""
        return self.host.clock

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
        with self.host.entered():
            response = await self._script.enter(self.entrypoint).fetch(sent)
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
        return await self.host.drain()

    async def _take(self, batch: FakeMessageBatch) -> None:
        with self.host.entered():
            await self._script.enter(self.entrypoint).queue(batch)


def _script_of(env: Any, clock: Clock | None) -> Script:
    """The Worker that an env belongs to, made where ``fake`` did not make it."""
    if isinstance(env, Bindings):
        script = env.script
        script.host.clock = clock or script.host.clock
        return script
    clocks = (getattr(one, "clock", None) for one in getattr(env, "__dict__", {}).values())
    found = next((each for each in clocks if isinstance(each, Clock)), None)
    return Script(Host(clock or found), env=env)

"""``FakeRuntime``: a Worker on plain CPython."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from os import PathLike
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from ..._border import raw, to_js
from ..._http_body import BodyInit
from ...env import Env
from ...http import Headers, Request, Response
from ...queues import MessageSendRequest, Queue
from ...services import Fetcher
from .._clock import Clock
from .._fake import fake
from ..fakes.queue_broker import Broker, DeliveredBatch
from ..fakes.queues import FakeMessageBatch, FakeQueue, QueueConsumer, queues_of
from . import events as _events
from .global_handlers import worker_of
from .host import Bindings, Host, Script
from .network import Handler, Outbound, Route
from .services import exported, served
from .tcp import TcpHandler, TcpRoute
from .websocket_client import Connecting, answered

if TYPE_CHECKING:
    from email.message import Message as MIMEMessage

    from typing_extensions import TypeVar as TypeVarWithDefault

    from ...containers import Container
    from ...email import EmailMessage
    from ...tail import TraceItem
    from .incoming_email import EmailOutcome

    EnvT = TypeVarWithDefault("EnvT", bound=Env, default=Any)
else:
    EnvT = TypeVar("EnvT", bound=Env)

__all__ = ["FakeRuntime"]

T = TypeVar("T")
OtherEnvT = TypeVar("OtherEnvT", bound=Env)


class FakeRuntime(Generic[EnvT]):
    """A Worker on plain CPython, called as the runtime calls it.

    ``entrypoint`` is the Worker's ``Default`` class, its main module, or a function made by
    ``handler``; ``env`` an Env class, whose bindings are then made in memory with ``given`` as its
    variables, or an Env that ``fake`` made. The runtime's ``clock`` moves when it is told to.

    What a handler raises comes out of the call. With ``raise_exceptions=False`` it is logged, and
    whoever called sees what is seen from outside the runtime: a response with status 500, or the
    outcome "exception". Where a ``fetch`` handler that raises has called
    ``ctx.pass_through_on_exception``, the answer is in both cases that of the origin, if
    ``outbound`` has one.

    Every queue that the Env binds has the entrypoint's ``queue`` handler, where there is one, for
    its consumer. ``consumers`` sets it up (``{"JOBS": QueueConsumer(max_retries=5)}``), takes it
    away (``{"OUT": None}``) or adds a queue that is not bound, under its name (``{"dead":
    QueueConsumer()}``).

    ``workflows`` are the classes of the Workflows that the Env binds (``{"ORDERS":
    OrderWorkflow}``); the instances of one that is not there stay queued.

    ``new_classes`` are the names of those classes of Durable Objects whose storage has no SQLite,
    as in wrangler's migrations; ``containers`` say how the container of each object of a class is
    made (``{"Game": make}``, where ``make()`` is ``container(ports=…)``).
    """

    def __init__(
        self,
        entrypoint: type[Any] | ModuleType | Callable[..., Any],
        *,
        env: type[EnvT] | EnvT | None = None,
        clock: Clock | None = None,
        consumers: Mapping[str, QueueConsumer | None] | None = None,
        workflows: Mapping[str, type[Any]] | None = None,
        new_classes: Iterable[str] = (),
        containers: Mapping[str, Callable[[], Container]] | None = None,
        raise_exceptions: bool = True,
        **given: Any,
    ) -> None:
        self.raise_exceptions = raise_exceptions
        self.entrypoint: type[Any] = worker_of(entrypoint)
        self.crons: tuple[str, ...] = ()
        self.workers: dict[str, FakeRuntime[Any]] = {}
        if isinstance(env, type):
            ready: Any = fake(env, clock=clock, **given)
        elif given:
            raise TypeError(f"pass the class of env to give it {', '.join(given)}")
        else:
            ready = env or Env(Script(Host(clock)).env)
        self.env: EnvT = ready
        self._script = _script_of(raw(ready), clock)
        self._script.exports["default"] = self.entrypoint
        self.host: Host = self._script.host
        self._entered = ExitStack()
        handler = self._take if hasattr(self.entrypoint, "queue") else None
        queues = queues_of(self.host)
        self._broker = Broker.for_env(self._script.env, consumers, handler, queues, self.clock)
        self.host.engines.append(self._broker)
        if workflows:
            from ..fakes.workflows.workflow import bind

            bind(self._script.env, workflows)
        if new_classes or containers:
            from ..fakes.durable.namespace import configure

            configure(self._script, new_classes, containers or {})

    @overload
    @classmethod
    def from_config(
        cls,
        path: str | PathLike[str],
        *,
        environment: str | None = None,
        env: type[OtherEnvT],
        clock: Clock | None = None,
        also: Iterable[str | PathLike[str]] = (),
        fresh: bool = False,
        **given: Any,
    ) -> FakeRuntime[OtherEnvT]: ...

    @overload
    @classmethod
    def from_config(
        cls,
        path: str | PathLike[str],
        *,
        environment: str | None = None,
        env: None = None,
        clock: Clock | None = None,
        also: Iterable[str | PathLike[str]] = (),
        fresh: bool = False,
        **given: Any,
    ) -> FakeRuntime[EnvT]: ...

    @classmethod
    def from_config(
        cls,
        path: str | PathLike[str],
        *,
        environment: str | None = None,
        env: type[Env] | None = None,
        clock: Clock | None = None,
        also: Iterable[str | PathLike[str]] = (),
        fresh: bool = False,
        **given: Any,
    ) -> FakeRuntime[Any]:
        """The Worker that a ``wrangler.jsonc``, ``.json`` or ``.toml`` describes.

        Its ``main`` is imported, and every binding is made anew: D1 with its migrations applied,
        queues with their consumers' settings. Variables and secrets come from the file, from
        ``.dev.vars`` or ``.env``, and from ``given``, which has bindings too; what comes later
        counts. ``environment`` is one of the file's ``env``.

        The Env is that of the Worker's ``Default``, or ``env``. It has to agree with the file: what
        it declares, without ``| None`` or a default, is configured, and of that kind. Else, and for
        a key that wrangler does not know, there is a ConfigError with the line.

        ``also`` are the configurations of Workers that this one is bound to by their names, on the
        same clock and with the same ``drain``; their runtimes are ``workers``. What two Workers
        call by one id or name is one thing. ``crons`` are the file's ``triggers.crons``.

        Modules are imported once in a process, as an isolate does, so what they keep in globals
        stays; ``fresh`` imports the Workers' own modules anew, under names that only they know.
        """
        from ..config.build import build  # with pydantic, which takes a while

        return build(
            cls,
            path,
            also,
            environment=environment,
            env=env,
            clock=clock,
            fresh=fresh,
            overrides=given,
        )

    @property
    def clock(self) -> Clock:
        """The time that the Worker and all its bindings live in."""
        return self.host.clock

    def outbound(self, pattern: str, handler: Handler, *, method: str | None = None) -> Route:
        """Say what answers a global ``fetch`` of the Worker: there is no network here.

        ``pattern`` is a whole URL, in which "*" stands for any text
        (``"https://api.example.com/*"``); the newest route that matches answers. ``handler`` is a
        function of the Request, ``async`` or not, which returns a Response; or a Response, given
        anew each time; or "network", for the real thing. A WorkersError that it raises is what the
        Worker's ``fetch`` raises. ``route.calls`` are the requests that came.
        """
        return self.host.shared(Outbound).route(pattern, handler, method)

    def outbound_tcp(self, address: str, handler: TcpHandler) -> TcpRoute:
        """Say what ``connect`` of the Worker reaches.

        ``address`` is "host:port", in which "*" stands for any text. ``handler`` is an ``async``
        function of a reader and a writer, like those of ``asyncio.start_server``; or "network", for
        the real thing. In memory there is no TLS: what would be encrypted comes in plain text.
        ``route.calls`` are the addresses that were connected to.
        """
        return self.host.shared(Outbound).route_tcp(address, handler)

    async def fetch(
        self,
        url: str | Request,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | list[tuple[str, str]] | Headers | None = None,
        body: BodyInit | None = None,
    ) -> Response:
        """Send a request to the Worker; what its ``fetch`` returns."""
        request = url
        if not isinstance(request, Request):
            request = Request(request, method=method, headers=headers, body=body)
        sent = raw(request)
        sent.headers.immutable = True  # as those of a request that came over the network
        return answered(sent, await _events.answer(self._worker, sent))

    def connect(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | list[tuple[str, str]] | Headers | None = None,
        protocols: Sequence[str] = (),
    ) -> Connecting:
        """A WebSocket to the Worker, accepted: ``async with runtime.connect(url) as ws:``, which
        closes it at the end, or ``ws = await runtime.connect(url)``.

        The Worker's ``fetch`` gets a GET with ``Upgrade: websocket``; WorkersError if it does not
        answer 101. ``protocols`` are offered as Sec-WebSocket-Protocol, and ``ws.protocol`` is what
        the response says there.
        """
        return Connecting(self.fetch, url, headers, protocols)

    @overload
    def service(self, entrypoint: str = "default", *, props: Any = None) -> Fetcher: ...
    @overload
    def service(self, entrypoint: type[T], *, props: Any = None) -> T: ...
    def service(self, entrypoint: Any = "default", *, props: Any = None) -> Any:
        """A service binding to the Worker, to call it by RPC or to give to another Worker:
        ``FakeRuntime(Shop, env=ShopEnv, AUTH=auth.service("Admin", props={"role": "shop"}))``.

        ``entrypoint`` is a class of the Worker, or the name of one in the module of its
        ``Default``. ``props`` are what it finds in ``ctx.props``.
        """
        kind = exported(self._script, entrypoint) if isinstance(entrypoint, str) else entrypoint
        if kind is None:
            raise TypeError(f"the Worker exports no entrypoint {entrypoint}")
        return Fetcher(served(self._script, kind, None if props is None else to_js(props, "props")))

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

    async def scheduled(
        self, cron: str | None = None, *, scheduled_time: datetime | None = None
    ) -> _events.ScheduledOutcome:
        """Call the ``scheduled`` handler as if this cron trigger, or the first that is configured,
        were due, now or then; what became of it. It is over when what the handler left to
        ``ctx.wait_until`` is, and is not retried. The clock sets off no trigger by itself. Where
        the configuration has triggers, another one is a ValueError.
        """
        if cron is not None and self.crons and cron not in self.crons:
            known = ", ".join(map(repr, self.crons))
            raise ValueError(f"no cron trigger {cron!r} is configured; there are {known}")
        due = next(iter(self.crons), "* * * * *") if cron is None else cron
        return await _events.scheduled(self._worker, due, scheduled_time)

    async def email(
        self,
        message: EmailMessage | MIMEMessage | str | bytes,
        *,
        from_: str | None = None,
        to: str | None = None,
    ) -> EmailOutcome:
        """Call the ``email`` handler with a message; whether it was rejected, where it was sent on
        and what was answered.

        The envelope's ``from_`` and ``to`` are those of the headers unless given. A Message-ID is
        added where there is none.
        """
        from .incoming_email import email

        return await email(self._worker, message, from_, to)

    async def tail(self, items: Iterable[TraceItem | Mapping[str, Any]]) -> str:
        """Call the ``tail`` handler (or ``trace``); "ok", or "exception".

        An item may be given as JSON data under JavaScript's names, as ``wrangler tail --format
        json`` prints it: ``{"outcome": "exception", "event": {"cron": "* * * * *",
        "scheduledTime": 0}}``.
        """
        return await _events.tail(self._worker, items)

    async def tail_stream(self, events: Iterable[Mapping[str, Any]]) -> str:
        """Call the ``tail_stream`` handler with an onset, and what it returned with the rest; "ok",
        or "exception".

        An event is given as JSON data under JavaScript's names: ``{"type": "onset", "info":
        {"type": "jsrpc"}}``, ``{"type": "log", "message": ["hello"]}``, ``{"type": "outcome"}``;
        or, with the span and the time that it happened in, as the ``event`` of a whole TailEvent.
        """
        return await _events.tail_stream(self._worker, events)

    async def run_in_durable_object(self, stub: Any, callback: Callable[[Any], Awaitable[T]]) -> T:
        """Run ``callback(instance)`` as if it were a method of the Durable Object behind ``stub``,
        gates and all: to look inside, or at ``instance.ctx.storage``.
        """
        from ..fakes.durable.namespace import object_of

        found = object_of(stub)
        kept: T = await found.event(lambda door: callback(door._instance))
        return kept

    async def evict(self, stub: Any) -> None:
        """Take a Durable Object out of memory, as the runtime does when it has been idle: what it
        stored, and the WebSockets that it accepted for hibernation, stay. RuntimeError if calls
        there are not over.
        """
        from ..fakes.durable.namespace import object_of

        await object_of(stub).evict()

    @property
    def _worker(self) -> _events.Worker:
        return _events.Worker(self._script, self.entrypoint, self.raise_exceptions)

    async def drain(self) -> list[DeliveredBatch]:
        """Do everything that is due by now on the clock; what was delivered from queues.

        It waits for what handlers left to ``ctx.wait_until``, and calls the ``queue`` handler for
        each batch that is full or has waited for its ``max_batch_timeout`` (5 s unless set
        otherwise: advance the clock). What the ``queue`` handler raises is logged and in the
        answer, as its messages are retried; what ``wait_until`` work raises comes out at the end.
        """
        return [each for each in await self.host.drain() if isinstance(each, DeliveredBatch)]

    def __enter__(self) -> Self:
        """``with runtime:`` lets code that a test calls itself use its ``fetch`` and ``caches``."""
        self._entered.enter_context(self.host.entered())
        return self

    def __exit__(self, *_: object) -> None:
        self._entered.close()

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

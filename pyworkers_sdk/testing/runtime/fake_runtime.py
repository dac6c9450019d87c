"""``FakeRuntime``: a Worker on plain CPython.

Each method is a thin front: ``events`` delivers requests, cron triggers and tails, ``fakes/queues``
messages, ``incoming_email`` emails. ``config/build`` makes a runtime from a wrangler configuration.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from operator import attrgetter
from os import PathLike
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from ..._border import dumps, raw, to_js
from ..._http_body import BodyInit
from ...env import Env
from ...http import Headers, Request, Response
from ...queues import MessageSendRequest, Queue
from ...services import Fetcher
from .._answers import answer_names
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

LOCALHOST = "http://localhost"
"""The origin of a URL without one, like that of miniflare's ``dispatchFetch``."""

T = TypeVar("T")
OtherEnvT = TypeVar("OtherEnvT", bound=Env)


class FakeRuntime(Generic[EnvT]):
    """A Worker on plain CPython, called as the runtime calls it.

    ``fetch``, ``connect``, ``queue``, ``scheduled`` (cron triggers), ``email``, ``tail`` and
    ``tail_stream`` deliver an event to the Worker. ``drain`` does the work that is due later.

    An exception of a handler comes out of the call. With ``raise_exceptions=False`` it is logged,
    and the caller sees the same as a client of the runtime gets: a response with status 500, or the
    outcome "exception". If a ``fetch`` handler raises after ``ctx.pass_through_on_exception``, the
    origin answers in both cases, provided that ``outbound`` has a route to it.
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
        """Make a runtime for a Worker.

        Args:
            entrypoint: The Worker's ``Default`` class, its main module, or a function made by
                ``handler``.
            env: An Env class, whose bindings are then made in memory, or an Env made by ``fake``.
            clock: The clock of the Worker and its bindings. Only ``advance`` moves it.
            consumers: Settings of the Worker as a consumer of queues. By default the ``queue``
                handler, if there is one, consumes every queue that the Env binds.
                ``{"JOBS": QueueConsumer(max_retries=5)}`` changes a binding's settings,
                ``{"OUT": None}`` stops its consumption, and ``{"dead": QueueConsumer()}`` adds a
                queue without a binding, by its name.
            workflows: The classes of the Workflows that the Env binds:
                ``{"ORDERS": OrderWorkflow}``. Instances of a Workflow without a class stay queued.
            new_classes: The names of Durable Object classes whose storage has no SQLite, as in
                wrangler's migrations.
            containers: A function that makes the container of each object of a class:
                ``{"Game": make}``, where ``make()`` returns ``container(ports=…)``.
            raise_exceptions: If False, log exceptions of handlers instead of raising them.
            given: For an Env class: its variables, and bindings to use in place of new ones.

        Raises:
            TypeError: ``entrypoint`` is not an entrypoint, ``given`` does not fit ``env``, or the
                Workers bound to each other have different clocks.
        """
        answer_names()  # of the classes that were loaded since
        self.raise_exceptions = raise_exceptions
        self.entrypoint: type[Any] = worker_of(entrypoint)
        self.crons: tuple[str, ...] = ()
        self.python_version: str | None = None
        self.workers: dict[str, FakeRuntime[Any]] = {}
        if isinstance(env, type):
            env_instance: Any = fake(env, clock=clock, **given)
        elif given:
            raise TypeError(f"env: expected an Env class, to set {', '.join(given)} in a new Env")
        else:
            env_instance = env or Env(Script(Host(clock)).env)
        self.env: EnvT = env_instance
        self._script = _script_of(raw(env_instance), clock)
        self._script.exports["default"] = self.entrypoint
        self.host: Host = self._script.host
        self._entered = ExitStack()
        handler = self._run_queue_handler if hasattr(self.entrypoint, "queue") else None
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
        """Make the runtime of a Worker from its wrangler configuration.

        The Worker's ``main`` is imported, and every binding is new: D1 databases have their
        migrations applied, queues the settings of their consumers. Variables and secrets come from
        the file, from ``.dev.vars`` or ``.env``, and from ``given``; later ones replace earlier
        ones.

        Args:
            path: A ``wrangler.jsonc``, ``.json`` or ``.toml`` file.
            environment: The name of an environment in the file's ``env``; "" is the top level. By
                default the variable ``CLOUDFLARE_ENV`` names it.
            env: An Env class to use in place of that of the Worker's ``Default``.
            clock: The clock of all Workers and bindings; by default a new one.
            also: The configurations of Workers that this Worker is bound to by their names. They
                share its clock and ``drain``; ``workers`` has their runtimes. Resources with the
                same id or name are shared.
            fresh: Import the Workers' own modules anew, under private names. By default a module is
                imported once in a process, as in an isolate, so its globals survive.
            given: Variables, secrets and bindings that replace the file's.

        Returns:
            The runtime. ``crons`` has the file's ``triggers.crons``, and ``python_version`` the
            Python that its compatibility date and flags select: ``3.13``.

        Raises:
            ConfigError: The file has a key that wrangler does not know, or the Env does not agree
                with it: each name that the Env declares must be configured with that type, unless
                it has ``| None`` or a default. The message has file, line and key.
            TypeError: ``given`` has a name that the Env does not declare.
        """
        from ..config.build import build

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
        """The clock of the Worker and all its bindings."""
        return self.host.clock

    def outbound(self, pattern: str, handler: Handler, *, method: str | None = None) -> Route:
        """Route requests of the Worker's global ``fetch``: a fake runtime has no network.

        Requests of httpx, requests, urllib3, ``urllib.request`` and ``http.client`` reach the same
        routes.

        Args:
            pattern: A whole URL, in which "*" stands for any text: ``"https://api.example.com/*"``.
                The newest route that matches answers.
            handler: A function of the Request, ``async`` or not, that returns a Response; or a
                Response to copy for each request; or "network" for the real network, whose
                responses are read whole. If the function raises a WorkersError, the Worker's
                ``fetch`` raises it.
            method: The only HTTP method to route; by default any.

        Returns:
            The route. ``route.calls`` has the requests that arrived.

        Raises:
            TypeError: ``handler`` has another type.
            ValueError: ``pattern`` is not a whole URL.
        """
        return self.host.shared(Outbound).route(pattern, handler, method)

    def outbound_tcp(self, address: str, handler: TcpHandler) -> TcpRoute:
        """Route TCP connections that the Worker opens with ``connect``.

        In memory nothing is encrypted: the handler sees plain text.

        Args:
            address: "host:port", in which "*" stands for any text.
            handler: An ``async`` function of a reader and a writer, like a handler
                of ``asyncio.start_server``, or "network" for the real network.

        Returns:
            The route. ``route.calls`` has the addresses that the Worker connected to.

        Raises:
            TypeError: ``handler`` is neither of these.
            ValueError: ``address`` is not "host:port".
        """
        return self.host.shared(Outbound).route_tcp(address, handler)

    async def fetch(
        self,
        url: str | Request,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | list[tuple[str, str]] | Headers | None = None,
        body: BodyInit | None = None,
        json: Any = None,
    ) -> Response:
        """Send a request to the Worker, and return its response.

        Args:
            url: A URL, a path on ``http://localhost``, or a whole Request.
            method: The HTTP method, if ``url`` is a str.
            headers: The headers, if ``url`` is a str.
            body: The body, if ``url`` is a str.
            json: Data to send as JSON instead of a body, with the Content-Type
                ``application/json``.

        Raises:
            TypeError: Both ``body`` and ``json`` are passed, or one of them with a Request.
        """
        request = url
        if isinstance(request, Request):
            if body is not None or json is not None:
                raise TypeError("fetch(): expected the body in the Request, got body or json")
        else:
            if json is not None:
                if body is not None:
                    raise TypeError("fetch(): expected body or json, got both")
                body = dumps(json, "json")
                headers = Headers(headers)
                if "content-type" not in headers:
                    headers["content-type"] = "application/json"
            url = f"{LOCALHOST}{request}" if request.startswith("/") else request
            request = Request(url, method=method, headers=headers, body=body)
        js_request = raw(request)
        js_request.headers.immutable = True  # like the headers of any request from the network
        return answered(js_request, await _events.deliver_request(self._worker, js_request))

    def connect(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | list[tuple[str, str]] | Headers | None = None,
        protocols: Sequence[str] = (),
    ) -> Connecting:
        """Open a WebSocket to the Worker, accepted.

        Use ``ws = await runtime.connect(url)``. Or use ``async with runtime.connect(url) as ws:``:
        it closes the WebSocket at the end. The Worker's ``fetch`` receives a GET request with the
        header ``Upgrade: websocket``.

        Args:
            url: A URL of the Worker: ws:, wss:, http: or https:. A path is on ``localhost``.
            headers: Further headers of the request.
            protocols: The subprotocols to offer in Sec-WebSocket-Protocol. ``ws.protocol`` is the
                one that the response selects.

        Raises:
            WorkersError: The status of the response is not 101.
        """
        whole = f"{LOCALHOST}{url}" if url.startswith("/") else url
        return Connecting(self.fetch, whole, headers, protocols)

    @overload
    def service(self, entrypoint: str = "default", *, props: Any = None) -> Fetcher: ...
    @overload
    def service(self, entrypoint: type[T], *, props: Any = None) -> T: ...
    def service(self, entrypoint: Any = "default", *, props: Any = None) -> Any:
        """Return a service binding to the Worker, to call it by RPC or to bind to another Worker.

        ::

            FakeRuntime(Shop, env=ShopEnv, AUTH=auth.service("Admin", props={"role": "shop"}))

        Args:
            entrypoint: A class of the Worker, or the name of a class in the module of its
                ``Default``.
            props: The data that the entrypoint finds in ``ctx.props``.

        Raises:
            TypeError: The Worker exports no entrypoint of that name.
            ConversionError: ``props`` cannot cross.
        """
        is_name = isinstance(entrypoint, str)
        entrypoint_class = exported(self._script, entrypoint) if is_name else entrypoint
        if entrypoint_class is None:
            raise TypeError(f"the Worker exports no entrypoint {entrypoint}")
        js_props = None if props is None else to_js(props, "props")
        return Fetcher(served(self._script, entrypoint_class, js_props))

    async def queue(
        self,
        messages: Iterable[MessageSendRequest[Any] | Any],
        *,
        queue: str | None = None,
        attempts: int = 1,
    ) -> DeliveredBatch:
        """Call the ``queue`` handler with a batch now, and return the batch and its outcome.

        Messages of this batch are not delivered again, even if the handler retries them.

        Args:
            messages: The messages, as for ``Queue.send_batch``.
            queue: The name of the queue; by default that of the first queue that the Worker
                consumes.
            attempts: The number of the delivery, found in ``message.attempts``.

        Raises:
            TypeError: The Worker has no ``queue`` handler.
        """
        if self._broker.handler is None:
            raise TypeError(f"{self.entrypoint.__name__} has no queue handler")
        names = [subscription.queue.name for subscription in self._broker.subscriptions]
        # A queue that no consumer knows: nothing delivers its messages again.
        separate = FakeQueue(queue or next(iter(names), "queue"), clock=self.clock)
        await Queue[Any](separate).send_batch(messages)
        return await self._broker.deliver_now(separate, attempts)

    async def scheduled(
        self, cron: str | None = None, *, scheduled_time: datetime | None = None
    ) -> _events.ScheduledOutcome:
        """Run a cron trigger: call the ``scheduled`` handler, and return the outcome.

        The call ends when the work passed to ``ctx.wait_until`` has ended. It is not retried. The
        clock starts no trigger by itself.

        Args:
            cron: The cron expression; by default the first one configured, or "* * * * *".
            scheduled_time: The time that the handler sees; by default that of the clock.

        Raises:
            TypeError: The Worker has no ``scheduled`` handler.
            ValueError: The configuration has triggers, but not this one.
        """
        if cron is not None and self.crons and cron not in self.crons:
            known = ", ".join(map(repr, self.crons))
            raise ValueError(f"cron: expected a configured trigger ({known}), got {cron!r}")
        expression = next(iter(self.crons), "* * * * *") if cron is None else cron
        return await _events.scheduled(self._worker, expression, scheduled_time)

    async def email(
        self,
        message: EmailMessage | MIMEMessage | str | bytes,
        *,
        from_: str | None = None,
        to: str | None = None,
    ) -> EmailOutcome:
        """Call the ``email`` handler with a message, and return the outcome.

        The outcome has the reason of a rejection, the forwarded copies and the replies. A missing
        Message-ID is added.

        Args:
            message: The email, or its source.
            from_: The sender of the envelope; by default that of the header From.
            to: The recipient of the envelope; by default that of the header To.

        Raises:
            TypeError: The Worker has no ``email`` handler.
            ValueError: Sender or recipient is missing.
        """
        from .incoming_email import email

        return await email(self._worker, message, from_, to)

    async def tail(self, items: Iterable[TraceItem | Mapping[str, Any]]) -> str:
        """Call the ``tail`` handler (or ``trace``), and return "ok" or "exception".

        Args:
            items: The items. An item may be JSON data under JavaScript's names, as
                ``wrangler tail --format json`` prints it: ``{"outcome": "exception", "event":
                {"cron": "* * * * *", "scheduledTime": 0}}``.

        Raises:
            TypeError: The Worker has neither handler, or an item has an unknown member.
        """
        return await _events.tail(self._worker, items)

    async def tail_stream(self, events: Iterable[Mapping[str, Any]]) -> str:
        """Call the ``tail_stream`` handler with an onset, and its result with all later events.

        Args:
            events: The events, the onset first, as JSON data under JavaScript's names:
                ``{"type": "onset", "info": {"type": "jsrpc"}}``, ``{"type": "log", "message":
                ["hello"]}``, ``{"type": "outcome"}``. To set the span or the time of an event, pass
                a whole TailEvent with the data in ``event``.

        Returns:
            "ok" or "exception".

        Raises:
            TypeError: The Worker has no ``tail_stream`` handler, the onset is missing, or an event
                has an unknown type or member.
        """
        return await _events.tail_stream(self._worker, events)

    async def run_in_durable_object(self, stub: Any, callback: Callable[[Any], Awaitable[T]]) -> T:
        """Run ``callback(instance)`` like a method of the Durable Object behind ``stub``.

        The object's gates apply. Use it to inspect the instance, or ``instance.ctx.storage``.

        Args:
            stub: A stub of the object.
            callback: An ``async`` function of the instance of the class.

        Returns:
            The result of ``callback``.
        """
        from ..fakes.durable.namespace import object_of

        # A proxy has no public attributes: each name is a method of its instance.
        instance_of = attrgetter("_instance")
        result: T = await object_of(stub).event(lambda proxy: callback(instance_of(proxy)))
        return result

    async def evict(self, stub: Any) -> None:
        """Evict a Durable Object from memory, as the runtime does with an idle object.

        Its storage stays, and so do the WebSockets that it accepted for hibernation.

        Args:
            stub: A stub of the object.

        Raises:
            RuntimeError: Calls of the object are still running.
        """
        from ..fakes.durable.namespace import object_of

        await object_of(stub).evict()

    @property
    def _worker(self) -> _events.Worker:
        return _events.Worker(self._script, self.entrypoint, self.raise_exceptions)

    async def drain(self) -> list[DeliveredBatch]:
        """Do all work that is due by now on the clock, and return the delivered batches of queues.

        This awaits the work that handlers passed to ``ctx.wait_until``, runs alarms and Workflows,
        and calls the ``queue`` handler for each batch that is full or has waited for its
        ``max_batch_timeout`` (5 s by default: advance the clock).

        An exception of the ``queue`` handler is logged and found in the batch, since its messages
        are retried. The first exception of ``wait_until`` work is raised at the end.
        """
        return [each for each in await self.host.drain() if isinstance(each, DeliveredBatch)]

    def __enter__(self) -> Self:
        """Let code that the test itself calls use the runtime: ``with runtime: await helper()``.

        Inside, the global ``fetch`` and ``caches`` belong to this runtime.
        """
        self._entered.enter_context(self.host.entered())
        return self

    def __exit__(self, *_: object) -> None:
        self._entered.close()

    async def _run_queue_handler(self, batch: FakeMessageBatch) -> None:
        with self.host.entered():
            await self._script.enter(self.entrypoint).queue(batch)


def _script_of(env: Any, clock: Clock | None) -> Script:
    """Return the script of an env. An env that ``fake`` did not make gets a new script."""
    if isinstance(env, Bindings):
        script = env.__script__
        script.host.clock = clock or script.host.clock
        return script
    # Such an env may hold fakes: the runtime has to run on their clock.
    clocks = (getattr(fake, "clock", None) for fake in getattr(env, "__dict__", {}).values())
    first = next((each for each in clocks if isinstance(each, Clock)), None)
    return Script(Host(clock or first), env=env)
